#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=30 expect="plan of 3, 2 results"
# Fewer results than planned fail.
. "${HEARTH_LIB:-../lib.sh}"
plan 3
ok "one"
ok "two"
exit 0
