#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.1,uml full=all timeout=240
# Errors of the devices: of data, a move stops and can go on; of metadata, the
# volume is read-only. No acknowledged write is lost, whatever happens.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions
size=$((12 * mib))
both=("key:0:$(src d0)" "key:1:$(src d1)")

# wire NAME TABLE: another table below the volume, at once.
wire() { dmsetup suspend --noflush --nolockfs "$1" && dmsetup reload "$1" --table "$2" && dmsetup resume --noudevsync "$1"; }
sound() { wire "$1" "0 $size linear $2 0"; }
deaf() { wire "$1" "0 $size flakey $2 0 0 1 1 error_writes"; }
# hole NAME DEV SECTOR: eight sectors that cannot be read or written.
hole() { wire "$1" "0 $3 linear $2 0
$3 8 error
$(($3 + 8)) $((size - $3 - 8)) linear $2 $(($3 + 8))"; }
write_one() { dd if=/dev/urandom of=/dev/mapper/v bs=4k seek="$1" count=1 oflag=direct status=none; }
intact() { ./pattern check /dev/mapper/v 4 "$1"; }
stopped() { job_is v error; }

plan 39
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-flakey xts 2>/dev/null
ramdisks 3 24
key meta 32
key d0
key d1
dmcreate m "0 $size linear /dev/ram0 0"
dmcreate d "0 $size linear /dev/ram1 0"
meta=/dev/mapper/m
data="/dev/mapper/d 0"
check "a volume" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1

# A sector that cannot be read, in the middle of a region (place 20).
at=$((20 * 512 + 256))
mark
hole d /dev/ram1 $at
check "a bad sector stops the rekey" eval "msg v rekey start 0 1 && wait_for 30 stopped"
check "the log names the region" said "region [0-9]*: sector [0-9]* cannot be read"
check "and says that the job is stopped" said "the job is stopped"
check "nothing is in motion" [ "$(status v | sed -E 's/.* error [0-9]+ [0-9]+ ([0-9]+) .*/\1/')" = 0 ]
check "some have moved, some have not" [ "$(under v 0)" -gt 0 -a "$(under v 1)" -gt 0 ]
sound d /dev/ram1
check "the data is whole" intact 1
check "and can be written" ./pattern round /dev/mapper/v 4 2
check "the job goes on" eval "msg v rekey resume && wait_for 30 idle v"
check "to its end" [ "$(under v 0)" = 0 ]
check "the data is whole" intact 2

# A device that takes no writes.
mark
deaf d /dev/ram1
check "failing writes stop the rekey" eval "msg v rekey start 1 0 && wait_for 30 stopped"
check "the log says so" said "cannot be written"
refuse "a write of ours fails" write_one 9
check "all is where it was" [ "$(under v 1)" = 32 ]
sound d /dev/ram1
check "the data is whole" intact 2
check "the job goes on" eval "msg v rekey resume && wait_for 30 idle v"
check "the data is whole" intact 2

# A first write that fails leaves nothing behind.
dmremove v
open_volume v $len allow_discards "${both[@]}"
blkdiscard -o $((16 * 262144)) -l $((262144)) /dev/mapper/v
check "a region is discarded" [ "$(field v 3)" = "31/32" ]
mark
deaf d /dev/ram1
refused "its first write fails" "cannot be written" write_one $((16 * 64))
check "it is still not written" [ "$(field v 3)" = "31/32" ]
sound d /dev/ram1
dd if=/dev/mapper/v of=/tmp/work/got bs=256k skip=16 count=1 iflag=direct status=none
check "it reads as zeros" cmp -n 262144 /tmp/work/got /dev/zero
check "and can be written" write_one $((16 * 64))
dmremove v

# Metadata: the volume becomes read-only.
ramdisks 3 24
dmcreate m "0 $size linear /dev/ram0 0"
dmcreate d "0 $size linear /dev/ram1 0"
open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1
# slowly: it is not through when the metadata fail
msg v rate 64
msg v rekey start 0 1
mark
deaf m /dev/ram0
check "failing metadata makes it read-only" wait_for 30 eval '[ "$(field v 1)" = ro ]'
check "the log says so" said "the volume is read-only"
refused "a write is refused" "metadata device has failed" write_one 5
check "the data can be read" intact 1
refused "a new job is refused" "read-only" msg v rekey abort
check "key messages are not" eval "msg v key evict 1 && msg v key load 1 $(src d1)"
refused "unless they write" "read-only" msg v key load 2 "$(src d0)"
sound m /dev/ram0
check "still read-only" eval '[ "$(field v 1)" = ro ]'
check "suspend and resume open it anew" eval "dmsetup suspend v && dmsetup resume --noudevsync v"
check "it can be written" [ "$(field v 1)" = rw ]
check "the data is whole" intact 1
msg v rate 0
check "the job comes to its end" wait_for 30 idle v
check "the data is whole" intact 1
dmremove v

# Metadata that cannot be read.
hole m /dev/ram0 $((2 * 8 * 5))
refused "a bad sector in the map" "metadata device cannot be read" open_volume v $len "${both[@]}"
dmsetup remove v 2>/dev/null
sound m /dev/ram0
check "opens when it is gone" open_volume v $len "${both[@]}"
check "the data is whole" intact 1
dmremove v d m
finish
