#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2 full=stock,lockdep,uml timeout=300
# Keys change while the volume is in use: verifying writers, pauses, rates,
# ranges, suspend, another table, growth; a spare place of one; a device emptied.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((10 * mib))
regions=40

# rekey FROM TO [FIRST COUNT]: to its end.
rekey()
{
	msg v rekey start "$@" || return
	wait_for 120 idle v && return
	status v
	return 1
}

between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 is not in $2 to $3"; return 1; }; }
moved() { status v | sed -E 's/.* (idle|waiting|running|paused|no-key|no-space|error|incomplete) ([0-9]+) .*/\2/'; }

some_moved() { [ "$(moved)" -gt 0 ]; }

# reload LEN OPTION...: another table while it is in use
reload()
{
	dmsetup reload v --table "$(table "$@")" && dmsetup resume --noudevsync v
}

plan 58
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-crypt xts 2>/dev/null
key meta 32
key d0
key d1
both=("key:0:$(src d0)" "key:1:$(src d1)")

ramdisks 3 14
check "a volume with two keys" open_volume v $len create key:0:"$(src d0)"
check "a second key" msg v key load 1 "$(src d1)"
refused "to a slot without a key" "keys of both slots must be loaded" msg v rekey start 0 2
refused "to itself" "From a slot to itself" msg v rekey start 0 0
refused "a range behind the end" "Bad range" msg v rekey start 0 1 39 2
refused "a pause without a job" "There is no job" msg v rekey pause

# Under writers. With a rate, whatever it is, several regions move at a time beside them.
msg v rate 1000000
hammer
sleep 1
check "all to slot 1, under writers" rekey 0 1
check "writers saw what they wrote" calm
check "nothing is left under slot 0" [ "$(under v 0)" = 0 ]
check "all that was written is under slot 1" [ "$(under v 1)" = "$(field v 3 | cut -d/ -f1)" ]
check "key 0 is evicted" msg v key evict 0
check "all is readable without it" ./pattern verify /dev/mapper/v 5 /tmp/work/state
dmremove v
check "and after opening with the new key alone" open_volume v $len "key:1:$(src d1)"
check "it reads the same" ./pattern verify /dev/mapper/v 5 /tmp/work/state
msg v key load 0 "$(src d0)"

# A range.
# what is there, once more: so all of it is written
dd if=/dev/mapper/v of=/tmp/work/some bs=256k skip=10 count=20 iflag=direct status=none
dd if=/tmp/work/some of=/dev/mapper/v bs=256k seek=10 oflag=direct status=none
check "a range back to slot 0" rekey 1 0 10 20
check "as many as it has are there" [ "$(under v 0)" = 20 ]
check "it reads the same" ./pattern verify /dev/mapper/v 5 /tmp/work/state

# Slowly, and with pauses, under writers. The rates are such that a job would take
# minutes, however long this takes beside it.
hammer
check "a rate is set" msg v rate 64
before=${EPOCHREALTIME/./}
msg v rekey start 1 0
wait_for 60 some_moved
at=$(moved)
check "it is slow" job_is v running
check "paused" msg v rekey pause
# a region in four seconds, those in motion, and a tenth for the clock
most=$(((${EPOCHREALTIME/./} - before) * 11 / 40000000 + 5))
check "neither still nor faster than its rate" between "$at" 1 $most
at=$(moved)
sleep 1
check "it stays where it is" [ "$(moved)" = "$at" ]
check "suspended and resumed" eval "dmsetup suspend v && sleep 0.5 && dmsetup resume --noudevsync v"
check "still paused" job_is v paused
msg v rate 16
check "resumed" msg v rekey resume
check "it runs" job_is v running
check "suspended and resumed while it runs" eval "dmsetup suspend v && dmsetup resume --noudevsync v"
check "it still runs" job_is v running
check "another table while it runs" reload $len "${both[@]}" rate:16 no_read_workqueue
check "it goes on" job_is v running
check "a longer table while it runs" reload $((len + 2 * mib)) "${both[@]}" rate:16
check "it has grown" [ "$(field v 3 | cut -d/ -f2)" = $((regions + 8)) ]
msg v rate 0
check "it comes to its end" wait_for 120 idle v
check "writers saw what they wrote" calm
check "nothing is left under slot 1" [ "$(under v 1)" = 0 ]
export PATTERN_COUNT=$((len / 8))
check "it reads the same" ./pattern verify /dev/mapper/v 5 /tmp/work/state
unset PATTERN_COUNT

