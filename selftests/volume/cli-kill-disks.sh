#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=none full=uml,6.12 timeout=600 programs=strace
# As cli-kill.sh, at all moments: what changes the length of a volume, its disks, its
# header as a whole, or the version of its metadata.
# shellcheck disable=SC2086,SC1090  # words
. "$HEARTH_LIB"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash
# shellcheck source=selftests/volume/kill.bash
. ./kill.bash

# --- what the disks hold, put back ----------------------------------------------------
keep() { dd if=/dev/ram1 of=$w/kept bs=1M count=24 iflag=direct status=none; }
back()
{
	dmsetup remove_all
	dd if=$w/kept of=/dev/ram1 bs=1M oflag=direct conv=notrunc status=none
	dd if=/dev/zero of=/dev/ram2 bs=1M count=1 oflag=direct conv=notrunc status=none
}

# --- resize: shorter or longer, never held --------------------------------------------
resize_reset() { back && open_v; }
dm_says() { dmsetup info -c --noheadings -o "$1" v; }
resize_check()
{
	[ "$(dm_says suspended)" = Active ] || { echo "it is suspended"; return 1; }
	ann check /dev/mapper/v 1 1 && hv job wait v || return
	[ "$(dm_says tables_loaded)" = Live ] || { echo "a table is left"; return 1; }
	hv close v && open_v && ann check /dev/mapper/v 1 1 &&
		hv resize v --key-file $w/ann && [ "$(blockdev --getsz /dev/mapper/v)" -gt $((4 * mib)) ] &&
		ann check /dev/mapper/v 1 1 && hv close v && open_v && ann check /dev/mapper/v 1 1
}

# --- header restore: the copy is there, to do it again ----------------------------------
restore_reset() { back && dd if=$w/other of=/dev/ram1 bs=1M oflag=direct conv=notrunc status=none; }
restore_check()
{
	open_v || hv open v /dev/ram1 --key-file $w/new ||
		{ hv header restore /dev/ram1 $w/copy && open_v; } || return
	ann check /dev/mapper/v 1 1 && hv close v && hv header restore /dev/ram1 $w/copy &&
		open_v && ann check /dev/mapper/v 1 1 && hv close v
}

# --- a device more: it is one of the volume's, or it is not -------------------------------
add_device() { hv open v /dev/ram1 --add /dev/ram2 --force --key-file $w/ann; }
both_open() { hv open v /dev/ram1 /dev/ram2 --key-file $w/ann; }
add_device_check()
{
	if dmsetup info v >/dev/null 2>&1; then hv close v || return; fi
	open_v || both_open || return
	ann check /dev/mapper/v 1 1 && hv close v || return
	both_open || add_device || return
	ann check /dev/mapper/v 1 1 && hv close v
}
drain_reset() { hv job wait v; hv device drain v 1 0 --wait; }
drain_check() { hv job wait v && ann check /dev/mapper/v 1 1 && hv device drain v 0 1 --wait && ann check /dev/mapper/v 1 1; }

# --- upgrade: of the one version or the other ---------------------------------------------
upgrade_check()
{
	open_v && ann check /dev/mapper/v 1 1 && hv close v && hv upgrade /dev/ram1 --key-file $w/ann &&
		open_v && ann check /dev/mapper/v 1 1 && hv close v
}

plan 7
command -v strace >/dev/null || skip_rest "no strace here"
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-zero xts algif_skcipher 2>/dev/null
printf 'correct horse' >$w/ann
printf 'new words' >$w/new
ramdisks 3 28

check "a short volume" eval "hv create v /dev/ram1 --force --size 4M --user ann --key-file $w/ann $cheap --region-size 256K && open_v && ann round /dev/mapper/v 1 1 && hv close v && keep"
cuts "resize" resize_reset resize_check resize v --key-file $w/ann
back
hv header backup /dev/ram1 $w/copy >/dev/null
open_v >/dev/null && hv slot passwd v ann --key-file $w/ann --new-key-file $w/new $cheap >/dev/null && hv close v >/dev/null
dd if=/dev/ram1 of=$w/other bs=1M count=16 iflag=direct status=none
cuts "header restore" restore_reset restore_check header restore /dev/ram1 $w/copy
cuts "open --add" back add_device_check open v /dev/ram1 --add /dev/ram2 --force --key-file $w/ann
back && add_device >/dev/null
cuts "device drain" drain_reset drain_check device drain v 0 1 --wait
hv close v >/dev/null
dmsetup remove_all
check "a volume of version 1" eval "hv create v /dev/ram1 --force --user ann --key-file $w/ann $cheap --region-size 256K && as_version_1 /dev/ram1 $w/ann && open_v && ann round /dev/mapper/v 1 1 && hv close v && keep"
cuts "upgrade" back upgrade_check upgrade /dev/ram1 --key-file $w/ann
finish
