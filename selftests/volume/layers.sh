#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=none full=6.12,7.2 timeout=240
# What may lie below and above a volume while its keys change: a snapshot of its disk,
# which is a volume as a power cut would have left it; a mirror that loses a leg and gets
# it back; a thin pool that is full; swap; another volume.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions
size=$((14 * mib))	# of the disk: metadata, and data from 2 MiB on
on() { meta=/dev/mapper/$1 data="/dev/mapper/$1 $((2 * mib))"; }
both=("key:0:$(src d0)" "key:1:$(src d1)")
round() { ./pattern round /dev/mapper/v 6 "$1"; }
intact() { ./pattern check "/dev/mapper/${2:-v}" 6 "$1"; }
some_moved() { [ "$(under v "$1")" -gt 3 ]; }
# wire NAME TABLE: another table, at once
wire() { dmsetup suspend "$1" && dmsetup reload "$1" --table "$2" && dmsetup resume --noudevsync "$1"; }

plan 36
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-snapshot xts 2>/dev/null
for k in d0 d1 e0 e1; do key $k; done
key meta 32

# A snapshot of the disk below, while regions move and are written.
ramdisks 4 16
dmcreate base "0 $size linear /dev/ram1 0"
dmcreate o "0 $size snapshot-origin /dev/mapper/base"
on o
check "a volume on a disk that has snapshots" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
round 1
round 2
msg v rate 512
msg v rekey start 0 1
check "regions move" wait_for 60 some_moved 1
# the disk stands still for the moment, as for any snapshot
check "a snapshot is taken of it" eval 'dmsetup suspend o && dmsetup suspend base &&
	dmcreate s "0 $size snapshot /dev/mapper/base /dev/ram2 N 8" && dmsetup resume --noudevsync base && dmsetup resume --noudevsync o'
check "the volume goes on" eval "round 3 && round 4 && msg v rate 0 && wait_for 60 idle v && intact 4"
check "all of it has moved" [ "$(under v 0)" = 0 ]
dmremove v
on s
check "the snapshot opens" open_volume v $len "${both[@]}"
check "as of then: some under either key" [ "$(under v 0)" -gt 0 -a "$(under v 1)" -gt 3 ]
check "with the data of then" intact 2
check "its job goes on, to its end" eval "msg v rekey resume && wait_for 60 idle v && intact 2"
dmremove v s
on o
check "the disk's own is as it was" eval 'open_volume v $len "${both[@]}" && intact 4'
dmremove v o base

# A mirror, which writes down which of its legs failed.
ramdisks 5 16
modprobe -a dm-raid raid1
dmcreate leg "0 $size linear /dev/ram2 0"
mirror() { echo "0 $size raid raid1 $1 region_size 1024 2 /dev/ram3 /dev/ram1 /dev/ram4 /dev/mapper/leg"; }
dmcreate r "$(mirror "4 0 nosync")"
on r
check "a volume on a mirror" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
round 1
msg v rate 512
msg v rekey start 0 1
check "regions move" wait_for 60 some_moved 1
wire leg "0 $size error"
check "a leg fails, the volume does not" eval "round 2 && intact 2"
check "the mirror has noticed" eval 'dmsetup status r | grep -q " [AD]*D[AD]* "'
wire leg "0 $size linear /dev/ram2 0"
check "it comes back" eval 'wire r "$(mirror "5 0 rebuild 1")" && round 3 && wait_for 60 eval "dmsetup status r | grep -q \" AA \""'
check "the job comes to its end" eval "msg v rate 0 && wait_for 60 idle v && intact 3"
dmremove v r leg
dmcreate leg "0 $size linear /dev/ram2 0"
on leg
check "the leg that was away is the volume" eval 'open_volume v $len "${both[@]}" && intact 3 && [ "$(under v 0)" = 0 ]'
dmremove v leg

