#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12 timeout=400 programs=strace
# "hearth volume", killed before each of its writes to a disk and each of its
# requests to device-mapper, in turn: what was begun is finished or taken back, no
# data are lost, and no key that opens some. All of the moments with HEARTH_FULL,
# else some that are spread over the whole.
# shellcheck disable=SC2086,SC1090  # words
. "$HEARTH_LIB"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash
# shellcheck source=selftests/volume/kill.bash
. ./kill.bash

pbkdf="--pbkdf argon2id --pbkdf-parallel 1 --pbkdf-memory 32 --pbkdf-force-iterations 4"

bob() { PATTERN_FIRST=1024 PATTERN_COUNT=256 ./pattern "$@"; }
slots() { hearth -j volume slot list v | grep -oE '"slot":[0-9]+' | wc -l; }
slots_of() { hearth -j volume slot list v | grep -oE "\"slot\":[0-9]+,\"user\":\"$1\"" | grep -oE '[0-9]+'; }
# of owners alone
owners() { hearth -j volume slot list v | grep -o '"role":"owner"' | wc -l; }
keyslots() { cryptsetup luksDump /dev/ram1 | grep -cE '^  [0-9]+: luks2'; }

# --- create: a volume, or none -----------------------------------------------------
create_reset()
{
	dmsetup remove_all
	dd if=/dev/zero of=/dev/ram1 bs=1M count=1 conv=notrunc oflag=direct status=none
}
create_check()
{
	# where the kernel was formatting it
	if dmsetup info v >/dev/null 2>&1; then hv close v || return; fi
	if hv open v /dev/ram1 --key-file $w/ann; then
		ann round /dev/mapper/v 1 1 && hv close v
	else
		hv open v /dev/ram1 --key-file $w/ann 2>&1 | grep 'no header of a volume'
	fi
}

# --- slots: who is there, and what is his -------------------------------------------
no_bob()
{
	[ "$(slots)" = 1 ] || hv slot erase v bob --yes --key-file $w/ann
}
add_check()
{
	hv job wait v && ann check /dev/mapper/v 1 1 || return
	[ "$(owners)" = "$(keyslots)" ] || { echo "$(owners) owners, $(keyslots) keyslots"; return 1; }
	[ "$(slots)" = 1 ] || hv slot unlock v bob --key-file $w/bob
}
with_bob()
{
	[ "$(slots)" = 2 ] && return
	hv slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap &&
		hv slot assign v 16 16 bob && bob round /dev/mapper/v 2 1
}
# all of him, or nothing
erase_check()
{
	hv job wait v && ann check /dev/mapper/v 1 1 || return
	[ "$(owners)" = "$(keyslots)" ] || { echo "$(owners) owners, $(keyslots) keyslots"; return 1; }
	[ "$(slots)" = 1 ] || { hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1; }
}
# his key is whole, as an owner's or as a user's
bob_is()
{
	with_bob || return
	[ "$(hearth -j volume slot list v | grep -o '"user":"bob","role":"[a-z]*"')" = "\"user\":\"bob\",\"role\":\"$1\"" ] ||
		hv slot role v bob "$1" --key-file $w/bob --owner-key-file $w/ann $cheap
}
bob_owner() { bob_is owner; }
bob_user() { bob_is user; }
role_check()
{
	hv job wait v && ann check /dev/mapper/v 1 1 && hv slot lock v bob || return
	[ "$(owners)" = "$(keyslots)" ] || { echo "$(owners) owners, $(keyslots) keyslots"; return 1; }
	hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1 || return
	hv close v && open_v && hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1
}
bob_passwd_reset() { bob_user && { hv slot unlock v bob --key-file $w/bob || hv slot passwd v bob --key-file $w/new --new-key-file $w/bob $cheap; }; }
bob_passwd_check() { hv job wait v && hv slot lock v bob && { hv slot unlock v bob --key-file $w/bob || hv slot unlock v bob --key-file $w/new; } && bob check /dev/mapper/v 2 1; }
# --- rotate: under the one metadata key or the other, whose keyslot is there ----------
rotate_reset()
{
	hv slot lock v ann; hv slot lock v bob; hv slot unlock v ann --key-file $w/ann &&
		bob_owner && hv slot lock v bob
}
rotate_check()
{
	hv close v && open_v && ann check /dev/mapper/v 1 1 && hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1 || return
	# nothing is left undone, and an owner can be made by the key of now
	cryptsetup token export --token-id 0 /dev/ram1 | grep -E 'next-keyslot|other-keyslot' && return 1
	hv slot lock v bob && hv rotate v --key-file $w/ann $cheap && hv close v && open_v && ann check /dev/mapper/v 1 1
}
# by the old or by the new one
passwd_reset() { hv slot unlock v ann --key-file $w/ann || hv slot passwd v ann --key-file $w/new --new-key-file $w/ann $cheap; }
passwd_check()
{
	hv job wait v && hv slot lock v ann || return
	[ "$(owners)" = "$(keyslots)" ] || { echo "$(owners) owners, $(keyslots) keyslots"; return 1; }
	hv slot unlock v ann --key-file $w/ann || hv slot unlock v ann --key-file $w/new || return
	ann check /dev/mapper/v 1 1
}

