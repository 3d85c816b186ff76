#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 full=lockdep timeout=60 expect="kernel log: .*WARNING:"
# A warning in the kernel log fails a test that passed.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=warn
ok "it goes on as if nothing had been"
finish
