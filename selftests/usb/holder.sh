#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=120
# A process keeps the socket of a port and uses it: kTLS cannot be put between it
# and us, and whatever it does, nobody else waits for it. 10/A8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
# shellcheck source=selftests/usb/liar.bash
. ./liar.bash

events=/tmp/work/events
holder=

# hold CASE [LIAR-OPTION...]: $port
hold()
{
	local case=$1
	shift
	wait_for 10 gone		# that of the port before
	serve_liar "$@"
	: >/tmp/work/holder		# what the last one said is not this one's
	./holder "$case" 3240 1-1 >/tmp/work/holder 2>&1 &
	holder=$!
	wait_for 10 grep -q '^port' /tmp/work/holder
	port=$(sed -n 's/^port //p' /tmp/work/holder)
	wait_for 10 device_is_there
}

begin() { kill -CONT $holder; sleep 1; }

over()
{
	kill -9 $holder
	wait $holder 2>/dev/null
	wait_for 10 no_ports
}

ends() { ./urbs -t 20000 LIAR1 "$@"; [ $? != 3 ]; }

plan 15
modprobe -a tls hearth_vhci
monitor $events -j
monitor=$!

hold tls
check "TLS behind our back is refused" wait_for 10 grep -q '^tls: EEXIST' /tmp/work/holder
check "and the device works" ./urbs LIAR1 bulk-echo 4096 20 4
check "and goes" unplug "$port"
over

# its server reads nothing more, so it waits for room
hold send
kill -STOP "$liar_pid"
begin
check "one that sits in sendmsg: detach" unplug "$port"
kill -CONT "$liar_pid"
over
hold send
begin
check "bytes between ours: URBs end" ends bulk 0x02 65536 8 4
check "bytes between ours: the port leaves" wait_for 20 why "$port" "closed|lost|protocol|stall-timeout"
over

hold options --devices 2
check "one that waits: detach" unplug "$port"
begin
check "one that waits: its socket is as it was" wait_for 10 grep -q '^options: as before' /tmp/work/holder
check "one that waits: it can be used again" wait_for 10 grep -q '^again: port' /tmp/work/holder
diag "$(cat /tmp/work/holder)"
port=$(sed -n 's/^again: port //p' /tmp/work/holder)
check "one that waits: and works" wait_for 10 ./urbs LIAR2 bulk-echo 4096 20 4
unplug "$port"
over

hold recv
begin
check "one that reads: an URB ends" ends discard 0x83 64 2 300
check "one that reads: detach" unplug "$port"
over

hold hang-up
begin
check "one that disconnects: an URB ends" ends control 1
check "one that disconnects: the port leaves" wait_for 20 no_ports
over
kill $monitor
check "the module can be removed" bounded 20 rmmod hearth_vhci
stop_liar
finish
