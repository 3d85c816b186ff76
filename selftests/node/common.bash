# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the tests of nodes. A node is a network namespace on one bridge, with a
# /run and a /var/lib of its own; alice is 10.0.0.1 and fd00::1, bob
# 10.0.0.2 and fd00::2, and so on.

work=/tmp/work/node
rm -rf "$work"
mkdir -p "$work"
declare -A holder=() daemon=() ear=() address=()
here=$PWD
nodes=0
export ASAN_OPTIONS=abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

# Tests share their namespaces: nothing is left to the next one.
tidy()
{
	local i
	local -a all
	mapfile -t all < <(jobs -p)
	kill -KILL "${all[@]}" 2>/dev/null
	wait "${all[@]}" 2>/dev/null
	for ((i = 1; i <= nodes; i++)); do
		ip link del "port$i" 2>/dev/null
	done
	ip link del lan0 2>/dev/null
}
trap tidy EXIT

# machine NAME: a machine without a daemon
machine()
{
	local name=$1 pid
	nodes=$((nodes + 1))
	[ $nodes -gt 1 ] || {
		ip link add name lan0 type bridge
		ip link set lan0 up
	}
	unshare --net --mount sleep 10000 &
	pid=$!
	holder[$name]=$pid address[$name]=10.0.0.$nodes
	wait_for 10 inside_other "$pid"
	ip link add name "port$nodes" type veth peer name eth0 netns "$pid"
	ip link set "port$nodes" master lan0 up
	at "$name" sh -ec "
		mount --make-rprivate /
		ip link set lo up
		ip addr add 10.0.0.$nodes/24 dev eth0
		ip addr add fd00::$nodes/64 dev eth0 nodad
		ip link set eth0 up
		mount -t tmpfs run /run
		mount -t tmpfs lib /var/lib
		mkdir -p /run/hearth/node /var/lib/hearth/node"
}

# Has it left our namespaces?
inside_other() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# at NAME COMMAND...: there, and in its root: a guest's is not that of its namespace
at()
{
	local name=$1
	shift
	nsenter -t "${holder[$name]}" -n -m -r --wd="$here" -- "$@"
}

# h NAME ARG...: the command, there
h()
{
	local name=$1
	shift
	at "$name" hearth "$@"
}

# start NAME [COMMAND...]: its hearthd, or another command that becomes it; ready when it is
start()
{
	local name=$1
	shift
	[ $# -gt 0 ] || set -- ./hearthd
	nsenter -t "${holder[$name]}" -n -m -r --wd="$here" -- "$@" 2>>"$work/$name.log" &
	daemon[$name]=$!
	wait_for 20 started "$name"
}
# It runs, or has ended already.
started() { running "$1" || ! kill -0 "${daemon[$1]}"; }
running() { at "$1" test -S /run/hearth/node/control; }

# stop NAME [SIGNAL]: waits for its end, and returns its exit status
stop()
{
	local rc=0
	kill "-${2-TERM}" "${daemon[$1]}"
	wait "${daemon[$1]}" || rc=$?
	at "$1" rm -f /run/hearth/node/control
	return $rc
}

# hear NAME [COMMAND]: its hearth-discover, or another command that becomes it
hear()
{
	nsenter -t "${holder[$1]}" -n -m -r --wd="$here" -- "${2-./hearth-discover}" 2>>"$work/$1.log" &
	ear[$1]=$!
}

# deafen NAME [SIGNAL]: ends it, and returns its exit status
deafen()
{
	local rc=0
	kill "-${2-TERM}" "${ear[$1]}"
	wait "${ear[$1]}" || rc=$?
	unset "ear[$1]"
	return $rc
}

# node NAME...: each with a hearthd and a key
node()
{
	local name
	for name; do
		machine "$name"
		start "$name"
		h "$name" node init --name "$name" >/dev/null
	done
}

id_of() { h "$1" -j node show | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/'; }

# state NAME PEER WORDS: does it show the peer so?
state() { [[ $(h "$1" peer show "$2" 2>&1) = *"$3"* ]]; }

# pair INVITER JOINER [ROLE [ROLE]]: what the joiner is to the inviter, and the other way
pair()
{
	local code
	code=$(h "$1" peer invite --as "${3-friend}")
	h "$2" peer add "${address[$1]}" "$code" --as "${4-friend}" >/dev/null
}

# says RC WORDS COMMAND...: its exit status, and words in what it prints
says()
{
	local rc=$1 words=$2 text got=0
	shift 2
	text=$("$@" 2>&1) || got=$?
	if [ "$got" = "$rc" ] && [[ $text = *"$words"* ]]; then
		return 0
	fi
	echo "exit $got, wanted $rc and \"$words\": $text"
	return 1
}

# clean: ends the daemons. A result: nothing was found by the sanitizers.
clean()
{
	local name rc bad=0
	for name in "${!ear[@]}"; do
		rc=0
		deafen "$name" || rc=$?
		[ $rc = 0 ] || { diag "hearth-discover of $name ended with $rc"; bad=1; }
	done
	for name in "${!daemon[@]}"; do
		kill -0 "${daemon[$name]}" 2>/dev/null || continue
		rc=0
		stop "$name" || rc=$?
		[ $rc = 0 ] || { diag "$name ended with $rc"; bad=1; }
	done
	if grep -E 'ERROR: |runtime error|SUMMARY' "$work"/*.log >/dev/null; then
		bad=1
	fi
	[ $bad = 0 ] || for name in "$work"/*.log; do diag "$name: $(cat "$name")"; done
	[ $bad = 0 ] && ok "nothing was found by the sanitizers" || not_ok "nothing was found by the sanitizers"
}
