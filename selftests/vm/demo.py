#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A node with a USB disk and a client with hearth_vhci, in two virtual
machines; shows what they say."""
import hashlib
import argparse
import os
import random
import shutil
import sys
import threading
import time

import alive
import tree
import verdict
from boot import Boot
from check import new_logs
from paths import TOP, read, run

KERNEL = "6.12"


class Demo:
    """The one test of this boot."""
    name, timeout, silence = "demo/demo.sh", 300, 60


def fill(hearth, _tests):
    os.makedirs(hearth + "/selftests/demo")
    shutil.copy(TOP + "/selftests/lib.sh", hearth + "/selftests/")
    shutil.copy(TOP + "/selftests/vm/demo.sh", hearth + "/selftests/demo/")


def stick(scratch):
    """The node's disk: an ext4 with a few files and their checksums."""
    files = os.path.join(scratch, "files")
    os.makedirs(files)
    rnd = random.Random(1)
    with open(files + "/sums", "w", encoding="ascii") as sums:
        for n, size in enumerate((10, 4096, 70000, 1000000, 3000000)):
            data = rnd.randbytes(size)
            with open(f"{files}/picture{n}.jpg", "wb") as f:
                f.write(data)
            sums.write(f"{hashlib.sha256(data).hexdigest()}  picture{n}.jpg\n")
    os.makedirs(scratch + "/node")
    image = scratch + "/node/image0"
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-O", "^has_journal", "-d", files, image)


def follow(paths, stop, out):
    """Show the "say" lines of both guests as they come."""
    at = {p: 0 for p in paths}
    while True:
        ended = stop.is_set()
        for p in paths:
            if os.path.exists(p):
                with open(p, encoding="utf-8", errors="replace") as f:
                    f.seek(at[p])
                    text = f.read()
                text = text[:text.rfind("\n") + 1]
                at[p] += len(text.encode())
                for line in text.replace("\r", "").splitlines():
                    if line.startswith("say "):
                        print(line[4:], file=out, flush=True)
        if ended:
            return
        time.sleep(0.1)


def demo(scratch):
    begin = time.monotonic()
    root = tree.prepare(KERNEL)
    job = new_logs("demo")
    stick(scratch)
    print(f"Starting two virtual machines, a node and a client (log: {job})", flush=True)
    boot = Boot(KERNEL, root, job, scratch, "pair", [Demo], fill)
    stop = threading.Event()
    t = threading.Thread(target=follow, args=([g.tap() for g in boot.guests], stop, sys.stdout))
    t.start()
    boot.run()
    stop.set()
    t.join()
    faults = [boot.why] if boot.why else []
    for g in boot.guests:
        for name, text, rc in verdict.split_tap(read(g.tap()))[0]:
            faults += [f"{g.role}: {f}" for f in verdict.judge(text, rc)[0]]
            if rc:
                faults += [f"{g.role}: {line}" for line in text.splitlines()[-5:]]
        faults += [f"{g.role}: kernel log: {line}" for line in verdict.reports(read(g.console()))]
    for fault in faults:
        print("demo: failed: " + fault, file=sys.stderr)
    if not faults:
        print(f"Done: the demo passed in {time.monotonic() - begin:.0f} s.")
    return 1 if faults else 0


def main():
    argparse.ArgumentParser(prog="demo", description=(
        "Shows a USB disk of a node mounted on a client, in two virtual machines, and says what it does.")).parse_args()
    return alive.contained(demo)


if __name__ == "__main__":
    sys.exit(main())
