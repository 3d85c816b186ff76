# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of "hearth volume" share. Read common.bash first.

# a passphrase costs next to nothing
# shellcheck disable=SC2034  # used by those who source this file
cheap="--pbkdf-memory 32 --pbkdf-iterations 4"
# shellcheck disable=SC2034
w=/tmp/work

hv() { hearth volume "$@"; }

# says RC WORDS COMMAND...: its exit code, and words of what it says
says()
{
	local rc=$1 words=$2 out got=0
	shift 2
	out=$("$@" 2>&1 </dev/null) || got=$?
	echo "$out"
	[ $got = "$rc" ] && [[ $out = *"$words"* ]] && return
	echo "exit code $got; wanted $rc and \"$words\""
	return 1
}
