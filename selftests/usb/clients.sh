#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=trio kernels=7.2 full=stock timeout=120
# A node and two clients on networks with 5 ms of delay each way: each client
# has a device of its own, and is refused the other's while that is bound. U8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

if [ "$HEARTH_ROLE" = node ]; then
	plan 3
	modprobe -a -q xhci-pci sch_netem
	the_server
	for i in /sys/class/net/e*; do
		tc qdisc add dev "${i##*/}" root netem delay 5ms
	done
	disk=$(wait_busid serial HEARTHBOT)
	keyboard=$(wait_busid product "QEMU USB Keyboard")
	check "the server runs" usbipd -D
	check "the disk is shared" bind "$disk"
	check "the keyboard is shared" bind "$keyboard"
	barrier shared
	barrier listed
	barrier attached
	barrier refused
	finish
fi

# listed VID:PID: the bus id of the node's device
listed() { hearth usb list --plain "$HEARTH_NODE" | sed -n "s/^\([-0-9.]*\): $1.*/\1/p"; }

plan 4
modprobe hearth_vhci
barrier shared
disk=$(listed 46f4:0001)
keyboard=$(listed 0627:0001)
# a server lists only what is free
barrier listed
mine=$disk
other=$keyboard
if [ "$HEARTH_ROLE" != client ]; then
	mine=$keyboard
	other=$disk
fi
check "attach of $mine" hearth usb attach --plain "$HEARTH_NODE" "$mine"
barrier attached
why=$(hearth usb attach --plain "$HEARTH_NODE" "$other" 2>&1)
diag "$why"
check "the other client's $other is refused: in use" [ "${why#*in use}" != "$why" ]
barrier refused
check "detach" hearth usb detach 1
check "no port is left" wait_for 10 no_ports
finish
