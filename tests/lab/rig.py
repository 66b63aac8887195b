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
    """A process that outlives its parent becomes a child of this one."""
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


def until(condition, what):
    end = time.monotonic() + life.PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {life.PATIENCE_S} s: {what}")
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

    def wait(self):
        self.status = self.process.wait(life.PATIENCE_S)
        return self.said.read_text()

    def reached(self, file, words):
        """Waits until the run has written that."""
        def there():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.process.args[0]} ended early:\n{self.said.read_text()}")
            return file.exists() and words in file.read_text(errors="replace")
        until(there, f"{words!r} in {file}")

    def killed(self, number):
        """Ends it by a signal; waits until none of its processes is there."""
        below = children(self.process.pid)
        os.kill(self.process.pid, number)
        text = self.wait()
        until(lambda: not any(map(alive, below)), f"no process of the run lives: {text}")
        return text, below


def signals():
    return signal.SIGINT, signal.SIGTERM, signal.SIGKILL
