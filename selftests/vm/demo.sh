#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Both sides of scripts/demo; a line that begins with "say " is shown there.
set -euo pipefail
# shellcheck source=selftests/lib.sh
. "${HEARTH_LIB:-../lib.sh}"

say() { echo "say $*"; }
disk_of()	# the block device with this serial number
{
	local d
	for d in /sys/block/sd*; do
		[ -e "$d" ] || continue
		grep -qs "^$1$" "$(readlink -f "$d/device")"/../../../../serial || continue
		echo "${d##*/}"
		return 0
	done
	return 1
}

plan 1
serial=HEARTHBOT
if [ "$HEARTH_ROLE" = node ]; then
	modprobe -a xhci_pci usb_storage sd_mod usbip_host
	wait_for 60 disk_of $serial
	disk=$(disk_of $serial)
	busid=$(basename "$(grep -l "^$serial$" /sys/bus/usb/devices/*/serial | xargs dirname)")
	say "node: Linux $(uname -r), stock usbipd; USB disk $busid ($(($(cat "/sys/block/$disk/size") / 2048)) MiB)"
	usbip bind -b "$busid" >/dev/null
	usbipd -D
	wait_for 10 grep -q ':0CA8 .* 0A ' /proc/net/tcp
	barrier shared
	barrier detached
	# a clean end gave the device back: it can be taken home
	usbip unbind -b "$busid"
	wait_for 30 disk_of $serial
	say "node: the device is free again and works at home"
	ok "shared"
	finish
fi

modprobe -a sd_mod usb_storage ext4
modprobe hearth_vhci
say "client: Linux $(uname -r), $(modinfo -F description hearth_vhci)"
barrier shared
say "client: # hearth usb list --plain $HEARTH_NODE"
hearth usb list --plain "$HEARTH_NODE" >/tmp/work/list
while IFS= read -r line; do say "  $line"; done </tmp/work/list
busid=$(hearth -j usb list --plain "$HEARTH_NODE" | tr -d ' \n' | sed 's/.*"busid":"\([^"]*\)".*/\1/')
say "client: # hearth usb attach --plain $HEARTH_NODE $busid"
hearth usb attach --plain "$HEARTH_NODE" "$busid" >/tmp/work/attach
while IFS= read -r line; do say "  $line"; done </tmp/work/attach
port=$(hearth -j usb ports | tr -d ' \n' | sed 's/.*"port":\([0-9]*\).*/\1/')
wait_for 60 disk_of $serial
disk=$(disk_of $serial)
say "client: the disk is here as /dev/$disk"
mkdir /tmp/work/mnt
mount "/dev/$disk" /tmp/work/mnt
say "client: mounted $(findmnt -no FSTYPE /tmp/work/mnt): $(cd /tmp/work/mnt && find . -type f | wc -l) files, $(du -sh /tmp/work/mnt | cut -f1)"
(cd /tmp/work/mnt && sha256sum -c --quiet sums)
say "client: all $(wc -l </tmp/work/mnt/sums) checksums are those that the node's owner wrote"
umount /tmp/work/mnt
say "client: # hearth usb detach $port"
hearth usb detach "$port"
wait_for 20 sh -c "! [ -e /sys/block/$disk ]"
modprobe -r hearth_vhci
say "client: unmounted, detached, module unloaded"
barrier detached
ok "demo"
finish