# Aborted: both keys are needed, and both are enough.
msg v rate 64
msg v rekey start 0 1
wait_for 60 some_moved
check "aborted" msg v rekey abort
check "some are under slot 1, some under slot 0" [ "$(under v 1)" -gt 0 -a "$(under v 0)" -gt 0 ]
PATTERN_COUNT=$((len / 8)) check "it reads the same" ./pattern verify /dev/mapper/v 5 /tmp/work/state
dmremove v

# A job waits for a key that is taken away, and for one that was not there.
open_volume v $((len + 2 * mib)) "${both[@]}" rate:64
msg v rekey start 0 1
msg v key evict 0
check "a key is taken away: the job waits" wait_for 20 job_is v no-key
msg v rate 0
check "it comes back: the job goes on" eval "msg v key load 0 $(src d0) && wait_for 60 idle v"
check "all is under slot 1" [ "$(under v 0)" = 0 ]
msg v rate 64
msg v rekey start 1 0
dmremove v
before=$(sum /dev/ram0)
open_volume v $((len + 2 * mib)) "key:1:$(src d1)"
dd if=/dev/mapper/v of=/dev/null bs=1M iflag=direct status=none 2>/dev/null
check "opened: the job waits to be asked for" job_is v waiting
check "and nothing is written to the metadata" [ "$(sum /dev/ram0)" = "$before" ]
msg v rekey resume
check "asked for without a key: it waits for that" wait_for 20 job_is v no-key
check "it comes: the job goes on" eval "msg v key load 0 $(src d0) && wait_for 60 idle v"
dmremove v
open_volume v $((len + 2 * mib)) "${both[@]}" rate:512
msg v rekey start 0 1
dmremove v
open_volume v $((len + 2 * mib)) "${both[@]}"
check "opened again: it waits" job_is v waiting
dd if=/dev/mapper/v of=/tmp/work/some bs=4k count=1 iflag=direct status=none
check "the first write" dd if=/tmp/work/some of=/dev/mapper/v bs=4k count=1 oflag=direct status=none
check "is no reason to begin at once" job_is v waiting
check "suspended and resumed it waits still" eval "dmsetup suspend v && dmsetup resume --noudevsync v && job_is v waiting"
check "it goes on when it is asked to" eval "msg v rekey resume && wait_for 60 idle v"
PATTERN_COUNT=$((len / 8)) check "it reads the same" ./pattern verify /dev/mapper/v 5 /tmp/work/state
dmremove v

# One spare place, the volume in place: it slides, and dm-crypt can have it.
ramdisks 2 9
plain_crypt c $((8 * mib)) /dev/ram1 0 d0
dd if=/dev/urandom of=/dev/mapper/c bs=1M count=8 oflag=direct status=none
before=$(sum /dev/mapper/c)
dmremove c
region=2048
check "adopted with one spare place" open_volume v $((8 * mib)) adopt:0 "${both[@]}"
check "rekeyed with one spare place" rekey 0 1
dmremove v
plain_crypt c $((8 * mib)) /dev/ram1 2048 d1
check "dm-crypt has it, one place on" [ "$(sum /dev/mapper/c)" = "$before" ]
dmremove c
region=512

# Draining a device takes no key.
ramdisks 3 10
data="/dev/ram1 0 /dev/ram2 0"
open_volume v $((8 * mib)) create "key:0:$(src d0)"
./pattern round /dev/mapper/v 3 1
msg v key evict 0
check "a device is drained without a key" eval "msg v drain 0 1 && wait_for 60 idle v"
dmremove v
data="- 0 /dev/ram2 0"
check "it opens without the device" open_volume v $((8 * mib)) "key:0:$(src d0)"
check "it reads the same" ./pattern check /dev/mapper/v 3 1
dmremove v
finish
