#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,lockdep timeout=120
# A keyboard gadget at the stock server: each of 100 keys is heard once, and lamps are
# lit there from here. Not on kasan and uml: kmemleak finds that the gadget loses a request
# of its own.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

# HID 1.11, appendix B.1: a boot keyboard, 8 bytes a report, 5 lamps
keyboard='\x05\x01\x09\x06\xa1\x01\x05\x07\x19\xe0\x29\xe7\x15\x00\x25\x01\x75\x01\x95\x08'
keyboard+='\x81\x02\x95\x01\x75\x08\x81\x03\x95\x05\x75\x01\x05\x08\x19\x01\x29\x05\x91\x02'
keyboard+='\x95\x01\x75\x03\x91\x03\x95\x06\x75\x08\x15\x00\x25\x65\x05\x07\x19\x00\x29\x65'
keyboard+='\x81\x00\xc0'

# The event device that came over the network.
remote_event()
{
	local d
	for d in /sys/class/input/event*; do
		is_remote "$d" && echo "/dev/input/${d##*/}" && return
	done
	return 1
}

press()	# press NUMBER: of the keys h to z, by turns (g is 10, where printf makes a line)
{
	local n
	for n in $(seq 0 $(($1 - 1))); do
		printf '\0\0\x'"$(printf %x $((11 + n % 19)))"'\0\0\0\0\0' >&4 &&
			printf '\0\0\0\0\0\0\0\0' >&4 || return
	done
}

# struct input_event as a line of numbers: type at 9, code at 10, value at 11. F1 is 59.
presses() { od -An -v -w24 -td2 /tmp/work/heard | awk '$9 == 1 && $10 != 59 && $11 == 1 { n++ } END { print n + 0 }'; }

# awake: F1 till it is heard; the driver drops what comes right after it was opened
awake()
{
	printf '\0\0\x3a\0\0\0\0\0' >&4 && printf '\0\0\0\0\0\0\0\0' >&4 && [ -s /tmp/work/heard ]
}

# type_all: ten by ten, as a reader that is late loses some
type_all()
{
	local n
	for n in 10 20 30 40 50 60 70 80 90 100; do
		timeout 60 press 10 || return
		wait_for 20 eval '[ "$(presses)" = $n ]' || return
	done
}

# light: the first three lamps; EV_LED is 17
light()
{
	local code
	for code in 0 1 2; do
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11\0\x'$code'\0\1\0\0\0' >"$event" || return
	done
}

# The gadget is told of each of them; the last report counts.
lit() { [ "$(od -An -v -td1 /tmp/work/lamps | tr -d '\n ' | tail -c 1)" = 7 ]; }

plan 5
modprobe -a usb_f_hid usbhid hid-generic evdev 2>/dev/null
dummy high
gadget HEARTHHID high-speed
gadget_function 1 hid.0 protocol=1 subclass=1 report_length=8 report_desc="$keyboard"
gadget_up dummy_udc.0
serve
busid=$(share_gadget HEARTHHID)
port=$(attach "$busid")
check "it is a keyboard here" wait_for 20 remote_event
event=$(remote_event)
exec 4>/dev/hidg0 5</dev/hidg0 6<"$event"
cat <&6 >/tmp/work/heard &
reader=$!
cat <&5 >/tmp/work/lamps &
lamps=$!
wait_for 20 awake
check "100 keys are pressed, each is heard" type_all
diag "$(presses) were heard"
check "lamps are lit from here" light
check "and are seen there" wait_for 20 lit
kill $reader $lamps
exec 4>&- 5<&- 6<&-
timeout 20 hearth usb detach "$port" >/dev/null
check "no port is left" wait_for 10 no_ports
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHHID
modprobe -r dummy_hcd
finish
