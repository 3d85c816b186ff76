#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=120
# A gadget with two configurations at the stock server, one changed for the other
# while it is attached, and a talk of commands and answers of which one comes too late
# (as with a chip card, or a scanner).
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

configure() { echo "$1" >"$(remote_usb HEARTHTWO)/bConfigurationValue"; }

ends()	# ends: sets $in and $out
{
	in='' out=''
	in=$(remote_endpoint HEARTHTWO Bulk in "$1.0") && out=$(remote_endpoint HEARTHTWO Bulk out "$1.0")
}

plan 9
modprobe usb_f_ss_lb 2>/dev/null
dummy high
gadget HEARTHTWO high-speed
gadget_function 1 SourceSink.0 pattern=0
gadget_function 2 Loopback.0 qlen=32 bulk_buflen=4096
gadget_up dummy_udc.0
serve
busid=$(share_gadget HEARTHTWO)
port=$(attach "$busid")
node=$(remote_node HEARTHTWO)
ends 1
check "the first: its ends" [ "$in" -a "$out" ]
check "the first: reads" ./urbs -t 20000 "$node" bulk "$in" 4096 20 4
check "the second is chosen" configure 2
ends 2
check "the second: its ends" [ "$in" -a "$out" ]
check "the second: gives back what it is sent" ./urbs -t 20000 "$node" loop "$out" "$in" 3000 20 1
check "the second: 50 commands, one answer too late" ./urbs -t 60000 "$node" talk "$out" "$in" 300 50
check "the first again" configure 1
ends 1
check "the first: reads again" ./urbs -t 20000 "$node" bulk "$in" 4096 20 4
timeout 20 hearth usb detach "$port" >/dev/null
check "no port is left" wait_for 10 no_ports
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHTWO
modprobe -r dummy_hcd
finish
