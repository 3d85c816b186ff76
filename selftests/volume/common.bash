# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the volume tests share: RAM disks, keys, tables.
#
# /dev/ram0 is the metadata device, the others hold data. A volume is made of
# the variables below; open_volume takes further options.

meta=/dev/ram0
data="/dev/ram1 0"	# devices and their offsets
cipher=aes-xts-plain64
options=""		# of the table, but for the metadata key
region=512		# sectors
meta_name=meta		# of the metadata key
version=""		# of the metadata that create and adopt make; "": the module's
mib=2048		# sectors of one

# ramdisks N MIB: fresh ones, of zeros.
ramdisks()
{
	dmsetup remove_all 2>/dev/null
	rmmod brd 2>/dev/null
	modprobe brd rd_nr="$1" rd_size=$(($2 * 1024)) max_part=0 || return 1
	wait_for 10 [ -b "/dev/ram$(($1 - 1))" ]
}

# key NAME [BYTES]: a new random key in the keyring, as hearth:NAME.
key()
{
	head -c "${2:-64}" /dev/urandom >"/tmp/work/key.$1"
	keyctl padd logon "hearth:$1" @u <"/tmp/work/key.$1" >/dev/null
}

# forget NAME: the key leaves the keyring.
forget() { keyctl unlink "$(keyctl search @u logon "hearth:$1")" @u >/dev/null; }

src() { echo ":${2:-64}:logon:hearth:$1"; }

# table SECTORS OPTION...: a table of the volume.
table()
{
	local len=$1 n list
	shift
	# shellcheck disable=SC2086  # words
	case " $* " in
	*" create "* | *" adopt:"*) set -- ${version:+version:$version} "$@" ;;
	esac
	# shellcheck disable=SC2086
	set -- "meta_key:$(src "$meta_name" 32)" region_size:$region $options "$@"
	# shellcheck disable=SC2086
	n=$(set -- $data; echo $(($# / 2)))
	list=$*
	echo "0 $len rekey $meta $cipher $n $data $# $list"
}

# dmcreate NAME TABLE: no udev here.
dmcreate() { dmsetup create --noudevsync "$1" --table "$2" && dmsetup mknodes "$1" >/dev/null; }
dmremove()
{
	local name
	for name; do
		wait_for 10 dmsetup remove --noudevsync "$name" || { dmsetup info "$name"; return 1; }
	done
}

# open_volume NAME SECTORS OPTION...
open_volume()
{
	local name=$1
	shift
	dmcreate "$name" "$(table "$@")"
}

# plain_crypt NAME SECTORS DEV OFFSET KEY OPTION...: dm-crypt over the same bytes.
# $bytes: of the key; $crypt_cipher: where it is not the volume's
plain_crypt()
{
	local name=$1 len=$2 dev=$3 offset=$4 key=$5
	shift 5
	dmcreate "$name" "0 $len crypt ${crypt_cipher:-$cipher} $(src "$key" "${bytes:-64}") 0 $dev $offset $# $*"
}

msg() { local name=$1; shift; dmsetup message "$name" 0 "$*"; }
status() { dmsetup status --noflush "$1" | cut -d' ' -f4-; }

# field NAME N: of the status line.
field() { status "$1" | cut -d' ' -f"$2"; }

# job NAME: the state of the mover
job() { status "$1" | grep -oE ' (idle|waiting|running|paused|no-key|no-space|error|incomplete) ' | tr -d ' '; }
idle() { [ "$(job "$1")" = idle ]; }
job_is() { [ "$(job "$1")" = "$2" ]; }

# under NAME SLOT: written regions under a slot.
under() { status "$1" | grep -oE " $2:[a-z]+:[0-9]+" | cut -d: -f3; }

# said WORDS: did the kernel say it since the last mark?
mark() { marks=$((${marks:-0} + 1)); echo "volume-mark $marks" >/dev/kmsg; }
said()
{
	dmesg | sed "1,/volume-mark $marks\$/d" | grep -q -- "$*" && return
	dmesg | sed "1,/volume-mark $marks\$/d" | tail -n 5
	return 1
}

# refused NAME WORDS COMMAND...: fails, and the kernel says why. What it says of I/O is
# ten lines in five seconds at most, and those before may have used them up: then the
# command is asked again.
refused()
{
	local name=$1 words=$2 start=$EPOCHSECONDS out
	shift 2
	mark
	while ! out=$("$@" 2>&1); do
		if out=$(said "$words"); then
			ok "$name"
			return
		fi
		if ! in_time $start 15; then
			diag "$out"
			not_ok "$name: refused for another reason"
			return
		fi
		sleep 1
	done
	diag "$out"
	not_ok "$name: was not refused"
}

# hammer: verifying writers on v, till calm tells them to stop.
hammer()
{
	rm -f /tmp/work/stop /tmp/work/result
	{
		./pattern hammer /dev/mapper/v 5 /tmp/work/stop /tmp/work/state
		echo $? >/tmp/work/result.tmp
		mv /tmp/work/result.tmp /tmp/work/result
	} </dev/null >/tmp/work/hammer 2>&1 &
}

# calm: did they see what they wrote?
calm()
{
	touch /tmp/work/stop
	wait_for 60 [ -s /tmp/work/result ] && [ "$(cat /tmp/work/result)" = 0 ] && return
	cat /tmp/work/hammer
	return 1
}

sum() { dd if="$1" bs=1M iflag=direct status=none | sha256sum | cut -d' ' -f1; }
