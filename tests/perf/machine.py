# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What a run takes of the machine and gives back: hugepages, processes, two CPUs."""
import contextlib
import ctypes
import json
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time

NR_HUGEPAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
PATIENCE_S = 180  # it only guards against a hang, as in tests/common/patience.h
ANSWER_S = 3 * PATIENCE_S  # the program waits up to PATIENCE_S for more than one thing
PR_SET_PDEATHSIG = 1
PRIORITY = [True]  # whether other work on these CPUs has to wait
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def come_first():
    """In a child: before other work on the same CPUs, as far as this user may and wants to."""
    die_with_parent()
    if not PRIORITY[0]:
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        pathlib.Path("/proc/self/autogroup").write_text("-20")


# ---- hugepages ---------------------------------------------------------------------------------

def hugepage_mib():
    found = re.search(r"Hugepagesize:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text())
    return int(found[1]) // 1024 if found else 0


def hugepages_change(pages):
    """Adds so many to those that the kernel keeps, or takes them away."""
    NR_HUGEPAGES.write_text(str(max(0, int(NR_HUGEPAGES.read_text()) + pages)))


def hugepages_free():
    found = re.search(r"HugePages_Free:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return int(found[1]) if found else 0


@contextlib.contextmanager
def hugepages(mib):
    """Reserves them; yields None, or why there are none. They are given back even if this process is killed: a child
    that does nothing else waits for its end."""
    size = hugepage_mib()
    if size == 0:
        yield "this kernel has no hugepages"
        return
    pages = -(-mib // size)
    before = hugepages_free()
    try:
        hugepages_change(pages)
    except OSError as error:
        yield f"hugepages need root: {error.strerror}"
        return
    reading, writing = os.pipe()
    guard = os.fork()
    if guard == 0:
        give_back_at_end(reading, writing, pages)
    os.close(reading)
    try:
        got = hugepages_free() - before
        yield None if got >= pages else f"the kernel has {max(got, 0)} of {pages} hugepages of {size} MiB to give"
    finally:
        os.close(writing)
        os.waitpid(guard, 0)


def give_back_at_end(reading, writing, pages):
    """In the child: until the other end of the pipe is closed, by intent or by death."""
    try:
        os.setsid()
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        os.close(writing)
        os.read(reading, 1)
        hugepages_change(-pages)
    finally:
        os._exit(0)


# ---- CPUs --------------------------------------------------------------------------------------

def cpus(wanted):
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < wanted:
        raise Failure(f"{wanted} CPUs are needed, this process may use {len(allowed)}")
    return allowed


def describe():
    """The machine, as a result's reader wants to know it."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^(?:model name|CPU part)\s*:\s*(.+)$", info, re.M)
    flags = re.search(r"^flags\s*:\s*(.+)$", info, re.M)
    return {"cpu": model[1] if model else "unknown", "arch": os.uname().machine, "kernel": os.uname().release,
            "cpus": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2),
            "hypervisor": bool(flags and "hypervisor" in flags[1].split())}


def has_counters(devices=pathlib.Path("/sys/bus/event_source/devices")):
    """Whether the kernel has the CPU's own event counters; virtual machines often have not."""
    return devices.is_dir() and any(re.match(r"cpu|armv8", device.name) for device in devices.iterdir())


def has_avx512():
    return " avx512f " in pathlib.Path("/proc/cpuinfo").read_text()


# ---- processes ---------------------------------------------------------------------------------

class Child:
    """A process that dies with this one, is stopped and resumed on request, and answers commands."""

    def __init__(self, name, command, work, terminal=False):
        self.name, self.log = name, work / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        out = open(self.log, "w")
        print("+", shlex.join(map(str, command)), file=out, flush=True)
        if terminal:  # so that its lines come when they are written
            self.reading, theirs = pty.openpty()
        else:
            self.reading, theirs = os.pipe()
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=theirs, stderr=out,
                                        preexec_fn=come_first, start_new_session=True)
        os.close(theirs)
        out.close()
        self.pid, self.rest, self.stopped = self.process.pid, "", False

    def signal(self, sig):
        if self.process.poll() is None:
            os.kill(self.pid, sig)

    def stop(self):
        self.signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self):
        self.signal(signal.SIGCONT)
        self.stopped = False

    def tell(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise self.failure("does not listen any more") from None

    def failure(self, what):
        with contextlib.suppress(OSError):
            lines = [line for line in self.log.read_text(errors="replace").splitlines()[1:] if line.strip()]
            what += "".join(f"\n  | {line}" for line in (lines + self.rest.splitlines())[-8:])
        return Failure(f"{self.name} {what}")

    def read_until(self, pattern, seconds=ANSWER_S):
        """What it writes up to and with the pattern."""
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.rest)
            if found:
                text, self.rest = self.rest[:found.end()], self.rest[found.end():]
                return text
            left = until - time.monotonic()
            if left <= 0:
                raise self.failure(f"said nothing for {seconds} s")
            if select.select([self.reading], [], [], left)[0]:
                try:
                    data = os.read(self.reading, 65536)
                except OSError:  # a terminal that nobody has open any more
                    data = b""
                if not data:
                    self.process.wait()
                    raise self.failure(f"has ended (status {self.process.returncode})")
                self.rest += data.decode(errors="replace").replace("\r", "")

    def answer(self, seconds=ANSWER_S):
        """The next line, which is JSON."""
        line = self.read_until(r"\n", seconds)
        try:
            data = json.loads(line)
        except ValueError:
            raise self.failure(f"answered '{line.strip()}'") from None
        if "error" in data:
            raise Failure(f"{self.name}: {data['error']}")
        return data

    def busiest(self):
        """Of its threads, the one that has run most: what its scheduler says of it."""
        ran = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                ran[task / "schedstat"] = int((task / "schedstat").read_text().split()[0])
        return max(ran, key=ran.get)

    def cpu_ns(self):
        total = 0
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
        return total

    def resident(self):
        """Bytes in memory, hugepages included; what two processes share counts in both."""
        total = 0
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            found = re.match(r"(Rss|Shared_Hugetlb|Private_Hugetlb):\s+(\d+) kB", line)
            if found:
                total += int(found[2]) * 1024
        return total

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
            os.close(self.reading)


@contextlib.contextmanager
def sockets():
    """A folder whose name is short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="wcbench-") as folder:
        yield pathlib.Path(folder)
