# SPDX-License-Identifier: GPL-2.0
"""A guest's own time, in which all limits count.

It is the wall's, less what the guest's processes waited for a core, and what the
machine's own host took: so a limit means the same on a busy machine as on an idle
one. Caches and a core that two threads share cost something on top, so what was
waited counts twice; but own time is never less than a tenth of the wall's, which
is how far any limit can stretch."""
import bisect
import os

from paths import read

LEAST = 0.1
PAST = 1800             # seconds that are remembered


def group_members(leaders):
    """The processes of these process groups: (pid, fields of /proc/PID/stat)."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = read("/proc", pid, "stat").rpartition(")")[2].split()
        except OSError:                 # it has ended
            continue
        if int(fields[2]) in leaders:
            yield pid, fields


def cpu_time(leaders):
    """Seconds of CPU time that these process groups have used."""
    return sum(sum(map(int, fields[11:15])) for _, fields in group_members(leaders)) / os.sysconf("SC_CLK_TCK")


def waits(leader):
    """{thread: seconds that it waited for a core since it began}"""
    seen = {}
    for pid, _ in group_members({leader}):
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                seen[thread] = int(read(f"/proc/{pid}/task/{thread}/schedstat").split()[1]) / 1e9
        except (OSError, IndexError):
            pass                        # it has ended
    return seen


def stolen():
    """Seconds for each of this machine's CPUs that its host gave to others."""
    return int(read("/proc/stat").split("\n", 1)[0].split()[8]) / os.sysconf("SC_CLK_TCK") / os.cpu_count()


class Clock:
    """Own time of one guest, since it was started."""

    def __init__(self, now):
        self.start = self.now = now
        self.lost, self.waited, self.stolen = 0, {}, stolen()
        self.times, self.losses = [now], [0]

    def tick(self, now, leader):
        """To be called often. Its processes are the group of that leader."""
        waited, gone = waits(leader), stolen()
        new = sum(max(t - self.waited.get(thread, 0), 0) for thread, t in waited.items()) + gone - self.stolen
        self.lost += min(2 * new, (now - self.now) * (1 - LEAST))
        self.now, self.waited, self.stolen = now, waited, gone
        self.times.append(now)
        self.losses.append(self.lost)
        while self.times[0] < now - PAST:
            del self.times[0], self.losses[0]

    def own(self):
        """Seconds of own time since the start."""
        return self.now - self.start - self.lost

    def lost_in(self, seconds):
        """How many of the last so many seconds were not the guest's own."""
        return self.lost - self.losses[max(bisect.bisect_right(self.times, self.now - seconds) - 1, 0)]
