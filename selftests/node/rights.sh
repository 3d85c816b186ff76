#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=60
# Which verb is for whom: root, group hearth-admin, group hearth, anybody else.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

# verb, the least caller, and what it takes (as far as it must parse)
id=$(printf '%064d' 0)
table=(
	"node-show user"
	"peer-list user"
	"node-init admin \"name\":\"x\""
	"node-backup admin \"key\":\"$id\",\"data\":\"00\""
	"node-restore admin \"key\":\"$id\",\"data\":\"00\""
	"peer-invite admin \"key\":\"$id\",\"ttl\":1"
	"peer-watch admin \"seen\":0"
	"peer-look admin \"addresses\":[\"10.0.0.1:9\"]"
	"peer-join admin \"key\":\"$id\",\"id\":\"$id\",\"addresses\":[\"10.0.0.1:9\"]"
	"peer-add admin \"id\":\"$id\",\"name\":\"x\""
	"peer-nearby user"
	"peer-remove admin \"id\":\"$id\""
	"usb-share admin \"rule\":\"9-9\""
	"usb-unshare admin \"rule\":\"9-9\""
	"usb-shared user"
	"usb-release admin \"busid\":\"9-9\""
	"usb-list user \"id\":\"$id\""
	"usb-attach admin \"id\":\"$id\",\"busid\":\"9-9\""
	"usb-bind admin \"id\":\"$id\",\"rule\":\"9-9\""
	"usb-unbind admin \"id\":\"$id\",\"rule\":\"9-9\""
	"usb-bound user"
)
plan $((4 * ${#table[@]} + 7))

# groups of this test alone
grep -v '^hearth' /etc/group >"$work/group"
printf 'hearth:x:7001:\nhearth-admin:x:7002:\n' >>"$work/group"
machine alice
at alice mount --bind "$work/group" /etc/group
start alice
h alice node init --name alice >/dev/null

# ask CALLER TEXT: what hearthd answers. "primary" has the group as the process' own.
ask()
{
	local -a as=()
	case $1 in
	root) as=(--reuid 0 --clear-groups) ;;
	admin) as=(--reuid 1234 --regid 1234 --groups 7002) ;;
	user) as=(--reuid 1234 --regid 1234 --groups '5,7001') ;;
	primary) as=(--reuid 1234 --regid 7001 --clear-groups) ;;
	other) as=(--reuid 1234 --regid 1234 --groups '7003,7000') ;;
	esac
	at alice setpriv "${as[@]}" /usr/bin/python3 -I -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("/run/hearth/node/control")
s.sendall(sys.argv[1].encode() + b"\n")
print(s.makefile().read(), end="")' "$2"
}

# refused_to CALLER VERB MEMBERS: by its rights, that is
refused_to()
{
	local text
	text=$(ask "$1" "{\"verb\":\"$2\"${3:+,$3}}" 2>&1)
	[[ $text = *"$2 is for root and the group hearth"* ]] && return 0
	[[ $text = "{"* || $text = "["* ]] || { echo "no answer: $text"; return 2; }
	return 1
}

right()
{
	local rc=0
	refused_to "$1" "$3" "${4-}" || rc=$?
	[ $rc = "$2" ]
}

for line in "${table[@]}"; do
	read -r verb least members <<<"$line"
	for caller in other user admin root; do
		want=1
		[ $caller = other ] && want=0
		[ $caller = user ] && [ "$least" = admin ] && want=0
		word=may
		[ $want = 1 ] || word="may not"
		check "$caller $word $verb" right $caller $want "$verb" "$members"
	done
done
check "a process' own group counts, too" right primary 1 node-show
check "what is no request is told" says 0 "no verb" ask root '{"verb":"eat"}'
check "nobody may ask more" says 0 "hearth-admin" ask user "{\"verb\":\"peer-remove\",\"id\":\"$id\"}"

# Those who hold the socket: as many as there is room for are kept, and root is answered.
cat >"$work/hold.py" <<'PY'
import socket, time
held = []
for i in range(40):
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/hearth/node/control")
    held.append(s)
time.sleep(0.3)
stay = 0
for s in held:
    s.setblocking(False)
    try:
        stay += s.recv(1) != b""
    except BlockingIOError:
        stay += 1
print(stay, flush=True)
time.sleep(600)
PY
at alice setpriv --reuid 1234 --regid 1234 --clear-groups /usr/bin/python3 -I "$work/hold.py" >"$work/held" &
hold=$!
wait_for 20 test -s "$work/held"
check "of one user's clients 16 have a place" grep -qx 16 "$work/held"
check "root is answered meanwhile" says 0 alice h alice node show
kill $hold
check "a request has an end" says 0 "" at alice timeout 20 /usr/bin/python3 -I -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/hearth/node/control")
try:
    while True:
        s.sendall(b"x" * 65536)
except (BrokenPipeError, ConnectionResetError):
    pass'
clean
finish
