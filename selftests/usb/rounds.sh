#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=stock,lockdep timeout=240
# Rounds of attach and detach (a hundred on 6.12), some of them hasty: nothing
# is left.
. "$HEARTH_LIB"
. ./common.bash

rounds=100
[ "$HEARTH_KERNEL" = 6.12 ] || rounds=20

mem() { awk '/^(MemFree|Buffers|Cached|SReclaimable):/ { n += $2 } END { print n }' /proc/meminfo; }
buses() { ls -d /sys/bus/usb/devices/usb* | wc -l; }

plan 4
serve
modprobe -a usbhid hid-generic 2>/dev/null
busid=$(wait_busid product "QEMU USB Tablet")
bind "$busid"
before=$(buses)
failed=0
n=0
while [ $n -lt $rounds ]; do
	port=$(attach "$busid") || failed=$((failed + 1))
	# every other one is unplugged in the middle of its enumeration
	[ $((n % 2)) = 0 ] || sleep 0.3
	hearth usb detach "$port" --no-wait >/dev/null || failed=$((failed + 1))
	[ $n != 9 ] || start=$(mem)
	n=$((n + 1))
done
check "$rounds rounds" [ $failed = 0 ]
check "no port is left" wait_for 20 no_ports
check "the empty controller is gone" wait_for 20 eval "[ \$(buses) = $before ]"
end=$(mem)
diag "free memory: $start KiB after 10 rounds, $end KiB at the end"
check "less than 8 MiB of memory went away" [ $((start - end)) -lt 8192 ]
finish
