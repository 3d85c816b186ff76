# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the benchmarks of USB share: they run in a guest of "scripts/bench usb",
# where a nanosecond of guest time is an instruction, and print
#
#	@bench ROW WHO VALUE UNIT...
#
# for each measurement. A lower value is better.

# shellcheck disable=SC2034  # used by those who source this file
here=$(cd "$(dirname "$0")/.." && pwd)
rounds=${BENCH_ROUNDS:-3}

die()
{
	echo "@bench-failed $*"
	exit 1
}

# per A B: A / B with three digits
per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

# The guest's time in microseconds.
clock()
{
	local now=$EPOCHREALTIME
	echo "${now%.*}${now#*.}"
}

# cost ROW WHO N "UNIT" COMMAND...: the instructions of COMMAND, one Nth. A wait
# for a disk is no work: the kernel tells it apart from idle time.
cost()
{
	local row=$1 who=$2 n=$3 unit=$4 busy
	shift 4
	read -r busy _ < <("$here/during" "$@" 2>/dev/null)
	[ "$busy" ] || die "$row $who: $*"
	echo "@bench $row $who $(per "$busy" "$n") guest instructions a $unit"
}

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

# disk_of CLIENT: the block device that this controller has made
disk_of()
{
	local d
	for d in /sys/block/sd*; do
		[ -e "$d/device" ] && [ "$(cat "$d/size")" -gt 0 ] || continue
		case $(readlink -f "$d") in
		*/$1*) echo "/dev/${d##*/}"; return ;;
		esac
	done
	return 1
}

# device_of CLIENT SERIAL: the folder of such a device of this controller, if it has one
device_of()
{
	local f
	for f in /sys/bus/usb/devices/*/serial; do
		[ -e "$f" ] && [ "$(cat "$f" 2>/dev/null)" = "$2" ] || continue
		case $(readlink -f "$f") in *"$1"*) echo "${f%/serial}"; return ;; esac
	done
	return 1
}

declare -A client=([peer]=vhci_hcd [ours]=hearth_vhci)
port=

# attach WHO HOST TCP-PORT BUSID
attach()
{
	case $1 in
	peer) usbip --tcp-port "$3" attach -r "$2" -b "$4" >/dev/null 2>&1 || die "usbip attach $4" ;;
	ours)
		port=$(hearth usb attach --plain "$2:$3" "$4" | sed -n 's/^port \([0-9]*\):.*/\1/p')
		[ "$port" ] || die "hearth usb attach $4"
		;;
	esac
}

peer_ports() { usbip port 2>/dev/null | sed -n 's/^Port \([0-9]*\):.*/\1/p'; }

# detach WHO: the device that was attached last, or the peer's first
detach()
{
	case $1 in
	peer) usbip detach -p "$(peer_ports | head -n 1)" >/dev/null 2>&1 || die "usbip detach" ;;
	ours) hearth usb detach "$port" >/dev/null || die "hearth usb detach" ;;
	esac
}

no_disk() { ! disk_of "${client[$1]}" >/dev/null; }
no_device() { ! device_of "${client[$1]}" "$2" >/dev/null; }
