#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=150
# Keys of volumes that are bound to a sealed environment: they go when it has ended,
# whoever ends it, also where a volume hangs; what cannot be bound is refused.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/channel/common.bash
. ./common.bash
. ./volume.bash

len=$((4 * mib))
in=/tmp/work/owner.in out=/tmp/work/owner

# env: a process asks for one; its number is $env
env_new()
{
	rm -f $in
	mkfifo $in
	./channel - <$in >$out 2>&1 &
	owner=$!
	exec 7>$in
	echo "env-new assurance=vm memory=64 ttl=3600000" >&7
	wait_for 20 grep -q '^done' $out
	env=$(sed -n 's/^{"id":\([0-9]*\)}$/\1/p' $out)
}

env_end()
{
	kill -9 $owner
	wait $owner
	exec 7>&-
} 2>/dev/null

bound() { echo "env:$env$(src "$1")"; }
locked() { [[ $(status "$1") = *" $2:locked:"* ]]; }
loaded() { [[ $(status "$1") = *" $2:loaded:"* ]]; }
readable() { dd if="/dev/mapper/$1" of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null; }
unloads() { wait_for 20 rmmod "$1"; }

plan 29
modprobe dm-rekey || bail "the module does not load"
rmmod hearth 2>/dev/null
ramdisks 4 12
for name in meta d0 d1; do key $name; done
forget meta
key meta 32
check "a volume" open_volume v $len create "key:0:$(src d0)"
dd if=/dev/zero of=/dev/mapper/v bs=1M count=4 oflag=direct status=none
env=1
refused "without hearth there is no environment" "hearth, which knows environments, is not loaded" \
	msg v key load 1 "$(bound d1)"
modprobe hearth
refused "one that is not there" "no such environment" msg v key load 1 "$(bound d1)"
env=0
refused "nor is there a 0th" "Keys come from keyrings" msg v key load 1 "$(bound d1)"
env_new
refused "what is loaded for good is not bound" "not bound to that environment" msg v key load 0 "$(bound d0)"
refused "nor is the metadata key" "not bound to an environment" \
	dmcreate other "$(table $len | sed "s/meta_key:/&env:$env/")"
check "nothing holds hearth" unloads hearth
modprobe hearth
env_new

# --- bound --------------------------------------------------------------------
msg v key evict 0
check "a key is loaded, bound" msg v key load 0 "$(bound d0)"
check "it is used" readable v
check "once more" msg v key load 0 "$(bound d0)"
refused "not for longer than the environment" "not bound to that environment" msg v key load 0 "$(src d0)"
check "the table tells" eval 'dmsetup table v | grep -q " key:0:env:$env:64:logon:hearth:d0"'
check "hearth is held" eval '! rmmod hearth'
check "a table of the same, loaded anew" eval 'dmsetup table v | dmsetup reload v && dmsetup resume --noudevsync v'
check "has it still" eval 'loaded v 0 && readable v'
dmsetup table v >/tmp/work/table
env_end
check "its owner is killed: the key goes" wait_for 20 locked v 0
check "nothing can be read" eval '! readable v'
refused "nor bound to it again" "no such environment" msg v key load 0 "$(bound d0)"
check "a table that has it is refused" eval '! dmsetup reload v </tmp/work/table'
dmsetup clear v 2>/dev/null
check "the key itself brings the volume back" eval 'msg v key load 0 "$(src d0)" && readable v'
check "hearth is let go" unloads hearth

# --- by its table, and one that hangs --------------------------------------------
modprobe hearth
env_new
dmcreate below "0 $((12 * mib)) linear /dev/ram3 0"
meta=/dev/ram2 data="/dev/mapper/below 0"
check "a volume whose table has a bound key" open_volume w $len create "key:0:$(bound d1)"
dd if=/dev/zero of=/dev/mapper/w bs=1M count=4 oflag=direct status=none
msg v key evict 0
msg v key load 0 "$(bound d0)"
dmsetup suspend --nolockfs --noflush --noudevsync below
dd if=/dev/mapper/w of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null &
reader=$!
# it has begun, and sleeps: what a read takes it has by now, the key too
begun() { local n; read -r n _ <"/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor w)/inflight" && [ "$n" != 0 ]; }
sleeps() { local s; read -r _ _ s _ <"/proc/$1/stat" && [ "$s" = D ]; }
check "its disk hangs, and a read with it" wait_for 20 eval "begun && sleeps $reader"
env_end
check "the other volume's key goes all the same" wait_for 20 locked v 0
check "and nobody reads the one that hangs" wait_for 20 locked w 0
dmsetup resume --noudevsync below
check "the read that was under way comes back" wait $reader
check "the key is gone" eval '! readable w'
check "hearth is let go of both" unloads hearth
dmremove w below v
check "and dm-rekey" unloads dm_rekey
finish
