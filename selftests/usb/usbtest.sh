#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,lockdep timeout=300
# The kernel's own usbtest, cases 0 to 29: what it does with a controller of its own
# it does over the network. Bulk and control against a gadget that is exported by
# the stock server, isochronous and interrupt, which dummy_hcd lacks, against the
# tests' own. All have to pass, so there is none that in-tree vhci passes and ours does
# not; that one hangs in 11 and 12. Super speed, and ten times as much, by --full. Not on
# uml, whose DEBUG_OBJECTS finds the module's own timers wanting. 10/A9
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
. ./gadget.bash
. ./usbtest.bash

speeds=high${HEARTH_FULL:+ super}

server_cases()
{
	run 15 2 1024 0 8	# isochronous
	run 16 2 1024 0 8
	run 22 2 1024 0 8	# to odd addresses
	run 23 2 1024 0 8
	run 25 20 64 0 0	# interrupt
	run 26 20 64 0 0
}

# shellcheck disable=SC2086  # words
plan $((33 * $(set -- $speeds && echo $#)))
modprobe usbtest || bail "no module usbtest"
for speed in $speeds; do
	what="$speed speed, stock server"
	dummy $speed
	zero_gadget $speed
	serve
	busid=$(share_gadget HEARTHZERO)
	port=$(attach "$busid")
	node=$(remote_node HEARTHZERO)
	check "$what: bound" usbtest_binds HEARTHZERO
	gadget_cases
	unplug "$port"
	wait_for 10 no_ports
	usbip unbind -b "$busid" >/dev/null 2>&1
	gadget_down HEARTHZERO
	modprobe -r dummy_hcd

	what="$speed speed, own server"
	serve_liar --kind zero --speed $speed --port 3250
	port=$(attach_at 127.0.0.1:3250 1-1)
	node=$(remote_node LIAR1)
	check "$what: bound" usbtest_binds LIAR1
	server_cases
	unplug "$port"
	check "$speed speed: no port is left" wait_for 10 no_ports
	stop_liar
done
modprobe -r usbtest
finish
