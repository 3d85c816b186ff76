#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.1,lockdep full=stock timeout=90
# A disk is pulled out of the node while it is read and written here, and
# another is plugged in: the port goes by itself and says why, nothing hangs.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plug()	# plug NUMBER DRIVE
{
	qmp device_add driver=usb-storage "id=plugged$1" bus=xhci.0 "drive=$2" "serial=HOTPLUG$1" >/dev/null
}

over() { ! pgrep -x dd >/dev/null; }

plan 13
serve
modprobe -a usb-storage sd_mod 2>/dev/null
monitor /tmp/work/events -j
monitor=$!

check "a disk is plugged into the node" plug 0 spare0
busid=$(wait_busid serial HOTPLUG0)
bind "$busid"
port=$(attach "$busid")
dev=$(wait_disk)
check "it is a disk here" [ -b "$dev" ]
while dd if="$dev" of=/dev/null bs=64k iflag=direct status=none 2>/dev/null; do :; done &
reader=$!
while dd if=/dev/zero of="$dev" bs=128k count=32 seek=64 oflag=direct conv=nocreat status=none 2>/dev/null; do :; done &
writer=$!
check "it is read and written" eval "wait_for 20 busy $dev && kill -0 $reader $writer"
check "it is pulled out of the node" qmp device_del id=plugged0
check "reader and writer end" wait_for 30 over
check "the disk is gone here" wait_for 10 eval '! remote_disk'
check "the port goes by itself" wait_for 10 no_ports
wait_for 5 grep -q reason /tmp/work/events
diag "$(grep -F "\"port\":$port," /tmp/work/events)"
check "and says why" grep -q "\"port\":$port,.*\"reason\":\"closed\"" /tmp/work/events
kill "$monitor"

check "another disk is plugged into the node" plug 1 spare1
busid=$(wait_busid serial HOTPLUG1)
sum=$(seed_local "$busid")
bind "$busid"
port=$(attach "$busid")
dev=$(wait_disk)
check "it is a disk here, too" [ -b "$dev" ]
check "with the same bytes" [ "$(sum_of "$dev")" = "$sum" ]
check "detach" timeout 20 hearth usb detach "$port"
check "no port is left" wait_for 10 no_ports
finish
