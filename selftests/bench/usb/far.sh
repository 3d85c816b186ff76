#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How long a disk far away takes: a server in a network namespace of its own,
# behind 1, 10 and 50 ms of round trip. The time is the guest's. The server is
# the tests' own, since a gadget answers only once in a millisecond; the limit
# sends command, data and status of a command at once, with no stack above it.
# shellcheck source=selftests/bench/usb/common.bash
. "${0%/*}/common.bash"

limit() { "$here/diskwire" --far 10.9.0.1 3240 1-1 "$@"; }

# timed ROW WHO N UNIT COMMAND...: guest time of COMMAND, one Nth
timed()
{
	local row=$1 who=$2 n=$3 unit=$4 from to
	shift 4
	from=$(clock)
	"$@" >/dev/null 2>&1 || die "$row $who: $*"
	to=$(clock)
	echo "@bench $row $who $(per $((to - from)) $((n * 1000))) ms a $unit"
}

# Has the server its device back? The end of the last client's connection may have been
# lost with the packets of the delay before.
free() { limit read 131072 0 2>/dev/null; }

fresh() { echo 3 >/proc/sys/vm/drop_caches; }

buffered()	# buffered WHO MS DEV
{
	fresh
	timed "$2ms-read-buffered" "$1" 4 MiB dd if="$3" of=/dev/null bs=128k count=32
	timed "$2ms-write-buffered" "$1" 4 MiB dd if=/dev/zero of="$3" bs=128k count=32 conv=fsync
	fresh
}

rows()	# rows WHO MS COMMAND...
{
	local who=$1 ms=$2
	shift 2
	timed "${ms}ms-read-128k" "$who" 4 MiB "$@" read 131072 32
	timed "${ms}ms-write-128k" "$who" 4 MiB "$@" write 131072 32
	timed "${ms}ms-random-read-4k" "$who" 32 command "$@" random 4096 32
}

delay()	# delay MS: of a round trip, half of it each way
{
	local half=$(($1 * 500))us
	tc qdisc replace dev far0 root netem delay $half limit 10000
	ip netns exec far tc qdisc replace dev far1 root netem delay $half limit 10000
}

modprobe -a veth sch_netem usb-storage sd_mod vhci-hcd hearth_vhci || die "no modules"
echo 0 >/sys/module/usb_storage/parameters/delay_use
ip link set lo up
ip netns add far
ip link add far0 type veth peer name far1 netns far
ip addr add 10.9.0.2/24 dev far0
ip link set far0 up
ip netns exec far ip addr add 10.9.0.1/24 dev far1
ip netns exec far ip link set far1 up
ip netns exec far "$here/liar" --daemon --address 0.0.0.0 --kind disk --speed super --size 16 >/dev/null ||
	die "no server"

n=0
while [ $n -lt "$rounds" ]; do
	for ms in 1 10 50; do
		delay $ms
		wait_for free
		rows limit $ms limit
		for who in peer ours; do
			attach $who 10.9.0.1 3240 1-1
			wait_for disk_of ${client[$who]} >/dev/null
			# it is there before the kernel has done with it: one read waits for that
			"$here/diskio" "$(disk_of ${client[$who]})" read 4096 1 || die "$who: no disk"
			rows $who $ms "$here/diskio" "$(disk_of ${client[$who]})"
			buffered $who $ms "$(disk_of ${client[$who]})"
			detach $who
			wait_for no_disk $who
		done
	done
	n=$((n + 1))
done
echo "@bench-done"
