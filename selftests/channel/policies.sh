#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=6.12,lockdep,kasan timeout=150
# Messages made by the policies that the kernel shows of our families, right and wrong ones:
# each is answered, who is refused is told why, and afterwards all is as it was.
. "${HEARTH_LIB:-../lib.sh}"

count=3000
[ -z "$HEARTH_FULL" ] || count=30000
[ "$HEARTH_KERNEL" = uml ] || count=$((count / 2))

as=	# words before the command: as who it runs
# storm FAMILY [OPERATION...]: of these one is taken
storm()
{
	local family=$1 seed=$SRANDOM
	shift
	echo "seed $seed, $count messages"
	timeout 100 $as ./policies "$family" "$seed" $count "$@" >/tmp/work/storm && cat /tmp/work/storm
}

plan 9
modprobe -a hearth hearth_vhci dm-rekey
anybody="setpriv --inh-caps -all --bounding-set -all --reuid 1000 --clear-groups"
for family in hearth hearth-usb hearth-volume; do
	case $family in
	hearth) some="1 5" got=", some make a peer and ask for an environment" ;;
	*) some='' got='' ;;
	esac
	check "$family: each message is answered, each refusal has its reason$got" storm $family $some
	as=$anybody check "$family: also to one who may nothing" storm $family
done
check "the ports that came of it leave" wait_for 20 eval '[ "$(hearth -j usb ports)" = "[]" ]'
check "no environment is left" wait_for 20 eval '[ "$(./channel envs)" = done ]'
check "the modules are removed" wait_for 20 rmmod hearth_vhci dm-rekey hearth
finish
