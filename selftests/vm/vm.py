# SPDX-License-Identifier: GPL-2.0
"""Boots guests: QEMU with stock and debug kernels, UML. One Guest is one
machine; a Boot is the one, two or three of them that run the same tests."""
import json
import os
import shlex
import shutil
import socket
import subprocess
import threading
import time

from guest import cpio
from paths import DEBUG, VM, image, kernel, lines, read

BOOT_LIMIT = 180        # seconds from power-on to "@hearth up"; a loaded machine is slow
SILENCE = 90            # seconds beyond a test's own limit (times SLOW)
CPUS = {"lockdep": 2, "kasan": 2}               # of a guest, if not one
# Without what QEMU does slowly: string instructions, which it does a byte at a
# time, and a fifth level of page tables. SMAP ends a block of code at each
# access to a process' memory: it is left to the debug kernels.
MODEL = "max,-erms,-fsrm,-la57"
FULL = 10                                       # so much longer a test may take by --full
SLOW = {"uml": 2, "lockdep": 3, "kasan": 6}     # test limits are for stock kernels


def machines():
    """name -> (roles, [(role or None, argument line)])"""
    out, name = {}, None
    for line in lines(VM, "machines"):
        if not line[0].isspace():
            name, _, roles = line.partition(":")
            out[name] = (roles.split(), [])
        else:
            role, sep, args = line.strip().partition(": ")
            if not sep or role.startswith("-"):
                role, args = None, line.strip()
            out[name][1].append((role, args))
    return out


MACHINES = machines()
ALIASES = {n: "usb" for n in "usb-disk usb-input usb-serial usb-audio usb-hub".split()}


def guest_cpus(kname, machine):
    """Those of all guests of a machine."""
    return CPUS.get(kname, 1) * len(MACHINES[machine][0])


def cpu_time(leaders):
    """Seconds of CPU time that these processes, and those of their groups, have used."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = read("/proc", pid, "stat").rpartition(")")[2].split()
        except OSError:                 # it has ended
            continue
        if int(fields[2]) in leaders:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Barriers:
    """Guests of one boot wait for each other by name."""

    def __init__(self, parties):
        self.parties, self.lock, self.named, self.broken = parties, threading.Lock(), {}, False

    def wait(self, name):
        with self.lock:
            if self.broken:
                raise threading.BrokenBarrierError
            barrier = self.named.setdefault(name, threading.Barrier(self.parties))
        barrier.wait(300)

    def reset(self):
        """All guests are at the next test."""
        with self.lock:
            self.named, self.broken = {}, False

    def abort(self):
        """A guest failed: the others shall not wait for it."""
        with self.lock:
            self.broken = True
            for barrier in self.named.values():
                barrier.abort()


class Bridge(threading.Thread):
    """Answers a guest's /usr/bin/qmp."""

    def __init__(self, guest):
        super().__init__(daemon=True)
        self.guest = guest

    @staticmethod
    def connect(path):
        for _ in range(600):
            try:
                s = socket.socket(socket.AF_UNIX)
                s.connect(path)
                return s.makefile("rw", encoding="utf-8", errors="replace")
            except OSError:
                time.sleep(0.05)
        raise OSError("no socket " + path)

    @staticmethod
    def value(text):
        if text in ("true", "false"):
            return text == "true"
        return int(text) if text.isdigit() else text

    def parse(self, line):
        if line.startswith("{"):
            return json.loads(line)
        words = shlex.split(line)
        if not words:
            raise ValueError("no command")
        args = {}
        for word in words[1:]:
            key, _, value = word.partition("=")
            args[key] = self.value(value)
        return {"execute": words[0], **({"arguments": args} if args else {})}

    def ask(self, qmp, message):
        qmp.write(json.dumps(message) + "\n")
        qmp.flush()
        while True:
            reply = json.loads(qmp.readline())
            if "return" in reply:
                return "ok " + json.dumps(reply["return"])
            if "error" in reply:
                return "error " + reply["error"]["desc"]

    def run(self):
        try:
            qmp = self.connect(self.guest.job + "/qmp")
            qmp.readline()
            self.ask(qmp, {"execute": "qmp_capabilities"})
            bridge = self.connect(self.guest.job + "/bridge")
            for line in bridge:
                try:
                    line = line.strip()
                    if line.startswith("@barrier "):
                        self.guest.barriers.wait(line)
                        reply = "ok"
                    elif line.startswith("@powercut "):
                        self.guest.cut_power(int(line.split()[1]) / 1000)
                        reply = "ok"
                    else:
                        reply = self.ask(qmp, self.parse(line))
                except (ValueError, threading.BrokenBarrierError) as e:
                    reply = "error " + (str(e) or "a guest did not come to the barrier")
                bridge.write(reply.replace("\n", " ") + "\n")
                bridge.flush()
        except (OSError, ValueError):
            pass                        # the guest is gone


