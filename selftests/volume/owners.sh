#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12 timeout=300
# "hearth volume": owners have the metadata key, users their data keys alone. Who may
# open and change what, twenty users and more, and what somebody who writes to the
# header gets by it.
# shellcheck disable=SC2086,SC1090,SC2016,SC2046  # words
. "$HEARTH_LIB"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

pbkdf="--pbkdf argon2id --pbkdf-parallel 1 --pbkdf-memory 32 --pbkdf-force-iterations 4"

ann() { PATTERN_FIRST=0 PATTERN_COUNT=256 ./pattern "$@"; }
bob() { PATTERN_FIRST=1024 PATTERN_COUNT=256 ./pattern "$@"; }
open_v() { hv open v /dev/ram1 --key-file $w/ann; }
roles() { hearth -j volume slot list v | grep -o "\"role\":\"$1\"" | wc -l; }
keyslots() { cryptsetup luksDump /dev/ram1 | grep -cE '^  [0-9]+: luks2'; }
token() { cryptsetup token export --token-id 0 /dev/ram1; }
# forge SED: the token as somebody else may write it
forge()
{
	token | sed -E "$1" >$w/token
	! cmp -s $w/token <(token) || { echo "nothing was forged"; return 1; }
	cryptsetup token remove --token-id 0 /dev/ram1 &&
		cryptsetup token import --token-id 0 --json-file $w/token /dev/ram1
}
save() { dd if=/dev/ram1 of=$w/header bs=1M count=16 iflag=direct status=none; }
put_back() { dd if=$w/header of=/dev/ram1 bs=1M oflag=direct conv=notrunc status=none; }
add() { hv slot add v --user "$1" --key-file "${2:-$w/ann}" --new-key-file $w/$1 $cheap "${@:3}"; }
unlock() { hv slot unlock v "$1" --key-file $w/$1; }
role() { hv slot role v "$1" "$2" --key-file $w/$1 --owner-key-file "${3:-$w/ann}" $cheap; }

if [ "${HEARTH_FULL-}" ]; then plan 63; else plan 61; fi
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-zero xts 2>/dev/null
for who in ann bob cy dan eve; do printf '%s' "it is $who" >$w/$who; done
ramdisks 2 44

# A user.
check "a volume of Ann's" eval "hv create v /dev/ram1 --force --user ann --key-file $w/ann $cheap --region-size 256K && open_v && ann round /dev/mapper/v 1 1"
check "Bob is added as a user" says 0 "slot 1 of bob added and loaded" add bob
check "he has regions" eval "hv slot assign v 16 16 bob && bob round /dev/mapper/v 2 1"
check "the list tells who is an owner" eval "says 0 'ann, owner, loaded' hv slot list v && says 0 'bob, user, loaded' hv slot list v"
check "so does dump" eval "says 0 'of ann, owner, keyslot 0' hv dump /dev/ram1 && says 0 'of bob, user' hv dump /dev/ram1"
check "there is one keyslot, the owner's" [ "$(keyslots)" = 1 ]
hv close v
check "Bob does not open it" says 2 "no owner's" hv open v /dev/ram1 --key-file $w/bob
check "nor by his name, and it says what to do" says 2 "bob is a user of the volume, and no owner: an owner opens it, then \"slot unlock\"" hv open v /dev/ram1 --user bob --key-file $w/bob
check "nor is it checked by him" says 2 "no owner's" hv check /dev/ram1 --key-file $w/bob
check "Ann opens it, and not what is his" eval "open_v && ! bob check /dev/mapper/v 2 1"
check "he unlocks what is his" eval "unlock bob && bob check /dev/mapper/v 2 1"
check "Ann's passphrase does not" says 2 "not that of the user" hv slot unlock v bob --key-file $w/ann
check "he adds nobody" says 2 "no owner's" add cy $w/bob
check "nor resizes it" says 2 "no owner's" hv resize v --size 8M --key-file $w/bob
check "he resumes it when it was suspended" eval "hv suspend v && hv resume v --key-file $w/bob && bob check /dev/mapper/v 2 1"
check "Ann comes back" eval "unlock ann && ann check /dev/mapper/v 1 1"
printf 'more words' >$w/bob2
check "he has another passphrase" eval "hv slot passwd v bob --key-file $w/bob --new-key-file $w/bob2 $cheap && says 2 wrong hv slot unlock v bob --key-file $w/bob && mv $w/bob2 $w/bob && unlock bob"
check "and another key, as a user" eval "hv rekey v --user bob --key-file $w/bob --wait $cheap && bob check /dev/mapper/v 2 1 && [ \$(roles user) = 1 ] && [ \$(keyslots) = 1 ]"
check "closed and opened it is the same" eval "hv close v && open_v && unlock bob && bob check /dev/mapper/v 2 1 && ann check /dev/mapper/v 1 1"

