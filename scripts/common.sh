# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are, how to speak.

# shellcheck disable=SC2034  # used by those who source this file
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${HEARTH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hearth}
jobs=$(nproc)
stock_kernels=(6.1 6.12 7.2)
debug_kernels=(uml lockdep kasan)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# want_help ARG...: is one of them -h or --help?
want_help() { [[ " $* " = *" -h "* || " $* " = *" --help "* ]]; }

# help: the comment that a script begins with, and the end.
help() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0"; exit 0; }

# run_logged LOG COMMAND...: the output goes to LOG, its end is shown on failure.
run_logged()
{
	local log=$1
	shift
	mkdir -p "${log%/*}"
	"$@" >"$log" 2>&1 </dev/null && return 0
	say "failed: $* (the whole log is $log)"
	tail -n 25 "$log" >&2
	return 1
}