# A thin pool that has less than the volume needs.
ramdisks 3 16
pool() { echo "0 $(($1 * mib)) thin-pool /dev/ram2 /dev/ram1 128 0 1 error_if_no_space"; }
modprobe dm-thin-pool
dmcreate pool "$(pool 8)"
dmsetup message pool 0 "create_thin 0"
dmcreate o "0 $size thin /dev/mapper/pool 0"
on o
check "a volume on a thin disk" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
export PATTERN_FIRST=0 PATTERN_COUNT=1536	# blocks: 6 MiB, what is behind them is filled
round 1
refuse "the pool is full, a write fails" dd if=/dev/urandom of=/dev/mapper/v bs=256k seek=24 count=8 oflag=direct
msg v rekey start 0 1
check "a job stops, or waits" wait_for 60 eval '! job_is v running'
diag "$(status v)"
check "what was written is there" intact 1
wire pool "$(pool 14)"
dmsetup suspend v && dmsetup resume --noudevsync v
msg v rekey resume 2>/dev/null || msg v rekey start 0 1
check "with room it goes on, to its end" wait_for 60 eval 'idle v && [ "$(under v 0)" = 0 ]'
check "and nothing is lost" eval "intact 1 && round 2 && dmremove v && open_volume v $len key:0:$(src d0) key:1:$(src d1) && intact 2"
dmremove v o pool
unset PATTERN_FIRST PATTERN_COUNT

# After a crash in a job any free place may be stale: those that a thin disk has nothing
# for take no room when they are looked through.
ramdisks 3 16
dmcreate pool "$(pool 14)"
dmsetup message pool 0 "create_thin 0"
dmcreate o "0 $size thin /dev/mapper/pool 0"
on o
open_volume v $((4 * mib)) create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/urandom of=/dev/mapper/v bs=1M count=1 oflag=direct status=none
taken() { dmsetup status pool | cut -d" " -f6 | cut -d/ -f1; }
msg v rate 256
msg v rekey start 0 1
check "a job that is cut short" eval 'wait_for 60 [ "$(under v 1)" -gt 0 ] && msg v rekey pause && dmcreate crash "$(dmsetup table o)"'
dmremove crash
wire o "0 $size error"
dmremove v
wire o "0 $size thin /dev/mapper/pool 0"
open_volume v $((4 * mib)) "${both[@]}"
before=$(taken)
check "goes on" eval 'msg v rekey resume && wait_for 60 idle v'
diag "$before blocks of the pool before, $(taken) behind it"
check "and takes no room for what is zero" [ $(($(taken) - before)) -le 32 ]
dmremove v o pool

# Swap above: of a process that has more than it may keep in memory.
ramdisks 2 16
dmcreate o "0 $size linear /dev/ram1 0"
on o
check "a volume for swap" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
mkswap /dev/mapper/v >/dev/null && swapon /dev/mapper/v || bail "no swap"
mkdir -p /tmp/cgroup && mount -t cgroup2 none /tmp/cgroup && echo +memory >/tmp/cgroup/cgroup.subtree_control
mkdir /tmp/cgroup/small
echo 4M >/tmp/cgroup/small/memory.high
echo $BASHPID >/tmp/cgroup/small/cgroup.procs
mkdir /tmp/much && mount -t tmpfs none /tmp/much
head -c $((7 * 1048576)) /dev/urandom | tee /tmp/much/file | sha256sum >/tmp/work/before
echo $BASHPID >/tmp/cgroup/cgroup.procs
used() { awk '/mapper|dm-/ { print $4 }' /proc/swaps; }
check "it is used" wait_for 20 eval '[ "$(used)" -gt 1024 ]'
diag "$(cat /proc/swaps)"
msg v rate 2048
msg v rekey start 0 1
check "its key changes while it is swap" eval 'wait_for 60 idle v && [ "$(under v 0)" = 0 ]'
check "swap is given up" timeout 60 swapoff /dev/mapper/v
check "nothing is lost" eval 'sha256sum </tmp/much/file | cmp - /tmp/work/before'
umount /tmp/much
rmdir /tmp/cgroup/small
umount /tmp/cgroup
dmremove v o

# A volume in a volume: both change their keys at once.
ramdisks 2 16
dmcreate o "0 $size linear /dev/ram1 0"
on o
check "a volume" open_volume v $len create "key:0:$(src d0)" "key:1:$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
meta=/dev/mapper/v data="/dev/mapper/v $((2 * mib))"
check "another one in it" open_volume w $((4 * mib)) create "key:0:$(src e0)" "key:1:$(src e1)"
./pattern round /dev/mapper/w 6 1
check "both change their keys" eval "msg v rate 1024 && msg w rate 1024 && msg v rekey start 0 1 && msg w rekey start 0 1 &&
	./pattern round /dev/mapper/w 6 2 && msg v rate 0 && msg w rate 0 && wait_for 60 idle w && wait_for 60 idle v"
check "the inner one is whole" intact 2 w
dmremove w
check "and the outer one closes" dmremove v
dmremove o
finish
