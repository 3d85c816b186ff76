#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Chooses tests, boots guests for them, judges, and prints KTAP."""
import argparse
import concurrent.futures
import glob
import math
import os
import shutil
import subprocess
import sys
import time

import alive
import plan
import report
import tests
import tree
from boot import Boot
from paths import CACHE, DEBUG, STOCK, TOP, kernel, run, say


def run_batch(batch, root, logs, scratch, fill, out, virtme, effort):
    left, n = list(batch.tests), 0
    label = f"{batch.kname}-{batch.machine}-{batch.tests[0].name.replace('/', '_')[:-3]}"
    while left:
        n += 1
        kmemleak = batch.kname in ("uml", "kasan") and any(t.kmemleak for t in left)
        boot = Boot(batch.kname, root, os.path.join(logs, f"{label}.{n}"), os.path.join(scratch, f"{label[:40]}.{n}"),
                    batch.machine, left, fill, kmemleak, virtme, effort)
        boot.run()
        if not virtme:
            batch.times.note(batch.kname, batch.machine, boot.took)
        for what, spent in boot.took.items():
            test = next((t for t in left if t.name == what), None)
            out.spend(test.subset() if test else "(boots)" if what == "boot" else f"({what})", 1 if test else 0, *spent)
        done = report.judge(out, boot, left, batch.kname, kmemleak)
        if not done:                    # the boot failed before its first test: no sense in more
            break
        left = left[done:]


