#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2,uml full=stock,debug timeout=240
# Mass storage with posted commands against mass storage without: whatever goes
# wrong, the disk sees the same commands, and the driver the same data, errors
# and recovery. Each fault is one run of each kind on a fresh disk.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

faults="none stall-command@9/read stall-command@3/write stall-data-in@9 stall-data-out@3
	stall-status@9/read stall-status@3/write short-data@9/read short-data@3/write
	medium-error@9/read medium-error@3/write phase-error@9/read phase-error@3/write
	bad-csw@9/read bad-csw@3/write
	drop-at-command@9/read drop-at-data@9/read drop-at-data@3/write drop-at-status@3/write"
# All of them on one kernel; the others are slower, or see the same code.
case $HEARTH_KERNEL in
6.12) ;;
*) faults="none stall-command@3/write stall-data-in@9 stall-status@9/read drop-at-data@9/read" ;;
esac

# What the kernel said of the disk, without what differs from run to run.
kernel_said()
{
	dmesg | sed -E 's/^\[[^]]*\] *//; s/sd [0-9:]+/sd/
		s/\[?\bsd[a-z]+\b\]?/sdX/g; s/device number [0-9]+/device number N/; s/^usb [-0-9]+:/usb X:/; s/phys_seg [0-9]+/phys_seg N/' |
		grep -E '^sd|I/O error|^usb X: reset|^critical|^Buffer' |
		grep -v 'Attached scsi generic'	# sg and sd probe side by side
}

# step N: the N-th of the I/O: reads and writes by turns, some of them long
step()
{
	local bs=$((($1 % 3 * 60 + 8) * 1024)) at=$(($1 % 4))
	if [ $(($1 % 2)) = 0 ]; then
		dd if="$dev" of=/tmp/work/part bs=$bs skip=$at count=1 iflag=direct status=none 2>/dev/null
		echo "read $1: $? $(sha256sum </tmp/work/part)"
	else
		dd if=/tmp/work/new of="$dev" bs=$bs seek=$at count=1 oflag=direct conv=nocreat status=none 2>/dev/null
		echo "write $1: $?"
	fi
}

# run NAME "ATTACH-OPTION" LIAR-OPTION...: leaves what was seen in work/NAME.*
run()
{
	local name=$1 how=$2 port i
	shift 2
	cp /tmp/work/seed /tmp/work/disk
	rm -f "/tmp/work/$name".*
	mark "storage: $name"
	serve_liar --kind disk --speed super --file /tmp/work/disk --log "/tmp/work/$name.device" "$@"
	# shellcheck disable=SC2086  # none or one
	port=$(plug 1-1 $how)
	dev=$(wait_disk) || echo "no disk" >>"/tmp/work/$name.io"
	for i in $(seq 12); do
		step "$i" >>"/tmp/work/$name.io"
	done
	unplug "$port" 2>/dev/null
	wait_for 10 no_ports
	wait_for 10 eval '! remote_disk'
	cp /tmp/work/disk "/tmp/work/$name.bytes"
	kernel_said >"/tmp/work/$name.kernel"
}

# When the server leaves, the SCSI layer tells of the command that was under way, or not:
# whichever comes first, the command's end or the disk's.
untold() { sed -i -E '/^sd sdX tag#|I\/O error, dev/d' "/tmp/work/$1.kernel"; }

# Two things are not told apart, as they come to the same: a status that is read
# ahead comes before its driver clears the halt of the OUT pipe, and a command
# block that failed is followed by the reset alone.
commands() { grep -v '^clear-halt 02$' "/tmp/work/$1.device" >"/tmp/work/$1.commands"; }

same()	# same WHAT: is it the same with and without posting?
{
	cmp "/tmp/work/plain.$1" "/tmp/work/posted.$1" && return
	case $1 in bytes) ;; *) diff "/tmp/work/plain.$1" "/tmp/work/posted.$1" ;; esac
	return 1
}

# shellcheck disable=SC2086  # words
plan $(($(echo $faults | wc -w) * 4 + 4))
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
runs=0
dd if=/dev/urandom of=/tmp/work/seed bs=1M count=8 status=none
dd if=/dev/urandom of=/tmp/work/new bs=1M count=8 status=none

for fault in $faults; do
	opt=
	[ "$fault" = none ] || opt="--fault $fault"
	# shellcheck disable=SC2086  # two words or none
	run plain --no-posting $opt
	# shellcheck disable=SC2086
	run posted "" $opt
	if [ "$fault" = none ]; then
		check "none: all reads and writes were good" [ "$(grep -c ': 0' /tmp/work/posted.io)" = 12 ]
	fi
	case $fault in drop-*) untold plain; untold posted ;; esac
	commands plain
	commands posted
	check "$fault: the disk sees the same commands" same commands
	check "$fault: programs see the same" same io
	check "$fault: the kernel tells the same" same kernel
	check "$fault: the disk holds the same" same bytes
done

# A reset while it is busy: the reader goes on, and gets the right bytes.
cp /tmp/work/seed /tmp/work/disk
serve_liar --kind disk --speed super --file /tmp/work/disk
port=$(plug)
dev=$(wait_disk)
for d in /sys/bus/usb/devices/*; do
	[ "$(cat "$d/serial" 2>/dev/null)" = LIAR1 ] && usb=$d
done
for i in 1 2 3 4 5 6; do dd if="$dev" bs=64k iflag=direct status=none; done >/tmp/work/read 2>/dev/null &
reader=$!
sleep 0.5
check "a reset under I/O" timeout 30 ./usbreset "$usb"
wait $reader
for i in 1 2 3 4 5 6; do cat /tmp/work/seed; done >/tmp/work/expected
check "a reset under I/O: the bytes are right" cmp /tmp/work/read /tmp/work/expected
unplug "$port"
if wait_for 10 no_ports; then ok "no port is left"; else not_ok "no port is left"; fi
stop_liar
finish
