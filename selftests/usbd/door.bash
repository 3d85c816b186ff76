# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Our own exporter in the place of the stock server. Read common.bash first.

said=/tmp/work/door
usbd=./hearth-usbd
# a process of uml's has not the addresses that the sanitizers take
[ "$HEARTH_KERNEL" != uml ] || usbd=./hearth-usbd-plain
pkill -x door
pkill -x 'hearth-usbd.*'
! pkill -x usbipd || wait_for 10 eval '! pgrep -x usbipd >/dev/null'
ip link set lo up
door_pid=

# open_door BUSID...: from now on clients at 127.0.0.1 get these; what is reported goes
# to $said
open_door()
{
	close_door
	: >$said		# what the last one said is not this one's
	# with all that it needs, but of no rights
	./door $usbd "$@" >$said 2>&1 &
	door_pid=$!
	wait_for 10 grep -q ready $said
}

close_door()
{
	[ -z "$door_pid" ] || kill "$door_pid" 2>/dev/null
	wait_for 20 eval '! pgrep -x door >/dev/null'
	door_pid=
}

# exporters: how many there are
exporters() { pgrep -x 'hearth-usbd.*' | wc -l; }
no_exporter() { ! pgrep -x 'hearth-usbd.*' >/dev/null; }

# sound: have the sanitizers found nothing, and has there been something to look at?
sound() { grep -q '^exporter' $said && ! grep -E 'Sanitizer|runtime error' $said; }

# reported TEXT: has an exporter?
reported() { grep -qF "$1" $said; }
