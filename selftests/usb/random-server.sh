#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# A server that lies by chance: bits, fields, lengths, whole answers, also
# while the device is enumerated. The seeds are fixed, so what a connection
# meets depends on the order of its requests alone. The kernel log stays clean,
# nothing hangs, nothing is left.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

seconds=${HEARTH_FULL:+300} seconds=${seconds:-24}
rounds=0 hung=0 refused=0

# A round: attach, use what there is, detach.
round()
{
	local out port
	port=$(bounded 30 hearth usb attach --plain 127.0.0.1 1-1 --no-wait --connect-timeout 2000 \
		--unlink-timeout 500 --stall-timeout 500 2>/tmp/work/attach)
	[ $? != 124 ] || hung=$((hung + 1))
	port=${port#port } port=${port%%:*}
	[ -z "$port" ] || wait_for 3 settled "$port"
	out=$("$@" 2>&1)
	case $out in
	# an answer that never came leaves an URB that does not end: no fault
	*"hangs in the kernel"* | *"never ended"* | *"still running"*)
		hung=$((hung + 1))
		diag "round $rounds: $out"
		;;
	esac
	if [ -n "$port" ]; then
		hearth usb detach "$port" --no-wait >/dev/null 2>&1
	else
		refused=$((refused + 1))
	fi
	rounds=$((rounds + 1))
}

echoes() { ./urbs -t 5000 LIAR1 mix 10; }

disks()
{
	local dev n=0
	while ! dev=$(remote_disk) && [ $n -lt 10 ]; do
		n=$((n + 1))
		sleep 0.2
	done
	[ -z "$dev" ] || bounded 60 dd if="$dev" of=/dev/null bs=64k count=16 iflag=direct status=none || :
}

# series KIND SEED PERMILLE COMMAND...
series()
{
	local start=$EPOCHSECONDS end name="$1, seed $2, $3 per mille"
	rounds=0 hung=0 refused=0
	serve_liar --kind "$1" --lie random --seed "$2" --permille "$3" --log /tmp/work/log
	shift 3
	end=$((EPOCHSECONDS + seconds / 3))
	# so long, and until a lie was told
	while [ $EPOCHSECONDS -lt $end ] || { ! grep -q spoilt /tmp/work/log && in_time $start 60; }; do
		round "$@"
	done
	diag "$name: $rounds rounds, $refused of them without a device, $(grep -c spoilt /tmp/work/log) lies"
	check "$name: lies were told" grep -q spoilt /tmp/work/log
	check "$name: nothing hung" [ $hung = 0 ]
	check "$name: nothing is left" wait_for 40 no_ports
	rm -f /tmp/work/log
}

plan 10
modprobe hearth_vhci
modprobe usb-storage 2>/dev/null
series echo 1 10 echoes
series echo 2 150 echoes
series disk 3 15 disks
serve_liar
port=$(plug)
check "an honest server after all" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$port"
stop_liar
finish
