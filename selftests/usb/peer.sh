#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.12 full=stock timeout=90
# The stock client and ours, against the same server: the same bytes. One that
# comes second is refused while the first has the device. The server is as it is in
# the kernel here. U8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 5
serve stock
modprobe -a usb-storage sd_mod vhci-hcd 2>/dev/null
busid=$(wait_busid serial HEARTHBOTHS)
wait_for 20 local_disk "$busid"
seed_disk "$(local_disk "$busid")"
bind "$busid"

wait_for 10 shared "$busid"
# "usbip attach" sometimes loses a race of its own; once more is no cheating
check "the stock client attaches" wait_for 10 usbip attach -r 127.0.0.1 -b "$busid"
stock=$(sum_of "$(wait_disk)")
refuse "ours is refused while the stock client has it" \
	hearth usb attach --plain 127.0.0.1 "$busid"
usbip detach -p 0 >/dev/null 2>&1 || usbip detach -p 00 >/dev/null 2>&1
wait_for 10 eval '! remote_disk'

port=$(attach "$busid")
check "the same bytes by ours" [ "$(sum_of "$(wait_disk)")" = "$stock" ]
refuse "a second client of ours is refused" hearth usb attach --plain 127.0.0.1 "$busid"
check "detach" hearth usb detach "$port"
modprobe -r vhci-hcd
finish
