#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=90
# What hearth-attach@.service runs, as systemd would: it fails while there is no server,
# stays while the port does, fails again when the port went, detaches when it is ended.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

# service: started; $! is the process
service() { SERVER=127.0.0.1 DEVICE=1-1 OPTIONS="--stall-timeout 9000" hearth-attach >>/tmp/work/said 2>&1 & }
# ends NAME PID RC: with this exit code
ends()
{
	local rc=-1
	# a child of this shell, so not in a check
	if wait_for 40 eval "! lives $2"; then
		wait "$2"
		rc=$?
	fi
	[ $rc = "$3" ] && ok "$1" || { diag "exit code $rc"; not_ok "$1"; }
}

plan 9
command -v hearth-attach >/dev/null || bail "no helper"
modprobe hearth_vhci
check "without a word about what: not to be tried again" eval 'hearth-attach; [ $? = 64 ]'
service
ends "no server: it fails, to be tried again" $! 1
serve_liar
service
pid=$!
check "a server: the device is there" wait_for 20 device_is_there
check "with the options" eval 'hearth -j usb ports | grep -q 9000'
check "it stays" kill -0 $pid
stop_liar
ends "the server goes: it fails, to be tried again" $pid 1
serve_liar
service
pid=$!
check "and again" wait_for 20 grep -c "^port 2: 1-1 of 127.0.0.1" /tmp/work/said
kill $pid
ends "ended: it ends well" $pid 0
check "and has detached" wait_for 10 no_ports
diag "$(cat /tmp/work/said)"
stop_liar
finish
