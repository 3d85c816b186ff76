#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a disk costs: a gadget behind the stock usbip-host, attached by turns with
# the in-tree vhci_hcd and with ours, and moved bare over the socket: by the very
# messages that the driver's commands are made of (the limit), and, in rows of their
# own, by one command of 128 KiB in one piece, as no driver asks for it.
# shellcheck source=selftests/bench/usb/common.bash
. "${0%/*}/common.bash"

rows()	# rows WHO COMMAND...: the command gets kind, bytes, count
{
	local who=$1
	shift
	cost read-128k "$who" 65536 KiB "$@" read 131072 512
	cost write-128k "$who" 65536 KiB "$@" write 131072 512
	cost random-read-4k "$who" 8192 KiB "$@" random 4096 2048
}

shared() { [ "$(cat /sys/bus/usb/drivers/usbip-host/1-1/usbip_status 2>/dev/null)" = 1 ]; }

dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
modprobe dummy_hcd && modprobe g_mass_storage file=/tmp/disk stall=0 ||
	die "no gadget"
modprobe -a usbip-host usb-storage sd_mod vhci-hcd hearth_vhci || die "no modules"
echo 0 >/sys/module/usb_storage/parameters/delay_use
sleep 2
usbipd -D || die "no usbipd"
usbip bind -b 1-1 >/dev/null 2>&1 || die "no bind"
sleep 1

n=0
while [ $n -lt "$rounds" ]; do
	wait_for shared
	rows limit "$here/diskwire" --driven 127.0.0.1 3240 1-1
	wait_for shared
	cost whole-read-128k limit 65536 KiB "$here/diskwire" 127.0.0.1 3240 1-1 read 131072 512
	wait_for shared
	cost whole-write-128k limit 65536 KiB "$here/diskwire" 127.0.0.1 3240 1-1 write 131072 512
	for who in peer ours; do
		wait_for shared
		attach $who 127.0.0.1 3240 1-1
		wait_for disk_of ${client[$who]} >/dev/null
		# it is there before the kernel has done with it: one read waits for that
		"$here/diskio" "$(disk_of ${client[$who]})" read 4096 1 || die "$who: no disk"
		rows $who "$here/diskio" "$(disk_of ${client[$who]})"
		detach $who
	done
	n=$((n + 1))
done
echo "@bench-done"
