#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=600
# A server that lies, one lie a connection, each by its name.
# The URB fails or the device is unplugged, for the reason that is expected; no
# program hangs, and the port is gone before the next lie is told. Every lie on
# 6.12 and the debug kernels, one in three on the other two, and for a quick answer.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
. ./lies.bash

events=/tmp/work/events

# The device is still there and still works.
stays()
{
	device_is_there || but "the device is gone"
	./urbs LIAR1 control 1 || but "the device does not answer"
}

# judge EXPECTED: of what $rc and $out tell
judge()
{
	# what came was what the server sent, and not what memory held before
	[[ $out != *"wrong from byte"* ]] || but "data that the server did not send"
	case $1 in
	works)
		[ "$rc" = 0 ] || but "exit code $rc"
		stays
		;;
	status:*)
		[[ $'\n'$out = *$'\n'"status ${1#*:}: "* ]] || but "no such status"
		[ "$rc" != 3 ] || but "it hung"
		stays
		;;
	*)
		[ "$rc" = 1 ] || but "exit code $rc where URBs were to fail"
		left_for "$1"
		;;
	esac
}

# Is this one's turn?
mine()
{
	told=$((told + 1))
	[ $((told % 3)) = "$third" ] || [ "$third" = all ]
}

# lie NAME EXPECTED COMMAND...: EXPECTED is "works", "status:N", or a reason
# and perhaps what the kernel says: "protocol:WORDS". COMMAND is urbs's.
lie()
{
	local name=$1 expected=$2 rc=0
	mine || return 0
	shift 2
	mark "lie: $name"
	serve_liar --lie "$name"
	if ! port=$(plug 1-1 --unlink-timeout "$limit" --stall-timeout "$limit"); then
		not_ok "$name: attach"
		return
	fi
	out=$(./urbs -t 60000 LIAR1 "$@" 2>&1) || rc=$?
	diag "$out"
	verdict_of "$name" "$expected"
}

# no_attach NAME WORDS: the command refuses the server, and says why.
no_attach()
{
	local name=$1 rc=0
	mine || return 0
	serve_liar --lie "$name"
	out=$(bounded 15 hearth usb attach --plain 127.0.0.1 1-1 --connect-timeout 1500 2>&1) || rc=$?
	diag "$out"
	port=0 verdict=
	if [ $rc = 2 ] && grep -qE "$2" <<<"$out" && wait_for 10 no_ports; then
		ok "$name: $2"
	else
		not_ok "$name: $2"
	fi
}

no_list()	# no_list NAME WORDS
{
	local rc=0
	mine || return 0
	serve_liar --lie "$1"
	out=$(bounded 15 hearth usb list --plain 127.0.0.1 2>&1) || rc=$?
	diag "$out"
	if [ $rc = 2 ] && grep -qF "$2" <<<"$out"; then ok "$1: $2"; else not_ok "$1: $2"; fi
}

# hostile NAME [OPTION...]: descriptors that are not believed. The device may
# come or not; what counts is that nothing hangs and nothing is left.
hostile()
{
	local name=$1 verdict rc=0
	mine || return 0
	shift
	mark "lie: $name"
	serve_liar --lie "$name" "$@"
	bounded 15 hearth usb attach --plain 127.0.0.1 1-1 >/tmp/work/attach 2>&1
	diag "$(cat /tmp/work/attach)"
	# one that the core can make nothing of has left by itself
	port=$(grep -o '"port":[0-9]*' "$events" | tail -n 1 | cut -d: -f2)
	# what a program makes of it, if there is a device
	out=$(./urbs -t 30000 LIAR1 bulk 0x82 512 2 1 2>&1) || rc=$?
	diag "$out"
	verdict=$([ "$rc" != 3 ] || but "it hung"
		timeout 15 hearth usb detach "$port" >/dev/null 2>&1
		wait_for 10 no_ports || but "the port is left")
	[ -z "$verdict" ] || diag "$verdict"
	if [ -n "$port" ] && [[ $verdict != *"but: "* ]]; then
		ok "$name: survived"
	else
		not_ok "$name: survived"
	fi
}

in="bulk 0x82 4096 4 2"
out_="bulk 0x02 4096 4 2"
iso="iso 0x84 100 8 2 2"
iso_out="iso 0x04 100 8 2 2"
big="bulk 0x02 1048576 6 6"
cancel="discard 0x83 64 1 300"	# the server has it by then
wait="discard 0x83 64 1 1500"
limit=1000	# of an unlink and of a standstill, in ms

told=0
case $HEARTH_KERNEL in
6.1) third=1 ;;
7.2) third=2 ;;
*) third=${HEARTH_QUICK:+0} third=${third:-all} ;;
esac
[ $third = all ] && plan 86 || plan 30
modprobe hearth_vhci
monitor $events -j
monitor=$!

