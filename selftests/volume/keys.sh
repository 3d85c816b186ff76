#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock timeout=180
# A key is nowhere in the machine's memory once it has left the keyring and the
# volume: all of the memory is searched.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))

# found NAME: how often is the key in memory?
found() { ./keymem find "/tmp/work/masked.$1" 2>/tmp/work/searched; }
gone()
{
	local n
	n=$(found "$1") || return
	[ "$n" = 0 ] || { echo "found $n times"; return 1; }
}

there() { ! gone "$1" >/dev/null; }

plan 11
[ -r /proc/kcore ] || skip_rest "this kernel has no /proc/kcore"
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts 2>/dev/null
ramdisks 2 12
key meta 32
./keymem add d0 /tmp/work/masked.d0
./keymem add d1 /tmp/work/masked.d1
check "a key in the keyring is found" there d0
diag "$(cat /tmp/work/searched)"
check "a volume" open_volume v $len create "key:0:$(src d0)"
check "a second key" msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
forget d0
forget d1
sleep 1
check "what the volume uses is found" eval "there d0 && there d1"
msg v rekey start 0 1
wait_for 60 idle v
dd if=/dev/mapper/v of=/dev/null bs=1M iflag=direct status=none
check "the first key is evicted" msg v key evict 0
check "it is nowhere" wait_for 20 gone d0
check "the second is" there d1
check "the volume is closed" dmremove v
check "the second is nowhere, too" wait_for 20 gone d1
./keymem add d2 /tmp/work/masked.d2
refused "a key of another slot's size is refused" "Wrong key" open_volume v $len "key:1:$(src d2)"
forget d2
sleep 1
check "what was refused is nowhere" wait_for 20 gone d2
finish
