#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2 full=stock,debug timeout=300
# 24 devices at once (40 by --full), which is more than a controller has ports for: all are
# used, and go in an order of their own. Controllers come and go with them.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

devices=${HEARTH_FULL:+40} devices=${devices:-24}
free() { awk '/^(MemFree|Buffers|Cached|SReclaimable):/ { n += $2 } END { print n }' /proc/meminfo; }
buses() { ls -d /sys/bus/usb/devices/usb* 2>/dev/null | wc -l; }
ports() { hearth -j usb ports | grep -o '"port":[0-9]*' | wc -l; }

# Numbers 1 to N in an order that looks random and is always the same.
shuffled() { seq "$1" | awk -v seed="$2" '{ print (($1 * 7919 + seed) * 104729) % 65537, $1 }' | sort -n | cut -d' ' -f2; }

plug_all()
{
	local i
	for i in $(seq $devices); do
		plug "1-$i" >"/tmp/work/port.$i" || return
	done
}

# each COMMAND...: with every device at the same time; %N is its number
each()
{
	local i pids=() rc=0
	for i in $(seq $devices); do
		"${@//%N/$i}" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	return $rc
}

unplug_shuffled()	# unplug_shuffled SEED
{
	local i
	for i in $(shuffled $devices "$1"); do
		hearth usb detach "$(cat "/tmp/work/port.$i")" --no-wait >/dev/null || return
	done
}

all_there()
{
	local i
	for i in $(seq $devices); do
		device_is_there "LIAR$i" || return
	done
}

plan 15
modprobe hearth_vhci
before=$(buses)
for speed in high super; do
	serve_liar --devices $devices --speed $speed
	check "$speed speed: $devices attached" plug_all
	check "$speed speed: each is there" wait_for 20 all_there
	diag "$(buses) buses, $(ports) ports"
	check "$speed speed: as many ports" [ "$(ports)" = $devices ]
	check "$speed speed: each is used" each ./urbs -t 60000 LIAR%N bulk-echo 1000 20 8
	check "$speed speed: detached in another order" unplug_shuffled 17
	check "$speed speed: no port is left" wait_for 30 no_ports
	check "$speed speed: no controller is left" wait_for 30 eval "[ \$(buses) = $before ]"
	[ $speed = super ] || start=$(free)
done
end=$(free)
diag "free memory: $start KiB after the first $devices, $end KiB after as many more"
check "less than 8 MiB of memory went away" [ $((start - end)) -lt 8192 ]
stop_liar
finish
