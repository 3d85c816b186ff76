#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Chooses tests, boots guests for them, judges, and prints KTAP."""
import argparse
import concurrent.futures
import contextlib
import fcntl
import glob
import heapq
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import guest
import verdict
from paths import CACHE, DEBUG, STOCK, TOP, kernel, read, run, say
from vm import ALIASES, MACHINES, SILENCE, SLOW, Boot, guest_cpus

SELFTESTS = os.path.join(TOP, "selftests")
# What a subset runs on, where no kernel is named: the first that a test has.
QUICK = ["6.12", "uml", "7.2", "6.1", "lockdep"]


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

    def wants(self, kname, full=False):
        if kname == "uml" and self.machine != "plain":
            return False
        group = "stock" if kname in STOCK else "debug"
        return any(k in ("all", group, kname) for k in self.kernels + (self.full if full else []))

    def quick(self):
        """Where it runs for a quick answer."""
        return next((k for k in QUICK if self.wants(k)), None)


def find_tests():
    tests = []
    for path in sorted(glob.glob(SELFTESTS + "/*/*.sh")):
        name = os.path.relpath(path, SELFTESTS)
        if not name.startswith("vm/") and os.access(path, os.X_OK):
            t = Test(name)
            if t.valid:
                tests.append(t)
    return tests


