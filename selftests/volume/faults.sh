#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=240
# Errors of the devices: of data, a job goes on past them and is incomplete; of
# metadata, the volume is read-only, and one of two copies is enough to open it. No
# acknowledged write is lost, nobody waits for ever, whatever happens.
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
incomplete() { job_is v incomplete; }

plan 88
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
check "the rekey goes on past a bad sector" eval "msg v rekey start 0 1 && wait_for 30 incomplete"
check "the log names the region" said "region 19: sector [0-9]* cannot be read"
check "and says how many are left" said "the job is incomplete: 1 regions"
check "nothing is in motion" [ "$(status v | sed -E 's/.* incomplete [0-9]+ [0-9]+ ([0-9]+) .*/\1/')" = 0 ]
check "all others have moved" [ "$(under v 0) $(under v 1)" = "1 31" ]
check "it was tried twice" [ "$(status v | sed -E 's/.* incomplete [0-9]+ [0-9]+ [0-9]+ ([0-9]+) .*/\1/')" = 2 ]
refused "its slot is not erased" "A job uses the slot" msg v erase 0
check "what is before the bad sector can be read" eval "PATTERN_FIRST=$((19 * 64)) PATTERN_COUNT=32 intact 1"
check "what is behind it, too" eval "PATTERN_FIRST=$((19 * 64 + 33)) PATTERN_COUNT=31 intact 1"
dmremove v
open_volume v $len "${both[@]}"
check "closed and opened it is incomplete" job_is v incomplete
check "asked to, it tries again" eval "msg v rekey resume && wait_for 30 incomplete"
sound d /dev/ram1
check "the data is whole" intact 1
check "and can be written" ./pattern round /dev/mapper/v 4 2
check "the job goes on" eval "msg v rekey resume && wait_for 30 idle v"
check "to its end" [ "$(under v 0)" = 0 ]
check "the data is whole" intact 2

# A device that takes no writes.
mark
deaf d /dev/ram1
check "where no write succeeds nothing moves" eval "msg v rekey start 1 0 && wait_for 60 incomplete"
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

# Metadata that cannot be read: there are two copies of each page. In version 1 the
# newest one is needed; of version 2 see format2.sh.
ramdisks 3 24
dmcreate m "0 $size linear /dev/ram0 0"
dmcreate d "0 $size linear /dev/ram1 0"
version=1
open_volume v $len create "${both[@]}"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1
msg v rekey start 0 1
wait_for 30 idle v
dmremove v
newest=$(./page newest /dev/ram0 5)
hole m /dev/ram0 $((8 * (newest ^ 1)))
check "the older copy of a page cannot be read: it opens" open_volume v $len "${both[@]}"
check "the data is whole" intact 1
dmremove v
hole m /dev/ram0 $((8 * newest))
refused "the newest: it does not" "not the one that the volume was closed with" open_volume v $len "${both[@]}"
dmsetup remove v 2>/dev/null
refused "nor is it salvaged to be written" "Only what is read-only" open_volume v $len salvage "${both[@]}"
dmsetup remove v 2>/dev/null
mark
check "read-only it is salvaged" dmsetup create --noudevsync --readonly v --table "$(table $len salvage "${both[@]}")"
dmsetup mknodes v >/dev/null
check "and says what that is worth" said "what is read may be old"
check "it can be read" eval 'dd if=/dev/mapper/v of=/dev/null bs=1M iflag=direct status=none'
refuse "and not be written" write_one 5
dmremove v
wire m "0 $((8 * 10)) linear /dev/ram0 0
$((8 * 10)) 16 error
$((8 * 12)) $((size - 8 * 12)) linear /dev/ram0 $((8 * 12))"
refused "no copy at all" "metadata device cannot be read" open_volume v $len "${both[@]}"
dmsetup remove v 2>/dev/null
dmsetup create --noudevsync --readonly v --table "$(table $len salvage "${both[@]}")"
dmsetup mknodes v >/dev/null
mark
refuse "what it told of is lost, and no zeros" dd if=/dev/mapper/v of=/dev/null bs=4k count=1 iflag=direct status=none
check "in words" said "its page of the map is lost"
dmremove v
sound m /dev/ram0
check "opens when it is sound" open_volume v $len "${both[@]}"
check "the data is whole" intact 1

