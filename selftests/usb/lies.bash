# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Verdicts on lies: what became of $port, and of a program that left $rc and $out.
# Read common.bash and liar.bash first (its events go to $events), and define judge EXPECTED.

# said TEXT: does the kernel, since this lie began?
said() { [[ $(dmesg) = *"$1"* ]]; }

# lines: so many of the module's are of this port or its device, but for the disk's
lines() { dmesg | grep -cE "hearth_vhci[.0-9a-z]*: (port|device) "; }

# A line that tells what went wrong, and failure.
but() { echo "but: $*"; return 1; }

# left_for REASON[:WORDS]: the port left by itself, and the kernel said so, once. Its
# line comes later than the reason, which any event of the port may tell.
left_for()
{
	local text=${1#*:}
	wait_for 10 why "$port" "${1%%:*}" || but "the reason is not ${1%%:*}"
	wait_for 10 said "port $port (" || but "the kernel did not say that it left"
	[ "$text" = "$1" ] || said "$text" || but "the kernel did not say why"
	[ "$(lines)" = 1 ] || but "$(lines) lines in the kernel log, not one"
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
