#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=plain kernels=stock,uml timeout=60
# Every request that must be refused: the errno, and a sentence that says why.
. "${HEARTH_LIB:-../lib.sh}"

refused()	# refused CASE ERRNO WORDS
{
	local got
	got=$(./refuse "$1" </etc/passwd 2>&1)
	diag "$1: $got"
	case $got in
	"$2: "*"$3"*) ok "$1: $2" ;;
	*) not_ok "$1: $2" ;;
	esac
}

plan 22
modprobe hearth_vhci
refused not-open EBADF "not open"
refused not-a-socket ENOTSOCK "not a socket"
refused udp EPROTOTYPE "not a stream socket"
refused unix-datagram EPROTOTYPE "not a stream socket"
refused unix-unconnected ENOTCONN "not connected"
refused unix-tls EINVAL "no kTLS"
refused listening EINVAL "listening"
refused unconnected ENOTCONN "not connected"
refused closed ENOTCONN "not connected"
refused used EBUSY "already in use"
refused no-tls EINVAL "kTLS"
refused speed-0 ERANGE "out of range"
refused speed-wireless EOPNOTSUPP "Wireless"
refused speed-7 ERANGE "out of range"
refused devid-far EINVAL "invalid attribute length"
refused no-socket EINVAL "socket is needed"
refused no-devid EINVAL "device id is needed"
refused no-speed EINVAL "speed is needed"
refused no-port ENOENT "no such port"
refused port-0 ERANGE "out of range"
# the sentence of this one is the command's: netlink's own check has none
refused no-privilege EPERM ""
if wait_for 20 eval '[ "$(hearth -j usb ports | tr -d " \n")" = "[]" ]'; then
	ok "nothing is left attached"
else
	not_ok "nothing is left attached"
fi
finish
