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

times=${HEARTH_FULL:+10} times=${times:-1}
speeds=high${HEARTH_FULL:+ super}

# usbtest_binds SERIAL: the module takes the device's interface. It refuses new ids,
# so the devices have those of the kernel's gadget "zero".
usbtest_binds()
{
	local d
	d=$(remote_usb "$1") && wait_for 10 [ -e "/sys/bus/usb/drivers/usbtest/${d##*/}:1.0" ]
}

# run CASE COUNT LENGTH VARY SGLEN
run()
{
	local number=$1 count=$2
	shift 2
	check "$what: case $number" timeout 60 ./usbtest "$node" "$number" $((count * times)) "$@"
}

gadget_cases()
{
	run 0 1 0 0 0		# nothing
	run 1 20 1024 0 0	# bulk, one at a time
	run 2 20 1024 0 0
	run 3 20 1024 421 0	# of any length
	run 4 20 4096 1024 0	# whole packets: the gadget sends no other
	run 5 10 1024 0 16	# scatter lists
	run 6 10 1024 0 16
	run 7 10 1024 421 16
	run 8 10 4096 1024 16
	run 9 4 0 0 0		# chapter 9
	run 10 40 0 0 16	# control messages, queued, some with faults
	run 11 20 1024 0 0	# unlinks
	run 12 20 1024 0 0
	run 13 10 0 0 0		# halts
	run 14 20 1024 421 0	# control writes, read again
	run 17 20 1024 0 0	# odd addresses
	run 18 20 1024 0 0
	run 19 20 1024 0 0
	run 20 20 1024 0 0
	run 21 20 1024 421 0
	run 24 10 1024 0 16	# unlinks from queues
	run 27 2 1024 0 16	# all the bulk there is
	run 28 2 1024 0 16
	run 29 10 1024 0 0	# toggles
}

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
	gadget HEARTHZERO $speed-speed
	echo 0x0525 >"$gadget/idVendor"
	echo 0xa4a0 >"$gadget/idProduct"
	gadget_function 1 SourceSink.0 pattern=0
	gadget_up dummy_udc.0
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