# --- rekey: under the one key, the other, or both ------------------------------------
one_slot()
{
	local both
	mapfile -t both < <(slots_of ann)
	[ ${#both[@]} = 1 ] || hv rekey v --user ann --from "${both[0]}" --to "${both[1]}" --key-file $w/ann --wait
}
rekey_check()
{
	hv job wait v && ann check /dev/mapper/v 1 1 && hv close v && open_v && ann check /dev/mapper/v 1 1 || return
	[ "$(owners)" = "$(keyslots)" ] || { echo "$(owners) owners, $(keyslots) keyslots"; return 1; }
}

# --- adopt: the old volume, or ours --------------------------------------------------
adopt_reset()
{
	dmsetup remove_all
	rm -f $w/backup
	dd if=/dev/zero of=/dev/ram0 bs=1M count=1 conv=notrunc oflag=direct status=none
	dd if=$w/head of=/dev/ram2 bs=1M oflag=direct conv=notrunc status=none
}
adopt_check()
{
	local rc=0
	if dmsetup info v >/dev/null 2>&1; then hv close v || return; fi
	if hv open v /dev/ram0 /dev/ram2 --key-file $w/ann; then
		[ "$(sum /dev/mapper/v)" = "$(cat $w/before)" ] || rc=1
		cryptsetup isLuks /dev/ram2 && { echo "the old header is still there"; rc=1; }
		hv close v && return $rc
	fi
	cryptsetup open --key-file $w/ann /dev/ram2 c || return
	[ "$(sum /dev/mapper/c)" = "$(cat $w/before)" ] || rc=1
	cryptsetup close c && return $rc
}

plan 13
command -v strace >/dev/null || skip_rest "no strace here"
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-zero dm-crypt xts algif_skcipher 2>/dev/null
printf 'correct horse' >$w/ann
printf 'battery staple' >$w/bob
printf 'new words' >$w/new
ramdisks 3 28

cuts "create" create_reset create_check \
	create v /dev/ram1 --force --user ann --key-file $w/ann $cheap --region-size 256K
create_reset
check "a volume" eval "hv create v /dev/ram1 --force --user ann --key-file $w/ann $cheap --region-size 256K && open_v && ann round /dev/mapper/v 1 1"
cuts "slot add" no_bob add_check slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap
no_bob >/dev/null
cuts "slot add --owner" no_bob add_check slot add v --user bob --owner --key-file $w/ann --new-key-file $w/bob $cheap
no_bob >/dev/null
cuts "slot role user" bob_owner role_check slot role v bob user --key-file $w/bob --owner-key-file $w/ann $cheap
cuts "slot role owner" bob_user role_check slot role v bob owner --key-file $w/bob --owner-key-file $w/ann $cheap
cuts "slot passwd of a user" bob_passwd_reset bob_passwd_check slot passwd v bob --key-file $w/bob --new-key-file $w/new $cheap
bob_passwd_reset >/dev/null
cuts "rotate" rotate_reset rotate_check rotate v --user ann --key-file $w/ann $cheap
bob_user >/dev/null
cuts "slot erase of an owner" bob_owner erase_check slot erase v bob --yes --key-file $w/ann
cuts "slot erase" with_bob erase_check slot erase v bob --yes
no_bob >/dev/null
cuts "rekey" one_slot rekey_check rekey v --user ann --key-file $w/ann --wait $cheap
cuts "slot passwd" passwd_reset passwd_check slot passwd v ann --key-file $w/ann --new-key-file $w/new $cheap
hv close v
cryptsetup luksFormat -q --type luks2 $pbkdf --key-file $w/ann /dev/ram2 &&
	cryptsetup open --key-file $w/ann /dev/ram2 c &&
	dd if=/dev/urandom of=/dev/mapper/c bs=1M oflag=direct status=none 2>/dev/null
sum /dev/mapper/c >$w/before
cryptsetup close c
dd if=/dev/ram2 of=$w/head bs=1M count=16 iflag=direct status=none
cuts "adopt" adopt_reset adopt_check \
	adopt v /dev/ram2 --meta /dev/ram0 --header-backup $w/backup --key-file $w/ann --yes --force $cheap
finish
