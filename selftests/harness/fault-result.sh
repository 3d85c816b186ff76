#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=30 expect="1 of 2 failed"
# One result that is not ok fails the test, whatever the exit code.
. "${HEARTH_LIB:-../lib.sh}"
plan 2
ok "one"
not_ok "two"
exit 0
