#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the tests beside it on this machine, as the kernel's run_kselftest.sh does.
# They unload modules, detach every port and remove every mapped device: use a
# machine for tests.
#
#   run_kselftest.sh [OPTION...]
#     -c, --collection NAME   all tests of a folder; may be given several times
#     -t, --test FOLDER:TEST  this test (usb:lies.sh); may be given several times
#     -l, --list              what there is, and what each needs
#     -n, --dry-run           says what would run
#     -s, --summary           what a test says goes to /tmp/FOLDER-TEST.log
#     -f, --force             also where devices are attached or mapped already
#     -h, --help

cd "$(dirname "$0")" || exit 1
collections=() names=() list='' dry='' summary='' force=''

die() { echo "run_kselftest.sh: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
	case $1 in
	-c | --collection) collections+=("${2-}"); shift ;;
	-t | --test) names+=("${2-}"); shift ;;
	-l | --list) list=1 ;;
	-n | --dry-run) dry=1 ;;
	-s | --summary) summary=1 ;;
	-f | --force) force=1 ;;
	-h | --help) sed -n '3,/^$/s/^# \{0,1\}//p' "${0##*/}"; exit 0 ;;
	*) die "no option $1; see --help" ;;
	esac
	shift
done

# word FILE KEY DEFAULT: from the line "# hearth-test:" of a test
word()
{
	local line
	line=$(sed -n 's/^# hearth-test:/ /p' "$1")
	[[ $line =~ \ $2=([^\ ]*) ]] && echo "${BASH_REMATCH[1]}" || echo "$3"
}

# text FILE: the script with what it reads in
text()
{
	local f
	cat "$1"
	for f in $(sed -n 's/^\. \.\/\([a-z]*\.bash\).*/\1/p' "$1"); do
		cat "${1%/*}/$f"
	done
}

# programs FILE: of those that not every machine has, the ones it calls
optional='fio script cryptsetup keyctl dmsetup usbip usbipd mkfs.ext4 mkfs.xfs tc ip losetup setpriv unshare strace evtest aplay blkid xfs_repair e2fsck'
programs()
{
	local p
	text "$1" | grep -v '^[[:space:]]*#' | grep -owF "$(tr ' ' '\n' <<<"$optional")" | sort -u |
		while read -r p; do
			# of the stock server, which usb/common.bash can start
			[[ $p != usbip* ]] || grep -qwE 'serve|usbipd?' "$1" || continue
			printf '%s ' "$p"
		done
}

# modules FILE: those that it loads; one that is missing is often left out of a test
modules()
{
	{ cat "$1"; grep -qwE 'serve|the_server' "$1" && echo "modprobe xhci-pci usbip-host"; grep -qw ramdisks "$1" && echo "modprobe brd"; } |
		sed -E 's/[a-z_]+=.*//' | sed -nE 's/.*\bmodprobe +((-[aq]+ +)*)([a-zA-Z0-9_ -]*).*/\3/p' |
		tr ' ' '\n' | grep -E '^[a-z][a-z0-9_-]+$' | sort -u | tr '\n' ' '
}

all()
{
	local f
	for f in */*.sh; do
		grep -qs '^# hearth-test:' "$f" && ! grep -q '^# hearth-test:.* expect=' "$f" && echo "$f"
	done
}

chosen()
{
	local f c n
	for f in $(all); do
		[ ${#collections[@]} -gt 0 ] || [ ${#names[@]} -gt 0 ] || echo "$f"
		for c in "${collections[@]}"; do [ "${f%/*}" != "$c" ] || echo "$f"; done
		for n in "${names[@]}"; do [ "${f%/*}:${f##*/}" != "$n" ] || echo "$f"; done
	done
}

# missing FILE: why it can't run here, if so
missing()
{
	local p machine
	machine=$(word "$1" machine plain)
	case $machine in
	plain | host | "${HEARTH_MACHINE-}") ;;
	*) echo "needs the machine $machine of ./scripts/check"; return ;;
	esac
	for p in $(programs "$1"); do
		command -v "$p" >/dev/null || { echo "needs the program $p"; return; }
	done
}

# in_the_way: what of this machine the tests would destroy
in_the_way()
{
	local d
	if grep -q ^volume/ <<<"$1" && [ "$(dmsetup ls 2>/dev/null)" != "No devices found" ] &&
	   command -v dmsetup >/dev/null; then
		echo "mapped devices (dmsetup ls)"
	fi
	for d in /sys/bus/usb/drivers/usbip-host/*-*; do
		[ ! -e "$d" ] || { echo "shared USB devices (usbip-host)"; break; }
	done
	for d in /sys/devices/platform/hearth_vhci*/usb*/*-*; do
		[ ! -e "$d" ] || { echo "attached USB devices (hearth usb ports)"; break; }
	done
}

# run FILE: its exit code is the test's
run()
{
	local rc m limit
	limit=$(word "$1" timeout 120)
	rm -rf /tmp/work
	mkdir -p /tmp/work
	(cd "${1%/*}" && TMPDIR=/tmp/work timeout -k 10 "$limit" "./${1##*/}" </dev/null) 2>&1
	rc=$?
	for m in dm_rekey_kunit dm_rekey hearth_vhci_kunit hearth_vhci hearth_kunit hearth; do
		[ ! -e "/sys/module/$m" ] || rmmod "$m"
	done
	return $rc
}

mapfile -t tests < <(chosen)
[ ${#tests[@]} -gt 0 ] || die "no such test; see --list"

if [ "$list" ]; then
	printf '%-26s %-7s %-38s %s\n' test machine programs "modules of the kernel"
	for t in "${tests[@]}"; do
		printf '%-26s %-7s %-38s %s\n' "${t%/*}:${t##*/}" "$(word "$t" machine plain)" "$(programs "$t")" "$(modules "$t")"
	done
	exit 0
fi
if [ -z "$dry" ]; then
	[ "$(id -u)" = 0 ] || die "the tests load modules: run this as root"
	[ ! -d bin ] || PATH=$PATH:$PWD/bin
	command -v hearth >/dev/null || die "no command hearth: make -C usr install"
	for m in hearth hearth_vhci dm-rekey; do
		modprobe -nq "$m" || [ -d "/sys/module/${m//-/_}" ] ||
			echo "run_kselftest.sh: no module $m for $(uname -r): make && make modules_install && depmod -a" >&2
	done
	echo "run_kselftest.sh: these tests unload modules, detach every port and remove every mapped device" >&2
	way=$(in_the_way "${tests[*]}")
	[ -z "$way" ] || [ "$force" ] || die "not here, where there are ${way//$'\n'/, }; --force does it all the same"
fi
export HEARTH_LIB=${HEARTH_LIB:-$PWD/lib.sh}

echo "TAP version 13"
echo "1..${#tests[@]}"
n=0 failed=0
for t in "${tests[@]}"; do
	n=$((n + 1)) name="selftests: ${t%/*}: ${t##*/}"
	echo "# $name"
	why=$(missing "$t") rc=4
	if [ "$dry" ]; then
		why=${why:-dry run}
	elif [ -z "$why" ]; then
		if [ "$summary" ]; then
			run "$t" >"/tmp/${t%/*}-${t##*/}.log"
		else
			run "$t" | sed 's/^/# /'
		fi
		rc=${PIPESTATUS[0]}
	fi
	case $rc in
	0) echo "ok $n $name" ;;
	4) echo "ok $n $name # SKIP${why:+ $why}" ;;
	124 | 137) echo "not ok $n $name # TIMEOUT"; failed=1 ;;
	*) echo "not ok $n $name # exit=$rc"; failed=1 ;;
	esac
done
exit $failed
