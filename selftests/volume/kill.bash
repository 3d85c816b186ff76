# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests that kill "hearth volume" at its steps share. Read cli.bash first.

calls=write,pwrite64,fsync,ioctl,rename,renameat2

ann() { PATTERN_FIRST=0 PATTERN_COUNT=256 ./pattern "$@"; }
# shellcheck disable=SC2154  # of cli.bash
open_v() { hv open v /dev/ram1 --key-file $w/ann --user ann; }

# traced FILE INJECT ARG...: the command, with what it does to disks in FILE
traced()
{
	local file=$1 inject=$2
	shift 2
	strace -f -qq -o "$file" -P /dev/ram0 -P /dev/ram1 -P /dev/ram2 -P /dev/mapper/control \
		-e trace=$calls $inject hearth volume "$@" >$w/said 2>&1 </dev/null
}

# moments FILE: of what changes something, the call and which one of these it is
moments()
{
	local -A count=()
	local line call
	while read -r line; do
		call=${line#* }
		call=${call%%(*}
		call=${call// }
		count[$call]=$((${count[$call]-0} + 1))
		case $line in
		*ioctl*DM_DEV_CREATE*|*ioctl*DM_TABLE_LOAD*|*ioctl*DM_DEV_SUSPEND*|*ioctl*DM_DEV_REMOVE*|*ioctl*DM_TARGET_MSG*) ;;
		*ioctl*) continue ;;
		esac
		echo "$call ${count[$call]}"
	done <"$1"
}

# cuts NAME RESET CHECK ARG...: the command once in full, to see what it does, then
# killed before one after the other. RESET is called before each, CHECK behind it.
cuts()
{
	local name=$1 reset=$2 check=$3 n step bad=0 killed=0 call nth rc
	local -a all
	shift 3
	$reset >$w/log 2>&1 || { diag "$(cat $w/log)"; bad=1; }
	traced $w/trace "" "$@" || { diag "$(cat $w/said)"; bad=1; }
	$check >$w/log 2>&1 || { diag "in full: $(cat $w/log)"; bad=1; }
	mapfile -t all < <(moments $w/trace)
	step=$((${#all[@]} / 5 + 1))
	[ "${HEARTH_FULL-}" ] && step=1
	for ((n = 0; n < ${#all[@]} && bad < 3; n += step)); do
		read -r call nth <<<"${all[n]}"
		$reset >$w/log 2>&1 || { diag "before $n: $(cat $w/log)"; bad=$((bad + 1)); }
		rc=0
		traced /dev/null "-e inject=$call:signal=KILL:when=$nth" "$@" 2>/dev/null || rc=$?
		[ $rc = 137 ] && killed=$((killed + 1))
		$check >$w/log 2>&1 && continue
		diag "killed ($rc) before $call $nth, $n of ${#all[@]}: $(cat $w/said $w/log)"
		bad=$((bad + 1))
	done
	diag "${#all[@]} moments, killed at $killed"
	if [ $bad = 0 ] && [ $killed -ge $((${#all[@]} / step)) ]; then ok "$name"; else not_ok "$name"; fi
}
