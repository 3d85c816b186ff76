#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=150
# Ports that are bound to a peer: silence takes nothing from a living connection, a
# removal does, and what comes over it is a sign of life. Each module loads alone.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/channel/common.bash
. ./common.bash

told=/tmp/work/told
id() { printf '%02x%062d' "$1" 0; }
a=$(id 1) b=$(id 2) c=$(id 3)

# attach NAME PEER...: a port, and the other end of it, which says what becomes of it; $!
attach()
{
	./port "${@:2}" >"/tmp/work/$1" 2>&1 &
	wait_for 20 grep -q . "/tmp/work/$1"
	grep -qx "attached $2" "/tmp/work/$1"
}

closed() { wait_for 20 grep -qx closed "/tmp/work/$1"; }
open() { ! grep -q closed "/tmp/work/$1"; }
peer() { ./channel peer-new id="$1" name=x source=hand; }
why() { wait_for 20 grep -q "\"state\":\"$1\",.*\"reason\":\"peer\"" /tmp/work/ports; }
unloads() { wait_for 20 rmmod "$1"; }

plan 26
modprobe hearth_vhci
# none of the devices ever says what it is
patience=/sys/module/usbcore/parameters/initial_descriptor_timeout
read -r usual <$patience
echo 60000 >$patience
check "without hearth no peer can be bound to" shows "refused EOPNOTSUPP: the module hearth, which knows peers, is not loaded" ./port "$a"
modprobe hearth
check "nor one that is not known" shows "refused ENOENT: no such peer" ./port "$a"
check "and hearth can be removed" rmmod hearth
modprobe hearth
monitor /tmp/work/ports -j usb
monitor=$!
listen peers $told
listener=$!

peer "$a" >/dev/null
peer "$b" >/dev/null
check "a port is bound" attach one "$a"
check "and another to the same" attach two "$a"
check "one to another peer" attach other "$b"
refuse "hearth stays as long as they do" rmmod hearth
ip netns add box
ip netns exec box ./channel peer-new id="$a" name=x source=hand >/dev/null
check "another namespace's peer of that id is removed" ip netns exec box ./channel peer-del id="$a" reason=removed
ip netns del box
check "that is another peer" eval 'open one && open two'
check "this one's is removed" ./channel peer-del id="$a" reason=removed
check "both are closed" eval 'closed one && closed two'
check "the reason is told" why detaching
check "the other peer's is not" open other
check "it says goodbye" ./channel peer-del id="$b" reason=goodbye
check "that ends it, too" closed other
check "hearth can be removed again" unloads hearth
kill $listener
modprobe hearth
listen peers $told
listener=$!

# --- silence ------------------------------------------------------------------
peer "$a" >/dev/null
check "bound to one that falls silent" attach silent "$a"
./channel peer-new id="$a" name=x source=multicast ttl=300 >/dev/null
check "it expires" wait_for 20 grep -q '"expired"' $told
check "the port stays" open silent
check "what has expired can still be removed" ./channel peer-del id="$a" reason=removed
check "that ends it" closed silent

# --- signs of life ------------------------------------------------------------
# Nobody refreshes the peer: three times its time to live what comes over the port does.
peer "$c" >/dev/null
attach lively "$c" dribble
lively=$!
./channel peer-new id="$c" name=x source=multicast ttl=2000 >/dev/null
sleep 6.5
check "while bytes come it does not expire" eval '! grep "$c.*gone" $told && ./channel peer-get id=$c'
kill -USR1 $lively
check "they stop" wait_for 20 grep -q silent /tmp/work/lively
check "then it does, and the port stays" eval 'wait_for 20 grep -q "$c.*expired" $told && open lively'

rmmod hearth_vhci
check "the port goes with its module" closed lively
check "and hearth is free" unloads hearth
echo "$usual" >$patience
kill $listener
finish
