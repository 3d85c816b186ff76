#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=180
# Who is no peer, was one, or pretends to be one; who is in between; who only floods.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 36
node alice bob
machine mallory
m() { at mallory env MALLORY="$work/mallory.key" ./mallory "$@"; }
alice=10.0.0.1:4820

# --- strangers
check "a stranger is refused" says 1 "refused: the other node refused this one" m hello $alice bob
check "and named in the log" grep -q "node $(m id | cut -c 1-16) is no peer" "$work/alice.log"
check "an older TLS is refused" says 0 "refused: " m old $alice
check "who shows no certificate is refused" says 0 "refused: Certificate is required" m none $alice
check "pairing without an invitation is refused" says 1 "refused this one" m join $alice 0000-0000-0000
check "plain text is refused" sh -c "! nsenter -t ${holder[mallory]} -n -- timeout 15 bash -c \
	'exec 3<>/dev/tcp/10.0.0.1/4820; echo GET / HTTP/1.0 >&3; grep -q HTTP <&3'"

# --- wrong codes
code=$(h alice peer invite --ttl 600)
check "a wrong code is refused" says 1 "refused this one" m join $alice 0000-0000-0000
check "one with an address of 3500 bytes, where none belongs, too" says 1 "refused this one" m swollen $alice
m guess $alice 4 >"$work/guess"
ms=$(sed -n 's/ ms//p' "$work/guess")
check "wrong codes are tried once a second" test "$ms" -ge 3000
m guess $alice 5 >/dev/null &
flood=$!
check "they neither end the invitation nor hinder another node" says 0 "alice: " h bob peer add 10.0.0.1 "$code"
wait "$flood"
wait_for 20 state alice bob linked
check "it is linked" state alice bob linked

# --- who sits in between
code=$(h alice peer invite --ttl 600)
at mallory env MALLORY="$work/between.key" ./mallory between 5000 $alice >"$work/between" &
wait_for 10 grep -q listening "$work/between"
h alice peer remove bob >/dev/null
h bob peer remove alice >/dev/null
check "a relayed pairing is refused" says 2 "the code is wrong" h bob peer add 10.0.0.3:5000 "$code"
check "though the code reached the inviter's side" grep -q "joiner says 16" "$work/between"
check "neither trusts anybody then" says 0 "no peers yet" h alice peer list
check "on the other side too" says 0 "no peers yet" h bob peer list
at mallory env MALLORY="$work/between.key" ./mallory pretend 5001 >"$work/pretend" &
wait_for 10 grep -q listening "$work/pretend"
check "an inviter who does not know the code is refused" says 2 "does not know the code" \
	h bob peer add 10.0.0.3:5001 "$code"
check "though he welcomes everybody" grep -q "welcomed bob" "$work/pretend"
check "and is no peer" says 0 "no peers yet" h bob peer list
check "a proof of another session is refused" says 1 "refused this one" m stale $alice "$code"
check "the same code in its own session is not" says 0 "welcome alice" m again $alice "$code"
check "once" says 1 "refused" env bash -c "nsenter -t ${holder[mallory]} -n -m --wd='$here' -- \
	env MALLORY=$work/other.key ./mallory join $alice $code"

# --- a peer that is none any more, and one with another's name
pair alice bob
check "a peer may talk" says 0 "hello alice" m hello $alice mallory
m stay $alice bob >"$work/stay" &
stay=$!
wait_for 10 grep -q hello "$work/stay"
check "what a peer says it is called changes nothing" sh -c \
	"nsenter -t ${holder[alice]} -n -m -- hearth peer list | grep -q '^mallory: '"
check "rubbish ends a session" says 1 "" m rubbish $alice
h alice peer remove mallory >/dev/null
check "a peer that is removed is told and ended" wait_for 5 grep -q "bye removed" "$work/stay"
wait "$stay"
check "and refused from then on" says 1 "refused" m hello $alice bob

# --- many who say nothing
start=$EPOCHREALTIME
m silent $alice 200 >"$work/silent" &
wait_for 20 grep -q "of 200" "$work/silent"
check "of 200 silent connections 8 have a place" grep -qx "8 of 200" "$work/silent"
check "another one of the same source gets an answer" says 1 "the other node refused this one" m hello $alice bob
check "the node answers meanwhile" says 0 "name      bob" h alice peer show bob
h alice peer add --id "$(m id)" --name mallory >/dev/null
m ping $alice 20 >"$work/ping"
ms=$(sed -n 's/ ms//p' "$work/ping")
diag "the longest wait of a peer: $ms ms"
check "a peer is answered in time" test "${ms:-99999}" -lt 2000
machine dave
start dave
h dave node init --name dave >/dev/null
check "another machine pairs meanwhile" pair alice dave
wait_for 30 grep -q "all ended" "$work/silent"
check "and they are gone after ten seconds" grep -q "all ended" "$work/silent"

# --- the same from 25 machines
at mallory sh -c 'for i in $(seq 100 124); do ip addr add 10.0.0.$i/24 dev eth0; done'
m silent $alice 200/25 >"$work/silent-25" &
wait_for 20 grep -q "of 200" "$work/silent-25"
check "of 200 from 25 addresses 64 have a place" grep -qx "64 of 200" "$work/silent-25"
m ping $alice 20 >"$work/ping"
ms=$(sed -n 's/ ms//p' "$work/ping")
diag "the longest wait of a peer: $ms ms"
check "a peer is answered in time, too" test "${ms:-99999}" -lt 2000
machine erin
start erin
h erin node init --name erin >/dev/null
check "and another machine pairs" pair alice erin
clean
finish
