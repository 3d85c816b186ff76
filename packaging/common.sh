# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the scripts of this folder.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
version=$(cat "$top/packaging/version")

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# help: the comment that a script begins with, and the end.
help() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0"; exit 0; }
case " $* " in *" -h "* | *" --help "*) help ;; esac

# dkms_source DIR: puts what DKMS builds the modules from into DIR
dkms_source()
{
	local f
	mkdir -p "$1"
	(cd "$top" && find Kbuild kmod -type f \( -name '*.[ch]' -o -name Kbuild \) \
		! -name '*.mod.c' -print0) |
		while IFS= read -r -d '' f; do
			install -D -m 644 "$top/$f" "$1/$f"
		done
	sed "s/@VERSION@/$version/" "$top/packaging/dkms.conf" >"$1/dkms.conf"
	chmod 644 "$1/dkms.conf"
}
