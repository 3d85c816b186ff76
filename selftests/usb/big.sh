#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=big kernels=6.12 full=stock timeout=120
# With more than 4 GiB of memory a disk's commands are as long as with less: nothing is
# mapped for DMA, so no bounce buffer limits them to 256 KiB. A8
. "$HEARTH_LIB"
. ./common.bash
. ./liar.bash

plan 4
modprobe hearth_vhci
modprobe -a usb-storage sd_mod 2>/dev/null
diag "$(grep MemTotal /proc/meminfo); $(dmesg | grep -i 'software IO TLB' | head -n 1)"
check "there is that much memory" [ "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)" -gt 4500000 ]
dd if=/dev/urandom of=/tmp/work/disk bs=1M count=8 status=none
serve_liar --kind disk --speed super --file /tmp/work/disk --size 8
port=$(plug)
dev=$(wait_disk)
kib=$(cat "/sys/class/block/${dev##*/}/queue/max_hw_sectors_kb")
check "a command of $kib KiB" [ "$kib" -ge 1024 ]
check "the same bytes" cmp "$dev" /tmp/work/disk
check "detach" unplug "$port"
stop_liar
finish
