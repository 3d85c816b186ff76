# SPDX-License-Identifier: GPL-2.0
"""Where things are; small helpers."""
import glob
import os
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
CACHE = os.environ.get("HEARTH_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "hearth")
VM = os.path.join(TOP, "selftests", "vm")
STOCK = ["6.1", "6.12", "7.2"]
DEBUG = ["uml", "lockdep", "kasan"]
PROCESSES = ["uml", "native"]           # User Mode Linux; native is for benchmarks


def kernel(name, *rest):
    """Path in the folder of a kernel."""
    return os.path.join(CACHE, "kernels", name, *rest)


def image(name):
    """The compressed image of a stock kernel."""
    return sorted(glob.glob(kernel(name, "root/boot/vmlinuz-*"))
                  + glob.glob(kernel(name, "root/usr/lib/modules/*/vmlinuz")))[0]


def say(text):
    print("check: " + text, file=sys.stderr, flush=True)


def run(*cmd, **kw):
    """Run a command; its failure ends us with what it said."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("text", True)
    kw.setdefault("errors", "replace")
    return subprocess.run(cmd, check=True, **kw).stdout


def read(*path):
    with open(os.path.join(*path), encoding="utf-8", errors="replace") as f:
        return f.read()


def lines(*path):
    """Lines of a file without comments and empty ones."""
    for line in read(*path).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line
