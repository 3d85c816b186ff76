#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=all timeout=150
# Peers in the kernel: made, refreshed, shown, told of, forgotten; who may; each refusal
# and its sentence; ten thousand that end at once.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/channel/common.bash
. ./common.bash

told=/tmp/work/told
id() { printf '%02x%062d' "$1" 0; }
a=$(id 1) b=$(id 2) c=$(id 3)
text="name=desk source=multicast ttl=60000"

plan 35
check "the module loads by itself" shows "done" ./channel dump
check "it is there" [ -d /sys/module/hearth ]

# --- told ---------------------------------------------------------------------
listen peers $told
listener=$!
monitor $told.json -j peer
monitor $told.text peer
ip netns add box
listen peers $told.box ip netns exec box
listener_box=$!
./channel - >/tmp/work/verdicts <<EOT
peer-new id=$a $text capabilities=usb,store address=10.0.0.1/7000 address=fe80::1/7000/3 address=fd00::1/65535
peer-new id=$a $text capabilities=usb,store address=10.0.0.1/7000 address=fe80::1/7000/3 address=fd00::1/65535
peer-new id=$a $text capabilities=usb,store address=fd00::1/65535
peer-new id=$a name=küche source=center ttl=50000
peer-new id=$b name=shed source=hand capabilities=env,relay
peer-del id=$a reason=goodbye
peer-del id=$b reason=removed
peer-new id=$c name=brief source=multicast ttl=1
EOT
check "each was done" [ "$(sort -u /tmp/work/verdicts)" = "done" ]
cat >/tmp/work/golden <<EOT
listening
{"id":"$a","name":"desk","capabilities":["usb","store"],"source":"multicast","ttl":60000,"address":{"ipv4":"10.0.0.1","port":7000},"address":{"ipv6":"fe80::1","port":7000,"scope":3},"address":{"ipv6":"fd00::1","port":65535},"state":"known"}
{"id":"$a","name":"desk","capabilities":["usb","store"],"source":"multicast","ttl":60000,"address":{"ipv6":"fd00::1","port":65535},"state":"known"}
{"id":"$a","name":"küche","capabilities":[],"source":"center","ttl":50000,"state":"known"}
{"id":"$b","name":"shed","capabilities":["env","relay"],"source":"hand","state":"known"}
{"id":"$a","name":"küche","capabilities":[],"source":"center","ttl":50000,"state":"gone","reason":"goodbye"}
{"id":"$b","name":"shed","capabilities":["env","relay"],"source":"hand","state":"gone","reason":"removed"}
{"id":"$c","name":"brief","capabilities":[],"source":"multicast","ttl":1,"state":"known"}
{"id":"$c","name":"brief","capabilities":[],"source":"multicast","ttl":1,"state":"gone","reason":"expired"}
EOT
wait_for 20 grep -q '"expired"' $told
check "what was told, to the letter" diff /tmp/work/golden $told
key='"id":"'
cat >/tmp/work/golden <<EOT
{"event":"peer","name":"desk",$key$a","source":"multicast","state":"known"}
{"event":"peer","name":"desk",$key$a","source":"multicast","state":"known"}
{"event":"peer","name":"küche",$key$a","source":"center","state":"known"}
{"event":"peer","name":"shed",$key$b","source":"hand","state":"known"}
{"event":"peer","name":"küche",$key$a","source":"center","state":"gone","reason":"goodbye"}
{"event":"peer","name":"shed",$key$b","source":"hand","state":"gone","reason":"removed"}
{"event":"peer","name":"brief",$key$c","source":"multicast","state":"known"}
{"event":"peer","name":"brief",$key$c","source":"multicast","state":"gone","reason":"expired"}
EOT
wait_for 20 grep -q '"expired"' $told.json
check "as hearth monitor tells it" diff /tmp/work/golden <(sed 's/"time":"[-0-9T:.]*Z",//' $told.json)
wait_for 20 grep -q 'expired' $told.text
check "and in words" eval 'cut -d " " -f 3- $told.text | tail -n 1 | tee /dev/stderr | grep -qx "peer brief (03000000) by multicast: gone, expired"'
check "another namespace was told nothing" shows listening cat $told.box

# --- shown --------------------------------------------------------------------
check "a peer of another namespace" ip netns exec box ./channel peer-new id="$a" $text
check "is told of there" wait_for 20 grep -q '"desk"' $told.box
check "and not here" shows "done" ./channel dump
check "nor found here" refused "ENOENT: no such peer [id]" peer-get id="$a"
kill $listener_box
check "it goes with its namespace" ip netns del box
check "by hand, for good" ./channel peer-new id="$b" name=shed source=hand
check "one is shown" shows '{"id":"'"$b"'","name":"shed","capabilities":[],"source":"hand","state":"known"}
done' ./channel peer-get id="$b"
check "one that expires" ./channel peer-new id="$a" $text
check "says when" eval './channel peer-get id=$a | grep -qE "\"state\":\"known\",\"expires\":[1-6][0-9]{4}}"'
check "all are shown, in the order in which they came" eval '[ "$(./channel dump | cut -c 8-9 | tr "\n" " ")" = "02 01  " ]'
check "a second socket sees them" eval '[ "$(./channel dump | wc -l)" = 3 ]'

# --- who may ------------------------------------------------------------------
check "anybody may look" eval 'anybody ./channel dump | grep -q shed'
listen peers $told.anybody anybody
anybody_listens=$!
check "and listen" grep -q listening $told.anybody
kill $anybody_listens
check "not change" eval 'anybody ./channel peer-new id=$c $text | grep -qx "refused EPERM"'
check "nor remove" eval 'anybody ./channel peer-del id=$b reason=removed | grep -qx "refused EPERM"'
# None can be made in a changed root, which is what UML boots into.
if unshare -Urn true 2>/dev/null; then
	check "root of a user namespace may not" eval 'unshare -Urn ./channel peer-new id=$c $text | grep -qx "refused EPERM"'
	check "but look, at its own" shows "done" unshare -Urn ./channel dump
else
	skip "root of a user namespace may not" "no user namespace can be made here"
	skip "but look, at its own" "no user namespace can be made here"
fi

# --- refused ------------------------------------------------------------------
long=$(printf 'x%.0s' {1..65})
nine=$(printf 'address=10.0.0.1/1 %.0s' {1..9})
check "peer-new: each refusal" all_refused <<EOT
peer-new $text -> EINVAL: the id of a peer is needed [id]
peer-new id=$c source=hand -> EINVAL: a name is needed [name]
peer-new id=$c name=x -> EINVAL: where the peer was learnt is needed [source]
peer-new id=$c name=x source=center -> EINVAL: a time to live is needed [ttl]
peer-new id=$c name=x source=hand ttl=1 -> EINVAL: a peer that was named by hand has no time to live [ttl]
peer-new id=${c:2} $text -> ERANGE: binary attribute size out of range [id]
peer-new id=${c}00 $text -> ERANGE: binary attribute size out of range [id]
peer-new id=$c name=-x source=hand -> EINVAL: the name is not one that can be shown and told from an id [name]
peer-new id=$c name= source=hand -> EINVAL: the name is not one that can be shown and told from an id [name]
peer-new id=$c name=$(printf 'a\033c') source=hand -> EINVAL: the name is not one that can be shown and told from an id [name]
peer-new id=$c name=00112233 source=hand -> EINVAL: the name is not one that can be shown and told from an id [name]
peer-new id=$c name=$long source=hand -> EINVAL: Attribute failed policy validation [name]
peer-new id=$c name=x source=0 ttl=1 -> ERANGE: integer out of range [source]
peer-new id=$c name=x source=4 ttl=1 -> ERANGE: integer out of range [source]
peer-new id=$c name=x source=center ttl=0 -> ERANGE: integer out of range [ttl]
peer-new id=$c $text capabilities=16 -> EINVAL: reserved bit set [capabilities]
peer-new id=$c $text expires=5 -> EINVAL: Unknown attribute type [expires]
peer-new id=$c $text $nine -> EINVAL: a peer has at most 8 addresses [address]
EOT
check "peer-new: each refusal of an address" all_refused <<EOT
peer-new id=$c $text address=none/1 -> EINVAL: an address is either IPv4 or IPv6 [address]
peer-new id=$c $text address=both/1 -> EINVAL: an address is either IPv4 or IPv6 [address]
peer-new id=$c $text address=10.0.0.1 -> EINVAL: an address needs a port [address]
peer-new id=$c $text address=10.0.0.1/0 -> ERANGE: integer out of range [address]
peer-new id=$c $text address=0.0.0.0/1 -> EINVAL: the address is not a host's [address]
peer-new id=$c $text address=224.0.0.1/1 -> EINVAL: the address is not a host's [address]
peer-new id=$c $text address=255.255.255.255/1 -> EINVAL: the address is not a host's [address]
peer-new id=$c $text address=::/1 -> EINVAL: the address is not a host's [address]
peer-new id=$c $text address=ff02::1/1/3 -> EINVAL: the address is not a host's [address]
peer-new id=$c $text address=::ffff:10.0.0.1/1 -> EINVAL: an IPv4 address has an attribute of its own [address]
peer-new id=$c $text address=fe80::1/1 -> EINVAL: a link-local address needs a scope [address]
peer-new id=$c $text address=fd00::1/1/3 -> EINVAL: only a link-local IPv6 address has a scope [address]
peer-new id=$c $text address=10.0.0.1/1/3 -> EINVAL: only a link-local IPv6 address has a scope [address]
peer-new id=$c $text address=10.0.0.1/1 address=::/1 -> EINVAL: the address is not a host's [address]
EOT
check "peer-get, peer-del: each refusal" all_refused <<EOT
peer-get -> EINVAL: the id of a peer is needed [id]
peer-get id=$c -> ENOENT: no such peer [id]
peer-get id=$a name=desk -> EINVAL: Unknown attribute type [name]
peer-del reason=removed -> EINVAL: the id of a peer is needed [id]
peer-del id=$a -> EINVAL: a reason is needed [reason]
peer-del id=$a reason=expired -> EINVAL: a peer expires by itself [reason]
peer-del id=$a reason=4 -> ERANGE: integer out of range [reason]
peer-del id=$c reason=removed -> ENOENT: no such peer [id]
EOT
check "none of it changed anything" eval '[ "$(./channel dump | wc -l)" = 3 ]'
pkill -x hearth
kill $listener
./channel peer-del id="$a" reason=removed >/dev/null
./channel peer-del id="$b" reason=removed >/dev/null

# --- many ---------------------------------------------------------------------
check "a dump in the middle of a change says so" shows "some before
1001 shown
done, interrupted" ./channel torn 1000
check "one at rest does not" eval '[ "$(./channel dump | tail -n 1)" = "done" ]'
rmmod hearth
modprobe hearth
check "the module takes its peers along" shows "done" ./channel dump
out=$(./channel many 10000)
diag "$out"
check "10,000 peers are shown" grep -q "^10000 shown" <<<"$out"
check "and end at one moment" grep -q "^0 left" <<<"$out"
if [ "$HEARTH_FULL" ]; then
	./channel torn 16384 >/dev/null
	check "one too many" refused "ENOSPC: there are too many peers in this namespace" peer-new id="$a" $text
	rmmod hearth
	modprobe hearth
else
	skip "one too many" "with --full only"
fi
check "the module is removed with peers in it" eval './channel peer-new id=$a $text && rmmod hearth'
finish
