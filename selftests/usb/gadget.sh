#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=stock,uml,lockdep timeout=120
# Gadgets of the kernel instead of hardware: a disk on dummy_hcd at high and
# at super speed by way of usbip-host, and one on the stock vudc. Not on kasan, which
# reports the stock server: with two CPUs its stub_rx_loop() reads a request that a
# completion has freed.
. "$HEARTH_LIB"
. ./common.bash

gadget=/sys/kernel/config/usb_gadget/disk

make_gadget()	# make_gadget UDC SPEED
{
	mkdir -p $gadget/strings/0x409 $gadget/configs/c.1 \
		$gadget/functions/mass_storage.0
	echo 0x1d6b >$gadget/idVendor
	echo 0x0104 >$gadget/idProduct
	echo 0x0300 >$gadget/bcdUSB
	echo HEARTHGADGET >$gadget/strings/0x409/serialnumber
	echo "$2" >$gadget/max_speed
	echo /tmp/work/disk >$gadget/functions/mass_storage.0/lun.0/file
	ln -s $gadget/functions/mass_storage.0 $gadget/configs/c.1/
	echo "$1" >$gadget/UDC
}

drop_gadget()
{
	echo >$gadget/UDC
	rm $gadget/configs/c.1/mass_storage.0
	rmdir $gadget/configs/c.1 $gadget/functions/mass_storage.0 \
		$gadget/strings/0x409 $gadget
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
modprobe -a libcomposite usb_f_mass_storage usb-storage sd_mod 2>/dev/null
[ -d /sys/kernel/config/usb_gadget ] || mount -t configfs configfs /sys/kernel/config
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=4 status=none

for speed in high super; do
	super=0
	[ $speed = high ] || super=1
	modprobe dummy_hcd is_super_speed=$super
	make_gadget dummy_udc.0 $speed-speed
	serve
	busid=$(wait_busid serial HEARTHGADGET)
	bind "$busid"
	port=$(attach "$busid")
	check "dummy_hcd, $speed speed: attached" [ "$port" ]
	compare "dummy_hcd, $speed speed" "$port"
	usbip unbind -b "$busid" >/dev/null 2>&1
	drop_gadget
	modprobe -r dummy_hcd
done

# A device server without hardware or host controller at all.
pkill usbipd
modprobe usbip-vudc
make_gadget usbip-vudc.0 high-speed
usbipd -D --device --tcp-port 3241
wait_for 10 hearth usb list 127.0.0.1:3241
port=$(attach_at 127.0.0.1:3241 usbip-vudc.0)
check "vudc: attached" [ "$port" ]
compare "vudc" "$port"
pkill usbipd
wait_for 10 eval '! pgrep usbipd'
drop_gadget
modprobe -r usbip-vudc
finish
