#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=7.2 full=stock timeout=60
# A serial adapter (full speed): its class driver talks to it from here.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 3
serve
modprobe ftdi_sio
busid=$(wait_busid product "QEMU USB SERIAL")
bind "$busid"
port=$(attach "$busid")
check "the adapter is a terminal here" wait_for 20 eval 'ls /dev/ttyUSB0'
# The far end of the line takes all and says nothing.
check "bytes are written and drained" timeout 20 \
	sh -c 'stty -F /dev/ttyUSB0 115200 raw -echo && head -c 4096 /dev/zero >/dev/ttyUSB0'
check "detach" timeout 20 hearth usb detach "$port"
finish
