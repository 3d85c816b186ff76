# SPDX-License-Identifier: GPL-2.0
"""The tests: what their headers ask for, and what comes with them into a guest."""
import fcntl
import glob
import os
import re
import shutil
import subprocess

import tree
from boot import SILENCE
from machine import ALIASES, MACHINES
from paths import CACHE, STOCK, TOP, read

SELFTESTS = os.path.join(TOP, "selftests")
# What a subset runs on, where no kernel is named: the first that a test has.
QUICK = ["host", "6.12", "uml", "7.2", "6.1", "lockdep"]


class Test:
    """A script under selftests, with what its header asks for."""

    def __init__(self, name):
        self.name = name
        self.machine, self.kernels, self.full, self.timeout = "plain", ["all"], [], 120
        self.expect, self.alone, self.silence, self.kmemleak = None, False, SILENCE, True
        self.programs = []
        m = re.search(r"^# hearth-test:(.*)$", read(SELFTESTS, name), re.M)
        self.valid = bool(m)
        for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', m.group(1) if m else ""):
            value = quoted or plain
            if key == "machine":
                self.machine = ALIASES.get(value, value)
            elif key == "kernels":
                self.kernels = value.split(",")
            elif key == "full":         # on these by --full, or where one is asked for by name
                self.full = value.split(",")
            elif key == "programs":
                self.programs = value.split(",")
            elif key == "timeout":
                self.timeout = int(value)
            elif key == "silence":
                self.silence = int(value)
            elif key == "kmemleak":
                self.kmemleak = value != "no"
            elif key == "alone":
                self.alone = value == "yes"
            elif key == "expect":       # the proofs of the harness: it must fail, so
                self.expect, self.alone = value, True
            else:
                raise SystemExit(f"check: selftests/{name}: unknown word {key} in its header")
        if self.machine not in MACHINES:
            raise SystemExit(f"check: selftests/{name}: no machine {self.machine}")

    def subset(self):
        return self.name.split("/")[0]

    def wants(self, kname, full=False):
        if "host" in (kname, self.machine):
            return kname == self.machine
        if kname == "uml" and self.machine != "plain":
            return False
        group = "stock" if kname in STOCK else "debug"
        return any(k in ("all", group, kname) for k in self.kernels + (self.full if full else []))

    def quick(self):
        """Where it runs for a quick answer."""
        return next((k for k in QUICK if self.wants(k)), None)


def find():
    tests = []
    for path in sorted(glob.glob(SELFTESTS + "/*/*.sh")):
        name = os.path.relpath(path, SELFTESTS)
        if not name.startswith("vm/") and os.access(path, os.X_OK):
            t = Test(name)
            if t.valid:
                tests.append(t)
    return tests


def build(subset):
    """Compile selftests/SUBSET; returns the folder with the programs."""
    src = os.path.join(SELFTESTS, subset)
    if not os.path.exists(src + "/Makefile"):
        return None
    out = os.path.join(CACHE, "build", "selftests", subset)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        p = subprocess.run(["make", "-s", "-C", src, "OUT=" + out, "all"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if p.returncode:
        raise SystemExit(f"check: selftests/{subset} does not build:\n{p.stdout}")
    return out


def filler(tests):
    """Builds what these tests need; returns a function that fills a guest's /hearth for some of them."""
    subsets = sorted({t.subset() for t in tests})
    programs = {sub: build(sub) for sub in subsets}

    def add(path, dst):
        dst = os.path.join(dst, os.path.basename(path))
        if not os.path.exists(dst):
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            shutil.copy2(os.path.realpath(path), dst)

    def fill(hearth, some):
        dst = os.path.join(hearth, "selftests")
        os.makedirs(dst, exist_ok=True)
        for lib in glob.glob(SELFTESTS + "/*.sh"):
            shutil.copy(lib, dst)
        added = [(tree.need(name), hearth + "/bin") for t in some for name in t.programs]
        for sub in subsets:
            shutil.copytree(os.path.join(SELFTESTS, sub), os.path.join(dst, sub), dirs_exist_ok=True)
            if programs.get(sub):
                added += [(path, os.path.join(dst, sub)) for path in glob.glob(programs[sub] + "/*")
                          if os.path.isfile(path) and os.access(path, os.X_OK)]
        for path, folder in added:
            add(path, folder)
            for lib in tree.libraries(path):
                add(lib, hearth + "/lib")
    return fill
