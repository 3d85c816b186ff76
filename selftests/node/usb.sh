#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=90
# What a node shares: the rules, whom they are for, and that they are kept. With devices
# it is in usbd/share.sh.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 30
node alice bob
h alice peer add --id "$(id_of bob)" --name bob --as self >/dev/null
h bob peer add --id "$(id_of alice)" --name alice 10.0.0.1 >/dev/null
wait_for 20 state bob alice linked

check "nothing is shared" says 0 "nothing is shared" h alice usb shared
check "nor to be seen by a peer" says 0 "nothing is shared there" h bob usb list alice
check "by bus id" says 0 "9-9.1: for the owner's own machines" h alice usb share 9-9.1
check "by what it is, for a peer" says 0 "46f4:0001:HEARTH 1: for bob" h alice usb share "46F4:0001:HEARTH 1" --peer bob
check "by class, in the open" says 0 "class:08: for the owner's own machines, and at the plain port" \
	h alice usb share class:08 --plain
check "said again it is another" says 0 "class:08: for bob" h alice usb share class:08 --peer bob
check "what is in use by its bus id alone" says 2 "by its bus id alone" h alice usb share class:03 --force
check "and so it is" says 0 "even where it is in use" h alice usb share 9-9.1 --force
check "no text is a rule" says 2 "names no USB devices" h alice usb share everything
check "no stranger is a peer" says 2 "no peer carol" h alice usb share 9-9 --peer carol
check "a peer with another name" says 0 "for robert" eval \
	'h alice peer add --id "$(id_of bob)" --name robert --as friend >/dev/null && h alice usb shared'
stop alice
start alice
check "all is kept" says 0 "46f4:0001:HEARTH 1: for robert" h alice usb shared
check "word by word" says 0 "9-9.1: for the owner's own machines, even where it is in use" h alice usb shared
check "a peer is removed" says 0 "robert: " h alice peer remove robert
check "what was for it is for nobody" says 0 "46f4:0001:HEARTH 1: for nobody any more" h alice usb shared
check "taken back" says 0 "class:08: not shared any more" h alice usb unshare class:08
check "once" says 2 "class:08 is not shared" h alice usb unshare class:08
check "nobody has what is not there" says 2 "no client of this hearthd has 9-9.1" h alice usb release 9-9.1
check "who is no peer is not spoken to" says 2 "a server of plain USB/IP is named with --plain 10.0.0.1" \
	h alice usb list 10.0.0.1

# --- what is wished for
check "nothing is bound" says 0 "nothing is bound" h bob usb bind
check "a device that is not there is bound" says 0 "46f4:0001:ONE of alice: bound" h bob usb bind alice 46f4:0001:ONE
check "by its bus id" says 0 "9-9 of alice: bound" h bob usb bind alice 9-9
check "not by its class" says 2 "what is bound is one device" h bob usb bind alice class:08
stop bob
start bob
check "it is kept, and waits" says 0 "46f4:0001:ONE of alice: waiting" h bob usb bind
# version 4 of the state knew a wish, and not what its device may be
stop bob
at bob /usr/bin/python3 - <<'PY'
import sqlite3
db = sqlite3.connect("/var/lib/hearth/node/state.db")
db.executescript("ALTER TABLE wish DROP COLUMN classes; PRAGMA user_version = 4;")
PY
start bob
check "of a hearthd before, it is kept" says 0 "46f4:0001:ONE of alice: waiting, classes not seen yet" h bob usb bind
check "taken back" says 0 "9-9: not bound any more" h bob usb unbind alice 9-9
check "once" says 2 "9-9 is not bound" h bob usb unbind alice 9-9
h bob peer remove alice >/dev/null
check "with the peer it goes" says 0 "nothing is bound" h bob usb bind
stop alice
check "the plain port is at addresses that are named" says 1 "the plain port is for addresses that are named" \
	at alice ./hearthd --usbip 0.0.0.0
clean
finish