def build_programs(subsystem):
    """Compile selftests/SUBSYSTEM; returns the folder with the programs."""
    src = os.path.join(SELFTESTS, subsystem)
    if not os.path.exists(src + "/Makefile"):
        return None
    out = os.path.join(CACHE, "build", "selftests", subsystem)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        p = subprocess.run(["make", "-s", "-C", src, "OUT=" + out, "all"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if p.returncode:
        raise SystemExit(f"check: selftests/{subsystem} does not build:\n{p.stdout}")
    return out


def copy_tests(subsystems, programs):
    """Returns a function that fills a guest's /hearth for some tests."""
    def add(path, dst):
        dst = os.path.join(dst, os.path.basename(path))
        if not os.path.exists(dst):
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            shutil.copy2(os.path.realpath(path), dst)

    def fill(hearth, tests):
        dst = os.path.join(hearth, "selftests")
        os.makedirs(dst, exist_ok=True)
        for lib in glob.glob(SELFTESTS + "/*.sh"):
            shutil.copy(lib, dst)
        added = [(guest.need(name), hearth + "/bin") for t in tests for name in t.programs]
        for sub in subsystems:
            shutil.copytree(os.path.join(SELFTESTS, sub), os.path.join(dst, sub), dirs_exist_ok=True)
            if programs.get(sub):
                added += [(path, os.path.join(dst, sub)) for path in glob.glob(programs[sub] + "/*")
                          if os.path.isfile(path) and os.access(path, os.X_OK)]
        for path, folder in added:
            add(path, folder)
            for lib in guest.libraries(path):
                add(lib, hearth + "/lib")
    return fill


class Report:
    """The output: KTAP, one result for each test and kernel."""

    def __init__(self, verbose):
        self.n = self.passed = self.failed = self.skipped = 0
        self.lock, self.bad, self.verbose = threading.Lock(), [], verbose
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

    def finish(self):
        print(f"1..{self.n}")
        for name in self.bad:
            print("# failed: " + name)
        more = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{more}", flush=True)
        return 1 if self.failed or not self.passed else 0


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

    def run(self, root, logs, fill, report, virtme, effort):
        left, n = list(self.tests), 0
        label = f"{self.kname}-{self.machine}-{self.tests[0].name.replace('/', '_')[:-3]}"
        while left:
            n += 1
            job = os.path.join(logs, f"{label}.{n}")
            kmemleak = self.kname in ("uml", "kasan") and any(t.kmemleak for t in left)
            start = time.monotonic()
            boot = Boot(self.kname, root, job, self.machine, left, fill, kmemleak, virtme, effort)
            boot.run()
            if not virtme:
                self.times.note(self.kname, self.machine, boot.took)
            done = self.judge(boot, left, report, kmemleak, time.monotonic() - start)
            if not done:                # the boot failed before its first test: no sense in more
                break
            left = left[done:]

    def judge(self, boot, tests, report, kmemleak, took):
        """Reports what this boot proved; returns the number of tests it got through."""
        per_role = []
        for g in boot.guests:
            results, through = verdict.split_tap(read(g.tap()))
            console = verdict.split_console(read(g.console()) if os.path.exists(g.console()) else "")
            per_role.append((g, {r[0]: r for r in results}, console, through))
        first = per_role[0][0]
        outside = []
        for g, _, console, _ in per_role:
            outside += [f"{g.role}: {line.strip()}" for line in verdict.reports(console[None])]
        started = [t for t in tests if any(t.name in got for _, got, _, _ in per_role)]
        if not started:
            why = boot.why or "the guest ran no test"
            for g in boot.guests:
                log = os.path.join(g.job, "qemu.log")
                if os.path.exists(log):
                    outside += read(log).splitlines()[-3:]
            for t in tests:
                self.tell(report, t, [why] + outside[:8], "", first.job)
            return 0
        leak_faults = []
        for g, got, console, _ in per_role:
            if kmemleak and "kmemleak" in got:
                leak_faults += verdict.judge(got["kmemleak"][1], got["kmemleak"][2])[0]
                leak_faults = ["kmemleak: " + f for f in leak_faults]
        alive = all(through for _, _, _, through in per_role)
        for t in started:
            faults, text, skipped, passed = [], "", 0, 0
            for g, got, console, _ in per_role:
                where = "" if len(per_role) == 1 else g.role + ": "
                if t.name not in got:
                    faults.append(where + "did not run it")
                    continue
                bad, ok, _, skip = verdict.judge(got[t.name][1], got[t.name][2])
                faults += [where + f for f in bad]
                skipped, passed = skipped + skip, passed + ok
                text += ("" if not where else f"# {g.role}\n") + got[t.name][1]
                for line in verdict.reports(console.get(t.name, ""))[:8]:
                    faults.append(f"{where}kernel log: {line.strip()}")
            last = t is started[-1]
            if last and boot.why:
                faults.append(boot.why)
            if last and not boot.why and not alive:
                faults.append("no exit marker")
            if t.expect and leak_faults:
                faults += leak_faults
            self.tell(report, t, faults, text, first.job, skipped and not passed, outside)
        if kmemleak and not any(t.expect for t in started) and alive:
            text = "".join(got["kmemleak"][1] for _, got, _, _ in per_role if "kmemleak" in got)
            report.result(f"{self.kname} kmemleak after {started[0].name} and {len(started) - 1} more",
                          leak_faults or ([] if text else ["no scan"]), text)
        if outside and not any(t.expect for t in started):
            report.result(f"{self.kname} {self.machine}: kernel log outside of tests", outside[:8],
                          notes=["console: " + first.console()])
        return len(started)

    def tell(self, report, t, faults, text, job, skipped=False, outside=()):
        name = f"{self.kname} {t.name}"
        if t.expect:
            seen = [f for f in [*faults, *outside] if re.search(t.expect, f)]
            if seen:
                report.result(name, [], "", notes=[f"{name}: seen as it must be: {seen[0]}"])
            else:
                report.result(name, [f"not seen: {t.expect}", *(f"seen: {f}" for f in faults)],
                              text, notes=["logs: " + job])
            return
        report.result(name, faults, text, skipped, notes=["logs: " + job] if faults else ())


def pack(tests, cost, size):
    """Spreads tests over boots of about that size, the long ones first."""
    boots = [[] for _ in range(min(len(tests), math.ceil(sum(map(cost, tests)) / size)))]
    for t in sorted(tests, key=cost, reverse=True):
        min(boots, key=lambda boot: sum(map(cost, boot))).append(t)
    return boots


class Cores:
    """What runs at a time: as much as keeps these cores busy. Tests often wait, so a
    guest counts as the part of a core that it was seen to use. Who waits is served in
    the order of rank."""

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


def plan_batches(runs, cores, effort):
    """Boots for tests, each with its kernel."""
    times, alone, shared = Times(effort), [], {}
    for t, kname in runs:
        if t.alone:
            alone.append(Batch(kname, t.machine, [t], times))
        else:
            shared.setdefault((kname, t.machine), []).append(t)
    # Few boots cost less, many of them keep all cores busy to the end.
    total = sum(times.test(kname, t)[1] for (kname, _), group in shared.items() for t in group)
    size = max(120, total / cores / 5)
    batches = alone + [Batch(kname, machine, boot, times) for (kname, machine), group in shared.items()
                       for boot in pack(group, lambda t: times.test(kname, t)[0], size)]
    return sorted(batches, key=lambda b: -b.expected)


def host_check(report, name, *cmd):
    """A check that needs no guest."""
    start = time.monotonic()
    p = subprocess.run(cmd, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    text = "" if not p.returncode else "".join(f"# {line}\n" for line in p.stdout.splitlines()[-40:])
    report.result(name, [f"exit code {p.returncode}"] if p.returncode else [], text,
                  notes=[f"{name}: {time.monotonic() - start:.0f} s"])


def host_checks(report, full):
    if os.path.exists(os.path.join(TOP, "scripts/netlink-regen")):
        host_check(report, "host netlink-regen --check", "./scripts/netlink-regen", "--check")
    host_check(report, "host verdicts", sys.executable, "selftests/vm/verdict_test.py")
    if os.path.exists(os.path.join(TOP, "usr/Makefile")):
        host_check(report, "host usr tests", "make", "-C", "usr", "check",
                   f"FUZZ_TIME={60 if full else 2}", "OUT=" + os.path.join(CACHE, "build", "usr", "check"))
    if os.path.exists(os.path.join(TOP, "scripts/lint")):
        host_check(report, "host lint", "./scripts/lint")
        if full:
            host_check(report, "host lint --prove", "./scripts/lint", "--prove")


def main():
    p = argparse.ArgumentParser(prog="check", description="Runs the selftests in virtual machines.")
    p.add_argument("subset", nargs="*", help="folders of selftests, tests (usb/disk.sh), or 'host'")
    p.add_argument("--kernel", action="append", choices=[*STOCK, *DEBUG, "all"],
                   help="only on this kernel; a subset is on 6.12 without it")
    p.add_argument("--full", action="store_true", help="also the x86 KASAN kernel, and all that a test can try")
    p.add_argument("--virtme", action="store_true", help="boot by virtme-ng (stock kernels)")
    p.add_argument("--list", action="store_true", help="list the tests and end")
    p.add_argument("--cores", type=int, default=os.cpu_count(), help="to keep busy (default: all)")
    args = p.parse_args()

    everything = find_tests()
    tests = [t for t in everything if not args.subset or any(
        t.name == s or t.name == s + ".sh" or t.name.startswith(s.rstrip("/") + "/") for s in args.subset)]
    kernels = STOCK + ["uml", "lockdep"] + (["kasan"] if args.full else [])
    quick = args.subset and not args.kernel and not args.full and not args.virtme
    if args.kernel and "all" not in args.kernel:
        kernels = args.kernel
    if args.virtme:
        kernels = [k for k in kernels if k in STOCK]
    full = args.full or bool(args.kernel)
    effort = "full" if args.full else "quick" if quick else None
    runs = [(t, k) for k in kernels for t in tests
            if t.wants(k, full) and (not quick or k == t.quick())]
    if args.list:
        for t in tests:
            on = [k for other, k in runs if other is t]
            print(f"{t.name:32} {t.machine:6} {' '.join(on)}")
        return 0
    known = {t.name.split("/")[0] for t in everything} | {t.name for t in everything} | {"host"}
    known |= {t.name[:-3] for t in everything}
    for s in args.subset:
        if s.rstrip("/") not in known:
            raise SystemExit(f"check: no tests '{s}' (there are: {' '.join(sorted(n for n in known if '/' not in n))})")

    begin = time.monotonic()
    batches = plan_batches(runs, max(1, args.cores), effort)
    report = Report(True)
    logs = os.path.join(CACHE, "log", "check", time.strftime("%m%d-%H%M%S-") + str(os.getpid()))
    os.makedirs(logs, exist_ok=True)
    old = sorted(glob.glob(os.path.join(CACHE, "log", "check", "*")), key=os.path.getmtime)
    for path in old[:-20]:
        shutil.rmtree(path, ignore_errors=True)
    say("logs: " + logs)

    subsystems = sorted({t.name.split("/")[0] for t in tests})
    programs = {sub: build_programs(sub) for sub in subsystems}
    fill = copy_tests(subsystems, programs)
    # the order of their longest boots, but what must be built first comes last
    used = sorted(dict.fromkeys(b.kname for b in batches),
                  key=lambda k: k in DEBUG and not os.path.exists(kernel(k, "ready")))
    virtme = None
    if args.virtme:
        subprocess.run([os.path.join(TOP, "scripts/deps"), "--virtme"], check=True)
        virtme = run(os.path.join(TOP, "scripts/kernels"), "virtme", stderr=None).strip()
    cores, left = Cores(max(1, args.cores)), [len(batches)]

    def work(batch, root):
        with cores.taken(batch.load, -batch.expected):
            try:
                batch.run(root, logs, fill, report, virtme, effort)
            except Exception as e:      # a fault of ours must not pass for success
                report.result(f"{batch.kname} {batch.machine}: the harness", [repr(e)])
            left[0] -= 1
            say(f"{left[0]} of {len(batches)} boots left, {time.monotonic() - begin:.0f} s")

    def check_host():
        with cores.taken(1, -math.inf):
            host_checks(report, args.full)

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(batches) + 1) as pool:
        futures = []
        if not args.subset and not args.kernel or "host" in args.subset:
            futures.append(pool.submit(check_host))
        for kname in used:
            say(f"preparing kernel {kname}, our modules and the guest")
            try:
                root = guest.prepare(kname)
            except (subprocess.CalledProcessError, SystemExit, OSError) as e:
                report.result(f"{kname} build", [str(e)])
                continue
            futures += [pool.submit(work, b, root) for b in batches if b.kname == kname]
        for f in futures:
            f.result()
    say(f"done in {time.monotonic() - begin:.0f} s")
    return report.finish()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
