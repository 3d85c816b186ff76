#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=7.2 full=all timeout=480
# "hearth volume adopt": what stock cryptsetup made, LUKS2, LUKS1 and plain, reads
# the same, and goes back to cryptsetup as long as nothing was rekeyed.
# shellcheck disable=SC2086,SC1090  # words
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

# luks DEVICE OPTION...: a LUKS volume by cryptsetup, and random bytes in it.
luks()
{
	local dev=$1
	shift
	format "$@" "$dev" && fill open --key-file $w/pass "$dev" c
}
pbkdf="--pbkdf argon2id --pbkdf-parallel 1 --pbkdf-memory 32 --pbkdf-force-iterations 4"
format() { cryptsetup luksFormat -q --type luks2 $pbkdf --key-file $w/pass "$@"; }
# fill OPEN...: opened by cryptsetup, filled, closed; its sum is remembered
fill()
{
	cryptsetup "$@" || return
	dd if=/dev/urandom of=/dev/mapper/c bs=1M oflag=direct status=none 2>/dev/null
	sum /dev/mapper/c >$w/before
	cryptsetup close c
}
same() { [ "$(sum "/dev/mapper/${1-v}")" = "$(cat $w/before)" ]; }
adopt() { hv adopt v "$@" --key-file $w/pass --yes $cheap; }

plan 76
modprobe dm-rekey || bail "the module does not load"
modprobe -a dm-crypt xts algif_skcipher loop 2>/dev/null
printf 'correct horse' >$w/pass
head -c 64 /dev/urandom >$w/raw
ramdisks 4 28

# What is refused, and changes nothing.
check "a LUKS2 volume" luks /dev/ram1
old=$(sum /dev/ram1)
check "without --meta" says 1 "needs --meta" adopt /dev/ram1
check "without a backup" says 2 "--header-backup" adopt /dev/ram1 --meta /dev/ram0
printf 'wrong' >$w/wrong
check "a wrong passphrase" says 2 "wrong passphrase" hv adopt v /dev/ram1 --meta /dev/ram0 --header-backup $w/b0 --key-file $w/wrong --yes
check "without --yes" says 2 "nothing was changed" hv adopt v /dev/ram1 --meta /dev/ram0 --header-backup $w/b0 --key-file $w/pass
check "an open one" eval "cryptsetup open --key-file $w/pass /dev/ram1 c && says 2 'in use' adopt /dev/ram1 --meta /dev/ram0 --header-backup $w/b0; cryptsetup close c"
check "no LUKS at all" says 2 "no LUKS header" adopt /dev/ram2 --meta /dev/ram0 --header-backup $w/b0
check "a metadata device that is too small" eval "truncate -s 1M $w/small && losetup /dev/loop0 $w/small && says 2 'too small' adopt /dev/ram1 --meta /dev/loop0 --header-backup $w/b0; losetup -d /dev/loop0"
check "one with tags of integrity" eval "format --integrity hmac-sha256 --integrity-no-wipe /dev/ram3 && says 2 'tags of integrity' adopt /dev/ram3 --meta /dev/ram0 --header-backup $w/b0"
check "one whose re-encryption is not finished" eval "format /dev/ram3 && cryptsetup reencrypt --init-only --resilience none $pbkdf --key-file $w/pass /dev/ram3 && says 2 'not finished' adopt /dev/ram3 --meta /dev/ram0 --header-backup $w/b0"
check "nothing was changed" eval "[ $old = \$(sum /dev/ram1) ] && [ ! -e $w/b0 ]"

# LUKS2, there and back.
check "adopted" says 0 "the old header is in $w/backup" adopt /dev/ram1 --meta /dev/ram0 --header-backup $w/backup
check "it is closed" [ "$(dmsetup ls)" = "No devices found" ]
refuse "cryptsetup does not know it any more" cryptsetup luksDump /dev/ram1
refuse "nor opens the new header" cryptsetup open --key-file $w/pass /dev/ram0 c
disks=$(sum /dev/ram0)$(sum /dev/ram1)
check "opened" hv open v /dev/ram0 /dev/ram1 --key-file $w/pass
check "it reads the same" same
check "suspended and resumed, too" eval "dmsetup suspend v && dmsetup resume --noudevsync v && same"
check "which writes nothing" [ "$(sum /dev/ram0)$(sum /dev/ram1)" = "$disks" ]
check "it writes" ./pattern round /dev/mapper/v 1 1
sum /dev/mapper/v >$w/before
check "closed" hv close v
check "handed back to cryptsetup" cryptsetup luksHeaderRestore -q --header-backup-file $w/backup /dev/ram1
check "which opens it" cryptsetup open --key-file $w/pass /dev/ram1 c
check "it reads the same" same c
cryptsetup close c

