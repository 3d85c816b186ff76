#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=60
# run_kselftest.sh, which runs the tests on any machine: what it says of tests that pass,
# fail, hang, and cannot run here.
. "${HEARTH_LIB:-../lib.sh}"

# fake NAME HEADER LINE...: a test
fake()
{
	local name=$1 header=$2
	shift 2
	{
		printf '#!/bin/bash\n# hearth-test: %s\n. "${HEARTH_LIB:-../lib.sh}"\n' "$header"
		printf '%s\n' "$@"
	} >"$w/ks/fake/$name.sh"
	chmod +x "$w/ks/fake/$name.sh"
}
says() { grep -qxF "$1" $w/out; }

# A machine with few programs. What tests use is under /tmp/work, which a run empties.
w=/tmp/kselftest
mkdir -p $w/ks/fake $w/bin
for p in bash sed grep tr sort cat id modprobe timeout rm mkdir cut uname dirname hearth; do
	ln -s "$(type -P $p)" $w/bin/
done
cp ../lib.sh ../run_kselftest.sh $w/ks/
fake a-pass machine=plain 'plan 1' 'ok "it is well"' finish
fake b-fail machine=plain 'plan 1' 'not_ok "it is not"' finish
fake c-hang 'machine=plain timeout=1' 'plan 1' 'sleep 100'
fake d-machine machine=usb 'plan 1' finish
fake e-program machine=plain 'plan 1' 'fio --version' finish
fake f-skip machine=plain 'skip_all "not today"'
export -n HEARTH_KERNEL HEARTH_LIB HEARTH_MACHINE HEARTH_FOLDER

plan 12
PATH=$w/bin $w/ks/run_kselftest.sh -c fake >$w/out 2>$w/err
rc=$?
diag "$(cat $w/out $w/err)"
check "a failure is told" [ $rc = 1 ]
check "a plan" says "1..6"
check "one that passes" says "ok 1 selftests: fake: a-pass.sh"
check "with what it said" says "# ok 1 it is well"
check "one that fails" says "not ok 2 selftests: fake: b-fail.sh # exit=1"
check "one that hangs" says "not ok 3 selftests: fake: c-hang.sh # TIMEOUT"
check "one that needs a machine" says "ok 4 selftests: fake: d-machine.sh # SKIP needs the machine usb of ./scripts/check"
check "one that needs a program" says "ok 5 selftests: fake: e-program.sh # SKIP needs the program fio"
check "one that skips itself" says "ok 6 selftests: fake: f-skip.sh # SKIP"
check "it warns" grep -q "unload modules, detach every port and remove every mapped device" $w/err
PATH=$w/bin $w/ks/run_kselftest.sh -t fake:a-pass.sh >$w/out 2>&1
check "one by its name, and success" eval "[ $? = 0 ] && says 1..1"
(cd $w/ks/fake && PATH=$w/bin ./d-machine.sh >$w/out)
check "by hand: skipped, by kselftest's code" eval "[ $? = 4 ] && says '1..0 # SKIP needs the machine usb of ./scripts/check'"
finish
