#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock timeout=180
# A hibernation with a job under way: the mover stands still from before the snapshot
# on. One that would have to place regions behind the snapshot is refused. As far as a
# rehearsal goes (pm_test): the machine's root does not outlive a real one.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((16 * mib))	# 64 regions
rehearse() { echo disk >/sys/power/state; }
# stamp PATTERN: when the kernel said it, since the mark
stamp() { dmesg | sed "1,/volume-mark $marks\$/d" | grep -m 1 -- "$1" | sed -E 's/^\[ *([0-9.]+)\].*/\1/'; }
# writes FROM TO: to the metadata device, between these times
writes() { awk -v a="$1" -v b="$2" '/block_bio_queue: 1,0 W/ { t = $0; sub(/: block_bio_queue.*/, "", t); sub(/.* /, "", t); n += t + 0 > a + 0 && t + 0 < b + 0 } END { print n + 0 }' $trace/trace; }

plan 13
trace=/sys/kernel/tracing
mount -t tracefs none $trace 2>/dev/null
[ -w $trace/events/block/block_bio_queue/enable ] || skip_rest "this kernel does not trace block devices"
[ -w /sys/power/pm_test ] || skip_rest "this kernel cannot rehearse a hibernation"
modprobe -a dm-rekey xts || bail "the modules do not load"
key meta 32
key d0
key d1
ramdisks 2 24
open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/urandom of=/dev/mapper/v bs=1M count=16 oflag=direct status=none
was=$(sum /dev/mapper/v)
echo freezer >/sys/power/pm_test

# The job would go on while the machine makes room for the image: what was under way
# may come to its end, one region a copier.
msg v rate 4096
echo 1 >$trace/events/block/block_bio_queue/enable
mark
msg v rekey start 0 1
check "rehearsed with a rekey under way" rehearse
check "the job goes on behind it" wait_for 60 idle v
echo 0 >$trace/events/block/block_bio_queue/enable
from=$(stamp "Preallocating image memory") to=$(stamp "Restarting tasks")
n=$(writes "$from" "$to")
diag "$n commits between $from and $to, $(writes 0 "$from") before, $(writes "$to" 1e9) after"
check "and did not before" [ -n "$from" -a -n "$to" -a "$n" -le 4 ]
check "it has moved all" [ "$(under v 0) $(under v 1)" = "0 64" ]
check "and it reads the same" [ "$(sum /dev/mapper/v)" = "$was" ]

# A file system whose pages need first writes when it is synchronised for it.
modprobe -q ext4
dmremove v
ramdisks 2 24
open_volume v $len create "key:0:$(src d0)"
mkdir -p /mnt/v
mkfs.ext4 -q /dev/mapper/v
mount /dev/mapper/v /mnt/v
dd if=/dev/urandom of=/mnt/v/file bs=1M count=6 status=none
sum=$(sha256sum </mnt/v/file)
check "rehearsed with pages that need first writes" rehearse
umount /mnt/v
mount /dev/mapper/v /mnt/v
check "they are written" [ "$(sha256sum </mnt/v/file)" = "$sum" ]
umount /mnt/v

# Swap on a volume.
dmremove v
ramdisks 2 24
open_volume v $len create "key:0:$(src d0)"
mkswap /dev/mapper/v >/dev/null 2>&1
check "swap on regions that were never written" swapon /dev/mapper/v
refused "no hibernation then" "hibernation refused: swap lies on regions never written" rehearse
check "and a job may begin" eval "msg v key load 1 $(src d1) && msg v rekey start 0 1 && wait_for 60 idle v"
swapoff /dev/mapper/v
dd if=/dev/zero of=/dev/mapper/v bs=1M count=16 oflag=direct status=none
mkswap /dev/mapper/v >/dev/null 2>&1
check "swap on written ones" swapon /dev/mapper/v
check "is no hindrance" rehearse
swapoff /dev/mapper/v
check "and a job may begin then, too" eval "msg v rekey start 1 0 && wait_for 60 idle v"
echo none >/sys/power/pm_test
dmremove v
finish
