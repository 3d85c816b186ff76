# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of the channel share.

# listen GROUP FILE COMMAND...: what is told from now on goes to FILE; $! is the process
listen()
{
	local group=$1 file=$2
	shift 2
	"$@" ./channel listen "$group" >"$file" &
	wait_for 20 grep -q listening "$file"
}

# shows WANT COMMAND...: its whole output, and no more
shows()
{
	local out want=$1
	shift
	out=$("$@" 2>&1)
	echo "$out"
	[ "$out" = "$want" ]
}

# refused VERDICT REQUEST...
refused()
{
	local want=$1 out rc
	shift
	out=$(./channel "$@" 2>&1)
	rc=$?
	[ $rc = 2 ] && [ "$out" = "refused $want" ] && return
	echo "$out (exit $rc), not: $want"
	return 1
}

# all_refused: a line each of what is asked and, behind " -> ", the verdict
all_refused()
{
	local line bad=0
	while IFS= read -r line; do
		# shellcheck disable=SC2086
		refused "${line##* -> }" ${line%% -> *} || bad=1
	done
	return $bad
}

# as UID COMMAND...: without any capability
as() { setpriv --inh-caps -all --bounding-set -all --reuid "$1" --clear-groups "${@:2}"; }
anybody() { as 1000 "$@"; }
