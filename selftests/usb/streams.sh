#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2,uml full=stock,debug timeout=120
# Stream sockets that are not TCP: a port on AF_UNIX and on AF_VSOCK carries every
# kind of transfer, keeps its limits, and ends as its server does. 10/A10
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
socket=/tmp/work/socket
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
streams=unix
if modprobe vsock_loopback 2>/dev/null; then streams="unix vsock"; fi

# serve_on STREAM OPTION...
serve_on()
{
	local stream=$1
	shift
	case $stream in
	unix) serve_liar --unix $socket "$@" ;;
	vsock) serve_liar --vsock "$@" ;;
	esac
}

# plug_on STREAM [OPTION...]
plug_on()
{
	local stream=$1 at=unix:$socket
	shift
	[ "$stream" = unix ] || at=vsock:1:3240
	attach_at $at 1-1 "$@"
}

fails() { ./urbs "$@"; [ $? = 1 ]; }

# ends WORDS LIE REASON COMMAND...: on a port with limits of a second
ends()
{
	local name=$1 lie=$2 reason=$3
	shift 3
	serve_on "$stream" --lie "$lie"
	port=$(plug_on "$stream" --unlink-timeout 1000 --stall-timeout 1000)
	check "$stream: $name" fails -t 20000 LIAR1 "$@"
	check "$stream: $name: the reason" wait_for 20 why "$port" "$reason"
	check "$stream: $name: no port is left" wait_for 10 no_ports
}

# sent_by UID: did the last urbs send by itself, and as this user?
sent_by()
{
	local pid
	pid=$(sed -n 's/^pid //p' /tmp/work/urbs)
	grep -x "sender pid $pid uid .*" /tmp/work/log
	grep -qx "sender pid $pid uid $1" /tmp/work/log
}

# shellcheck disable=SC2086  # words
plan $(($(set -- $streams; echo $#) * 25 + 2))
monitor $events -j
monitor=$!
dd if=/dev/urandom of=/tmp/work/seed bs=1M count=2 status=none
dd if=/dev/urandom of=/tmp/work/new bs=1M count=1 status=none

for stream in $streams; do
	serve_on $stream
	port=$(plug_on $stream)
	check "$stream: control" ./urbs LIAR1 control 20
	check "$stream: bulk" ./urbs LIAR1 bulk-echo 70001 50 8
	check "$stream: long ones, more than the socket holds" ./urbs -t 30000 LIAR1 bulk 0x02 1048576 12 6
	check "$stream: isochronous" ./urbs LIAR1 iso 0x84 100 8 8 4
	check "$stream: cancelled" fails -t 20000 LIAR1 discard 0x83 64 20 300
	check "$stream: it works on" ./urbs LIAR1 control 3
	check "$stream: detach" unplug "$port"
	wait_for 10 no_ports

	cp /tmp/work/seed /tmp/work/disk
	serve_on $stream --kind disk --speed super --file /tmp/work/disk --size 2
	port=$(plug_on $stream)
	dev=$(wait_disk)
	check "$stream: a disk is read" cmp "$dev" /tmp/work/seed
	check "$stream: and written" dd if=/tmp/work/new of="$dev" bs=128k oflag=direct conv=nocreat status=none
	check "$stream: what was written" cmp -n 1048576 /tmp/work/disk /tmp/work/new
	unplug "$port"
	wait_for 10 no_ports

	ends "the server goes" fin-payload "closed|lost" bulk 0x82 4096 4 2
	ends "half a message" stall-payload stall-timeout bulk 0x82 4096 4 2
	ends "nothing is read" never-reads stall-timeout bulk 0x02 1048576 6 6
	ends "an unlink without an answer" no-unlink unlink-timeout discard 0x83 64 1 300
	ends "an answer to nothing" far-seq protocol bulk 0x82 4096 4 2
done

# A task that submits an URB may send it, too, but not in its own name: a security
# module was asked about who attached. AF_UNIX tells a server who that is. 10/A8
rm -f /tmp/work/log
serve_on unix --log /tmp/work/log
port=$(plug_on unix)
check "a user's URBs" eval './urbs -u 65534 LIAR1 control 20 >/tmp/work/urbs'
check "are sent by the task, and as the kernel's" wait_for 10 sent_by 0
diag "$(sent_by 0)"
unplug "$port"
kill $monitor
stop_liar
finish
