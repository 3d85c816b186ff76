#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What another key costs: cryptsetup reencrypt of a LUKS2 device, closed and in
# use, in its three resilience modes, and a rekey of ours, which is always in
# use. What is measured of cryptsetup is "--resume-only": its preparations are
# not in it. Then the same again under single reads, and under single writes, of
# 4 KiB, which are measured without a rekey, too. The disks are of RAM and end their
# I/O in interrupts.
# shellcheck source=selftests/bench/volume/common.bash
. "${0%/*}/common.bash"

size=64	# MiB
ss=4096

# sectors DISK...: read and written since they were made
sectors()
{
	local disk r w reads=0 writes=0
	for disk; do
		read -r _ _ r _ _ _ w _ <"/sys/block/$disk/stat"
		reads=$((reads + r)) writes=$((writes + w))
	done
	echo "$reads $writes"
}

# figures WHO PREFIX... with $busy, $clock and $bytes
figures()
{
	local who=$1 prefix
	shift
	for prefix; do
		echo "@bench $prefix/cpu $who $(per $((busy * 1024 / size)) 1000000000) G guest instructions a GiB"
		echo "@bench $prefix/time $who $(per $((clock * 1024 / size)) 1000000000) s of guest time a GiB"
		echo "@bench $prefix/read $who $(per "$bytes_read" $((size * mib))) bytes a byte"
		echo "@bench $prefix/written $who $(per "$bytes_written" $((size * mib))) bytes a byte"
	done
}

# measure WHO PREFIXES "DISKS" COMMAND...
measure()
{
	local who=$1 prefixes=$2 disks=$3 before after
	shift 3
	# shellcheck disable=SC2086  # words
	read -ra before < <(sectors $disks)
	read -r busy clock < <("$here/during" "$@" 2>/tmp/work/log)
	[ "$busy" ] || die "$prefixes $who: $* ($(tail -n 1 /tmp/work/log))"
	# shellcheck disable=SC2086
	read -ra after < <(sectors $disks)
	bytes_read=$((after[0] - before[0])) bytes_written=$((after[1] - before[1]))
	# shellcheck disable=SC2086
	figures "$who" $prefixes
}

# under read|write DEVICE WHO PREFIXES COMMAND...
under()
{
	local how=$1 dev=$2 who=$3 prefix prefixes=$4 p50 p99 max
	shift 4
	rm -f /tmp/work/ready /tmp/work/stop
	"$here/stall" "$dev" "$how" 4096 300 /tmp/work/ready /tmp/work/stop >/tmp/work/stall 2>&1 &
	wait_for [ -e /tmp/work/ready ]
	"$@" >/tmp/work/log 2>&1 || die "$prefixes $who: $* ($(tail -n 1 /tmp/work/log))"
	touch /tmp/work/stop
	wait $! || die "$prefixes $who: $(cat /tmp/work/stall)"
	read -r p50 p99 max _ </tmp/work/stall
	for prefix in $prefixes; do
		echo "@bench $prefix/$how-p50 $who $p50 us of guest time"
		echo "@bench $prefix/$how-p99 $who $p99 us of guest time"
		echo "@bench $prefix/$how-max $who $max us of guest time"
	done
}

# --- the peer

cheap="--pbkdf pbkdf2 --pbkdf-force-iterations 1000"

luks() { cryptsetup --batch-mode --key-file /tmp/work/pass "$@"; }

# prepare MODE ARGS...: all but the work itself
prepare()
{
	local mode=$1
	shift
	# shellcheck disable=SC2086
	luks reencrypt --init-only --resilience "$mode" $cheap "$@" /dev/nullb1 >/tmp/work/log 2>&1 ||
		die "reencrypt --init-only $mode: $(tail -n 1 /tmp/work/log)"
}

resume() { luks reencrypt --resume-only /dev/nullb1; }

# again: a LUKS2 device, closed
again()
{
	# shellcheck disable=SC2086
	luks luksFormat --type luks2 --cipher $cipher --key-size 512 --sector-size $ss $cheap \
		/dev/nullb1 >/tmp/work/log 2>&1 || die "luksFormat: $(tail -n 1 /tmp/work/log)"
}

peers()
{
	local mode how
	export -f luks resume
	for mode in none journal checksum; do
		again
		prepare $mode
		measure peer "closed-$mode" nullb1 bash -c resume
		again
		luks open /dev/nullb1 plain || die "luksOpen"
		prepare $mode
		measure peer "used-$mode" nullb1 bash -c resume
		for how in read write; do
			prepare $mode
			under $how /dev/mapper/plain peer "used-$mode" resume
		done
		luks close plain
	done
}

# --- ours

now=0

rekey()	# rekey FROM TO: to its end
{
	local event
	event=$(dmsetup info -c --noheadings -o events v)
	dmsetup message v 0 rekey start "$1" "$2" && dmsetup wait --noflush v "$event"
}

ours()
{
	local how
	export -f rekey
	measure ours "closed-none closed-journal closed-checksum used-none used-journal used-checksum" \
		"nullb0 nullb2" bash -c "rekey $now $((1 - now))"
	now=$((1 - now))
	for how in read write; do
		under $how /dev/mapper/v ours idle sleep 1
		under $how /dev/mapper/v ours "used-none used-journal used-checksum" rekey $now $((1 - now))
		now=$((1 - now))
	done
	[ "$(dmsetup status --noflush v | grep -c " idle ")" = 1 ] || die "$(dmsetup status v)"
	echo "@bench region-time ours $(per $((clock / size)) 1000) us of guest time"
}

echo -n secret >/tmp/work/pass
irq_disk nullb0 2
irq_disk nullb1 $((size + 16))
irq_disk nullb2 $((size + 8))
key meta 32
key d0
key d1
dmcreate v "0 $((size * mib)) rekey /dev/nullb0 $cipher 1 /dev/nullb2 0 \
	4 meta_key:$(src meta 32) key:0:$(src d0) sector_size:$ss create" || die "no volume"
dmsetup message v 0 key load 1 "$(src d1)" || die "no second key"
fill /dev/mapper/v

n=0
while [ $n -lt "$rounds" ]; do
	peers
	ours
	n=$((n + 1))
done
echo "@bench-done"
