#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# Answers that cross the cancellation of their request, in every order, as stock
# servers send them too: a request is told once, nothing else is touched, and as
# no URB waits any more there is no limit to keep. 10/A1, 10/A2
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

# crossing KIND LIE [OPTION...]: a device whose server crosses once, from the
# first answer behind open_gate on
crossing()
{
	local kind=$1 lie=$2
	shift 2
	rm -f /tmp/work/log
	serve_liar --kind "$kind" --lie "$lie" --gate --log /tmp/work/log --file /tmp/work/disk --size 2 "$@"
	mark "$kind: $lie"
	port=$(plug 1-1 --unlink-timeout $limit)
}

# until_told LIE COMMAND...: one that is cancelled before the server has it
# crosses nothing, and says so
until_told()
{
	local lie=$1 n
	shift
	for n in 1 2 3 4 5 6 7 8; do
		"$@" || return
		! told "$lie" || return 0
	done
	echo "never crossed"
	return 1
}

# cancelled EP [NUMBER]: URBs whose answers are held are cancelled, and end as that
cancelled()
{
	local out
	out=$(./urbs LIAR1 discard "$1" 4096 "${2:-1}" 300)
	echo "$out"
	grep -q "^all ended$" <<<"$out"
}

# quiet: neither reset nor found wanting
quiet()
{
	local said
	said=$(dmesg | grep -E "reset .*-speed|no more (posting|reading)")
	echo "$said"
	[ -z "$said" ]
}

# waiting N: so many requests of the port wait for a RET_UNLINK that they do not need
waiting() { wait_for 10 eval "hearth -j usb ports $port | grep -q '\"waiting\": *$1,'"; }

# owes LIE: so many of them at this moment
owes() { case $1 in *lazy | *silent) echo 1 ;; *) echo 0 ;; esac; }

# owes_after LIE: and when there were other answers
owes_after() { case $1 in *silent) echo 1 ;; *) echo 0 ;; esac; }

times_out() { ./scsi "$dev" 500 0 00 00 00 00 00 00; [ $? = 1 ]; }
works() { ./scsi "$dev" 20000 0 00 00 00 00 00 00; }

leave()	# leave WHAT
{
	check "$1: detach" unplug "$port"
	wait_for 10 no_ports
	wait_for 10 eval '! remote_disk'
}

limit=1000
events=/tmp/work/events
plan 65
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=2 status=none
monitor $events -j
monitor=$!

for lie in crossed crossed-late crossed-lazy crossed-silent; do
	crossing echo $lie
	open_gate
	check "control, $lie" until_told $lie ./urbs LIAR1 late 50
	case $lie in *lazy | *silent) check "control, $lie: past the limit" overdue $limit ;; esac
	check "control, $lie: $(owes $lie) waits" waiting "$(owes $lie)"
	check "control, $lie: the device works" ./urbs LIAR1 control 3
	check "control, $lie: $(owes_after $lie) waits" waiting "$(owes_after $lie)"
	leave "control, $lie"

	crossing echo $lie
	open_gate
	check "bulk, $lie" until_told $lie cancelled 0x82
	check "bulk, $lie: the device works" ./urbs LIAR1 bulk-echo 1000 4 2
	leave "bulk, $lie"

	# a command without data: its status is all there is to read
	crossing disk $lie
	dev=$(wait_disk)
	open_gate
	check "disk, $lie" until_told $lie times_out
	check "disk, $lie: the disk works" works
	check "disk, $lie: its bytes" cmp "$dev" /tmp/work/disk
	check "disk, $lie: $(owes_after $lie) waits" waiting "$(owes_after $lie)"
	leave "disk, $lie"
done

# RET_UNLINK never comes, for more requests than are waited for
crossing echo crossed-all
open_gate
for i in 1 2 3; do
	check "bulk, crossed-all, $i: 300 at a time" cancelled 0x82 300
done
check "bulk, crossed-all: past the limit" overdue $limit
check "bulk, crossed-all: the device works" ./urbs LIAR1 control 3
check "bulk, crossed-all: no more than 256 wait" waiting 256
leave "bulk, crossed-all"

# A status that was read ahead is cancelled, as its data stalled; RET_UNLINK comes
# when the next command's status is read ahead, and is none of that's business.
crossing disk crossed-status --fault stall-data-in@1
dev=$(wait_disk)
blockdev --setra 0 "$dev"
open_gate
mark "disk: crossed-status"
check "disk, crossed-status: its bytes" cmp -n 65536 "$dev" /tmp/work/disk
check "disk, crossed-status: it was told" told crossed-status
check "disk, crossed-status: no other command suffered" quiet
leave "disk, crossed-status"
kill $monitor
stop_liar
finish
