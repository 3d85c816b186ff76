# SPDX-License-Identifier: GPL-2.0
"""Assembles the file tree of the guests: one folder a kernel, in the cache.

The tree is busybox, some programs of the host with their libraries, the
modules that selftests/vm/modules names, our modules and our tools. QEMU gets
it as a cpio archive, UML as a hostfs root.
"""
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess

from paths import CACHE, PROCESSES, TOP, VM, kernel, lines, read, run

DIRS = ("bin sbin usr/bin usr/sbin lib lib64 usr/lib usr/local/bin usr/share proc sys dev tmp run etc mnt "
        "root var/lib hearth lib/modules host").split()
KERNELS = os.path.join(TOP, "scripts", "kernels")
TERMINFO = "/lib/terminfo"
SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]


def which(name):
    for d in SEARCH:
        path = os.path.join(d, name)
        if os.access(path, os.X_OK):
            return path
    return None


def need(name):
    path = which(name)
    if not path:
        raise SystemExit(f"check: no program {name} on this machine: run scripts/deps")
    return path


def libraries(path):
    """The shared libraries of a program, as ldd sees them."""
    out = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, check=False).stdout
    for word in out.split():
        if word.startswith("/") and os.path.exists(word):
            yield word


def install(root, src, dst=None, strip=False):
    """Copy one file (links followed) and the libraries it needs."""
    dst = root + (dst or src)
    os.makedirs(os.path.dirname(dst), exist_ok=True)
    shutil.copy2(os.path.realpath(src), dst)
    os.chmod(dst, 0o755)
    if strip:
        subprocess.run(["strip", "--strip-debug", dst], check=False, stderr=subprocess.DEVNULL)
    for lib in libraries(src):
        if not os.path.exists(root + lib):
            os.makedirs(os.path.dirname(root + lib), exist_ok=True)
            shutil.copy2(os.path.realpath(lib), root + lib)


def userland(root):
    for d in DIRS:
        os.makedirs(os.path.join(root, d), exist_ok=True)
    os.symlink("/run", root + "/var/run")
    os.symlink("/tmp", root + "/var/tmp")
    os.symlink("/proc/mounts", root + "/etc/mtab")
    with open(root + "/etc/passwd", "w", encoding="ascii") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    with open(root + "/etc/group", "w", encoding="ascii") as f:
        f.write("root:x:0:\nnogroup:x:65534:\n")
    with open(root + "/etc/hosts", "w", encoding="ascii") as f:
        f.write("127.0.0.1 localhost\n10.77.1.1 node\n10.77.1.2 client\n10.77.2.2 client2\n")
    busybox = which("busybox")
    install(root, busybox, "/bin/busybox")
    for applet in run(busybox, "--list-full").split():
        link = os.path.join(root, applet)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink("/bin/busybox", link)
    for word in " ".join(lines(VM, "programs")).split():
        name = word.rstrip("?")
        if word.endswith("?") and not which(name):
            continue
        path = need(name)
        for d in ("bin", "sbin", "usr/bin", "usr/sbin"):
            link = os.path.join(root, d, name)
            if os.path.islink(link):
                os.unlink(link)
        install(root, path, "/usr/bin/" + name)
    for tool in "lsmod rmmod insmod modinfo modprobe depmod".split():
        for d in ("bin", "sbin", "usr/bin", "usr/sbin"):
            if os.path.lexists(os.path.join(root, d, tool)):
                os.unlink(os.path.join(root, d, tool))
        os.symlink("/usr/bin/kmod", root + "/sbin/" + tool)
    if os.path.exists("/bin/bash"):
        os.symlink("/usr/bin/bash", root + "/bin/bash")
    install(root, VM + "/init", "/init")
    install(root, VM + "/run-tests", "/usr/bin/run-tests")
    install(root, VM + "/limit", "/usr/bin/limit")
    install(root, VM + "/qmp", "/usr/bin/qmp")
    # what a terminal can do: of all in Debian's base, some 40 small files
    for f in glob.glob(TERMINFO + "/?/*"):
        os.makedirs(root + os.path.dirname(f), exist_ok=True)
        shutil.copy2(os.path.realpath(f), root + f)
    # the C library loads this one by name, when a thread ends
    for f in glob.glob("/lib/*/libgcc_s.so.1"):
        install(root, f)
    for f in glob.glob("/usr/share/alsa/alsa.conf"):
        install(root, f)


def link_cache(root):
    """Without it each start of a program looks through dozens of folders."""
    with open(root + "/etc/ld.so.conf", "w", encoding="ascii") as f:
        for lib in sorted(glob.glob(root + "/lib/*-linux-gnu") + glob.glob(root + "/usr/lib/*-linux-gnu")):
            f.write(lib[len(root):] + "\n")
    run("ldconfig", "-X", "-r", root)


def wanted_modules(moddir):
    """Files (relative) of the modules that we take, with their needs."""
    deps = {}
    for line in read(moddir, "modules.dep").splitlines():
        path, _, need = line.partition(":")
        deps[path] = need.split()
    by_name = {os.path.basename(p).split(".ko")[0].replace("-", "_"): p for p in deps}
    result = set()
    for word in " ".join(lines(VM, "modules")).split():
        path = by_name.get(word.replace("-", "_"))
        if path:
            result.add(path)
            result.update(deps[path])
    return sorted(result)


