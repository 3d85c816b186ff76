#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=240
# Nodes find each other on a network without being told where (N1, N2, N3, N7); what
# anybody else announces there changes nothing (N9).
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 40
exec 2>"$work/stderr"		# the shell tells of each kill
node alice bob
machine mallory
# what is said of addresses here is said of IPv4
for name in alice bob mallory; do
	at "$name" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
done
alice=$(id_of alice) bob=$(id_of bob)

# since START: milliseconds
since() { echo $(((${EPOCHREALTIME/./} - ${1/./}) / 1000)); }
nearby() { [[ $(h "$1" peer list --nearby 2>&1) = *"$2"* ]]; }
# link NAME PEER: both ends of its TCP connection
link() { at "$1" ss -Htn state established | awk '/4820/ { print $3, $4 }'; }

# An mDNS responder who lies: forge.py ACTION [ARG...]
cat >"$work/forge.py" <<'PY'
import socket, struct, sys, time

GROUP = ("224.0.0.251", 5353)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
sock.bind(("", 5353))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.0.0.3"))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)

def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"

def record(owner, kind, ttl, data, cls=1):
    return name(owner) + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data

def node(ident, label, addr, port, ttl=120):
    """The records of a node that calls itself LABEL; ttl 0: of one that goes."""
    inst = ident[:16] + "._hearth._tcp.local"
    host = "forged-" + ident[:12] + ".local"
    txt = b"".join(bytes([len(t)]) + t for t in (b"v=1", b"id=" + ident.encode(), b"n=" + label))
    return [record("_hearth._tcp.local", 12, ttl, name(inst)),
            record(inst, 33, ttl, struct.pack(">HHH", 0, 0, port) + name(host), 0x8001),
            record(inst, 16, ttl, txt, 0x8001),
            record(host, 1, ttl, socket.inet_aton(addr), 0x8001)]

def send(records):
    sock.sendto(struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records), GROUP)

act, args = sys.argv[1], sys.argv[2:]
if act == "node":       # ID NAME ADDRESS PORT [TTL]: once
    send(node(args[0], args[1].encode(), args[2], int(args[3]), int((args + ["120"])[4])))
elif act == "odd":      # ID NAME: names that no terminal should get, an id that does not fit
    send(node(args[0], b"\x1b[2J" + args[1].encode(), "10.0.0.3", 4820))
    odd = node(args[0], args[1].encode(), "10.0.0.3", 4820)
    send([r.replace(b"id=" + args[0][:4].encode(), b"id=ffff") for r in odd])
elif act == "bye":      # ID, once
    send(node(args[0], b"x", "10.0.0.3", 4820, 0))
elif act == "urge":     # ID SECONDS: at ever other ports, 20 times a second
    end, port = time.time() + float(args[1]), 5000
    while time.time() < end:
        send(node(args[0], b"desk", "10.0.0.3", port))
        port = 5000 + (port + 1) % 8
        time.sleep(0.05)
elif act == "flood":    # N services
    for i in range(int(args[0])):
        send(node("%064x" % (0xabc << 240 | i << 196), b"flood", "10.0.0.3", 4820))
        if i % 20 == 0:
            time.sleep(0.01)
print("done", flush=True)
PY
forge() { at mallory /usr/bin/python3 -I "$work/forge.py" "$@"; }

# --- found, and paired by name
check "who hears nothing says so" says 2 "hearth-discover does not run" h alice peer list --nearby
hear alice
hear bob
start=$EPOCHREALTIME
check "a node is seen" wait_for 20 nearby bob "alice: ${alice:0:16}, 10.0.0.1:4820"
diag "seen after its start: $(since "$start") ms"
check "by both" wait_for 20 nearby alice "bob: ${bob:0:16}, 10.0.0.2:4820"
check "who is seen is no peer" says 0 "no peers yet" h alice peer list
check "whoever has another user may not say what is seen" says 0 "closed" at alice \
	setpriv --reuid 1234 --clear-groups /usr/bin/python3 -I -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("/run/hearth/node/discover")
