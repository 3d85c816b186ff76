#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=30 expect="plan of 2, 1 results"
# A script that dies on the way fails.
. "${HEARTH_LIB:-../lib.sh}"
plan 2
ok "one"
kill -9 $$
