#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=stock timeout=60
# Interrupt transfers: a key that is pressed on the node is heard here.
. "$HEARTH_LIB"
. ./common.bash

# The event devices that came over the network.
remote_events()
{
	local d found=1
	for d in /sys/class/input/event*; do
		is_remote "$d" || continue
		echo "/dev/input/${d##*/}"
		found=0
	done
	return $found
}

plan 4
serve
modprobe -a usbhid hid-generic evdev 2>/dev/null
busid=$(wait_busid product "QEMU USB Keyboard")
bind "$busid"
port=$(attach "$busid")
check "the keyboard is an input device here" wait_for 20 remote_events
for dev in $(remote_events); do
	cat "$dev" >"/tmp/work/${dev##*/}" &
done
sleep 1
for key in h e a r t h; do
	qmp '{"execute": "send-key", "arguments": {"keys": [{"type": "qcode", "data": "'$key'"}]}}' >/dev/null
	sleep 0.3
done
sleep 1
# struct input_event: type at 16, code at 18, value at 20; EV_KEY is 1.
# "hearth" by keycode, presses alone: 35 18 30 19 20 35
keys=$(cat /tmp/work/event* | od -An -v -w24 -td2 |
	awk '$9 == 1 && $11 == 1 { printf "%s ", $10 }')
diag "keys: $keys"
check "each key is heard once, in order" [ "$keys" = "35 18 30 19 20 35 " ]
check "detach while a read waits" timeout 20 hearth usb detach "$port"
check "the input device is gone" wait_for 10 eval '! remote_events'
wait
finish
