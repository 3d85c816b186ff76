#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.1,7.2,uml full=all timeout=180
# A port on kTLS: it works as a plain one does, and nothing is sent in the clear.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
# shellcheck source=selftests/usb/tls.bash
. ./tls.bash

# A kernel whose TLS can be given a new key.
case $HEARTH_KERNEL in
7.*) rekeys=1 ;;
*) rekeys=0 ;;
esac

# kept_waiting: an URB behind one who has the port's end in its sendmsg
kept_waiting()
{
	./urbs -t 20000 LIAR1 control 1
	[ $? = 1 ] && wait_for 10 grep -q "port $id: detaching, .*stood still" /tmp/work/monitor
}

plan $((11 * n_ciphers + 7 + 3 * rekeys))
modprobe -a tls hearth_vhci usb-storage sd_mod 2>/dev/null

for cipher in $ciphers; do
	dd if=/dev/urandom of=/tmp/work/disk bs=1M count=8 status=none
	dd if=/dev/urandom of=/tmp/work/new bs=1M count=4 status=none
	serve_liar --kind disk --speed super --file /tmp/work/disk
	relay "$cipher" 3240 1-1
	check "$cipher: attached" [ "$id" ]
	dev=$(wait_disk)
	check "$cipher: the port tells of TLS" eval 'hearth usb ports | grep -q TLS'
	check "$cipher: the bytes of a disk" cmp "$dev" /tmp/work/disk
	check "$cipher: write" dd if=/tmp/work/new of="$dev" bs=256k oflag=direct conv=fsync,nocreat status=none
	check "$cipher: what was written" cmp -n 4194304 /tmp/work/new /tmp/work/disk
	check "$cipher: detach" unplug "$id"
	check "$cipher: all of it went as TLS" all_tls
	wait_for 10 no_ports

	echo_port "$cipher"
	check "$cipher: transfers of all lengths" ./urbs LIAR1 bulk-echo 70001 20 8
	check "$cipher: isochronous" ./urbs LIAR1 iso 0x84 100 16 40 4
	check "$cipher: detach" unplug "$id"
	check "$cipher: all of that too" all_tls
	wait_for 10 no_ports
done

for half in tx rx; do
	serve_liar --kind echo
	relay --half $half aes-128-gcm 3240 1-1
	check "kTLS in one direction ($half) is refused" grep -q "attach refused" /tmp/work/relay
done
if [ $rekeys = 1 ]; then
	echo_port aes-128-gcm
	tell rekey
	check "KeyUpdate: the kernel takes the new key" wait_for 20 grep -q '^rekeyed' /tmp/work/relay
	check "KeyUpdate: the port works on" ./urbs LIAR1 bulk-echo 301 5 2
	check "KeyUpdate: detach" unplug "$id"
	wait_for 10 no_ports
fi
watch_ports
echo_port aes-128-gcm
tell hold
sleep 1
check "another one in sendmsg: detach" unplug "$id"
check "another one in sendmsg: no port is left" wait_for 10 no_ports
echo_port aes-128-gcm
tell hold
sleep 1
check "another one in sendmsg: URBs have their limit" kept_waiting
wait_for 10 no_ports
echo_port aes-128-gcm
./urbs LIAR1 bulk 0x81 64 100 100 >/dev/null 2>&1 &
urbs=$!
submitted() { hearth -j usb ports "$id" | grep -q '"in-flight": *[1-9]'; }
wait_for 20 submitted
check "rmmod with URBs under way" bounded 20 rmmod hearth_vhci
check "rmmod: nothing in the clear" all_tls
wait "$urbs"
stop_liar
finish
