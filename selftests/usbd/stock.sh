#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=none full=stock timeout=300
# The stock client at our exporter: a disk with the same bytes, and the kernel's own
# usbtest, whose gadget our exporter has: unlinks, halts, queues, control messages of all
# kinds, some of them wrong.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash
. ./usbtest.bash
. ./door.bash

stock_attach() { usbip attach -r 127.0.0.1 -b "$1"; }
stock_detach() { usbip detach -p 00 || usbip detach -p 0; }

plan 31
modprobe usbtest || bail "no module usbtest"
modprobe -a vhci-hcd usb-storage sd_mod usb_f_ss_lb usb_f_mass_storage 2>/dev/null
dummy high
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=8 status=none
gadget HEARTHDISK high-speed
gadget_function 1 mass_storage.0 lun.0/file=/tmp/work/disk
gadget_up dummy_udc.0
busid=$(wait_busid serial HEARTHDISK)
open_door "$busid"
check "the stock client has a disk" wait_for 20 stock_attach "$busid"
dev=$(wait_disk)
check "with the same bytes" [ "$(sum_of "$dev")" = "$(sha256sum </tmp/work/disk | cut -d' ' -f1)" ]
seed_disk "$dev"
sum=$(sum_of "$dev")
stock_detach >/dev/null 2>&1
check "it is given back" wait_for 20 no_exporter
check "what was written is there" [ "$(sha256sum </tmp/work/disk | cut -d' ' -f1)" = "$sum" ]
gadget_down HEARTHDISK
close_door

zero_gadget high
busid=$(wait_busid serial HEARTHZERO)
open_door "$busid"
modprobe hearth_vhci
port=$(attach_at 127.0.0.1 "$busid")
node=$(remote_node HEARTHZERO) what="our exporter"
check "the module usbtest has the gadget, at our client" usbtest_binds HEARTHZERO
gadget_cases
timeout 20 hearth usb detach "$port" >/dev/null
check "it is given back, too" wait_for 20 no_exporter
check "nothing was found by the sanitizers" sound
diag "$(cat $said)"
close_door
gadget_down HEARTHZERO
modprobe -r dummy_hcd usbtest
finish
