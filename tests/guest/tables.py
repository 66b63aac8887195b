# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The memory types that a guest's program has for a BAR, read from outside: on x86-64 from the page tables that a CPU
uses now, by QEMU's monitor; on aarch64 from the tables that each of its stores was walked through, by the plugin."""
import json
import re
import socket
import time

from life import PATIENCE_S, Failure

# How Linux sets up IA32_PAT; a page-table entry names one by its bits PAT, PCD, PWT.
PAT = ("WB", "WC", "UC-", "UC", "WB", "WP", "UC-", "WT")
USER_TOP = 1 << 47
# Of "info tlb": address, physical address, XGPDACTUW; P of a page of 4 KiB is the bit PAT.
ENTRY = re.compile(r"^([0-9a-f]{16}): ([0-9a-f]{16}) [X-][G-]([P-])[D-][A-]([C-])([T-])([U-])[W-]", re.M)


class Monitor:
    """QEMU's, by QMP."""

    def __init__(self, path):
        self.path, self.file = path, None

    @staticmethod
    def options(path):
        return ["-qmp", f"unix:{path},server=on,wait=off"]

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE_S)
        try:
            sock.connect(str(self.path))
        except OSError as error:
            raise Failure(f"QEMU does not answer at {self.path}: {error.strerror}") from None
        self.file = sock.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        if self.file is None:
            self.connect()
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline() or '{"error": "it ended"}')
            if "error" in answer:
                raise Failure(f"QEMU's monitor answers {command} with: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def types(self, cpu, pa, size):
        """Of the user mappings of [pa, pa + size) in the tables of that CPU."""
        text = self.ask("human-monitor-command", **{"command-line": "info tlb", "cpu-index": cpu})
        return {PAT[(pat == "P") << 2 | (pcd == "C") << 1 | (pwt == "T")]
                for va, at, pat, pcd, pwt, user in ENTRY.findall(text)
                if pa <= int(at, 16) < pa + size and int(va, 16) < USER_TOP and user == "U"}


class X86Types:
    """Of the BARs of several devices, while the program runs on CPU 1."""

    def __init__(self, work):
        self.monitor = Monitor(work / "qmp")

    def options(self):
        return Monitor.options(self.monitor.path)

    @staticmethod
    def now():
        """Nothing to remember: the tables are what they are."""
        return None

    def see(self, ranges, since=None):
        """A set of types for each range, once all are mapped."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = [self.monitor.types(1, *one) for one in ranges]
            if all(found):
                return found
            if time.monotonic() > until:
                raise Failure(f"the page tables of CPU 1 do not have {[hex(pa) for pa, _ in ranges]}: {found}")
            time.sleep(0.1)


class Arm64Types:
    """Of the BAR that the plugin watches: of the stores from now on, or since an earlier now()."""

    def __init__(self, trace):
        self.trace = trace

    def now(self):
        return self.trace.stat().st_size

    def see(self, ranges, since=None):
        return [self.types("store", since)]

    def registers(self, since=None):
        """Of BAR 0."""
        return self.types("register", since)

    def types(self, what, since):
        """Of the stores of programs to what."""
        until, at = time.monotonic() + PATIENCE_S, self.now() if since is None else since
        while True:
            with open(self.trace) as trace:
                trace.seek(at)
                lines = [line for line in trace if line.startswith(what) and line.endswith("\n") and " EL0 " in line]
            if lines:
                return {self.type_of(line) for line in lines}
            if time.monotonic() > until:
                raise Failure(f"the program has stored nothing ({what})")
            time.sleep(0.1)

    @staticmethod
    def type_of(line):
        found = re.search(r" (\w+-\w+): ", line)
        if found is None:
            raise Failure(f"the plugin could not walk the tables: {line.strip()}")
        return found[1]
