#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Own time: what waits for a core loses of it, what sleeps does not."""
import os
import subprocess
import time
import unittest

from clock import LEAST, Clock


class OwnTime(unittest.TestCase):
    def setUp(self):
        self.started = []
        self.cpu = min(os.sched_getaffinity(0))

    def tearDown(self):
        for p in self.started:
            p.kill()
            p.wait()

    def start(self, *cmd):
        """A process group of its own on that one core, and its clock."""
        p = subprocess.Popen(["taskset", "-c", str(self.cpu), *cmd], start_new_session=True)
        self.started.append(p)
        return p, Clock(time.monotonic())

    def test_waiting(self):
        busy, busy_clock = self.start("sh", "-c", "while :; do :; done")
        self.start("sh", "-c", "while :; do :; done")
        idle, idle_clock = self.start("sleep", "60")
        begin = now = time.monotonic()
        while now - begin < 2:
            time.sleep(0.1)
            now = time.monotonic()
            busy_clock.tick(now, busy.pid)
            idle_clock.tick(now, idle.pid)
        wall = now - begin
        self.assertLess(busy_clock.own(), 0.7 * wall)
        self.assertGreaterEqual(busy_clock.own(), 0.9 * LEAST * wall)
        self.assertGreater(idle_clock.own(), 0.8 * wall)
        # of the last second, and of more than there was
        self.assertGreater(busy_clock.lost_in(1), 0.2)
        self.assertLessEqual(busy_clock.lost_in(1), 1.1)
        self.assertEqual(busy_clock.lost_in(1000), busy_clock.lost)


if __name__ == "__main__":
    unittest.main()
