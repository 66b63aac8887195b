# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A guest under QEMU's TCG, ordered about over its console; and the card's process beside it."""
import base64
import contextlib
import gzip
import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time

import life
from life import PATIENCE_S, Failure


# No frame moves for so long: what is missing will not come.
STALL_S = 120
# Kernels print to the console that answers come over; their watchdogs, and a test of the timer at boot, take a slow machine
# for one that hangs.
CALM = "quiet loglevel=1 panic=-1 nowatchdog rcupdate.rcu_cpu_stall_suppress=1 workqueue.watchdog_thresh=0 no_timer_check"


def tail(path, lines=15):
    return "".join("  | " + line for line in open(path, errors="replace").readlines()[-lines:])


class Cards:
    """A wcnicd with one card a port; its counters are read by signal."""

    def __init__(self, program, work, log, ports, *options, first=()):
        self.stats_file, self.log = work / f"{log.stem}.json", log
        self.sockets = [work / f"{log.stem}.{idx}.sock" for idx in range(len(ports))]
        command = [program, "--stats-file", self.stats_file]
        for sock, port in zip(self.sockets, ports):
            sock.unlink(missing_ok=True)
            command += ["--socket", sock, "--port", port, *options, *(first if sock == self.sockets[0] else ())]
        with open(log, "w") as out:
            print("+", shlex.join(map(str, command)), file=out, flush=True)
            self.process = life.start(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self.listening()
        except BaseException:
            self.kill()
            raise

    def listening(self):
        until = time.monotonic() + PATIENCE_S
        while not all(sock.exists() for sock in self.sockets):
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failure(f"the cards did not start:\n{tail(self.log)}")
            time.sleep(0.02)

    def totals(self, idx):
        """Counters of a card since it started, whatever resets there were."""
        self.stats_file.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                return json.loads(self.stats_file.read_text())["cards"][idx]["total"]
            except (OSError, ValueError):
                time.sleep(0.02)
        raise Failure(f"the cards tell no counters:\n{tail(self.log)}")

    def forwarded(self, idx, frames, stop=lambda totals: False):
        """Waits until the card's input has ended and it has sent that many frames, or stop() says so of its counters,
        or nothing moves any more; the counters."""
        last, moved = None, time.monotonic()
        while True:
            totals = self.totals(idx)
            if stop(totals) or totals["port_in_done"] and totals["tx_frames"] >= frames:
                return totals
            if totals["tx_frames"] != last:
                last, moved = totals["tx_frames"], time.monotonic()
            if time.monotonic() - moved > STALL_S:
                return totals
            time.sleep(0.1)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def end(self):
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"the cards did not end:\n{tail(self.log)}") from None
        if status != 0:
            raise Failure(f"the cards ended with status {status}:\n{tail(self.log)}")


