# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""One program of DPDK at a time, with cards whose frames come from captures and go into captures. A program is ended
when it has done its work; the clock only guards against a hang."""
import contextlib
import importlib.util
import os
import pathlib
import pty
import re
import shlex
import signal
import subprocess
import threading
import time

import frames
import life
from dpdk import Failure, Telemetry
from next_dpdk import NextDpdk, Unavailable

PATIENCE_S = 120  # it only guards against a hang
CLONE_NEWNS = 0x20000
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# Not the lab's module of the same name.
spec = importlib.util.spec_from_file_location("perf_machine", pathlib.Path(__file__).parents[1] / "perf/machine.py")
machine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(machine)


class Skip(Exception):
    """Why a check cannot be done on this machine."""


def mount_huge(folder):
    """In a mount namespace of this run, so that it goes whatever ends the run. Why not, if it cannot be."""
    if life.LIBC.unshare(CLONE_NEWNS):
        return "the kernel permits no mount namespace"
    for command in ["mount", "--make-rprivate", "/"], ["mount", "-t", "hugetlbfs", "none", folder]:
        done = life.run(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"})
        if done.returncode != 0:
            return done.stderr.strip().partition("\n")[0]
    return None


def until(done, what, *programs):
    """Polls until `done()` is true; returns what it said."""
    end = time.monotonic() + PATIENCE_S
    while True:
        answer = done()
        if answer:
            return answer
        for program in programs:
            program.check()
        if time.monotonic() > end:
            raise Failure(f"{what} did not come in {PATIENCE_S} s" + "".join(p.tail() for p in programs))
        time.sleep(0.02)


class Program:
    """A running program: what it prints, what it is told, its telemetry."""

    def __init__(self, command, log, cpus, cwd, env=None):
        self.name, self.log = pathlib.Path(command[0]).name, log
        self.text, self.seen, self.telemetry = "", 0, None
        self.file = open(log, "w")
        print("+", shlex.join(map(str, command)), file=self.file, flush=True)
        tied = life.tied()
        tie = tied.pop("preexec_fn")
        # A terminal, so that lines come when they are printed.
        self.reading, theirs = pty.openpty()
        self.process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs,
                                        env={**os.environ, "RUNTIME_DIRECTORY": str(cwd), **(env or {})}, **tied,
                                        preexec_fn=lambda: (tie(), os.sched_setaffinity(0, cpus)))
        os.close(theirs)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                data = os.read(self.reading, 65536)
            except OSError:  # a terminal that nobody has open any more
                data = b""
            if not data:
                return
            text = ANSI.sub("", data.decode(errors="replace").replace("\r", ""))
            self.text += text
            self.file.write(text)
            self.file.flush()

    def tail(self):
        lines = [line for line in self.text.splitlines() if line.strip()]
        return "".join(f"\n  | {line}" for line in lines[-12:]) + f"\n  all of it: {self.log}"

    def ended(self):
        if self.process.poll() is None:
            return False
        self.reader.join(PATIENCE_S)
        return True

    def check(self):
        if self.ended():
            raise Failure(f"{self.name} ended by itself (status {self.process.returncode}):{self.tail()}")

    def wait(self, pattern):
        """The next match in what it prints."""
        def found():
            return re.compile(pattern, re.M).search(self.text, self.seen)
        match = until(found, f"/{pattern}/ from {self.name}", *([] if self.ended() and found() else [self]))
        self.seen = match.end()
        return match

    def say(self, line):
        with contextlib.suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def ask(self, command):
        """By telemetry; None where the command fails."""
        if self.telemetry is None:
            raise Failure(f"{self.name} was started without telemetry")
        if isinstance(self.telemetry, pathlib.Path):
            until(self.telemetry.exists, f"{self.name}'s telemetry", self)
            self.telemetry = Telemetry(self.telemetry, PATIENCE_S)
        try:
            return self.telemetry.ask(command)
        except (OSError, ValueError):
            self.check()
            raise Failure(f"{self.name} does not answer {command} by telemetry:{self.tail()}") from None

    def xstats(self, port=0):
        return self.ask(f"/ethdev/xstats,{port}") or {}

    def exit(self, status=0):
        """Waits for its end; all that it printed."""
        until(self.ended, f"the end of {self.name}")
        if status is not None and self.process.returncode != status:
            raise Failure(f"{self.name} ended with status {self.process.returncode}, not {status}:{self.tail()}")
        return self.text

    def end(self, with_signal=signal.SIGINT, status=0):
        """Ends a program that runs until it is told. A status of None: one that dies of the signal."""
        self.check()
        self.process.send_signal(with_signal)
        return self.exit(status)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE_S)
        if isinstance(self.telemetry, Telemetry):
            self.telemetry.close()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        os.close(self.reading)
        self.file.close()


class Testpmd(Program):
    """dpdk-testpmd at its prompt. That is written letter by letter: where its forwarding threads print what they receive
    (set verbose 1), their lines may begin after any of its letters."""
    RECEIVED = r"(?:(?:port \d+/queue |  src=|  ol_flags: )[^\n]*\n)*"
    PROMPT = RECEIVED.join("testpmd> ")

    def tell(self, *lines):
        """Gives commands, one after the other; what the last one printed."""
        text = ""
        for line in lines:
            self.say(line)
            began = self.seen
            self.wait(self.PROMPT)
            text = self.text[began:self.seen].removesuffix("testpmd> ")
        return text

    def must(self, *lines):
        """The same for commands that print nothing if they succeed."""
        for line in lines:
            text = self.tell(line)
            if re.search(r"\b(fail|error|invalid|bad arg|not supported|unsupported|cannot|please|must be)", text, re.I):
                raise Failure(f"testpmd answered '{line}' with:\n{text}")

    def quit(self):
        self.say("quit")
        return self.exit()


class Port:
    """A card with a capture at each end."""

    def __init__(self, rig, number, sent, **options):
        self.rig, self.number = rig, number
        self.path_in, self.path_out = (rig.work / f"{rig.name}.{number}.{end}.pcap" for end in ("in", "out"))
        frames.write(self.path_in, sent)
        self.spec = f"pcap:in={self.path_in},out={self.path_out}" + "".join(f",{key}={value}" for key, value in options.items())

    def sent(self):
        return frames.read(self.path_out)

    def wait(self, count, *programs):
        """Waits until so many frames came out; all that did."""
        def enough():
            got = self.sent()
            return got if len(got) >= count else None
        try:
            return until(enough, f"{count} frames of port {self.number}", *programs)
        except Failure as failure:
            raise Failure(f"{len(self.sent())} frames came out of port {self.number}: {failure}") from None


class Rig:
    """What one check needs; it goes away with it."""

    def __init__(self, args, work, plugin, programs, name, stack):
        self.args, self.work, self.plugin, self.programs = args, work, plugin, programs
        self.name, self.stack = re.sub("[^a-z0-9_]+", "-", name, flags=re.I), stack
        self.cpus, self.huge = sorted(os.sched_getaffinity(0)), work / "huge"
        self.ports, self.started = [], 0

    def port(self, sent=(), **options):
        self.ports.append(Port(self, len(self.ports), sent, **options))
        return self.ports[-1]

    def vdevs(self, *specs, options="", first=0):
        """EAL's arguments for embedded cards with these ports; `first` is the first one's number."""
        args = []
        for number, spec in enumerate(specs, first):
            spec = getattr(spec, "spec", spec).replace(",", ";")
            args += ["--vdev", f"net_wcnic{number},port={spec}{options}"]
        return args

    def cards(self, *specs, options=(), first=0):
        """EAL's arguments for cards in a process of their own, and that process."""
        sockets = [self.work / f"{self.started}.{number}.sock" for number in range(len(specs))]
        command = [self.args.build / "app/wcnicd/wcnicd", *options]
        for sock, spec in zip(sockets, specs):
            sock.unlink(missing_ok=True)
            command += ["--socket", sock, "--port", getattr(spec, "spec", spec)]
        card = self.start(Program, command)
        until(lambda: all(sock.exists() for sock in sockets), "the card's socket", card)
        args = []
        for number, sock in enumerate(sockets, first):
            args += ["--vdev", f"net_wcnic{number},socket={sock}"]
        return args, card

    def mac(self, devices):
        """The address of the first of these cards."""
        pmd = self.testpmd(devices)
        address = pmd.ask("/ethdev/info,0")["mac_addr"]
        pmd.quit()
        return address

    def hugepages(self, mib=512):
        """EAL's arguments for memory that other processes can map. Given back with all else."""
        why_not = self.stack.enter_context(machine.hugepages(mib))
        if why_not:
            raise Skip(why_not)
        if not self.huge.exists():
            self.huge.mkdir()
            why_not = mount_huge(self.huge)
            if why_not:
                self.huge.rmdir()
                raise Skip(f"hugetlbfs cannot be mounted: {why_not}")
        # The files of processes that have ended hold pages.
        self.stack.callback(lambda: [path.unlink() for path in self.huge.iterdir()])
        return ("--huge-dir", self.huge, "-m", str(mib - 64))

    def again(self, program):
        """The same program once more, after its end."""
        return self.start(type(program), program.process.args)

    def start(self, kind, command, env=None):
        self.started += 1
        command = list(map(str, command))
        log = self.args.out / f"{self.name}{'.' + str(self.started) if self.started > 1 else ''}.log"
        try:
            program = kind(command, log, self.cpus, self.work, env)
        except OSError as error:
            raise Failure(f"{command[0]} cannot be started: {error.strerror}") from None
        self.stack.callback(program.close)
        return program

    def next_dpdk(self):
        """DPDK of the next release, once for all checks."""
        try:
            if "next" not in self.programs:
                self.programs["next"] = NextDpdk(self.args, self.work)
        except Unavailable as why:
            raise Skip(str(why)) from None
        return self.programs["next"]

    def eal(self, prefix, lcores=1, memory=("--no-huge", "-m", "512"), first_lcore=0, plugin=None):
        """EAL's arguments for all programs: without PCI, and mostly without root and hugepages."""
        at = ",".join(f"{lcore}@{self.cpus[lcore % len(self.cpus)]}" for lcore in range(first_lcore, first_lcore + lcores))
        return ["--lcores", at, "--no-pci", *memory, "--file-prefix", prefix, "-d",
                plugin or self.plugin]

    def run(self, name, devices, *args, lcores=1, eal=(), kind=Program, memory=("--no-huge", "-m", "512"),
            primary=None, first_lcore=0, dpdk=None):
        """Starts an example, or a program of the distribution or of another DPDK; as a secondary process of the primary
        that is given, which needs lcores of its own: caches of mempools are each lcore's."""
        path = dpdk.command(name) if dpdk else [self.programs.get(name, name)]
        prefix = primary.prefix if primary else f"p{self.started}"
        if primary:
            eal = ("--proc-type=secondary", *eal)
        command = [*path, *self.eal(prefix, lcores, memory, first_lcore, dpdk and dpdk.plugin), *devices, *eal, "--", *args]
        program = self.start(kind, command)
        program.prefix = prefix
        program.telemetry = None if primary else self.work / "dpdk" / prefix / "dpdk_telemetry.v2"
        return program

    def testpmd(self, devices, *args, lcores=2, **options):
        pmd = self.run("dpdk-testpmd", devices, "-i", "--nb-cores=1", "--total-num-mbufs=8192", "--no-flush-rx",
                       "--disable-link-check", *args, lcores=lcores, kind=Testpmd, **options)
        pmd.wait(Testpmd.PROMPT)
        expect("Start ports failed" not in pmd.text, "testpmd could not start its ports", pmd)
        return pmd


def expect(condition, what, *programs):
    if not condition:
        raise Failure(what + "".join(program.tail() for program in programs))


def differences(got, wanted):
    """The first difference of two lists, of frames or of what is known of them, in words; None if they are the same."""
    for at, (one, other) in enumerate(zip(got, wanted)):
        if one != other:
            if not isinstance(one, bytes):
                return f"number {at} is {one}, not {other}"
            return f"frame {at} is {one[:80].hex()} of {len(one)} bytes, not {other[:80].hex()} of {len(other)}"
    if len(got) != len(wanted):
        return f"{len(got)}, not {len(wanted)}"
    return None


def same(got, wanted, where):
    difference = differences(got, wanted)
    if difference:
        raise Failure(f"{where}: {difference}")
