# SPDX-License-Identifier: GPL-2.0
"""The machines that a test can ask for, and what kernels differ in."""
from paths import VM, lines

CPUS = {"lockdep": 2, "kasan": 2}               # of a guest, if not one
SLOW = {"uml": 2, "lockdep": 3, "kasan": 6}     # limits are for stock kernels
SLOW_VIRTME = 5                                 # it boots over 9p, with an init of its own


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