class Guest:
    BOOT_S = PATIENCE_S

    def __init__(self, command, log):
        self.log = open(log, "wb")
        self.path, self.pending = log, b""
        self.note(("+ " + shlex.join(map(str, command)) + "\n").encode())
        # QEMU's own messages must not come between a status and its line.
        self.process = life.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, bufsize=0)
        began = time.monotonic()
        try:
            status, self.boot = self.answer(self.BOOT_S, "boot")
        except BaseException:
            self.close()
            raise
        self.boot_s = time.monotonic() - began

    def note(self, data):
        with life.naming(self.path):
            self.log.write(data)
            self.log.flush()

    def answer(self, timeout, what):
        """Everything up to the next status line."""
        until, lines = time.monotonic() + timeout, []
        while True:
            while b"\n" in self.pending:
                line, self.pending = self.pending.split(b"\n", 1)
                text = line.decode(errors="replace").rstrip("\r")
                match = re.search(r"@@ (\d+)$", text)
                if match:
                    if text[:match.start()]:
                        lines.append(text[:match.start()])
                    return int(match[1]), "\n".join(lines)
                lines.append(text)
                if "Kernel panic" in text:
                    raise Failure(f"the kernel panicked at: {what}\n{text}\n{tail(self.path)}")
            left = until - time.monotonic()
            if left <= 0:
                raise Failure(f"no answer within {timeout} s to: {what}\n{tail(self.path)}")
            if select.select([self.process.stdout], [], [], left)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    raise Failure(f"QEMU ended (status {self.ended(10)}) at: {what}\n{tail(self.path)}")
                self.note(data)
                self.pending += data

    def run(self, line, timeout=PATIENCE_S, what=None):
        """One line of shell in the guest: its status and what it printed. `what` is it called if no answer comes."""
        if len(line) > 4000 or "\n" in line:
            raise Failure(f"the guest's console takes one line of 4000 characters: {line[:80]}...")
        self.note(f"# {line}\n".encode())
        with contextlib.suppress(BrokenPipeError):  # the answer says what became of QEMU
            self.process.stdin.write(line.encode() + b"\n")
        return self.answer(timeout, what or line)

    def check(self, line, timeout=PATIENCE_S):
        status, text = self.run(line, timeout)
        if status != 0:
            raise Failure(f"in the guest: {line}\nended with status {status}:\n{text}\n(all of it: {self.path})")
        return text

    def ended(self, timeout):
        """Its exit status; what does not end in time is killed."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def close(self):
        """The guest turns itself off; after a failure, when it may not react, QEMU is asked to end."""
        if self.process.poll() is None:
            if sys.exc_info()[0]:
                self.process.terminate()
            else:
                with contextlib.suppress(BrokenPipeError):
                    self.process.stdin.write(b"poweroff -f\n")
            self.ended(5)
        for stream in (self.process.stdin, self.process.stdout, self.log):
            with contextlib.suppress(OSError):  # a full disk has been reported already
                stream.close()


def file_of(guest, path):
    """The text of a file in a guest."""
    guest.check(f"[ -r {path} ]")
    return rest_of(guest, path)


def rest_of(guest, source):
    """What a file, or an open one from where it was read up to, has; packed on the way, as a console takes up to a
    millisecond for each character."""
    packed = guest.check(f"gzip -c <{source} | base64 -w 0")
    try:
        return gzip.decompress(base64.b64decode(packed, validate=True)).decode(errors="replace")
    except (OSError, EOFError, ValueError) as error:
        raise Failure(f"{source} came garbled over the guest's console ({error}):\n{packed[:1000]}") from None


class Testpmd:
    """A dpdk-testpmd in a guest that takes commands from a pipe."""

    def __init__(self, guest, arguments, program="dpdk-testpmd"):
        self.guest, self.text, self.said = guest, "", []
        guest.check("rm -f /run/pmd /run/pmd.log; mkfifo /run/pmd; "
                    f"{program} {arguments} </run/pmd >/run/pmd.log 2>&1 & echo $! >/run/pmd.pid; exec 3<>/run/pmd; "
                    "while [ ! -e /run/pmd.log ]; do sleep 0.1; done; exec 6</run/pmd.log")
        self.wait("testpmd>")

    def say(self, command):
        self.said.append(command)
        self.guest.check(f"echo '{command}' >&3")

    def printed(self):
        """Its output without prompts and commands, which are not buffered and come in the middle of lines that are."""
        text = self.text.replace("testpmd> ", "")
        for command in self.said:
            text = text.replace(f"{command}\n", "", 1)
        return text

    def output(self):
        """All that it printed; only what is new comes over the console."""
        self.text += rest_of(self.guest, "&6").replace("\r", "")
        return self.text

    def running(self):
        return self.guest.run("kill -0 $(cat /run/pmd.pid)")[0] == 0

    def wait(self, pattern, timeout=PATIENCE_S):
        """Waits until the output matches; the output."""
        until = time.monotonic() + timeout
        while True:
            text = self.output()
            if re.search(pattern, text):
                return text
            if not self.running():
                raise Failure(f"testpmd in the guest ended:\n{text}")
            if time.monotonic() > until:
                raise Failure(f"testpmd in the guest did not print {pattern!r} in {timeout} s:\n{text[-3000:]}")
            time.sleep(0.2)

    def end(self, ask=True):
        """Its exit status and all that it printed. `ask`: it is told to quit; else it ends by itself."""
        if ask and self.running():
            self.say("quit")
        if ask:
            self.guest.check("exec 3>&-")
        status, _ = self.guest.run(f"timeout {PATIENCE_S} sh -c 'while kill -0 $0 2>/dev/null; do sleep 0.2; done' "
                                   "$(cat /run/pmd.pid)", PATIENCE_S + 60)
        text = self.output()
        if status != 0:
            raise Failure(f"testpmd in the guest did not end:\n{text[-3000:]}")
        return self.guest.run("wait $(cat /run/pmd.pid)")[0], text
