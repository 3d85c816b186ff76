#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=240
# hearthd is killed at every write to its state, in each act that changes it: what is
# there afterwards is as it was before or as it should become, and usable.
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash

plan 16
exec 2>"$work/stderr"		# the shell tells of each kill
machine alice
state=/var/lib/hearth/node
other=$(printf '11%062d' 0)
third=$(printf '22%062d' 0)

# reset FOLDER: the state is what is there
reset() { at alice sh -c "rm -rf $state/* $state/.[!.]* && cp -a '$1'/. $state"; }

# killed N COMMAND...: the command, while hearthd is killed at the Nth change of a file, by
# its start already; false where it was through before
killed()
{
	local n=$1 rc=0
	shift
	start alice strace -f -qq -o "$work/trace" -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$n" \
		./hearthd-plain
	! running alice || "$@" >/dev/null 2>&1
	# strace ends as what it traces
	pkill -TERM -P "${daemon[alice]}"
	wait "${daemon[alice]}" 2>/dev/null || rc=$?
	at alice rm -f /run/hearth/node/control
	[ $rc = 137 ]
}
calls=write,pwrite64,fdatasync,fsync,ftruncate,unlink,rename,link

# every BEFORE CHECK COMMAND...: kills at each (or $step-th), beginning with the folder BEFORE
step=1
every()
{
	local before=$1 verify=$2 n=1 bad=0 done=0
	shift 2
	while [ $n -lt 200 ]; do
		reset "$before"
		killed $n "$@" || break
		start alice ./hearthd-plain
		if ! $verify >"$work/verify" 2>&1; then
			diag "killed at change $n: $(cat "$work/verify")"
			at alice ls -la $state 2>&1 | sed 's/^/# /'
			bad=1
		fi
		stop alice || bad=1
		n=$((n + step)) done=$((done + 1))
	done
	diag "$done kills"
	kills=$done
	return $bad
}

empty=$work/empty
mkdir -p "$empty"

# --- init: no key, or one that is whole
whole_or_none()
{
	local text
	text=$(h alice node show 2>&1) && return 0
	[[ $text = *"no key yet"* ]] || { echo "$text"; return 1; }
	# and then it can still be made
	h alice node init --name alice
}
every "$empty" whole_or_none h alice node init --name alice
check "killed within node init" test $? = 0
check "at several places" test "$kills" -ge 5

# --- a peer is added
reset "$empty"
start alice ./hearthd-plain
h alice node init --name alice >/dev/null
h alice peer add --id "$other" --name bob 10.0.0.2 >/dev/null
id=$(id_of alice)
stop alice
mkdir -p "$work/one"
at alice cp -a $state/. "$work/one"

bob_is_whole()
{
	[ "$(id_of alice)" = "$id" ] || { echo "another key"; return 1; }
	says 0 "10.0.0.2:4820" h alice peer show bob || return 1
	says 0 "role      friend" h alice peer show bob
}
carol_too()
{
	local text
	bob_is_whole || return 1
	text=$(h alice peer show carol 2>&1)
	[[ $text = *"no peer carol"* ]] && return 0
	[[ $text = *"role      self"*"10.0.0.3:4820 10.0.0.3:4821"* ]] || [[ $text = *self*10.0.0.3:4820* ]] ||
		{ echo "half of carol: $text"; return 1; }
}
every "$work/one" carol_too h alice peer add --id "$third" --name carol --as self 10.0.0.3
check "killed within peer add" test $? = 0
check "at several places" test "$kills" -ge 5

# --- changed, and removed
bob_moved()
{
	[ "$(id_of alice)" = "$id" ] || return 1
	h alice peer show bob 2>&1 | grep -qE '10\.0\.0\.2:4820|10\.0\.0\.9:4820' &&
		[ "$(h alice -j peer list | grep -o '"id"' | wc -l)" = 1 ]
}
every "$work/one" bob_moved h alice peer add --id "$other" --name bob 10.0.0.9
check "killed within a change of a peer" test $? = 0

bob_or_none()
{
	[ "$(id_of alice)" = "$id" ] || return 1
	says 0 "no peers yet" h alice peer list >/dev/null || bob_is_whole
}
every "$work/one" bob_or_none h alice peer remove bob
check "killed within peer remove" test $? = 0

# --- restore: nothing, or all of it
reset "$work/one"
start alice ./hearthd-plain
echo good >"$work/passphrase"
check "a backup is made" h alice node backup "$work/backup" --key-file "$work/passphrase"
stop alice
restored_or_none()
{
	local text
	text=$(h alice node show 2>&1) && { bob_is_whole; return; }
	[[ $text = *"no key yet"* ]] || { echo "$text"; return 1; }
}
# each stretches the passphrase
[ -n "${HEARTH_FULL-}" ] || step=6
every "$empty" restored_or_none h alice node restore "$work/backup" --key-file "$work/passphrase"
check "killed within node restore" test $? = 0
step=1

# --- a state of version 1, which knew no addresses
mkdir -p "$work/v1"
cp -a "$work/one/key.pem" "$work/v1"
/usr/bin/python3 - "$work/v1/state.db" "$other" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("""
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE peer (
  id BLOB PRIMARY KEY CHECK (length(id) = 32),
  name TEXT NOT NULL UNIQUE,
  role INTEGER NOT NULL CHECK (role IN (0, 1)),
  paired INTEGER NOT NULL) STRICT;
INSERT INTO setting VALUES ('name', 'alice');
PRAGMA user_version = 1;
""")
db.execute("INSERT INTO peer VALUES (?, 'bob', 1, 1700000000)", (bytes.fromhex(sys.argv[2]),))
db.commit()
PY
bob_of_v1() { says 0 "role      self" h alice peer show bob; }
every "$work/v1" bob_of_v1 true
check "killed while a state of version 1 is brought up to date" test $? = 0
check "at several places" test "$kills" -ge 3

# --- a disk without room
reset "$work/one"
start alice ./hearthd-plain
at alice sh -c "mount -t tmpfs -o size=128k small /mnt && cp -a $state/. /mnt"
stop alice
at alice mount --bind /mnt $state
start alice ./hearthd-plain
at alice dd if=/dev/zero of=$state/full bs=1k >/dev/null 2>&1
check "a full disk is said" says 2 "disk is full" h alice peer add --id "$third" --name carol
check "and nothing has changed" says 2 "no peer carol" h alice peer show carol
at alice rm $state/full
check "with room it goes on" h alice peer add --id "$third" --name carol
stop alice
start alice ./hearthd-plain
check "and is kept" h alice peer show carol
stop alice
at alice umount $state

cp -a "$work/v1" "$work/v9"
/usr/bin/python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version = 9")' "$work/v9/state.db"
reset "$work/v9"
check "a state of a newer version is refused" says 1 "written by a newer hearthd" at alice ./hearthd-plain
check "and stays as it is" at alice cmp $work/v9/state.db $state/state.db
finish
