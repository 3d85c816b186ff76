#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=stock,debug timeout=300
# A stuck device holds up no other one, each port has a bus of its own as long as there
# are buses, and a device that cannot be enumerated ends by itself. A5
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./liar.bash

events=/tmp/work/events
core=/sys/module/usbcore/parameters/initial_descriptor_timeout
servers=70

# The bus of a port, and how many buses all ports have.
bus_of() { hearth -j usb ports "$1" | grep -o '"busnum": *[0-9]*' | grep -o '[0-9]*$'; }
buses_of_all() { hearth -j usb ports | grep -o '"busnum": *[0-9]*' | sort -u | wc -l; }
ports() { hearth -j usb ports | grep -o '"port": *[0-9]*' | wc -l; }

# Has the port a device?
enumerated() { hearth -j usb ports "$1" | grep -q '"devnum"'; }

# told_devnum PORT: did an event say so?
told_devnum() { grep -q "\"port\":$1,.*\"state\":\"attached\".*\"devnum\":" $events; }

plug_all()
{
	local i
	for i in $(seq $servers); do
		plug "1-$i" >/dev/null || return
	done
}

all_there()
{
	local i
	for i in $(seq $servers); do
		device_is_there "LIAR$i" || return
	done
}

# dumps EXPECTED COMMAND: a dump of the ports that is read slowly, and what happens in
# the middle of it
dumps()
{
	local said
	said=$(./dump "$2")
	echo "$said"
	[ "$said" = "$1" ]
}

unplug_all()
{
	local p
	for p in $(hearth -j usb ports | grep -o '"port": *[0-9]*' | grep -o '[0-9]*$'); do
		hearth usb detach "$p" --no-wait >/dev/null || return
	done
}

more=${HEARTH_FULL:+2}
plan $((23 + ${more:-0}))
modprobe hearth_vhci
hearth -j monitor >$events &
monitor=$!
sleep 1

# --- one that never answers, held in the act: the core would wait a minute for it
echo 60000 >$core
serve_liar --port 3250 --lie silent
stuck_pid=$liar_pid liar_pid=
hearth usb attach --plain 127.0.0.1:3250 1-1 >/dev/null 2>&1 &
attaching=$!
wait_for 20 eval '[ "$(ports)" = 1 ]'
stuck=$(hearth -j usb ports | grep -o '"port": *[0-9]*' | grep -o '[0-9]*$')
serve_liar
check "a neighbour is attached" timeout 30 hearth usb attach --plain 127.0.0.1 1-1
check "it is enumerated" wait_for 30 device_is_there
refuse "while the stuck one is not" enumerated "$stuck"
check "which is attached still" eval "hearth -j usb ports $stuck | grep -q '\"attached\"'"
port=$((stuck + 1))
check "the number of its device is told" wait_for 5 told_devnum $port
check "they are on different buses" [ "$(bus_of "$stuck")" != "$(bus_of $port)" ]
check "and it works" ./urbs LIAR1 bulk-echo 4096 20 4
unplug "$stuck" --now
unplug $port
wait $attaching
kill "$stuck_pid"

# --- what cannot be enumerated does not stay
echo 1000 >$core
serve_liar --lie silent
said=$(timeout 60 hearth usb attach --plain 127.0.0.1 1-1 --unlink-timeout 600000 2>&1)
check "silent: attach fails" [ $? = 2 ]
diag "$said"
check "silent: and says why" grep -q "does not answer" <<<"$said"
port=$(grep -o '"port":[0-9]*' $events | tail -n 1 | cut -d: -f2)
check "silent: the reason" wait_for 10 why "$port" enumeration
check "silent: the port is gone" wait_for 20 no_ports
echo 5000 >$core
serve_liar --lie desc-device-short
said=$(timeout 60 hearth usb attach --plain 127.0.0.1 1-1 2>&1)
check "no descriptor: attach fails" [ $? = 2 ]
diag "$said"
port=$(grep -o '"port":[0-9]*' $events | tail -n 1 | cut -d: -f2)
check "no descriptor: the reason" wait_for 30 why "$port" enumeration
check "no descriptor: the port is gone" wait_for 20 no_ports

# --- a slow one is not given up: each answer takes three seconds
if [ "${HEARTH_FULL-}" ]; then
	serve_liar --delay-ms 3000
	check "slow, but honest: it is attached" timeout 120 hearth usb attach --plain 127.0.0.1 1-1
	check "slow, but honest: and there" device_is_there
	unplug_all
	wait_for 20 no_ports
fi

# --- more servers than buses
mark "$servers servers"
serve_liar --devices $((servers + 1))
check "$servers servers: all are attached" plug_all
check "$servers servers: all are there" wait_for 60 all_there
n=$(buses_of_all)
diag "$(ports) ports on $n buses; $(dmesg | grep -c 'no USB bus left') lines about it"
check "$servers servers: most have a bus of their own" [ "$n" -ge 50 -a "$n" -le 59 ]
check "$servers servers: the log tells who shares one" eval "dmesg | grep -q 'no USB bus left'"
port=$(hearth -j usb ports | grep -o '"port": *[0-9]*' | grep -o '[0-9]*$' | head -n 1)
# events that follow their coming change them, too
check "a dump of them all" wait_for 20 dumps "$servers ports" true
check "a dump while one goes, that it has told: it is flagged" dumps "$servers ports, interrupted" \
	"hearth usb detach $port >/dev/null"
check "a dump while one comes: it is flagged" dumps "$servers ports, interrupted" \
	"hearth usb attach --plain 127.0.0.1 1-$((servers + 1)) >/dev/null"
check "$servers servers: all are detached" unplug_all
check "$servers servers: none is left" wait_for 60 no_ports
kill $monitor
stop_liar
finish
