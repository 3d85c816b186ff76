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

# keep N: N requests are cancelled as their answers come, and are kept for an unlink that is
# never confirmed. Fails where one could not be had.
keep() { ./urbs LIAR1 discard 0x82 64 "$1" 100 >/dev/null 2>&1; [ $? != 2 ]; }

# none_left: all requests of the table are kept, but for the reserve
none_left()
{
	local n
	for n in {1..60}; do keep 5 || break; done
	for n in {1..60}; do keep 1 || return 0; done
	false
}

reset_fails() { ./urbs -t 60000 LIAR1 reset; [ $? = 1 ]; }

plan 14
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

# A reset when no request is left, nor memory for more: the device is reset all the same,
# and as the core can ask it nothing behind that, nobody is told that all is well. 10/A8
serve_liar --lie crossed-all --gate --log /tmp/work/log
port=$(plug 1-1 --unlink-timeout 600000)
wait_for 10 device_is_there
open_gate
echo 1 >/sys/kernel/slab/kmalloc-4k/failslab
failslab cache-filter Y
failslab times -1
failslab probability 100
check "a reset: no request is left for others" none_left
check "a reset: is not told to be done" reset_fails
check "a reset: the server was asked" grep -qx "reset port" /tmp/work/log
check "a reset: the device goes" wait_for 60 no_ports
failslab probability 0
serve_liar
port=$(plug)
check "with memory again: the next one comes" wait_for 10 device_is_there
check "with memory again: and works" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$port"
wait_for 10 no_ports
stop_liar
check "the module leaves" rmmod hearth_vhci
finish
