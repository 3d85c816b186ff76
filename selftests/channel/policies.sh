#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12,lockdep,kasan timeout=150
# Messages made by the policies that the kernel shows of our families, right and wrong ones:
# each is answered, who is refused is told why, and afterwards all is as it was.
. "${HEARTH_LIB:-../lib.sh}"

count=3000
[ -z "$HEARTH_FULL" ] || count=30000
[ "$HEARTH_KERNEL" = uml ] || count=$((count / 2))

# storm FAMILY COMMAND...
storm()
{
	local family=$1 seed=$SRANDOM
	shift
	echo "seed $seed, $count messages"
	timeout 100 "$@" ./policies "$family" "$seed" $count >"/tmp/work/$family" && cat "/tmp/work/$family"
}

plan 10
modprobe -a hearth hearth_vhci dm-rekey
anybody="setpriv --inh-caps -all --bounding-set -all --reuid 1000 --clear-groups"
for family in hearth hearth-usb hearth-volume; do
	check "$family: each message is answered, each refusal has its reason" storm $family
	cp "/tmp/work/$family" "/tmp/work/$family.root"
	check "$family: also to one who may nothing" storm $family $anybody
done
check "some have got as far as they can: a peer made, an environment asked for" \
	eval '[ "$(grep -cE "^operation (1|5): [1-9]" /tmp/work/hearth.root)" = 2 ]'
check "the ports that came of it leave" wait_for 20 eval '[ "$(hearth -j usb ports)" = "[]" ]'
check "no environment is left" wait_for 20 eval '[ "$(./channel envs)" = done ]'
check "the modules are removed" wait_for 20 rmmod hearth_vhci dm-rekey hearth
finish