print("closed" if not s.recv(1) else "open")'
code=$(h alice peer invite)
check "an invitation is seen" wait_for 20 nearby bob "10.0.0.1:4820, invites"
check "a node is joined by the name it announces" says 0 "alice: " h bob peer add alice "$code"
check "they are linked" wait_for 20 state bob alice linked
wait_for 20 state alice bob linked
check "its end is seen" wait_for 20 nearby bob "no other nodes"
check "nor is one found by a part of its id that is none" says 2 "cannot find" h bob peer add "${alice:0:7}" "$code"
check "a name that nobody announces" says 2 "cannot find" h bob peer add nobody "$code"
check "nor a number, which a resolver takes for an address" says 2 "a number alone" h bob peer add 3561728 "$code"

# --- by the id alone, with no address
h alice peer remove bob >/dev/null
h bob peer remove alice >/dev/null
h alice peer add --id "$bob" --name bob >/dev/null
h bob peer add --id "$alice" --name alice >/dev/null
check "peers without an address find each other" wait_for 30 state alice bob linked
wait_for 30 state bob alice linked
check "how is shown" says 0 "(announced)" h "$(state alice bob announced && echo alice || echo bob)" peer list
check "on the other side, too" says 0 "(incoming)" h "$(state alice bob announced && echo bob || echo alice)" peer list

# --- another address
at bob ip addr add 10.0.0.12/24 dev eth0
at bob ip addr del 10.0.0.2/24 dev eth0 2>/dev/null
at bob ip addr add 10.0.0.12/24 dev eth0 2>/dev/null || :
start=$EPOCHREALTIME
moved() { link alice | grep -q 10.0.0.12; }
check "a new address is dialled before the old link is silent for a minute" wait_for 30 moved
diag "linked at the new address after $(since "$start") ms"
check "it is known then" wait_for 20 state alice bob "10.0.0.12:4820"

# --- killed, moved and started
stop bob KILL || :
deafen bob KILL || :
check "killed, it is away" wait_for 20 state alice bob away
at bob ip addr add 10.0.0.22/24 dev eth0
at bob ip addr del 10.0.0.12/24 dev eth0
at bob ip addr add 10.0.0.22/24 dev eth0 2>/dev/null || :
start bob
hear bob
moved() { link alice | grep -q 10.0.0.22; }
start=$EPOCHREALTIME
check "started at another address it is found" wait_for 40 moved
diag "linked after its start: $(since "$start") ms"
wait_for 20 state alice bob linked

# --- goodbyes, true and forged
carol=$(printf '76%062d' 0)
forge node "$carol" carol 10.0.0.3 4820 >/dev/null
check "one more is seen" wait_for 10 nearby alice carol
before=$(link alice)
deafen bob
forge bye "$carol" >/dev/null
check "a goodbye is heard" wait_for 10 sh -c \
	"! nsenter -t ${holder[alice]} -n -m -- hearth peer list --nearby | grep carol"
forge node "$carol" carol 10.0.0.3 4820 3 >/dev/null
check "one more again" wait_for 10 nearby alice carol
check "who falls silent has gone" wait_for 20 sh -c \
	"! nsenter -t ${holder[alice]} -n -m -- hearth peer list --nearby | grep carol"
sleep 5		# longer than a peer has to answer
check "a peer that is said to have gone, and answers, stays" test "$(link alice)" = "$before"
kill -STOP "${daemon[bob]}"
# the same, by somebody else's word
hung()
{
	forge node "$bob" bob 10.0.0.22 4820
	sleep 0.5
	forge bye "$bob"
	sleep 1.5
	state alice bob "said to have gone"
}
start=$EPOCHREALTIME
check "one that does not answer is away" wait_for 40 hung
diag "away after $(since "$start") ms"
kill -CONT "${daemon[bob]}"
hear bob
check "and linked again when he does" wait_for 30 state alice bob linked

