#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=300 programs=strace
# "hearth volume": what must not happen to a disk or a key. Disks are held, nothing
# is written before all is known to be good, old copies and forged marks of a header
# destroy nothing, and what shows writes nothing. And the verbs around that.
# shellcheck disable=SC2086,SC1090,SC2016,SC2046,SC2015,SC2119,SC2120  # words
. "$HEARTH_LIB"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

create() { hv create v "$@" --force --key-file $w/ann --user ann $cheap --region-size 256K; }
ann() { PATTERN_FIRST=0 PATTERN_COUNT=256 ./pattern "$@"; }
bob() { PATTERN_FIRST=1024 PATTERN_COUNT=256 ./pattern "$@"; }
open_v() { hv open v "${1:-/dev/ram1}" --key-file $w/ann --user ann; }
# asking: begins a create that has the disks and waits for its passphrase
asking()
{
	rm -f $w/pipe
	mkfifo $w/pipe
	exec 8<>$w/pipe
	setsid hearth volume create "$@" --force --key-file $w/pipe $cheap >$w/asked 2>&1 </dev/null 8>&- &
	asked=$!
	wait_for 20 eval "ls -l /proc/$asked/fd | grep -q $w/pipe"
}
# answered: it gets one, and ends well
answered()
{
	printf 'correct horse' >&8
	exec 8>&-
	wait $asked && return
	diag "$(cat $w/asked)"
	return 1
}
# kept COMMAND...: when it has made the device "v", and is slow to load the table into it,
# the disk "d" cannot go, and another one have its number. "d" lies on $below.
disk() { dmsetup create --noudevsync --major "${number%:*}" --minor "${number#*:}" d --table "$1"; }
swap()
{
	until [ -e $w/done ] || dmsetup info v; do sleep 0.02; done
	dmsetup remove --noudevsync d || return
	# or else the command has come to its end by now
	if dmsetup info v; then
		disk "0 81920 zero" && touch $w/swapped
	else
		disk "0 81920 linear $below 0"
	fi
}
kept()
{
	local number rc=0
	number=$(dmsetup info -c --noheadings -o major,minor --separator : d)
	rm -f $w/done $w/swapped
	swap >/dev/null 2>&1 &
	strace -f -qq -o /dev/null -P /dev/mapper/control -e trace=ioctl -e "inject=ioctl:delay_enter=400000" "$@" </dev/null || rc=$?
	touch $w/done
	wait $!
	[ ! -e $w/swapped ] || { echo "its number was given to another disk"; return 1; }
	return $rc
}
token() { cryptsetup token export --token-id 0 /dev/ram1; }
# forge SED: the token as somebody else may write it
forge()
{
	token | sed "$1" >$w/token
	cryptsetup token remove --token-id 0 /dev/ram1 &&
		cryptsetup token import --token-id 0 --json-file $w/token /dev/ram1
}
# raw COPY: a header put back past all that could object
raw() { dd if="$1" of=/dev/ram1 bs=1M count=16 oflag=direct conv=notrunc status=none; }
# unchanged COMMAND...: the disk is the same behind it
unchanged()
{
	local before
	before=$(sum /dev/ram1)
	"$@" || return
	[ "$before" = "$(sum /dev/ram1)" ] && return
	echo "the disk has been written"
	return 1
}

plan 76
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-zero xts loop ext4 2>/dev/null
printf 'correct horse' >$w/ann
printf 'battery staple' >$w/bob
printf 'wrong' >$w/eve
ramdisks 4 40

# Held from the first look on.
mkdir -p $w/mnt
mkfs.ext4 -q /dev/ram1
asking v /dev/ram1 && ok "a create waits for a passphrase" || not_ok "a create waits for a passphrase"
refuse "nobody mounts its disk" mount /dev/ram1 $w/mnt
check "nor makes another volume on it" says 2 "in use" create /dev/ram1
check "nor adopts it" says 2 "in use" hv adopt v /dev/ram1 --meta /dev/ram0 --header-backup $w/b --key-file $w/ann --yes
answered && ok "the first one ends well" || not_ok "the first one ends well"
check "and opens" hv open v /dev/ram1 --key-file $w/ann
check "its disk is in use" says 2 "in use" hv create x /dev/ram1 --force --key-file $w/ann $cheap
check "also as the metadata's" says 2 "in use" hv create x /dev/ram2 --meta /dev/ram1 --force --key-file $w/ann $cheap
check "or as one that is added" eval "hv create x /dev/ram2 --force --key-file $w/ann $cheap && says 2 'in use' hv open x /dev/ram2 --add /dev/ram1 --force --key-file $w/ann"
check "one is named twice" eval "hv close v && says 2 'named twice' hv create v /dev/ram1 /dev/ram1 --force --key-file $w/ann $cheap"

