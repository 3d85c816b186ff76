#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12,uml timeout=120
# Disks that bear no request before its time: they are found out, and from then
# on served as without posting. Nothing is lost.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

early() { grep -c '^early' /tmp/work/log; }

plan 29
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
# What the disk has lost is only missed after these.
echo 3 >/sys/module/scsi_mod/parameters/inq_timeout
dd if=/dev/urandom of=/tmp/work/seed bs=1M count=2 status=none
dd if=/dev/urandom of=/tmp/work/new bs=1M count=1 status=none

for how in stall lose stall-write lose-write; do
	case $how in
	stall-write) gone="reading ahead behind data" ;;
	*) gone="posting" ;;
	esac
	cp /tmp/work/seed /tmp/work/disk
	rm -f /tmp/work/log
	serve_liar --kind disk --speed super --file /tmp/work/disk --size 2 \
		--log /tmp/work/log --busy-ms 30 --early $how
	mark "strict: $how"
	port=$(plug)
	dev=$(wait_disk)
	check "$how: it is a disk" [ -b "$dev" ]
	echo 3 >"/sys/class/block/${dev##*/}/device/timeout"
	check "$how: what is read" cmp "$dev" /tmp/work/seed
	check "$how: write" dd if=/tmp/work/new of="$dev" bs=128k oflag=direct conv=nocreat status=none
	check "$how: what was written" cmp -n 1048576 /tmp/work/disk /tmp/work/new
	count=$(early)
	diag "$count requests were early"
	blockdev --flushbufs "$dev"
	dd if="$dev" of=/dev/null bs=128k iflag=direct status=none
	dd if=/tmp/work/new of="$dev" bs=128k oflag=direct conv=nocreat status=none
	check "$how: the disk saw it, and then no more" [ "$count" -ge 1 -a "$(early)" = "$count" ]
	check "$how: the kernel tells" eval \
		"dmesg | grep -q 'no more $gone'"
	check "$how: and so does the port" eval \
		"hearth -j usb ports $port | grep -q '\"posting-off\": *\"..*\"'"
	unplug "$port"
	wait_for 10 no_ports
done
if wait_for 10 eval '! remote_disk'; then ok "no disk is left"; else not_ok "no disk is left"; fi
stop_liar
finish
