#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=240
# What hearthd says of its peers to the kernel: known by a link, kept by what is heard over
# it, gone when they are removed; and what was said before hearthd started counts no more.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 20
exec 2>"$work/stderr"
modprobe -q veth

# Two machines on one wire, which needs no bridge.
one()
{
	unshare --net --mount sleep 10000 &
	holder[$1]=$! address[$1]=$2
	wait_for 10 inside_other "${holder[$1]}"
}
one alice 10.0.0.1
one bob 10.0.0.2
ip link add name wire0 netns "${holder[alice]}" type veth peer name wire0 netns "${holder[bob]}"
for name in alice bob; do
	at "$name" sh -ec "
		mount --make-rprivate /
		ip link set lo up
		ip addr add ${address[$name]}/24 dev wire0
		ip link set wire0 up
		mount -t tmpfs run /run
		mount -t tmpfs lib /var/lib
		mkdir -p /run/hearth/node /var/lib/hearth/node"
done
known() { at "$1" ./channel dump; }
knows() { [[ $(known "$1") = *"$2"* ]]; }
# An answer without it, and not none.
unknown() { local all; all=$(known "$1") && [[ $all = *"done" && $all != *"$2"* ]]; }

# another test of this guest may have loaded it
modprobe -r -q hearth
if [ -d /sys/module/hearth ]; then
	skip "without the module it says so" "something has it"
	start alice ./hearthd-plain
else
	start alice ./hearthd-plain
	check "without the module it says so" grep -q "module hearth is not loaded" "$work/alice.log"
fi
check "a node" says 0 "name      alice" h alice node init --name alice
start bob ./hearthd-plain
check "and another one" says 0 "name      bob" h bob node init --name bob
alice=$(id_of alice) bob=$(id_of bob)
modprobe hearth
check "without peers they tell of none" says 0 "done" known alice
check "not a word" test "$(known alice)" = "done"
pair alice bob
wait_for 30 state alice bob linked
check "a peer is known by its link" wait_for 30 knows alice "$bob"
diag "$(known alice)"
check "by its name" knows alice '"name":"bob"'
check "and where it listens" knows alice '"address":{"ipv4":"10.0.0.2","port":4820},"state"'
check "in each one's own namespace" wait_for 30 knows bob "$alice"
check "who was named by hand has no end" unknown alice '"ttl"'

# --- what hearthd did not say
stranger=$(printf '77%062d' 0)
at alice ./channel peer-new id="$stranger" name=eve source=hand >/dev/null
check "another one is put there" knows alice "$stranger"
stop alice KILL || :
check "killed, its peers are known" knows alice "$bob"
start alice ./hearthd-plain
check "started, it has the kernel forget who is no peer" wait_for 20 unknown alice "$stranger"
check "and no other" knows alice "$bob"
wait_for 30 state alice bob linked

# --- removed
at alice ./channel listen peers >"$work/told" &
wait_for 20 grep -q listening "$work/told"
h alice peer remove bob >/dev/null
check "a peer that is removed is known no more" unknown alice "$bob"
check "for that reason" wait_for 10 grep -q '"reason":"removed"' "$work/told"
check "another node's table is its own" knows bob "$alice"

# --- announced: for a while
h alice peer add --id "$bob" --name bob >/dev/null
hear alice ./hearth-discover-plain
hear bob ./hearth-discover-plain
check "one that announces itself is known for a minute at a time" wait_for 60 knows alice '"source":"multicast","ttl":60000'
diag "$(known alice)"
if [ -n "${HEARTH_FULL-}" ]; then
	stop alice KILL || :
	stop bob KILL || :
	start=$EPOCHSECONDS
	check "where no daemon is left, the kernel forgets it" wait_for 90 unknown alice "$bob"
	diag "after $((EPOCHSECONDS - start)) s"
else
	skip "where no daemon is left, the kernel forgets it" "with --full"
fi
clean
finish
