#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=120
# kTLS puts a record that is larger than the receive buffer together in pages of its own.
# Where it gets none it tries again, later and by itself: the port hears of such a
# record, too, and nothing stands still. 10/A8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash
# shellcheck source=selftests/usb/tls.bash
. ./tls.bash

fail=/sys/kernel/debug/fail_page_alloc

fail() { echo "$2" >"$fail/$1"; }

# Only what kTLS asks for to put records together; see Documentation/fault-injection.
only_strparser()
{
	local range
	range=$(awk '$3 ~ /^tls_strp_/ && $4 == "[tls]" { print $1 }' /proc/kallsyms | sort)
	fail require-start "0x$(head -n 1 <<<"$range")"
	fail require-end "0x$(tail -n 1 <<<"$range")"
	fail stacktrace-depth 32
	fail task-filter N
	fail ignore-gfp-wait N
	fail ignore-gfp-highmem N
	fail min-order 0
	fail verbose 0
}

plan 5
modprobe -a tls hearth_vhci
serve_liar

# large_records: in times without pages. Slabs grow by pages, too, and where kTLS gets no
# head of a record it gives the connection up, of its own: then once more.
large_records()
{
	local try rc
	for try in 1 2 3 4 5; do
		relay --rcvbuf 4096 aes-128-gcm 3240 1-1
		wait_for 10 device_is_there
		mark "try $try"
		fail times 100
		fail probability 50
		./urbs -t 60000 LIAR1 bulk-echo 70001 20 8
		rc=$?
		fail probability 0
		[ $rc != 0 ] || return 0
		dmesg | sed "1,/try $try/d" | grep 'the connection broke, error -12' || return
		all_tls
		wait_for 10 no_ports
		wait_for 10 gone
	done
	return $rc
}

only_strparser
large_records >/tmp/work/urbs
check "records larger than the receive buffer" eval "cat /tmp/work/urbs; [ $? = 0 ]"
diag "$((100 - $(cat $fail/times))) pages were not there"
check "pages failed for them" [ "$(cat $fail/times)" -lt 90 ]
check "detach" unplug "$id"
check "nothing was in the clear" all_tls
check "no port is left" wait_for 10 no_ports
stop_liar
finish
