# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# KTAP for shell tests. A test reads
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0
#	# hearth-test: machine=usb kernels=stock,lockdep timeout=60
#	. "${HEARTH_LIB:-../lib.sh}"
#	plan 2
#	check "the module loads" modprobe hearth_vhci
#	[ -e /dev/null ] && ok "null is there" || not_ok "null is there"
#	finish
#
# The results go to standard output, everything else of a command to
# diagnostics. "finish" leaves with the exit code; a script that dies before
# has an unfulfilled plan and so fails.

_n=0 _failed=0 _plan=0

# By hand or by run_kselftest.sh, on a machine that is not the harness's.
if [ -z "${HEARTH_KERNEL-}" ]; then
	HEARTH_KERNEL=$(uname -r | cut -d. -f1,2)
	export HEARTH_KERNEL HEARTH_ROLE=client HEARTH_LIB=${HEARTH_LIB:-../lib.sh}
	mkdir -p /tmp/work
	_machine=$(sed -n 's/^# hearth-test:.* machine=\([a-z-]*\).*/\1/p' "$0")
	case ${_machine:-plain} in
	plain | host) ;;
	*)
		echo "KTAP version 1"
		echo "1..0 # SKIP needs the machine $_machine of ./scripts/check"
		exit 4
		;;
	esac
fi

# A program takes 10 to 50 ms to start in a guest: who polls must not start one
# ten times a second. Nothing ever comes out of this pipe.
exec {_never}<> <(:)
sleep() { read -rt "$1" -u "$_never" || :; }

plan()
{
	_plan=$1
	echo "KTAP version 1"
	echo "1..$1"
}

# go_on PLAN DONE FAILED: instead of a plan, by a test that goes on after a power
# cut: so many results there were, so many of them bad.
go_on() { _plan=$1 _n=$2 _failed=$3; }

# results: so many so far, so many of them bad; for go_on.
results() { echo "$_n $_failed"; }

ok() { _n=$((_n + 1)); echo "ok $_n $*"; }
not_ok() { _n=$((_n + 1)); _failed=$((_failed + 1)); echo "not ok $_n $*"; }
skip() { _n=$((_n + 1)); echo "ok $_n ${1} # SKIP ${2-}"; }
diag() { local text=$*; echo "# ${text//$'\n'/$'\n# '}"; }

# skip_all REASON: instead of a plan.
skip_all() { echo "KTAP version 1"; echo "1..0 # SKIP $*"; exit 4; }

# skip_rest REASON: all results that the plan still misses.
skip_rest()
{
	while [ "$_n" -lt "$_plan" ]; do
		skip "not run" "$*"
	done
	finish
}

# bail REASON: no sense in going on.
bail() { echo "Bail out! $*"; exit 1; }

# check NAME COMMAND...: one result by the command's exit code.
check()
{
	local name=$1 out rc=0
	shift
	out=$("$@" 2>&1) || rc=$?
	[ -z "$out" ] || diag "$out"
	if [ $rc -eq 0 ]; then ok "$name"; else diag "exit code $rc: $*"; not_ok "$name"; fi
	return $rc
}

# refuse NAME COMMAND...: passes where the command fails.
refuse()
{
	local name=$1 out rc=0
	shift
	out=$("$@" 2>&1) || rc=$?
	[ -z "$out" ] || diag "$out"
	if [ $rc -ne 0 ]; then ok "$name"; else not_ok "$name"; fi
}

# Limits in time count the machine's own time: what its host gave to others while it
# wanted to run does not count, so a verdict is the same on a busy host.

# lost SECONDS: so many ms of the last SECONDS were not the machine's own
lost()
{
	local n=$1 lost=(0)
	[ "$n" -le 900 ] || n=900
	if [ -e "${HEARTH_FOLDER:-/hearth}/lost" ]; then
		mapfile -t -s $((n - 1)) -n 1 lost <"${HEARTH_FOLDER:-/hearth}/lost"
	elif [ -e /dev/hearth-host ]; then
		lost=("$(qmp "@lost $n")")
	fi 2>/dev/null
	echo "${lost[0]:-0}"
}

# in_time START SECONDS: have fewer passed since START (of $EPOCHSECONDS)?
in_time()
{
	local wall=$((EPOCHSECONDS - $1))
	[ $wall -ge "$2" ] || return 0
	[ $((wall * 1000 - $(lost $wall))) -lt $(($2 * 1000)) ]
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for()
{
	local start=$EPOCHSECONDS limit=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		in_time $start "$limit" || return 1
		sleep 0.1
	done
}

# lives PID: has it not ended? For "kill -0" a child of ours that has is there till bash
# hears of it; in UML that was, now and then, only when it started something else.
lives()
{
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null && [[ ${stat##*) } != [ZX]* ]]
}

# timeout SECONDS COMMAND...: ends the command after that, as the program does; but one that
# hangs in the kernel, where no signal reaches it, is left behind.
timeout()
{
	local start=$EPOCHSECONDS limit=$1 pid n=0
	shift
	"$@" <&0 &
	pid=$!
	while lives $pid; do
		if ! in_time $start "$limit"; then
			echo "still running after $limit s: $*" >&2
			kill $pid
			while lives $pid && [ $((n += 1)) -le 20 ]; do sleep 0.1; done
			kill -9 $pid 2>/dev/null
			return 124
		fi
		sleep 0.02
	done
	wait $pid
}

# listeners: how many sockets listen to a family of ours, not to nlctrl alone.
listeners()
{
	local n=0 eth groups
	while read -r _ eth _ groups _; do
		[ "$eth" != 16 ] || ! ((0x$groups & ~0x8000)) || n=$((n + 1))
	done </proc/net/netlink
	echo $n
}

# monitor FILE [OPTION|OBJECT...]: what "hearth monitor" tells from now on goes to FILE;
# $! is the process.
monitor()
{
	local file=$1 before
	shift
	before=$(listeners)
	hearth monitor "$@" >"$file" 2>&1 &
	wait_for 20 eval "[ \$(listeners) -gt $before ]"
}

# barrier NAME: waits until each guest of the machine calls it with this name.
barrier() { qmp "@barrier ${0##*/} $1" >/dev/null; }

finish() { [ "$_failed" -eq 0 ] && [ "$_n" -eq "$_plan" ]; exit $?; }
