# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the tests of failures share: where things are, whose processes live, and the lab as a process."""
import ctypes
import os
import pathlib
import signal
import subprocess
import time

import life

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = {"lab": ROOT / "app/wclab/lab/run", "guest": ROOT / "tests/guest/run"}
PR_SET_CHILD_SUBREAPER = 36
args = None


def out():
    args.out.mkdir(parents=True, exist_ok=True)
    return args.out


def adopt():
    """Whoever outlives the process that started it becomes a child of this one."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid=None):
    """Processes below that one, of this one by default, that run still."""
    found = set()
    for task in pathlib.Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        try:
            below = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, below):
            if alive(child):
                found |= {child} | children(child)
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Program:
    """./run lab or ./run guest as ./run starts it; what it says is kept."""

    def __init__(self, name, folder, *arguments, **instead):
        self.out = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.said = args.out / f"{folder.name}.said"
        options = {"--build-amd64": args.build_amd64, "--build-arm64": args.build_arm64, "--out": folder,
                   "--cache": args.cache, "--capture": args.capture, **instead}
        words = [str(word) for option in options.items() for word in option]
        with open(self.said, "w") as said:
            self.process = subprocess.Popen([PROGRAMS[name], *words, *arguments], stdin=subprocess.DEVNULL, stdout=said,
                                            stderr=said, **life.tied())

    def wait(self, seconds=180):
        self.status = self.process.wait(seconds)
        return self.said.read_text()

    def reached(self, file, words, seconds=240):
        """Waits until the run has written that."""
        def there():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.process.args[0]} ended early:\n{self.said.read_text()}")
            return file.exists() and words in file.read_text(errors="replace")
        until(there, seconds, f"{words!r} in {file}")

    def killed(self, number):
        """Ends it by a signal; what of its processes is still there a moment later."""
        below = children(self.process.pid)
        os.kill(self.process.pid, number)
        text = self.wait(20)
        end = time.monotonic() + 5
        while any(map(alive, below)) and time.monotonic() < end:
            time.sleep(0.02)
        return text, below, {pid for pid in below if alive(pid)}


def signals():
    return signal.SIGINT, signal.SIGTERM, signal.SIGKILL
