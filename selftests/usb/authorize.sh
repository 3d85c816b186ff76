#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=120
# Attached as a device that nobody has authorized: the core knows what it is, and no driver
# gets it till somebody says so; and so again when a reset makes another device of it.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

# told KEY: what the port's answer has of it
told() { local all; all=$(hearth -j usb ports "$port") && [[ $all =~ \"$1\":([^,}]*) ]] && echo "${BASH_REMATCH[1]}"; }
device() { echo "/sys/bus/usb/devices/$(told busnum)-$(told root-port)"; }
# another NUMBER: has it been enumerated, and not under that number?
another() { local now; now=$(told devnum) && [ "$now" != "$1" ]; }
# held_back: it is known, has no configuration, and no interface that a driver could have
held_back()
{
	local d all
	d=$(device)
	all=("$d"/*:*)
	says "$d/authorized" 0 && ! grep -q . "$d/bConfigurationValue" && [ ! -e "${all[0]}" ] &&
		[ "$(wc -c <"$d/descriptors")" -gt 18 ]
}
allow() { local said; said=$(./authorize allow "$1" "$2"); echo "$said"; [[ $said = "$3: "* ]]; }

plan 17
modprobe -a hearth_vhci usb-storage sd_mod 2>/dev/null
serve_liar --kind disk --speed super --lie desc-keyboard --gate
port=$(./authorize attach 3240 1-1)
check "it is known" wait_for 20 another 0
first=$(told devnum)
check "and kept from drivers" held_back
check "which is told" [ "$(told unauthorized)" = true ]
check "another number is refused" allow "$port" $((first + 1)) ENODEV
check "no number is refused" allow "$port" 0 ENODEV
check "another port is refused" allow $((port + 1)) "$first" ENOENT
check "none of it helped" held_back
check "authorized" allow "$port" "$first" 0
check "its drivers have it" wait_disk
check "authorized again" allow "$port" "$first" 0
check "a reset leaves it so" ./usbreset "$(device)"
check "under its number, with its disk" eval '[ "$(told devnum)" = "$first" ] && remote_disk'
# from now on it is a keyboard
open_gate
./usbreset "$(device)" 2>/dev/null
check "a reset made another device of it" wait_for 20 another "$first"
check "which is kept from drivers, and has no disk" eval 'held_back && ! remote_disk'
# what root may do at any time
echo 1 >"$(device)/authorized"
check "authorized by sysfs it is a keyboard" wait_for 20 says "$(device)/$(basename "$(device)"):1.0/bInterfaceClass" 03
check "it goes" eval 'unplug $port && wait_for 20 no_ports'
serve_liar --kind disk --speed super
port=$(plug)
check "without the flag it is as it was" eval 'wait_disk && [ "$(told unauthorized)" = false ] && unplug $port'
stop_liar
finish
