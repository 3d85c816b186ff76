#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=lockdep full=stock programs=fio timeout=240
# A file system in use while its keys change: fio verifies what it wrote, and
# meanwhile the rekey is slowed, paused, suspended, its table reloaded, the volume
# grown.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((32 * mib))
more=$((40 * mib))

fio_once()
{
	fio --name=verify --directory=/mnt/v --size=3m --rw=randrw --bsrange=4k-128k \
		--ioengine=psync --direct="$1" --fsync=16 --fallocate=none --numjobs=2 --thread \
		--verify=crc32c --verify_fatal=1 --verify_state_save=0 --do_verify=1 --randseed=1 \
		--output-format=terse
}

# busy: fio again and again, with and without the page cache, till rest.
busy()
{
	rm -f /tmp/work/stop /tmp/work/result
	{
		n=0
		while [ ! -e /tmp/work/stop ]; do
			fio_once $((n % 2)) >/tmp/work/fio 2>&1 || break
			n=$((n + 1))
		done
		[ -e /tmp/work/stop ] && echo $n >/tmp/work/result.tmp || echo 0 >/tmp/work/result.tmp
		mv /tmp/work/result.tmp /tmp/work/result
	} </dev/null >/dev/null 2>&1 &
}

# rest: did it find all that it wrote?
rest()
{
	touch /tmp/work/stop
	wait_for 90 [ -s /tmp/work/result ] || return
	n=$(cat /tmp/work/result)
	diag "$n runs of fio"
	[ "$n" -gt 0 ] && return
	cat /tmp/work/fio
	return 1
}

reload() { dmsetup reload v --table "$(table "$@")" && dmsetup resume --noudevsync v; }

# used NAME MKFS GROW CHECK: this file system in use
used()
{
	local name=$1 mkfs=$2 grow=$3 fsck=$4
	ramdisks 2 48
	open_volume v $len create "key:0:$(src d0)" || return
	msg v key load 1 "$(src d1)"
	dd if=/dev/zero of=/dev/mapper/v bs=1M oflag=direct status=none 2>/dev/null
	$mkfs /dev/mapper/v >/tmp/work/mkfs 2>&1 || diag "$(cat /tmp/work/mkfs)"
	check "$name: mounted" mount -t "$name" /dev/mapper/v /mnt/v || return
	mkdir /mnt/v/still
	cp -r /hearth/selftests/volume /mnt/v/still
	busy
	# so slow that it is under way, however long all this takes
	msg v rate 32
	check "$name: a rekey begins" msg v rekey start 0 1
	check "$name: paused and resumed" eval 'msg v rekey pause && sleep 0.5 && msg v rekey resume'
	check "$name: suspended and resumed" eval 'dmsetup suspend v && sleep 0.5 && dmsetup resume --noudevsync v'
	check "$name: another table" reload $len "${both[@]}" rate:64 no_read_workqueue
	check "$name: it grows" reload $more "${both[@]}" rate:32
	if (: <>/dev/mapper/v) 2>/dev/null; then
		# shellcheck disable=SC2086  # words
		check "$name: and the file system with it" $grow
	else
		skip "$name: and the file system with it" "not on this kernel (BLK_DEV_WRITE_MOUNTED)"
	fi
	check "$name: it is rekeyed still" job_is v running
	msg v rate 0
	check "$name: to the end" wait_for 60 idle v
	check "$name: nothing is under the old key" [ "$(under v 0)" = 0 ]
	check "$name: and back, at full speed" eval 'msg v rate 1000000 && msg v rekey start 1 0 && wait_for 60 idle v'
	check "$name: fio found what it wrote" rest
	check "$name: what was not touched is the same" diff -r /hearth/selftests/volume /mnt/v/still/volume
	umount /mnt/v
	check "$name: it is whole" eval "$fsck"
	dmremove v
	check "$name: it opens again, with one key" open_volume v $more "key:0:$(src d0)"
	mount -t "$name" /dev/mapper/v /mnt/v
	check "$name: and holds what it held" diff -r /hearth/selftests/volume /mnt/v/still/volume
	umount /mnt/v
	dmremove v
}

plan 32
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts ext4 xfs crc32c 2>/dev/null
mkdir -p /mnt/v
key meta 32
key d0
key d1
both=("key:0:$(src d0)" "key:1:$(src d1)")
used ext4 "mkfs.ext4 -q" "resize2fs /dev/mapper/v" "e2fsck -fn /dev/mapper/v"
if grep -qw xfs /proc/filesystems; then
	# these let mkfs make one of less than 300 MiB
	export TEST_DIR=/mnt TEST_DEV=/dev/mapper/v QA_CHECK_FS=1
	used xfs "mkfs.xfs -f" "xfs_growfs /mnt/v" "xfs_repair -n /dev/mapper/v"
else
	for n in $(seq 16); do skip "xfs: $n" "this kernel has none"; done
fi
finish
