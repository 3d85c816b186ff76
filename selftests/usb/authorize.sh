#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=120
# Attached as a device that nobody has authorized: the core knows what it is, and no driver
# gets it till somebody says so; and so again when a reset makes another device of it.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

# another NUMBER: has it been enumerated, and not under that number?
another() { local now; now=$(port_says "$port" devnum) && [ "$now" != "$1" ]; }
allow() { local said; said=$(./authorize allow "$1" "$2"); echo "$said"; [[ $said = "$3: "* ]]; }

plan 17
modprobe -a hearth_vhci usb-storage sd_mod 2>/dev/null
serve_liar --kind disk --speed super --lie desc-keyboard --gate
port=$(./authorize attach 3240 1-1)
check "it is known" wait_for 20 another 0
first=$(port_says "$port" devnum)
check "and kept from drivers" held_back "$port"
check "which is told" [ "$(port_says "$port" unauthorized)" = true ]
check "another number is refused" allow "$port" $((first + 1)) ENODEV
check "no number is refused" allow "$port" 0 ENODEV
check "another port is refused" allow $((port + 1)) "$first" ENOENT
check "none of it helped" held_back "$port"
check "authorized" allow "$port" "$first" 0
check "its drivers have it" wait_disk
check "authorized again" allow "$port" "$first" 0
check "a reset leaves it so" ./usbreset "$(port_device "$port")"
check "under its number, with its disk" eval '[ "$(port_says "$port" devnum)" = "$first" ] && remote_disk'
# from now on it is a keyboard
open_gate
./usbreset "$(port_device "$port")" 2>/dev/null
check "a reset made another device of it" wait_for 20 another "$first"
check "which is kept from drivers, and has no disk" eval 'held_back $port && ! remote_disk'
# what root may do at any time
echo 1 >"$(port_device "$port")/authorized"
check "authorized by sysfs it is a keyboard" wait_for 20 says "$(port_device "$port")/$(basename "$(port_device "$port")"):1.0/bInterfaceClass" 03
check "it goes" eval 'unplug $port && wait_for 20 no_ports'
serve_liar --kind disk --speed super
port=$(plug)
check "without the flag it is as it was" eval 'wait_disk && [ "$(port_says "$port" unauthorized)" = false ] && unplug $port'
stop_liar
finish
