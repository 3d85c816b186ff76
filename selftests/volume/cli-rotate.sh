#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12 timeout=240
# "hearth volume rotate": the metadata key is changed under a volume in use; who had the
# one before has nothing by it, and nobody loses his data.
# shellcheck disable=SC2086,SC1090,SC2016,SC2046  # words
. "$HEARTH_LIB"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

ann() { PATTERN_FIRST=0 PATTERN_COUNT=256 ./pattern "$@"; }
bob() { PATTERN_FIRST=1024 PATTERN_COUNT=256 ./pattern "$@"; }
open_v() { hv open v /dev/ram1 --key-file $w/ann; }
rotate() { hv rotate v --key-file $w/ann $cheap; }
unlock() { hv slot unlock v "$1" --key-file $w/$1; }
keyslots() { cryptsetup luksDump /dev/ram1 | grep -cE '^  [0-9]+: luks2'; }
token() { cryptsetup token export --token-id 0 /dev/ram1; }
mac() { dd if=/dev/ram1 bs=4k skip=4096 count=1 iflag=direct status=none | md5sum; }

plan 31
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-zero xts 2>/dev/null
for who in ann bob cy; do printf '%s' "it is $who" >$w/$who; done
ramdisks 2 44

hv create v /dev/ram1 --force --user ann --key-file $w/ann $cheap --region-size 256K >/dev/null
open_v >/dev/null
check "a volume with two owners and a user" eval "ann round /dev/mapper/v 1 1 && hv slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap && hv slot assign v 16 16 bob && bob round /dev/mapper/v 2 1 && hv slot add v --user cy --owner --key-file $w/ann --new-key-file $w/cy $cheap"
check "others are to be locked first" says 2 "lock it first" rotate
hv slot lock v bob >/dev/null
hv slot lock v cy >/dev/null
check "a user does not rotate it" says 2 "no owner's" hv rotate v --key-file $w/bob $cheap
check "nor does anybody during a job" eval "hv rekey v --user ann --key-file $w/ann --rate 64 $cheap && says 2 'has a job' rotate; hv job abort v"
mapfile -t both < <(hearth -j volume slot list v | grep -oE '"slot":[0-9]+,"user":"ann"' | grep -oE '[0-9]+')
check "the rekey is finished" hv rekey v --user ann --from "${both[0]}" --to "${both[1]}" --key-file $w/ann --wait
hv header backup /dev/ram1 $w/old >/dev/null
before=$(mac)
PATTERN_FIRST=512 PATTERN_COUNT=256 hammer
check "rotated, under writers" says 0 "the metadata have another key, which ann has" rotate
check "who saw what they wrote" calm
refuse "the superblock is another one" [ "$before" = "$(mac)" ]
check "Ann is the only owner" eval "says 0 'cy, user' hv slot list v && says 0 'ann, owner' hv slot list v"
check "there is no keyslot too many" eval "[ \$(keyslots) = 2 ] && ! token | grep -E 'next-keyslot|other-keyslot'"
check "Ann's data" ann check /dev/mapper/v 1 1
check "Bob's" eval "unlock bob && bob check /dev/mapper/v 2 1"
check "closed and opened" eval "hv close v && open_v && ann check /dev/mapper/v 1 1 && unlock bob && bob check /dev/mapper/v 2 1"
check "check is good" eval "hv close v && says 0 'all is well' hv check /dev/ram1 --key-file $w/ann"
check "Cy opens it no more" eval "says 2 \"no owner's\" hv open v /dev/ram1 --key-file $w/cy && says 2 'cy is a user' hv open v /dev/ram1 --user cy --key-file $w/cy"
check "a forged token does not make him one" eval "token | sed 's/,\"former-owner\":true//' >$w/token && cryptsetup token remove --token-id 0 /dev/ram1 && cryptsetup token import --token-id 0 --json-file $w/token /dev/ram1 && says 2 'No valid superblock' hv open v /dev/ram1 --user cy --key-file $w/cy"
check "nor does he erase Ann by it" eval "open_v && says 2 'no metadata key of v' hv slot erase v ann --yes --key-file $w/cy"
hv slot role v cy user --key-file $w/cy --owner-key-file $w/ann $cheap >/dev/null
check "he is a user with a sealed key" eval "says 0 'cy, user' hv slot list v && [ \$(keyslots) = 1 ] && unlock cy"
check "and an owner again, by Ann" eval "hv slot role v cy owner --key-file $w/cy --owner-key-file $w/ann $cheap && hv close v && hv open v /dev/ram1 --key-file $w/cy && unlock ann && ann check /dev/mapper/v 1 1"
check "who rotates it, too" eval "hv slot lock v ann && hv rotate v --key-file $w/cy $cheap && says 0 'ann, user' hv slot list v"
check "Ann's keyslot has her data still" eval "unlock ann && ann check /dev/mapper/v 1 1"
check "rekeyed she is a user as others" eval "hv rekey v --user ann --key-file $w/ann --wait $cheap && [ \$(keyslots) = 1 ] && ann check /dev/mapper/v 1 1"
check "and another passphrase she gets" eval "printf new >$w/new && hv slot passwd v ann --key-file $w/ann --new-key-file $w/new $cheap && hv slot lock v ann && hv slot unlock v ann --key-file $w/new && ann check /dev/mapper/v 1 1"
check "suspended and resumed" eval "hv suspend v && hv resume v --key-file $w/cy && hv slot unlock v ann --key-file $w/new && ann check /dev/mapper/v 1 1"
# A keyslot with a key that somebody knows, as an old copy of Cy's own would be, planted as
# the one that is to come.
head -c 96 /dev/urandom >$w/false
head -c 32 $w/false | keyctl padd logon hearth:false @u >/dev/null
plant()
{
	cryptsetup luksAddKey --batch-mode --unbound --key-slot 9 --volume-key-file $w/false --key-size 768 \
		--pbkdf argon2id --pbkdf-parallel 1 --pbkdf-memory 32 --pbkdf-force-iterations 4 /dev/ram1 $w/cy &&
		token | sed -E 's/("user":"cy","state":"used","keyslot":[0-9]+)/\1,"next-keyslot":9/' >$w/token && grep -q next-keyslot $w/token &&
		cryptsetup token remove --token-id 0 /dev/ram1 && cryptsetup token import --token-id 0 --json-file $w/token /dev/ram1
}
open_cy() { hv open v /dev/ram1 --key-file $w/cy; }
# planted: is the volume under its key?
planted()
{
	local line
	line=$(dmsetup table v | sed 's/meta_key:[^ ]*/meta_key::32:logon:hearth:false/')
	hv close v && mark || return
	if dmsetup create --noudevsync f --table "$line"; then dmsetup remove f; return 0; fi
	said "No valid superblock" && return 1
	return 0
}
check "a planted keyslot is not gone over to by an opening" eval "hv close v && plant && open_cy && ! token | grep next-keyslot && [ \$(keyslots) = 1 ] && ! planted"
check "nor by a rotation" eval "open_cy && plant && hv rotate v --key-file $w/cy $cheap && ! token | grep next-keyslot && [ \$(keyslots) = 1 ] && ! planted"
check "the volume is whole" eval "open_cy && hv slot unlock v ann --key-file $w/new && ann check /dev/mapper/v 1 1"
hv close v >/dev/null
dd if=$w/old of=/dev/ram1 bs=1M count=16 oflag=direct conv=notrunc status=none
check "an old copy of the header opens nothing" says 2 "No valid superblock" open_v
check "nor for him who was an owner in it" says 2 "No valid superblock" hv open v /dev/ram1 --key-file $w/cy
check "nothing was written" [ "$(dmsetup ls)" = "No devices found" ]
check "the kernel says nothing of a fault" eval "! dmesg | grep -E 'WARNING|BUG'"
finish
