#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=uml,lockdep,kasan timeout=60 expect="kernel log: .*possible circular locking"
# So do locks taken in both orders.
. "${HEARTH_LIB:-../lib.sh}"
plan 1
modprobe hearth_seed fault=abba
ok "it goes on as if nothing had been"
finish
