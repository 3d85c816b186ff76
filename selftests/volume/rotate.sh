#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12 timeout=300
# The metadata key is changed: nothing is under the one before any more, wherever it is
# cut short, and whoever has that one gets nothing past it on the way.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions: one map page
size=$((12 * mib))	# of the metadata's device
stride=1024		# so far is it to the other place of a page
map=5			# number of the map page
keys=("key:0:$(src d0)" "key:1:$(src d1)")

# under NAME OPTION...: opened with the metadata key of that name
with_key()
{
	local meta_name=$1
	shift
	open_volume v $len "${keys[@]}" "$@"
}
same() { ./pattern check /dev/mapper/v 4 1; }
closed() { ! dmsetup info v >/dev/null 2>&1 || dmsetup remove v 2>/dev/null; }
opens() { with_key "$@" && same && dmremove v; }
rotates() { opens next "old_meta_key:$(src meta 32)"; }
# rotated: by the new key alone, and not by the old one
rotated() { opens next && ! opens meta 2>/dev/null; }
wire() { dmsetup suspend --noflush --nolockfs "$1" && dmsetup reload "$1" --table "$2" && dmsetup resume --noudevsync "$1"; }
# hole BLOCK: of the metadata, that cannot be written
hole()
{
	local first=$((8 * $1)) head=''
	[ $first = 0 ] || head="0 $first linear /dev/ram0 0
"
	wire m "$head$first 8 flakey /dev/ram0 $first 0 1 1 error_writes
$((first + 8)) $((size - first - 8)) linear /dev/ram0 $((first + 8))"
}
sound() { wire m "0 $size linear /dev/ram0 0"; }
# cut_at BLOCK: a rotation that ends where this block is to be written
cut_at()
{
	local meta_name=next
	dmsetup create --notable v && dmsetup load v --table "$(table $len "${keys[@]}" "old_meta_key:$(src meta 32)")"
	hole "$1"
	dmsetup resume --noudevsync v 2>/dev/null && dmsetup mknodes v >/dev/null
	dmsetup remove v 2>/dev/null
	sound
}
save()
{
	dd if=/dev/ram0 of="/tmp/work/$1" bs=64k count=80 iflag=direct status=none
	dd if=/dev/ram1 of="/tmp/work/$1.data" bs=1M iflag=direct status=none
}
load()
{
	dd if="/tmp/work/$1" of=/dev/ram0 bs=64k oflag=direct conv=notrunc status=none
	dd if="/tmp/work/$1.data" of=/dev/ram1 bs=1M oflag=direct conv=notrunc status=none
}
load_page()
{
	local block
	for block in "$2" $((stride + $2)); do
		dd if="/tmp/work/$1" of=/dev/ram0 bs=4k skip="$block" seek="$block" count=1 conv=fsync,notrunc status=none
	done
}
flip() { ./page flip /dev/ram0 "$1" 200; }

if [ "${HEARTH_FULL-}" ]; then plan 24; else plan 23; fi
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts dm-flakey dm-zero dm-log-writes 2>/dev/null
ramdisks 5 28
for k in meta next third; do key $k 32; done
for k in d0 d1; do key $k; done

# What is refused.
version=1
open_volume v $len create key:0:"$(src d0)"
dmremove v
refused "version 1, by its name" "The metadata key of version 1 cannot be changed" with_key next "old_meta_key:$(src meta 32)"
closed
refused "a new volume" "A new volume has no metadata key before" eval 'dd if=/dev/zero of=/dev/ram0 bs=1M count=1 conv=fsync status=none; open_volume v $len create key:0:"$(src d0)" old_meta_key:"$(src next 32)"'
closed
version=
ramdisks 5 28
dmcreate m "0 $size linear /dev/ram0 0"
dmcreate d "0 $size linear /dev/ram1 0"
meta=/dev/mapper/m
data="/dev/mapper/d 0"
open_volume v $len create key:0:"$(src d0)"
msg v key load 1 "$(src d1)"
./pattern round /dev/mapper/v 4 1
dmremove v
save base
# history NAME REGION: what becomes of it where one region is rekeyed
hist()
{
	load base
	with_key meta && msg v rekey start 0 1 "$2" 1 && wait_for 30 idle v && dmremove v && save "$1" && return
	status v
	closed
	return 1
}
check "a volume's history" hist a 8
check "and another one, from the same beginning" hist b 16
load a
refused "one key that is wrong for another" "No valid superblock" with_key next "old_meta_key:$(src third 32)"
closed
refused "while it grows" "not changed while the volume grows" eval 'len=$((9 * mib)) with_key next "old_meta_key:$(src meta 32)"'
closed
check "read-only it goes on under the old key" eval 'meta_name=next; dmsetup create --noudevsync --readonly v --table "$(table $len "${keys[@]}" "old_meta_key:$(src meta 32)")" && dmsetup mknodes v >/dev/null && same && dmsetup table v | grep old_meta_key && dmremove v && meta_name=meta && opens meta'

# In full.
load a
check "rotated" rotates
check "the old key is refused" rotated
check "which is told as another key" eval 'mark; ! with_key meta && said "No valid superblock"'
closed
check "asked once more it is done" eval 'rotates && rotated'
check "the table says nothing of it" eval 'with_key next "old_meta_key:$(src meta 32)" && ! dmsetup table v | grep old_meta_key && dmremove v'
check "rekeyed and rotated back" eval 'with_key next && msg v rekey start 0 1 && wait_for 30 idle v && dmremove v && opens meta "old_meta_key:$(src next 32)" && opens meta && ! opens next'
load a
check "of one that was not closed" eval 'with_key meta && ./pattern round /dev/mapper/v 4 1 && msg v rekey start 0 1 16 4 && wait_for 30 idle v && save cut && dmremove v && load cut && rotates && rotated'
check "online, under a volume that is in use" eval 'load a; with_key meta && exec 7</dev/mapper/v && meta_name=next && dmsetup reload v --table "$(table $len "${keys[@]}" "old_meta_key:$(src meta 32)")" && dmsetup suspend v && dmsetup resume --noudevsync v && same && exec 7<&- && dmremove v && meta_name=meta && rotated'

