# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the USB tests share. The server is the stock one, in the same guest:
# usbipd and usbip-host, on 127.0.0.1.

# the_server [stock]: loads usbip-host, mended (usbip-host/use.patch) unless the test is
# about the stock one, or this is not a guest of the harness
the_server()
{
	local want=usbip_host_mended other=usbip_host
	if [ "${1-}" = stock ] || ! modinfo $want >/dev/null 2>&1; then
		want=usbip_host other=usbip_host_mended
	fi
	if [ -e /sys/module/$other ]; then
		share_nothing
		pkill -x usbipd && wait_for 10 eval '! pgrep -x usbipd >/dev/null'
		rmmod $other || return
	fi
	modprobe $want
}

# share_nothing: what a test before this one has bound goes back to its drivers
share_nothing()
{
	local d
	for d in /sys/bus/usb/drivers/usbip-host/*-*; do
		[ ! -e "$d" ] || usbip unbind -b "${d##*/}" >/dev/null 2>&1
	done
}

# controllers: the node's own. The driver of one gives it a quarter of a second for its
# reset and then gives up, which is not long where the guest itself has to wait. On a
# machine that is not the harness's they stay as they are.
controllers()
{
	local dev class
	modprobe -q -a xhci-pci ehci-pci
	[[ $(</proc/cmdline) = *hearth.role=* ]] || return 0
	for dev in /sys/bus/pci/devices/*; do
		{ read -r class <"$dev/class"; } 2>/dev/null || continue
		case $class in 0x0c0320 | 0x0c0330) ;; *) continue ;; esac
		wait_for 20 eval "[ -e $dev/driver ] || { echo ${dev##*/} >/sys/bus/pci/drivers_probe; [ -e $dev/driver ]; }"
	done
}

# serve [stock]: start the stock server, once. It shares nothing yet.
serve()
{
	controllers
	the_server "$@" && modprobe hearth_vhci || return 1
	share_nothing
	pgrep usbipd >/dev/null || usbipd -D
	wait_for 10 hearth usb list --plain 127.0.0.1
}

# says FILE TEXT: is that what it says?
says() { local text; { read -r text <"$1"; } 2>/dev/null; [ "$text" = "$2" ]; }

# is_remote PATH: is this a device of a virtual controller?
is_remote() { case $(readlink -f "$1") in *vhci*) ;; *) false ;; esac; }

# remote_usb SERIAL: in sysfs, the device that came over the network.
remote_usb()
{
	local d
	for d in /sys/bus/usb/devices/*; do
		says "$d/serial" "$1" && is_remote "$d" && echo "$d" && return
	done
	return 1
}

# remote_node SERIAL: the same as BUS/DEVICE in /dev/bus/usb, once it has come.
remote_node()
{
	local d bus dev
	wait_for 20 remote_usb "$1"
	d=$(remote_usb "$1") && read -r bus <"$d/busnum" && read -r dev <"$d/devnum" &&
		printf "%03d/%03d" "$bus" "$dev"
}

# remote_endpoint SERIAL TYPE DIRECTION [INTERFACE]: its address, "Bulk" "in" say,
# of the interface :1.0.
remote_endpoint()
{
	local d ep
	d=$(remote_usb "$1") || return
	for ep in "$d/${d##*/}:${4:-1.0}"/ep_*; do
		says "$ep/type" "$2" && says "$ep/direction" "$3" && echo "0x${ep##*_}" && return
	done
	return 1
}

# busid_of FILE TEXT: the local device whose sysfs FILE says TEXT.
busid_of()
{
	local d
	for d in /sys/bus/usb/devices/*; do
		says "$d/$1" "$2" || continue
		is_remote "$d" || { echo "${d##*/}"; return; }
	done
	return 1
}

# wait_busid FILE TEXT: the same, once it has come.
wait_busid() { wait_for 20 busid_of "$@"; busid_of "$@"; }

# bind BUSID: the server shares it; its own drivers let go.
bind() { usbip bind -b "$1" >/dev/null 2>&1; }

# shared BUSID: does the server have it free?
shared() { says "/sys/bus/usb/drivers/usbip-host/$1/usbip_status" 1; }

# attach_at SERVER BUSID [OPTION...]: plug in; prints the port's number.
attach_at()
{
	local said
	said=$(hearth usb attach --plain "$@") && [[ $said =~ port\ ([0-9]+): ]] && echo "${BASH_REMATCH[1]}"
}

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
	local d size usb="/sys/devices/platform/*vhci*/usb*/*-*"
	# shellcheck disable=SC2231  # of the bus itself, and behind a hub
	for d in $usb/*:*/host*/target*/*/block/sd* $usb/*-*/*:*/host*/target*/*/block/sd*; do
		{ read -r size <"$d/size"; } 2>/dev/null && [ "$size" -gt 0 ] || continue
		echo "/dev/${d##*/}"
		return
	done
	return 1
}

# probed: is there one, and its driver through with it? Until then it sends commands of its own.
probed()
{
	local disk log new
	disk=$(remote_disk) || return
	disk="[${disk##*/}]"
	log=$(dmesg)
	new=${log##*"$disk Attached SCSI"}
	[ "$new" != "$log" ] && [[ $new != *"$disk "*" logical blocks"* ]]
}

wait_disk() { wait_for 20 probed; remote_disk; }

# local_disk BUSID: the block device of a local device.
local_disk()
{
	local d
	for d in /sys/bus/usb/devices/"$1"/*:*/host*/target*/*/block/sd*; do
		[ -e "$d" ] || return
		echo "/dev/${d##*/}"
		return
	done
}

# no_ports: is nothing attached any more?
no_ports()
{
	local ports
	ports=$(hearth -j usb ports) && [ "${ports//[[:space:]]/}" = "[]" ]
}

# port_says PORT KEY: what "hearth -j usb ports" has of it
port_says()
{
	local all
	all=$(hearth -j usb ports "$1" 2>/dev/null) && [[ $all =~ \"$2\":([^,}]*) ]] && echo "${BASH_REMATCH[1]}"
}

# port_device PORT: where its device is in sysfs
port_device() { echo "/sys/bus/usb/devices/$(port_says "$1" busnum)-$(port_says "$1" root-port)"; }

# held_back PORT: the kernel knows the device, and no driver can have it: it has no interface
held_back()
{
	local d all
	d=$(port_device "$1")
	all=("$d"/*:*)
	says "$d/authorized" 0 && ! grep -q . "$d/bConfigurationValue" && [ ! -e "${all[0]}" ] &&
		[ "$(wc -c <"$d/descriptors")" -gt 18 ]
}

# why PORT REASON: has the monitor, which writes to the file $events, told that the
# port left for it? "REASON|REASON": either.
why()
{
	local lines line
	mapfile -t lines <"$events"
	for line in "${lines[@]}"; do
		[[ $line == *"\"port\":$1,"*"\"reason\":\""@($2)"\""* ]] && return
	done
	return 1
}

# busy DEV: is it read from and written to, more than to find what it is?
busy()
{
	local reads writes
	read -r reads _ _ _ writes _ <"/sys/block/${1##*/}/stat"
	[ "$reads" -gt 50 ] && [ "$writes" -gt 10 ]
}

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

# mark TEXT: a line in the kernel log, with which dmesg begins from now on.
mark() { dmesg -c >/dev/null; echo "$1" >/dev/kmsg; }
