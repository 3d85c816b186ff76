#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.12 full=stock timeout=240
# A device that has to wake its driver stays awake, though it may sleep by itself; the
# machine sleeps with a disk attached, and also when the disk's server is dead. A6
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

events=/tmp/work/events

# The USB device that came over the network with this text in a file of sysfs.
remote()
{
	local d
	for d in /sys/bus/usb/devices/*; do
		says "$d/$1" "$2" && is_remote "$d" && { echo "$d"; return; }
	done
	return 1
}

# Everything sleeps for two seconds, but for the machine itself.
sleep_all() { echo freeze >/sys/power/state; }

plan 13
serve
modprobe -a usbhid hid-generic evdev usb-storage sd_mod 2>/dev/null
echo devices >/sys/power/pm_test
echo 2 >/sys/module/suspend/parameters/pm_test_delay
# The server's device sleeps in the same machine here, and would before the client's that
# needs it: one after the other, those that came last first.
echo 0 >/sys/power/pm_async
hearth -j monitor >$events &
monitor=$!

# --- a keyboard that powertop has found
busid=$(wait_busid product "QEMU USB Keyboard")
bind "$busid"
port=$(attach "$busid")
wait_for 20 remote_input Keyboard
usb=$(remote product "QEMU USB Keyboard")
check "keyboard: it is there" [ -d "$usb" ]
for d in "$usb"/*:1.0/*/input/input*/event* "$usb"/*:1.0/input/input*/event*; do
	[ -d "$d" ] && dev=/dev/input/${d##*/}
done
cat "$dev" >/tmp/work/keys &
reader=$!
[ ! -e "$usb/power/wakeup" ] || echo enabled >"$usb/power/wakeup" 2>/dev/null
echo 0 >"$usb/power/autosuspend_delay_ms"
echo auto >"$usb/power/control"
sleep 4
diag "runtime status: $(cat "$usb/power/runtime_status")"
qmp '{"execute": "send-key", "arguments": {"keys": [{"type": "qcode", "data": "h"}]}}' >/dev/null
check "keyboard with power/control=auto: a key is heard" wait_for 10 [ -s /tmp/work/keys ]
kill $reader
check "keyboard: detach" timeout 30 hearth usb detach "$port"
wait_for 10 no_ports

# --- a disk of the stock server, which is in this kernel and so does not freeze
busid=$(wait_busid serial HEARTHBOTHS)
sum=$(seed_local "$busid")
bind "$busid"
port=$(attach "$busid")
dev=$(wait_disk)
check "disk: it is there" [ "$(sum_of "$dev")" = "$sum" ]
mark "sleep with a disk"
check "disk: the machine sleeps and wakes" sleep_all
check "disk: the same bytes" [ "$(sum_of "$dev")" = "$sum" ]
check "disk: the port stayed" eval "hearth -j usb ports $port | grep -q '\"attached\"'"
check "disk: detach" timeout 30 hearth usb detach "$port"
wait_for 10 no_ports

# --- a server that is dead: ours is frozen before the devices are
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=2 status=none
serve_liar --kind disk --speed super --file /tmp/work/disk --size 2 --port 3250
port=$(attach_at 127.0.0.1:3250 1-1 --unlink-timeout 600000)
check "dead server: the disk is there" wait_disk
mark "sleep with a dead server"
start=$EPOCHSECONDS
# sd lets no machine sleep whose disk could not be flushed; by the next time it is gone
sleep_all 2>/tmp/work/refused || diag "$(cat /tmp/work/refused)"
took=$((EPOCHSECONDS - start))
diag "it took $took s"
check "dead server: within the limit" [ $took -lt 45 ]
check "dead server: the reason" wait_for 10 why "$port" sleep
check "dead server: no port is left" wait_for 20 no_ports
check "dead server: the machine sleeps and wakes" sleep_all
kill $monitor
stop_liar
finish
