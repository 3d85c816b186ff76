#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=120
# Two nodes become peers, stay it, and cease to be.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 36
machine alice
start alice
check "without a key it says what to do" says 2 "hearth node init" h alice node show
check "a key is made" says 0 "name      alice" h alice node init --name alice
check "a key is made once" says 2 "has a key already" h alice node init --name alice
check "its files are its own" at alice sh -c \
	'! find /var/lib/hearth/node -type f ! -perm 600 | grep . && test -s /var/lib/hearth/node/key.pem'
node bob carol
check "no peers yet" says 0 "no peers yet" h alice peer list

code=$(h alice peer invite --as self)
check "a code is 12 characters" grep -qE '^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$' <<<"$code"
h alice peer invite --wait --ttl 120 --as self >"$work/invite" 2>&1 &
watcher=$!
wait_for 20 test -s "$work/invite"
check "a new invitation ends the one before" says 2 "the code is wrong" h bob peer add 10.0.0.1 "$code"
wait_for 10 grep -q "wrong code was tried from 10.0.0.2" "$work/invite"
check "the inviter is shown the wrong code" grep -q "a wrong code was tried from 10.0.0.2" "$work/invite"
code=$(head -n 1 "$work/invite")
check "a code is forgiving" says 0 "alice: " h bob peer add 10.0.0.1 "$(tr 'A-Z1-' 'a-zi ' <<<"$code")"
wait "$watcher"
check "the inviter hears who joined" grep -q "bob has joined, $(id_of bob | cut -c 1-16)" "$work/invite"
check "they are linked" wait_for 20 state alice bob linked
check "on both sides" wait_for 20 state bob alice linked
check "the role is the inviter's word" says 0 "role      self" h alice peer show bob
check "and friend without one" says 0 "role      friend" h bob peer show alice
check "the code is used" says 2 "the code is wrong, or no invitation" h carol peer add 10.0.0.1 "$code"
check "a peer by the beginning of its id" says 0 "name      bob" h alice peer show "$(id_of bob | cut -c 1-8)"
check "no such peer" says 2 "no peer eve" h alice peer show eve

code=$(h alice peer invite --ttl 1)
sleep 1.5
check "a code expires" says 2 "no invitation is open" h carol peer add 10.0.0.1 "$code"
check "who waits is told" says 2 "no longer good" h alice peer invite --ttl 1 --wait
check "nobody is there" says 2 "cannot connect to 10.0.0.1:9" h bob peer add 10.0.0.1:9 0000-0000-0000
check "a host that is not there" says 2 "No route to host" h bob peer add 10.0.0.99 0000-0000-0000
check "a node does not pair with itself" says 2 "is this node itself" h alice peer add 10.0.0.1 "$(h alice peer invite)"

# by the ids, and another node with the name of one that is known
h alice peer add --id "$(id_of carol)" --name bob >/dev/null
check "a name that is taken gets a number" says 0 "bob-2: " h alice peer list
h carol peer add --id "$(id_of alice)" --name alice 10.0.0.1 >/dev/null
check "peers by their ids" wait_for 20 state alice bob-2 linked
check "that is known by its address then" says 0 "10.0.0.3:4820" h alice peer show bob-2

# over IPv6, by an address of the network and by one of the link
h carol peer add --id "$(id_of alice)" --name alice '[fd00::1]' >/dev/null
stop carol
start carol
check "peers over IPv6" wait_for 20 state carol alice "linked, [fd00::1]:4820"
local6=$(at alice ip -6 -o addr show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
code=$(h alice peer invite)
check "pairing over a link's own address" says 0 "alice: " h carol peer add "[$local6%eth0]" "$code"
check "who pairs again keeps its name here, and has that address" state alice bob-2 "[fe80::"

stop alice
check "the other one sees the end" wait_for 20 state bob alice "said goodbye (shutdown)"
start alice
check "peers stay, and find each other again" wait_for 30 state bob alice linked
stop bob KILL || :
check "killed, it is away" wait_for 20 state alice bob "away"
start bob
check "started, it is back" wait_for 30 state alice bob linked

check "a peer is removed" says 0 "bob: " h alice peer remove bob
check "its link ends at once" wait_for 5 state bob alice "has removed this node"
stop bob
start bob
check "and does not come back" wait_for 20 state bob alice refused
clean
finish
