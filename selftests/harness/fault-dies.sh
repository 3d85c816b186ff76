#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml timeout=30 kmemleak=no expect="plan of 2, 1 results"
# A script that dies on the way fails.
. "$HEARTH_LIB"
plan 2
ok "one"
kill -9 $$
