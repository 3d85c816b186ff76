#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=240
# A server that says nothing: each time limit of a port holds, to the second,
# and nothing that a user does waits for the server longer than that.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
case $HEARTH_KERNEL in
uml | lockdep) slack=8000 ;;
kasan) slack=15000 ;;
*) slack=4000 ;;
esac

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# fails COMMAND...: with exit code 1, which is how urbs tells that URBs failed
fails() { "$@"; [ $? = 1 ]; }

# within MIN MAX COMMAND...: does it succeed, and take this many milliseconds? At least by the
# clock, and at most of the machine's own.
within()
{
	local min=$1 max=$2 start took own rc=0
	shift 2
	start=$(now_ms)
	timeout $((max / 1000 + 2)) "$@" || rc=$?
	took=$(($(now_ms) - start)) own=$took
	[ $took -le "$max" ] || own=$((took - $(lost $((took / 1000 + 1)))))
	echo "$took ms, $own of them its own, exit code $rc: $*"
	[ $rc = 0 ] && [ $took -ge "$min" ] && [ $own -le "$max" ]
}

# limit NAME REASON MS COMMAND...: the port leaves for the reason, and what
# waits for it ends, after MS and not much later.
early=100
limit()
{
	local name=$1 reason=$2 ms=$3
	shift 3
	if check "$name: $ms ms" within $((ms - early)) $((ms + slack)) "$@"; then
		check "$name: the reason" wait_for 10 why "$port" "$reason"
	else
		not_ok "$name: the reason"
	fi
	wait_for 10 no_ports || unplug "$port"
}

# mute_port KIND [LIMIT]: a device whose server says nothing from its first
# request behind enumeration on
mute_port()
{
	wait_for 10 no_ports
	serve_liar --kind "$1" --lie mute
	port=$(plug 1-1 --unlink-timeout "${2:-2000}")
}

# unbind DRIVER: the device's interface from it
unbind()
{
	local f
	for f in "/sys/bus/usb/drivers/$1"/*:1.0; do
		is_remote "$f" && echo "${f##*/}" >"/sys/bus/usb/drivers/$1/unbind"
	done
}

plan 35
modprobe hearth_vhci
modprobe usb-storage 2>/dev/null
monitor $events -j
monitor=$!

# --- each limit by itself
# without_unlink LIMIT: from when the device is there, so that what is cancelled while a
# slow machine enumerates it is confirmed
without_unlink()
{
	wait_for 10 gone		# that of the port before
	serve_liar --lie no-unlink --gate
	port=$(plug 1-1 --unlink-timeout "$1")
	wait_for 20 device_is_there
	open_gate
}

without_unlink 1500
limit "unlink" unlink-timeout 1500 fails ./urbs LIAR1 discard 0x83 64 1 300
without_unlink 4000
limit "unlink" unlink-timeout 4000 fails ./urbs -t 20000 LIAR1 discard 0x81 512 50 300
serve_liar --lie stall-payload
port=$(plug 1-1 --stall-timeout 1500)
limit "silence within a message" stall-timeout 1500 fails ./urbs LIAR1 bulk 0x82 4096 1 1
port=$(plug 1-1 --stall-timeout 4000)
limit "silence within a message" stall-timeout 4000 fails ./urbs -t 20000 LIAR1 bulk 0x82 4096 1 1
serve_liar --lie never-reads --devices 2
port=$(plug 1-1 --stall-timeout 1500)
limit "nothing is read" stall-timeout 1500 fails ./urbs LIAR1 bulk 0x02 1048576 6 6
# it does not read that its client is gone either
port=$(plug 1-2 --stall-timeout 4000)
limit "nothing is read" stall-timeout 4000 fails ./urbs -t 20000 LIAR2 bulk 0x02 1048576 6 6

# --- a peer that is no more: its packets are dropped
ip netns add node
ip link add name v0 type veth peer name v1 netns node
ip addr add 10.88.0.2/24 dev v0
ip link set v0 up
ip -n node addr add 10.88.0.1/24 dev v1
ip -n node link set v1 up
ip -n node link set lo up
stop_liar
liar_pid=$(ip netns exec node ./liar --daemon --address 0.0.0.0 --devices 4)

