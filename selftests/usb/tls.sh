#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=stock,uml,lockdep timeout=180
# A port on kTLS: it works as a plain one does, what is no data ends it, and
# nothing is sent in the clear.
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

relay_pid='' id=''
trap '' PIPE

# relay ARG...: start it in the background; $id is the port, if there is one
relay()
{
	rm -f /tmp/work/commands
	mkfifo /tmp/work/commands
	./tlsrelay "$@" </tmp/work/commands >/tmp/work/relay 2>&1 &
	relay_pid=$!
	exec 9>/tmp/work/commands
	wait_for 10 grep -q . /tmp/work/relay
	id=$(sed -n 's/^port //p' /tmp/work/relay)
}

tell() { echo "$1" >&9; }
relay_over() { ! kill -0 "$relay_pid" 2>/dev/null; }

# What hearth monitor has seen a port end with.
ended_with() { grep -q "port $1: detaching.*$2" /tmp/work/monitor; }

# Has all that the port sent been TLS? Ends the relay.
all_tls()
{
	relay_over || tell quit
	wait_for 10 relay_over
	exec 9>&-
	diag "$(cat /tmp/work/relay)"
	grep -q "^wire: [1-9][0-9]* records, 0 bytes in the clear$" /tmp/work/relay
}

ends()	# ends COMMAND REASON
{
	relay "$cipher" 3240 1-1
	wait_for 10 device_is_there
	tell "$1"
	# so that something comes behind what breaks the next record
	[ "$1" != flip ] || ./urbs LIAR1 bulk-echo 64 4 1 >/dev/null 2>&1
	check "$cipher: $1: the port ends, and says why" wait_for 10 ended_with "$id" "$2"
	check "$cipher: $1: nothing in the clear" all_tls
	wait_for 10 no_ports
}

plan 38
modprobe -a tls hearth_vhci usb-storage sd_mod 2>/dev/null
modprobe -a -q gcm chacha20poly1305
hearth monitor >/tmp/work/monitor 2>&1 &

for cipher in aes-128-gcm chacha20-poly1305; do
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

	serve_liar --kind echo
	relay "$cipher" 3240 1-1
	wait_for 10 device_is_there
	check "$cipher: transfers of all lengths" ./urbs LIAR1 bulk-echo 70001 20 8
	check "$cipher: isochronous" ./urbs LIAR1 iso 0x84 100 16 40 4
	tell empty
	check "$cipher: an empty record is nothing" ./urbs LIAR1 int-echo 37 20 2
	check "$cipher: detach" unplug "$id"
	check "$cipher: all of that too" all_tls
	wait_for 10 no_ports
	if [ "$cipher" = aes-128-gcm ]; then
		ends alert-close "TLS: an alert"
		ends alert-fatal "TLS: an alert"
		ends handshake "TLS: an alert"
		ends flip "TLS: an alert"
		ends plain "TLS: an alert"
	fi
done

for half in tx rx; do
	serve_liar --kind echo
	relay --half $half aes-128-gcm 3240 1-1
	check "kTLS in one direction ($half) is refused" grep -q "attach refused" /tmp/work/relay
	exec 9>&-
done
serve_liar --kind echo
relay aes-128-gcm 3240 1-1
wait_for 10 device_is_there
./urbs LIAR1 bulk 0x81 64 100 100 >/dev/null 2>&1 &
sleep 0.5
check "rmmod with URBs under way" bounded 20 rmmod hearth_vhci
check "rmmod: nothing in the clear" all_tls
wait %3 2>/dev/null
stop_liar
finish