# Owners and users become one another.
check "the last owner is not made a user" says 2 "another owner" hv slot role v ann user --key-file $w/ann --owner-key-file $w/ann $cheap
check "nor by a user" says 2 "no owner's" role ann user $w/bob
check "nor erased" says 2 "the last owner" hv slot erase v ann --yes --force --key-file $w/ann
check "Cy is added as an owner" eval "add cy $w/ann --owner && [ \$(roles owner) = 2 ] && [ \$(keyslots) = 2 ]"
check "and opens the volume" eval "hv close v && says 0 'user cy' hv open v /dev/ram1 --key-file $w/cy && unlock ann && ann check /dev/mapper/v 1 1"
check "Cy becomes a user" eval "says 0 'cy is user now' role cy user && [ \$(roles owner) = 1 ] && [ \$(keyslots) = 1 ]"
check "with the key of before" eval "hv slot lock v cy && unlock cy"
check "Bob becomes an owner" eval "says 0 'bob is owner now' role bob owner && [ \$(keyslots) = 2 ]"
check "and opens the volume" eval "hv close v && hv open v /dev/ram1 --key-file $w/bob && bob check /dev/mapper/v 2 1 && unlock ann"
check "a wrong passphrase changes no role" eval "says 2 wrong hv slot role v bob user --key-file $w/eve --owner-key-file $w/ann $cheap && [ \$(roles owner) = 2 ]"
check "an owner is not erased without one who stays" says 2 "another owner, who stays" hv slot erase v bob --yes --key-file $w/bob
check "nor by a user's word" says 2 "no owner's" hv slot erase v bob --yes --key-file $w/cy
check "Ann makes Bob a user again" eval "role bob user && unlock bob && bob check /dev/mapper/v 2 1"
check "a user is erased without a passphrase" eval "hv slot erase v cy --yes && [ \$(roles user) = 1 ]"
check "Cy is an owner once more" add cy $w/ann --owner
check "Ann erases Cy" eval "hv slot erase v cy --yes --key-file $w/ann && [ \$(roles owner) = 1 ] && [ \$(keyslots) = 1 ]"

# Who writes to the header.
save
slot=$(hearth -j volume slot list v | grep -oE '"slot":[0-9]+,"user":"bob"' | grep -oE '[0-9]+')
check "a sealed key is put under another slot" forge "s/\"slot\":$slot,\"user\":\"bob\"/\"slot\":9,\"user\":\"bob\"/"
check "there it opens nothing" says 2 "wrong passphrase" unlock bob
put_back
check "Bob is made an owner by the token" forge 's/("user":"bob","state":"used"),"sealed-key":\{[^}]*\}/\1,"keyslot":5/'
check "which unlocks nothing" says 2 "no key of this volume" unlock bob
hv close v >/dev/null
check "nor opens anything" says 2 "no key of this volume" hv open v /dev/ram1 --user bob --key-file $w/bob
check "Ann opens it all the same" eval "open_v && hv close v"
put_back
# a keyslot of Eve's own, with a metadata key of her own
head -c 96 /dev/urandom >$w/false
check "Eve writes herself a keyslot" cryptsetup luksAddKey --batch-mode --unbound --key-slot 9 --volume-key-file $w/false --key-size 768 $pbkdf /dev/ram1 $w/eve
check "and herself an owner" forge 's/"slots":\[/"slots":[{"slot":9,"user":"eve","state":"used","keyslot":9},/'
check "she does not open it" says 2 "" hv open v /dev/ram1 --user eve --key-file $w/eve
check "Ann does" open_v
check "no owner goes by Eve's word" says 2 "no metadata key of v" hv slot erase v ann --yes --key-file $w/eve
check "nor becomes a user" says 2 "no metadata key of v" role ann user $w/eve
check "nor is anybody added" says 2 "no metadata key of v" add dan $w/eve --owner
check "Ann is there as before" eval "hv slot lock v ann && unlock ann && ann check /dev/mapper/v 1 1"
hv close v
put_back
check "opened again" eval "open_v && unlock bob"
# marks on an owner who has no region of his own: only the kernel's word would not save him
check "Dan, an owner without data" add dan $w/ann --owner
save
check "\"erasing\", forged, of all owners" forge 's/("user":"(ann|dan)","state":)"used"/\1"erasing"/g'
check "the next command destroys no last one" eval "hv job wait v && hv close v && { open_v || hv open v /dev/ram1 --key-file $w/dan; }"
hv close v
put_back
check "\"adding\", forged" eval "open_v && forge 's/(\"user\":\"(ann|dan)\",\"state\":)\"used\"/\1\"adding\"/g' && hv job wait v && hv close v && { open_v || hv open v /dev/ram1 --key-file $w/dan; }"
hv close v
put_back
open_v >/dev/null
hv slot erase v dan --yes --key-file $w/ann >/dev/null

# Many of them.
many() { local n; for n in $(seq "$1" "$2"); do printf 'user %d' $n >$w/u$n; add u$n >/dev/null || return; done; }
check "twenty users" eval "many 1 20 && [ \$(roles user) = 21 ]"
check "each with a region, and Ann with hers" eval "for n in \$(seq 1 20); do hv slot assign v \$((35 + n)) 1 u\$n || exit 1; done; for n in 1 13 20; do PATTERN_FIRST=\$((2240 + n * 64)) PATTERN_COUNT=16 ./pattern round /dev/mapper/v \$n 1 || exit 1; done"
check "all of them come back" eval "hv close v && open_v && for n in \$(seq 1 20); do unlock u\$n || exit 1; done; for n in 1 13 20; do PATTERN_FIRST=\$((2240 + n * 64)) PATTERN_COUNT=16 ./pattern check /dev/mapper/v \$n 1 || exit 1; done"
check "one is not another" says 2 "not that of the user" hv slot unlock v u7 --key-file $w/u8
check "six owners beside Ann" eval "for n in 1 2 3 4 5 6; do role u\$n owner || exit 1; done; [ \$(keyslots) = 7 ]"
check "and no more" says 2 "room for 7 slots of owners" role u7 owner
if [ "${HEARTH_FULL-}" ]; then
	check "a hundred and twenty slots" eval "many 21 118 && [ \$(roles user) = 113 ]"
	check "and no more" says 2 "room for 120 slots" add eve
fi
check "closed" eval "hv close v && open_v && ann check /dev/mapper/v 1 1 && hv close v"
finish