def modules(root, name, ours):
    release = read(kernel(name, "release")).strip()
    src = os.path.realpath(kernel(name, "modules"))
    dst = os.path.join(root, "lib/modules", release)
    os.makedirs(dst, exist_ok=True)
    for path in wanted_modules(src):
        out = os.path.join(dst, path)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        if path.endswith(".xz"):
            with open(out[:-3], "wb") as f:
                subprocess.run(["xz", "-dc", os.path.join(src, path)], stdout=f, check=True)
        else:
            shutil.copy2(os.path.join(src, path), out)
    for f in glob.glob(src + "/modules.builtin*") + glob.glob(src + "/modules.order"):
        shutil.copy2(f, dst)
    os.makedirs(dst + "/updates", exist_ok=True)
    for ko in ours:
        shutil.copy2(ko, dst + "/updates/")
        run("strip", "--strip-debug", dst + "/updates/" + os.path.basename(ko))
    run("depmod", "-b", root, release)


def digest(*parts):
    h = hashlib.sha256()
    for part in parts:
        if os.path.isfile(part):
            with open(part, "rb") as f:
                h.update(f.read())
        h.update(part.encode() + b"\0")
    return h.hexdigest()[:16]


def cpio(root, archive, subdir="."):
    """Pack a folder; every file belongs to root."""
    with open(archive + ".tmp", "wb") as f:
        find = subprocess.Popen(["find", subdir, "-mindepth", "1", "-print0"], cwd=root,
                                stdout=subprocess.PIPE)
        subprocess.run(["cpio", "-0", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                       cwd=root, stdin=find.stdout, stdout=f, check=True)
        if find.wait():
            raise SystemExit("check: find failed in " + root)
    os.rename(archive + ".tmp", archive)


def sweep(base, prefix):
    """Of the folders that are ready, the four used last are kept."""
    old = sorted(glob.glob(os.path.join(base, prefix + ".*.ready")), key=os.path.getmtime)
    for ready in old[:-4]:
        os.unlink(ready)
        shutil.rmtree(ready[:-6], ignore_errors=True)
        if os.path.exists(ready[:-6] + ".cpio"):
            os.unlink(ready[:-6] + ".cpio")


def build_usr():
    """Our tools; returns the folder with the installed files. It is named by what they hold and
    never changed: another run, of another tree perhaps, may be using the one of before."""
    base = os.path.join(CACHE, "build", "usr")
    out = os.path.join(base, "out")
    log = os.path.join(CACHE, "log", "usr.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "w", encoding="utf-8") as f:
        if subprocess.run(["make", "-C", TOP + "/usr", "OUT=" + out, "-j2", "all"], stdin=subprocess.DEVNULL,
                          stdout=f, stderr=subprocess.STDOUT, check=False).returncode:
            f.flush()
            raise SystemExit("check: our tools do not build:\n" + read(log)[-3000:])
    # the programs are what lies, executable, in OUT itself
    programs = {"hearth-attach": TOP + "/usr/systemd/attach"}
    programs.update((os.path.basename(path), path) for path in glob.glob(out + "/*")
                    if os.path.isfile(path) and os.access(path, os.X_OK))
    dest = os.path.join(base, "dest." + digest(*(part for item in sorted(programs.items()) for part in item)))
    if not os.path.exists(dest + ".ready"):
        shutil.rmtree(dest, ignore_errors=True)
        os.makedirs(dest + "/usr/sbin")
        for name, path in programs.items():
            shutil.copy2(path, os.path.join(dest, "usr/sbin", name))
        with open(dest + ".ready", "w", encoding="ascii"):
            pass
    os.utime(dest + ".ready")
    sweep(base, "dest")
    return dest


def prepare(name, server=False):
    """Build all for a kernel, with the server of the USB tests if that is asked for: it
    needs the kernel's source. Returns the folder of its guest tree; beside it lies the
    same as FOLDER.cpio. For "host", which has no guest, that of our tools."""
    base = os.path.join(CACHE, "guest")
    os.makedirs(base, exist_ok=True)
    if name != "host":                  # a debug kernel takes minutes, for which nobody else has to wait
        run(KERNELS, "get", name, stderr=None)
    with open(os.path.join(base, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tools = build_usr()
        return tools if name == "host" else guest_tree(base, name, tools, server)


def guest_tree(base, name, tools, server):
    tree = run(KERNELS, "build", name, stderr=None).strip()
    ours = sorted(glob.glob(tree + "/**/*.ko", recursive=True))
    if name == "native":
        ours.append(run(KERNELS, "aes", stderr=None).strip())
    if server:
        ours.append(run(KERNELS, "server", name, stderr=None).strip())
    installed = sorted(os.path.join(d, f) for d, _, files in os.walk(tools) for f in files)
    key = digest(*(f"{VM}/{f}" for f in "programs modules init run-tests limit qmp tree.py".split()),
                 kernel(name, "version"), kernel(name, "release"), kernel(name, "key"), *ours, *installed)
    root = os.path.join(base, f"{name}.{key}")
    if not os.path.exists(root + ".ready"):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        userland(root)
        modules(root, name, ours)
        for f in installed:
            install(root, f, f[len(tools):])
        link_cache(root)
        if name not in PROCESSES:
            cpio(root, root + ".cpio")
        with open(root + ".ready", "w", encoding="ascii"):
            pass
    os.utime(root + ".ready")
    sweep(base, name)
    return root
