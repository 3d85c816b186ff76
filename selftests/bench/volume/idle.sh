#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a volume at rest costs, all of it written before: dm-crypt as it is by
# default and without its workqueues, ours, and dm-linear (the limit). Disks
# are of RAM; one kind ends I/O where it was submitted, the other in an
# interrupt, as a disk does.
# shellcheck source=selftests/bench/volume/common.bash
. "${0%/*}/common.bash"

size=32	# MiB

# io ROW WHO N "UNIT" DEVICE ARGS...: of blkio
io()
{
	local row=$1 who=$2 n=$3 unit=$4 ns
	shift 4
	ns=$("$here/blkio" "$@") || die "$row $who: blkio $*"
	echo "@bench $row $who $(per "$ns" "$n") guest instructions a $unit"
}

rows()	# rows WHO DEVICE PREFIX
{
	local how
	for how in read write; do
		io "$3/random-$how-4k" "$1" 1024 "I/O" "$2" $how random 4096 1024 1
		io "$3/random-$how-4k-deep-32" "$1" 1024 "I/O" "$2" $how random 4096 1024 32
		io "$3/$how-128k" "$1" 16384 KiB "$2" $how sequential 131072 128 1
		io "$3/$how-1m" "$1" 16384 KiB "$2" $how sequential 1048576 16 1
	done
}

# open_as WHO SECTOR-SIZE DEVICE OPTION...: as /dev/mapper/v
open_as()
{
	local who=$1 ss=$2 dev=$3 crypt
	shift 3
	crypt="0 $((size * mib)) crypt $cipher $(src d0) 0 $dev 0"
	case $who in
	limit) dmcreate v "0 $((size * mib)) linear $dev 0" ;;
	peer:default) dmcreate v "$crypt 1 sector_size:$ss" ;;
	peer:no-queue) dmcreate v "$crypt 3 sector_size:$ss no_read_workqueue no_write_workqueue" ;;
	ours)
		set -- "meta_key:$(src meta 32)" "key:0:$(src d0)" "sector_size:$ss" "$@"
		dmcreate v "0 $((size * mib)) rekey /dev/ram0 $cipher 1 $dev 0 $# $*"
		;;
	esac || die "$who: no device"
}

# blank: nothing is on the metadata device
blank() { dd if=/dev/zero of=/dev/ram0 bs=64k count=4 oflag=direct 2>/dev/null; }

# sequential first writes, to a volume that has nothing
first()	# first WHO SECTOR-SIZE DEVICE
{
	open_as "$@"
	io "$2/first-write-1m" "$1" $((size * 1024)) KiB /dev/mapper/v write sequential 1048576 $size 1
	dmremove v
}

round()	# round PREFIX SECTOR-SIZE DEVICE OUR-DEVICE
{
	local who
	for who in limit peer:default peer:no-queue; do
		open_as $who "$2" "$3"
		rows $who /dev/mapper/v "$1"
		dmremove v
	done
	open_as ours "$2" "$4"
	rows ours /dev/mapper/v "$1"
	dmremove v
}

modprobe brd rd_nr=3 rd_size=$(((size + 8) * 1024)) max_part=0 || die "no brd"
wait_for [ -b /dev/ram2 ]
irq_disk nullb0 $((size + 8))
irq_disk nullb1 $((size + 8))
key meta 32
key d0
fill /dev/ram1
fill /dev/ram2

n=0
while [ $n -lt "$rounds" ]; do
	for ss in 512 4096; do
		first peer:default $ss /dev/ram1
		first peer:no-queue $ss /dev/ram1
		blank
		first ours $ss /dev/ram2 create
		round $ss $ss /dev/ram1 /dev/ram2
	done
	blank
	open_as ours 512 /dev/nullb1 create
	fill /dev/mapper/v
	dmremove v
	round interrupt 512 /dev/nullb0 /dev/nullb1
	n=$((n + 1))
done
echo "@bench-done"
