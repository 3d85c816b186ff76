#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml,6.12 full=all timeout=150
# Sealed environments: their life as it is told, who may what, what each end leaves, keys
# that end with them; a thousand whose owners are killed.
. "${HEARTH_LIB:-../lib.sh}"
# shellcheck source=selftests/channel/common.bash
. ./common.bash

told=/tmp/work/told
declare -A to=() pid=()

# start NAME [UID]: a process with a socket, which ask() has send its requests
start()
{
	local who=$1 fd
	mkfifo "/tmp/work/$who.in"
	# no function here: the process that is killed must be its
	${2:+setpriv --inh-caps -all --bounding-set -all --reuid "$2" --clear-groups} ./channel - \
		<"/tmp/work/$who.in" >"/tmp/work/$who" 2>&1 &
	pid[$who]=$!
	exec {fd}>"/tmp/work/$who.in"
	to[$who]=$fd
}

# stop NAME: killed, with all that is its own
stop()
{
	local fd=${to[$1]}
	kill -9 "${pid[$1]}"
	wait "${pid[$1]}"
	exec {fd}>&-
	rm "/tmp/work/$1" "/tmp/work/$1.in"
} 2>/dev/null

verdicts() { grep -cE '^(done|refused)' "/tmp/work/$1"; }

# ask NAME REQUEST...: prints the verdict
ask()
{
	local who=$1 n
	shift
	n=$(verdicts "$who")
	echo "$*" >&"${to[$who]}"
	wait_for 20 eval "[ \$(verdicts $who) -gt $n ]"
	grep -E '^(done|refused)' "/tmp/work/$who" | tail -n 1
}

# does NAME REQUEST...
does() { local out; out=$(ask "$@"); echo "$out"; [ "$out" = "done" ]; }

# new NAME [ATTRIBUTE...]: prints the id of the env
new()
{
	local who=$1
	shift
	ask "$who" env-new assurance=vm memory=512 ttl=3600000 "$@" >/dev/null
	grep '^{"id":[0-9]*}$' "/tmp/work/$who" | tail -n 1 | tr -dc 0-9
}

# all_answered: a line each of who, what is asked, and behind " -> " the verdict
all_answered()
{
	local line got bad=0
	while IFS= read -r line; do
		# shellcheck disable=SC2086
		got=$(ask ${line%% -> *})
		[ "$got" = "${line##* -> }" ] || { echo "$got, not: $line"; bad=1; }
	done
	return $bad
}

# is_told ID STATE REASON
is_told() { wait_for 20 grep -q "{\"id\":$1,\"state\":\"$2\",\"reason\":\"$3\"," $told; }

plan 51
modprobe hearth
listen envs $told
monitor $told.json -j env
start user 1000
start builder
start other
start stranger 1001