far_port()	# far_port BUSID LIMIT
{
	attach_at 10.88.0.1 "$1" --peer-timeout "$2"
}

# TCP counts from the last that it heard, which is before the line is cut.
early=1500
cut_line() { tc qdisc add dev v0 root netem loss 100%; }
mend_line() { tc qdisc del dev v0 root; }

modprobe sch_netem 2>/dev/null
# The server does not see its client go, so each of these has its own device.
port=$(far_port 1-1 6000)
check "far peer: works" ./urbs LIAR1 bulk-echo 512 10 4
cut_line
limit "dead peer, idle" lost 6000 wait_for 20 why "$port" lost
mend_line
port=$(far_port 1-2 6000)
./urbs -t 20000 LIAR2 discard 0x83 64 4 15000 >/tmp/work/waits 2>&1 &
sleep 1
cut_line
limit "dead peer, a request waits" lost 6000 wait_for 20 why "$port" lost
check "dead peer, a request waits: it fails" wait_for 20 grep -q "^status -108: 4 URBs" /tmp/work/waits
mend_line
port=$(far_port 1-3 6000)
cut_line
limit "dead peer, data is sent" lost 6000 fails ./urbs -t 20000 LIAR3 bulk 0x02 65536 4 4
mend_line
port=$(far_port 1-4 6000)
./urbs -t 20000 LIAR4 hold 0x83 64 4 10000 >/dev/null 2>&1 &
sleep 1
cut_line
check "dead peer: detach is at once" within 0 $((2000 + slack)) unplug "$port" --now
mend_line
lost=$(grep -c '"state":"detaching".*"reason":"lost","errno":110' $events)
check "the error is ETIMEDOUT" [ "$lost" = 3 ]
ip netns del node

# --- what a user does
mute_port echo
check "close of usbfs" within 2400 $((2500 + slack + 500)) ./urbs LIAR1 hold 0x83 64 8 500
check "close of usbfs: the device is gone" wait_for 10 gone
mute_port echo
./urbs -t 60000 LIAR1 hold 0x83 64 8 50000 >/dev/null 2>&1 &
sleep 1
check "unbind of usbfs" within 0 $((2000 + slack)) unbind usbfs
# the class driver waits for the answer to its INQUIRY as long as the core lets it
echo 5 >/sys/module/scsi_mod/parameters/inq_timeout
mute_port disk
wait_for 10 eval '[ -e /sys/bus/usb/drivers/usb-storage/*:1.0 ]'
sleep 1
check "unbind of usb-storage" within 0 60000 unbind usb-storage
check "unbind of usb-storage: the port goes" wait_for 10 no_ports
mute_port echo 30000
./urbs -t 60000 LIAR1 hold 0x83 64 8 50000 >/dev/null 2>&1 &
sleep 1
check "detach waits for no answer" within 0 $((2000 + slack)) unplug "$port" --now
mute_port disk 30000
sleep 1
check "detach of a disk" within 0 $((2000 + slack)) unplug "$port" --now
mute_port echo 30000
./urbs -t 60000 LIAR1 hold 0x83 64 8 50000 >/dev/null 2>&1 &
sleep 1
kill $monitor
# drivers have 10 s of silence to let go
check "module removal" within 0 $((13000 + slack)) rmmod hearth_vhci
modprobe hearth_vhci
monitor $events -j		# port numbers begin again

# --- a server that never said anything: the core waits 5 s for a descriptor
serve_liar --lie silent
port=$(attach_at 127.0.0.1 1-1 --no-wait --unlink-timeout 1000)
check "silent: is unplugged by itself" within 0 $((7000 + slack)) wait_for 20 why "$port" enumeration
port=$(attach_at 127.0.0.1 1-1 --no-wait --unlink-timeout 30000)
check "silent: detach" within 0 $((2000 + slack)) unplug "$port"
port=$(attach_at 127.0.0.1 1-1 --no-wait --unlink-timeout 30000)
check "silent: module removal" within 0 $((3000 + slack)) rmmod hearth_vhci

modprobe hearth_vhci
serve_liar
port=$(plug)
check "an honest server after all" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$port"
if wait_for 10 no_ports; then ok "no port is left"; else not_ok "no port is left"; fi
stop_liar
finish
