#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2 full=all timeout=180
# A volume at rest: the same bytes as dm-crypt's, both ways, a file system on it,
# regions that were never written, discards, flushes.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

mb=4	# of the volume
len=$((mb * mib))
bytes=64	# of a data key

# What dm-crypt wrote is read through a volume that adopts it, and back.
interop()	# NAME CRYPT-OPTIONS...
{
	local name=$1 a b
	shift
	ramdisks 2 $((mb + 2))
	key d0 $bytes
	# shellcheck disable=SC2086
	plain_crypt c $len /dev/ram1 0 d0 "$@"
	dd if=/dev/urandom of=/dev/mapper/c bs=1M count=$mb oflag=direct status=none
	a=$(sum /dev/mapper/c)
	dmremove c
	check "$name: a volume adopts it" open_volume v $len adopt:0 "key:0:$(src d0 $bytes)" || return
	b=$(sum /dev/mapper/v)
	check "$name: it reads what dm-crypt wrote" [ "$a" = "$b" ]
	check "$name: it writes" ./pattern round /dev/mapper/v 1 1
	a=$(sum /dev/mapper/v)
	dmremove v
	plain_crypt c $len /dev/ram1 0 d0 "$@"
	b=$(sum /dev/mapper/c)
	check "$name: dm-crypt reads what the volume wrote" [ "$a" = "$b" ]
	dmremove c
	forget d0
}

plan 55
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-crypt xts 2>/dev/null
key meta 32

options=
interop "512"
options="sector_size:4096"
interop "4096" sector_size:4096
options="sector_size:4096 iv_large_sectors"
interop "4096, large IV" sector_size:4096 iv_large_sectors
options=
cipher=aes-cbc-essiv:sha256
bytes=32
interop "cbc-essiv"
cipher=aes-xts-plain64
bytes=64

# A driver that is asynchronous always.
modprobe -q cryptd
crypt_cipher=$cipher
key d1
crypt_driver=
for name in aes-generic aes-lib; do
	cipher="capi:cryptd(xts(ecb($name)))-plain64"
	ramdisks 2 $((mb + 2))
	dmcreate c "0 8 crypt $cipher $(src d1) 0 /dev/ram1 0" 2>/dev/null && dmremove c &&
		crypt_driver=$name && break
done
if [ -n "$crypt_driver" ]; then
	interop "asynchronous"
else
	for n in 1 2 3 4; do skip "asynchronous: $n" "no such driver"; done
fi
forget d1
cipher=$crypt_cipher
crypt_cipher=

# An empty volume: nothing lies anywhere till it is written.
mb=8
len=$((mb * mib))
ramdisks 2 12
key d0 $bytes
check "a new volume is made" open_volume v $len create "key:0:$(src d0 $bytes)"
check "its regions are not written" [ "$(field v 3)" = "0/32" ]
check "they read as zeros" ./pattern check /dev/mapper/v 1 0
dd if=/dev/urandom of=/tmp/work/one bs=4k count=1 status=none
check "a first write" dd if=/tmp/work/one of=/dev/mapper/v bs=4k seek=100 oflag=direct status=none
check "it took one region" [ "$(field v 3)" = "1/32" ]
dd if=/dev/mapper/v of=/tmp/work/back bs=4k skip=100 count=1 iflag=direct status=none
check "it reads back" cmp /tmp/work/one /tmp/work/back
dd if=/dev/mapper/v of=/tmp/work/back bs=4k skip=64 count=36 iflag=direct status=none
head -c $((36 * 4096)) /dev/zero >/tmp/work/zero
check "the region before it is zeros" cmp /tmp/work/zero /tmp/work/back
dd if=/dev/mapper/v of=/tmp/work/back bs=4k skip=101 count=27 iflag=direct status=none
head -c $((27 * 4096)) /dev/zero >/tmp/work/zero
check "the region behind it is zeros" cmp /tmp/work/zero /tmp/work/back
check "the disk does not show the bytes" eval '! grep -qaF "$(head -c 24 /tmp/work/one | tr -d "\0\n")" /dev/ram1'

