# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Nodes in one guest, each with a /run and a /var/lib of its own. Read common.bash and
# door.bash first.

declare -A holder=() daemon=()
export ASAN_OPTIONS=abort_on_error=0

# at NAME COMMAND...: with the node's own /run and /var/lib
at() { local name=$1; shift; nsenter -t "${holder[$name]}" -m --wd="$PWD" -- "$@"; }
h() { local name=$1; shift; at "$name" hearth "$@"; }
# become NAME COMMAND...: the same, in the background alone: $! is the command itself
become() { local name=$1; shift; exec nsenter -t "${holder[$name]}" -m --wd="$PWD" -- "$@"; }

# says RC TEXT COMMAND...: it exits so, and says that
says_so()
{
	local rc=$1 text=$2 out got=0
	shift 2
	out=$("$@" 2>&1) || got=$?
	echo "$out (exit $got)"
	[ $got = "$rc" ] && [[ $out = *"$text"* ]]
}

# node NAME PORT [OPTION...]: hearthd is there
node()
{
	local name=$1 port=$2
	shift 2
	if [ -z "${holder[$name]-}" ]; then
		unshare --mount sleep 10000 &
		holder[$name]=$!
		wait_for 10 eval '[ "$(readlink /proc/${holder[$name]}/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]'
		at "$name" sh -ec "mount --make-rprivate / && mkdir -p /var/lib && mount -t tmpfs run /run &&
			mount -t tmpfs lib /var/lib && mkdir -p /run/lock /run/hearth/node /var/lib/hearth/node"
		become "$name" ./door --socket /run/hearth/usbd ./hearth-usbd >"/tmp/work/$name.door" 2>&1 &
	fi
	become "$name" ./keeper ./hearthd --listen "127.0.0.1:$port" "$@" >>"/tmp/work/$name.log" 2>&1 &
	daemon[$name]=$!
	wait_for 30 at "$name" test -S /run/hearth/node/control
	wait_for 30 eval "at $name hearth node show || at $name hearth node init --name $name"
}

# hearthd_of NAME: its process; the daemon is who keeps it
hearthd_of() { pgrep -P "${daemon[$1]}"; }

ended() { kill "${daemon[$1]}"; wait "${daemon[$1]}" 2>/dev/null; }

id_of() { h "$1" -j node show | grep -o '"id":"[^"]*"' | cut -d'"' -f4; }
