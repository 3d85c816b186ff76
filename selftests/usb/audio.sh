#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.12 full=stock timeout=90
# Isochronous transfers: two seconds of sound are played in about two seconds.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

card() { readlink -f /sys/class/sound/card* | grep -q vhci; }

plan 4
serve
modprobe snd-usb-audio || { skip_rest "no snd-usb-audio"; }
busid=$(wait_busid product "QEMU USB Audio")
bind "$busid"
port=$(attach "$busid")
check "the device is a sound card here" wait_for 20 card
check "sound is played" timeout 40 ./play /dev/snd/pcmC0D0p 2
urbs=$(hearth -j usb ports "$port" | sed -n 's/.*"completed": *\([0-9]*\).*/\1/p')
diag "$urbs URBs completed"
check "the packets were answered" [ "${urbs:-0}" -gt 100 ]
check "detach" timeout 20 hearth usb detach "$port"
finish
