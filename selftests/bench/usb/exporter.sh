#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a device costs at the machine that shares it: a gadget behind the stock usbip-host and
# behind our exporter (hearth-usbd), by turns, moved bare over the socket by the very messages that
# a disk's driver makes its commands of. The bare client is in both.
# shellcheck source=selftests/bench/usb/common.bash
. "${0%/*}/common.bash"

rows()	# rows WHO
{
	cost export-read-128k "$1" 65536 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 read 131072 512
	cost export-write-128k "$1" 65536 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 write 131072 512
	cost export-random-read-4k "$1" 8192 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 random 4096 2048
}

shared() { [ "$(cat /sys/bus/usb/drivers/usbip-host/1-1/usbip_status 2>/dev/null)" = 1 ]; }
taken() { "$here/diskwire" --driven 127.0.0.1 3240 1-1 read 4096 1 >/dev/null 2>&1; }
nobody() { ! pgrep -x "$1" >/dev/null; }

peer()
{
	usbip bind -b 1-1 >/dev/null 2>&1 || die "no bind"
	usbipd -D || die "no usbipd"
	wait_for shared
	rows peer
	wait_for shared
	pkill -x usbipd
	wait_for nobody usbipd
	usbip unbind -b 1-1 >/dev/null 2>&1 || die "no unbind"
}

ours()
{
	"$here/door" "$here/hearth-usbd" 1-1 >/tmp/door 2>&1 &
	wait_for taken
	wait_for nobody hearth-usbd
	# a row at a time: the exporter of the one before resets the device
	cost export-read-128k ours 65536 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 read 131072 512
	wait_for nobody hearth-usbd
	cost export-write-128k ours 65536 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 write 131072 512
	wait_for nobody hearth-usbd
	cost export-random-read-4k ours 8192 KiB "$here/diskwire" --driven 127.0.0.1 3240 1-1 random 4096 2048
	wait_for nobody hearth-usbd
	pkill -x door
	wait_for nobody door
}

dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
modprobe dummy_hcd && modprobe g_mass_storage file=/tmp/disk stall=0 ||
	die "no gadget"
modprobe -a usbip-host usb-storage sd_mod || die "no modules"
sleep 2

n=0
while [ $n -lt "$rounds" ]; do
	peer
	ours
	n=$((n + 1))
done
echo "@bench-done"
