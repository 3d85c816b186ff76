#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=120
# A modem gadget at the stock server: opened and closed 40 times, each of which cancels
# what its driver reads ahead, and taken back by the server while it is open.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

tty=/dev/ttyACM0

# rounds NUMBER: open, say something, hear it back, close
rounds()
{
	local n said
	for n in $(seq "$1"); do
		exec 3<>$tty || return
		echo "round $n" >&3
		IFS= read -rt 20 said <&3
		exec 3>&-
		[ "$said" = "round $n" ] || { echo "round $n: heard \"$said\""; return 1; }
	done
}

unlinked() { hearth -j usb ports | grep -o '"unlinked":[0-9]*' | cut -d: -f2; }

plan 8
modprobe -a usb_f_acm cdc-acm 2>/dev/null
monitor /tmp/work/events -j
monitor=$!
events=/tmp/work/events
dummy high
gadget HEARTHACM high-speed
gadget_function 1 acm.0
gadget_up dummy_udc.0
stty -F /dev/ttyGS0 raw -echo
serve
busid=$(share_gadget HEARTHACM)
port=$(attach "$busid")
check "it is a terminal here" wait_for 20 [ -c $tty ]
stty -F $tty raw -echo
cat </dev/ttyGS0 >/dev/ttyGS0 &
echo=$!
check "40 times opened and closed, and heard each time" rounds 40
count=$(unlinked)
diag "$count URBs were cancelled"
check "that cancelled URBs" [ "${count:-0}" -ge 40 ]

exec 3<>$tty
check "the server takes it back while it is open" timeout 20 usbip unbind -b "$busid"
check "a read ends" timeout 20 sh -c 'cat <&3 >/dev/null 2>&1; :'
check "the port goes, and says why" wait_for 20 why "$port" closed
check "no port is left" wait_for 10 no_ports
exec 3>&-
check "the terminal is gone" wait_for 10 eval "[ ! -e $tty ]"
kill $echo $monitor 2>/dev/null	# it ended with the line, perhaps
gadget_down HEARTHACM
modprobe -r dummy_hcd
finish
