#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml,6.12 full=stock,debug timeout=120
# Network namespaces: each sees its own ports and hears of them, the initial one sees all,
# a user namespace attaches nothing, and a port goes with its namespace. A10
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
count() { "$@" -j usb ports | grep -o '"port": *[0-9]*' | wc -l; }
here() { count hearth; }
there() { count ip netns exec box hearth; }

plan 17
modprobe hearth_vhci
ip netns add box
ip -n box link set lo up
serve_liar --devices 2
ip netns exec box ./liar --daemon --devices 1 >/tmp/work/box.pid
ip netns exec box hearth -j monitor >$events.box &
monitor_box=$!
hearth -j monitor >$events &
monitor=$!
sleep 1

check "from a namespace: ports are shown" ip netns exec box hearth usb ports
port=$(plug 1-1)
check "a port of the initial namespace" [ "$(here)" = 1 ]
check "is not seen in another" [ "$(there)" = 0 ]
refuse "nor detached from there" ip netns exec box hearth usb detach "$port"
check "attach from a namespace" ip netns exec box hearth usb attach --plain 127.0.0.1 1-1
check "that namespace sees its own" [ "$(there)" = 1 ]
check "the initial one sees both" [ "$(here)" = 2 ]
boxed=$((port + 1))
check "the event came there" wait_for 5 grep -q "\"port\":$boxed," $events.box
check "and here" wait_for 5 grep -q "\"port\":$boxed," $events
refuse "that of the other port did not" grep -q "\"port\":$port," $events.box
check "detach from the namespace" ip netns exec box hearth usb detach "$boxed"

# None can be made in a changed root, which is what UML boots into.
if unshare -Ur true 2>/dev/null; then
	said=$(unshare -Ur hearth usb attach --plain 127.0.0.1 1-2 2>&1)
	check "a user namespace is refused" [ $? = 2 ]
	diag "$said"
	check "and told what it lacks" grep -q "initial user namespace" <<<"$said"
	check "but may look" unshare -Urn hearth usb ports
else
	for what in "a user namespace is refused" "and told what it lacks" "but may look"; do
		skip "$what" "no user namespace can be made here"
	done
fi

# the socket is of the initial namespace, the port of one that ends
echo 60000 >/sys/module/usbcore/parameters/initial_descriptor_timeout
./refuse ends >/tmp/work/ends &
holder=$!
check "attach from a namespace that ends" wait_for 20 grep -q "no error" /tmp/work/ends
last=$(grep -o '"port":[0-9]*' $events | tail -n 1 | cut -d: -f2)
check "its port leaves" wait_for 30 why "$last" namespace
kill $monitor $monitor_box $holder "$(cat /tmp/work/box.pid)"
unplug "$port"
check "no port is left" wait_for 20 no_ports
ip netns del box
stop_liar
finish