# Again, and rekeyed into the room of the old header.
check "adopted again" adopt /dev/ram1 --meta /dev/ram0 --header-backup $w/backup2 --force
token=$(cryptsetup token export --token-id 0 /dev/ram0)
check "no disk is added in the place of the one with the data" eval "says 2 'region 0: device 0' hv open v /dev/ram0 --without 0 --add /dev/ram3 --force --key-file $w/pass"
check "and the token is as it was" [ "$(cryptsetup token export --token-id 0 /dev/ram0)" = "$token" ]
check "opened" hv open v --meta /dev/ram0 /dev/ram1 --key-file $w/pass
check "rekeyed" hv rekey v --key-file $w/pass --wait $cheap
check "it reads the same" same
check "and after opening again" eval "hv close v && hv open v /dev/ram0 /dev/ram1 --key-file $w/pass && same"
hv close v
# since it was opened it has a label where its old header was
check "it is known by its label" eval "hv dump /dev/ram1 | grep -q 'data device 0 of'"
check "so another disk is not taken for it" says 2 "device 0 of the volume is missing" hv open v /dev/ram0 /dev/ram3 --key-file $w/pass

# Cut short behind the token: the old header goes when it is opened.
check "another, with sectors of 4096 bytes" luks /dev/ram2 --sector-size 4096
dd if=/dev/ram2 of=$w/head bs=1M count=16 status=none
check "adopted" adopt /dev/ram2 --meta /dev/ram0 --header-backup $w/backup3 --force
# as if it had not been wiped: the mark in the token, the header on the disk
cryptsetup token export --token-id 0 /dev/ram0 | sed 's/"adopted":true/"adopted":true,"wipe":32768/' >$w/token
check "as a crash leaves it" eval "cryptsetup token remove --token-id 0 /dev/ram0 && cryptsetup token import --token-id 0 --json-file $w/token /dev/ram0 && dd if=$w/head of=/dev/ram2 bs=1M oflag=direct status=none"
# another header where the old one was: it is somebody's, and no mark says that it may go
truncate -s 16M $w/other
check "with another LUKS header on the disk" eval "cryptsetup luksFormat -q $pbkdf --key-file $w/pass $w/other && dd if=$w/other of=/dev/ram2 bs=1M conv=notrunc oflag=direct status=none"
check "which is not wiped" eval "says 2 'not the one that was adopted' hv open v /dev/ram0 /dev/ram2 --key-file $w/pass && cryptsetup isLuks /dev/ram2"
dd if=$w/head of=/dev/ram2 bs=1M oflag=direct status=none
check "status and dump leave the right one, too" eval "hv dump /dev/ram0 | grep -q 'not finished' && cryptsetup isLuks /dev/ram2"
check "opened" hv open v /dev/ram0 /dev/ram2 --key-file $w/pass
check "the old header is gone" eval "! cryptsetup luksDump /dev/ram2 && ! cryptsetup token export --token-id 0 /dev/ram0 | grep wipe"
check "it reads the same" same
hv close v

# LUKS1, and a place for every region: the rest of the metadata device.
check "a LUKS1 volume" luks /dev/ram3 --type luks1 --pbkdf pbkdf2 --pbkdf-force-iterations 1000
check "adopted" adopt /dev/ram3 --meta /dev/ram0 --header-backup $w/backup4 --force --region-size 256
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram3 --key-file $w/pass && same"
hv close v

