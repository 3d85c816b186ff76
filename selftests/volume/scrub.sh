#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12,lockdep timeout=240
# Behind a job nothing is left of what it moved: the places that it gave up are
# overwritten, however often it was cut short.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib + 128))	# 33 regions, the last of 64 KiB
both=("key:0:$(src d0)" "key:1:$(src d1)")

# made REGION...: a volume under slot 0 with these written; what is on its disk is kept
# shellcheck disable=SC2120  # one call has an option
made()
{
	local at
	ramdisks 3 14
	data="/dev/ram1 0"
	open_volume v $len create "$@" "key:0:$(src d0)" || return
	msg v key load 1 "$(src d1)"
	for at in "${written[@]}"; do
		dd if=/dev/urandom of=/dev/mapper/v bs=256k seek="$at" count=1 oflag=direct status=none 2>/dev/null
	done
	kept
}
# what a label has is not the volume's data
kept() { dd if=/dev/ram1 of=/tmp/work/before bs=256k skip=1 iflag=direct status=none; sums >/tmp/work/sums; }
sums() { sha256sum </dev/mapper/v; }
# left DEVICE...: blocks of before that are still there
left()
{
	local dev n all=0
	for dev in "${@:-/dev/ram1}"; do
		blockdev --flushbufs "$dev"
		n=$(./left /tmp/work/before "$dev") || return
		all=$((all + n))
	done
	echo $all
}
gone() { local n; n=$(left "$@"); echo "$n blocks are left"; [ "$n" = 0 ]; }
stale() { status v | sed 's/.* //'; }
same() { [ "$(sums)" = "$(cat /tmp/work/sums)" ]; }
# powercut: the volume is gone without a close, and comes back from its disks
powercut()
{
	local n
	for n in 0 1 2; do dd if=/dev/ram$n of=/tmp/work/ram$n bs=1M iflag=direct status=none; done
	dmremove v
	for n in 0 1 2; do dd if=/tmp/work/ram$n of=/dev/ram$n bs=1M oflag=direct status=none; done
}
rekeyed() { msg v rekey start "${1:-0}" "${2:-1}" && wait_for 60 idle v; }
half() { msg v rate 256 && msg v rekey start 0 1 && wait_for 60 eval '[ "$(under v 1)" -ge 6 ]' && msg v rekey pause; }
on() { msg v rate 0 && msg v rekey resume && wait_for 60 idle v; }

plan 29
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts dm-flakey 2>/dev/null
for k in d0 d1; do key $k; done
key meta 32

written=({0..32})
check "a volume" made
check "what was written is found" [ "$(left)" -gt 2000 ]
check "rekeyed" rekeyed
check "nothing is left of it, behind the short last region either" gone
check "it reads the same" same
check "no place is stale" [ "$(stale)" = 0 ]
dmremove v

check "another volume, closed in the middle" eval 'made && half && dmremove v && open_volume v $len "${both[@]}"'
check "which places are stale is known" [ "$(stale)" -gt 0 -a "$(stale)" -le 16 ]
check "it goes on" on
check "nothing is left" gone
check "it reads the same" same
dmremove v

check "and one that is cut short" eval 'made && half && powercut && open_volume v $len "${both[@]}"'
check "then any free place may be stale" [ "$(stale)" = "$(status v | cut -d" " -f4 | cut -d/ -f1)" ]
check "it goes on" on
check "nothing is left" gone
check "it reads the same" same
dmremove v

# aborted, what was moved so far is overwritten by the next job
check "aborted" eval 'made && half && msg v rekey abort && [ "$(stale)" -gt 0 ]'
check "nothing is left when the rest is rekeyed" eval 'rekeyed && gone && same'
dmremove v

# here and there
written=(0 3 4 9 17 18 19 30)
check "a volume with gaps" made
check "nothing is left" eval 'rekeyed && gone && same'
check "nor of its new key's, by another" eval 'kept && rekeyed 1 0 && gone && same'
dmremove v

# the device that is drained is empty
data="/dev/ram1 0"
made
dmremove v
data="/dev/ram1 0 /dev/ram2 0"
check "drained" eval 'open_volume v $len "${both[@]}" && msg v drain 0 1 && wait_for 60 idle v && same'
check "nothing is left on the device" gone /dev/ram1
dmremove v

# discarded regions are given up, too
check "regions are discarded" eval 'made allow_discards && blkdiscard -f -o $((3 * 262144)) -l 524288 /dev/mapper/v && wait_for 10 eval "[ \$(stale) = 2 ]" && sums >/tmp/work/sums'
check "nothing is left" eval 'rekeyed && gone && same'
dmremove v

# a place that cannot be overwritten: the first one, to which nothing moves
written=({0..32})
made
dmremove v
dmcreate d "0 $((14 * mib)) linear /dev/ram1 0"
data="/dev/mapper/d 0"
open_volume v $len "${both[@]}"
hole=$(($(./info v 0 | cut -d" " -f7) * 512))	# regions slide up
half
dmsetup suspend --noflush --nolockfs d
dmsetup reload d --table "0 $hole linear /dev/ram1 0
$hole 512 flakey /dev/ram1 $hole 0 1 1 error_writes
$((hole + 512)) $((14 * mib - hole - 512)) linear /dev/ram1 $((hole + 512))"
dmsetup resume --noudevsync d
mark
msg v rate 0
msg v rekey resume
check "one that cannot be overwritten: incomplete" wait_for 60 job_is v incomplete
diag "$(status v)"
check "and it says so" said "the job is incomplete"
dmsetup suspend --noflush --nolockfs d
dmsetup reload d --table "0 $((14 * mib)) linear /dev/ram1 0"
dmsetup resume --noudevsync d
check "mended, it goes on" on
check "nothing is left" eval 'gone && same'
dmremove v d
finish
