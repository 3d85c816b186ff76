# SPDX-License-Identifier: GPL-2.0
"""One machine that runs tests: a Guest. Qemu boots stock and debug kernels, Virtme
does so by virtme-ng, Uml runs User Mode Linux, and Native is this machine, for
what needs no kernel of ours."""
import os
import shlex
import shutil
import subprocess
import threading
import time

import tree
from bridge import Bridge, Echo
from clock import Clock
from machine import CPUS, MACHINES, SLOW, SLOW_VIRTME
from paths import DEBUG, VM, image, kernel

# Without what QEMU does slowly: string instructions, which it does a byte at a
# time, and a fifth level of page tables. SMAP ends a block of code at each
# access to a process' memory: it is left to the debug kernels.
MODEL = "max,-erms,-fsrm,-la57"


class Guest:
    """The logs are under job: console, tap, command; all else is in scratch."""

    def __init__(self, kname, root, job, scratch, role, machine, barriers=None):
        self.kname, self.root, self.job, self.scratch, self.role = kname, root, job, scratch, role
        self.machine, self.barriers = machine, barriers
        self.proc, self.over = None, False
        self.slow = SLOW.get(kname, 1)
        self.time = Clock(time.monotonic())
        self.hearth = os.path.join(scratch, "hearth")   # /hearth in the guest
        os.makedirs(self.hearth, exist_ok=True)
        os.makedirs(job, exist_ok=True)
        self.write("kernel", kname + "\n")
        self.write("machine", machine + "\n")
        open(self.tap(), "wb").close()

    def write(self, name, text):
        with open(os.path.join(self.hearth, name + ".new"), "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(f.name, f.name[:-4])

    def console(self):
        return os.path.join(self.job, "console")

    def tap(self):
        return os.path.join(self.job, "tap")

    def start(self):
        raise NotImplementedError

    def spawn(self, cmd, **kw):
        """Start it, as the leader of a process group."""
        with open(self.job + "/command", "w", encoding="utf-8") as f:
            f.write(shlex.join(cmd) + "\n")
        kw.setdefault("stdin", subprocess.DEVNULL)
        self.proc = subprocess.Popen(cmd, start_new_session=True, **kw)
        self.time = Clock(time.monotonic())

    def tick(self, now):
        """Own time goes on."""
        if self.proc and now - self.time.now >= 0.5:
            self.time.tick(now, self.proc.pid)

    def lost_in(self, seconds):
        return self.time.lost_in(seconds)

    def has_died(self):
        return self.proc.poll() is not None

    def stop(self):
        self.over = True
        if self.proc:
            try:
                os.killpg(self.proc.pid, 9)
            except ProcessLookupError:
                pass
            self.proc.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


class Uml(Guest):
    """The host's / by hostfs, and from there into the guest's tree."""

    def start(self):
        with open(self.console(), "wb") as console, open(self.tap(), "ab") as tap, open(os.devnull, "rb") as null:
            # TMPDIR holds the memory
            self.spawn([kernel(self.kname, "linux"), "mem=768M", "root=/dev/root", "rootfstype=hostfs",
                        "hostfs=/", "ro", "init=" + VM + "/uml-init", "hearth.root=" + self.root, "con=null",
                        "con0=null,fd:1", f"ssl0=fd:{null.fileno()},fd:{tap.fileno()}", "panic=-1", "oops=panic",
                        "hearth.line=/dev/ttyS0", "hearth.job=" + self.hearth, "hearth.role=" + self.role],
                       stdout=console, stderr=subprocess.STDOUT, pass_fds=(null.fileno(), tap.fileno()),
                       env=dict(os.environ, TMPDIR="/dev/shm", HOME=self.scratch))

    def tick(self, now):
        """There is no bridge: a file tells what was lost, line N in the last N seconds."""
        super().tick(now)
        if self.time.now == now and self.time.lost_in(900) > 0:
            self.write("lost", "".join(f"{self.time.lost_in(n) * 1000:.0f}\n" for n in range(1, 901)))


class Qemu(Guest):
    """The unpacked kernel with an archive as its root; shell: on this terminal, with
    a folder of the host."""

    def __init__(self, *args, shell=False, share=None):
        super().__init__(*args)
        self.shell, self.share = shell, share
        self.cutting, self.lock = False, threading.Lock()

    def net(self):
        """QEMU arguments and guest commands of the network of this role."""
        peers = [r for r in MACHINES[self.machine][0] if r != "node"]
        if len(MACHINES[self.machine][0]) == 1:
            return [], ""
        shared = os.path.dirname(self.scratch)
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
            with open(f"{self.scratch}/image{n}", "ab") as f:
                f.truncate(64 << 20)    # one that is there keeps its content
        args = ["-qmp", f"unix:{self.scratch}/qmp,server=on,wait=off",
                "-device", "virtio-serial-pci,id=hearth",
                "-chardev", f"socket,id=bridge,path={self.scratch}/bridge,server=on,wait=off",
                "-device", "virtserialport,bus=hearth.0,chardev=bridge,name=hearth.host"]
        for role, line in MACHINES[self.machine][1]:
            if role in (None, self.role):
                args += line.replace("{job}", self.scratch).split()
        net, cmds = self.net()
        if cmds:
            self.write("net", cmds)
        return args + net

    def bridges(self):
        Bridge(self).start()
        if any("{job}/ftdi0" in a and r in (None, self.role) for r, a in MACHINES[self.machine][1]):
            Echo(self).start()

    def terminals(self):
        """The kernel log and the second serial line, which is the guest's tap, or this terminal."""
        if not self.shell:
            # appended to: a power cut is not the end
            return [word for name, path in (("con", self.console()), ("tap", self.tap()))
                    for word in ("-chardev", f"file,id={name},path={path},append=on", "-serial", "chardev:" + name)]
        args = ["-serial", f"file:{self.console()}", "-chardev", "stdio,id=tty,mux=off,signal=off",
                "-serial", "chardev:tty"]
        if self.share:
            args += ["-virtfs", f"local,path={self.share},mount_tag=host,security_model=none"]
        # further terminals
        for name in ("tty1", "tty2"):
            args += ["-chardev", f"socket,id={name},path={self.scratch}/{name},server=on,wait=off",
                     "-device", f"virtconsole,bus=hearth.0,chardev={name}"]
        return args

    def start(self):
        cpus = CPUS.get(self.kname, 1)
        devices = self.devices()
        tree.cpio(self.scratch, self.scratch + "/job.cpio", "hearth")
        initrd = self.scratch + "/initrd"
        with open(initrd, "wb") as out:
            for part in (self.root + ".cpio", self.scratch + "/job.cpio"):
                with open(part, "rb") as f:
                    shutil.copyfileobj(f, out, 1 << 20)
        append = ("console=ttyS0 panic=-1 oops=panic log_buf_len=4M loglevel=7 "
                  # a busy machine's TSC may be taken for a slow one, till the watchdog sees it
                  "rcupdate.rcu_cpu_stall_suppress_at_boot=1 "
                  "random.trust_cpu=on norandmaps no_hash_pointers hearth.role=" + self.role)
        self.launch(["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35",
                     "-accel", "tcg,thread=multi", "-cpu", MODEL + ("" if self.kname in DEBUG else ",-smap"),
                     "-smp", str(cpus), "-m", "1536M" if cpus > 1 else "640M", "-display", "none", "-no-reboot",
                     "-kernel", kernel(self.kname, "vmlinux"), "-initrd", initrd, *devices, *self.terminals(),
                     "-append", append + (" hearth.shell" if self.shell else "")])

    def launch(self, cmd):
        with open(self.job + "/qemu.log", "ab") as log:
            if self.shell:              # it reads this terminal: in the group that has it
                self.proc = subprocess.Popen(cmd, stderr=log)
            else:
                self.spawn(cmd, stdout=log, stderr=log)
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
                    os.unlink(os.path.join(self.scratch, name))
                self.launch(self.proc.args)
                self.cutting = False
        threading.Thread(target=cut, daemon=True).start()

    def has_died(self):
        return not self.cutting and super().has_died()

    def stop(self):
        with self.lock:
            if self.shell:
                self.proc.kill()
                self.proc.wait()
            super().stop()


class Virtme(Qemu):
    """virtme-ng boots into the host's files; from there into the guest's tree. Its
    console is the first serial line, as ours."""

    def __init__(self, folder, *args):
        super().__init__(*args)
        self.folder = folder
        self.slow *= SLOW_VIRTME

    def start(self):
        script = (f"mount --bind {self.root} /mnt && mount --bind /dev /mnt/dev && "
                  f"mount --bind {self.hearth} /mnt/hearth && exec chroot /mnt /init")
        vng = ["vng", "--run", image(self.kname), "--disable-kvm", "--force-9p",
               "--cpus", "1", "--memory", "640M", "--verbose", "--append", "oops=panic",
               "--append", "hearth.role=" + self.role,
               "--qemu-opts=" + shlex.join(["-serial", "file:" + self.tap(), *self.devices()]),
               "--", script]
        # by a pipe: QEMU would empty a file each time that it opens it
        self.spawn(["sh", "-c", f"PATH={self.folder}/usr/bin:$PATH "
                    f"PYTHONPATH={self.folder}/usr/lib/python3/dist-packages "
                    f"{shlex.join(vng)} </dev/null 2>&1 | cat >{self.console()}"])
        self.bridges()

    def stop(self):
        try:
            self.proc.wait(20)          # it removes its temporary files
        except (AttributeError, subprocess.TimeoutExpired):
            pass
        super().stop()


class Native(Guest):
    """No guest at all: namespaces of this machine, for tests that need no kernel of ours."""

    def start(self):
        # what was built of ours is found first
        env = dict(os.environ, PATH=f"{self.root}/usr/sbin:{os.environ['PATH']}", HEARTH_FOLDER=self.hearth,
                   HEARTH_ROLE=self.role)
        with open(self.tap(), "ab") as tap:
            self.spawn(["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child",
                        "--mount-proc", "sh", VM + "/native-init"], stdout=tap, stderr=subprocess.STDOUT, env=env)


def make(kname, virtme, *args):
    """The guest for a kernel; virtme: the folder of virtme-ng, where that is to boot."""
    if kname == "host":
        return Native(kname, *args)
    if kname == "uml":
        return Uml(kname, *args)
    return Virtme(virtme, kname, *args) if virtme else Qemu(kname, *args)
