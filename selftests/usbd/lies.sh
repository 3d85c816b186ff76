#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# A client that lies to our exporter, each case by its name (client.c). The device is the
# echo of the tests' own server, plugged in by our own controller: the exporter has it
# through usbfs, as any other.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./door.bash

# run CASE...: the client's lines are ours
run()
{
	local line
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok }" ;;
		"not ok "*) not_ok "${line#not ok }" ;;
		*) diag "${line#\# }" ;;
		esac
	done < <(timeout 200 ./client "$@" 2>&1)
}

plan $(($(./client --count) + 4))
modprobe hearth_vhci
liar=$(./liar --daemon --port 3250)
port=$(attach_at 127.0.0.1:3250 1-1)
wait_for 20 remote_usb LIAR1
busid=$(remote_usb LIAR1) busid=${busid##*/}
open_door "$busid"
run "$busid"
check "no exporter is left" wait_for 20 no_exporter
check "each told how it ended" eval '[ $(grep -c " ended: " $said) = $(grep -c " taken: " $said) ]'
diag "$(cat $said)"
check "nothing was found by the sanitizers" sound
close_door
check "detach" timeout 20 hearth usb detach "$port"
kill "$liar"
finish
