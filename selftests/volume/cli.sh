#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=all timeout=600 programs=script
# "hearth volume": a volume's whole life, two users, what a crash or a kill -9
# leaves, and that no secret is seen on the way.
# shellcheck disable=SC2086,SC1090,SC2120,SC2046,SC2207  # words
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

half=1024	# blocks of 4 KiB: 4 MiB, Ann's; then Bob's

# hj VERB...: JSON; json KEY VERB...: the first value of a key in it
hj() { hearth -j volume "$@"; }
json() { local key=$1; shift; hj "$@" | grep -oE "\"$key\":(\"[^\"]*\"|[0-9a-z]+)" | head -n 1 | cut -d: -f2- | tr -d '"'; }
ann() { PATTERN_FIRST=0 PATTERN_COUNT=$half ./pattern "$@"; }
bob() { PATTERN_FIRST=$half PATTERN_COUNT=$half ./pattern "$@"; }
# typed TEXT COMMAND...: on a terminal of its own; what it shows is in $w/typed
typed()
{
	local text=$1 pid
	shift
	rm -f $w/keys
	mkfifo $w/keys
	script -qefc "$*" $w/typed <$w/keys >/dev/null 2>&1 &
	pid=$!
	exec 8>$w/keys
	wait_for 20 grep -q Passphrase $w/typed
	printf '%s\n' "$text" >&8
	wait $pid
	got=$?
	exec 8>&-
	return $got
}
# catches_int PID: has it a handler for SIGINT?
catches_int() { (($(sed -n 's/^SigCgt:\t/0x/p' "/proc/$1/status") & 2)); }
slots() { hj slot list v | grep -oE '"slot":[0-9]+' | wc -l; }
# of owners alone
owners() { hj slot list v | grep -o '"role":"owner"' | wc -l; }
keyslots() { cryptsetup luksDump "${1:-/dev/ram1}" | grep -cE '^  [0-9]+: luks2'; }
# slots_of USER: their numbers, from the list on standard input
slots_of() { grep -oE "\"slot\":[0-9]+,\"user\":\"$1\"" | grep -oE '[0-9]+'; }
# slot_of USER: the first
slot_of() { hj slot list v | slots_of "$1" | head -n 1; }
# $both: Ann's two
both_slots()
{
	local rc=0
	hj slot list v >$w/list || rc=$?
	both=($(slots_of ann <$w/list))
	[ ${#both[@]} = 2 ] || diag "two slots of Ann: exit code $rc, $(cat $w/list)"
}

plan 103
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-crypt xts algif_skcipher loop 2>/dev/null
printf 'correct horse' >$w/ann
printf 'battery staple' >$w/bob
printf 'wrong' >$w/eve
ramdisks 4 40

# Created.
check "a file system is not overwritten" eval "mkfs.ext4 -q /dev/ram1 && says 2 'ext4' hv create v /dev/ram1 --key-file $w/ann $cheap"
check "nor what is mounted" eval "mkdir -p $w/mnt && mount /dev/ram1 $w/mnt && says 2 'in use' hv create v /dev/ram1 --force --key-file $w/ann $cheap && umount $w/mnt"
check "a device that is too small" says 2 "too small" hv create v /dev/ram1 --region-size 16384 --force --key-file $w/ann $cheap
check "a file instead of a device" says 2 "no block device" hv create v $w/ann --key-file $w/ann $cheap
check "an empty passphrase" says 2 "empty" hv create v /dev/ram1 --force --key-file /dev/null $cheap
check "a volume" says 0 "user ann has slot 0" hv create v /dev/ram1 --force --region-size 256 --user ann --key-file $w/ann $cheap
check "it is closed" [ "$(dmsetup ls)" = "No devices found" ]
refuse "cryptsetup does not open it" cryptsetup open --test-passphrase --key-file $w/ann /dev/ram1
refuse "nor maps it" cryptsetup open --key-file $w/ann /dev/ram1 c
check "creating it again is refused" says 2 "crypto_LUKS" hv create v /dev/ram1 --key-file $w/ann $cheap

# Opened.
check "a wrong passphrase" says 2 "wrong passphrase" hv open v /dev/ram1 --key-file $w/eve
check "another device" says 2 "no header of a volume" hv open v /dev/ram2 --key-file $w/ann
check "a user who is not there" says 2 "no user bob" hv open v /dev/ram1 --user bob --key-file $w/ann
check "opened, from standard input" eval "hv open v /dev/ram1 --key-file - <$w/ann"
check "a second time is refused" says 2 "open already, as v" hv open x /dev/ram1 --key-file $w/ann
check "Ann writes" ann round /dev/mapper/v 1 1
check "status" eval "[ \$(json user status v) = ann ] && [ \$(json state status v) = open ]"
check "closed" hv close v
check "closing it again is refused" says 2 "no volume v" hv close v
check "opened, by a descriptor" eval "hv open v /dev/ram1 --key-fd 7 7<$w/ann"
check "it had been closed" eval "hv close v; says 0 'had been closed' hv open v /dev/ram1 --key-file $w/ann"
check "Ann's data" ann check /dev/mapper/v 1 1
check "a header comes back from its copy" eval "hv close v && cryptsetup luksHeaderBackup --header-backup-file $w/copy /dev/ram1 && dd if=/dev/zero of=/dev/ram1 bs=1M count=16 oflag=direct status=none && says 2 'no header of a volume' hv open v /dev/ram1 --key-file $w/ann && cryptsetup luksHeaderRestore -q --header-backup-file $w/copy /dev/ram1"
if script -qefc true /dev/null </dev/null >/dev/null 2>&1; then
	check "opened, from a terminal" typed 'correct horse' hearth volume open v /dev/ram1
	check "without an echo" eval "grep -q Passphrase $w/typed && ! grep -q horse $w/typed"
else
	skip "opened, from a terminal" "no terminal can be made here"
	check "opened" hv open v /dev/ram1 --key-file $w/ann
fi
check "Ann's data" ann check /dev/mapper/v 1 1
check "a device of others is none of ours" eval "dmsetup create --noudevsync other --table '0 8 linear /dev/ram3 0' && says 2 'no volume of ours' hv close other; dmsetup remove --noudevsync other"

# Two users.
check "Bob needs an owner's passphrase" says 2 "wrong passphrase" hv slot add v --user bob --key-file $w/eve --new-key-file $w/bob $cheap
check "Bob" says 0 "slot 1 of bob added" hv slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap
check "he is there once" says 2 "there already" hv slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap
check "regions of his" hv slot assign v 16 16 bob
check "not those that Ann has written" says 2 "written under another slot" hv slot assign v 0 1 bob
check "Bob writes" bob round /dev/mapper/v 2 1
check "locked" hv slot lock v bob
refuse "Bob's data cannot be read" bob check /dev/mapper/v 2 1
check "Ann's can" ann check /dev/mapper/v 1 1
check "Bob's passphrase is not Ann's" says 2 "not that of the user" hv slot unlock v bob --key-file $w/ann
check "unlocked" hv slot unlock v bob --key-file $w/bob
check "Bob's data" bob check /dev/mapper/v 2 1
hv close v
check "Bob does not open it" says 2 "no owner's" hv open v /dev/ram1 --key-file $w/bob
check "Ann does, and goes; Bob comes" eval "hv open v /dev/ram1 --key-file $w/ann && hv slot lock v ann && hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1"
refuse "Ann's data cannot be read" ann check /dev/mapper/v 1 1
check "Ann comes" eval "hv slot unlock v ann --key-file $w/ann && ann check /dev/mapper/v 1 1"
printf 'new words' >$w/bob2
check "Bob's passphrase is changed" hv slot passwd v bob --key-file $w/bob --new-key-file $w/bob2 $cheap
check "the old one is wrong" says 2 "wrong passphrase" hv slot unlock v bob --key-file $w/bob
check "the new one is right" hv slot unlock v bob --key-file $w/bob2
mv $w/bob2 $w/bob

# Rekey, under writers.
check "without a slot that is loaded it is refused" eval "hv slot lock v bob && says 2 'not that of the user' hv rekey v --user ann --key-file $w/bob; hv slot unlock v bob --key-file $w/bob"
PATTERN_FIRST=$((half * 2)) hammer
before=$(slot_of ann)
check "Ann's key is changed under writers" says 0 "done" hv rekey v --user ann --key-file $w/ann --wait $cheap
check "writers saw what they wrote" calm
check "she has another slot, and one" eval "[ \$(slot_of ann) != $before ] && [ \$(slots) = 2 ] && [ \$(owners) = 1 ] && [ \$(keyslots) = 1 ]"
check "the old slot is gone in the kernel" eval "[ -z \"\$(under v $before)\" ]"
check "Ann's data" ann check /dev/mapper/v 1 1
check "Bob's data" bob check /dev/mapper/v 2 1
check "opened with the new key" eval "hv close v && hv open v /dev/ram1 --user ann --key-file $w/ann && ann check /dev/mapper/v 1 1"

# Slowly: what can be done to a job.
check "begun, slowly" says 0 "rekey begun" hv rekey v --key-file $w/ann --user ann --rate 64 $cheap
check "a second one is refused" says 2 "a job already" hv rekey v --key-file $w/ann --user ann $cheap
check "status has a percentage and a rate" eval "hv status v | tee $w/status; grep -qE 'rekey from slot [0-9]+ to [0-9]+: running, [0-9]+%, [0-9]+.*/s, [0-9:]+ left' $w/status"
check "in JSON too" eval "[ \$(json kind status v) = rekey ] && hj status v | grep -q '\"seconds-left\":'"
check "erasing a slot of the job is refused" says 2 "uses slot" hv slot erase v "$(slot_of ann)" --yes
setsid hearth volume job wait v >$w/said 2>&1 </dev/null &
wait_for 20 catches_int $!
check "Ctrl-C ends the waiting alone" eval "kill -INT $! ; wait_for 10 grep -q 'goes on' $w/said && job_is v running"
check "paused" hv job pause v
check "it says so" [ "$(hj status v | grep -o '"state":"paused"' | head -n 1)" ]
check "closed and opened it goes on being paused" eval "hv close v && says 0 'rekey (paused)' hv open v /dev/ram1 --user ann --key-file $w/ann"
check "aborted" hv job abort v
check "both slots stay with Ann" eval "[ \$(slots) = 3 ] && says 2 'several slots' hv rekey v --user ann --key-file $w/ann $cheap"
both_slots
check "Ann's data" ann check /dev/mapper/v 1 1
check "the rest goes to the newer one" hv rekey v --user ann --from "${both[0]}" --to "${both[1]}" --key-file $w/ann --wait
check "one is left" eval "[ \$(slots) = 2 ] && ann check /dev/mapper/v 1 1"
check "a range" eval "hv rekey v --user ann --range 0 8 --key-file $w/ann --wait $cheap && [ \$(slots) = 3 ] && ann check /dev/mapper/v 1 1"
both_slots
check "and back" eval "hv rekey v --user ann --from ${both[1]} --to ${both[0]} --key-file $w/ann --wait && [ \$(slots) = 2 ]"

# Killed at any moment, closed without a close: finished by the next command.
bad=0
[ "${HEARTH_FULL-}" ] && moments="0 1 2 3 4 5 6 7 8 9" || moments="0 2 4 6 8"
for ms in $moments; do
		setsid hearth volume rekey v --user ann --key-file $w/ann --wait $cheap >/dev/null 2>&1 </dev/null &
	pid=$!
	sleep "0.$ms"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	wait_for 60 idle v || bad=1
	hv job wait v >$w/status || bad=1
	# a new key that was never used: back to one
	if [ "$(slots)" = 3 ]; then
		both_slots
		diag "killed after 0.$ms s: slots ${both[*]}"
		hv rekey v --user ann --from "${both[0]}" --to "${both[1]}" --key-file $w/ann --wait >/dev/null 2>&1 || bad=1
	fi
	[ "$(slots)" = 2 ] && [ "$(keyslots)" = 1 ] && ann check /dev/mapper/v 1 1 || bad=1
done
check "killed $(echo $moments | wc -w) times, it is whole" [ $bad = 0 ]
check "opened with the last key" eval "hv close v && hv open v /dev/ram1 --user ann --key-file $w/ann && ann check /dev/mapper/v 1 1"

# A crash: the disk as it is at this moment, opened elsewhere. No region is in
# motion meanwhile: what is copied for seconds is no moment.
check "begun, slowly" hv rekey v --user ann --key-file $w/ann --rate 64 $cheap
check "paused" hv job pause v
dd if=/dev/ram1 of=/dev/ram2 bs=1M iflag=direct oflag=direct status=none
check "aborted" hv job abort v
check "closed" hv close v
check "the copy had not been closed, and has its job" eval "hv open v /dev/ram2 --user ann --key-file $w/ann | tee $w/said; grep -q 'not been closed' $w/said && grep -q 'rekey (paused)' $w/said"
check "resumed" hv job resume v
check "to its end" eval "hv job wait v && [ \$(slots) = 2 ] && [ \$(keyslots /dev/ram2) = 1 ]"
check "Ann's data" ann check /dev/mapper/v 1 1
check "Bob's data" eval "hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1"

# No secret is seen.
printf '%s\n' 'correct horse' 'battery staple' 'new words' >$w/secrets
check "no passphrase is shown" eval "! { dmesg; dmsetup table v; dmsetup status v; hv status v; cat /proc/keys; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; } 2>/dev/null | grep -aFf $w/secrets"
check "the keyring has none of our keys" eval "! grep hearth: /proc/keys"
check "the table tells of keys by their names" eval "dmsetup table v | grep -q 'meta_key::32:logon:hearth:'"

# Erased.
check "without --yes nothing is erased" says 2 "--yes" hv slot erase v bob
check "Bob is erased" hv slot erase v bob --yes
check "with his keyslot" eval "[ \$(slots) = 1 ] && [ \$(keyslots /dev/ram2) = 1 ]"
refuse "his data are gone" bob check /dev/mapper/v 2 1
check "Ann's are not" ann check /dev/mapper/v 1 1
hv close v

# Killed while it is made: a volume, or none.
bad=0
for ms in 1 3 5 7 9; do
	dd if=/dev/zero of=/dev/ram1 bs=1M count=18 oflag=direct status=none
	setsid hearth volume create v /dev/ram1 --force --key-file $w/ann $cheap >/dev/null 2>&1 </dev/null &
	pid=$!
	sleep "0.$ms"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	hv close v >/dev/null 2>&1	# where the kernel was formatting it
	if hv open v /dev/ram1 --key-file $w/ann >$w/said 2>&1; then
		diag "killed after 0.$ms s: a volume"
		ann round /dev/mapper/v 1 1 && hv close v || bad=1
	else
		diag "killed after 0.$ms s: $(cat $w/said)"
		grep -q 'never finished\|has no header' $w/said || bad=1
	fi
done
check "killed five times, it is one or none" [ $bad = 0 ]

# Metadata and data apart, in any order; a device is emptied, and taken away.
check "three devices and a detached header" hv create v /dev/ram2 /dev/ram3 --meta /dev/ram0 --header $w/header --region-size 256 --size 20M --force --key-file $w/ann $cheap
check "opened in another order" hv open v /dev/ram0 /dev/ram3 /dev/ram2 --header $w/header --key-file $w/ann
check "written" ann round /dev/mapper/v 3 1
check "one is emptied" hv device drain v /dev/ram2 1 --wait
check "opened without it" eval "hv close v && says 2 'device 0 of the volume is missing' hv open v /dev/ram0 /dev/ram3 --header $w/header --key-file $w/ann; hv open v /dev/ram0 /dev/ram3 --header $w/header --without 0 --key-file $w/ann && ann check /dev/mapper/v 3 1"
check "another comes in its place" eval "hv close v && hv open v /dev/ram0 /dev/ram3 --header $w/header --without 0 --add /dev/ram1 --force --key-file $w/ann && hv device drain v 1 0 --wait && hv close v && hv open v --meta /dev/ram0 /dev/ram1 --without 1 --header $w/header --key-file $w/ann && ann check /dev/mapper/v 3 1"
check "read-only" eval "hv close v && hv open v --meta /dev/ram0 /dev/ram1 --without 1 --header $w/header --readonly --key-file $w/ann && ann check /dev/mapper/v 3 1 && [ \$(blockdev --getro /dev/mapper/v) = 1 ]"
hv close v

# A file system.
hv open v --meta /dev/ram0 /dev/ram1 --without 1 --header $w/header --key-file $w/ann >/dev/null
check "a file system" mkfs.ext4 -q /dev/mapper/v
check "mounted" mount /dev/mapper/v $w/mnt
check "closing it is refused" says 2 "in use" hv close v
check "unmounted and closed" eval "umount $w/mnt && hv close v"
# What a kill between two ioctls leaves: a device of ours without a table.
check "a device without a table is closed" eval "dmsetup create --noudevsync --notable --uuid HEARTH-x v && hv close v"
check "no volume is left" [ "$(dmsetup ls)" = "No devices found" ]
finish