# A resume that fails: nobody waits for ever.
dmsetup suspend v
wire m "0 $size error"
check "it is resumed all the same" dmsetup resume --noudevsync v
refuse "and what is read fails, at once" timeout 20 dd if=/dev/mapper/v of=/dev/null bs=4k count=1 iflag=direct status=none
refuse "and what is written" timeout 20 dd if=/dev/zero of=/dev/mapper/v bs=4k count=1 oflag=direct status=none
sound m /dev/ram0
check "suspended and resumed it is there" eval "dmsetup suspend v && dmsetup resume --noudevsync v && intact 1"

# Another table of a volume in use: what is wrong with it is told when it is loaded, and
# the old one goes on.
msg v rate 64
msg v rekey start 1 0
dmcreate small "0 $((10 * mib)) linear /dev/ram1 0"
longer=$((9 * mib))
slow=("${both[@]}" rate:64)
reload() { dmsetup reload v --table "$(table "$@")"; }
running() { [ "$(field v 1)" = rw ] && job_is v running; }
refused "a table with another disk" "not one of this volume" eval 'data="/dev/ram2 0" reload $len "${slow[@]}"'
refused "with one that is smaller" "smaller than it was" eval 'data="/dev/mapper/small 0" reload $len "${slow[@]}"'
refused "with another key" "Wrong key" reload $len "key:0:$(src d1)" "key:1:$(src d0)"
refused "with a second target" "must appear alone" dmsetup reload v --table "$(table $len "${both[@]}")
$len $mib zero"
check "nobody has noticed" eval "running && intact 1"
dmremove small

# One that is loaded and cannot be resumed, as the metadata fail meanwhile: device-mapper
# has no other table any more.
check "a longer one is taken" reload $longer "${slow[@]}"
dmsetup suspend v
wire m "0 $size error"
mark
check "it is resumed all the same" dmsetup resume --noudevsync v
check "the log says why" said "metadata device cannot be read"
check "and that nothing works" said "nothing can be read or written till"
check "so does the status" [ "$(field v 1)" = suspended ]
refuse "what is read fails, at once" timeout 20 dd if=/dev/mapper/v of=/dev/null bs=4k count=1 iflag=direct status=none
refuse "and what is written" timeout 20 write_one 5
sound m /dev/ram0
check "the old table is taken again" eval 'reload $len "${slow[@]}" && dmsetup resume --noudevsync v'
check "and all is as it was, also the job" eval "running && intact 1"
check "a longer one is taken now" eval 'reload $longer "${slow[@]}" && dmsetup resume --noudevsync v && running'
check "with the data" eval '[ "$(blockdev --getsz /dev/mapper/v)" = $longer ] && PATTERN_COUNT=2048 intact 1'
check "the job comes to its end" eval "msg v rate 0 && wait_for 30 idle v && PATTERN_COUNT=2048 intact 1"
dmremove v
len=$longer
open_volume v $len "${both[@]}"

# A device that somebody set read-only.
msg v rate 256
msg v rekey start 0 1
dmremove v d
for d in /dev/ram1 /dev/ram0; do
	blockdev --setro $d
	was=$(sum /dev/ram0)
	check "$d is read-only: it opens" eval 'data="/dev/ram1 0" meta=/dev/ram0 open_volume v $len "${both[@]}"'
	check "as a read-only one" [ "$(field v 1) $(blockdev --getro /dev/mapper/v)" = "ro 1" ]
	refuse "it cannot be written" write_one 5
	refused "nor its job be resumed" "The volume is read-only" msg v rekey resume
	check "it can be read" eval "PATTERN_COUNT=2048 intact 1"
	dmremove v
	check "nothing was written" [ "$(sum /dev/ram0)" = "$was" ]
	blockdev --setrw $d
done
dmremove m
finish
