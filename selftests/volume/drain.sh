#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=180
# A device is drained while regions are written for the first time: nothing lies on
# it in the end, and nothing comes. First writes write data once.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((16 * mib))	# 64 regions
each=$((512 * 512))	# bytes of one
# free DEVICE: its free places, and all of them
free() { ./info v | awk -v d="$1" '$1 == "device" && $2 == d { print $7, $6 }'; }
write_region() { dd if=/dev/urandom of=/dev/mapper/v bs=$each seek="$1" count=1 oflag=direct status=none; }
# written NAME: sectors that were written to a mapped device
written() { awk '{ print $7 }' "/sys/block/$(basename "$(readlink -f "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor "$1")")")/stat"; }
on_device() { ./info v "$1" | cut -d" " -f6; }

plan 32
modprobe -a dm-rekey xts || bail "the modules do not load"
key meta 32
key d0
key d1

ramdisks 4 20
data="/dev/ram1 0 /dev/ram2 0"
open_volume v $len create "key:0:$(src d0)"
for at in $(seq 0 23); do write_region $at; done
check "regions lie on the first device" [ "$(on_device 0) $(on_device 23)" = "0 0" ]
refused "a drain to nowhere" "No such device" msg v drain 0 2
refused "a drain to itself" "From a device to itself" msg v drain 1 1
msg v rate 1
check "it is drained, as good as never" msg v drain 0 1
at=24
while job_is v running && [ $at -lt 40 ]; do
	write_region $at
	[ "$(on_device $at)" = 1 ] || break
	at=$((at + 1))
done
check "first writes meanwhile go to the other one" [ $at -gt 26 ]
check "paused" msg v rekey pause
write_region 40
check "and when it is paused" [ "$(on_device 40)" = 1 ]
dmremove v
open_volume v $len "key:0:$(src d0)"
write_region 41
check "and when it was closed and opened" [ "$(on_device 41)" = 1 ]
check "to its end" eval "msg v rekey resume && wait_for 60 idle v"
check "the first device is empty" [ "$(free 0)" = "79 80" ]
write_region 42
check "and stays so" [ "$(free 0) $(on_device 42)" = "79 80 1" ]
dmremove v
open_volume v $len "key:0:$(src d0)"
write_region 44
check "also when it is closed and opened" [ "$(free 0) $(on_device 44)" = "79 80 1" ]
check "it can be filled again, by a drain" eval "msg v drain 1 0 && wait_for 60 idle v && [ \$(on_device 42) = 0 ]"
dmremove v
open_volume v $len "key:0:$(src d0)"
write_region 45
check "and then takes first writes again" [ "$(on_device 45)" = 0 ]
check "and drained once more" eval "msg v drain 0 1 && wait_for 60 idle v && [ \"\$(free 0)\" = '79 80' ]"
dmremove v
data="- 0 /dev/ram2 0"
check "it opens without the device" open_volume v $len "key:0:$(src d0)"
write_region 43
dmremove v

# The other one is full: rather there than nowhere.
ramdisks 3 20
dmcreate small "0 $((4 * mib)) linear /dev/ram2 0"
data="/dev/ram1 0 /dev/mapper/small 0"
open_volume v $len create "key:0:$(src d0)"
for at in $(seq 0 9); do write_region $at; done
msg v rate 1
msg v drain 0 1
msg v rekey pause
for at in $(seq 10 30); do write_region $at || break; done
check "no first write fails for a drain" [ "$at" = 30 ]
check "the other device is full" [ "$(free 1 | cut -d' ' -f1)" = 0 ]
msg v rate 0
check "the drain says so" eval "msg v rekey resume && wait_for 60 job_is v no-space"
check "aborted the device takes regions again" eval "msg v rekey abort && write_region 50 && [ \$(on_device 50) = 0 ]"
dmremove v small

# A range.
ramdisks 3 20
data="/dev/ram1 0 /dev/ram2 0"
open_volume v $len create "key:0:$(src d0)"
for at in $(seq 0 9); do write_region $at; done
check "a range" eval "msg v drain 0 1 2 3 && wait_for 60 idle v"
check "those three" [ "$(on_device 1) $(on_device 2) $(on_device 4) $(on_device 5)" = "0 1 1 0" ]
dmremove v

