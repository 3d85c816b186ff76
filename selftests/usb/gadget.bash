# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Gadgets of the kernel, made by configfs. Read common.bash first.

gadgets=/sys/kernel/config/usb_gadget
modprobe -q libcomposite
[ -d $gadgets ] || mount -t configfs configfs /sys/kernel/config

# gadget NAME SPEED: a new one, with NAME for its serial number, that the
# functions below are about
gadget()
{
	gadget=$gadgets/$1
	mkdir -p "$gadget/strings/0x409"
	echo 0x1d6b >"$gadget/idVendor"
	echo 0x0104 >"$gadget/idProduct"
	echo 0x0300 >"$gadget/bcdUSB"
	echo "$1" >"$gadget/strings/0x409/serialnumber"
	echo "$2" >"$gadget/max_speed"
}

# gadget_function CONFIGURATION TYPE.NAME [FILE=TEXT...]: a function, by way of a
# module usb_f_..., and what its files are to say
gadget_function()
{
	local config=$gadget/configs/c.$1 function=$gadget/functions/$2 pair
	shift 2
	mkdir -p "$config" "$function" || return
	for pair in "$@"; do
		mkdir -p "$(dirname "$function/${pair%%=*}")"
		printf %b "${pair#*=}" >"$function/${pair%%=*}" || return
	done
	ln -s "$function" "$config/"
}

# gadget_up UDC: plug it in there
gadget_up() { echo "$1" >"$gadget/UDC"; }

# gadget_down NAME: pull it out, and take it apart
gadget_down()
{
	local gadget=$gadgets/$1 dir
	echo >"$gadget/UDC"
	for dir in "$gadget"/configs/*/*.*; do rm "$dir"; done
	for dir in "$gadget"/functions/*/lun.[1-9]; do [ ! -d "$dir" ] || rmdir "$dir"; done
	for dir in "$gadget"/configs/* "$gadget"/functions/* "$gadget"/strings/* "$gadget"; do
		rmdir "$dir"
	done
}

# dummy SPEED: a host controller and a gadget's end of it, dummy_udc.0
dummy()
{
	local super=0
	[ "$1" != super ] || super=1
	modprobe dummy_hcd is_super_speed=$super
}

# share_gadget NAME: the stock server has the gadget; prints its bus id
share_gadget()
{
	local busid
	busid=$(wait_busid serial "$1") && bind "$busid" && echo "$busid"
}
