# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the USB tests share. The server is the stock one, in the same guest:
# usbipd and usbip-host, on 127.0.0.1.

# share_nothing: what a test before this one has bound goes back to its drivers
share_nothing()
{
	local d
	for d in /sys/bus/usb/drivers/usbip-host/*-*; do
		[ ! -e "$d" ] || usbip unbind -b "${d##*/}" >/dev/null 2>&1
	done
}

# serve: start the stock server, once. It shares nothing yet.
serve()
{
	modprobe -q -a xhci-pci ehci-pci
	modprobe usbip-host && modprobe hearth_vhci || return 1
	share_nothing
	pgrep usbipd >/dev/null || usbipd -D
	wait_for 10 hearth usb list 127.0.0.1
}

# is_remote PATH: is this a device of a virtual controller?
is_remote() { case $(readlink -f "$1") in *vhci*) ;; *) false ;; esac; }

# busid_of FILE TEXT: the local device whose sysfs FILE says TEXT.
busid_of()
{
	local d
	for d in /sys/bus/usb/devices/*; do
		[ -e "$d/$1" ] && [ "$(cat "$d/$1" 2>/dev/null)" = "$2" ] || continue
		is_remote "$d" || { echo "${d##*/}"; return; }
	done
	return 1
}

# wait_busid FILE TEXT: the same, once it has come.
wait_busid() { wait_for 20 busid_of "$@"; busid_of "$@"; }

# bind BUSID: the server shares it; its own drivers let go.
bind() { usbip bind -b "$1" >/dev/null 2>&1; }

# shared BUSID: does the server have it free?
shared() { [ "$(cat "/sys/bus/usb/drivers/usbip-host/$1/usbip_status" 2>/dev/null)" = 1 ]; }

# attach_at SERVER BUSID [OPTION...]: plug in; prints the port's number.
attach_at() { hearth usb attach "$@" | sed -n 's/^port \([0-9]*\):.*/\1/p' | grep .; }

# attach BUSID: the same from the stock server, once it has the device free.
attach()
{
	wait_for 10 shared "$1"
	attach_at 127.0.0.1 "$1"
}

# remote_input NAME: has an input device of that name come over the network?
remote_input()
{
	local d
	for d in /sys/class/input/input*; do
		[ -e "$d/name" ] && grep -q "$1" "$d/name" && is_remote "$d" && return
	done
	return 1
}

# remote_disk: the block device that came over the network.
remote_disk()
{
	local d
	for d in /sys/block/sd*; do
		[ -e "$d/device" ] && is_remote "$d" && [ "$(cat "$d/size")" -gt 0 ] || continue
		echo "/dev/${d##*/}"
		return
	done
	return 1
}

wait_disk() { wait_for 20 remote_disk; remote_disk; }

# local_disk BUSID: the block device of a local device.
local_disk()
{
	local d
	for d in /sys/block/sd*; do
		case $(readlink -f "$d") in */"$1"/*) echo "/dev/${d##*/}"; return ;; esac
	done
	return 1
}

# no_ports: is nothing attached any more?
no_ports() { [ "$(hearth -j usb ports | tr -d ' \n')" = "[]" ]; }

sum_of() { dd if="$1" bs=1M count=8 iflag=direct status=none | sha256sum | cut -d' ' -f1; }

# seed_disk DEV: 8 MiB that are not all alike.
seed_disk() { dd if=/dev/urandom of="$1" bs=1M count=8 oflag=direct conv=fsync status=none; }

# seed_local BUSID: the same on the disk of a local device, once it is there;
# prints its sum.
seed_local()
{
	local dev
	wait_for 20 local_disk "$1"
	dev=$(local_disk "$1")
	seed_disk "$dev"
	sum_of "$dev"
}

# mark TEXT: a line in the kernel log. kernel_since TEXT: what came behind it.
mark() { echo "$1" >/dev/kmsg; }
kernel_since() { dmesg | sed "1,/$1\$/d"; }
