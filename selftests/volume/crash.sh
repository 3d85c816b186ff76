#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=all timeout=400
# A crash at any FLUSH or FUA of a rekey under writers, with discards: data and
# metadata lie on one logged device, so that their order is known. Each sample is
# opened as it lies, verified while the mover goes on, and when it is through.
# Every point with check --full.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))
rounds=12
samples=24
[ ! "${HEARTH_FULL-}" ] || samples=1000000
both=("key:0:$(src d0)" "key:1:$(src d1)")

# slices DEV: the metadata and the data device as parts of one.
slices()
{
	dmcreate meta "0 $((2 * mib)) linear $1 0" && dmcreate data "0 $((10 * mib)) linear $1 $((2 * mib))"
}

log_mark() { dmsetup message logged 0 mark "$1"; }

# The run that is logged: rounds of writes while the volume is rekeyed there and
# back, slowly enough that it does not end before.
run()
{
	local k
	open_volume v $len create allow_discards "${both[@]}" || return
	msg v key load 1 "$(src d1)"
	log_mark 0
	msg v rate 1500
	for k in $(seq $rounds); do
		idle v && { msg v rekey start $((k / 6 % 2)) $((1 - k / 6 % 2)) || return; }
		./pattern round /dev/mapper/v 9 "$k" || return
		log_mark "$k"
	done
	status v
	log_mark close
	dmremove v
}

# inspect MARK: the crashed volume on the slices.
inspect()
{
	open_volume v $len allow_discards "${both[@]}" || return
	./pattern check /dev/mapper/v 9 "$1" $(($1 + 1)) || return
	msg v rekey resume 2>/dev/null
	wait_for 60 idle v || { status v; return 1; }
	./pattern check /dev/mapper/v 9 "$1" $(($1 + 1)) || return
	dmremove v
}

plan 5
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-log-writes xts 2>/dev/null
ramdisks 5 160
key meta 32
key d0
key d1
meta=/dev/mapper/meta
data="/dev/mapper/data 0"

dmcreate logged "0 $((12 * mib)) log-writes /dev/ram1 /dev/ram2" || skip_rest "this kernel has no dm-log-writes"
slices /dev/mapper/logged
check "a rekey under writers, logged" run
dmremove data meta logged
stops=$(./replay /dev/ram2 - - 0)
diag "$stops writes with FLUSH or FUA"
# The data device's flushes would cover for it here, on one and the same device.
check "each write of metadata has FUA, till it is closed" [ "$(./replay /dev/ram2 - $((2 * mib)) 0)" = 0 ]
check "there is enough to crash at" [ "$stops" -gt $((rounds * 4)) ]

[ "$samples" -le "$stops" ] || samples=$stops
step=$(((stops + samples - 1) / samples))
done=0 bad=0 n=0
while [ $n -lt "$stops" ]; do
	# the last point is the end of the log
	[ $((n + step)) -le "$stops" ] || step=$((stops - n))
	at=$(./replay /dev/ram2 /dev/ram3 /tmp/work/position $step)
	n=$((n + step))
	[ -n "$at" ] || continue	# it was being made
	[ "$at" != close ] || at=$rounds
	dd if=/dev/ram3 of=/dev/ram4 bs=1M count=12 conv=fsync status=none
	slices /dev/ram4
	if ! out=$(inspect "$at" 2>&1); then
		bad=$((bad + 1))
		diag "crash at $n of $stops, behind round $at"
		[ $bad -gt 3 ] || diag "$out"
		dmremove v 2>/dev/null
	fi
	dmremove data meta || bail "the crashed volume does not go away"
	done=$((done + 1))
done
diag "$done crashes"
check "crashes were tried" [ $done -ge $((samples / 2)) ]
check "each was survived" [ $bad = 0 ]
dmsetup remove_all
finish
