#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12,lockdep full=stock,debug timeout=120
# Gadgets of the kernel instead of hardware: a disk on dummy_hcd at high and
# at super speed by way of usbip-host, and one on the stock vudc.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

disk()	# disk UDC SPEED
{
	gadget HEARTHGADGET "$2"
	gadget_function 1 mass_storage.0 lun.0/file=/tmp/work/disk
	gadget_up "$1"
}

compare()	# compare WHAT PORT
{
	local dev
	dev=$(wait_disk)
	check "$1: the bytes of the gadget" cmp "$dev" /tmp/work/disk
	check "$1: detach" timeout 20 hearth usb detach "$2"
	wait_for 10 no_ports
	wait_for 10 eval '! remote_disk'
}

plan 9
modprobe -a usb_f_mass_storage usb-storage sd_mod 2>/dev/null
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=4 status=none

for speed in high super; do
	dummy $speed
	disk dummy_udc.0 $speed-speed
	serve
	busid=$(share_gadget HEARTHGADGET)
	port=$(attach "$busid")
	check "dummy_hcd, $speed speed: attached" [ "$port" ]
	compare "dummy_hcd, $speed speed" "$port"
	usbip unbind -b "$busid" >/dev/null 2>&1
	gadget_down HEARTHGADGET
	modprobe -r dummy_hcd
done

# A device server without hardware or host controller at all.
pkill usbipd
modprobe usbip-vudc
disk usbip-vudc.0 high-speed
usbipd -D --device --tcp-port 3241
wait_for 10 hearth usb list --plain 127.0.0.1:3241
port=$(attach_at 127.0.0.1:3241 usbip-vudc.0)
check "vudc: attached" [ "$port" ]
compare "vudc" "$port"
pkill usbipd
wait_for 10 eval '! pgrep usbipd'
gadget_down HEARTHGADGET
modprobe -r usbip-vudc
finish
