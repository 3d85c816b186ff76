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

# as_version_1 DISKS KEYFILE: the metadata of the volume on these disks, which is closed
# and empty, are made again, of version 1; its header is on the first one
as_version_1()
{
	local disks=$1 pass=$2 line name uuid
	cryptsetup luksDump -q --unbound --key-slot 0 --key-file "$pass" --volume-key-file $w/keys ${disks%% *} >/dev/null || return
	# shellcheck disable=SC2086  # words
	hv open v $disks --key-file "$pass" && line=$(dmsetup table v) && hv close v || return
	# 0 LENGTH rekey META CIPHER N {DISK START}... 5 OPTION..., all of them below
	name=$(grep -oE 'meta_key::32:logon:[^ ]+' <<<"$line") uuid=${name#*:hearth:} uuid=${uuid%:meta}
	head -c 32 $w/keys | keyctl padd logon "hearth:$uuid:meta" @u >/dev/null
	tail -c +33 $w/keys | keyctl padd logon "hearth:$uuid:0" @u >/dev/null
	rm $w/keys
	dd if=/dev/zero of=${disks%% *} bs=1M seek=16 count=1 oflag=direct status=none
	dmcreate v "${line/ 5 meta_key/ 7 version:1 create meta_key}" && dmremove v
}
