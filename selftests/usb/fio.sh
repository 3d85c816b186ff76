#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 programs=fio timeout=120
# ext4 on a disk with posted commands, and fio, which verifies what it wrote,
# while the disk errs again and again.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

job()
{
	fio --name=verify --directory=/tmp/work/mnt --size=6m --rw=randrw --bsrange=4k-128k \
		--ioengine=psync --direct=1 --fsync=32 --fallocate=none --numjobs=2 --thread \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=1 \
		--output-format=terse >/tmp/work/fio 2>&1 && return
	cat /tmp/work/fio
	return 1
}

# round NAME FAULT...
round()
{
	local name=$1 faults=() fault count
	shift
	for fault in "$@"; do
		faults+=(--fault "$fault")
	done
	rm -f /tmp/work/disk /tmp/work/log
	serve_liar --kind disk --speed super --file /tmp/work/disk --size 32 \
		--log /tmp/work/log "${faults[@]}"
	mark "fio: $name"
	port=$(plug)
	dev=$(wait_disk)
	mkfs.ext4 -q "$dev"
	mount "$dev" /tmp/work/mnt
	check "$name: fio finds what it wrote" job
	umount /tmp/work/mnt
	for fault in "$@"; do
		count=$(grep -c ": ${fault%@*}," /tmp/work/log)
		check "$name: ${fault%@*} befell $count commands" [ "$count" -gt 2 ]
	done
	check "$name: the file system is whole" e2fsck -fn "$dev"
	unplug "$port"
	wait_for 10 no_ports
	wait_for 10 eval '! remote_disk'
}

posted_on() { ! dmesg | grep "no more posting"; }

plan 14
modprobe hearth_vhci
modprobe -a usb-storage sd_mod ext4 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
mkdir -p /tmp/work/mnt
round good
check "good: posted to the end" posted_on
# errors that a command survives
round stalls stall-data-in@31+ stall-status@43+/read stall-status@41+/write short-data@37+/read
check "stalls: posted to the end" posted_on
# errors that take a reset
round resets phase-error@61+/read bad-csw@23+/write
finish
