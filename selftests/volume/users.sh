#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.1 full=all timeout=180
# Two users in one volume: a key that is gone fails its owner's I/O alone. Which
# keys and messages are refused, and why.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((16 * mib))	# 64 regions: the first half Ann's, the other Bob's
half=$((len / 16))	# in blocks of 4 KiB

ann() { PATTERN_FIRST=0 PATTERN_COUNT=$half ./pattern "$@"; }
bob() { PATTERN_FIRST=$half PATTERN_COUNT=$half ./pattern "$@"; }
read_at() { dd if=/dev/mapper/v of=/tmp/work/got bs=256k skip="$1" count=1 iflag=direct status=none; }
write_at() { dd if=/dev/urandom of=/dev/mapper/v bs=256k seek="$1" count=1 oflag=direct status=none; }
zeros() { cmp -s -n 262144 /tmp/work/got /dev/zero; }
# in_memory KEY: does the kernel's log, table or status show the key's bytes?
shown() { { dmesg; dmsetup table v; dmsetup status v; } | grep -qi "$(od -An -tx1 "/tmp/work/key.$1" | tr -d ' \n' | head -c 16)"; }

plan 50
modprobe dm-rekey || bail "the module does not load"
modprobe -a xts 2>/dev/null
ramdisks 2 24
key meta 32
key ann
key bob
key eve
key short 32

# Opening.
refused "no metadata key" "Options need meta_key" dmcreate v "0 $len rekey $meta $cipher 1 $data 1 create"
refused "a hex key for the metadata" "Keys come from keyrings" \
	dmcreate v "0 $len rekey $meta $cipher 1 $data 2 create meta_key:$(head -c 32 /dev/zero | od -An -tx1 | tr -d ' \n')"
refused "a short key for the metadata" "too short" dmcreate v "$(table $len create | sed 's/:32:logon:hearth:meta/:8:logon:hearth:meta/')"
refused "a key that is not in the keyring" "no such key" open_volume v $len create "key:0:$(src nobody)"
ramdisks 2 24
refused "a cipher that does not encrypt" "does not encrypt" dmcreate v "$(cipher=cipher_null-ecb-plain64 table $len create)"
refused "a cipher that is not there" "does not have this cipher" dmcreate v "$(cipher=rot13-xts-plain64 table $len create)"
refused "a volume that is not there" "no valid copy\|No valid superblock" open_volume v $len
refused "a region of 128 KiB" "Bad region size" dmcreate v "$(region=256 table $len create)"
refused "a region of 600 sectors" "Bad region size" dmcreate v "$(region=600 table $len create)"
refused "an unknown option" "Bad option" open_volume v $len create plaintext
refused "devices that are too small" "too small" open_volume v $((25 * mib)) create
check "a volume" open_volume v $len create "key:0:$(src ann)"
refused "formatting it again" "not empty" dmcreate w "$(table $len create)"

# Keys by message.
hex=$(od -An -tx1 /tmp/work/key.bob | tr -d ' \n')
refused "a hex key" "Keys come from keyrings" msg v key load 1 "$hex"
refused "a user key" "Keys come from keyrings" msg v key load 1 ":64:user:hearth:bob"
refused "a wrong length" "not as long as was said" msg v key load 1 "$(src short 64)"
refused "a key that does not fit the cipher" "does not fit" eval 'head -c 40 /dev/urandom | keyctl padd logon hearth:odd @u >/dev/null; msg v key load 1 ":40:logon:hearth:odd"'
refused "a slot that cannot be" "Bad slot" msg v key load 248 "$(src bob)"
check "Bob's key" msg v key load 1 "$(src bob)"
check "half of it is Bob's" msg v assign 32 32 1
refused "a range behind the end" "Bad range" msg v assign 32 33 1

# Each his own.
check "Ann writes" ann round /dev/mapper/v 1 1
check "Bob writes" bob round /dev/mapper/v 2 1
check "regions are under their owner's slot" [ "$(under v 0) $(under v 1)" = "32 32" ]
refused "Ann's data is not assigned to Bob" "written under another slot" msg v assign 0 1 1
check "Bob's key is evicted" msg v key evict 1
refused "evicting it again" "No key is loaded" msg v key evict 1
refused "Bob's data cannot be read" "region 40: the key of slot 1 is not loaded" read_at 40
refused "nor written" "region 41: the key of slot 1 is not loaded" write_at 41
check "Ann's can" ann check /dev/mapper/v 1 1
check "and be written" ann round /dev/mapper/v 1 2
refused "Eve's key is not Bob's" "Wrong key" msg v key load 1 "$(src eve)"
refused "nor is Ann's" "Wrong key" msg v key load 1 "$(src ann)"
check "Bob comes back" msg v key load 1 "$(src bob)"
check "and finds his data" bob check /dev/mapper/v 2 1

# A wrong key in a table.
dmremove v
refused "a table with a wrong key" "Wrong key" open_volume v $len "key:0:$(src ann)" "key:1:$(src eve)"
check "opened without Bob" open_volume v $len "key:0:$(src ann)"
check "Ann is there" ann check /dev/mapper/v 1 2
refused "Bob is not" "slot 1 is not loaded" read_at 63

# A rekey of Ann's data alone; Bob's key is not needed.
key ann2
msg v key load 2 "$(src ann2)"
check "Ann has a new key" eval "msg v rekey start 0 2 && wait_for 60 idle v"
check "all that was hers is under it" [ "$(under v 0) $(under v 1) $(under v 2)" = "0 32 32" ]
check "and readable" ann check /dev/mapper/v 1 2

# Erased: no key brings it back.
refused "a free slot" "The slot is free" msg v erase 7
check "Bob is erased" msg v erase 1
check "his regions are zeros" eval "read_at 40 && zeros"
msg v key load 1 "$(src bob)"
check "also with his key" eval "read_at 40 && zeros"
check "Ann's are not" ann check /dev/mapper/v 1 2
dmremove v
open_volume v $len "key:2:$(src ann2)"
check "nor after opening again" ann check /dev/mapper/v 1 2
if shown ann2 || shown bob; then not_ok "no key is shown"; else ok "no key is shown"; fi
dmremove v
check "no volume is left" [ "$(dmsetup ls)" = "No devices found" ]
finish