# shellcheck disable=SC2086
{
lie actual-negative "protocol:actual_length is longer than the buffer" $in
lie actual-long "protocol:actual_length is longer than the buffer" $in
lie actual-wrong-out "protocol:actual_length is longer than the buffer" $out_
lie actual-negative-out "protocol:actual_length is longer than the buffer" $out_
lie actual-short-out works $out_

lie iso-packets "protocol:number_of_packets is not what was asked for" $iso
lie iso-no-packets "protocol:number_of_packets is not what was asked for" $iso
lie iso-negative-packets "protocol:number_of_packets is not what was asked for" $iso
lie iso-errors "protocol:error_count is more than the packets" $iso
lie iso-offset "protocol:the offset of a packet is not what was asked for" $iso
lie iso-length "protocol:the length of a packet is not what was asked for" $iso
lie iso-actual "protocol:actual_length of a packet is longer than the packet" $iso
lie iso-sum "protocol:the packets sum past actual_length" $iso
lie iso-sum-short "protocol:the packets do not sum up to actual_length" $iso
lie iso-out-offset "protocol:the offset of a packet is not what was asked for" $iso_out
lie iso-out-sum "protocol:the packets do not sum up to actual_length" $iso_out

lie early-answer "protocol" $big
lie early-answer-rst "protocol|lost" $big	# whichever is seen first

lie duplicate "protocol:answer to an unknown request" $in
lie unknown-seq "protocol:answer to an unknown request" $in
lie far-seq "protocol:answer to an unknown request" $in
lie zero-seq "protocol:answer to an unknown request" $in
lie unlink-seq "protocol:answer to an unknown request" $in
lie unsent-seq "protocol" $big
lie unlinked-seq "protocol:answer to an unknown request" $cancel
lie late-answer status:-2 $cancel
lie late-answer-twice "protocol:answer to an unknown request" $cancel
lie late-answer-long "protocol:actual_length is longer than the buffer" $cancel
lie answer-then-unlink status:-2 $cancel
lie unlink-twice "protocol:RET_UNLINK for a request that was not unlinked" $cancel
lie unlink-status status:-2 $cancel
lie ret-unlink-live "protocol:RET_UNLINK for a request that was not unlinked" $wait
lie ret-unlink-submit "protocol:RET_UNLINK for a request that was not unlinked" $wait
lie ret-unlink-unknown "protocol:RET_UNLINK for a request that was not unlinked" $wait

lie status-positive status:-71 $in
lie status-weird status:-71 $in
lie status-min status:-71 $in
lie status-inprogress status:-71 $in

lie unknown-command "protocol:unknown command" $in
lie own-command "protocol:unknown command" $in
lie payload-on-out "protocol:unknown command" $out_
# a byte at a time is slow, but is no standstill
limit=10000
lie split-header works bulk 0x82 512 4 2
limit=1000

lie stall-header stall-timeout $in
lie stall-payload stall-timeout $in
lie never-reads stall-timeout $big
lie no-unlink unlink-timeout $cancel
lie mute unlink-timeout $cancel

lie fin-before closed $in
lie fin-header closed $in
lie fin-payload closed $in
lie fin-behind closed $in
lie fin-request closed $big
lie rst-before lost $in
lie rst-header lost $in
lie rst-payload lost $in
lie rst-behind lost $in
lie rst-request lost $big
}

no_list devlist-huge "more than 4096 are not believed"
no_list devlist-path "a device path that does not end"
no_list devlist-busid "a bus id that does not end"
no_list devlist-version "speaks USB/IP version 2.0.0"
no_attach import-path "a device path that does not end"
no_attach import-busid "a bus id that does not end"
no_attach import-other "answered with 7-7"
no_attach import-speed "which is not supported"
no_attach import-devid "which make no device id"
no_attach import-half "did not answer within 1500 ms"
no_attach silent-import "did not answer within 1500 ms"
# before the kernel has the socket, or at its first request
no_attach fin-import "is not connected|has left at once"
no_attach rst-import "is not connected|has left at once"
no_attach fin-first "has left at once: the server closed the connection"
no_attach rst-first "has left at once: the connection broke"

hostile desc-total-long
hostile desc-total-short
hostile desc-interfaces
hostile desc-endpoints
hostile desc-endpoint-short
hostile desc-zero
hostile desc-max-packet-0
hostile desc-max-packet-huge
hostile desc-configurations
hostile desc-device-short
hostile desc-string
hostile desc-bos --speed super

kill $monitor
serve_liar
port=$(plug)
check "an honest server after all" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$port"
if wait_for 10 no_ports; then ok "no port is left"; else not_ok "no port is left"; fi
stop_liar
finish
