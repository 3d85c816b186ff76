#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=7.2 full=stock timeout=60
# A device behind a hub of the node, of a speed lower than the hub's.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

mouse() { remote_input "USB Mouse"; }

plan 4
serve
modprobe -a usbhid hid-generic evdev 2>/dev/null
busid=$(wait_busid product "QEMU USB Mouse")
diag "the mouse is $busid"
case $busid in
*-*.*) ok "it is behind a hub" ;;
*) not_ok "it is behind a hub" ;;
esac
bind "$busid"
port=$(attach "$busid")
check "the mouse is an input device here" wait_for 20 mouse
check "detach" timeout 20 hearth usb detach "$port"
check "the input device is gone" wait_for 10 eval '! mouse'
finish
