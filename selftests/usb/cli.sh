#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=6.1 full=stock timeout=90
# The command hearth against stock usbipd: what it prints, what it refuses and
# why, and what the monitor tells meanwhile.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
plan 28

# has TEXT COMMAND...: TEXT is in the output
has() { local want=$1; shift; "$@" 2>&1 | tee /dev/stderr | grep -qF -- "$want"; }

# says_nothing COMMAND...: it prints an empty list
says_nothing() { local text; text=$("$@") && [ "$text" = "[]" ]; }

# refused TEXT COMMAND...: exit code 2, and TEXT says why
refused() { local out rc want=$1; shift; out=$("$@" 2>&1); rc=$?; echo "$out (exit $rc)"; [ $rc = 2 ] && [[ $out = *"$want"* ]]; }

anybody() { setpriv --inh-caps -all --bounding-set -all --reuid 1000 --clear-groups "$@"; }

ip link set lo up
modprobe -a usb-storage sd_mod
controllers
the_server
share_nothing
pgrep usbipd >/dev/null || usbipd -D
wait_for 10 hearth usb list --plain 127.0.0.1
check "module loads by itself" hearth usb ports
b=$(wait_busid serial HEARTHBOTHS)
diag "stick is $b"
check "attach of what is not shared" refused "shares no such device" hearth usb attach --plain 127.0.0.1 "$b"
usbip bind -b "$b"
check "list" has "$b: 46f4:0001" hearth usb list --plain 127.0.0.1
check "list in JSON" has '"vendor":"46f4","product":"0001"' hearth -j usb list --plain 127.0.0.1
monitor /tmp/work/events -j
mon=$!
monitor /tmp/work/lines usb
mon2=$!
check "no privilege" refused "CAP_NET_ADMIN" anybody hearth usb attach --plain 127.0.0.1 "$b"
wait_for 10 shared "$b"
check "attach" has "port 1: $b of 127.0.0.1, high speed, 46f4:0001, here usb " hearth usb attach --plain 127.0.0.1 "$b" --stall-timeout 7000
check "attach twice" refused "in use" hearth usb attach --plain 127.0.0.1 "$b"
check "ports" has "stall 7000 ms" hearth usb ports
check "ports tell what it is" has "46f4:0001 " hearth usb ports 1
wait_for 5 has "usb-storage: /dev/sd" hearth usb ports 1
diag "$(hearth usb ports)"
check "ports tell what uses it" has "driver usb-storage: /dev/sd" hearth usb ports 1
check "a namespace sees its own ports alone" says_nothing unshare -n hearth -j usb ports
check "one port" has '"state":"attached"' hearth -j usb ports 1
check "ports as anybody" has '"port":1' anybody hearth -j usb ports
check "no such port" refused "no such port" hearth usb ports 99
check "detach of no such port" refused "no such port" hearth usb detach 99
check "detach without privilege" refused "CAP_NET_ADMIN" anybody hearth usb detach 1
check "detach" has "port 1: gone" hearth usb detach 1
check "it was orderly" grep -F '"port":1,"state":"leaving"' /tmp/work/events
check "nothing is plugged in, for people" has "nothing is plugged in" script -qc "hearth usb ports" /dev/null
wait_for 10 shared "$b"
check "attach again" has "\"port\":2" hearth -j usb attach --plain 127.0.0.1 "$b"
usbip unbind -b "$b"
wait_for 10 grep -F '"reason":"closed"' /tmp/work/events
diag "$(hearth usb ports)"
check "server's unbind is seen" grep -F '"reason":"closed"' /tmp/work/events
check "monitor saw attached" grep -F '"state":"attached"' /tmp/work/events
kill $mon
wait $mon
check "monitor ends cleanly" [ $? = 0 ]
wait_for 10 no_ports
usbip bind -b "$b"
wait_for 10 shared "$b"
check "attach without waiting" has "port 3: " hearth usb attach --plain 127.0.0.1 "$b" --no-wait
check "detach at once" has "port 3: gone" hearth usb detach 3 --now
mapfile -t times < <(cut -c -23 /tmp/work/lines)
check "monitor's lines have the time" eval '[[ ${times[0]} = 20??-??-??\ ??:??:??.??? ]]'
modprobe -r hearth_vhci
wait $mon2
check "monitor tells of removal" [ $? = 2 ]
diag "$(cat /tmp/work/events)"
diag "$(cat /tmp/work/lines)"
check "monitor's lines" grep -F ": attached, $b of" /tmp/work/lines
finish
