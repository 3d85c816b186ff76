#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock timeout=120
# A printer gadget at the stock server: its name, a job of 96 KiB, and a writer that
# is killed while the printer takes no more.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./gadget.bash

lp=/dev/usb/lp0

# The printer takes paper: what has come so far goes to a file.
prints() { wait_for 20 eval "[ \"\$(stat -c %s $1)\" -ge $2 ]"; }

# full PID: has the writer stood still, in the driver, for a while?
full()
{
	local before after
	before=$(grep ^wchar "/proc/$1/io")
	sleep 1
	after=$(grep ^wchar "/proc/$1/io")
	[ "$before" = "$after" ]
}

plan 8
modprobe -a usb_f_printer usblp 2>/dev/null
dummy high
gadget HEARTHPRINTER high-speed
gadget_function 1 printer.0 pnp_string="MFG:Hearth;MDL:Test;CLS:PRINTER;" q_len=10
gadget_up dummy_udc.0
serve
busid=$(share_gadget HEARTHPRINTER)
port=$(attach "$busid")
check "it is a printer here" wait_for 20 [ -c $lp ]
d=$(remote_usb HEARTHPRINTER)
check "its name" grep -q "MFG:Hearth;MDL:Test" "$d/${d##*/}:1.0/ieee1284_id"
head -c 98304 /dev/urandom >/tmp/work/job
cat /dev/g_printer0 >/tmp/work/printed &
printer=$!
check "a job of 96 KiB" timeout 30 dd if=/tmp/work/job of=$lp bs=8k status=none
check "it is printed" prints /tmp/work/printed 98304
check "byte for byte" cmp /tmp/work/job /tmp/work/printed
kill $printer

cat /dev/zero >$lp &
writer=$!
wait_for 20 full $writer
kill -9 $writer
check "a writer ends that is killed while it is full" wait_for 10 eval "[ ! -e /proc/$writer ]"
check "detach" timeout 20 hearth usb detach "$port"
check "no port is left" wait_for 10 no_ports
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHPRINTER
modprobe -r dummy_hcd
finish
