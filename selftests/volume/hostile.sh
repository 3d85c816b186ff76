#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=240
# A disk that lies. Every forgery is refused in words, never followed: nothing is
# readable that was not, and the kernel does not stumble.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions: one map page
version=1		# of 2, see format2.sh
keys=("key:0:$(src d0)" "key:1:$(src d1)")
map=5			# page numbers: 0 the superblock, 1 to 4 the slots
good() { dd if=/tmp/work/good of=/dev/ram0 bs=64k status=none; sync; }
newest() { ./page newest /dev/ram0 "$1"; }

# Both copies of a page are changed.
both_copies()	# PAGE COMMAND ARG...
{
	local block=$(($1 * 2)) command=$2
	shift 2
	./page "$command" /dev/ram0 $block "$@" && ./page "$command" /dev/ram0 $((block + 1)) "$@"
}

opens() { open_volume v $len "${keys[@]}" && ./pattern check /dev/mapper/v 4 2 && dmremove v; }
closed() { ! dmsetup info v >/dev/null 2>&1 || dmsetup remove v 2>/dev/null; }

# lie NAME WORDS COMMAND...: with the forgery the volume does not open.
lie()
{
	local name=$1 words=$2
	shift 2
	good
	"$@" || diag "the forgery failed: $*"
	refused "$name" "$words" open_volume v $len "${keys[@]}"
	closed
}

# entry REGION HEX: an entry of the map's newest copy, with a good MAC.
entry()
{
	local block
	block=$(newest $map)
	./page poke /dev/ram0 "$block" $((96 + $1 * 8)) "$2" && ./page seal /dev/ram0 "$block" /tmp/work/key.meta
}

super()		# super OFFSET HEX: the same of the superblock
{
	local block
	block=$(newest 0)
	./page poke /dev/ram0 "$block" "$1" "$2" && ./page seal /dev/ram0 "$block" /tmp/work/key.meta
}

plan 53
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts 2>/dev/null
ramdisks 4 12
for k in meta other; do key $k 32; done
for k in d0 d1; do key $k; done
check "a volume" open_volume v $len create key:0:"$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1
dmremove v
dd if=/dev/ram0 of=/tmp/work/old bs=64k count=16 status=none
open_volume v $len "${keys[@]}"
check "half of it is rekeyed" eval "msg v rekey start 0 1 0 16 && wait_for 30 idle v"
./pattern round /dev/mapper/v 4 2
dmremove v
dd if=/dev/ram0 of=/tmp/work/good bs=64k count=16 status=none
dd if=/dev/ram1 of=/tmp/work/disk bs=1M status=none
check "it opens" opens

# Damage.
for offset in 0 8 16 24 40 64 95 96 100 104 112 120 200 300 4095; do
	lie "a bit of both superblocks: byte $offset" "No valid superblock" both_copies 0 flip $offset
done
lie "a bit of both copies of the slots" "slot table has no valid copy" both_copies 1 flip 96
lie "a bit of both copies of the map" "map has no valid copy" both_copies $map flip 200
lie "no map" "map has no valid copy" both_copies $map wipe
lie "the newest map is damaged" "not the one that the volume was closed with" eval './page flip /dev/ram0 $(newest $map) 200'
lie "the newest map is gone" "not the one that the volume was closed with" eval './page wipe /dev/ram0 $(newest $map)'
lie "the newest slots are damaged" "not the one that the volume was closed with" eval './page flip /dev/ram0 $(newest 1) 200'
good
bad=$(($(newest $map) ^ 1))
./page flip /dev/ram0 $bad 200
./page flip /dev/ram0 $(($(newest 1) ^ 1)) 200
./page flip /dev/ram0 $(($(newest 3) ^ 1)) 200
was=$(sum /dev/ram0)
mark
check "three older copies are damaged: it opens" opens
check "and says so" said "a copy is not valid"
check "and writes nothing" [ "$(sum /dev/ram0)" = "$was" ]
open_volume v $len "${keys[@]}"
./pattern round /dev/mapper/v 4 2
./page save /dev/ram0 $bad /tmp/work/bad
# what is read too early stays in the disk's page cache
mended() { echo 1 >/proc/sys/vm/drop_caches; ./page save /dev/ram0 $bad /tmp/work/now && ! cmp -s /tmp/work/bad /tmp/work/now; }
check "the first write mends them, half a minute after it" wait_for 60 mended
dmremove v
mark
check "all of them" eval 'opens && ! said "a copy is not valid"'

# The mending is cut short: from one of its writes on, none succeeds any more.
size=$((12 * mib))
metadata()	# TABLE
{
	dmsetup suspend --noflush --nolockfs m && dmsetup reload m --table "$1" && dmsetup resume --noudevsync m
}
dmcreate m "0 $size linear /dev/ram0 0"
cuts=0 bad=0
older() { echo $(($(newest "$1") ^ 1)); }
for page in 0 1 3 $map; do
	good
	for damaged in 1 3 $map; do ./page flip /dev/ram0 "$(older $damaged)" 200; done
	at=$((8 * $(older $page)))
	meta=/dev/mapper/m open_volume v $len "${keys[@]}" || bad=$((bad + 1))
	metadata "$([ $at = 0 ] || echo "0 $at linear /dev/ram0 0")