# Each write fails once, and may be torn; a second time, at the other place; then in full.
bad=0 tried=0
blocks="0 $map $stride $((stride + map))" torns=1
[ ! "${HEARTH_FULL-}" ] || blocks="$(seq 0 $map) $(seq $stride $((stride + map)))" torns='- 1'
for block in $blocks; do
	for torn in $torns; do
		torn=${torn#-}
		load a
		cut_at "$block"
		[ -z "$torn" ] || flip "$block"
		other=$(((block + stride) % (2 * stride)))
		cut_at $other
		[ -z "$torn" ] || flip $other
		tried=$((tried + 1))
		rotates && rotated && continue
		diag "cut at block $block${torn:+, which was torn}, then at $other"
		bad=$((bad + 1))
		closed
	done
done
check "cut short at each block, $tried times" [ $bad = 0 ]

# Who has the old key writes a page while it still counts.
load a
cut_at $map
refused "cut short it wants both keys" "the one before is needed too" with_key next
closed
refused "and not the old one alone" "No valid superblock" with_key meta
closed
refused "another map under the old key is none" "not the one that the volume was closed with" eval 'load_page b $map; with_key next "old_meta_key:$(src meta 32)"'
closed
check "with its own it goes on" eval 'load_page a $map; rotates && rotated'

# At each FLUSH and FUA, as a crash would have it: metadata and data on one device.
slices() { dmcreate meta "0 $size linear $1 0" && dmcreate data "0 $size linear $1 $size"; }
both_of() { dd if="/tmp/work/$1" of="$2" bs=64k oflag=direct conv=notrunc status=none && dd if="/tmp/work/$1.data" of="$2" bs=1M count=12 seek=12 oflag=direct conv=notrunc status=none; }
# logged DEV LOG: a rotation of the volume there, with all that it writes
logged() { dmcreate log "0 $((2 * size)) log-writes $1 $2" && slices /dev/mapper/log && { rotates; rc=$?; dmremove data meta log; [ $rc = 0 ]; }; }
# survives DEV: it opens, is rotated then, and the old key is none
survives() { slices "$1" && { rotates && rotated; rc=$?; closed; dmremove data meta; [ $rc = 0 ]; }; }
dmremove m d
meta=/dev/mapper/meta data="/dev/mapper/data 0"
both_of a /dev/ram1
both_of a /dev/ram3
if logged /dev/ram1 /dev/ram2; then
	stops=$(./replay /dev/ram2 - - 0)
	bad=0 twice=0
	for n in $(seq "$stops"); do
		./replay /dev/ram2 /dev/ram3 /tmp/work/position 1 >/dev/null
		dd if=/dev/ram3 of=/dev/ram1 bs=1M count=24 conv=fsync status=none
		survives /dev/ram1 && continue
		diag "cut at $n of $stops"
		bad=$((bad + 1))
	done
	diag "$stops cuts"
	check "a rotation, cut at each of its writes" [ "$bad$((stops > 8))" = 01 ]
	if [ "${HEARTH_FULL-}" ]; then
		rm -f /tmp/work/position
		both_of a /dev/ram3
		for n in $(seq "$stops"); do
			./replay /dev/ram2 /dev/ram3 /tmp/work/position 1 >/dev/null
			dd if=/dev/ram3 of=/dev/ram1 bs=1M count=24 conv=fsync status=none
			dd if=/dev/ram3 of=/tmp/work/half bs=1M count=24 iflag=direct status=none
			logged /dev/ram1 /dev/ram4 >/dev/null || bad=$((bad + 1))
			again=$(./replay /dev/ram4 - - 0)
			rm -f /tmp/work/position2
			dd if=/tmp/work/half of=/dev/ram0 bs=1M oflag=direct status=none
			for k in $(seq "$again"); do
				./replay /dev/ram4 /dev/ram0 /tmp/work/position2 1 >/dev/null
				dd if=/dev/ram0 of=/dev/ram1 bs=1M count=24 conv=fsync status=none
				twice=$((twice + 1))
				survives /dev/ram1 && continue
				diag "cut at $n of $stops, then at $k of $again"
				bad=$((bad + 1))
			done
		done
		diag "$twice cuts of cuts"
		check "and cut again on the way" [ "$bad$((twice > 50))" = 01 ]
	fi
else
	skip "a rotation, cut at each of its writes" "this kernel has no dm-log-writes"
	[ ! "${HEARTH_FULL-}" ] || skip "and cut again on the way" "this kernel has no dm-log-writes"
fi

# A map of many pages, most of whose data are nowhere.
many=$((20000 * region))
dd if=/dev/zero of=/dev/ram0 bs=1M count=16 conv=fsync status=none
meta=/dev/ram0
dmcreate wide "0 $region linear /dev/ram1 0
$region $((many + 64 * region)) zero"
data="/dev/mapper/wide 0"
len=$many
check "forty pages of map" eval 'open_volume v $len create key:0:"$(src d0)" && dmremove v && with_key next "old_meta_key:$(src meta 32)" && dmremove v && with_key next && dmremove v && ! with_key meta'
closed
dmremove wide
check "no volume is left" [ "$(dmsetup ls)" = "No devices found" ]
finish
