#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=240
# Links between peers: one of two that meet, one key on two machines, a peer that says too
# much, and one that says nothing.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 22
exec 2>"$work/stderr"
node alice bob
machine mallory
m() { at mallory env MALLORY="$work/mallory.key" ./mallory "$@"; }
alice=10.0.0.1:4820
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# links NAME: the ends of its TCP connections; what waits in their queues changes all the time
links() { at "$1" ss -Htn state established | awk '/4820/ { print $3, $4 }'; }
one() { state alice bob linked && state bob alice linked && [ "$(links alice | wc -l)" = 1 ]; }

# --- both dial at once
ida=$(id_of alice) idb=$(id_of bob)
rounds=3 bad=0
for ((i = 0; i < rounds; i++)); do
	h alice peer remove bob >/dev/null
	h bob peer remove alice >/dev/null
	h alice peer add --id "$idb" --name bob 10.0.0.2 >/dev/null &
	first=$!
	h bob peer add --id "$ida" --name alice 10.0.0.1 >/dev/null &
	wait $first $!
	wait_for 20 one || { diag "round $i: $(links alice)"; bad=1; }
done
check "who dial each other at once have one link, in $rounds rounds" test $bad = 0
before=$(links alice)
sleep 2.5
check "and keep it" test "$(links alice)" = "$before"

# --- one key on two machines
machine twin
at twin sh -c 'cp -a /proc/'"${holder[bob]}"'/root/var/lib/hearth/node/{key.pem,state.db} /var/lib/hearth/node' ||
	at bob sh -c 'cd /var/lib/hearth/node && tar c key.pem state.db' | at twin tar x -C /var/lib/hearth/node
start twin
check "the copy is the same node" test "$(id_of twin)" = "$idb"
check "two machines with one key are seen by their peer" wait_for 30 state alice bob "two machines have its key"
check "in its list" says 0 "two machines have its key" h alice peer list
check "and its log" grep -q "peer bob: two machines have its key; another one is at 10.0.0." "$work/alice.log"
ousted() { state bob alice "another machine has this node's key" || state twin alice "another machine has this node's key"; }
check "the one that is put out is told" wait_for 10 ousted
check "in its log" sh -c "cat '$work/bob.log' '$work/twin.log' | grep -q \"another machine has this node's key\""
before=$(links alice)
sleep 3.5
check "and does not put the other one out" test "$(links alice)" = "$before"
check "which is linked" state alice bob linked
told=$(cat "$work/bob.log" "$work/twin.log" | grep -c "peer alice: another machine has this node's key")
check "nor tries each second" test "$told" = 1
if state bob alice linked; then left=bob other=twin; else left=twin other=bob; fi
stop $left
check "when that one has gone, the other is linked" wait_for 80 state $other alice linked

# --- a peer that says too much
h alice peer add --id "$(m id)" --name mallory >/dev/null
check "a peer is answered" says 0 " ms" m ping $alice 3
used=$(ticks "${daemon[alice]}")
m flood $alice 20000 >"$work/flood"
used=$(($(ticks "${daemon[alice]}") - used))
diag "$(cat "$work/flood"), $used ticks of hearthd"
check "a flood is ended" grep -q "end: flood" "$work/flood"
check "some of it was answered" test "$(sed 's/ pongs.*//' "$work/flood")" -ge 1
check "not much of it" test "$(sed 's/ pongs.*//' "$work/flood")" -le 200
check "and it took little" test $used -le 200
check "it is not let in for a while" says 1 "refused" m hello $alice mallory
check "and the log says so" grep -q "peer mallory: it sent more than 1024 messages in a second" "$work/alice.log"
check "others are linked meanwhile" state alice bob linked

# --- a peer that says nothing, for a minute
if [ -n "${HEARTH_FULL-}" ]; then
	kill -STOP "${daemon[$other]}"
	start=$EPOCHSECONDS
	check "who is silent for a minute is away" wait_for 100 state alice bob "silent for 60 s"
	diag "after $((EPOCHSECONDS - start)) s"
	kill -CONT "${daemon[$other]}"
	wait_for 20 state alice bob linked
else
	skip "who is silent for a minute is away" "with --full"
fi
clean
finish
