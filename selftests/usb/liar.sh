#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=300
# The tests' own server, while it is honest: every type of transfer at every
# speed, requests that are cancelled, answers that come byte by byte, a disk.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

speeds="high super full"
transfers()	# transfers LABEL
{
	check "$1: bulk, small" ./urbs LIAR1 bulk-echo 64 200 32
	check "$1: bulk, odd lengths" ./urbs LIAR1 bulk-echo 4099 50 8
	check "$1: bulk, long" ./urbs LIAR1 bulk-echo 300001 6 3
	check "$1: bulk in, deep" ./urbs LIAR1 bulk 0x82 16384 200 64
	check "$1: bulk out, deep" ./urbs LIAR1 bulk 0x02 16384 200 64
	check "$1: interrupt" ./urbs LIAR1 int-echo 37 100 4
	check "$1: isochronous in" ./urbs LIAR1 iso 0x84 100 16 40 4
	check "$1: isochronous out" ./urbs LIAR1 iso 0x04 100 16 40 4
	check "$1: control" ./urbs LIAR1 control 50
}

# cancelled COMMAND...: it prints that all URBs ended, as cancelled
cancelled()
{
	local out
	out=$("$@")
	echo "$out"
	grep -q "^all ended$" <<<"$out" && grep -q "^status -2: " <<<"$out"
}

plan 56
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null

for speed in $speeds; do
	serve_liar --speed "$speed"
	port=$(plug)
	check "$speed speed: attached" device_is_there
	transfers "$speed speed"
	check "$speed speed: cancel one" cancelled ./urbs LIAR1 discard 0x83 64 1 200
	check "$speed speed: cancel many" cancelled ./urbs LIAR1 discard 0x81 4096 200
	check "$speed speed: close with URBs under way" ./urbs LIAR1 hold 0x81 4096 100
	check "$speed speed: works after that" ./urbs LIAR1 bulk-echo 64 10 4
	check "$speed speed: 50 commands, one answer too late" ./urbs LIAR1 talk 0x01 0x81 100 50
	check "$speed speed: detach" unplug "$port"
	wait_for 10 no_ports
done

# some 2500 bytes one by one: how long that takes is the machine's affair
serve_liar --lie split-header
port=$(plug)
check "a header byte by byte: bulk" ./urbs -t 200000 LIAR1 bulk-echo 500 20 8
check "a header byte by byte: isochronous" ./urbs -t 200000 LIAR1 iso 0x84 100 16 10 4
check "a header byte by byte: cancel" cancelled ./urbs -t 200000 LIAR1 discard 0x83 64 10
check "a header byte by byte: detach" unplug "$port"
wait_for 10 no_ports

dd if=/dev/urandom of=/tmp/work/disk bs=1M count=8 status=none
serve_liar --kind disk --speed super --file /tmp/work/disk --log /tmp/work/log
port=$(plug)
dev=$(wait_disk)
check "disk: its bytes" cmp "$dev" /tmp/work/disk
dd if=/dev/urandom of=/tmp/work/new bs=1M count=8 status=none
check "disk: write" dd if=/tmp/work/new of="$dev" bs=1M oflag=direct conv=fsync status=none
check "disk: what was written" cmp /tmp/work/new /tmp/work/disk
unplug "$port"
if wait_for 10 no_ports; then ok "no port is left"; else not_ok "no port is left"; fi
stop_liar
finish
