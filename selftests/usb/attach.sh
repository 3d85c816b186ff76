#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=90
# What "hearth usb attach" waits for: a device that is known, one that does not say what
# it is, a signal meanwhile; and what "detach" waits for.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

# refused TEXT COMMAND...: exit code 2, and TEXT says why
refused() { local out rc want=$1; shift; out=$("$@" 2>&1); rc=$?; echo "$out (exit $rc)"; [ $rc = 2 ] && [[ $out = *"$want"* ]]; }

# interrupted SIGNAL: attach ends, says so, and the device is unplugged again
interrupted()
{
	local rc
	hearth usb attach --plain 127.0.0.1 1-1 >/tmp/work/attach 2>&1 &
	wait_for 10 has_port || return
	kill "-$1" $!
	wait $!
	rc=$?
	cat /tmp/work/attach
	[ $rc = 2 ] && grep -q "interrupted; the device is unplugged again" /tmp/work/attach && wait_for 10 no_ports
}
has_port() { ! no_ports; }

plan 9
modprobe hearth_vhci
serve_liar --lie silent
check "a device that says nothing: attach fails, and why" \
	refused "the device does not answer when it is asked what it is" hearth usb attach --plain 127.0.0.1 1-1
check "it has left" wait_for 10 no_ports
check "SIGTERM while it waits" interrupted TERM
check "SIGHUP while it waits" interrupted HUP
stop_liar
serve_liar
said=$(hearth -j usb attach --plain 127.0.0.1 1-1)
diag "$said"
check "a device that is known: its number is told" eval '[[ $said = *"\"devnum\":"* ]]'
port=${said#*\"port\":} port=${port%%,*}
monitor /tmp/work/events -j usb
check "detach" hearth usb detach "$port"
wait_for 10 grep -q '"state":"gone"' /tmp/work/events
check "it was orderly" grep -q "\"port\":$port,\"state\":\"leaving\"" /tmp/work/events
port=$(attach_at 127.0.0.1 1-1)
check "detach at once" hearth usb detach "$port" --now
wait_for 10 eval "grep -q '\"port\":$port,\"state\":\"gone\"' /tmp/work/events"
check "it was" eval "! grep -q '\"port\":$port,\"state\":\"leaving\"' /tmp/work/events"
diag "$(cat /tmp/work/events)"
stop_liar
finish
