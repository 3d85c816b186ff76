#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=120
# A root port that is switched off and on: its device goes and comes, as on a hub, also in
# the middle of its work, and events tell its number each time. A8
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
switch() { echo "$1" >/sys/bus/usb/devices/usb*/*-0:1.0/usb*-port1/disable; }
devnum() { hearth -j usb ports "$port" | grep -o '"devnum": *[0-9]*' | grep -o '[0-9]*$'; }
told() { grep -q "\"port\":$port,.*\"state\":\"attached\".*\"devnum\":$1," $events; }

plan 12
modprobe hearth_vhci
hearth -j monitor >$events &
monitor=$!
sleep 1
for speed in high super; do
	serve_liar --speed $speed
	port=$(plug)
	before=$(devnum)
	switch 1
	check "$speed speed: switched off, the device goes" wait_for 10 gone
	check "$speed speed: the port stays" eval "hearth -j usb ports $port | grep -q '\"attached\"'"
	switch 0
	check "$speed speed: switched on, it comes" wait_for 20 device_is_there
	wait_for 10 devnum
	after=$(devnum)
	check "$speed speed: its new number is told" wait_for 5 told "$after"
	diag "device $before, then $after"
	for _ in 1 2 3 4 5; do
		./urbs -t 20000 LIAR1 bulk-echo 4096 2000 8 >/dev/null 2>&1 &
		busy=$!
		sleep 0.2
		switch 1
		wait_for 10 gone
		switch 0
		wait $busy
		wait_for 20 device_is_there
	done
	check "$speed speed: five times at work: it works" ./urbs LIAR1 bulk-echo 4096 20 4
	unplug "$port"
	check "$speed speed: nothing keeps the port" wait_for 20 no_ports
	wait_for 20 eval '! ls -d /sys/bus/usb/devices/usb*'
done
kill $monitor
stop_liar
finish
