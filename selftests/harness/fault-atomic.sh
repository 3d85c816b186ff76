#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml full=lockdep timeout=60 expect="kernel log: .*(sleeping function|scheduling while atomic)"
# So does sleeping under a spinlock.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=atomic
ok "it goes on as if nothing had been"
finish
