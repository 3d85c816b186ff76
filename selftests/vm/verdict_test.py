#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Unit tests of verdict.py."""
import unittest

from verdict import judge, reports, split_console, split_tap


class Judge(unittest.TestCase):
    def faults(self, text, rc=0):
        return judge(text, rc)[0]

    def test_good(self):
        self.assertEqual(judge("KTAP version 1\n1..2\nok 1 a\nok 2 b # SKIP no\n", 0), ([], 1, 0, 1))

    def test_plan(self):
        self.assertEqual(self.faults("1..2\nok 1 a\n"), ["plan of 2, 1 results"])
        self.assertEqual(self.faults("1..1\nok 1 a\nok 2 b\n"), ["plan of 1, 2 results"])
        self.assertEqual(self.faults("ok 1 a\n"), ["no plan"])
        self.assertEqual(self.faults("1..1\n1..1\nok 1 a\n"), ["two plans"])

    def test_results(self):
        self.assertEqual(self.faults("1..1\nnot ok 1 a\n"), ["1 of 1 failed"])
        self.assertEqual(self.faults("1..2\nok 1 a\nok 3 b\n"), ["result 3 where 2 is due"])
        self.assertEqual(self.faults("Bail out! gone\n1..0\n"), ["Bail out! gone"])

    def test_exit(self):
        self.assertEqual(self.faults("1..1\nok 1 a\n", 3), ["exit code 3"])
        self.assertEqual(self.faults("1..1\nok 1 a\n", 124), ["timeout"])
        self.assertEqual(self.faults("1..1\nok 1 a\n", None), ["the guest ended in it"])
        self.assertEqual(self.faults("1..1\nok 1 a\n", 4), ["exit code 4"])

    def test_skip(self):
        self.assertEqual(judge("1..0 # SKIP no KUnit\n", 4), ([], 0, 0, 1))


class Split(unittest.TestCase):
    def test_tap(self):
        got, done = split_tap("@hearth up\n@hearth begin a/b.sh\r\n1..0\n@hearth end a/b.sh 0\n"
                              "@hearth begin c/d.sh\nok 1\n")
        self.assertEqual(got, [("a/b.sh", "1..0\n", 0), ("c/d.sh", "ok 1\n", None)])
        self.assertFalse(done)
        self.assertTrue(split_tap("@hearth exit\n")[1])

    def test_tap_over_a_power_cut(self):
        got, _ = split_tap("@hearth begin a/b.sh\n1..2\nok 1 x\n@hearth up\n"
                           "@hearth begin a/b.sh\nok 2 y\n@hearth end a/b.sh 0\n")
        self.assertEqual(got, [("a/b.sh", "1..2\nok 1 x\nok 2 y\n", 0)])

    def test_console(self):
        got = split_console("x\nhearth-test: begin a\ny\nhearth-test: end a\nz\n")
        self.assertEqual(got, {None: "x\nz\n", "a": "y\n"})


class Reports(unittest.TestCase):
    def test_seen(self):
        for line in ("BUG: KASAN: slab-use-after-free in f+0x1/0x2", "WARNING: CPU: 0 PID: 1 at x.c:1",
                     "Oops: 0000 [#1]", "WARNING: possible circular locking dependency detected",
                     "INFO: task kworker/0:1 blocked for more than 120 seconds.", "Call Trace:",
                     "UBSAN: shift-out-of-bounds in x.c", "kmemleak: 3 new suspected memory leaks",
                     "BUG: sleeping function called from invalid context at x.c:1",
                     "refcount_t: underflow; use-after-free.", "rcu: INFO: rcu_sched self-detected stall"):
            self.assertTrue(reports("[    1.0] " + line), line)

    def test_unseen(self):
        for line in ("usb 1-1: new high-speed USB device number 2", "usb 1-1: USB disconnect",
                     "Spectre V2 : WARNING: Unprivileged eBPF is enabled", "sda: Write Protect is off"):
            self.assertFalse(reports("[    1.0] " + line), line)


if __name__ == "__main__":
    unittest.main()
