#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=240
# Version 2 of the metadata: either half of a closed volume's is enough, wherever the
# superblock is lost; no page of an earlier time is taken for a newer one.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions: one map page
size=$((12 * mib))	# of a device: 3072 blocks
stride=1024		# so far is it to the other place of a page
keys=("key:0:$(src d0)" "key:1:$(src d1)")
map=5			# page numbers: 0 the superblock, 1 to 4 the slots
pages=6

# save, load FILE [FIRST COUNT]: blocks of the metadata; all: also the data's label
save()
{
	# what the page cache has may be from before the kernel's own writes
	dd if=/dev/ram0 of="/tmp/work/$1" bs=64k count=80 iflag=direct status=none
	dd if=/dev/ram1 of="/tmp/work/$1.label" bs=4k count=1 iflag=direct status=none
}
load()
{
	[ $# != 1 ] || load_label "$1"
	dd if="/tmp/work/$1" of=/dev/ram0 bs=4k skip="${2:-0}" seek="${2:-0}" count="${3:-1280}" conv=fsync status=none
}
load_label() { dd if="/tmp/work/$1.label" of=/dev/ram1 bs=4k conv=fsync status=none; }
# load_page FILE PAGE: both of its copies, as they once were
load_page() { load "$1" "$2" 1 && load "$1" $((stride + $2)) 1; }
wipe() { dd if=/dev/zero of=/dev/ram0 bs=4k seek="$1" count="$2" conv=fsync status=none; }
flip() { ./page flip /dev/ram0 "$1" "${2:-200}"; }
flip_both() { flip "$1" "${2:-200}" && flip $((stride + $1)) "${2:-200}"; }
exchange() { ./page copy /dev/ram0 "$1" 3000 && ./page copy /dev/ram0 "$2" "$1" && ./page copy /dev/ram0 3000 "$2"; }
opens() { open_volume v $len "${keys[@]}" && ./pattern check /dev/mapper/v 4 2 && dmremove v; }
closed() { ! dmsetup info v >/dev/null 2>&1 || dmsetup remove v 2>/dev/null; }
wire() { dmsetup suspend --noflush --nolockfs "$1" && dmsetup reload "$1" --table "$2" && dmsetup resume --noudevsync "$1"; }
# hole BLOCK COUNT: of the metadata, that cannot be read or written
hole()
{
	local first=$((8 * $1)) count=$((8 * $2)) head=''
	[ $first = 0 ] || head="0 $first linear /dev/ram0 0
"
	wire m "$head$first $count error
$((first + count)) $((size - first - count)) linear /dev/ram0 $((first + count))"
}
sound() { wire m "0 $size linear /dev/ram0 0"; }

# lie NAME WORDS FILE COMMAND...: with the forgery of it the volume does not open.
lie()
{
	local name=$1 words=$2
	load "$3"
	shift 3
	"$@" || diag "the forgery failed: $*"
	refused "$name" "$words" open_volume v $len "${keys[@]}"
	closed
}

# harmless NAME FILE COMMAND...
harmless()
{
	local name=$1
	load "$2"
	shift 2
	"$@" || diag "the damage failed: $*"
	check "$name" opens
	closed
}

plan 85
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts 2>/dev/null
ramdisks 2 12
for k in meta other; do key $k 32; done
for k in d0 d1; do key $k; done
refused "a version that is not known" "Bad option" eval 'version=3 open_volume v $len create key:0:"$(src d0)"'
check "a volume of version 2" open_volume v $len create key:0:"$(src d0)"
check "which the table does not show" eval '! dmsetup table v | grep version:'
msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
dmremove v
save older
check "its two superblocks lie where they should" [ "$(./page place /dev/ram0 0 1)" = $stride ]
refused "the version of one that is there" "chosen where it is made" open_volume v $len version:2 "${keys[@]}"
open_volume v $len "${keys[@]}"
msg v key load 2 "$(src d1)"
check "a quarter of it is rekeyed" eval "msg v rekey start 0 1 24 8 && wait_for 30 idle v"
./pattern round /dev/mapper/v 4 1
dmremove v
save old
open_volume v $len "${keys[@]}"
check "half of it is rekeyed" eval "msg v rekey start 0 1 0 16 && wait_for 30 idle v"
./pattern round /dev/mapper/v 4 2
save cut
dmremove v
save good
check "it opens" opens
check "which writes nothing" eval 'save now && cmp /tmp/work/good /tmp/work/now'

# Closed: either copy of any page is enough, and either half.
for page in 0 1 4 $map; do
	harmless "page $page: place 0 is damaged" good flip $page
	harmless "page $page: place 1 is damaged" good flip $((stride + page))
done
harmless "all at place 0 is gone" good wipe 0 $pages
harmless "all at place 1 is gone" good wipe $stride $pages
dmcreate m "0 $size linear /dev/ram0 0"
load good
meta=/dev/mapper/m
hole 0 $pages
check "nothing at place 0 can be read" opens
hole $stride $pages
check "nothing at place 1 can be read" opens
sound
dmremove m
meta=/dev/ram0
load good
wipe 0 $pages
open_volume v $len "${keys[@]}"
check "the first change mends it" msg v key load 3 "$(src d1)"
dmremove v
wipe $stride $pages
check "then the other half can go" opens
dmcreate m "0 $size linear /dev/ram0 0"
meta=/dev/mapper/m
bad=0
for block in 0 1 2 3 4 $map; do
	load good
	wipe 0 $pages
	open_volume v $len "${keys[@]}"
	hole "$block" 1
	msg v key load 3 "$(src d1)" 2>/dev/null && bad=$((bad + 1))
	dmremove v
	sound
	opens || bad=$((bad + 1))
	closed
done
check "mending them can be cut short" [ $bad = 0 ]
dmremove m
meta=/dev/ram0

# Damage of both.
for offset in 0 8 16 24 40 64 95 96 252 1280 4095; do
	lie "a bit of both superblocks: byte $offset" "No valid superblock" good flip_both 0 $offset
done
for offset in 16 40 48 56 60 96; do
	lie "a bit of both copies of the slots: byte $offset" "slot table has no valid copy" good flip_both 1 $offset
done
lie "a bit of both copies of the map" "map has no valid copy" good flip_both $map
load good
flip_both $map
mark
check "read-only it is salvaged" dmsetup create --noudevsync --readonly v --table "$(table $len salvage "${keys[@]}")"
check "and says what that is worth" said "what is read may be old"
dmsetup mknodes v >/dev/null
refuse "what it told of is lost, and no zeros" dd if=/dev/mapper/v of=/dev/null bs=4k count=1 iflag=direct status=none
dmremove v
lie "no map" "map has no valid copy" good eval "wipe $map 1; wipe $((stride + map)) 1"

# Pages where they do not belong.
lie "places exchanged" "map has no valid copy" good exchange $map $((stride + map))
lie "pages exchanged" "slot table has no valid copy" good eval "exchange 1 2; exchange $((stride + 1)) $((stride + 2))"
lie "a superblock elsewhere" "not in its place" good \
	eval "./page copy /dev/ram0 $stride 512; ./page copy /dev/ram0 $stride 1; wipe 0 1; wipe $stride 1"

# Of an earlier time.
lie "an older superblock" "map has no valid copy" good eval "load_page old 0; load_label old"
lie "an older map" "not the one that the volume was closed with" good load_page old $map
lie "older slots" "not the one that the volume was closed with" good load_page older 1
harmless "the superblock of before the close" good load_page cut 0

# Not closed.
harmless "cut short: it opens" cut true
harmless "one copy is damaged" cut flip $((stride + 3))
harmless "one superblock is damaged" cut flip 0
harmless "the other one is gone" cut wipe $stride 1
lie "two copies are gone" "damaged than a crash explains" cut eval "wipe 2 1; wipe $((stride + 3)) 1"
lie "the map of before it was opened" "older than when the volume was opened" cut load_page older $map
load cut
cuts=$(./page newest /dev/ram0 $map)
lie "the newest map is gone, and the other of before" "older than when the volume was opened" cut \
	eval "load_page older $map; wipe $cuts 1"

# The data device is of another time than the metadata.
lie "a copy of the data device" "it is older than the metadata" good load_label old
lie "a copy of the metadata" "it is newer than the metadata" old load_label good
load good
load_label old
check "read-only it is salvaged" eval 'dmsetup create --noudevsync --readonly v --table "$(table $len salvage "${keys[@]}")" && dmremove v'
# till the labels are written, first
load good
dmcreate d "0 $size linear /dev/ram1 0"
data="/dev/mapper/d 0"
open_volume v $len "${keys[@]}"
dmsetup suspend --noflush --nolockfs d
dmsetup reload d --table "0 8 error
8 $((size - 8)) linear /dev/ram1 8"
dmsetup resume --noudevsync d
mark
refuse "the first change, when the label cannot be written" msg v key load 3 "$(src d1)"
check "makes it read-only" [ "$(field v 1)" = ro ]
dmremove v d
data="/dev/ram1 0"
check "cut short there it opens" open_volume v $len "${keys[@]}"
check "and the label is written" msg v key load 3 "$(src d1)"
save now
dmremove v
check "and it opens" opens
lie "the label of before is one of a copy then" "it is older than the metadata" now load_label good

# A map that cannot grow where it is.
dmcreate m "0 $((14 * 8)) linear /dev/ram0 0"
meta=/dev/mapper/m
wipe 0 2
check "metadata of 14 blocks" eval 'open_volume v $len create key:0:"$(src d0)" && dmremove v'
refused "have no room for more than 8 pages" "no room for so many regions" open_volume v $((4 * 500 * region)) "${keys[@]}"
closed
dmremove m

# Upgrade: each write of the metadata fails once, then it is done again.
ramdisks 2 12
meta=/dev/ram0
version=1
open_volume v $len create key:0:"$(src d0)"
msg v key load 1 "$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1
dmremove v
open_volume v $len "${keys[@]}"
msg v rekey start 0 1 0 16
wait_for 30 idle v
./pattern round /dev/mapper/v 4 2
save one.cut
dmremove v
save one
dd if=/dev/ram1 of=/tmp/work/one.data bs=1M iflag=direct status=none
version_of() { dd if=/dev/ram0 bs=4k count=1 iflag=direct status=none | od -An -tu1 -j 96 -N 1 | tr -d ' '; }
refused "no room for version 2" "no room for version 2 behind" \
	eval 'dmcreate m "0 $((27 * 8)) linear /dev/ram0 0"; meta=/dev/mapper/m open_volume v $len upgrade "${keys[@]}"'
closed
dmremove m
refuse "nor a read-only one" dmsetup create --noudevsync --readonly v --table "$(table $len upgrade "${keys[@]}")"
closed
check "nothing was written" eval 'save now && cmp /tmp/work/one /tmp/work/now'
dmcreate m "0 $size linear /dev/ram0 0"
meta=/dev/mapper/m
bad=0 old=0 new=0
for file in one one.cut; do
	for block in $(seq 0 11) $(seq $stride $((stride + pages))); do
		load $file
		dmsetup create --notable v && dmsetup load v --table "$(table $len upgrade "${keys[@]}")"
		hole "$block" 1
		dmsetup resume --noudevsync v 2>/dev/null && dmsetup mknodes v >/dev/null
		dmsetup remove v 2>/dev/null
		sound
		case $(version_of) in 1) old=$((old + 1)) ;; 2) new=$((new + 1)) ;; esac
		if ! opens; then
			diag "$file: cut at block $block: it does not open"
			bad=$((bad + 1))
			closed
		elif ! { open_volume v $len upgrade "${keys[@]}" && dmremove v && [ "$(version_of)" = 2 ] && opens; }; then
			diag "$file: cut at block $block: it is not upgraded then"
			bad=$((bad + 1))
			closed
		fi
	done
