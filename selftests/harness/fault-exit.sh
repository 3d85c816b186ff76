#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=30 expect="exit code 3"
# An exit code fails a test whose results are all ok.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
ok "one"
exit 3
