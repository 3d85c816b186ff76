#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scripts/vm: a guest with a shell on this terminal."""
import os
import shutil
import subprocess
import sys
import tempfile

import guest
from check import copy_tests, build_programs, find_tests
from paths import read
from vm import Barriers, Guest

SHELL = """
modprobe -q -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,msize=262144 host /host 2>/dev/null
modprobe -q -a xhci_pci ehci_pci usb_storage usbhid
stty -F "$line" sane cols {cols} rows {rows} 2>/dev/null
cd /host 2>/dev/null || cd /root
export PS1='hearth {kernel}# ' TERM={term}
/usr/bin/setsid -c bash --norc --noprofile -i <"$line" >"$line" 2>&1
poweroff -f
"""


def main():
    kname = sys.argv[1]
    root = guest.prepare(kname)
    job = tempfile.mkdtemp(prefix="hearth-vm.")
    tty = sys.stdin.isatty()
    size = shutil.get_terminal_size()
    saved = subprocess.run(["stty", "-g"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip() if tty else ""
    try:
        g = Guest(kname, root, job, "client", "usb", Barriers(1), shell=True, share=os.getcwd())
        tests = find_tests()
        subsystems = sorted({t.name.split("/")[0] for t in tests})
        copy_tests(subsystems, {s: build_programs(s) for s in subsystems})(g.hearth, tests)
        g.write("shell", SHELL.format(cols=size.columns, rows=size.lines, kernel=kname,
                                      term=os.environ.get("TERM", "linux")))
        g.write("run", "")
        print(f"vm: starting Linux {kname}; the kernel log is {g.console()}", flush=True)
        g.start()
        if tty:
            subprocess.run(["stty", "raw", "-echo"], check=False)
        if g.proc.wait():
            sys.stderr.write(read(job, "qemu.log"))
    finally:
        if saved:
            subprocess.run(["stty", saved], check=False)
        g.stop()
        shutil.rmtree(job, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
