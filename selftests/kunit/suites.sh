#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=debug timeout=120
# Loads each of our KUnit suites and relays what it found. The kernel's own
# example suite comes first: it shows that results arrive.
. "${HEARTH_LIB:-../lib.sh}"

modprobe kunit enable=1 || skip_all "this kernel has no KUnit"
results=/sys/kernel/debug/kunit
suites="kunit-example-test"
for ko in /lib/modules/"$(uname -r)"/updates/*_kunit.ko; do
	[ ! -e "$ko" ] || suites="$suites $(basename "$ko" .ko)"
done

out=/tmp/work/results
: >$out
for suite in $suites; do
	diag "suite $suite"
	modprobe "$suite" || echo "    not ok 1 $suite does not load" >>$out
	cat $results/*/results >>$out
	modprobe -r "$suite"
done
# a suite that was deferred or empty has no case lines: that is no pass
cases=$(grep -cE '^ {4,8}(not )?ok ' $out)
plan "$((cases + 1))"
while read -r line; do
	name=${line#*ok }
	name=${name#* }
	case $line in
	*"# SKIP"*) skip "${name%%#*}" "${line##*SKIP}" ;;
	"not ok"*) not_ok "$name" ;;
	*) ok "$name" ;;
	esac
done < <(grep -E '^ {4,8}(not )?ok ' $out)
if [ "$cases" -gt "$(echo "$suites" | wc -w)" ]; then
	ok "results of each suite"
else
	sed 's/^/# /' $out
	not_ok "results of each suite"
fi
finish
