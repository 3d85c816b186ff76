#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Kills each program that starts guests, while one runs: nothing of it is left."""
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from paths import CACHE, TOP, read

MARK = "HEARTH_ALIVE_TEST"


def marked(mark):
    """[(pid, command line)] of the processes that inherited this mark."""
    out = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"\0{MARK}={mark}\0" in "\0" + read("/proc", pid, "environ"):
                out.append((int(pid), read("/proc", pid, "cmdline").replace("\0", " ")))
        except OSError:
            pass                        # it has ended
    return out


class Killed(unittest.TestCase):
    def wait(self, what, ready):
        end = time.monotonic() + 3600   # kernels may have to be fetched first, on a busy machine
        while time.monotonic() < end:
            value = ready()
            if value:
                return value
            time.sleep(0.1)
        return self.fail("waited in vain: " + what)

    def killed(self, number, *cmd):
        mark = os.urandom(8).hex()
        with tempfile.TemporaryFile() as said, subprocess.Popen(
                [os.path.join(TOP, "scripts", cmd[0]), *cmd[1:]], stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, env={**os.environ, MARK: mark}) as p:
            qemu = self.wait("a guest", lambda: [line for _, line in marked(mark)
                                                 if line.startswith("qemu-system")] or p.poll() is not None)
            if qemu is True:
                said.seek(0)
                self.fail(f"{cmd} ended by itself with {p.returncode}:\n" + said.read().decode(errors="replace")[-3000:])
            scratch = re.search(re.escape(CACHE) + "/run/[^/ ]+", qemu[0]).group()
            self.assertTrue(os.path.isdir(scratch))
            p.send_signal(number)
            self.assertEqual(p.wait(), -9 if number == signal.SIGKILL else 128 + number)
        if number != signal.SIGKILL:    # it waits for all of them
            self.assertEqual(marked(mark), [])
            self.assertFalse(os.path.exists(scratch))
        self.wait("the end of its processes", lambda: not marked(mark))
        self.wait("its scratch folder to go", lambda: not os.path.exists(scratch))

    def test_check(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            with self.subTest(number):
                self.killed(number, "check", "harness/boot", "--kernel", "6.12")

    def test_vm(self):
        self.killed(signal.SIGHUP, "vm", "6.12")

    def test_demo(self):
        self.killed(signal.SIGKILL, "demo")

    def test_bench(self):
        self.killed(signal.SIGTERM, "bench", "usb", "--rounds", "1")


if __name__ == "__main__":
    unittest.main()
