#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=none full=stock timeout=400
# Standing wishes: what one node shares the other plugs in by itself when it appears, again
# after a replug, after either node's daemon was away, when it is given back; what is pulled
# leaves; what is detached by hand stays out. U4, U6
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./door.bash
. ./nodes.bash

qmp '{"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "pulled", "size": 67108864}}' >/dev/null
replug() { qmp device_add driver=usb-storage id=pulled bus=xhci.0 drive=pulled serial=PULLED >/dev/null; }
pull() { qmp device_del id=pulled >/dev/null; }

# bound TEXT: does bob's list say that of the wish?
bound() { local out; out=$(h bob usb bind 2>&1) && [[ $out = *"$wish of alice: $1"* ]]; }
other() { [[ $(h bob usb bind 2>&1) = *"$disk of alice: $1"* ]]; }
# n_ports N: so many, and no other
n_ports() { [ "$(hearth usb ports | grep -c "^port")" = "$1" ]; }
comes() { wait_for 40 bound attached && wait_for 40 remote_disk; }
leaves() { wait_for 40 no_ports; }

plan 24
controllers
modprobe hearth_vhci
modprobe -a tls usb-storage sd_mod 2>/dev/null
disk=$(wait_busid serial HEARTHBOT)
wish=46f4:0001:PULLED
node alice 4820
node bob 4821
h alice peer add --id "$(id_of bob)" --name bob --as self 127.0.0.1:4821 >/dev/null
h bob peer add --id "$(id_of alice)" --name alice 127.0.0.1:4820 >/dev/null
check "the nodes are linked" wait_for 30 eval 'h bob peer show alice | grep -q linked'
check "bound before there is anything" says_so 0 "$wish of alice: bound" h bob usb bind alice $wish
check "it waits" bound waiting
h alice usb share $wish >/dev/null

# --- plugged in over there
replug
check "plugged in there, it appears here" comes
diag "$(hearth usb ports)"
check "by TLS" eval 'hearth usb ports | grep -q ", TLS"'
check "who has it is told there" says_so 0 "bob has it" h alice usb shared
pull
check "pulled there, it leaves" leaves
check "and is waited for" wait_for 20 bound waiting
replug
check "plugged in again, it is back" comes
check "once" n_ports 1

# --- daemons come and go
killed=$(hearthd_of bob)
kill -9 "$killed"
check "bob's hearthd is killed, and knows again what it has" wait_for 40 bound "attached, port"
check "it is another one" eval '[ "$(hearthd_of bob)" != "$killed" ]'
check "and the port is the same one" n_ports 1
ended alice
pkill -KILL -x 'hearth-usbd.*'
check "alice is away, the device is lost" leaves
node alice 4820
check "alice is back, so is the device" comes

# --- given back, and taken
h alice usb unshare $wish >/dev/null
check "not shared any more, it leaves" leaves
wait_for 20 no_exporter
h alice usb share $wish >/dev/null
check "shared again, it is back" comes
port=$(hearth usb ports | sed -n 's/^port \([0-9]*\):.*/\1/p')
timeout 20 hearth usb detach "$port" >/dev/null
check "detached by hand it stays out" wait_for 20 bound detached
wait_for 20 no_exporter
# all is told anew, in one breath, of which this is a part: when it is plugged in the rest was heard
h alice usb share "$disk" >/dev/null
h bob usb bind alice "$disk" >/dev/null
check "even when it is told of again" eval 'wait_for 40 other attached && bound detached && n_ports 1'
h bob usb unbind alice "$disk" >/dev/null
wait_for 40 no_ports
check "bound again, it is back" eval 'h bob usb bind alice $wish >/dev/null && comes'

# --- taken back
check "unbound, it leaves" eval 'h bob usb unbind alice $wish && leaves'
check "nothing is bound" says_so 0 "nothing is bound" h bob usb bind
wait_for 20 no_exporter
check "and the node has it" eval '[ "$(h alice usb shared | grep -c "has it")" = 0 ]'
pull
ended alice
ended bob
qmp blockdev-del node-name=pulled >/dev/null
diag "$(cat /tmp/work/alice.log /tmp/work/bob.log /tmp/work/*.door)"
check "nothing was found by the sanitizers" eval '! cat /tmp/work/*.log /tmp/work/*.door | grep -E "Sanitizer|runtime error"'
kill "${holder[@]}"
finish
