#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12,uml timeout=60 expect="the guest died|Kernel panic|NULL pointer"
# A crash of the kernel fails the run.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=oops
ok "it goes on as if nothing had been"
finish