# Whole again after it is closed.
check "all is written" ./pattern round /dev/mapper/v 7 1
dd if=/dev/urandom of=/dev/mapper/v bs=1M count=$mb oflag=direct status=none
before=$(sum /dev/mapper/v)
line=$(dmsetup table v)
diag "$line"
case $line in
*"$(od -An -tx1 /tmp/work/key.d0 | tr -d ' \n' | head -c 32)"*) not_ok "the table has no key in it" ;;
*"key:0::64:logon:hearth:d0"*) ok "the table has no key in it" ;;
*) not_ok "the table has no key in it: and no name of one" ;;
esac
dmremove v
check "it opens again by the line that the table had" dmcreate v "$line"
check "it reads the same" [ "$(sum /dev/mapper/v)" = "$before" ]
check "all regions are written" [ "$(field v 3)" = "32/32" ]
refused "a second volume on the same metadata" "Another volume is active" dmcreate w "$line"
dmremove w 2>/dev/null
dmremove v

# Discards, when they are allowed.
open_volume v $len "key:0:$(src d0 $bytes)"
refuse "no discard is taken without allow_discards" blkdiscard -o $((3 * 262144)) -l 262144 /dev/mapper/v
check "all regions are still written" [ "$(field v 3)" = "32/32" ]
check "and as they were" [ "$(sum /dev/mapper/v)" = "$before" ]
dmremove v
options=allow_discards
check "opens with discards" open_volume v $len "key:0:$(src d0 $bytes)"
check "discard of two regions and a bit" blkdiscard -o $((3 * 262144)) -l $((2 * 262144 + 8192)) /dev/mapper/v
check "two regions are free" [ "$(field v 3)" = "30/32" ]
dd if=/dev/mapper/v bs=256k skip=3 count=2 iflag=direct status=none | cmp - <(head -c 524288 /dev/zero) >/tmp/work/out 2>&1
check "they read as zeros" [ ! -s /tmp/work/out ]
dd if=/dev/mapper/v of=/tmp/work/back bs=4k skip=$((5 * 64)) count=1 iflag=direct status=none
check "the bit is not" eval '! cmp -s -n 4096 /tmp/work/back /dev/zero'
check "a region that was discarded is written" \
	dd if=/tmp/work/one of=/dev/mapper/v bs=4k seek=$((3 * 64)) oflag=direct status=none
dd if=/dev/mapper/v bs=4k skip=$((3 * 64 + 1)) count=63 iflag=direct status=none | cmp - <(head -c $((63 * 4096)) /dev/zero) >/tmp/work/out 2>&1
check "and its rest is zeros" [ ! -s /tmp/work/out ]

# A file system.
modprobe -q ext4
mkdir -p /mnt/v
check "ext4: mkfs" mkfs.ext4 -q /dev/mapper/v
check "ext4: mount" mount /dev/mapper/v /mnt/v
cp -r /hearth/selftests/volume /mnt/v/
sync
check "ext4: the files are there" diff -r /hearth/selftests/volume /mnt/v/volume
umount /mnt/v
dmremove v
open_volume v $len "key:0:$(src d0 $bytes)"
check "ext4: fsck after opening again" fsck.ext4 -fn /dev/mapper/v
mount /dev/mapper/v /mnt/v
check "ext4: the files are still there" diff -r /hearth/selftests/volume /mnt/v/volume
umount /mnt/v
dmremove v

# Metadata and data on one device.
ramdisks 1 12
data="/dev/ram0 4096"
options=meta_offset:2048
refused "data that begin within the metadata" "too little room before what lies behind" \
	eval 'data="/dev/ram0 2056" open_volume w $len create "key:0:$(src d0 $bytes)"'
check "one device for both" open_volume w $len create "key:0:$(src d0 $bytes)"
check "the table says where" eval 'dmsetup table w | grep -q " meta_offset:2048 "'
check "what is before it is untouched" cmp -n $((2048 * 512)) /dev/ram0 /dev/zero
dd if=/dev/urandom of=/dev/mapper/w bs=1M count=$mb oflag=direct status=none
one=$(sum /dev/mapper/w)
dmremove w
open_volume w $len "key:0:$(src d0 $bytes)"
check "it reads back from there" [ "$(sum /dev/mapper/w)" = "$one" ]
dmremove w
forget d0
forget meta
finish
