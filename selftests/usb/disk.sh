#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.1,7.2 full=stock,lockdep timeout=180
# Disks of each transport and speed: the same bytes as where they are plugged
# in, and a file system that outlives a detach. U2, U3
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

disk()	# disk BUSID WHAT
{
	local busid=$1 dev sum port
	sum=$(seed_local "$busid")
	bind "$busid"
	port=$(attach "$busid")
	dev=$(wait_disk)
	check "$2: the bytes are those of the local disk" [ "$(sum_of "$dev")" = "$sum" ]

	mkfs.ext4 -q -F "$dev" >/dev/null 2>&1
	mkdir -p /mnt/usb
	check "$2: a file system is mounted" mount "$dev" /mnt/usb
	dd if=/dev/urandom of=/mnt/usb/file bs=64k count=64 conv=fsync status=none
	sum=$(sha256sum </mnt/usb/file)
	umount /mnt/usb
	hearth usb detach "$port" >/dev/null
	check "$2: the disk is gone after detach" wait_for 10 eval '! remote_disk'

	port=$(attach "$busid")
	dev=$(wait_disk)
	check "$2: no error in the file system" fsck.ext4 -fn "$dev"
	mount -o ro "$dev" /mnt/usb
	check "$2: the file is what was written" [ "$(sha256sum </mnt/usb/file)" = "$sum" ]
	umount /mnt/usb
	check "$2: detach" hearth usb detach "$port"
	wait_for 10 no_ports
	usbip unbind -b "$busid" >/dev/null 2>&1
}

plan 18
serve
modprobe -a usb-storage uas sd_mod ext4 2>/dev/null
disk "$(wait_busid serial HEARTHBOTHS)" "bulk-only, high speed"
disk "$(wait_busid serial HEARTHBOT)" "bulk-only, super speed"
disk "$(wait_busid product "USB Attached SCSI HBA")" "UAS, high speed"
finish
