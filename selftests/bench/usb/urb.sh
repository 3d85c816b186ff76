#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What URBs cost that are small and many, or one at a time: a device of the
# tests' own server, through usbfs, and the same messages bare (the limit).
# shellcheck source=selftests/bench/usb/common.bash
. "${0%/*}/common.bash"

rows()	# rows WHO DEEP-COMMAND PING-COMMAND
{
	# shellcheck disable=SC2086  # words
	cost bulk-512-deep-64 "$1" 20000 URB $2
	# shellcheck disable=SC2086
	cost interrupt-ping-pong "$1" 8000 URB $3
}

modprobe -a vhci-hcd hearth_vhci || die "no modules"
ip link set lo up
"$here/liar" --daemon --port 3250 --kind echo --speed high >/dev/null || die "no server"

n=0
while [ $n -lt "$rounds" ]; do
	rows limit "$here/urbwire 3250 1-1 deep 2 512 20000 64" \
		"$here/urbwire 3250 1-1 ping 3 8 4000"
	for who in peer ours; do
		attach $who 127.0.0.1 3250 1-1
		wait_for device_of ${client[$who]} LIAR1 >/dev/null
		rows $who "$here/urbfs LIAR1 deep 2 512 20000 64" \
			"$here/urbfs LIAR1 ping 3 8 4000"
		detach $who
		wait_for no_device $who LIAR1
	done
	n=$((n + 1))
done
echo "@bench-done"
