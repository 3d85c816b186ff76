#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=none full=stock timeout=300
# The stock client at our exporter: a disk with the same bytes, and the kernel's own
# usbtest, whose gadget our exporter has: unlinks, halts, queues, control messages of all
# kinds, some of them wrong.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash
. ./door.bash

times=${HEARTH_FULL:+5} times=${times:-1}

# usbtest_binds SERIAL: the module takes the device's interface
usbtest_binds()
{
	local d
	d=$(remote_usb "$1") && wait_for 10 [ -e "/sys/bus/usb/drivers/usbtest/${d##*/}:1.0" ]
}

# run CASE COUNT LENGTH VARY SGLEN
run()
{
	local number=$1 count=$2
	shift 2
	check "case $number" timeout 60 ./usbtest "$node" "$number" $((count * times)) "$@"
}

stock_attach() { usbip attach -r 127.0.0.1 -b "$1"; }
stock_detach() { usbip detach -p 00 || usbip detach -p 0; }

plan 25
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

gadget HEARTHZERO high-speed
echo 0x0525 >"$gadget/idVendor"
echo 0xa4a0 >"$gadget/idProduct"
gadget_function 1 SourceSink.0 pattern=0
gadget_up dummy_udc.0
busid=$(wait_busid serial HEARTHZERO)
open_door "$busid"
modprobe hearth_vhci
port=$(attach_at 127.0.0.1 "$busid")
node=$(remote_node HEARTHZERO)
check "the module usbtest has the gadget, at our client" usbtest_binds HEARTHZERO
run 1 20 1024 0 0	# bulk, one at a time
run 2 20 1024 0 0
run 3 20 1024 421 0	# of any length
run 5 10 1024 0 16	# scatter lists
run 6 10 1024 0 16
run 9 4 0 0 0		# chapter 9
run 10 40 0 0 16	# control messages, queued, some with faults
run 11 20 1024 0 0	# unlinks
run 12 20 1024 0 0
run 13 10 0 0 0		# halts
run 14 20 1024 421 0	# control writes, read again
run 17 20 1024 0 0	# odd addresses
run 20 20 1024 0 0
run 21 20 1024 421 0
run 24 10 1024 0 16	# unlinks from queues
run 27 2 1024 0 16	# all the bulk there is
run 28 2 1024 0 16
run 29 10 1024 0 0	# toggles
timeout 20 hearth usb detach "$port" >/dev/null
check "it is given back, too" wait_for 20 no_exporter
check "nothing was found by the sanitizers" sound
diag "$(cat $said)"
close_door
gadget_down HEARTHZERO
modprobe -r dummy_hcd usbtest
finish
