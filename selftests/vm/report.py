# SPDX-License-Identifier: GPL-2.0
"""The output: what a boot proved, KTAP with one result for each test and kernel,
and where the time went."""
import os
import re
import resource
import sys
import threading
import time

import verdict
from paths import read


class Report:
    """KTAP on standard output."""

    def __init__(self):
        self.n = self.passed = self.failed = self.skipped = 0
        self.lock, self.bad, self.begin = threading.Lock(), [], time.monotonic()
        self.spent = {}         # subset: [results, seconds, seconds of CPU time]
        print("KTAP version 1", flush=True)

    def result(self, name, faults, text="", skipped=False, notes=()):
        with self.lock:
            self.n += 1
            for line in text.splitlines():
                if line.strip():
                    print("    " + line)
            for note in notes:
                print("# " + note)
            if faults:
                self.failed += 1
                self.bad.append(name)
                for fault in faults:
                    print(f"# {name}: {fault}")
                print(f"not ok {self.n} {name}")
            elif skipped:
                self.skipped += 1
                print(f"ok {self.n} {name} # SKIP")
            else:
                self.passed += 1
                print(f"ok {self.n} {name}")
            sys.stdout.flush()

    def spend(self, subset, results, seconds, cpu):
        with self.lock:
            row = self.spent.setdefault(subset, [0, 0, 0])
            for i, value in enumerate((results, seconds, cpu)):
                row[i] += value

    def times(self):
        """Seconds of subsets are those of their tests, which run beside each other."""
        wall, self_, children = time.monotonic() - self.begin, *map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        cpu = sum(u.ru_utime + u.ru_stime for u in (self_, children))
        yield f"{'time of':12} {'results':>8} {'seconds':>8} {'of CPU time':>12}"
        for name, (results, seconds, spent) in sorted(self.spent.items()):
            yield f"{name:12} {results:8} {seconds:8.0f} {spent:12.0f}"
        yield f"{'the whole run':12} {self.n:7} {wall:8.0f} {cpu:12.0f}"

    def finish(self):
        print(f"1..{self.n}")
        for line in self.times():
            print("# " + line)
        for name in self.bad:
            print("# failed: " + name)
        more = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{more}", flush=True)
        return 1 if self.failed or not self.passed else 0

    def test(self, kname, t, faults, text, job, skipped=False, outside=()):
        """The result of a test; one that must fail passes if it did, for its reason."""
        name = f"{kname} {t.name}"
        if t.expect:
            seen = [f for f in [*faults, *outside] if re.search(t.expect, f)]
            if seen:
                self.result(name, [], "", notes=[f"{name}: seen as it must be: {seen[0]}"])
            else:
                self.result(name, [f"not seen: {t.expect}", *(f"seen: {f}" for f in faults)],
                            text, notes=["logs: " + job])
            return
        self.result(name, faults, text, skipped, notes=["logs: " + job] if faults else ())


class Said:
    """What one guest of a boot said."""

    def __init__(self, guest):
        results, self.through = verdict.split_tap(read(guest.tap()))
        self.got = {r[0]: r for r in results}
        self.log = verdict.split_console(read(guest.console()) if os.path.exists(guest.console()) else "")
        self.role = guest.role

    def test(self, name, why):
        """(faults, passed, skipped, text) of a test; why: the host ended the guest."""
        if name not in self.got:
            return ["did not run it"], 0, 0, ""
        _, text, rc = self.got[name]
        faults, passed, _, skipped = verdict.judge(text, rc, why)
        faults += ["kernel log: " + line.strip() for line in verdict.reports(self.log.get(name, ""))[:8]]
        return faults, passed, skipped, text


def judge(report, boot, tests, kname, kmemleak):
    """Reports what this boot proved; returns the number of tests it got through."""
    said = [Said(g) for g in boot.guests]
    job = boot.guests[0].job
    outside = [f"{s.role}: {line.strip()}" for s in said for line in verdict.reports(s.log[None])]
    started = [t for t in tests if any(t.name in s.got for s in said)]
    if not started:
        for g in boot.guests:
            log = os.path.join(g.job, "qemu.log")
            if os.path.exists(log):
                outside += read(log).splitlines()[-3:]
        for t in tests:
            report.test(kname, t, [boot.why or "the guest ran no test"] + outside[:8], "", job)
        return 0
    leaks, leak_text = [], ""
    if kmemleak:
        for s in said:
            if "kmemleak" in s.got:
                leaks += ["kmemleak: " + fault for fault in verdict.judge(*s.got["kmemleak"][1:])[0]]
                leak_text += s.got["kmemleak"][1]
    alive = all(s.through for s in said)
    for t in started:
        last = t is started[-1]
        faults, text, passed, skipped = [], "", 0, 0
        for s in said:
            bad, ok, skip, said_text = s.test(t.name, boot.why if last else None)
            faults += bad if len(said) == 1 else [f"{s.role}: {fault}" for fault in bad]
            passed, skipped = passed + ok, skipped + skip
            text += said_text if len(said) == 1 else f"# {s.role}\n{said_text}"
        if last and not alive and not any("the guest " in fault for fault in faults):
            faults.append(boot.why or "no exit marker")
        if t.expect:
            faults += leaks
        report.test(kname, t, faults, text, job, skipped and not passed, outside)
    if any(t.expect for t in started):
        return len(started)
    if kmemleak and alive:
        report.result(f"{kname} kmemleak after {started[0].name} and {len(started) - 1} more",
                      leaks or ([] if leak_text else ["no scan"]), leak_text)
    if outside:
        report.result(f"{kname} {tests[0].machine}: kernel log outside of tests", outside[:8],
                      notes=["console: " + boot.guests[0].console()])
    return len(started)
