#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=60 expect="kmemleak: 1 of 1 failed"
# So does memory that nothing points to any more.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=leak
ok "it goes on as if nothing had been"
finish
