#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# Time limits follow progress and have an end: an answer that dribbles holds nobody
# who cancels it, and a healthy line of 1 Mbit/s is not unplugged, whatever is
# cancelled on it. 10/A3
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

events=/tmp/work/events

# cancel_ends LENGTH: the answer would take minutes; it is cancelled in its middle
cancel_ends()
{
	./urbs -t 30000 LIAR1 discard 0x82 "$1" 1 700
	[ $? != 3 ]
}

dribbles()	# dribbles NAME LIE LENGTH
{
	serve_liar --lie "$2"
	port=$(plug 1-1 --unlink-timeout 1000 --stall-timeout 1000)
	check "$1: the cancel ends" cancel_ends "$3"
	check "$1: the port leaves for it" wait_for 10 why "$port" unlink-timeout
	check "$1: no port is left" wait_for 10 no_ports
}

cancelled()	# cancelled SERIAL EP
{
	local out
	out=$(./urbs -t 60000 "$1" discard "$2" 1048576 1 2000)
	echo "$out"
	grep -q "^all ended$" <<<"$out"
}

# both FILE: one way a message that is left alone, the other way one that is
# cancelled, at the same time; each half of the line is slow by itself
both()
{
	local whole=$1 cut=$2 pid rc=0
	cancelled LIAR2 "$cut" >/tmp/work/cut 2>&1 &
	pid=$!
	./urbs -t 60000 LIAR1 bulk "$whole" 1048576 1 1 || rc=1
	wait $pid || rc=1
	cat /tmp/work/cut
	return $rc
}

works() { ./urbs -t 30000 LIAR1 control 1 && ./urbs -t 30000 LIAR2 control 1; }

plan 11
modprobe hearth_vhci
hearth -j monitor >$events &
monitor=$!
wait_for 5 [ -s $events ]
dribbles "a byte in 300 ms" dribble 4096
dribbles "1 KiB in 300 ms" trickle 262144
stop_liar

modprobe sch_netem 2>/dev/null
ip netns add node
ip link add name v0 type veth peer name v1 netns node
ip addr add 10.88.0.2/24 dev v0
ip link set v0 up
ip -n node addr add 10.88.0.1/24 dev v1
ip -n node link set v1 up
ip -n node link set lo up
liar_pid=$(ip netns exec node ./liar --daemon --address 10.88.0.1 --devices 2)
attach_at 10.88.0.1 1-1 >/tmp/work/port1
attach_at 10.88.0.1 1-2 >/tmp/work/port2
tc qdisc add dev v0 root netem rate 1mbit limit 10000
tc -n node qdisc add dev v1 root netem rate 1mbit limit 10000
check "1 Mbit/s: 1 MiB in, and one out that is cancelled" both 0x82 0x02
check "1 Mbit/s: the devices are still there" works
check "1 Mbit/s: 1 MiB out, and one in that is cancelled" both 0x02 0x82
check "1 Mbit/s: the devices are still there" works
tc qdisc del dev v0 root
unplug "$(cat /tmp/work/port1)"
unplug "$(cat /tmp/work/port2)"
check "no port is left" wait_for 10 no_ports
kill $monitor
stop_liar
ip netns del node
finish