# Nothing is written before all is known to be good.
mkfs.ext4 -q -F /dev/ram1
check "a cipher that is not there" unchanged says 2 "cipher" create /dev/ram1 --cipher foo-bar
check "a mode that is not there" unchanged says 2 "cipher" create /dev/ram1 --cipher aes-xts-random
check "a key of another size" unchanged says 2 "does not take" create /dev/ram1 --key-size 200
check "no passphrase" unchanged says 2 "at its end" hv create v /dev/ram1 --force $cheap
check "a header's file that is there" unchanged says 2 "is there already" create /dev/ram1 --header $w/ann
check "a header's file that cannot be" unchanged says 2 "cannot be made" create /dev/ram1 --header $w/none/h
check "too large" unchanged says 2 "have room for" create /dev/ram1 --size 1T
check "too small says what is needed" unchanged says 2 "a volume needs" hv create v /dev/ram1 --force --key-file $w/ann $cheap --region-size 16M
check "a file system is still there" eval "mount /dev/ram1 $w/mnt && umount $w/mnt"
check "no device is left" [ "$(dmsetup ls)" = "No devices found" ]
refuse "no file is left" eval "ls $w | grep hearth-"

# What shows writes nothing.
check "a volume" create /dev/ram1
check "dump: whose slots" eval "says 0 'slot 0 of ann, owner, keyslot 0, used' hv dump /dev/ram1 && says 0 ', closed' hv dump /dev/ram1"
check "dump of another disk" says 2 "no header of a volume" hv dump /dev/ram3
check "check" unchanged says 0 "all is well" hv check /dev/ram1 --key-file $w/ann
check "the kernel had a look" says 0 "checked the MACs" hv check /dev/ram1 --key-file $w/ann
check "it is closed" [ "$(dmsetup ls)" = "No devices found" ]
check "opened" open_v
check "written" ann round /dev/mapper/v 1 1
check "Bob" eval "hv slot add v --user bob --key-file $w/ann --new-key-file $w/bob $cheap && hv slot assign v 16 16 bob && bob round /dev/mapper/v 2 1"
check "assigned is told beside written" says 0 "slot 1: bob, user, loaded, 16 regions, 4 written" hv slot list v
check "list" says 0 "v: open" hv list
show_all() { hv list && hv status v && hv slot list v && hv regions v && hv dump /dev/ram1; }
check "they write nothing" unchanged show_all

# Marks that somebody else wrote.
check "\"erasing\", forged" eval "forge 's/\"user\":\"bob\",\"state\":\"used\"/\"user\":\"bob\",\"state\":\"erasing\"/' && token | grep -q erasing"
check "status leaves it alone" unchanged hv status v
check "nor does a command erase Bob" eval "hv job wait v && says 0 'bob, user, loaded' hv slot list v && bob check /dev/mapper/v 2 1"
check "\"job\", forged" eval "forge 's/\"slots\":/\"job\":{\"from\":1,\"to\":0},\"slots\":/' && token | grep -q job"
check "status leaves it alone" unchanged hv status v
check "nor does a command" eval "hv job wait v && ! token | grep -q job && bob check /dev/mapper/v 2 1 && ann check /dev/mapper/v 1 1"
check "Bob's key opens" eval "hv slot lock v bob && hv slot unlock v bob --key-file $w/bob && bob check /dev/mapper/v 2 1"
check "a second lock says so" eval "hv slot lock v bob >/dev/null && says 0 'locked already' hv slot lock v bob && hv slot unlock v bob --key-file $w/bob"
check "no job: a wait is done at once" says 0 "done" hv job wait v
check "no job: a resume says so" says 2 "no job" hv job resume v
check "the last slot needs more than --yes" eval "hv slot erase v bob --yes && says 2 'the last one' hv slot erase v ann --yes"

# An old copy of the header.
check "a copy" says 0 "make another behind each rekey" hv header backup /dev/ram1 $w/old
check "rekeyed" hv rekey v --key-file $w/ann --wait $cheap
check "a newer copy" hv header backup /dev/ram1 $w/new
raw $w/old
check "put back while it is open: status says so" says 0 "NOT IN THE HEADER" hv status v
check "the last key is not thrown away" says 2 "lost for ever" hv close v
check "it is still open" ann check /dev/mapper/v 1 1
raw $w/new
check "with the newer one it is closed" hv close v
check "the old copy is refused" says 2 "lacks slot" hv header restore /dev/ram1 $w/old
raw $w/old
check "put back past it: nothing is opened" unchanged says 2 "an old copy" open_v
check "check says so" says 2 "the header lacks slot" hv check /dev/ram1 --no-key
check "the newer copy comes back" eval "hv header restore /dev/ram1 $w/new && open_v && ann check /dev/mapper/v 1 1"
raw $w/old
check "rekeyed to a slot that the old copy has" eval "hv rekey v --from 1 --to 0 --key-file $w/ann --wait && ann check /dev/mapper/v 1 1"
check "it is closed, and opens" eval "hv close v && open_v && ann check /dev/mapper/v 1 1"