def host_check(out, name, *cmd):
    """A check that needs no guest."""
    start = time.monotonic()
    with subprocess.Popen(cmd, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as p:
        text = p.stdout.read()
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    out.spend("host", 1, seconds, used.ru_utime + used.ru_stime)
    text = "" if not p.returncode else "".join(f"# {line}\n" for line in text.splitlines()[-40:])
    out.result(name, [f"exit code {p.returncode}"] if p.returncode else [], text,
               notes=[f"{name}: {seconds:.0f} s"])


def host_checks(out, full):
    host_check(out, "host netlink-regen --check", "./scripts/netlink-regen", "--check")
    host_check(out, "host verdicts", sys.executable, "selftests/vm/verdict_test.py")
    host_check(out, "host help", sys.executable, "selftests/vm/help_test.py")
    host_check(out, "host own time", sys.executable, "selftests/vm/clock_test.py")
    host_check(out, "host tools", sys.executable, "selftests/vm/tree_test.py")
    host_check(out, "host no process outlives", sys.executable, "selftests/vm/alive_test.py")
    host_check(out, "host usr tests", "make", "-C", "usr", "check",
               f"FUZZ_TIME={60 if full else 2}", "OUT=" + os.path.join(CACHE, "build", "usr", "check"))
    host_check(out, "host lint", "./scripts/lint")
    if full:
        host_check(out, "host lint --prove", "./scripts/lint", "--prove")
        host_check(out, "host packages", "sh", "-c", "./scripts/deps --packages && packaging/deb-check")


def arguments(everything):
    p = argparse.ArgumentParser(prog="check", description="Runs the selftests in virtual machines.")
    p.add_argument("subset", nargs="*", help="folders of selftests, tests (usb/disk.sh), or 'host'")
    p.add_argument("--kernel", action="append", choices=[*STOCK, *DEBUG, "all"],
                   help="only on this kernel; a subset is on 6.12 without it")
    p.add_argument("--full", action="store_true", help="also the x86 KASAN kernel, and all that a test can try")
    p.add_argument("--virtme", action="store_true", help="boot by virtme-ng (stock kernels)")
    p.add_argument("--list", action="store_true", help="list the tests and end")
    p.add_argument("--cores", type=int, default=os.cpu_count(), help="to keep busy (default: all)")
    args = p.parse_args()
    known = {t.subset() for t in everything} | {t.name for t in everything} | {"host"}
    known |= {t.name[:-3] for t in everything}
    for s in args.subset:
        if s.rstrip("/") not in known:
            p.error(f"no tests '{s}' (there are: {' '.join(sorted(n for n in known if '/' not in n))})")
    return args


def choose(args, everything):
    """(tests, each with a kernel, effort)"""
    chosen = [t for t in everything if not args.subset or any(
        t.name in (s, s + ".sh") or t.name.startswith(s.rstrip("/") + "/") for s in args.subset)]
    kernels = ["host", *STOCK, "uml", "lockdep"] + (["kasan"] if args.full else [])
    quick = args.subset and not args.kernel and not args.full and not args.virtme
    if args.kernel and "all" not in args.kernel:
        kernels = args.kernel
    if args.virtme:
        kernels = [k for k in kernels if k in STOCK]
    full = args.full or bool(args.kernel)
    runs = [(t, k) for k in kernels for t in chosen
            if t.wants(k, full) and (not quick or k == t.quick())]
    return runs, "full" if args.full else "quick" if quick else None


def new_logs(name):
    """A folder for the logs of a run; those of the last 20 are kept."""
    base = os.path.join(CACHE, "log", name)
    os.makedirs(base, exist_ok=True)
    for path in sorted(glob.glob(base + "/*"), key=os.path.getmtime)[:-19]:
        shutil.rmtree(path, ignore_errors=True)
    path = os.path.join(base, f"{time.strftime('%m%d-%H%M%S')}-{os.urandom(2).hex()}")
    os.mkdir(path)
    return path


def get_virtme():
    run(os.path.join(TOP, "scripts/deps"), "--virtme", stderr=None)
    return run(os.path.join(TOP, "scripts/kernels"), "virtme", stderr=None).strip()


def check(args, runs, effort, scratch):
    begin = time.monotonic()
    batches = plan.batches(runs, max(1, args.cores), effort)
    out, logs = report.Report(), new_logs("check")
    say("logs: " + logs)
    fill = tests.filler([t for t, _ in runs])
    # the order of their longest boots, but what must be built first comes last
    used = sorted(dict.fromkeys(b.kname for b in batches),
                  key=lambda k: k in DEBUG and not os.path.exists(kernel(k, "ready")))
    virtme = get_virtme() if args.virtme else None
    cores, left = plan.Cores(max(1, args.cores)), [len(batches)]

    def work(batch, root):
        with cores.taken(batch.load, -batch.expected):
            try:
                run_batch(batch, root, logs, scratch, fill, out, virtme, effort)
            except Exception as e:      # a fault of ours must not pass for success
                out.result(f"{batch.kname} {batch.machine}: the harness", [repr(e)])
            left[0] -= 1
            say(f"{left[0]} of {len(batches)} boots left, {time.monotonic() - begin:.0f} s")

    def check_host():
        with cores.taken(1, -math.inf):
            host_checks(out, args.full)

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(batches) + 1) as pool:
        futures = []
        if not args.subset and not args.kernel or "host" in args.subset:
            futures.append(pool.submit(check_host))
        for kname in used:
            say("preparing our tools" if kname == "host" else f"preparing kernel {kname}, our modules and the guest")
            try:
                root = tree.prepare(kname, any(t.subset() == "usb" for t, k in runs if k == kname))
            except (subprocess.CalledProcessError, SystemExit, OSError) as e:
                out.result(f"{kname} build", [str(e)])
                continue
            futures += [pool.submit(work, b, root) for b in batches if b.kname == kname]
        for f in futures:
            f.result()
    say(f"done in {time.monotonic() - begin:.0f} s")
    return out.finish()


def main():
    everything = tests.find()
    args = arguments(everything)
    runs, effort = choose(args, everything)
    if args.list:
        for t in dict.fromkeys(t for t, _ in runs):
            print(f"{t.name:32} {t.machine:6} {' '.join(k for other, k in runs if other is t)}")
        return 0
    return alive.contained(lambda scratch: check(args, runs, effort, scratch))


if __name__ == "__main__":
    sys.exit(main())
