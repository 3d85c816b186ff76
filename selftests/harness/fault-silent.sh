#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=30 kmemleak=no expect="the guest ended"
# A guest that ends without a word fails.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
ok "one"
poweroff -f
sleep 100
