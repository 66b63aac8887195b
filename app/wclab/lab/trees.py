#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Unpacked Debian packages, in a cache: QEMU, guests' user land, kernels. Nothing is installed and no
maintainer script runs, so packages of another architecture need no emulator."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import archive
import life
from life import Failure

LIST = pathlib.Path(__file__).resolve().parents[3] / "config" / "guest-packages"
TREES_MIB = 3900  # all of them
# No longer updated: the index of its security archive names packages that are gone.
FROZEN = ("bullseye",)
# Not released yet: it has no security archive that matters, and a mirror that lags behind has an index
# that was to be replaced within a week. It is signed all the same.
MOVING = ("forky",)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PIN = 'mkdir -p "$1/etc/apt/preferences.d"; printf "Package: *\\nPin: release n={0}\\nPin-Priority: 500\\n" > "$1/etc/apt/preferences.d/{0}"'


def output(*command):
    return life.tool(command, stdout=subprocess.PIPE).decode().strip()


def host_release():
    for line in open("/etc/os-release"):
        if line.startswith("VERSION_CODENAME="):
            return line.split("=")[1].strip().strip('"')
    raise Failure("/etc/os-release names no release; Debian 12, 13 or sid is needed")


def sources(suite):
    main, security = archive.mirrors(host_release())
    release = suite.removesuffix("-backports")
    old = " check-valid-until=no" if release in MOVING else ""
    lines = [f"deb [signed-by={KEYRING}{old}] {main} {release} main"]
    if security is not None and release not in FROZEN + MOVING:
        lines.append(f"deb [signed-by={KEYRING}] {security} {release}-security main")
    if suite != release:
        lines.append(f"deb [signed-by={KEYRING}] {main} {suite} main")
    return lines


class Trees:
    def __init__(self, cache, progress):
        self.cache, self.progress = cache / "guest", progress
        self.cache.mkdir(parents=True, exist_ok=True)
        self.list = {}
        for line in LIST.read_text().splitlines():
            if line and not line.startswith("#"):
                name, arch, suite, *packages = line.split()
                arch = output("dpkg", "--print-architecture") if arch == "build" else arch
                suite = host_release() if suite == "host" else suite
                self.list[name] = (arch, suite, packages)

    def get(self, name):
        """The folder of a tree, unpacked first if it is not there."""
        if name not in self.list:
            raise Failure(f"there is no tree {name}; {LIST} lists {', '.join(self.list)}")
        arch, suite, packages = self.list[name]
        key = hashlib.sha256(" ".join([arch, suite, *packages]).encode()).hexdigest()[:12]
        where = self.cache / f"{name}-{key}"
        with open(self.cache / f".{name}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with self.progress(f"wait for another run, or for what it left behind, to release {name}"):
                    fcntl.flock(lock, fcntl.LOCK_EX)
            if not where.exists():
                self.unpack(name, arch, suite, packages, where, lock)
        return where

    def unpack(self, name, arch, suite, packages, where, lock):
        work, log = (where.with_name(where.name + end) for end in (".part", ".log"))  # names have dots
        shutil.rmtree(work, ignore_errors=True)
        command = ["mmdebstrap", "--variant=extract", "--architectures=" + arch, "--skip=check/qemu",
                   '--aptopt=APT::Install-Recommends "false"', "--include=" + ",".join(packages)]
        if suite.endswith("-backports"):
            command.append("--setup-hook=" + PIN.format(suite))
        with open(log, "w") as out, self.progress(f"unpack {name}: {' '.join(packages)[:40]} of {suite}"):
            if self.extract(command + ["", work] + sources(suite), out, lock) != 0:
                shutil.rmtree(work, ignore_errors=True)
                raise Failure(f"{name}: {' '.join(packages)} of Debian {suite} for {arch} could not be unpacked. "
                              f"{self.hint(log, packages)}; the end of {log}:\n" + "".join(open(log).readlines()[-8:]))
        for folder in ("lib", "lib64", "bin", "sbin"):  # where a release has merged them, packages rely on the links
            if (work / "usr" / folder).exists() and not (work / folder).exists():
                (work / folder).symlink_to(f"usr/{folder}")
        self.links_inside(work)
        os.rename(work, where)

    @staticmethod
    def links_inside(tree):
        """A linker follows an absolute link to this machine's libraries, which are not the tree's."""
        for link in (*tree.glob("usr/lib/*-linux-gnu*/*.so"), *tree.glob("lib64/ld-linux-*")):
            if link.is_symlink() and os.readlink(link).startswith("/"):
                target = tree / os.readlink(link).lstrip("/")
                link.unlink()
                link.symlink_to(os.path.relpath(target, os.path.realpath(link.parent)))

    @staticmethod
    def extract(command, out, lock):
        """Ends mmdebstrap so that it ends its own processes, which takes a moment. If this process is killed, they
        keep the lock for as long as they write."""
        with subprocess.Popen(command, stdout=out, stderr=out, pass_fds=[lock.fileno()], **life.tied(signal.SIGTERM)) as process:
            try:
                return process.wait()
            except BaseException:
                process.terminate()
                raise

    def hint(self, log, packages):
        text, full = log.read_text(errors="replace"), life.full(self.cache)
        missing = [name for name in packages if f"Unable to locate package {name}\n" in text]
        if missing:
            return f"That release has no package {', '.join(missing)}: mend {LIST}"
        return f"{full}: free some space" if full else "Is the archive that apt-get uses in reach?"

    def qemu(self, machine):
        """The command that starts QEMU from its tree; its libraries are its own, not this machine's."""
        tree = self.get("qemu")
        loader = next(iter(sorted(tree.glob("usr/lib*/ld-linux-*.so.*")) + sorted(tree.glob("lib*/ld-linux-*.so.*"))))
        libs = next(tree.glob("usr/lib/*-linux-gnu*"))
        return [loader, "--library-path", libs, tree / f"usr/bin/qemu-system-{machine}",
                "-L", tree / "usr/share/qemu", "-L", tree / "usr/share/seabios", "-L", tree / "usr/lib/ipxe/qemu"]


def main():
    """trees.py CACHE NAME: prints where that tree is."""
    if len(sys.argv) != 3:
        sys.exit(main.__doc__)

    @contextlib.contextmanager
    def progress(what):
        print(f"  {what}", file=sys.stderr, flush=True)
        yield

    with life.reported("trees", {sys.argv[1]: TREES_MIB}):
        print(Trees(pathlib.Path(sys.argv[1]), progress).get(sys.argv[2]))


if __name__ == "__main__":
    main()
