# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the benchmarks of volumes share: they run in a guest of "scripts/bench
# volume", where a nanosecond of guest time is an instruction, and print
#
#	@bench ROW WHO VALUE UNIT...
#
# for each measurement. A lower value is better. WHO is ours, limit, peer, or
# peer:NAME where there are several peers.

# shellcheck disable=SC2034  # used by those who source this file
here=$(cd "$(dirname "$0")/.." && pwd)
rounds=${BENCH_ROUNDS:-3}
cipher=aes-xts-plain64
mib=2048	# sectors of one
export DM_DISABLE_UDEV=1

die()
{
	echo "@bench-failed $*"
	exit 1
}

# per A B: A / B with three digits
per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

# wait_for COMMAND...: till it succeeds, for ten seconds
wait_for()
{
	local i=0
	until "$@"; do
		[ $i -lt 200 ] || die "waited in vain: $*"
		sleep 0.05
		i=$((i + 1))
	done
}

# key NAME [BYTES]: a new random key in the keyring, as hearth:NAME
key()
{
	head -c "${2:-64}" /dev/urandom >"/tmp/work/key.$1"
	keyctl padd logon "hearth:$1" @u <"/tmp/work/key.$1" >/dev/null || die "no key $1"
}

src() { echo ":${2:-64}:logon:hearth:$1"; }

dmcreate() { dmsetup create --noudevsync "$1" --table "$2" && dmsetup mknodes "$1" >/dev/null; }
dmremove() { wait_for dmsetup remove --noudevsync "$1" 2>/dev/null; }

# fill DEVICE: so that all of it is written
fill() { dd if=/dev/zero of="$1" bs=1M oflag=direct 2>/dev/null; sync; }

# irq_disk NAME MIB: a RAM disk whose I/O ends in an interrupt, 20 us later
irq_disk()
{
	local word disk=/sys/kernel/config/nullb/$1
	mkdir "$disk" || die "no null_blk"
	for word in size="$2" memory_backed=1 irqmode=2 completion_nsec=20000 blocksize=512 power=1; do
		echo "${word#*=}" >"$disk/${word%%=*}" || die "null_blk: $word"
	done
	wait_for [ -b "/dev/$1" ]
	fill "/dev/$1"
}

mkdir -p /tmp/work
modprobe -a dm-crypt dm-rekey aesni_intel xts || die "no modules"
modprobe null_blk nr_devices=0 || die "no null_blk"
mount -t configfs none /sys/kernel/config 2>/dev/null
