#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scripts/vm: a guest with a shell on this terminal, and further terminals of it."""
import argparse
import fcntl
import glob
import os
import select
import shutil
import socket
import sys
import termios
import tty

import alive
import tests
import tree
from bridge import Barriers
from check import new_logs
from guest import Qemu
from paths import CACHE, DEBUG, STOCK, read

IDS = "/usr/share/misc/usb.ids"
LEAVE = b"\x1d"         # Ctrl-]

SHELL = """
modprobe -q -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,msize=262144 host /host 2>/dev/null
modprobe -q -a xhci_pci ehci_pci usb_storage sd_mod usbhid
mkdir -p /usr/share/misc
ln -s /hearth/usb.ids /usr/share/misc/usb.ids
cd /host 2>/dev/null || cd /root
export PS1='hearth {kernel}# ' TERM={term} TMPDIR=/tmp/work
export HEARTH_KERNEL={kernel} HEARTH_MACHINE=usb HEARTH_LIB=/hearth/selftests/lib.sh
for t in hvc0 hvc1; do
	[ ! -e "/dev/$t" ] || while :; do
		/usr/bin/setsid -c bash --norc --noprofile -i <"/dev/$t" >"/dev/$t" 2>&1
	done &
done
stty -F "$line" sane cols {cols} rows {rows} 2>/dev/null
cat >"$line" <<-EOT
	Linux {kernel}, with Hearth's modules (modprobe hearth, hearth_vhci, dm-rekey) and the command hearth (man: on the host).
	There are USB devices to share with oneself: modprobe usbip-host; usbipd -D; usbip list -l; usbip bind -b 1-1
	/host is the folder this was started from, /hearth/selftests has the tests: cd /hearth/selftests/usb; ./disk.sh
	"exit" or Ctrl-D ends the machine; a second terminal: scripts/vm --join
EOT
/usr/bin/setsid -c bash --norc --noprofile -i <"$line" >"$line" 2>&1
poweroff -f
"""


def terminal():
    """What the guest's TERM is: one that it knows."""
    name = os.environ.get("TERM", "")
    return name if name and os.path.exists(f"{tree.TERMINFO}/{name[0]}/{name}") else "linux"


def shell(kname, share, scratch):
    root = tree.prepare(kname)
    size = shutil.get_terminal_size()
    g = Qemu(kname, root, os.path.join(new_logs("vm"), "client"), scratch + "/vm", "client", "usb", Barriers(1),
             shell=True, share=share)
    tests.filler(tests.find())(g.hearth, [])
    if os.path.exists(IDS):
        shutil.copy(os.path.realpath(IDS), g.hearth)
    g.write("shell", SHELL.format(cols=size.columns, rows=size.lines, kernel=kname, term=terminal()))
    g.write("run", "")
    try:
        print(f"vm: starting Linux {kname}; the kernel log is {g.console()}", flush=True)
        g.start()
        if sys.stdin.isatty():
            tty.setraw(0)
        if g.proc.wait():
            sys.stderr.write(read(g.job, "qemu.log"))
    finally:
        g.stop()
    return 0


def free_terminal():
    """A socket of a running machine that nobody else has, the newest machine first."""
    for path in sorted(glob.glob(CACHE + "/run/*/vm/tty[12]"),
                       key=lambda p: (-os.path.getmtime(os.path.dirname(p)), p)):
        lock = open(path + ".lock", "w", encoding="ascii")      # held till we end
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            return s, lock
        except OSError:
            lock.close()
    sys.exit("vm: no machine is running that has a free terminal: start one with scripts/vm")


def join():
    s, _lock = free_terminal()
    size, saved = shutil.get_terminal_size(), termios.tcgetattr(0) if sys.stdin.isatty() else None
    print("vm: a terminal of the running machine; Ctrl-] leaves it", flush=True)
    s.sendall(f" stty rows {size.lines} cols {size.columns}\n".encode())
    try:
        if saved:
            tty.setraw(0)
        while True:
            ready, _, _ = select.select([s, 0], [], [])
            if s in ready:
                data = s.recv(65536)
                if not data:
                    return 0
                os.write(1, data)
            if 0 in ready:
                data = os.read(0, 4096)
                if not data or LEAVE in data:
                    return 0
                s.sendall(data)
    finally:
        if saved:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


def main():
    p = argparse.ArgumentParser(prog="vm", formatter_class=argparse.RawDescriptionHelpFormatter, description="""\
A root shell in a virtual machine, with our modules and tools, the USB devices of
selftests/vm/machines, the selftests in /hearth/selftests, and this folder of the
host in /host. It ends with "exit" or Ctrl-D.""")
    p.add_argument("kernel", nargs="?", default="6.12", choices=[*STOCK, *(k for k in DEBUG if k != "uml")],
                   help="default: 6.12")
    p.add_argument("--join", action="store_true", help="another terminal of the machine that runs already")
    args = p.parse_args()
    if args.join:
        return join()
    return alive.contained(lambda scratch: shell(args.kernel, os.getcwd(), scratch))


if __name__ == "__main__":
    sys.exit(main())
