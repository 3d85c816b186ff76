#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=disks kernels=6.12 timeout=240
# The machine is killed at random times during a rekey under writers, and booted
# again: the volume opens as it lies, all acknowledged rounds of writes are there,
# the job goes on. Three times; twenty with check --full.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/volume/common.bash
. ./common.bash

len=$((16 * mib))
meta=/dev/vda
data="/dev/vdb 0"
diary=/dev/vdc		# what is known when the power comes back
cuts=3
[ ! "${HEARTH_FULL-}" ] || cuts=20
both=("key:0:$(src d0)" "key:1:$(src d1)")

# note: into the diary, durable. What is in it: cuts, results so far, failures,
# the last round that was acknowledged, the direction.
note()
{
	printf '%-511s\n' "hearth $cut $(results) $acked $from" |
		dd of=$diary bs=512 count=1 iflag=fullblock oflag=direct conv=fsync status=none
}

# the same keys each time
known_key()
{
	printf '%0*d' "$2" "$3" >"/tmp/work/key.$1"
	keyctl padd logon "hearth:$1" @u <"/tmp/work/key.$1" >/dev/null
}

# work: rounds of writes while regions move, there and back, till the power goes.
work()
{
	local end=$((EPOCHSECONDS + 60))
	while [ $EPOCHSECONDS -lt $end ]; do
		if idle v; then
			msg v rekey start "$from" $((1 - from)) || return
			from=$((1 - from))
		fi
		./pattern round /dev/mapper/v 3 $((acked + 1)) || return
		acked=$((acked + 1))
		note
	done
	echo "the power stays on"
	return 1
}

modprobe -a virtio_blk dm-rekey xts || bail "the modules do not load"
wait_for 10 [ -b $diary ]
known_key meta 32 1
known_key d0 64 2
known_key d1 64 3
read -r magic cut had failed acked from < <(dd if=$diary bs=512 count=1 iflag=direct status=none | tr -d '\0')
if [ "$magic" != hearth ]; then
	cut=0 acked=0 from=0
	plan $((cuts * 4 + 4))
	check "a volume" open_volume v $len create "${both[@]}"
	msg v key load 1 "$(src d1)"
else
	go_on $((cuts * 4 + 4)) "$had" "$failed"
	cut=$((cut + 1))
	mark
	check "cut $cut: it opens as it lies" open_volume v $len "${both[@]}" rate:2048
	check "cut $cut: and says what it found" said "was not closed"
	diag "round $acked; $(status v)"
	check "cut $cut: all that was acknowledged is there" ./pattern check /dev/mapper/v 3 "$acked" $((acked + 1))
	# the round that was cut short, to its end
	check "cut $cut: it can be written" ./pattern round /dev/mapper/v 3 $((acked + 1))
	acked=$((acked + 1))
fi
note
if [ $cut -lt $cuts ]; then
	msg v rate 2048
	# it would wait for half a minute
	idle v || msg v rekey resume
	qmp @powercut $((RANDOM % 4000 + 300)) >/dev/null
	work
	bail "the machine was not killed"
fi
msg v rate 0
idle v || msg v rekey resume
check "the job comes to its end" wait_for 60 idle v
check "all is there" ./pattern check /dev/mapper/v 3 "$acked"
dmremove v
open_volume v $len "${both[@]}"
check "closed and opened, too" ./pattern check /dev/mapper/v 3 "$acked"
dmremove v
finish
