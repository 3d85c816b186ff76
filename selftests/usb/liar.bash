# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests that bring their own server, liar (the folder server/). Read
# common.bash first.

# One that a test left which was ended; and the port is not the stock server's now.
# "serve" starts that again.
pkill -x liar
! pkill -x usbipd || wait_for 10 eval '! pgrep -x usbipd >/dev/null'
ip link set lo up
liar_pid=
# the port is the stock server's again when a test is through
trap stop_liar EXIT

# serve_liar OPTION...: start it in the place of the one before.
serve_liar()
{
	stop_liar
	liar_pid=$(./liar --daemon "$@")
}

stop_liar()
{
	[ "$liar_pid" ] && kill "$liar_pid" 2>/dev/null && wait_for 5 eval "[ ! -e /proc/$liar_pid ]"
	liar_pid=
}

# open_gate: from now on it lies (--gate).
open_gate() { kill -USR1 "$liar_pid"; }

# told LIE: has it been, of a request that was cancelled (--log /tmp/work/log)?
told() { grep -q "^told $1$" /tmp/work/log; }

# settled PORT: has it a device, or gone?
settled() { local port; port=$(hearth -j usb ports "$1" 2>/dev/null) || return 0; [[ $port = *'"devnum"'* ]]; }

# plug [BUSID [OPTION...]]: attach 1-1, or another; prints the port's number. A
# device that lies may never be enumerated: it is waited for a little, and no more.
plug()
{
	local busid=${1:-1-1} port
	[ $# = 0 ] || shift
	port=$(attach_at 127.0.0.1 "$busid" --no-wait "$@") || return
	wait_for 3 settled "$port" >&2
	echo "$port"
}

# device_is_there [SERIAL]: has it been enumerated?
device_is_there()
{
	local f
	for f in /sys/bus/usb/devices/*/serial; do
		says "$f" "${1:-LIAR1}" && return
	done
	return 1
}

# gone: none is any more. It may be there a little longer than its port.
gone() { ! device_is_there; }

# overdue MS: till that has passed, however slow the machine is: another port, with
# twice the limit, whose server confirms no unlink, is gone by then.
overdue()
{
	local clock port
	clock=$(./liar --daemon --port 3251 --devices 2 --lie no-unlink --gate)
	port=$(attach_at 127.0.0.1:3251 1-2 --unlink-timeout $((2 * $1)))
	kill -USR1 "$clock"
	./urbs -t 30000 LIAR2 discard 0x83 64 1 100 >/dev/null 2>&1
	wait_for 30 why "$port" unlink-timeout
	kill "$clock"
}

# unplug PORT [OPTION...]: within the time that detach has.
unplug() { timeout 15 hearth usb detach "$@" >/dev/null; }

bounded() { timeout "$@"; }
