#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=7.2 timeout=120
# Flushes of data that fail (scsi_debug, which can be told so since 6.7): the move
# stops and nothing is committed. Metadata are written with FUA: faults.sh.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))	# 32 regions
both=("key:0:$(src d0)" "key:1:$(src d1)")
SYNCHRONIZE_CACHE=0x35

# disk N: a SCSI disk of scsi_debug; errors DISK: where it is told to err
disk()
{
	local d
	for d in /sys/block/sd*; do
		case $(readlink -f "$d") in */adapter"$1"/*) echo "/dev/${d##*/}"; return ;; esac
	done
	return 1
}

errors()
{
	local d
	d=$(readlink -f "/sys/block/${1#/dev/}/device")
	echo "/sys/kernel/debug/scsi_debug/${d##*/}/error"
}

# deaf DISK: its next flushes fail, for want of luck with the hardware
deaf() { echo "2 -1000 $SYNCHRONIZE_CACHE 0 0 0x2 0x4 0x44 0x0" >"$(errors "$1")"; }
sound() { echo "- 2 $SYNCHRONIZE_CACHE" >"$(errors "$1")"; }

# what is there, once more
rewrite() { dd if=/dev/mapper/v of=/tmp/work/some bs=4k count=1 iflag=direct status=none && dd if=/tmp/work/some of=/dev/mapper/v conv=fsync,notrunc status=none; }
intact() { ./pattern check /dev/mapper/v 4 "$1"; }

plan 10
modprobe -a dm-rekey xts sd_mod || bail "the modules do not load"
# each host has a store of its own
modprobe scsi_debug add_host=2 dev_size_mb=16 per_host_store=1 delay=0 || bail "no scsi_debug"
wait_for 10 disk 1
meta=$(disk 0)
disk=$(disk 1)
data="$disk 0"
diag "$meta $disk; write cache: $(cat "/sys/block/${disk#/dev/}/queue/write_cache")"
[ -e "$(errors "$disk")" ] || skip_rest "scsi_debug takes no orders"
key meta 32
key d0
key d1
check "a volume" open_volume v $len create "${both[@]}"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 4 1

mark
deaf "$disk"
check "a flush that fails stops the rekey" eval "msg v rekey start 0 1 && wait_for 30 job_is v error"
check "the log says so" said "device 0 cannot be flushed"
check "and which region it was" said "the move of region [0-9]* failed"
check "nothing is committed" [ "$(under v 1)" = 0 ]
refuse "a flush of ours fails, too" rewrite
sound "$disk"
check "the data is whole" intact 1
check "the job goes on, to its end" eval "msg v rekey resume && wait_for 30 idle v"
check "all of it is under slot 1" [ "$(under v 0)" = 0 ]
check "the data is whole" intact 1

dmremove v
modprobe -r scsi_debug
forget d0
forget d1
forget meta
finish
