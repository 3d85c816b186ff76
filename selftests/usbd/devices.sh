#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.12 full=stock,lockdep timeout=240
# Real classes of devices by our own exporter, at our own client: a disk, a keyboard, a
# serial line, sound; who comes second is refused; what is pulled leaves; who is killed
# leaves nothing behind. U1, U2, U3, U4, U8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./door.bash

# attach_again BUSID: the same as attach_at; a device of QEMU's now and then does not come back from
# the exporter's reset as what it was, and is told to be no such device until it is asked for anew
attach_again()
{
	local try said
	for try in 1 2 3 4 5; do
		said=$(hearth usb attach --plain 127.0.0.1 "$1" 2>&1) && [[ $said =~ port\ ([0-9]+): ]] &&
			echo "${BASH_REMATCH[1]}" && return
		diag "try $try: $said" >&2
		[[ $said = *"no such device"* ]] || return
		wait_for 20 eval 'hearth usb list --plain 127.0.0.1 | grep -q "^'"$1"': "'
	done
	return 1
}

# give_back BUSID PORT: unplug, and the node has it again
give_back()
{
	timeout 20 hearth usb detach "$2" >/dev/null && wait_for 10 no_ports && wait_for 20 no_exporter
}

# driver_of BUSID: of its first interface
driver_of() { local d; d=$(readlink "/sys/bus/usb/devices/$1:1.0/driver") && echo "${d##*/}"; }
has_driver() { [ "$(driver_of "$1")" = "$2" ]; }

remote_event()
{
	local d
	for d in /sys/class/input/event*; do
		is_remote "$d" && echo "/dev/input/${d##*/}" && return
	done
	return 1
}

# a key of the keyboard is heard as EV_KEY 35 (h), pressed once
type_h()
{
	qmp '{"execute": "send-key", "arguments": {"keys": [{"type": "qcode", "data": "h"}]}}' >/dev/null
	wait_for 10 [ -s /tmp/work/heard ] || return
	[ "$(od -An -v -w24 -td2 /tmp/work/heard | awk '$9 == 1 && $11 == 1 { print $10 }')" = 35 ]
}

card() { readlink -f /sys/class/sound/card* | grep -q vhci; }

plan 25
controllers
modprobe hearth_vhci
modprobe -a usb-storage sd_mod usbhid hid-generic evdev ftdi_sio snd-usb-audio 2>/dev/null
disk=$(wait_busid serial HEARTHBOT)
keyboard=$(wait_busid product "QEMU USB Keyboard")
serial=$(wait_busid product "QEMU USB SERIAL")
audio=$(wait_busid product "QEMU USB Audio")
# one to be pulled: those of the machine are for the tests behind this one, too
qmp '{"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "pulled", "size": 67108864}}' >/dev/null
qmp device_add driver=usb-storage id=pulled bus=xhci.0 drive=pulled serial=PULLED >/dev/null
pulled=$(wait_busid serial PULLED)
sum=$(seed_local "$disk")
check "exporters are to be had" open_door "$disk" "$keyboard" "$serial" "$audio" "$pulled"
check "the devices are listed" eval '[ $(hearth usb list --plain 127.0.0.1 | grep -c "^[-0-9.]*: ") = 5 ]'

# --- disk
port=$(attach_again "$disk")
dev=$(wait_disk)
check "disk: the bytes are those of the local one" [ "$(sum_of "$dev")" = "$sum" ]
check "disk: the exporter has no rights" eval '[ "$(sed -n "s/^CapBnd:[[:space:]]*//p" /proc/$(pgrep -x "hearth-usbd.*")/status)" = 0000000000000000 ]'
check "disk: a second client is refused" eval 'out=$(hearth usb attach --plain 127.0.0.1 "$disk" 2>&1); echo "$out"; [[ $out = *"in use"* ]]'
seed_disk "$dev"
sum=$(sum_of "$dev")
check "disk: detach" give_back "$disk" "$port"
check "disk: the kernel's driver has it again" wait_for 20 has_driver "$disk" usb-storage
check "disk: what was written is there" eval 'wait_for 20 local_disk "$disk"; [ "$(sum_of "$(local_disk "$disk")")" = "$sum" ]'

# --- an exporter that is killed, and who watches one
port=$(attach_again "$disk")
dev=$(wait_disk)
while dd if="$dev" of=/dev/null bs=64k iflag=direct status=none 2>/dev/null; do :; done &
reader=$!
wait_for 20 eval 'read -r n _ <"/sys/block/${dev##*/}/stat" && [ "$n" -gt 50 ]'
pkill -KILL -x 'hearth-usbd.*'
check "an exporter is killed under I/O: the port goes" wait_for 20 no_ports
check "and the reader ends" wait_for 20 eval '! lives $reader'
port=$(attach_again "$disk")
check "and the device is to be had again" [ "$port" ]
dev=$(wait_disk)
check "with the same bytes" [ "$(sum_of "$dev")" = "$sum" ]
# hearthd's end: the door and all that it started to watch are gone, the client does not notice
pkill -KILL -x door
door_pid=
check "without hearthd it goes on" [ "$(sum_of "$dev")" = "$sum" ]
check "to its end" give_back "$disk" "$port"

# --- keyboard
open_door "$disk" "$keyboard" "$serial" "$audio" "$pulled"
port=$(attach_again "$keyboard")
check "keyboard: it is an input device here" wait_for 20 remote_event
exec 6<"$(remote_event)"
cat <&6 >/tmp/work/heard &
check "keyboard: a key is heard, once" type_h
kill $!
exec 6<&-
check "keyboard: detach" give_back "$keyboard" "$port"

# --- serial line
port=$(attach_again "$serial")
check "serial: it is a terminal here" wait_for 20 eval 'ls /dev/ttyUSB* | grep -q .'
tty=$(for d in /sys/class/tty/ttyUSB*; do is_remote "$d" && echo "/dev/${d##*/}"; done)
check "serial: bytes are written and drained" timeout 30 \
	sh -c "stty -F $tty 115200 raw -echo && head -c 4096 /dev/zero >$tty"
check "serial: detach" give_back "$serial" "$port"

# --- sound
port=$(attach_again "$audio")
check "sound: it is a card here" wait_for 20 card
card=$(for d in /sys/class/sound/card*; do is_remote "$d" && echo "${d##*/card}"; done)
check "sound: two seconds are played" timeout 60 ./play "/dev/snd/pcmC${card}D0p" 2
check "sound: detach" give_back "$audio" "$port"

# --- pulled
port=$(attach_again "$pulled")
wait_disk >/dev/null
qmp device_del id=pulled >/dev/null
check "a disk that is pulled leaves" wait_for 20 no_ports
wait_for 20 no_exporter
qmp blockdev-del node-name=pulled >/dev/null
diag "$(cat $said)"
check "nothing was found by the sanitizers" sound
close_door
finish
