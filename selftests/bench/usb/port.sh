#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a port and an URB under way take of memory, and how long attach (till the
# device is enumerated) and detach (till it is gone) take, tools included.
# shellcheck source=selftests/bench/usb/common.bash
. "${0%/*}/common.bash"

PORTS=15	# as many as an in-tree controller has
URBS=8000

# KiB of kernel memory in use: slab objects, and the stacks of kernel threads.
used_kib()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^KernelStack:/ { sum += $2 * 1024 }
		FILENAME ~ /slabinfo/ && /^[^#s]/ && NF > 10 { sum += $2 * $4 }
		END { printf "%d\n", sum / 1024 }' /proc/meminfo /proc/slabinfo
}

attach_all()
{
	local i
	ours_ports=()
	for i in $(seq $PORTS); do
		attach "$1" 127.0.0.1 3250 "1-$i"
		ours_ports+=("$port")
		wait_for device_of ${client[$1]} "LIAR$i" >/dev/null
	done
}

detach_all()
{
	local i
	for i in $(seq $PORTS); do
		port=${ours_ports[i - 1]}
		detach "$1"
		wait_for no_device "$1" "LIAR$i"
	done
}

memory()	# memory WHO
{
	local none all held
	attach "$1" 127.0.0.1 3250 1-16
	wait_for device_of ${client[$1]} LIAR16 >/dev/null
	none=$(used_kib)
	"$here/urbs" LIAR16 hold 0x81 64 $URBS 6000 >/dev/null 2>&1 &
	sleep 3
	held=$(used_kib)
	wait
	held=$((held - none))
	echo "@bench urb-memory $1 $(per $((held * 1024)) $URBS) bytes an URB under way"
	detach "$1"
	wait_for no_device "$1" LIAR16
	attach_all "$1"
	detach_all "$1"
	sleep 4
	none=$(used_kib)
	attach_all "$1"
	all=$(used_kib)
	detach_all "$1"
	echo "@bench port-memory $1 $(per $((all - none)) $PORTS) KiB a device attached"
}

times()	# times WHO
{
	local a b c device
	a=$(clock)
	attach "$1" 127.0.0.1 3250 1-1
	wait_for device_of ${client[$1]} LIAR1 >/dev/null
	b=$(clock)
	echo "@bench attach-time $1 $(per $((b - a)) 1000) ms"
	# To look for it among all devices takes longer than it takes to go.
	device=$(device_of ${client[$1]} LIAR1)
	b=$(clock)
	detach "$1"
	while [ -e "$device" ]; do sleep 0.001; done
	c=$(clock)
	echo "@bench detach-time $1 $(per $((c - b)) 1000) ms"
}

modprobe -a vhci-hcd hearth_vhci || die "no modules"
ip link set lo up
"$here/liar" --daemon --port 3250 --kind echo --devices 16 --speed high >/dev/null || die "no server"

n=0
while [ $n -lt "$rounds" ]; do
	for who in peer ours; do
		memory $who
		times $who
	done
	n=$((n + 1))
done
echo "@bench-done"
