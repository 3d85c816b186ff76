#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=120
# Memory that cannot be had: the allocations of an attach fail, one an attach, and
# those of the module fail by chance while URBs are under way.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

failslab=/sys/kernel/debug/failslab

failslab() { echo "$2" >"$failslab/$1"; }

# Only what the module asks for itself; see Documentation/fault-injection.
only_ours()
{
	local start size
	start=$(cat /sys/module/hearth_vhci/sections/.text)
	size=$(awk '/^hearth_vhci / { print $2 }' /proc/modules)
	failslab require-start "$start"
	failslab require-end "$(printf '0x%x' $((start + size)))"
	failslab stacktrace-depth 32
	failslab task-filter N
}

plan 8
modprobe hearth_vhci
failslab ignore-gfp-wait N
for f in /sys/kernel/debug/fail*/verbose; do echo 0 >"$f"; done
check "allocations of an attach fail" eval './failnth 120 17 >/tmp/work/sweep'
diag "$(tail -n 1 /tmp/work/sweep)"
diag "$(grep -c ': E' /tmp/work/sweep) refused, $(grep -c works /tmp/work/sweep) without effect"
check "some of them are refused" [ "$(grep -c ': E' /tmp/work/sweep)" -gt 10 ]
# generic netlink's own table of attributes has none
check "each refusal of ours has its sentence" [ "$(grep -c ": E[A-Z]* $" /tmp/work/sweep)" -le 1 ]

serve_liar
port=$(plug)
wait_for 10 device_is_there
only_ours
failslab times 100
failslab probability 50
# more at a time than one allocation of requests has room for
for _ in 1 2 3 4 5; do ./urbs LIAR1 bulk-echo 4096 400 100; done >/tmp/work/urbs 2>&1
check "failures came" [ "$(cat $failslab/times)" -lt 100 ]
diag "$((100 - $(cat $failslab/times))) failed; $(cat /tmp/work/urbs)"
failslab probability 0
check "the port is there still" grep -q attached <(hearth usb ports)
check "and works" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$port"
check "no port is left" wait_for 10 no_ports
stop_liar
check "the module leaves" rmmod hearth_vhci
finish
