#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A node with a USB disk and a client with hearth_vhci, in two virtual
machines; shows what they say."""
import hashlib
import os
import random
import shutil
import sys
import threading
import time

import guest
import verdict
from paths import CACHE, TOP, read, run
from vm import Boot

KERNEL = "6.12"


class Demo:
    """The one test of this boot."""
    name, timeout, silence = "demo/demo.sh", 300, 60


def fill(hearth, _tests):
    os.makedirs(hearth + "/selftests/demo")
    shutil.copy(TOP + "/selftests/lib.sh", hearth + "/selftests/")
    shutil.copy(TOP + "/selftests/vm/demo.sh", hearth + "/selftests/demo/")


def stick(job):
    """The node's disk: an ext4 with a few files and their checksums."""
    files = os.path.join(job, "files")
    os.makedirs(files)
    rnd = random.Random(1)
    with open(files + "/sums", "w", encoding="ascii") as sums:
        for n, size in enumerate((10, 4096, 70000, 1000000, 3000000)):
            data = rnd.randbytes(size)
            with open(f"{files}/picture{n}.jpg", "wb") as f:
                f.write(data)
            sums.write(f"{hashlib.sha256(data).hexdigest()}  picture{n}.jpg\n")
    os.makedirs(job + "/node")
    image = job + "/node/image0"
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


def main():
    begin = time.monotonic()
    root = guest.prepare(KERNEL)
    job = os.path.join(CACHE, "log", "demo", time.strftime("%m%d-%H%M%S-") + str(os.getpid()))
    os.makedirs(job)
    stick(job)
    print(f"Starting two virtual machines, a node and a client (log: {job})", flush=True)
    boot = Boot(KERNEL, root, job, "pair", [Demo], fill)
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


if __name__ == "__main__":
    sys.exit(main())
