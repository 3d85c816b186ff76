#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=none full=stock timeout=400
# What is plugged in by itself is what was wished for: a disk that has become a keyboard is
# refused before a driver has it, whoever made one of it, the node or a reset, and whether
# hearthd was there or not. U4
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./door.bash
. ./nodes.bash
. ./liar.bash

log=/tmp/work/bob.log
# bound RULE TEXT: does bob's list say that of the wish?
bound() { local out; out=$(h bob usb bind 2>&1) && [[ $out = *"$1 of alice: "*"$2"* ]]; }
# port_of BUSID: the number of the port that is from alice
port_of() { hearth usb ports | sed -n "s/^port \([0-9]*\): .*, $1 of alice, .*/\1/p"; }
no_port_of() { [ -z "$(port_of "$1")" ]; }
refusals() { grep -c "is refused, and no driver had it" $log; }
# a second server, of whose devices alice has none: who attaches 1-2 is not hearthd
serve_other() { other_liar=$(./liar --daemon --port 3241 --devices 2 --kind disk --lie desc-keyboard "$@"); }
end_other() { kill "$other_liar"; wait_for 10 no_port_of 1-2; }
known() { [ -n "$(port_says "$port" devnum)" ]; }

plan 28
modprobe hearth_vhci
modprobe -a tls usb-storage sd_mod 2>/dev/null
wish=1209:0001
serve_liar --kind disk --lie desc-keyboard --gate
first=$(plug 1-1)
busid=$(basename "$(port_device "$first")")
node alice 4820
node bob 4821
h alice peer add --id "$(id_of bob)" --name bob --as self 127.0.0.1:4821 >/dev/null
h bob peer add --id "$(id_of alice)" --name alice 127.0.0.1:4820 >/dev/null
check "the nodes are linked" wait_for 30 eval 'h bob peer show alice | grep -q linked'

# --- what is wished for
h alice usb share "$busid" --force >/dev/null
check "bound" says_so 0 "$wish of alice: bound" h bob usb bind alice $wish
check "what it may be is kept" wait_for 30 bound $wish "classes 00/00/00 08/06/50"
check "it comes" wait_for 60 bound $wish "attached, port"
port=$(port_of "$busid")
diag "$(hearth usb ports)"
check "as a device that is looked at first" [ "$(port_says "$port" unauthorized)" = true ]
check "and drivers have it" wait_for 30 eval '[ -e "$(port_device "$port")/$(basename "$(port_device "$port")"):1.0/driver" ]'

# --- its node makes a keyboard of it
open_gate
./usbreset "$(port_device "$port")" 2>/dev/null
check "a keyboard is refused" wait_for 60 bound $wish "refused"
check "and why" bound $wish "an interface of the class 03/01/01 (human interface), and had none"
check "in the log, too" grep -q "an interface of the class 03/01/01" $log
check "it is not there" wait_for 20 no_port_of "$busid"
# all is told anew, in one breath, of which this is a part: when it is plugged in the rest was heard
honest_liar=$(./liar --daemon --port 3242 --kind disk)
honest=$(attach_at 127.0.0.1:3242 1-1)
busid_too=$(basename "$(port_device "$honest")")
h alice usb share "$busid_too" --force >/dev/null
h bob usb bind alice "$busid_too" >/dev/null
check "told of again, beside one that comes" wait_for 60 bound "$busid_too" "attached, port"
check "it was tried once" eval 'bound $wish refused && [ "$(refusals)" = 1 ]'
# it is what was wished for, too
h bob usb unbind alice "$busid_too" >/dev/null
check "another one that fits is taken, a minute later" wait_for 120 bound $wish ", $busid_too there, classes 00/00/00 08/06/50"
kill "$honest_liar"
check "when that has left, the keyboard is refused" wait_for 60 eval 'bound $wish refused && [ "$(refusals)" = 2 ]'
check "bound again, it is tried again" eval 'h bob usb bind alice $wish >/dev/null && wait_for 60 eval "[ \$(refusals) = 3 ]"'
check "and refused again" wait_for 20 bound $wish "refused"
h bob usb unbind alice $wish >/dev/null
check "who wants a keyboard binds one" eval 'h bob usb bind alice $wish >/dev/null && wait_for 60 bound $wish "attached, port"'
check "as that it is kept" bound $wish "classes 00/00/00 03/01/01"
h bob usb unbind alice $wish >/dev/null
wait_for 40 no_port_of "$busid"

# --- hearthd is killed before it has looked
h bob usb bind alice 1-2 >/dev/null
check "one that nobody has seen" bound 1-2 "classes not seen yet"
ended bob
serve_other --gate
port=$(./authorize attach 3241 1-2 alice)
wait_for 20 known
check "without hearthd it stays off" held_back "$port"
node bob 4821
check "hearthd is back, and has looked at it" wait_for 40 bound 1-2 "attached, port $port"
check "drivers have it" wait_for 30 eval '! held_back $port'
check "what it may be is kept from now on" bound 1-2 "classes 00/00/00 08/06/50"
# it stays plugged in, and is another one: so it is looked at again
kill -USR1 "$other_liar"
./usbreset "$(port_device "$port")" 2>/dev/null
check "a reset made a keyboard of it: refused" wait_for 40 eval 'bound 1-2 refused && no_port_of 1-2'
ended bob
end_other
serve_other
port=$(./authorize attach 3241 1-2 alice)
wait_for 20 known
node bob 4821
check "a keyboard from the start: refused" wait_for 40 eval 'bound 1-2 refused && no_port_of 1-2'
h bob usb unbind alice 1-2 >/dev/null
h bob usb bind alice 9-9 >/dev/null
ended bob
port=$(./authorize attach 3241 1-2 alice)
wait_for 20 known
node bob 4821
check "one that no wish means does not stay" wait_for 40 no_port_of 1-2
check "which is told" grep -q "port $port: it is no device that is wished for" $log
end_other

ended alice
ended bob
unplug "$first"
diag "$(cat /tmp/work/alice.log $log /tmp/work/*.door)"
check "nothing was found by the sanitizers" eval '! cat /tmp/work/*.log /tmp/work/*.door | grep -E "Sanitizer|runtime error"'
kill "${holder[@]}"
finish
