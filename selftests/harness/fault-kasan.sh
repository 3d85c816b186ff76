#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml,kasan timeout=60 expect="kernel log: .*KASAN: "
# So does a use after free.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=kasan
ok "it goes on as if nothing had been"
finish
