#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=120
# A node as one sealed file: what opens it, what does not, and what is left then.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 18
node alice
h alice peer add --id "$(printf '11%062d' 0)" --name bob --as self 10.0.0.2 >/dev/null
id=$(id_of alice)
echo "a good one" >"$work/good"
echo "a bad one" >"$work/bad"
check "a backup is made" h alice node backup "$work/file" --key-file "$work/good"
check "that others cannot read" test "$(stat -c %a "$work/file")" = 600
check "without the key in it" sh -c "! grep -qa -e 'PRIVATE KEY' -e bob '$work/file'"
check "and not over another file" says 2 "is there already" h alice node backup "$work/file" --key-file "$work/good"

machine bare
start bare
# bad FILE WORDS: it is refused, and the machine stays without a key
bad()
{
	says 2 "$2" h bare node restore "$1" --key-file "${3-$work/good}" || return 1
	says 2 "no key yet" h bare node show
}
size=$(stat -c %s "$work/file")
check "a wrong passphrase" bad "$work/file" "passphrase" "$work/bad"
head -c $((size - 1)) "$work/file" >"$work/cut"
check "a file that lost its last byte" bad "$work/cut" "not whole"
head -c 80 "$work/file" >"$work/cut"
check "one that is a head alone" bad "$work/cut" "not whole"
head -c 79 "$work/file" >"$work/cut"
check "one that is less" bad "$work/cut" "no backup of a node"
: >"$work/cut"
check "an empty one" bad "$work/cut" "no backup of a node"
head -c 4096 /dev/urandom >"$work/foreign"
check "one of something else" bad "$work/foreign" "no backup of a node"
{ cat "$work/file"; echo more; } >"$work/long"
check "one with something behind it" bad "$work/long" "not whole"
cp "$work/file" "$work/changed"
printf '\377' | dd of="$work/changed" bs=1 seek=100 conv=notrunc 2>/dev/null
check "one that was changed" bad "$work/changed" "passphrase"
cp "$work/file" "$work/changed"
printf '\177\377\377\377' | dd of="$work/changed" bs=1 seek=24 conv=notrunc 2>/dev/null
check "one that wants 2 TiB of memory" bad "$work/changed" "nobody means"
check "one that is not there" bad "$work/none" "No such file"
check "the file itself" says 0 "name      alice" h bare node restore "$work/file" --key-file "$work/good"
check "it is the same node" test "$(id_of bare)" = "$id"
check "with its peer" says 0 "role      self" h bare peer show bob
clean
finish