# A device below that does not answer a discard: what needs another does not wait.
ramdisks 3 20
modprobe -q loop
truncate -s 2M /tmp/work/disk
loop=$(losetup -f --show /tmp/work/disk)
dmcreate d "0 $((2 * mib)) linear $loop 0"
data="/dev/mapper/d 0 /dev/ram2 0"
open_volume v $len create allow_discards "key:0:$(src d0)"
for at in $(seq 0 9); do write_region $at; done
check "two devices have regions, the first is full" [ "$(on_device 6) $(on_device 7) $(free 0)" = "0 1 0 8" ]
dmsetup suspend --noflush --nolockfs d
# it flushes behind it, which hangs; the last one to close would, too
exec 9<>/dev/mapper/v
blkdiscard -f -o 0 -l $each /dev/mapper/v & discard=$!
check "a discard is committed" wait_for 20 eval '[ "$(./info v 0 | cut -d" " -f5)" = 0 ]'
check "first writes go on elsewhere" timeout 20 dd if=/dev/zero of=/dev/mapper/v bs=$each seek=20 count=2 oflag=direct status=none
check "the place is not free till it is discarded" [ "$(free 0)" = "0 8" ]
dmsetup resume --noudevsync d
wait $discard
exec 9>&-
check "then it is" wait_for 10 eval '[ "$(free 0)" = "1 8" ]'
dmremove v d
losetup -d $loop

# First writes: of whole regions, all data once.
ramdisks 1 20
# a RAM disk takes 255 sectors in a bio, and what comes in three is not always there yet
truncate -s 20M /tmp/work/disk
loop=$(losetup -f --show /tmp/work/disk)
dmcreate d "0 $((20 * mib)) linear $loop 0"
data="/dev/mapper/d 0"
open_volume v $len create "key:0:$(src d0)"
was=$(written d)
dd if=/dev/urandom of=/tmp/work/fill bs=1M count=8 status=none
dd if=/tmp/work/fill of=/dev/mapper/v bs=$each oflag=direct status=none
took=$(($(written d) - was))
diag "8 MiB in whole regions: $took sectors were written"
check "whole regions are written once" [ $took = $((8 * mib)) ]
check "and read back" cmp -n $((8 * 1048576)) /tmp/work/fill /dev/mapper/v
# from the page cache: bios of many sizes, and all at once
dd if=/tmp/work/fill of=/dev/mapper/v bs=4k seek=$((8 * 256 + 5)) conv=fsync status=none count=1500
check "so does what came in order, with zeros around it" eval '
	dd if=/dev/mapper/v bs=4k skip=$((8 * 256)) count=5 iflag=direct status=none | cmp -s -n 20480 - /dev/zero &&
	dd if=/dev/mapper/v bs=4k skip=$((8 * 256 + 5)) count=1500 iflag=direct status=none | cmp -s -n $((1500 * 4096)) - /tmp/work/fill &&
	dd if=/dev/mapper/v bs=4k skip=$((8 * 256 + 1505)) count=20 iflag=direct status=none | cmp -s -n 81920 - /dev/zero'
dmremove v d
losetup -d $loop

# A job beside somebody who reads: a region at a time, and then a rest as long as that
# took. Writes take a tenth of a second here.
modprobe dm-delay || bail "no dm-delay"
ramdisks 2 10
dmcreate d "0 $((10 * mib)) delay /dev/ram1 0 0 /dev/ram1 0 100"
len=$((6 * mib))	# 24 regions
open_volume v $len create "key:0:$(src d0)" "key:1:$(src d1)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=6 oflag=direct status=none
# rekey_ms FROM TO
rekey_ms()
{
	local before=${EPOCHREALTIME/./}
	msg v rekey start "$@" && wait_for 100 idle v || return
	took=$(((${EPOCHREALTIME/./} - before) / 1000))
	diag "$took ms"
}
reads() { while [ ! -e /tmp/work/stop ]; do dd if=/dev/mapper/v of=/dev/null bs=4k iflag=direct status=none; done; }
rm -f /tmp/work/stop
reads & reader=$!
rekey_ms 0 1
# a part of it may be let off, as the reader was kept from reading
check "beside a reader a job takes half of the time" [ $took -ge $((24 * 2 * 100 * 6 / 10)) ]
# for a look at it: with a rate, whatever that is, it does not
msg v rate 1000000
check "with a rate it comes to its end, too" rekey_ms 1 0
touch /tmp/work/stop
wait $reader
dmremove v d
finish