# --- lies
stop bob
wait_for 20 state alice bob away
forge node "$(printf '77%062d' 0)" eve 10.0.0.3 4820 >/dev/null
check "a node that is none is nearby at most" wait_for 10 nearby alice "eve: 7700000000000000"
check "and no peer" sh -c "! nsenter -t ${holder[alice]} -n -m -- hearth peer list | grep eve"
forge odd "$(printf '88%062d' 0)" odd >/dev/null
# what came later is there
forge node "$(printf '79%062d' 0)" eva 10.0.0.3 4820 >/dev/null
wait_for 10 nearby alice eva
check "what a terminal must not get, and another's id, is passed over" sh -c \
	"! nsenter -t ${holder[alice]} -n -m -- hearth peer list --nearby | grep -e 8800 -e odd"
forge node "$(printf '99%062d' 0)" loop 127.0.0.1 22 >/dev/null
forge node "$(printf '7a%062d' 0)" evi 10.0.0.3 4820 >/dev/null
wait_for 10 nearby alice evi
check "our own machine is nobody's address" sh -c \
	"! nsenter -t ${holder[alice]} -n -m -- hearth peer list --nearby | grep loop"
before=$(h alice -j peer show bob | grep -o '"addresses":[^]]*')
cat >"$work/count.py" <<'PY'
import select, socket, sys, time
doors = []
for port in range(5000, 5008):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    s.listen(64)
    doors.append(s)
print("ready", flush=True)
n, end = 0, time.time() + float(sys.argv[1])
while time.time() < end:
    for s in select.select(doors, [], [], 0.2)[0]:
        s.accept()[0].close()
        n += 1
print("dials", n, flush=True)
PY
at mallory /usr/bin/python3 -I "$work/count.py" 9 >"$work/count" &
counter=$!
wait_for 10 grep -q ready "$work/count"
forge urge "$bob" 8 >/dev/null
wait "$counter"
diag "$(tail -n 1 "$work/count") in 8 s of 20 lies a second"
dials=$(sed -n 's/dials //p' "$work/count")
check "a peer is dialled for it" test "$dials" -ge 1
check "and not more than it would be without" test "$dials" -le 10
check "its addresses are what they were" test "$(h alice -j peer show bob | grep -o '"addresses":[^]]*')" = "$before"
forge urge "$bob" 30 >/dev/null &
urge=$!
start bob
check "whoever lies on, the peer is found" wait_for 25 state alice bob linked
kill $urge
wait $urge

# --- very many, to plain programs: their memory is what it is
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
deafen alice
stop alice
start alice ./hearthd-plain
hear alice ./hearth-discover-plain
wait_for 30 state alice bob linked
wait_for 20 nearby bob "no other nodes"
forge node "$(printf '7b%062d' 0)" first 10.0.0.3 4820 >/dev/null
wait_for 10 nearby alice first
many=2000
[ -z "${HEARTH_FULL-}" ] || many=10000
was=$(rss "${ear[alice]}") had=$(rss "${daemon[alice]}")
used=$(ticks "${ear[alice]}") busy=$(ticks "${daemon[alice]}")
forge flood $many >/dev/null
full() { [ "$(h alice -j peer list --nearby | grep -o '"id"' | wc -l)" = 256 ]; }
check "of $many nodes as many are kept as there is room for" wait_for 60 full
sleep 2
diag "hearth-discover: $was to $(rss "${ear[alice]}") KiB, $(($(ticks "${ear[alice]}") - used)) ticks;" \
	"hearthd: $had to $(rss "${daemon[alice]}") KiB, $(($(ticks "${daemon[alice]}") - busy)) ticks"
check "in so much memory" test "$(rss "${ear[alice]}")" -le 32768 -a "$(rss "${daemon[alice]}")" -le 32768
check "and the peer is what it was" state alice bob linked
node dave
hear dave
h dave peer add --id "$alice" --name alice >/dev/null
h alice peer add --id "$(id_of dave)" --name dave >/dev/null
# it hears alice, whoever alice has room for
check "a peer that comes then is linked, without an address" wait_for 30 state alice dave linked
start=$EPOCHREALTIME
check "whose names others use is still announced" wait_for 60 nearby dave "bob: ${bob:0:16}"
diag "after $(since "$start") ms: $(grep -c "uses this node's names" "$work/bob.log") warnings"
clean
finish