done
diag "$old times it was of version 1 behind the cut, $new times of version 2"
check "an upgrade is cut short at each block" [ $old -ge 4 -a $new -ge 4 ]
check "it opens and reads the same, and is upgraded then" [ $bad = 0 ]
load one
check "not cut short" eval 'open_volume v $len upgrade "${keys[@]}" && dmremove v && opens'
echo 1 >/proc/sys/vm/drop_caches
check "its two superblocks lie where they should" [ "$(./page place /dev/ram0 0 1)" = $stride ]
check "asked once more it stays so" eval 'save now; open_volume v $len upgrade "${keys[@]}" && dmremove v && save then && cmp /tmp/work/now /tmp/work/then'
wipe 0 $pages
check "place 1 is enough" opens
load now
wipe $stride $pages
check "and place 0" opens
load now
open_volume v $len "${keys[@]}"
check "it is rekeyed" eval "msg v rekey start 0 1 && wait_for 30 idle v"
dmremove v
check "and reads the same" opens
dmremove m

# And cut short at each of its FLUSHes and FUAs, as a crash would have it.
ramdisks 4 12
modprobe -q dm-log-writes
meta=/dev/ram0
load one
cat /tmp/work/one.data >/dev/ram1
cat /dev/ram0 >/dev/ram3
sync
if dmcreate logged "0 $size log-writes /dev/ram0 /dev/ram2"; then
	meta=/dev/mapper/logged
	check "an upgrade, logged" eval 'open_volume v $len upgrade "${keys[@]}" && dmremove v logged'
	stops=$(./replay /dev/ram2 - - 0)
	meta=/dev/ram3
	bad=0
	for n in $(seq "$stops"); do
		./replay /dev/ram2 /dev/ram3 /tmp/work/position 1 >/dev/null
		opens && continue
		diag "cut at $n of $stops"
		bad=$((bad + 1))
		closed
	done
	diag "$stops cuts"
	check "it opens and reads the same after each" [ "$bad$((stops > 4))" = 01 ]
else
	skip "an upgrade, logged" "this kernel has no dm-log-writes"
	skip "it opens and reads the same after each" "this kernel has no dm-log-writes"
fi
finish
