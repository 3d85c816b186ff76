#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=120
# The family hearth-volume: what it shows of a volume and of its map, also while
# that changes, what it refuses and why, and what the monitor tells meanwhile.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((16 * mib))	# 64 regions

# refused_by WORDS COMMAND...: exit code 2, and WORDS say why
refused_by()
{
	local out rc want=$1
	shift
	out=$("$@" 2>&1)
	rc=$?
	echo "$out (exit $rc)"
	[ $rc = 2 ] && [[ $out = *"$want"* ]]
}

anybody() { setpriv --inh-caps -all --bounding-set -all --reuid 1000 --clear-groups "$@"; }
regions() { hearth volume regions v; }

# whole: do the runs cover the volume, each region once?
whole()
{
	hearth -j volume regions v | tr '}' '\n' | awk -F'[:,]' '
		/"first"/ { for (i = 1; i <= NF; i++) {
				if ($i ~ /"first"/) first = $(i + 1)
				if ($i ~ /"count"/) count = $(i + 1) }
			    if (first != next_one) exit 1
			    next_one = first + count }
		END { exit next_one != 64 }'
}

# told PATTERN...: have the lines of the monitor come, in this order?
told()
{
	local line
	exec 3</tmp/work/events
	for want; do
		while :; do
			IFS= read -r line <&3 || { echo "not told: $want"; return 1; }
			[[ $line = *$want* ]] && break
		done
	done
}

# after TEXT COMMAND...: until the monitor tells TEXT of it
after()
{
	local want=$1 seen
	seen=$(grep -cF "$want" /tmp/work/events)
	shift
	"$@"
	wait_for 20 eval "[ \$(grep -cF '$want' /tmp/work/events) -gt $seen ]"
}

plan 41
modprobe -r dm-rekey 2>/dev/null
check "the module loads by itself" eval '[ -z "$(hearth volume regions x 2>&1 | grep "not loaded")" ] && [ -d /sys/module/dm_rekey ]'
modprobe -a xts 2>/dev/null
key meta 32
key d0
key d1
both=("key:0:$(src d0)" "key:1:$(src d1)")
ramdisks 4 20
monitor /tmp/work/lines
lines=$!
monitor /tmp/work/events -j
monitor=$!

data="/dev/ram1 0 /dev/ram2 8"
check "a volume" open_volume v $len create "key:0:$(src d0)"
check "a map of nothing" [ "$(regions)" = "region 0 to 63: slot 0, not written" ]
dd if=/dev/urandom of=/dev/mapper/v bs=256k count=10 oflag=direct status=none
diag "$(regions)"
check "what is written lies in a row" [ "$(regions | head -n 1)" = "region 0 to 9: slot 0, device 0 from place 1 on" ]
msg v key load 1 "$(src d1)"
msg v assign 60 4 1
check "what is assigned is shown" [ "$(regions | tail -n 1)" = "region 60 to 63: slot 1, not written" ]
check "in JSON, too" eval 'hearth -j volume regions v | grep -qF "{\"first\":0,\"count\":10,\"slot\":0,\"device\":0,\"place\":1}"'
diag "$(./info v)"
check "slots: loaded, with their regions" eval './info v | grep -qx "slot 0 2 10" && ./info v | grep -qx "slot 1 2 0"'
# number, major, minor, start, places, free
check "devices: places and how many are free" eval './info v | grep -qx "device 0 1 1 0 80 69"'
check "and where they begin" eval './info v | grep -qx "device 1 1 2 8 79 78"'
msg v key evict 1
check "a slot without its key" eval './info v | grep -qx "slot 1 1 0"'
check "one run" [ "$(./info v 3)" = "run 3 7 0 1 0 4" ]
check "one run of nothing" [ "$(./info v 60)" = "run 60 4 1 0 0 0" ]

check "no such volume" refused_by "no active volume has this name" hearth volume regions w
check "no such volume: for one, too" refused_by "no active volume has this name" ./info w
check "no name" refused_by "the name of a volume is needed" ./info -
check "no such region" refused_by "the volume has no such region" ./info v 64
check "no privilege" refused_by "CAP_NET_ADMIN" anybody hearth volume regions v
check "no privilege: no events either" refused_by "listen to events: it needs the capability CAP_NET_ADMIN" anybody hearth monitor volume

# While it changes.
msg v key load 1 "$(src d1)"
dd if=/dev/urandom of=/dev/mapper/v bs=256k count=60 oflag=direct status=none
msg v rate 2048
msg v rekey start 0 1
n=0 torn=0
while ! idle v; do
	n=$((n + 1))
	whole || torn=$((torn + 1))
