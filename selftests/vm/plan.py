# SPDX-License-Identifier: GPL-2.0
"""Which tests share a boot, and which boots run at a time.

A boot costs 5 to 10 s, so tests of one kernel and machine share it; a guest is one
CPU, and its tests often wait, so several guests run beside each other. What decides
is what earlier runs saw, the seconds and the CPU seconds of each test: few boots, but
enough that no core is idle at the end; the long ones first; and as many guests at a
time as fill the cores. Guesses made of a test's limit do, only slower. There is
nothing to set but the number of cores."""
import contextlib
import fcntl
import heapq
import itertools
import json
import math
import os
import threading

from machine import SLOW, guest_cpus
from paths import CACHE, read


class Times:
    """How long each test takes on each kernel, and how much CPU time, as earlier runs
    saw it."""
    path = os.path.join(CACHE, "log", "times.json")
    LOAD = 0.5              # of a guest CPU that nothing is known of

    def __init__(self, effort):
        self.seen, self.effort = self.load(), f" {effort}" if effort else ""

    def load(self):
        try:
            return {name: spent for name, spent in json.loads(read(self.path)).items()
                    if isinstance(spent, list)}
        except (OSError, ValueError):
            return {}

    def get(self, name, guess, kname, machine):
        return self.seen.get(name) or (guess, guess * self.LOAD * guest_cpus(kname, machine))

    def test(self, kname, test):
        """(seconds, seconds of CPU time)"""
        return self.get(f"{kname} {test.name}{self.effort}", test.timeout / 5 * SLOW.get(kname, 1),
                        kname, test.machine)

    def boot(self, kname, machine):
        return self.get(f"{kname} {machine} boot", 10, kname, machine)

    def note(self, kname, machine, took):
        """{test or "boot": (seconds, seconds of CPU time)}. A busy machine must not spoil
        what an idle one told."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            seen = self.load()
            for what, spent in took.items():
                name = f"{kname} {machine} boot" if what == "boot" else f"{kname} {what}{self.effort}"
                seen[name] = [round(min(new, old * 1.2 + 0.1), 1)
                              for new, old in zip(spent, seen.get(name, spent))]
            with open(self.path + ".new", "w", encoding="ascii") as f:
                json.dump(seen, f, indent=0, sort_keys=True)
            os.rename(self.path + ".new", self.path)


class Batch:
    """Tests that share a boot (or several, where a guest dies on the way)."""

    def __init__(self, kname, machine, tests, times):
        self.kname, self.machine, self.tests, self.times = kname, machine, tests, times
        seconds, cpu = map(sum, zip(times.boot(kname, machine), *(times.test(kname, t) for t in tests)))
        self.expected = seconds
        self.load = min(max(cpu / seconds, 0.2), guest_cpus(kname, machine))


def pack(tests, cost, size):
    """Spreads tests over boots of about that size, the long ones first."""
    boots = [[] for _ in range(min(len(tests), math.ceil(sum(map(cost, tests)) / size)))]
    for t in sorted(tests, key=cost, reverse=True):
        min(boots, key=lambda boot: sum(map(cost, boot))).append(t)
    return boots


def batches(runs, cores, effort):
    """Boots for tests, each with its kernel."""
    times, alone, shared = Times(effort), [], {}
    for t, kname in runs:
        if t.alone:
            alone.append(Batch(kname, t.machine, [t], times))
        else:
            shared.setdefault((kname, t.machine), []).append(t)
    total = sum(times.test(kname, t)[1] for (kname, _), group in shared.items() for t in group)
    size = max(120, total / cores / 5)
    packed = alone + [Batch(kname, machine, boot, times) for (kname, machine), group in shared.items()
                      for boot in pack(group, lambda t: times.test(kname, t)[0], size)]
    return sorted(packed, key=lambda b: -b.expected)


class Cores:
    """What runs at a time: as much as keeps these cores busy. A guest counts as the
    part of a core that it was seen to use. Who waits is served in the order of rank."""

    def __init__(self, count):
        self.count = self.free = count
        self.waiting, self.tickets = [], itertools.count()
        self.changed = threading.Condition()

    @contextlib.contextmanager
    def taken(self, load, rank):
        load = min(load, self.count)
        with self.changed:
            ticket = (rank, next(self.tickets))
            heapq.heappush(self.waiting, ticket)
            # some more than there is: a guest that has its core is never fully busy
            self.changed.wait_for(lambda: self.waiting[0] == ticket and self.free > load / 2)
            heapq.heappop(self.waiting)
            self.free -= load
            self.changed.notify_all()
        try:
            yield
        finally:
            with self.changed:
                self.free += load
                self.changed.notify_all()
