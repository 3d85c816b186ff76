#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=6.12 timeout=5 silence=15 expect="the guest hangs in"
# A guest that hangs fails the run.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=hang
ok "it goes on as if nothing had been"
finish
