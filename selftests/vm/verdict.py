# SPDX-License-Identifier: GPL-2.0
"""What a test's output and the guest's kernel log say. Pure functions."""
import re

REPORT = re.compile("|".join([
    r"\bBUG\b:?", r"\bWARNING: ", r"\bOops\b", r"KASAN:", r"UBSAN:", r"KFENCE:", r"Call Trace:",
    r"Kernel panic", r"general protection", r"Unable to handle kernel",
    r"possible (circular|recursive|irq) ", r"possible recursive locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"bad unlock balance", r"held lock freed", r"lock held when returning",
    r"sleeping function called from invalid context", r"scheduling while atomic",
    r"INFO: task .* blocked for", r"INFO: (rcu|lockdep|trying to register)", r"rcu: INFO:",
    r"soft lockup", r"hard LOCKUP", r"workqueue lockup", r"ODEBUG:", r"refcount_t:",
    r"list_(add|del) corruption", r"kmemleak: [0-9]+ new suspected", r"unregister_netdevice: waiting",
    r"kernel BUG at", r"stack-protector", r"Out of memory: Killed", r"double fault",
    r"Slab corruption|Redzone|Poison overwritten|Object already free",
    r"DEBUG_LOCKS_WARN_ON", r"slab .* still has|Objects remaining",
]))
# Not reports: said at boot by kernels on machines such as ours.
HARMLESS = re.compile(r"Spectre V2 : WARNING|WARNING: Spectre|nobp|mitigation|"
                      r"Kernel panic.*panic_timeout|Command line:|hearth-test: |"
                      r"kmemleak: Kernel memory leak detector")


def reports(log):
    """Lines of a kernel log that are reports of a fault."""
    return [line for line in log.splitlines() if REPORT.search(line) and not HARMLESS.search(line)]


def split_console(log):
    """{test or None: log text}; None is what was said outside of tests."""
    out, name = {None: ""}, None
    for line in log.replace("\r", "").splitlines(keepends=True):
        m = re.search(r"hearth-test: (begin|end) (\S+)", line)
        if m:
            name = m.group(2) if m.group(1) == "begin" else None
            continue
        out[name] = out.get(name, "") + line
    return out


def split_tap(tap):
    """[(test, text, exit code or None)] and whether the guest came to its end."""
    out, name, text, done = [], None, "", False
    for line in tap.replace("\r", "").splitlines(keepends=True):
        if not line.startswith("@hearth "):
            text += line
            continue
        words = line.split()
        if words[1] == "begin" and len(words) == 3:
            if words[2] != name:        # else it goes on after a power cut
                text = ""
            name = words[2]
        elif words[1] == "end" and len(words) == 4 and words[2] == name:
            out.append((name, text, int(words[3]) if words[3].isdigit() else 255))
            name = None
        elif words[1] == "exit":
            done = True
    if name is not None:
        out.append((name, text, None))
    return out, done


def judge(text, rc, why=None):
    """(faults, passed, failed, skipped) of one test's KTAP; why: the guest did not come
    to the end of the test, because of this."""
    faults, results, plan = [], [], None
    skip_all = False
    for line in text.splitlines():
        m = re.match(r"1\.\.(\d+)(\s*#\s*SKIP)?", line)
        if m:
            if plan is not None:
                faults.append("two plans")
            plan = int(m.group(1))
            skip_all = plan == 0
        m = re.match(r"(not )?ok\b\s*(\d+)?(.*)", line)
        if m:
            skip = re.search(r"#\s*SKIP", m.group(3), re.I)
            todo = re.search(r"#\s*(TODO|XFAIL)", m.group(3), re.I)
            number = int(m.group(2)) if m.group(2) else len(results) + 1
            if number != len(results) + 1:
                faults.append(f"result {number} where {len(results) + 1} is due")
            results.append("skip" if skip else "fail" if m.group(1) and not todo else "pass")
        if line.startswith("Bail out!"):
            faults.append(line)
    if plan is None:
        faults.append("no plan")
    elif plan != len(results):
        faults.append(f"plan of {plan}, {len(results)} results")
    if results.count("fail"):
        faults.append(f"{results.count('fail')} of {len(results)} failed")
    if rc is None:
        faults.append(why or "the guest ended in it")
    elif rc == 124:
        faults.append("timeout")
    elif rc == 4 and (skip_all or "skip" in results) and "fail" not in results:
        pass                            # kselftest's code for "skipped"
    elif rc:
        faults.append(f"exit code {rc}")
    return faults, results.count("pass"), results.count("fail"), (
        1 if skip_all else results.count("skip"))
