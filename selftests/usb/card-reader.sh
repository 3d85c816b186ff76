#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=120
# A card reader gadget at the stock server, with a disk, a CD-ROM, an empty slot and a
# card that is locked: each is what it is, cards come and go, and nothing is reset.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

# unit LUN: the generic device of that one
unit()
{
	local d
	for d in /sys/class/scsi_generic/sg*; do
		is_remote "$d" || continue
		case $(readlink -f "$d/device") in *:"$1") echo "/dev/${d##*/}"; return ;; esac
	done
	return 1
}

command()	# command LUN LENGTH BYTE...
{
	local lun=$1
	shift
	./scsi "$(unit "$lun")" 20000 "$@"
}

ready() { command "$1" 0 00 00 00 00 00 00; }
empty() { local said; said=$(ready "$1" 2>&1); echo "$said"; [[ $said = *"sense 2/3a/00"* ]]; }

# A write of no blocks is refused for the lock alone.
locked() { local said; said=$(command "$1" 0 2a 00 00 00 00 00 00 00 00 00 2>&1); echo "$said"; [[ $said = *"sense 7/27/00"* ]]; }

# reads LUN BLOCK FILE: its first block of that length is that of the file
reads()
{
	command "$1" "$2" 28 00 00 00 00 00 00 00 01 00 >/tmp/work/block || return
	[ "$(stat -c %s /tmp/work/block)" = "$2" ] && cmp -n "$2" /tmp/work/block "$3"
}

quiet() { ! dmesg | grep -E "reset .*-speed|no more (posting|reading)"; }

plan 13
modprobe -a usb_f_mass_storage usb-storage sd_mod sg 2>/dev/null
for name in disk cd card locked; do
	dd if=/dev/urandom of=/tmp/work/$name bs=1M count=1 status=none
done
dummy high
gadget HEARTHREADER high-speed
gadget_function 1 mass_storage.0 lun.0/file=/tmp/work/disk \
	lun.1/cdrom=1 lun.1/ro=1 lun.1/file=/tmp/work/cd lun.2/removable=1 \
	lun.3/removable=1 lun.3/ro=1 lun.3/file=/tmp/work/locked
gadget_up dummy_udc.0
serve
busid=$(share_gadget HEARTHREADER)
mark "card reader"
port=$(attach "$busid")
check "it has four units" wait_for 30 unit 3
for lun in 0 1 3; do
	wait_for 10 ready $lun	# it tells once that it is new
done
check "a disk" reads 0 512 /tmp/work/disk
check "a CD-ROM" reads 1 2048 /tmp/work/cd
check "an empty slot" wait_for 10 empty 2
check "a card that is locked: read" reads 3 512 /tmp/work/locked
check "a card that is locked: not written" locked 3
echo /tmp/work/card >"$gadget/functions/mass_storage.0/lun.2/file"
check "a card comes" wait_for 10 ready 2
check "its bytes" reads 2 512 /tmp/work/card
check "it is ejected from here" command 2 0 1b 00 00 00 02 00
check "the slot is empty again" wait_for 10 empty 2
check "nothing was reset" quiet
check "detach" timeout 20 hearth usb detach "$port"
check "no port is left" wait_for 10 no_ports
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHREADER
modprobe -r dummy_hcd
finish