# Plain dm-crypt.
plain="--cipher aes-xts-plain64 --key-size 512"
check "plain, by a key file" fill open --type plain $plain --key-file $w/raw /dev/ram1 c
check "its cipher is to be said" says 2 "needs --cipher and --key-size" hv adopt v /dev/ram1 --plain --meta /dev/ram0 --key-file $w/raw --force --yes
check "adopted" hv adopt v /dev/ram1 --plain $plain --meta /dev/ram0 --key-file $w/raw --new-key-file $w/pass --force --yes $cheap
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram1 --key-file $w/pass && same"
check "rekeyed, by way of the metadata device" eval "hv rekey v --key-file $w/pass --wait $cheap && same"
hv close v
truncate -s 10304K $w/odd
losetup /dev/loop0 $w/odd
check "plain, of a disk that ends within a region" fill open --type plain $plain --key-file $w/raw /dev/loop0 c
check "adopted" hv adopt v /dev/loop0 --plain $plain --meta /dev/ram0 --key-file $w/raw --new-key-file $w/pass --force --yes $cheap
check "opened" hv open v /dev/ram0 /dev/loop0 --key-file $w/pass
check "it does not grow there" says 2 "lies at the short end of device 0" hv resize v --key-file $w/pass
check "and reads the same" same
check "rekeyed, it grows" eval "hv rekey v --key-file $w/pass --wait $cheap && hv resize v --key-file $w/pass && [ \$(blockdev --getsize64 /dev/mapper/v) -gt 10551296 ]"
check "and reads the same" [ "$(head -c 10551296 /dev/mapper/v | sha256sum | cut -d' ' -f1)" = "$(cat $w/before)" ]
hv close v
losetup -d /dev/loop0
plain="--cipher aes-cbc-essiv:sha256 --key-size 256 --hash sha256"
check "plain, by a passphrase" eval "printf 'correct horse' | fill open --type plain $plain /dev/ram2 c"
check "adopted" adopt /dev/ram2 --plain $plain --meta /dev/ram0 --force
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram2 --key-file $w/pass && same"
hv close v

# What cryptsetup's users have.
check "plain, behind an offset in sectors" eval "printf 'correct horse' | fill open --type plain $plain --offset 2048 /dev/ram2 c"
check "whose unit has to be said" says 1 "2048s" adopt /dev/ram2 --plain $plain --offset 2048 --meta /dev/ram0 --force
check "adopted" adopt /dev/ram2 --plain $plain --offset 2048s --meta /dev/ram0 --force
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram2 --key-file $w/pass && same"
hv close v
: >$w/empty
check "LUKS with an empty passphrase" eval "echo | cryptsetup luksFormat -q $pbkdf /dev/ram1 && fill open --key-file $w/empty /dev/ram1 c"
check "needs another one here" says 2 "no passphrase" hv adopt v /dev/ram1 --meta /dev/ram0 --header-backup $w/backup5 --key-file $w/empty --yes --force $cheap
check "adopted" hv adopt v /dev/ram1 --meta /dev/ram0 --header-backup $w/backup5 --key-file $w/empty --new-key-file $w/pass --yes --force $cheap
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram1 --key-file $w/pass && same"
hv close v
rm -f $w/other
check "LUKS with a detached header" eval "cryptsetup luksFormat -q $pbkdf --key-file $w/pass --header $w/other /dev/ram3 && fill open --key-file $w/pass --header $w/other /dev/ram3 c"
check "adopted" adopt /dev/ram3 --luks-header $w/other --meta /dev/ram0 --force
check "it reads the same" eval "hv open v /dev/ram0 /dev/ram3 --key-file $w/pass && same"
hv close v

# Emptied and away: the one that comes next is not taken for it.
check "a device more" hv open v /dev/ram0 /dev/ram3 --add /dev/ram1 --force --key-file $w/pass
check "the adopted one is emptied" hv device drain v /dev/ram3 /dev/ram1 --wait
check "another comes in its place" eval "hv close v && hv open v --meta /dev/ram0 /dev/ram1 --without 0 --add /dev/ram2 --force --key-file $w/pass && same"
check "what is moved to it is found again" eval "hv device drain v /dev/ram1 /dev/ram2 --wait && hv close v && hv open v --meta /dev/ram0 /dev/ram1 /dev/ram2 --without 0 --key-file $w/pass && same"
hv close v
check "no volume is left" [ "$(dmsetup ls)" = "No devices found" ]
finish
