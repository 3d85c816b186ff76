#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=stock full=debug timeout=90
# Ciphertext as the standard has it (IEEE 1619), and as OpenSSL makes it: of what
# is written, of a first write's rest of a region, and of what was moved.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((8 * mib))

# raw FIRST COUNT TO: sectors of the data device, the label's place not counted.
raw() { dd if=/dev/ram1 of="$3" bs=512 skip=$(($1 + place * region)) count="$2" iflag=direct status=none; }

# Vector 10 of the standard's annex B, keys of 256 bits: data
# unit 255 of the bytes 0 to 255, twice.
vector()
{
	local i
	printf '\x27\x18\x28\x18\x28\x45\x90\x45\x23\x53\x60\x28\x74\x71\x35\x26\x62\x49\x77\x57\x24\x70\x93\x69\x99\x59\x57\x49\x66\x96\x76\x27'
	printf '\x31\x41\x59\x26\x53\x58\x97\x93\x23\x84\x62\x64\x33\x83\x27\x95\x02\x88\x41\x97\x16\x93\x99\x37\x51\x05\x82\x09\x74\x94\x45\x92'
} >/tmp/work/key.ieee

# same NAME CIPHER BYTES SECTOR-SIZE IV-UNIT OPTION...: a volume of this kind
same()
{
	local name=$1 bytes=$3 size=$4 unit=$5
	cipher=$2
	shift 5
	options=$*
	place=1
	ramdisks 2 12
	key d0 "$bytes"
	check "$name: a volume" open_volume v $len create "key:0:$(src d0 "$bytes")" || return
	dd if=/dev/urandom of=/tmp/work/plain bs=64k count=8 status=none
	dd if=/tmp/work/plain of=/dev/mapper/v bs=64k oflag=direct status=none
	raw 0 1024 /tmp/work/secret
	check "$name: what was written" ./answers "$cipher" /tmp/work/key.d0 "$size" "$unit" 0 /tmp/work/plain /tmp/work/secret
	# one block, in a region of its own: the rest of it is zeros
	dd if=/tmp/work/plain of=/dev/mapper/v bs=4k count=1 seek=$((region / 8 * 5)) oflag=direct status=none
	place=3
	raw 8 504 /tmp/work/secret
	head -c $((504 * 512)) /dev/zero >/tmp/work/plain
	check "$name: the rest of a first write" ./answers "$cipher" /tmp/work/key.d0 "$size" "$unit" $((5 * region + 8)) /tmp/work/plain /tmp/work/secret
	dmremove v
	forget d0
}

plan 21
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts cbc essiv authenc sha256_generic 2>/dev/null
key meta 32
vector
keyctl padd logon hearth:ieee @u </tmp/work/key.ieee >/dev/null
ramdisks 2 12
place=0
check "a volume with the standard's key" open_volume v $len adopt:0 "key:0:$(src ieee)"
for i in $(seq 0 255) $(seq 0 255); do
	printf "\\x$(printf %02x "$i")"
done >/tmp/work/plain
dd if=/tmp/work/plain of=/dev/mapper/v bs=512 seek=255 count=1 oflag=direct status=none
raw 255 1 /tmp/work/secret
check "data unit 255 is as in the standard" [ "$(od -An -tx1 -N 48 /tmp/work/secret | tr -d ' \n')" = \
	1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44 ]
check "all of it as OpenSSL makes it" ./answers "$cipher" /tmp/work/key.ieee 512 512 255 /tmp/work/plain /tmp/work/secret

# To another key, at another place.
key d1
msg v key load 1 "$(src d1)"
dd if=/dev/mapper/v of=/tmp/work/plain bs=512 count=512 iflag=direct status=none
msg v rekey start 0 1 0 1
check "a region moves" wait_for 20 idle v
place=$(./info v 0 | cut -d' ' -f7)
diag "to place $place"
raw 0 512 /tmp/work/secret
check "its ciphertext is the new key's" ./answers "$cipher" /tmp/work/key.d1 512 512 0 /tmp/work/plain /tmp/work/secret
refuse "and not the old one's" ./answers "$cipher" /tmp/work/key.ieee 512 512 0 /tmp/work/plain /tmp/work/secret
dmremove v
forget d1
forget ieee

same "512" aes-xts-plain64 64 512 512
same "4096" aes-xts-plain64 64 4096 512 sector_size:4096
same "4096, large IV" aes-xts-plain64 64 4096 4096 sector_size:4096 iv_large_sectors
same "128 bits, big-endian" aes-xts-plain64be 32 512 512
same "cbc-essiv" aes-cbc-essiv:sha256 32 512 512
forget meta
finish
