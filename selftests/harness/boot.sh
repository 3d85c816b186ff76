#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=all timeout=60
# The guest has what tests rely on.
. "${HEARTH_LIB:-../lib.sh}"
plan 5
check "kernel of the series that was asked for" \
	sh -c 'case $HEARTH_KERNEL in [0-9]*) uname -r | grep "^$HEARTH_KERNEL\." ;; *) uname -r | grep "^6\.12\." ;; esac'
check "a module of the kernel loads" modprobe dummy_hcd
check "our module loads" modprobe hearth_vhci
check "and unloads" modprobe -r hearth_vhci
check "a file system works" sh -c 'truncate -s 16M /tmp/work/fs && mkfs.ext4 -q /tmp/work/fs'
finish