# Suspended without keys.
check "suspended" hv suspend v
check "the data key is gone" eval "! dmsetup table v | grep -q ' key:'"
check "it says so" says 0 "suspended" hv list
check "a wrong passphrase does not resume it" says 2 "wrong passphrase" hv resume v --key-file $w/eve
check "resumed" eval "hv resume v --key-file $w/ann && ann check /dev/mapper/v 1 1"
hv close v

# Metadata that fail meanwhile: a resume that is none says so, and nobody waits.
dmcreate m "0 81920 linear /dev/ram0 0"
lies() { dmsetup suspend --noflush --nolockfs m && dmsetup reload m --table "$1" && dmsetup resume --noudevsync m; }
check "a volume with its metadata apart" eval "create /dev/ram2 --meta /dev/mapper/m && hv open v /dev/mapper/m /dev/ram2 --key-file $w/ann && ann round /dev/mapper/v 1 1 && hv suspend v"
lies "0 32768 linear /dev/ram0 0
32768 49152 error"
check "it is not resumed, and why" says 2 "The metadata device cannot be read" hv resume v --key-file $w/ann
refuse "what is read fails, at once" timeout 20 dd if=/dev/mapper/v of=/dev/null bs=4k count=1 iflag=direct status=none
lies "0 81920 linear /dev/ram0 0"
check "suspended and resumed it is there" eval "hv suspend v && hv resume v --key-file $w/ann && ann check /dev/mapper/v 1 1 && hv close v"
dmremove m

# The disk that was looked at is the one that the kernel gets by its number.
if command -v strace >/dev/null; then
	on() { below=$1; dmcreate d "0 81920 linear $below 0"; }
	on /dev/ram2
	check "create gives no other disk's number" kept hearth volume create v /dev/mapper/d --force --key-file $w/ann $cheap --region-size 256K
	check "nor does open" eval "kept hearth volume open v /dev/mapper/d --key-file $w/ann && ann round /dev/mapper/v 1 1 && hv close v"
	dmremove d
	on /dev/ram0
	check "nor that of one that is added" eval "kept hearth volume open v /dev/ram2 --add /dev/mapper/d --force --key-file $w/ann && ann check /dev/mapper/v 1 1 && hv close v"
	dmremove d
	cryptsetup luksFormat -q --type luks2 --pbkdf argon2id --pbkdf-parallel 1 --pbkdf-memory 32 --pbkdf-force-iterations 4 --key-file $w/ann /dev/ram2
	on /dev/ram2
	check "nor does adopt" eval "kept hearth volume adopt v /dev/mapper/d --meta /dev/ram0 --header-backup $w/kept --key-file $w/ann --yes --force $cheap && hv open v /dev/ram0 /dev/mapper/d --key-file $w/ann && hv close v"
	dmremove d
else
	for n in 1 2 3 4; do skip "a disk's number" "no strace here"; done
fi

# A disk that is read-only.
open_v >/dev/null && hv rekey v --rate 256K --key-file $w/ann $cheap >/dev/null && hv job pause v >/dev/null && hv job resume v >/dev/null && hv close v >/dev/null
blockdev --setro /dev/ram1
check "a read-only disk is not written" unchanged eval "says 0 'read-only as /dev/ram1 is' open_v && hv status v && ann check /dev/mapper/v 1 1 && hv close v"
blockdev --setrw /dev/ram1

# Disks that grow, and disks with larger sectors.
truncate -s 40M $w/disk
loop=$(losetup -f --show $w/disk)
check "a volume of 21 MiB" eval "create $loop && open_v $loop && ann round /dev/mapper/v 3 1"
before=$(blockdev --getsz /dev/mapper/v)
truncate -s 60M $w/disk
losetup -c $loop
check "its disk has grown, and so does it" eval "hv resize v --key-file $w/ann && [ \$(blockdev --getsz /dev/mapper/v) -gt $before ] && ann check /dev/mapper/v 3 1 && hv close v && open_v $loop && ann check /dev/mapper/v 3 1"
hv close v
losetup -d $loop
large=$(losetup -b 4096 -f --show /dev/ram3)
check "larger sectors cannot come later" says 2 "sectors of 4096 bytes" hv open v /dev/ram1 --add $large --force --key-file $w/ann
check "a volume of them has them" eval "create $large && open_v $large && [ \$(blockdev --getss /dev/mapper/v) = 4096 ] && hv close v"
losetup -d $large
check "no volume is left" [ "$(dmsetup ls)" = "No devices found" ]
finish
