#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=240
# Maps of many pages: read in runs, and grown, within a page and across, with jobs,
# cut short at each write of it.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

per_page=500
each=512			# sectors of a region
both=("key:0:$(src d0)" "key:1:$(src d1)")
write_region() { dd if=/dev/urandom of=/dev/mapper/v bs=256k seek="$1" count=1 oflag=direct status=none; }
read_sum() { dd if=/dev/mapper/v bs=256k skip="$1" count=1 iflag=direct status=none | sha256sum; }
# slot_of REGION: by the map
slot_of() { ./info v "$1" | cut -d' ' -f4; }

plan 32
modprobe -a dm-rekey xts || bail "the modules do not load"
key meta 32
key d0
key d1

# 20000 regions: 40 pages, 5 GB of a disk that has nothing.
ramdisks 2 5120
len=$((20000 * each))
check "a map of 40 pages" open_volume v $len create "key:0:$(src d0)"
msg v key load 1 "$(src d1)"
check "the second half is another's" msg v assign 10000 10000 1
for at in 0 499 500 9999 10000 15999 16000 19999; do write_region $at; done
sums=$(for at in 0 499 500 9999 10000 15999 16000 19999; do read_sum $at; done)
dmremove v
check "it opens" open_volume v $len "${both[@]}"
check "as it was" [ "$(field v 3) $(under v 0) $(under v 1)" = "8/20000 4 4" ]
check "and reads the same" [ "$(for at in 0 499 500 9999 10000 15999 16000 19999; do read_sum $at; done)" = "$sums" ]
check "the halves are whose they were" [ "$(slot_of 9999) $(slot_of 10000) $(slot_of 19998)" = "0 1 1" ]
dmremove v
refused "a volume of too many regions" "Too many regions" open_volume v $(((1 << 27) * each + 8)) create
refused "a disk of too many" "too many regions" eval 'dmcreate big "0 $(((1 << 33) * each)) error"; data="/dev/mapper/big 0" open_volume v $len create'
dmsetup remove big 2>/dev/null

# Growth within the last page: whose are the new regions, when that page is not
# written till the volume is closed?
ramdisks 2 256
len=$(((per_page + 20) * each))
open_volume v $len create "${both[@]}"
msg v assign $((per_page + 10)) 10 1
check "the last region is Bob's" [ "$(slot_of $((per_page + 19)))" = 1 ]
dmremove v
len=$(((per_page + 40) * each))
check "it grows within a page" open_volume v $len "${both[@]}"
check "what is new is Bob's" [ "$(slot_of $((per_page + 39)))" = 1 ]
write_region 0		# of the other page
dmremove v
open_volume v $len "${both[@]}"
check "also when it is opened again" [ "$(slot_of $((per_page + 20))) $(slot_of $((per_page + 39)))" = "1 1" ]
dmremove v

# A closed volume with a job for all of it, grown across a page, cut short: a block of
# the metadata cannot be written.
write_all() { dd if=/dev/urandom of=/dev/mapper/v bs=1M count=4 oflag=direct status=none; }
read_all() { for at in 0 7 15; do read_sum $at; done; }
wire() { dmsetup suspend --noflush --nolockfs m && dmsetup reload m --table "$1" && dmsetup resume --noudevsync m; }
# as they were when it was closed: also the label, which tells of later openings
reset_meta()
{
	dd if=/tmp/work/closed of=/dev/ram0 bs=64k conv=fsync status=none
	dd if=/tmp/work/label of=/dev/ram1 bs=4k conv=fsync status=none
}
room=$((4 * mib))	# of the metadata: in version 2 the places are 512 blocks apart
more=$(((per_page + 10) * each))
meta=/dev/mapper/m

# cut_at BLOCK: with it the volume is grown. Was it cut short?
cut_at()
{
	local head='' how
	[ "$1" = 0 ] || head="0 $((8 * $1)) linear /dev/ram0 0
"
	wire "$head$((8 * $1)) 8 error
$((8 * ($1 + 1))) $((room - 8 * ($1 + 1))) linear /dev/ram0 $((8 * ($1 + 1)))"
	msg v rekey pause 2>/dev/null
	how=$(field v 1)
	dmremove v
	wire "0 $room linear /dev/ram0 0"
	[ "$how" = ro ]
}

# cuts VERSION LEAST BLOCK...: at each of these blocks of a volume of that version
cuts()
{
	local version=$1 least=$2 block cut=0 bad=0
	shift 2
	ramdisks 2 256
	dmcreate m "0 $room linear /dev/ram0 0"
	len=$(((per_page - 10) * each))
	open_volume v $len create "${both[@]}"
	write_all
	before=$(read_all)
	msg v rate 1
	msg v rekey start 0 1
	dmremove v
	dd if=/dev/ram0 of=/tmp/work/closed bs=64k count=64 iflag=direct status=none
	dd if=/dev/ram1 of=/tmp/work/label bs=4k count=1 iflag=direct status=none
	for block; do
		reset_meta
		open_volume v $more "${both[@]}" rate:1 || { bad=$((bad + 1)); break; }
		cut_at "$block" && cut=$((cut + 1))
		if ! open_volume v $more "${both[@]}" rate:1 || [ "$before" != "$(read_all)" ]; then
			diag "cut at block $block"
			bad=$((bad + 1))
		fi
		dmremove v 2>/dev/null
	done
	diag "$cut of $# blocks cut it short"
	check "version $version: a growth was cut short at each of its writes" [ $cut -ge "$least" ]
	check "it opens after each, and reads the same" [ $bad = 0 ]
	reset_meta
	check "not cut short" open_volume v $more "${both[@]}"
	check "it has a page more" [ "$(field v 3)" = "16/$((per_page + 10))" ]
	check "the job waits" job_is v waiting
	check "for all of it" [ "$(status v | grep -oE 'rekey 0 1 [0-9]+ [0-9]+')" = "rekey 0 1 0 $((per_page + 10))" ]
	msg v rekey resume
	check "and comes to its end" wait_for 60 idle v
	check "the new regions are under the new key" [ "$(slot_of $((per_page + 9)))" = 1 ]
	check "it reads the same" [ "$before" = "$(read_all)" ]
	dmremove v
}

# shellcheck disable=SC2046  # numbers
cuts 1 4 $(seq 0 15)
# shellcheck disable=SC2046
cuts 2 5 $(seq 0 8) $(seq 512 520)
check "the old length is refused then" eval '! open_volume v $len "${both[@]}"'
dmsetup remove v 2>/dev/null
check "the new one opens" open_volume v $more "${both[@]}"
dmremove v m
finish