# --- a whole life -------------------------------------------------------------
check "anybody asks for one" does user env-new assurance=vm memory=512 ttl=3600000
check "and is told its number" shows '{"id":1}
done' cat /tmp/work/user
check "it is claimed" does builder env-claim id=1
check "once" shows "refused EBUSY: the environment has been claimed already" ask other env-claim id=1
check "it is ready" does builder env-ready id=1 given=tee admission=00c0ffee
check "who asked for it sees the admission" does user env-get id=1
check "busy" does builder env-busy id=1
check "idle" does builder env-idle id=1
check "busy again" does builder env-busy id=1
check "its user closes it, by another socket" shows "done" anybody ./channel env-close id=1
check "it has been taken down" does builder env-close id=1
does user envs >/dev/null
rest='"assurance":"vm","memory":512,"ttl":3600000,"building-timeout":120000,"admission-timeout":60000,"idle-timeout":300000}'
given='"assurance":"vm","given":"tee","memory":512,"ttl":3600000,"building-timeout":120000,"admission-timeout":60000,"idle-timeout":300000'
cat >/tmp/work/golden.told <<EOT
listening
{"id":1,"state":"requested","uid":1000,$rest
{"id":1,"state":"building","uid":1000,$rest
{"id":1,"state":"ready","uid":1000,$given}
{"id":1,"state":"busy","uid":1000,$given}
{"id":1,"state":"ready","uid":1000,$given}
{"id":1,"state":"busy","uid":1000,$given}
{"id":1,"state":"closing","reason":"requester","uid":1000,$given}
{"id":1,"state":"closed","reason":"requester","uid":1000,$given}
EOT
cat >/tmp/work/golden.user <<EOT
{"id":1}
done
{"id":1,"state":"building","uid":1000,$rest
{"id":1,"state":"ready","uid":1000,$given,"admission":"00c0ffee"}
{"id":1,"state":"ready","uid":1000,$given,"expires":N,"admission":"00c0ffee"}
done
{"id":1,"state":"busy","uid":1000,$given}
{"id":1,"state":"ready","uid":1000,$given}
{"id":1,"state":"busy","uid":1000,$given}
{"id":1,"state":"closing","reason":"requester","uid":1000,$given}
{"id":1,"state":"closed","reason":"requester","uid":1000,$given}
done
EOT
wait_for 20 grep -q '"closed"' $told
check "what was told to all, to the letter: no admission" diff /tmp/work/golden.told $told
check "what was told to its user, to the letter" diff /tmp/work/golden.user \
	<(sed -E 's/"expires":[0-9]+/"expires":N/' /tmp/work/user)

wait_for 20 grep -q '"closed"' $told.json
check "hearth monitor tells the same" [ "$(grep -o '"state":"[a-z]*"' $told.json)" = "$(grep -o '"state":"[a-z]*"' $told)" ]
check "with all that it says" eval 'tail -n 1 $told.json | tee /dev/stderr |
	grep -q ",\"event\":\"env\",\"env\":1,\"uid\":1000,\"memory\":512,\"assurance\":\"vm\",\"given\":\"tee\",\"state\":\"closed\",\"reason\":\"requester\"}\$"'
pkill -x hearth

# --- who may ------------------------------------------------------------------
id=$(new user)
check "others may not" all_answered <<EOT
stranger env-get id=$id -> refused EACCES: the environment is another user's
stranger env-close id=$id -> refused EACCES: the environment is another user's
stranger env-claim id=$id -> refused EPERM
stranger env-ready id=$id given=vm admission=00 -> refused EPERM
stranger env-busy id=$id -> refused EPERM
stranger env-idle id=$id -> refused EPERM
user env-claim id=$id -> refused EPERM
user env-ready id=$id given=vm admission=00 -> refused EPERM
user env-close id=$id failed=1 -> refused EACCES: only who claimed the environment says that it failed
builder env-ready id=$id given=vm admission=00 -> refused EACCES: the environment has to be claimed first
builder env-claim id=$id -> done
other env-ready id=$id given=vm admission=00 -> refused EACCES: another socket has claimed the environment
other env-busy id=$id -> refused EACCES: another socket has claimed the environment
EOT
check "each in its turn" all_answered <<EOT
builder env-busy id=$id -> refused EBUSY: the environment is not ready yet
builder env-idle id=$id -> refused EBUSY: the environment is not ready yet
builder env-ready id=$id given=process admission=00 -> refused EINVAL: that is less assurance than was asked for
builder env-ready id=$id given=vm admission= -> refused EINVAL: the admission is empty [admission]
builder env-ready id=$id given=vm admission=c0de -> done
builder env-ready id=$id given=vm admission=c0de -> refused EBUSY: the environment is ready already
builder env-busy id=$id -> done
builder env-busy id=$id -> refused EBUSY: the environment is busy
EOT
long=$(new user)
check "an admission as long as may be" all_answered <<EOT
builder env-claim id=$long -> done
builder env-ready id=$long given=vm admission=@32769 -> refused EINVAL: the admission is too long [admission]
builder env-ready id=$long given=vm admission=@32768 -> done
user env-get id=$long -> done
builder env-close id=$long -> done
EOT
check "comes twice: unasked, and asked for" [ "$(grep -c '"admission":"@32768"' /tmp/work/user)" = 2 ]
check "what is missing or none" all_answered <<EOT
user env-new memory=512 ttl=1 -> refused EINVAL: an assurance is needed [assurance]
user env-new assurance=vm ttl=1 -> refused EINVAL: an amount of memory is needed [memory]
user env-new assurance=vm memory=1 -> refused EINVAL: a time to live is needed [ttl]
user env-new assurance=5 memory=1 ttl=1 -> refused ERANGE: integer out of range [assurance]
user env-new assurance=vm memory=65537 ttl=1 -> refused EDQUOT: the user's environments would have too much memory
user env-new assurance=vm memory=0 ttl=1 -> refused ERANGE: integer out of range [memory]
user env-new assurance=vm memory=1 ttl=0 -> refused ERANGE: integer out of range [ttl]
user env-new assurance=vm memory=1 ttl=1 idle-timeout=0 -> refused ERANGE: integer out of range [idle-timeout]
user env-get -> refused EINVAL: an environment is needed [id]
user env-get id=0 -> refused ERANGE: integer out of range [id]
user env-get id=999 -> refused ENOENT: no such environment
user env-close -> refused EINVAL: an environment is needed [id]
user env-bind-key id=$id -> refused EINVAL: a key is needed [key]
builder env-claim -> refused EINVAL: an environment is needed [id]
builder env-ready id=$id admission=00 -> refused EINVAL: what assurance it has is needed [given]
builder env-ready id=$id given=vm -> refused EINVAL: an admission is needed [admission]
EOT
check "root sees it, without the admission" eval '[ "$(./channel env-get id=$id | grep -c "\"id\":$id,.*\"expires\":[0-9]*}\$")" = 1 ]'
check "all that a stranger sees" shows "done" as 1001 ./channel envs
check "all that its user sees, by another socket" eval '[ "$(anybody ./channel envs | wc -l)" = 2 ]'
refuse "another user does not hear of it" anybody ./channel listen envs
# None can be made in a changed root, which is what UML boots into.
if unshare -Ur true 2>/dev/null; then
	check "root of a user namespace may not claim" shows "refused EPERM" unshare -Ur ./channel env-claim id="$id"
	check "but ask" eval 'unshare -Ur ./channel env-new assurance=vm memory=1 ttl=1000 | grep -qx done'
else
	skip "root of a user namespace may not claim" "no user namespace can be made here"
	skip "but ask" "no user namespace can be made here"
fi
ip netns add box
check "another namespace sees none" shows "done" ip netns exec box ./channel envs
check "nor finds it" shows "refused ENOENT: no such environment" ip netns exec box ./channel env-get id="$id"
ip netns del box

# --- ends ---------------------------------------------------------------------
check "its builder says that it failed" does builder env-close id="$id" failed=1
check "so it did" is_told "$id" failed failed
id=$(new user)
does builder env-claim id="$id" >/dev/null
stop user
check "its user is killed: it is closed" is_told "$id" closing requester-gone
does builder env-close id="$id" >/dev/null
check "in the end" is_told "$id" closed requester-gone
start user 1000
id=$(new user)
does builder env-claim id="$id" >/dev/null
stop builder
check "its builder is killed: it fails" is_told "$id" failed orchestrator-gone
start builder
id=$(new user building-timeout=50)
check "not claimed in time: it fails" is_told "$id" failed building
id=$(new user admission-timeout=50)
does builder env-claim id="$id" >/dev/null
does builder env-ready id="$id" given=vm admission=00 >/dev/null
check "nobody came in: it is closed" is_told "$id" closing admission
check "that is taken down" does builder env-close id="$id"

# --- keys ---------------------------------------------------------------------
# key NAME TYPE: one of this user's, in the keyring that each session has; prints its number
key() { keyctl add "$2" "hearth:$1" secret @u; }
revoked() { keyctl describe "$1" 2>&1 | grep -q revoked; }
start root
id=$(new root)
one=$(key one logon) two=$(key two logon) plain=$(key plain user)
check "keys that may not be bound" all_answered <<EOT
root env-bind-key id=$id key=$plain -> refused EINVAL: only a logon key can be bound
root env-bind-key id=$id key=2147483647 -> refused ENOKEY: no such key
root env-bind-key id=$id key=4294967293 -> refused EINVAL: that is no key's number [key]
user env-bind-key id=$(new user) key=$one -> refused EACCES: the key may not be written
root env-bind-key id=999 key=$one -> refused ENOENT: no such environment
EOT
check "keys are bound" all_answered <<EOT
root env-bind-key id=$id key=$one -> done
root env-bind-key id=$id key=$two -> done
root env-bind-key id=$id key=$one -> refused EEXIST: the key is bound to the environment already
EOT
refuse "they are as they were" revoked "$one"
stop root
check "its user is killed: both are revoked" eval 'wait_for 20 revoked $one && wait_for 20 revoked $two'
check "and no other" keyctl describe "$plain"
start root
one=$(key one logon) two=$(key two logon)
id=$(new root ttl=60000)
late=$(new root idle-timeout=50)
does root env-bind-key id="$id" key="$one" >/dev/null
does root env-bind-key id="$late" key="$two" >/dev/null
check "idle for too long" all_answered <<EOT
builder env-claim id=$id -> done
builder env-claim id=$late -> done
builder env-ready id=$late given=vm admission=00 -> done
builder env-busy id=$late -> done
builder env-idle id=$late -> done
EOT
check "it is closed" is_told "$late" closing idle
refuse "the key is good until that is done" revoked "$two"
does builder env-close id="$late" >/dev/null
check "then it is revoked" revoked "$two"
stop builder
check "its builder is killed: the key is revoked" wait_for 20 revoked "$one"
start builder

# --- limits, many -------------------------------------------------------------
check "so many for a user, and no more" eval '[ "$(yes "env-new assurance=vm memory=1 ttl=3600000" | head -n 33 | as 1002 ./channel - | grep -v id | uniq -c | tr -s " ")" = " 32 done
 1 refused EDQUOT: the user has too many environments" ]'
check "so much memory, and no more" eval '[ "$(yes "env-new assurance=vm memory=40000 ttl=3600000" | head -n 2 | as 1002 ./channel - | grep refused)" = "refused EDQUOT: the user'"'"'s environments would have too much memory" ]'
for who in user builder other stranger root; do stop $who; done
check "nothing is left" eval 'wait_for 20 eval "[ \"\$(./channel envs)\" = done ]"'
killed=$(./channel owners 40 25)
diag "$killed"
check "a thousand envs end with those who are killed" eval '[ "$(cut -d" " -f1,2 <<<"$killed")" = "1000 envs
500 left
0 left" ]'

# --- the module goes ----------------------------------------------------------
start root
one=$(key one logon)
id=$(new root)
does root env-bind-key id="$id" key="$one" >/dev/null
rmmod hearth
check "the module is removed: the key is revoked" revoked "$one"
finish
