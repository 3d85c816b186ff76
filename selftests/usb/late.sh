#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=120
# The stock server over a long line: the answer to a request crosses its cancellation,
# and the server tells so only when it has something else to send. The device is
# healthy, and stays. 10/A2
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
. ./gadget.bash

events=/tmp/work/events
limit=1000
plan 7
modprobe usb_f_ss_lb 2>/dev/null
dummy high
gadget HEARTHLATE high-speed
gadget_function 1 Loopback.0 qlen=32 bulk_buflen=4096
gadget_up dummy_udc.0
serve
monitor $events -j
monitor=$!
busid=$(share_gadget HEARTHLATE)
wait_for 10 shared "$busid"
port=$(attach_at 127.0.0.1 "$busid" --unlink-timeout $limit)
node=$(remote_node HEARTHLATE)
check "attached" [ "$node" ]
modprobe sch_netem 2>/dev/null
check "a line of 200 ms" tc qdisc add dev lo root netem delay 100ms
check "a request is given up before its answer comes" ./urbs "$node" late 50
tc qdisc del dev lo root
check "past the limit" overdue $limit
check "the device works" ./urbs -t 30000 "$node" control 3
check "detach" unplug "$port"
check "no port is left" wait_for 10 no_ports
kill $monitor
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHLATE
modprobe -r dummy_hcd
finish
