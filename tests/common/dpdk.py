# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What every test needs that starts a program of DPDK: a driver that EAL loads, and its telemetry."""
import ctypes
import errno
import json
import pathlib
import shutil
import socket
import stat
import subprocess
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


def release():
    """Year and month of the DPDK that is installed. Its programs change their words from release to release."""
    said = subprocess.run(["pkg-config", "--modversion", "libdpdk"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return tuple(map(int, said.split(".")[:2]))


def loadable_plugin(build, work):
    """The driver's path; EAL loads nothing from below a folder that everyone may write to."""
    def open_folder(path):
        return next((p for p in path.parents if p.stat().st_mode & stat.S_IWOTH), None)

    plugin = (build / "drivers/librte_net_wcnic.so").resolve()
    if not plugin.exists():
        raise Failure(f"{plugin} is missing: build first")
    if open_folder(plugin):
        plugin = pathlib.Path(shutil.copy(plugin, work.resolve()))
    if open_folder(plugin):
        raise Failure(f"everyone may write to {open_folder(plugin)}, so DPDK would refuse the driver there; "
                      "set WCNIC_CACHE to a folder that only you may write to")
    return plugin


def sandbox_options(who):
    """What wcnicd must be told here: where the kernel cannot filter system calls it refuses to start with its sandbox.
    So it is under user-mode QEMU, where it must not look for how much it could map either, as that takes memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0)  # no filter: EFAULT, where there is such a thing
    if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
        return []
    print(f"{who}: this kernel cannot filter system calls (seccomp): wcnicd runs without its sandbox, with --sandbox off",
          file=sys.stderr)
    return ["--sandbox", "off", "--max-mib", "4096"]


class Telemetry:
    """DPDK's telemetry socket."""

    def __init__(self, path, patience_s):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(patience_s)
        self.sock.connect(str(path))
        self.sock.recv(4096)

    def ask(self, command):
        self.sock.send(command.encode())
        return json.loads(self.sock.recv(1 << 20))[command.partition(",")[0]]

    def close(self):
        self.sock.close()
