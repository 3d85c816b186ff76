#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.1,uml full=stock,debug timeout=180
# Records that no good peer would send over kTLS: each ends the port, and it
# says that TLS was the reason; or it is nothing, and the port works on.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
# shellcheck source=selftests/usb/tls.bash
. ./tls.bash

ends()	# ends COMMAND
{
	echo_port "$cipher"
	tell "$1"
	# so that something comes behind what breaks the next record
	[ "$1" != flip ] || ./urbs LIAR1 bulk-echo 64 4 1 >/dev/null 2>&1
	check "$cipher: $1: the port ends, for TLS" wait_for 10 ended_by_tls "$id"
	check "$cipher: $1: and lets go; nothing was in the clear" all_tls
	wait_for 10 no_ports
}

busy_ends()	# busy_ends COMMAND: the same, in the midst of URBs
{
	local urbs
	echo_port "$cipher"
	./urbs LIAR1 bulk-echo 70001 10000 8 >/dev/null 2>&1 &
	urbs=$!
	sleep 1
	tell "$1"
	check "$cipher: $1 among URBs: the port ends, for TLS" wait_for 10 ended_by_tls "$id"
	check "$cipher: $1 among URBs: nothing was in the clear" all_tls
	check "$cipher: $1 among URBs: they come back" \
		wait_for 10 eval "! lives $urbs"
	wait_for 10 no_ports
}

flooded()	# while records without bytes come, faster than they are read
{
	echo_port "$cipher"
	tell "flood $flood"
	check "$cipher: a flood of empty records" wait_for 60 grep -q '^flooding' /tmp/work/relay
	sleep 1
	check "$cipher: detach in the midst of it" unplug "$id"
	grep -q '^flooded' /tmp/work/relay && diag "the flood was over before"
	check "$cipher: flood: nothing was in the clear" all_tls
	wait_for 10 no_ports
}

plan $((28 * n_ciphers + 3))
# so many that reading them all takes longer than a detach may
case $HEARTH_KERNEL in
6.* | 7.*) flood=400000 ;;
*) flood=20000 ;;
esac
modprobe -a tls hearth_vhci
watch_ports
for cipher in $ciphers; do
	echo_port "$cipher"
	tell empty
	tell crumbs
	check "$cipher: records of a byte, padding, and empty ones" \
		./urbs LIAR1 bulk-echo 301 5 2
	check "$cipher: detach" unplug "$id"
	check "$cipher: nothing was in the clear" all_tls
	wait_for 10 no_ports
	for case in alert-close alert-fatal handshake empty-handshake \
		    empty-alert typeless oversize plain; do
		ends $case
	done
	for case in flip alert-fatal oversize; do
		busy_ends $case
	done
done
cipher=aes-128-gcm
flooded
stop_liar
finish
