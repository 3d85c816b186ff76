# SPDX-License-Identifier: GPL-2.0
"""One, two or three guests that run the same tests, until all are through, one
dies, or a limit passes. Limits count a guest's own time (clock.py)."""
import os
import time

import guest
from bridge import Barriers
from clock import cpu_time
from machine import MACHINES

BOOT = 180              # seconds from power-on to "@hearth up"
SILENCE = 90            # seconds beyond a test's own limit, and between tests
FULL = 10               # so much longer a test may take by --full


class Boot:
    """Writes logs to JOB/ROLE."""

    def __init__(self, kname, root, job, scratch, machine, tests, fill, kmemleak=False, virtme=None,
                 effort=None):
        self.tests = tests
        self.why = None                 # reason why the host ended it
        self.took = {}                  # test or "boot": (seconds, seconds of CPU time)
        self.mark = (None, time.monotonic(), 0)
        self.effort = FULL if effort == "full" else 1
        roles = MACHINES[machine][0]
        self.barriers = Barriers(len(roles))
        self.guests = []
        for role in roles:
            g = guest.make(kname, virtme, root, os.path.join(job, role), os.path.join(scratch, role),
                           role, machine, self.barriers)
            fill(g.hearth, tests)
            g.write("run", "".join(f"{t.timeout * g.slow * self.effort} {t.name}\n" for t in tests))
            if effort:
                g.write(effort, "")
            if kmemleak:
                g.write("kmemleak", "")
            self.guests.append(g)

    def state(self, g):
        """(last marker's words, whether the guest said that it is through)"""
        last, done = None, False
        with open(g.tap(), encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("@hearth "):
                    last = line.split()[1:]
                    done = done or last[0] == "exit"
        return last, done

    def limit(self, g, last):
        """(seconds of silence after this marker, what it is then)"""
        if last is None:
            return BOOT * g.slow, "did not come up"
        if last[0] == "begin":
            for t in self.tests:
                if t.name == last[1]:
                    return (t.timeout * self.effort + t.silence) * g.slow, f"hangs in {last[1]}"
        return SILENCE * g.slow * self.effort, "hangs between tests"

    def account(self, last, now):
        """The first guest's last marker is this: how long did it take, and how much CPU time?"""
        was, since, used = self.mark
        if last != was:
            cpu = cpu_time({g.proc.pid for g in self.guests})
            if not was or was[0] == "begin":
                self.took[was[1] if was else "boot"] = (now - since, max(cpu - used, 0))
            self.mark = (last, now, cpu)

    def run(self):
        try:
            for g in self.guests:
                g.start()
                # the others' QEMU want the node's sockets to be there
                nets = [os.path.join(os.path.dirname(g.scratch), "net." + p.role)
                        for p in self.guests if g.role == "node" and p.role != "node"]
                while not all(map(os.path.exists, nets)) and not g.has_died():
                    time.sleep(0.05)
            self.watch()
        finally:
            for g in self.guests:
                g.stop()

    def watch(self):
        seen = {g: (None, 0) for g in self.guests}      # what it said last, and its own time then
        while True:
            time.sleep(0.1)
            through, at, now = 0, set(), time.monotonic()
            for g in self.guests:
                g.tick(now)
                last, done = self.state(g)
                if g is self.guests[0]:
                    self.account(last, now)
                at.add(tuple(last or ()))
                # between tests, any output is a sign of life
                said = (last, os.path.getsize(g.tap()) if last and last[0] != "begin" else 0)
                if seen[g][0] != said:
                    seen[g] = (said, g.time.own())
                if last and last[0] == "end" and last[-1] != "0":
                    self.barriers.abort()
                if done:
                    through += 1
                elif g.has_died():
                    self.why = f"{g.role}: the guest ended"
                    return
                else:
                    silent, (limit, what) = g.time.own() - seen[g][1], self.limit(g, last)
                    if silent > limit:
                        self.why = (f"{g.role}: the guest {what}: silent for {silent:.0f} s of its own time, "
                                    f"{now - g.time.start:.0f} s after its start")
                        return
            if self.barriers.broken and len(at) == 1 and at.pop()[:1] == ("begin",):
                self.barriers.reset()
            if through == len(self.guests):
                return
