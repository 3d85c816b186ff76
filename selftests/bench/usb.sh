#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Guest side of "scripts/bench usb": a disk behind stock usbip-host, attached
# by turns with in-tree vhci_hcd and with ours, and read bare over the socket.
# Prints "@bench ROW WHO NANOSECONDS-BUSY KIB" a measurement.
#
# On the instruction-count machine a nanosecond of guest time is an instruction.

here=$(dirname "$0")
rounds=${BENCH_ROUNDS:-3}

die()
{
	echo "@bench-failed $*"
	exit 1
}

# Wait for a block device that the client side made; print its name.
disk()
{
	local i=0 d
	while [ $i -lt 100 ]; do
		for d in /sys/block/sd*; do
			[ -e "$d/device" ] || continue
			case $(readlink -f "$d") in
			*/$1*) echo "/dev/${d##*/}"; return ;;
			esac
		done
		sleep 0.1
		i=$((i + 1))
	done
	die "no disk of $1 came"
}

# The CPU's busy time in nanoseconds: uptime less idle time, both in 10 ms.
busy()
{
	local up idle
	read -r up idle </proc/uptime
	echo $(((${up%.*}${up#*.} - ${idle%.*}${idle#*.}) * 10000000))
}

# measure ROW WHO KIB COMMAND...
measure()
{
	local row=$1 who=$2 kib=$3 from to
	shift 3
	from=$(busy)
	"$@" || die "$*"
	to=$(busy)
	echo "@bench $row $who $((to - from)) $kib"
}

rows()	# rows WHO COMMAND...: the command gets kind, bytes, count
{
	local who=$1
	shift
	measure "read-128k" "$who" 65536 "$@" read 131072 512
	measure "write-128k" "$who" 65536 "$@" write 131072 512
	measure "random-read-4k" "$who" 8192 "$@" random 4096 2048
}

on_disk()
{
	local dev=$1
	shift
	"$here/diskio" "$dev" "$@"
}

on_wire()
{
	"$here/diskwire" 3240 1-1 "$@"
}

settle()
{
	local i=0
	while [ "$(cat /sys/bus/usb/drivers/usbip-host/1-1/usbip_status 2>/dev/null)" != 1 ]; do
		[ $i -lt 100 ] || die "the server still holds the device"
		sleep 0.1
		i=$((i + 1))
	done
}

dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
modprobe dummy_hcd && modprobe g_mass_storage file=/tmp/disk stall=0 ||
	die "no gadget"
modprobe usbip-host && modprobe usb-storage && modprobe sd_mod || die "no usbip"
sleep 2
usbipd -D || die "no usbipd"
usbip bind -b 1-1 >/dev/null 2>&1 || die "no bind"
modprobe vhci-hcd && modprobe hearth_vhci || die "no client"
sleep 1

n=0
while [ $n -lt "$rounds" ]; do
	settle
	rows limit on_wire
	settle
	usbip attach -r 127.0.0.1 -b 1-1 >/dev/null 2>&1 || die "usbip attach"
	dev=$(disk vhci_hcd)
	rows peer on_disk "$dev"
	usbip detach -p 0 >/dev/null 2>&1
	settle
	port=$(hearth usb attach 127.0.0.1 1-1 | sed -n 's/^port \([0-9]*\):.*/\1/p')
	[ "$port" ] || die "hearth usb attach"
	dev=$(disk hearth_vhci)
	rows ours on_disk "$dev"
	hearth usb detach "$port" >/dev/null || die "hearth usb detach"
	n=$((n + 1))
done
echo "@bench-done"
