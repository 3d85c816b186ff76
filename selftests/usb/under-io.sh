#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=7.2,lockdep full=stock timeout=120
# Detach, a server that goes away, and rmmod, each while a disk is read and
# written: it ends, no task hangs, and the next attach works. U10
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

io()	# in the background until the disk fails
{
	local dev=$1
	while dd if="$dev" of=/dev/null bs=64k iflag=direct status=none 2>/dev/null; do :; done &
	while dd if=/dev/zero of="$dev" bs=128k count=32 seek=64 oflag=direct conv=nocreat status=none 2>/dev/null; do :; done &
}

over() { ! pgrep -x dd >/dev/null; }

plan 13
serve
modprobe -a usb-storage sd_mod 2>/dev/null
busid=$(wait_busid serial HEARTHBOTHS)
bind "$busid"

for how in detach server reset rmmod; do
	modprobe hearth_vhci
	port=$(attach "$busid")
	dev=$(wait_disk)
	check "$how: the disk is there" [ -b "$dev" ]
	io "$dev"
	wait_for 20 busy "$dev"
	case $how in
	detach) check "detach under I/O" timeout 20 hearth usb detach "$port" ;;
	server) check "the server takes the device back under I/O" timeout 20 usbip unbind -b "$busid" ;;
	reset)
		# the core resets the device; the disk stays usable
		usb=/sys/bus/usb/devices
		for d in "$usb"/*; do
			is_remote "$d" && [ "$(cat "$d/serial" 2>/dev/null)" = HEARTHBOTHS ] && usb=$d
		done
		check "a reset of the device under I/O" timeout 30 ./usbreset "$usb"
		timeout 20 hearth usb detach "$port" >/dev/null
		;;
	rmmod) check "rmmod under I/O" timeout 30 rmmod hearth_vhci ;;
	esac
	check "$how: reader and writer end" wait_for 30 over
	[ "$how" != server ] || { usbip bind -b "$busid" >/dev/null 2>&1; }
	[ "$how" = rmmod ] || wait_for 15 no_ports
done
check "the module loads again" modprobe hearth_vhci
finish
