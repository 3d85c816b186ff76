# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Verdicts on lies: what became of $port, and of a program that left $rc and $out.
# Read common.bash and liar.bash first (its events go to $events), and define judge EXPECTED.

# said TEXT: does the kernel, since this lie began?
said() { [[ $(dmesg) = *"$1"* ]]; }

# A line that tells what went wrong, and failure.
but() { echo "but: $*"; return 1; }

# left_for REASON[:WORDS]: the port left by itself, and the kernel said so
left_for()
{
	local text=${1#*:}
	wait_for 10 why "$port" "${1%%:*}" || but "the reason is not ${1%%:*}"
	[ "$text" = "$1" ] || said "$text" || but "the kernel did not say why"
}

# survived EXPECTED: is the device to be there still?
survived() { case $1 in works | fails | status:*) ;; *) false ;; esac; }

# verdict_of NAME EXPECTED: the port goes, by itself unless the lie was survived
verdict_of()
{
	local verdict
	verdict=$(judge "$2" 2>&1
		! survived "$2" || timeout 15 hearth usb detach "$port" >/dev/null 2>&1
		wait_for 10 no_ports || but "the port is left")
	[ -z "$verdict" ] || diag "$verdict"
	if [[ $verdict != *"but: "* ]]; then
		ok "$1: $2"
	else
		diag "$(grep "\"port\":$port," "$events")"
		not_ok "$1: $2"
	fi
}
