#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=7.2 full=stock,lockdep timeout=240
# A hundred rounds of attach and detach, every other one hasty: nothing is left.
# The stock server resets its device in each, so most are with our own. Thirty on a
# debug kernel, which is slow, and for a quick answer.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

mem() { awk '/^(MemFree|Buffers|Cached|SReclaimable):/ { n += $2 } END { print n }' /proc/meminfo; }
buses() { ls -d /sys/bus/usb/devices/usb* | wc -l; }

# rounds NUMBER ATTACH-COMMAND...
rounds()
{
	local n port failed=0 number=$1
	shift
	for n in $(seq "$number"); do
		port=$("$@") || failed=$((failed + 1))
		# the others are unplugged in the middle of their enumeration
		[ $((n % 2)) = 0 ] || sleep 0.3
		hearth usb detach "$port" --no-wait >/dev/null || failed=$((failed + 1))
	done
	[ $failed = 0 ]
}

plan 5
serve
modprobe -a usbhid hid-generic 2>/dev/null
busid=$(wait_busid product "QEMU USB Tablet")
bind "$busid"
serve_liar --port 3250
before=$(buses)
case ${HEARTH_QUICK:+quick-}$HEARTH_KERNEL in
quick-* | lockdep | kasan) stock=5 ours=25 ;;
*) stock=20 ours=80 ;;
esac
rounds $((stock / 2)) attach "$busid"
rounds 10 attach_at 127.0.0.1:3250 1-1
start=$(mem)
check "$stock rounds with the stock server" rounds $stock attach "$busid"
check "$ours rounds with ours" rounds $ours attach_at 127.0.0.1:3250 1-1
check "no port is left" wait_for 20 no_ports
check "the empty controller is gone" wait_for 20 eval "[ \$(buses) = $before ]"
end=$(mem)
stop_liar
diag "free memory: $start KiB before, $end KiB at the end"
check "less than 8 MiB of memory went away" [ $((start - end)) -lt 8192 ]
finish
