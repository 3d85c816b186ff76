#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=3 expect="^timeout$"
# A script that does not end fails.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
sleep 1000
ok "one"
