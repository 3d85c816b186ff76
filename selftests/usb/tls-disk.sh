#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.12 timeout=180
# A disk of the stock server over kTLS: what is read is what is there, and what is
# written arrives.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
# shellcheck source=selftests/usb/tls.bash
. ./tls.bash

plan 12
serve
modprobe -a tls usb-storage sd_mod 2>/dev/null
busid=$(wait_busid serial HEARTHBOT)
for cipher in aes-128-gcm chacha20-poly1305; do
	sum=$(seed_local "$busid")
	dd if=/dev/urandom of=/tmp/work/new bs=1M count=8 status=none
	new=$(sha256sum </tmp/work/new | cut -d' ' -f1)
	bind "$busid"
	wait_for 10 shared "$busid"
	relay "$cipher" 3240 "$busid"
	check "$cipher: attached" [ "$id" ]
	dev=$(wait_disk)
	check "$cipher: the bytes are those of the local disk" [ "$(sum_of "$dev")" = "$sum" ]
	check "$cipher: write" dd if=/tmp/work/new of="$dev" bs=1M oflag=direct conv=fsync,nocreat status=none
	check "$cipher: detach" unplug "$id"
	check "$cipher: nothing was in the clear" all_tls
	wait_for 10 no_ports
	usbip unbind -b "$busid" >/dev/null 2>&1
	wait_for 20 local_disk "$busid"
	dev=$(local_disk "$busid")
	check "$cipher: what was written is on the local disk" [ "$(sum_of "$dev")" = "$new" ]
done
finish