$at 8 error
$((at + 8)) $((size - at - 8)) linear /dev/ram0 $((at + 8))"
	msg v key load 2 "$(src d0)" 2>/dev/null
	[ "$(field v 1)" = ro ] && cuts=$((cuts + 1))
	dmremove v
	metadata "0 $size linear /dev/ram0 0"
	opens && continue
	diag "cut at page $page"
	closed
	bad=$((bad + 1))
done
check "it is cut short at each of its writes" [ $cuts = 4 ]
check "it opens after each, and reads the same" [ $bad = 0 ]
dmremove m

# What lay there before is no damage: a volume that was not closed, on a disk that
# was used for something else. Pages whose second copy was never written are of
# volumes that an older module made.
dd if=/dev/urandom of=/dev/ram0 bs=64k count=16 status=none
dd if=/dev/zero of=/dev/ram0 bs=4k count=2 conv=fsync status=none
dd if=/dev/zero of=/dev/ram1 bs=1M count=8 conv=fsync status=none
open_volume v $len create key:0:"$(src d0)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1
./pattern round /dev/mapper/v 4 2
dd if=/dev/ram0 of=/tmp/work/cut bs=64k count=16 status=none
dmremove v
stale() { dd if=/tmp/work/cut of=/dev/ram0 bs=64k conv=fsync status=none; }
stale
check "on a used disk, cut short: it opens" opens
stale
for page in 1 2 3 4; do
	dd if=/dev/urandom of=/dev/ram0 bs=4k seek=$(($(newest $page) ^ 1)) count=1 conv=fsync status=none
done
check "copies that were never written, cut short: it opens" opens
stale
for page in 2 3; do
	./page flip /dev/ram0 $(($(newest $page) ^ 1)) 200
done
refused "two that are damaged: it does not" "damaged than a crash explains" open_volume v $len "${keys[@]}"
closed
dd if=/dev/zero of=/dev/ram1 bs=1M count=12 conv=fsync status=none 2>/dev/null
dd if=/tmp/work/disk of=/dev/ram1 bs=1M conv=fsync status=none

# Pages where they do not belong.
lie "the map in the place of the slots" "slot table has no valid copy" eval './page copy /dev/ram0 $((map * 2)) 2; ./page copy /dev/ram0 $((map * 2 + 1)) 3'
lie "places exchanged" "map has no valid copy" eval './page copy /dev/ram0 $((map * 2)) 100; ./page copy /dev/ram0 $((map * 2 + 1)) $((map * 2)); ./page copy /dev/ram0 100 $((map * 2 + 1))'
lie "another index" "slot table has no valid copy" eval './page copy /dev/ram0 2 4; ./page copy /dev/ram0 3 5'
# Older ones.
lie "an older map" "not the one that the volume was closed with" eval 'dd if=/tmp/work/old of=/dev/ram0 bs=4k skip=$((map * 2)) seek=$((map * 2)) count=2 status=none'
lie "an older superblock" "not the one that the volume was closed with" eval 'dd if=/tmp/work/old of=/dev/ram0 bs=4k count=2 status=none'

# By one who has the metadata key: the format itself is checked.
lie "a version from the future" "an unknown version" super 96 03000000
lie "a sector size of 8192" "a wrong sector size" super 104 00200000
lie "a region of no sectors" "a wrong region size" super 108 00000000
lie "a length of nothing" "a wrong length" super 112 0000000000000000
lie "a place that is not there" "names a place twice" entry 3 ffff000000000080
lie "a device that is not there" "names a place twice" entry 3 0300000000050080
lie "the place of another" "names a place twice" eval 'entry 3 0900000000000080; entry 4 0900000000000080'
lie "the label's place" "names a place twice" entry 3 0000000000000080
lie "a slot that cannot be" "a slot that cannot be" entry 3 090000000000ff8f
lie "unknown bits" "unknown bits" entry 3 0900000000000090

# Others' things.
good
refused "another metadata key" "No valid superblock" dmcreate v "$(table $len "${keys[@]}" | sed 's/hearth:meta/hearth:other/')"
dd if=/dev/zero of=/dev/ram2 bs=1M oflag=direct status=none 2>/dev/null
dd if=/dev/zero of=/dev/ram3 bs=1M oflag=direct status=none 2>/dev/null
(meta=/dev/ram2 data="/dev/ram3 0" open_volume w $len create "key:0:$(src d0)" && dmremove w)
refused "the data device of another volume" "not one of this volume" \
	eval 'data="/dev/ram3 0" open_volume v $len "${keys[@]}"'
closed
refused "the metadata of another volume" "not one of this volume" \
	eval 'meta=/dev/ram2 open_volume v $len "key:0:$(src d0)"'
closed
check "after all that, the good one opens" eval 'good; opens'
finish
