#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=600
# The lies of lies.sh, told to the driver of a disk, whose requests the kernel
# itself posts, reads ahead and cancels. Each begins when the disk is there. What the
# disk then reads is right or an error, the device stays or leaves for the reason
# that is expected, nobody hangs. One in three for a quick answer. 10/A1
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
. ./lies.bash

events=/tmp/work/events

# The device is still there, and has the bytes it had.
stays()
{
	device_is_there || but "the device is gone"
	timeout 30 reads || but "it cannot be read"
}

# judge EXPECTED: of what $rc tells of a program that reads or writes the disk
judge()
{
	[ "$rc" != 124 ] || but "it hung"
	[ "$rc" != 9 ] || but "bytes that the disk has not"
	case $1 in
	works)
		[ "$rc" = 0 ] || but "exit code $rc"
		stays
		;;
	fails)
		[ "$rc" = 1 ] || but "exit code $rc where it was to fail"
		stays
		;;
	*) left_for "$1" ;;
	esac
}

# What programs do: 9 is for wrong bytes.
reads()
{
	dd if="$dev" bs=$bytes count=1 iflag=direct status=none >/tmp/work/read || return
	cmp -n $bytes /tmp/work/read /tmp/work/disk || return 9
}

# The same bytes again, so that what is read does not depend on how far it came.
writes() { dd if=/tmp/work/seed of="$dev" bs=1M count=1 oflag=direct conv=nocreat status=none; }

# A command without data, which a program gives half a second.
asks() { ./scsi "$dev" 500 0 00 00 00 00 00 00; }

# disk NAME EXPECTED PROGRAM [OPTION...]: EXPECTED is "works", "fails", or a reason
# and perhaps what the kernel says; the options are liar's
disk()
{
	local name=$1 expected=$2 program=$3 rc=0
	told=$((told + 1))
	[ $((told % every)) = 0 ] || return 0
	shift 3
	mark "lie: $name"
	cp /tmp/work/seed /tmp/work/disk
	serve_liar --kind disk --speed super --file /tmp/work/disk --size 2 --lie "$name" --gate "$@"
	port=$(plug 1-1 --unlink-timeout $limit --stall-timeout $limit)
	# until the kernel is through with it, partitions and all
	if ! wait_for 20 said "Attached SCSI disk" || ! dev=$(remote_disk); then
		not_ok "$name: attach"
		return
	fi
	echo 2 >"/sys/class/block/${dev##*/}/device/timeout"
	open_gate
	timeout 60 $program >/tmp/work/out 2>&1 || rc=$?
	diag "$(cat /tmp/work/out)"
	verdict_of "$name" "$expected"
	wait_for 10 eval '! remote_disk'
}

limit=1000	# of an unlink and of a standstill, in ms
bytes=65536	# of what is read
every=${HEARTH_QUICK:+3} every=${every:-1}
told=0
plan $((52 / every + 2))
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
dd if=/dev/urandom of=/tmp/work/seed bs=1M count=2 status=none
monitor $events -j
monitor=$!

hang="--fault hang-at-status@1/other"

# shellcheck disable=SC2086
{
disk actual-negative "protocol:actual_length is longer than the buffer" reads
disk actual-long "protocol:actual_length is longer than the buffer" reads
disk actual-wrong-out "protocol:actual_length is longer than the buffer" reads
disk actual-negative-out "protocol:actual_length is longer than the buffer" writes
# the command block came short, they say: the driver resets the disk and tries again
disk actual-short-out works reads

disk early-answer "protocol|stall-timeout|unlink-timeout" writes
disk early-answer-rst "protocol|lost" writes

disk duplicate "protocol:answer to an unknown request" reads
disk unknown-seq "protocol:answer to an unknown request" reads
disk far-seq "protocol:answer to an unknown request" reads
disk zero-seq "protocol:answer to an unknown request" reads
disk unlink-seq "protocol:answer to an unknown request" reads
disk unsent-seq protocol writes
disk unlinked-seq "protocol:answer to an unknown request" asks $hang
disk late-answer fails asks $hang
disk late-answer-twice "protocol:answer to an unknown request" asks $hang
disk late-answer-long "protocol:actual_length is longer than the buffer" asks $hang
disk answer-then-unlink fails asks $hang
disk unlink-twice "protocol:RET_UNLINK for a request that was not unlinked" asks $hang
disk unlink-status fails asks $hang
disk ret-unlink-live "protocol:RET_UNLINK for a request that was not unlinked" reads
disk ret-unlink-submit "protocol:RET_UNLINK for a request that was not unlinked" reads
disk ret-unlink-unknown "protocol:RET_UNLINK for a request that was not unlinked" reads

disk status-positive works reads
disk status-weird works reads
disk status-min works reads
disk status-inprogress works reads

disk unknown-command "protocol:unknown command" reads
disk own-command "protocol:unknown command" reads
disk payload-on-out protocol reads
# a byte at a time is slow, but is no standstill
bytes=512
disk split-header works reads
bytes=65536

disk stall-header stall-timeout reads
disk stall-payload stall-timeout reads
disk dribble unlink-timeout reads
disk trickle works asks
disk never-reads "stall-timeout|unlink-timeout" writes
disk no-unlink unlink-timeout asks $hang
disk mute unlink-timeout reads
disk silent unlink-timeout reads

disk fin-before closed reads
disk fin-header closed reads
disk fin-payload closed reads
disk fin-behind closed reads
disk fin-request closed writes
disk rst-before lost reads
disk rst-header lost reads
disk rst-payload lost reads
disk rst-behind lost reads
disk rst-request lost writes

# the same where it is the data that hang, of a read and of a write
disk late-answer works reads --fault hang-at-data@1/read
disk late-answer works writes --fault hang-at-data@1/write
disk answer-then-unlink works reads --fault hang-at-status@1/read
}
kill $monitor

serve_liar --kind disk --speed super --file /tmp/work/disk --size 2
port=$(plug)
dev=$(wait_disk)
check "an honest server after all" cmp "$dev" /tmp/work/disk
unplug "$port"
check "no port is left" wait_for 10 no_ports
stop_liar
finish
