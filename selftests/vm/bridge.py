# SPDX-License-Identifier: GPL-2.0
"""What a guest can ask of its host, by /usr/bin/qmp: its QEMU, the other guests
of the boot, a power cut, how busy the host is."""
import json
import shlex
import socket
import threading
import time


class Barriers:
    """Guests of one boot wait for each other by name. A guest that does not come is
    ended by its own limit, which breaks them."""

    def __init__(self, parties):
        self.parties, self.lock, self.named, self.broken = parties, threading.Lock(), {}, False

    def wait(self, name):
        with self.lock:
            if self.broken:
                raise threading.BrokenBarrierError
            barrier = self.named.setdefault(name, threading.Barrier(self.parties))
        barrier.wait()

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


def connect(path, guest):
    """To a socket that the guest's QEMU makes."""
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except OSError:
            s.close()
            if guest.over or guest.has_died():
                raise
            time.sleep(0.05)


class Bridge(threading.Thread):
    """Answers a guest's /usr/bin/qmp."""

    def __init__(self, guest):
        super().__init__(daemon=True)
        self.guest = guest

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

    def answer(self, qmp, line):
        """The reply to a line of the guest."""
        words = line.split()
        try:
            if words[:1] == ["@barrier"]:
                self.guest.barriers.wait(line)
                return "ok"
            if words[:1] == ["@powercut"]:
                self.guest.cut_power(int(words[1]) / 1000)
                return "ok"
            if words[:1] == ["@lost"]:
                return f"ok {self.guest.lost_in(int(words[1])) * 1000:.0f}"
            return self.ask(qmp, self.parse(line))
        except threading.BrokenBarrierError:
            return "error a guest did not come to the barrier"
        except (ValueError, IndexError) as e:
            return f"error {e}"

    def run(self):
        try:
            qmp = connect(self.guest.scratch + "/qmp", self.guest).makefile("rw", encoding="utf-8", errors="replace")
            qmp.readline()
            self.ask(qmp, {"execute": "qmp_capabilities"})
            bridge = connect(self.guest.scratch + "/bridge", self.guest).makefile(
                "rw", encoding="utf-8", errors="replace")
            for line in bridge:
                bridge.write(self.answer(qmp, line.strip()).replace("\n", " ") + "\n")
                bridge.flush()
        except (OSError, ValueError):
            pass                        # the guest is gone


class Echo(threading.Thread):
    """The far end of the USB serial adapter: sends back what it gets."""

    def __init__(self, guest):
        super().__init__(daemon=True)
        self.guest = guest

    def run(self):
        try:
            s = connect(self.guest.scratch + "/ftdi0", self.guest)
            while True:
                data = s.recv(4096)
                if not data:
                    return
                s.sendall(data)
        except OSError:
            pass                        # the guest is gone
