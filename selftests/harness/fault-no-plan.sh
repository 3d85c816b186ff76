#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=host timeout=30 expect="^no plan$"
# A script that says nothing fails.
. "${HEARTH_LIB:-../lib.sh}"
exit 0
