# SPDX-License-Identifier: GPL-2.0
"""No process and no file outlives the program that was started, however it ends.

What is started by hand stays outside and only waits. All of the work is done by a
child that is process 1 of a PID namespace: when it ends, the kernel ends everything
in there, guests and compilers alike, and it is ended with its parent. Files that
must go lie in a scratch folder, which a third process removes when both are gone."""
import ctypes
import fcntl
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import traceback

from paths import CACHE

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Ended(Exception):
    """By a signal."""


def check(result, what):
    if result:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {what}: {os.strerror(ctypes.get_errno())}; "
                 "it takes root, in a container with CAP_SYS_ADMIN")


def unshare():
    """The next child is in a PID namespace of its own."""
    uid, gid = os.geteuid(), os.getegid()
    check(libc.unshare(CLONE_NEWPID | (CLONE_NEWUSER if uid else 0)), "no PID namespace")
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open("/proc/self/" + name, "w", encoding="ascii") as f:
                f.write(text)


def inside(main, scratch, parent):
    """The child: parent is a pipe that closes when the parent is gone."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.set_blocking(parent, False)
    try:
        if not os.read(parent, 1):
            return 1
    except BlockingIOError:
        pass                            # it is there
    # The parent ends us. What we start has the default again, which SIG_IGN would not be.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    check(libc.unshare(CLONE_NEWNS), "no mount namespace")
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "no private mounts")
    check(libc.mount(b"proc", b"/proc", b"proc", 0, None), "no /proc")
    return main(scratch)


def status_of(function, *args):
    """Its exit status, with what Python does at the end of a program."""
    try:
        return function(*args) or 0
    except SystemExit as e:
        if isinstance(e.code, str):
            print(e.code, file=sys.stderr)
            return 1
        return e.code or 0
    except BaseException:               # pylint: disable=broad-except
        traceback.print_exc()
        return 1


def sweep():
    """Scratch folders whose keeper is gone, too: the machine went down."""
    for lock in glob.glob(CACHE + "/run/*/lock"):
        try:
            with open(lock, "rb") as f:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(os.path.dirname(lock), ignore_errors=True)
        except OSError:
            pass                        # somebody has it


def contained(main):
    """Runs main(a scratch folder); returns its exit status."""
    os.makedirs(CACHE + "/run", exist_ok=True)
    with open(CACHE + "/run/.lock", "wb") as one:
        fcntl.flock(one, fcntl.LOCK_EX)
        sweep()
        scratch = tempfile.mkdtemp(prefix="", dir=CACHE + "/run")
        lock = open(scratch + "/lock", "wb")    # pylint: disable=consider-using-with
        fcntl.flock(lock, fcntl.LOCK_EX)        # the keeper has it, too
    remove = ('trap "" INT HUP TERM; cat; n=0; while [ -e "$1" ] && [ $n -lt 100 ]; do '
              'rm -rf "$1"; n=$((n + 1)); [ ! -e "$1" ] || sleep 0.1; done')
    keeper = subprocess.Popen(["/bin/sh", "-c", remove, "-", scratch], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                              pass_fds=(lock.fileno(),))
    terminal = termios.tcgetattr(0) if os.isatty(0) else None

    def ended(number, _):
        raise Ended(number)

    child = None
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            if signal.getsignal(number) != signal.SIG_IGN:      # by nohup, for example
                signal.signal(number, ended)
        unshare()
        sys.stdout.flush()
        sys.stderr.flush()
        here, there = os.pipe()
        child = os.fork()
        if not child:
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.close(there)
            code = status_of(inside, main, scratch, here)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        child = None
        return os.waitstatus_to_exitcode(status) % 256
    except Ended as e:
        return 128 + e.args[0]
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)        # all of the namespace is gone by then
        lock.close()
        keeper.stdin.close()
        keeper.wait()
        if terminal:
            termios.tcsetattr(0, termios.TCSADRAIN, terminal)