done
diag "$n dumps while it was rekeyed"
check "the map was dumped while it changed" [ $n -ge 2 ]
check "each dump was whole" [ $torn = 0 ]
check "in the end all of it is under slot 1" eval '! regions | grep "slot 0"'

# What the monitor was told: a job, paused and resumed, waiting, aborted.
# Slowly, and each is waited for: what follows at once may be told of in one.
msg v rate 64
after '"state":"running"' msg v rekey start 1 0
after '"state":"paused"' msg v rekey pause
after '"state":"running"' msg v rekey resume
after '"state":"no-key"' msg v key evict 1
after '"state":"aborted"' msg v rekey abort
after '"volume":"v","state":"inactive"' dmsetup suspend v
after '"volume":"v","state":"active"' dmsetup resume --noudevsync v
after '"volume":"v","state":"inactive"' dmremove v
kill $monitor $lines
wait $monitor $lines
diag "$(cat /tmp/work/lines)"
check "told: a volume, a job, and its end" told '"volume":"v","state":"active"' \
	'"kind":"rekey","from":0,"to":1,"state":"running"' '"state":"done","moved":60,"todo":0,"percent":100'
check "told: each state of a job" told '"from":1,"to":0,"state":"running"' '"state":"paused"' \
	'"state":"running"' '"state":"no-key"' '"state":"aborted"'
check "told: suspended, resumed, closed" told '"state":"aborted"' '"volume":"v","state":"inactive"' \
	'"volume":"v","state":"active"' '"volume":"v","state":"inactive"'
check "progress: not more than a hundred times" eval '[ "$(grep -c "\"from\":0,\"to\":1,\"state\":\"running\"" /tmp/work/events)" -le 101 ]'
check "progress: more than once" eval '[ "$(grep -c "\"from\":0,\"to\":1,\"state\":\"running\"" /tmp/work/events)" -ge 3 ]'
check "in words" grep -q "^[-0-9]* [0-9:.]* volume v: active, 60 of 64 regions written, at most 2048 KiB/s; rekey from 0 to 1: running, [0-9]* moved, [0-9]* to do ([0-9]* %)$" /tmp/work/lines
check "an event is a line" eval '! grep -v "^{.*}$" /tmp/work/events'

# One volume's metadata device hangs: nobody waits for it.
dmcreate m "0 40960 linear /dev/ram0 0"
dmcreate mw "0 8192 linear /dev/ram3 0"
dmcreate dw "0 20480 linear /dev/ram3 16384"
meta=/dev/mapper/m open_volume v $len "${both[@]}"
dd if=/dev/zero of=/dev/mapper/mw bs=64k count=1 oflag=direct status=none
meta=/dev/mapper/mw data="/dev/mapper/dw 0" open_volume w $((8 * mib)) create "key:0:$(src d0)"
dmsetup suspend --noflush --nolockfs m
key d2
dmsetup message v 0 "key load 2 $(src d2)" & hung=$!
check "a message hangs in a write of its metadata" wait_for 10 grep -q "^State:.*D" /proc/$hung/status
check "another volume is shown" timeout 20 ./info w
check "all are dumped" timeout 20 hearth -j volume regions w
check "the volume itself is shown" timeout 20 ./info v
check "its status line is" timeout 20 dmsetup status --noflush v
check "another is suspended and resumed" eval "timeout 20 dmsetup suspend w && timeout 20 dmsetup resume --noudevsync w"
dmsetup resume --noudevsync m
check "it comes to its end" wait_for 20 eval '! lives $hung && dmsetup status --noflush v | grep -q " 2:loaded:"'
dmremove w v m mw dw
forget d2

# Read-only: metadata that cannot be written.
dmcreate m "0 40960 linear /dev/ram0 0"
meta=/dev/mapper/m
open_volume v $len "${both[@]}"
monitor /tmp/work/events -j
monitor=$!
dmsetup suspend --noflush m
dmsetup reload m --table "0 40960 error"
dmsetup resume --noudevsync m
after '"state":"read-only"' msg v rekey start 1 0 2>/dev/null
check "read-only is told of" told '"volume":"v","state":"read-only"'
check "the monitor begins with nothing" eval '! head -n 1 /tmp/work/events | grep -q active'
dmremove v m

# The module goes: so does the monitor, in words.
check "the module is removed" wait_for 5 modprobe -r dm-rekey
wait $monitor
check "the monitor ends with it" [ $? = 2 ]
meta=/dev/ram0
check "it loads again" modprobe dm-rekey
check "nobody is left" refused_by "no active volume" hearth volume regions v
forget d0
forget d1
forget meta
finish