class Echo(threading.Thread):
    """The far end of the USB serial adapter: sends back what it gets."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path

    def run(self):
        try:
            for _ in range(600):
                if os.path.exists(self.path):
                    break
                time.sleep(0.05)
            s = socket.socket(socket.AF_UNIX)
            s.connect(self.path)
            while True:
                data = s.recv(4096)
                if not data:
                    return
                s.sendall(data)
        except OSError:
            pass                        # the guest is gone


class Guest:
    """One virtual machine; files under job: console, tap."""

    def __init__(self, kname, root, job, role, machine, barriers=None, shell=False, share=None,
                 virtme=None):
        self.kname, self.root, self.job, self.role = kname, root, job, role
        self.machine, self.barriers, self.shell, self.share = machine, barriers, shell, share
        self.virtme = virtme            # the folder of virtme-ng, where that is to boot
        self.proc = None
        self.cutting, self.over, self.lock = False, False, threading.Lock()
        self.hearth = os.path.join(job, "hearth")
        os.makedirs(self.hearth, exist_ok=True)

    def write(self, name, text):
        with open(os.path.join(self.hearth, name), "w", encoding="utf-8") as f:
            f.write(text)

    def console(self):
        return os.path.join(self.job, "console")

    def tap(self):
        return os.path.join(self.job, "tap")

    def start(self):
        self.write("kernel", self.kname + "\n")
        open(self.tap(), "wb").close()
        if self.kname == "uml":
            self.start_uml()
        elif self.virtme:
            self.start_virtme()
        else:
            self.start_qemu()

    def start_uml(self):
        console = open(self.console(), "wb")
        tap = open(self.tap(), "ab")
        null = open(os.devnull, "rb")
        env = dict(os.environ, TMPDIR="/dev/shm", HOME=self.job)
        cmd = [kernel("uml", "linux"), "mem=768M", "root=/dev/root", "rootfstype=hostfs",
               "hostfs=/", "ro", "init=" + VM + "/uml-init", "hearth.root=" + self.root, "con=null", "con0=null,fd:1",
               f"ssl0=fd:{null.fileno()},fd:{tap.fileno()}", "panic=-1", "oops=panic",
               "hearth.line=/dev/ttyS0", "hearth.job=" + self.hearth, "hearth.role=" + self.role,
               "umid=hearth" + str(os.getpid()) + "." + os.path.basename(self.job)]
        self.proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=console,
                                     stderr=subprocess.STDOUT, env=env, start_new_session=True,
                                     pass_fds=(null.fileno(), tap.fileno()))
        for f in (console, tap, null):
            f.close()

    def net(self):
        """QEMU arguments and guest commands of the network of this role."""
        peers = [r for r in MACHINES[self.machine][0] if r != "node"]
        if len(MACHINES[self.machine][0]) == 1:
            return [], ""
        shared = os.path.dirname(self.job)
        args, cmds = [], "modprobe -q virtio_net\n"
        ends = enumerate(peers, 1) if self.role == "node" else [(peers.index(self.role) + 1, self.role)]
        for n, peer in ends:
            server = "on" if self.role == "node" else "off"
            mac = f"52:54:00:77:{n:02x}:{1 if self.role == 'node' else 2:02x}"
            args += ["-netdev", f"stream,id=net{n},server={server},addr.type=unix,"
                     f"addr.path={shared}/net.{peer}",
                     "-device", f"virtio-net-pci,netdev=net{n},host_mtu=65000,mac={mac}"]
            host = 1 if self.role == "node" else 2
            cmds += (f"for i in /sys/class/net/*; do\n"
                     f"\t[ \"$(cat $i/address)\" = {mac} ] || continue\n"
                     f"\tip link set ${{i##*/}} mtu 65000 up\n"
                     f"\tip addr add 10.77.{n}.{host}/24 dev ${{i##*/}}\ndone\n")
            if self.role != "node":
                cmds += f"export HEARTH_NODE=10.77.{n}.1\n"
        return args, cmds

    def devices(self):
        """QEMU arguments: the bridge, what the machine has, its network."""
        for n in range(5):
            with open(f"{self.job}/image{n}", "ab") as f:
                f.truncate(64 << 20)    # one that is there keeps its content
        args = ["-qmp", f"unix:{self.job}/qmp,server=on,wait=off",
                "-device", "virtio-serial-pci,id=hearth",
                "-chardev", f"socket,id=bridge,path={self.job}/bridge,server=on,wait=off",
                "-device", "virtserialport,bus=hearth.0,chardev=bridge,name=hearth.host"]
        for role, line in MACHINES[self.machine][1]:
            if role in (None, self.role):
                args += line.replace("{job}", self.job).split()
        net, cmds = self.net()
        if cmds:
            self.write("net", cmds)
        return args + net

    def bridges(self):
        Bridge(self).start()
        if any("{job}/ftdi0" in a and r in (None, self.role) for r, a in MACHINES[self.machine][1]):
            Echo(self.job + "/ftdi0").start()

    def start_virtme(self):
        """virtme-ng boots into the host's files; from there into the guest's
        tree. Its console is the first serial line, as ours."""
        script = (f"mount --bind {self.root} /mnt && mount --bind /dev /mnt/dev && "
                  f"mount --bind {self.hearth} /mnt/hearth && exec chroot /mnt /init")
        cmd = ["vng", "--run", image(self.kname), "--disable-kvm", "--force-9p",
               "--cpus", "1", "--memory", "640M", "--verbose", "--append", "oops=panic",
               "--append", "hearth.role=" + self.role,
               "--qemu-opts=" + shlex.join(["-serial", "file:" + self.tap(), *self.devices()]),
               "--", script]
        # by a pipe: QEMU would empty a file each time that it opens it
        line = (f"PATH={self.virtme}/usr/bin:$PATH "
                f"PYTHONPATH={self.virtme}/usr/lib/python3/dist-packages "
                f"{shlex.join(cmd)} </dev/null 2>&1 | cat >{self.console()}\n")
        with open(self.job + "/command", "w", encoding="utf-8") as f:
            f.write(line)
        self.proc = subprocess.Popen(["sh", self.job + "/command"], start_new_session=True)
        self.bridges()

    def start_qemu(self):
        cpus = CPUS.get(self.kname, 1)
        devices = self.devices()
        job_cpio = self.job + "/job.cpio"
        cpio(self.job, job_cpio, "hearth")
        initrd = self.job + "/initrd"
        with open(initrd, "wb") as out:
            for part in (self.root + ".cpio", job_cpio):
                with open(part, "rb") as f:
                    shutil.copyfileobj(f, out, 1 << 20)
        append = ("console=ttyS0 panic=-1 oops=panic log_buf_len=4M loglevel=7 "
                  "random.trust_cpu=on norandmaps no_hash_pointers hearth.role=" + self.role)
        cmd = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35",
               "-accel", "tcg,thread=multi", "-cpu", self.model(), "-smp", str(cpus),
               "-m", "1536M" if cpus > 1 else "640M", "-display", "none", "-no-reboot",
               "-kernel", kernel(self.kname, "vmlinux"), "-initrd", initrd]
        if self.shell:
            cmd += ["-serial", f"file:{self.console()}", "-chardev",
                    "stdio,id=tty,mux=off,signal=off", "-serial", "chardev:tty"]
            append += " hearth.shell"
            if self.share:
                cmd += ["-virtfs", f"local,path={self.share},mount_tag=host,security_model=none"]
        else:
            # appended to: a power cut is not the end
            for name, path in (("con", self.console()), ("tap", self.tap())):
                cmd += ["-chardev", f"file,id={name},path={path},append=on", "-serial", "chardev:" + name]
        cmd += devices + ["-append", append]
        with open(self.job + "/command", "w", encoding="utf-8") as f:
            f.write(shlex.join(cmd) + "\n")
        self.launch(cmd)

    def model(self):
        """The CPU, as an argument for QEMU."""
        return MODEL + ("" if self.kname in DEBUG else ",-smap")

    def launch(self, cmd):
        with open(self.job + "/qemu.log", "ab") as log:
            self.proc = subprocess.Popen(
                cmd, stdin=None if self.shell else subprocess.DEVNULL,
                stdout=None if self.shell else log, stderr=log,
                start_new_session=not self.shell)
        self.bridges()

    def cut_power(self, after):
        """Kills QEMU some seconds from now and starts it again, with the disks as they are."""
        def cut():
            time.sleep(after)
            with self.lock:
                if self.over:
                    return
                self.cutting = True
                self.proc.kill()
                self.proc.wait()
                for name in ("qmp", "bridge"):
                    os.unlink(os.path.join(self.job, name))
                with open(self.job + "/command", encoding="utf-8") as f:
                    self.launch(shlex.split(f.read()))
                self.cutting = False
        threading.Thread(target=cut, daemon=True).start()

    def has_died(self):
        return not self.cutting and self.proc.poll() is not None

    def stop(self):
        with self.lock:
            self.over = True
        if self.proc and self.virtme:
            try:
                self.proc.wait(20)      # it removes its temporary files
            except subprocess.TimeoutExpired:
                pass
        if self.proc and self.proc.poll() is None:
            if self.kname == "uml" or self.virtme:
                os.killpg(self.proc.pid, 9)
            else:
                self.proc.kill()
            self.proc.wait()
        for name in ("initrd", "job.cpio", *(f"image{n}" for n in range(5))):
            try:
                os.unlink(os.path.join(self.job, name))
            except FileNotFoundError:
                pass


class Boot:
    """Runs a list of tests in the guests of a machine, until all are through,
    the guest dies, or a time limit passes."""

    def __init__(self, kname, root, job, machine, tests, copy_tests, kmemleak=False, virtme=None,
                 effort=None):
        self.tests = tests
        self.why = None                 # reason why the host ended it
        self.took = {}                  # test or "boot": (seconds, seconds of CPU time)
        roles = MACHINES[machine][0]
        self.barriers = Barriers(len(roles))
        self.slow = SLOW.get(kname, 1) * (FULL if effort == "full" else 1)
        self.guests = []
        for role in roles:
            g = Guest(kname, root, os.path.join(job, role), role, machine, self.barriers,
                      virtme=virtme)
            copy_tests(g.hearth, tests)
            g.write("run", "".join(f"{t.timeout * self.slow} {t.name}\n" for t in tests))
            if effort:
                g.write(effort, "")
            if kmemleak:
                g.write("kmemleak", "")
            self.guests.append(g)

    def state(self, guest):
        """(last marker's words, whether the guest said that it is through)"""
        last, done = None, False
        with open(guest.tap(), encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("@hearth "):
                    last = line.split()[1:]
                    done = done or last[0] == "exit"
        return last, done

    def limit(self, last):
        if last is None:
            return BOOT_LIMIT * self.slow
        if last[0] == "begin":
            for t in self.tests:
                if t.name == last[1]:
                    return t.timeout * self.slow + t.silence
        return SILENCE * self.slow

    def clock(self, last, now):
        """The first guest's last marker is this."""
        was, since, used = self.mark
        if last != was:
            cpu = cpu_time({g.proc.pid for g in self.guests})
            if not was or was[0] == "begin":
                self.took[was[1] if was else "boot"] = (now - since, max(cpu - used, 0))
            self.mark = (last, now, cpu)

    def run(self):
        self.mark = (None, time.monotonic(), 0)
        try:
            for g in self.guests:
                g.start()
                if g.role == "node":    # its network sockets must be there first
                    end = time.monotonic() + 20
                    peers = [p.role for p in self.guests if p.role != "node"]
                    shared = os.path.dirname(g.job)
                    while time.monotonic() < end and not all(
                            os.path.exists(f"{shared}/net.{p}") for p in peers):
                        time.sleep(0.05)
            self.watch()
        finally:
            for g in self.guests:
                g.stop()

    def watch(self):
        seen = {g: (None, time.monotonic()) for g in self.guests}
        while True:
            time.sleep(0.1)
            through, at = 0, set()
            for g in self.guests:
                last, done = self.state(g)
                if g is self.guests[0]:
                    self.clock(last, time.monotonic())
                at.add(tuple(last or ()))
                size = os.path.getsize(g.tap())
                if seen[g][0] != (last, size if last and last[0] != "begin" else 0):
                    seen[g] = ((last, size if last and last[0] != "begin" else 0), time.monotonic())
                if last and last[0] == "end" and last[-1] != "0":
                    self.barriers.abort()
                if done:
                    through += 1
                elif g.has_died():
                    self.why = f"{g.role}: the guest died"
                    return
                elif time.monotonic() - seen[g][1] > self.limit(last):
                    what = f"in {last[1]}" if last and last[0] == "begin" else "between tests"
                    self.why = f"{g.role}: the guest hangs {what if last else 'at boot'}"
                    return
            if self.barriers.broken and len(at) == 1 and at.pop()[:1] == ("begin",):
                self.barriers.reset()
            if through == len(self.guests):
                return
