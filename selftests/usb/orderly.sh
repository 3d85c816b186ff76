#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# An orderly end: drivers write back what they hold, and the disk's cache is flushed,
# before the connection ends; and whatever a server does, that ends too. A7
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
log=/tmp/work/log

# disk OPTION...: one of 4 MiB, that is held open so that nobody's close writes back
disk()
{
	cp /tmp/work/seed /tmp/work/disk
	rm -f $log
	serve_liar --kind disk --speed super --file /tmp/work/disk --size 4 --log $log "$@"
	port=$(plug 1-1 --unlink-timeout 600000)
	dev=$(wait_disk)
	# a disk that has written little yet has a small share of what may be dirty
	echo 100 >"/sys/block/${dev##*/}/bdi/min_ratio"
	exec 8<"$dev"
}

# 2 MiB that stay in the page cache
dirty() { dd if=/tmp/work/new of="$dev" bs=64k conv=nocreat,notrunc status=none; }

written() { cmp -n 2097152 /tmp/work/new /tmp/work/disk; }

# flushed: did SYNCHRONIZE CACHE come behind the last write?
flushed()
{
	local write sync
	write=$(grep -n 'op 2a' $log | tail -n 1 | cut -d: -f1)
	sync=$(grep -n 'op 35' $log | tail -n 1 | cut -d: -f1)
	[ "${sync:-0}" -gt "${write:-0}" ]
}

state_is() { hearth -j usb ports "$port" | grep -q "\"state\": *\"$1\""; }

# late: were the drivers cut short?
late() { grep "\"port\":$port,.*\"state\":\"detaching\".*\"reason\":\"request\".*\"errno\":110" $events; }

close() { exec 8<&-; wait_for 20 no_ports; }

more=${HEARTH_FULL:+2}
plan $((23 + ${more:-0}))
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
echo 0 >/sys/module/usb_storage/parameters/delay_use
# what is dirty stays so till somebody asks for it
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
dd if=/dev/urandom of=/tmp/work/seed bs=1M count=4 status=none
dd if=/dev/urandom of=/tmp/work/new bs=1M count=2 status=none
hearth -j monitor >$events &
monitor=$!
sleep 1

disk
dirty
refuse "detach: the data is not there before" written
check "detach" hearth usb detach "$port"
check "detach: the data is there" written
check "detach: the cache was flushed" flushed
check "detach: the drivers were waited for" grep -q "\"port\":$port,.*\"state\":\"leaving\".*\"reason\":\"request\"" $events
refuse "detach: and had the time" late
close

disk --busy-ms 150
echo 64 >"/sys/class/block/${dev##*/}/queue/max_sectors_kb"
dirty
check "slow disk: detach takes longer than a standstill may" hearth usb detach "$port" --timeout 3000
check "slow disk: the data is there" written
check "slow disk: the cache was flushed" flushed
close

disk --gate --lie mute
dirty
open_gate
said=$(timeout 60 hearth usb detach "$port" --timeout 1500 2>&1)
check "stuck server: detach ends, and what is lost is no success" [ $? = 2 ]
diag "$said"
check "stuck server: the command says so" grep -q "did not let go in time" <<<"$said"
check "stuck server: so does the event" late
close

disk --busy-ms 400
echo 32 >"/sys/class/block/${dev##*/}/queue/max_sectors_kb"
dirty
timeout 60 hearth usb detach "$port" --timeout 500
check "dribbling server: detach ends, and what is lost is no success" [ $? = 2 ]
check "dribbling server: the event says so" late
close

disk --gate --lie mute
dirty
open_gate
hearth usb detach "$port" --timeout 600000 --no-wait >/dev/null
check "stuck server: the drivers are waited for" wait_for 5 state_is leaving
sleep 1
check "stuck server: --now does not wait any longer" timeout 30 hearth usb detach "$port" --now
check "stuck server: it is gone" wait_for 20 eval "! hearth usb ports $port"
close

# While a driver sits in its device ports are shown all the same. And how long it has is what
# the most impatient one says, here the module's removal.
disk --gate --lie mute
exec 8<&-
open_gate
hearth usb detach "$port" --timeout 600000 --no-wait >/dev/null
check "stuck driver: ports are shown" timeout 20 wait_for 5 state_is leaving
if [ "${HEARTH_FULL-}" ]; then
	check "stuck driver: module removal has no ten minutes" timeout 60 rmmod hearth_vhci
	check "stuck driver: the reason" wait_for 5 why "$port" request
	wait $monitor
	modprobe hearth_vhci
	monitor $events -j	# port numbers begin again
	monitor=$!
else
	unplug "$port" --now
	wait_for 20 no_ports
fi

disk
dirty
exec 8<&-	# the close of a device writes back, too; nothing may hold the module
disk_gone() { ! remote_disk; }
check "module removal" timeout 60 rmmod hearth_vhci
check "module removal: the data is there" written
check "module removal: the cache was flushed" flushed
check "module removal: the reason" wait_for 5 why "$port" unload
check "module removal: nothing is left" wait_for 10 disk_gone
kill $monitor
stop_liar
finish
