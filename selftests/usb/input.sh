#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.1 full=stock timeout=90
# Interrupt transfers: a key that is pressed on the node is heard here, and the
# pen of its tablet is seen where it is.
. "${HEARTH_LIB:-../lib.sh}"
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

listen()
{
	local dev
	rm -f /tmp/work/event*
	for dev in $(remote_events); do
		cat "$dev" >"/tmp/work/${dev##*/}" &
		wait_for 10 [ "/proc/$!/fd/3" -ef "$dev" ]
	done
}

# struct input_event as a line of numbers: type at 9, code at 10, value at 11.
events() { cat /tmp/work/event* | od -An -v -w24 -td2; }
# EV_KEY is 1: presses alone, by keycode
keys() { events | awk '$9 == 1 && $11 == 1 { printf "%s ", $10 }'; }
# EV_ABS is 3, ABS_X 0, ABS_Y 1
points() { events | awk '$9 == 3 && $10 < 2 { printf "%s%d ", $10 ? "y" : "x", $11 }'; }
# heard WHAT NUMBER: so many of them
heard() { [ "$($1 | wc -w)" -ge "$2" ]; }

axis() { echo '{"type": "abs", "data": {"axis": "'"$1"'", "value": '"$2"'}}'; }

point()	# point X Y
{
	qmp '{"execute": "input-send-event", "arguments": {"events": ['"$(axis x "$1"), $(axis y "$2")"']}}' >/dev/null
	n=$((n + 2))
	wait_for 10 heard points $n
}

leave()	# leave WHAT
{
	check "$1: detach while a read waits" timeout 20 hearth usb detach "$port"
	check "$1: the input device is gone" wait_for 10 eval '! remote_events'
	wait
	wait_for 10 no_ports
}

plan 8
serve
modprobe -a usbhid hid-generic evdev 2>/dev/null
busid=$(wait_busid product "QEMU USB Keyboard")
bind "$busid"
port=$(attach "$busid")
check "keyboard: it is an input device here" wait_for 20 remote_events
listen
n=0
for key in h e a r t h; do
	qmp '{"execute": "send-key", "arguments": {"keys": [{"type": "qcode", "data": "'$key'"}]}}' >/dev/null
	n=$((n + 1))
	wait_for 10 heard keys $n
done
keys=$(keys)
diag "keys: $keys"
check "keyboard: each key is heard once, in order" [ "$keys" = "35 18 30 19 20 35 " ]
leave keyboard

busid=$(wait_busid product "QEMU USB Tablet")
bind "$busid"
port=$(attach "$busid")
check "tablet: it is an input device here" wait_for 20 remote_events
listen
n=0
point 1000 2000
point 30000 20000
point 5 32767
points=$(points)
diag "points: $points"
check "tablet: the pen is seen where it is" \
	[ "$points" = "x1000 y2000 x30000 y20000 x5 y32767 " ]
leave tablet
finish
