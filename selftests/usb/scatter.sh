#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=stock,debug timeout=120
# Long transfers are scatter lists, and the server is told so (URB_DMA_MAP_SG): the
# stock one then needs no memory in one piece, and takes an URB of 5 MiB. 10/A4
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
. ./gadget.bash

sg=0x40000	# the flag, as the kernel's USB/IP has it

# flags LENGTH OPTION...: of the last request of that length that the server had
flags()
{
	local length=$1 line
	shift
	./urbs "$@" >/dev/null || return
	line=$(grep "ep 2 in length $length " /tmp/work/log | tail -n 1)
	echo "${line##*flags }"
}

scattered() { [ $(($1 & sg)) != 0 ]; }
whole() { [ "$1" ] && [ $(($1 & sg)) = 0 ]; }

plan 11
modprobe hearth_vhci
serve_liar --log /tmp/work/log --requests
port=$(plug)
check "64 KiB are scattered, and it says so" scattered "$(flags 65536 LIAR1 bulk 0x82 65536 1 1)"
check "8 KiB are in one piece, and it does not" whole "$(flags 8192 LIAR1 bulk 0x82 8192 1 1)"
check "64 KiB mapped: in one piece" whole "$(flags 65536 -m LIAR1 bulk 0x82 65536 1 1)"
check "mapped, 64 KiB: the same bytes" ./urbs -m LIAR1 bulk-echo 65536 8 4
check "mapped, 1 MiB: the same bytes" ./urbs -m LIAR1 bulk-echo 1048576 4 2
check "1 MiB: the same bytes" ./urbs LIAR1 bulk-echo 1048576 4 2
unplug "$port"
wait_for 10 no_ports
stop_liar

# a gadget that gives back what it is sent
dummy high
gadget HEARTHLOOP high-speed
gadget_function 1 Loopback.0 qlen=32 bulk_buflen=4096
gadget_up dummy_udc.0
serve
busid=$(share_gadget HEARTHLOOP)
port=$(attach "$busid")
node=$(remote_node HEARTHLOOP)
out=$(remote_endpoint HEARTHLOOP Bulk out)
in=$(remote_endpoint HEARTHLOOP Bulk in)
mark "scatter: stock"
check "stock server, 64 KiB: the same bytes" ./urbs -t 60000 "$node" loop "$out" "$in" 65536 4 1
check "stock server, 1 MiB: the same bytes" ./urbs -t 60000 "$node" loop "$out" "$in" 1048576 2 1
check "stock server, 5 MiB: the same bytes" ./urbs -t 60000 "$node" loop "$out" "$in" 5242880 1 1
check "mapped, stock server, 1 MiB: the same bytes" ./urbs -m -t 60000 "$node" loop "$out" "$in" 1048576 2 1
check "detach" unplug "$port"
wait_for 10 no_ports
usbip unbind -b "$busid" >/dev/null 2>&1
gadget_down HEARTHLOOP
modprobe -r dummy_hcd
finish
