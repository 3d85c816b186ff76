#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=all timeout=240
# "hearth volume upgrade": one whose metadata are of version 1 is brought to version 2,
# reads the same, and knows a copy of a disk.
# shellcheck disable=SC2046  # words
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash
# shellcheck source=selftests/volume/cli.bash
. ./cli.bash

open_it() { hv open v /dev/ram1 /dev/ram2 --key-file $w/pass; }
same() { ./pattern check /dev/mapper/v 3 1; }
dump_says() { hv dump /dev/ram1 | grep -q ", version $1,"; }

plan 20
modprobe -a dm-rekey xts || bail "the modules do not load"
ramdisks 3 32
printf 'upgrade' >$w/pass
check "a volume" hv create v /dev/ram1 /dev/ram2 --key-file $w/pass --region-size 256K $cheap
check "whose metadata are made as they were once" as_version_1 "/dev/ram1 /dev/ram2" $w/pass
check "which is of version 1" dump_says 1
check "it opens" open_it
check "its key is not changed, and it says what to do" says 2 "are of version 1, whose key cannot be changed: upgrade it first" hv rotate v --key-file $w/pass $cheap
refuse "and its header is left as it was" eval "cryptsetup token export --token-id 0 /dev/ram1 | grep next-keyslot"
printf 'bob' >$w/bob
hv slot add v --user bob --key-file $w/pass --new-key-file $w/bob $cheap >/dev/null
dd if=/dev/zero of=/dev/mapper/v bs=1M count=8 oflag=direct status=none
./pattern round /dev/mapper/v 3 1
hv close v
check "its check is good" hv check /dev/ram1 /dev/ram2 --key-file $w/pass
printf 'another' >$w/wrong
check "a wrong passphrase" says 2 "wrong passphrase" hv upgrade /dev/ram1 /dev/ram2 --key-file $w/wrong
check "one who is no owner" says 2 "no owner" hv upgrade /dev/ram1 /dev/ram2 --user bob --key-file $w/bob
check "changes nothing" dump_says 1
check "an open one is refused" eval "open_it && says 2 'open' hv upgrade /dev/ram1 /dev/ram2 --key-file $w/pass"
hv close v
check "upgraded" says 0 "are of version 2 now" hv upgrade /dev/ram1 /dev/ram2 --key-file $w/pass
check "as dump says" dump_says 2
check "and as good" hv check /dev/ram1 /dev/ram2 --key-file $w/pass
check "it reads the same" eval "open_it && same"
check "it is rekeyed" hv rekey v --key-file $w/pass --wait $cheap
hv close v
check "and reads the same" eval "open_it && same; rc=\$?; hv close v; [ \$rc = 0 ]"
check "once more: nothing to do" says 0 "version 2 already" hv upgrade /dev/ram1 /dev/ram2
# the second disk is cloned, and the clone is left behind
dd if=/dev/ram2 of=$w/clone bs=1M status=none
open_it
check "it is written" hv rekey v --key-file $w/pass --wait $cheap
hv close v
dd if=$w/clone of=/dev/ram2 bs=1M oflag=direct status=none
check "a clone of a disk is told from the disk" says 2 "at another time" open_it
finish
