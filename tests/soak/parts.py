# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The processes of the soak, and the files through which they are watched."""
import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import select
import signal
import struct
import subprocess
import time

QUEUES_MAX = 4
PATIENCE_S = 180  # without any event it hangs; it judges nothing else (tests/common/patience.h)
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
ASKED = ("tx_frames", "tx_errors", "rx_frames", "rx_missed", "rx_down", "rx_no_queue", "rx_filtered", "rx_oversize", "rx_runt",
         "rx_errors", "flow_drops")
FAULTS = {"revoke": 1, "reset": 2, "hang": 3}
TROUBLE = ("ThreadSanitizer", "AddressSanitizer", "LeakSanitizer", "runtime error:", "has given the card up", "Assertion")


RECOVERED = b": the card is back: recovered"
LOSSES = (b": the card is gone", b"cannot be read any more", b"no heartbeat", b"behind the driver's back", b"fatal error",
          b"no admin rings", b"firmware is dead")


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(what, done, look=None):
    """Until done() is true. It gives up when what look() sees has not changed for a long time."""
    seen, since, pause = None, time.monotonic(), 0.0005
    while True:
        result = done()
        if result:
            return result
        now = look() if look else None
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > PATIENCE_S:
            raise Failure(f"{what} did not come")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


class Words:
    """A file of 64-bit words that other processes write."""

    def __init__(self, path, words):
        path.write_bytes(bytes(8 * words))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8 * words)
        self.path = path

    def __getitem__(self, at):
        return struct.unpack_from("=Q", self.map, 8 * at)[0]

    def __setitem__(self, at, value):
        struct.pack_into("=Q", self.map, 8 * at, value)


class Ledger(Words):
    """struct soak_ledger."""

    def __init__(self, path):
        super().__init__(path, 3 + QUEUES_MAX * 4 + QUEUES_MAX * 9)

    rounds = property(lambda self: self[0])
    damaged = property(lambda self: self[1])
    foreign = property(lambda self: self[2])

    def tx(self, queue, field):
        return self[3 + 4 * queue + ("next_seq", "accepted", "trying", "goal").index(field)]

    def tx_sum(self, field):
        return sum(self.tx(queue, field) for queue in range(QUEUES_MAX))

    def rx_sum(self, field):
        total = 0
        for queue in range(QUEUES_MAX):
            at = 3 + 4 * QUEUES_MAX + 9 * queue
            total += self[at + 1 + 4 * self[at] + ("next", "received", "twice", "gaps").index(field)]
        return total

    def goals_reached(self):
        return all(self.tx(queue, "accepted") >= self.tx(queue, "goal") for queue in range(QUEUES_MAX))

    def goals_drop(self, first=0):
        """Nothing more is to be sent on these queues: nobody uses them now."""
        for queue in range(first, QUEUES_MAX):
            at = 3 + 4 * queue
            self[at + 3] = self[at + 1]
            self[at + 2] = 0


class Process:
    """A child with a log of its own for each of its lives."""

    def __init__(self, name, work, env):
        self.name, self.work, self.env = name, work, env
        self.lives, self.child, self.log = 0, None, None

    def spawn(self, args, **more):
        self.lives += 1
        self.log = self.work / f"{self.name}.{self.lives}.log"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(list(map(str, args)), stderr=log, env={**os.environ, **self.env},
                                          preexec_fn=die_with_parent, start_new_session=True, **more)

    def said(self, text):
        return text in self.log.read_text(errors="replace")

    def send(self, number):
        self.child.send_signal(number)

    def check(self):
        """It is still there, and has said nothing that a sanitizer says."""
        if self.child.poll() is not None:
            raise Failure(f"{self.name} has ended ({status_text(self.child.returncode)}): {self.log}")
        self.check_log()

    def check_log(self):
        text = self.log.read_text(errors="replace")
        for trouble in TROUBLE:
            if trouble in text:
                raise Failure(f"{self.name} says '{trouble}': {self.log}")

    def kill(self):
        """SIGKILL; what its log says is nobody's fault."""
        if self.child is None:
            return
        self.child.kill()
        self.child.wait()

    def end(self, number=signal.SIGTERM):
        """Ends it as it should end, and expects that it does."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        self.ended()

    def ended(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(PATIENCE_S)
        if self.child.returncode != 0:
            raise Failure(f"{self.name} ended with {status_text(self.child.returncode)}: {self.log}")
        self.check_log()

    def sample(self):
        """Descriptors, mappings, those of files among them, KiB of address space, and KiB of memory that it shares with nobody."""
        folder = pathlib.Path(f"/proc/{self.child.pid}")
        memory = dict(line.split(":\t") for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        maps = (folder / "maps").read_text().splitlines()
        return {"descriptors": len(os.listdir(folder / "fd")), "mappings": len(maps),
                "mappings_of_files": sum(line.split()[4] != "0" for line in maps), "address_space_kib": int(memory["VmSize"].split()[0]),
                "own_memory_kib": int(memory["RssAnon"].split()[0])}


def status_text(status):
    return f"signal {-status}" if status < 0 else f"status {status}"


class Daemon(Process):
    """A wcnicd with several cards: (name, port, further options)."""

    def __init__(self, name, program, cards, sockets, work, env):
        self.faults = Words(work / f"{name}.faults", 16 * 15)
        super().__init__(name, work, {**env, "WCNIC_SOAK_FAULTS": str(self.faults.path)})
        self.program, self.cards, self.sockets = program, cards, sockets
        self.stats = work / f"{name}.json"
        self.deaths = 0

    def socket(self, card):
        return self.sockets / f"{card}.sock"

    def start(self):
        for at in range(16 * 15):
            self.faults[at] = 0
        self.stats.unlink(missing_ok=True)
        args = [self.program, "--stats-file", self.stats, "--queues", QUEUES_MAX]
        for card, port, more in self.cards:
            args += ["--socket", self.socket(card), "--port", port, *more]
        self.spawn(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(f"the start of {self.name}", lambda: self.said(f"{self.cards[-1][0]}: listens") or self.child.poll() is not None,
                 self.log.stat)
        self.check()

    def counters(self):
        """Of each card by name, over all resets of this life."""
        before = self.stats.stat().st_ino if self.stats.exists() else None
        self.send(signal.SIGUSR1)
        wait_for(f"counters of {self.name}", lambda: self.stats.exists() and self.stats.stat().st_ino != before)
        told = {card["name"]: card["total"] for card in json.loads(self.stats.read_text())["cards"]}
        for index, (name, _, _) in enumerate(self.cards):
            for i, counter in enumerate(ASKED):
                told[name][counter] += self.faults[15 * index + 4 + i]
        return told

    def ask(self, card, what):
        """A fault of a card; returns how many windows it took."""
        index = [name for name, _, _ in self.cards].index(card)
        at = 15 * index
        hits = self.faults[at + 3]
        self.faults[at + 2] = FAULTS[what]
        self.faults[at] += 1
        wait_for(f"{what} of {card}", lambda: self.faults[at + 1] == self.faults[at])
        return self.faults[at + 3] - hits


class Client(Process):
    """A port of the driver with its ledger."""

    def __init__(self, name, program, daemon, number, peer, args, work, env, rng):
        super().__init__(name, work, env)
        self.program, self.daemon, self.number, self.peer = program, daemon, number, peer
        self.args, self.rng = args, rng
        self.ledger = Ledger(work / f"{name}.ledger")
        self.queues, self.mtu = 2, 1500
        self.recoveries, self.has_card, self.heard = 0, True, 0  # of this life, and how far its log has been read
        self.deaths, self.uncertain = 0, 0  # since the last sum
        self.base, self.began = {}, 0
        self.text = b""

    def start(self):
        self.uncertain += self.ledger.tx_sum("trying")
        self.ledger.goals_drop()
        self.base, self.began = {}, self.ledger.tx_sum("accepted")
        vdev = f"socket={self.daemon.socket(self.name)},timeout_ms=60000,{self.args}"
        self.spawn([self.program, self.ledger.path, vdev, self.number, self.peer, self.queues, self.mtu,
                    self.rng.getrandbits(63)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.text = b""
        self.recoveries, self.has_card, self.heard = 0, True, 0
        self.answer("start")

    def listen(self):
        """By its log: to ask it would be to wait for commands that a card without firmware does not answer."""
        with self.log.open("rb") as log:
            log.seek(self.heard)
            text = log.read()
        whole = text.rfind(b"\n") + 1
        self.heard += whole
        for line in text[:whole].splitlines():
            self.has_card |= line.endswith(RECOVERED)
            self.recoveries += line.endswith(RECOVERED)
            self.has_card &= not any(loss in line for loss in LOSSES)

    def recoveries_seen(self):
        self.listen()
        return self.recoveries

    def has_found(self):
        """Whether it has found the card that is there now."""
        self.listen()
        return self.daemon.said(f" {self.name}: client connected") and self.has_card

    def answer(self, command):
        """The line of JSON that follows a command."""
        end = time.monotonic() + 3 * PATIENCE_S
        while b"\n" not in self.text:
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, end - time.monotonic()))
            part = os.read(self.child.stdout.fileno(), 65536) if ready else b""
            if not part:
                how = "does not answer" if not ready else f"has ended ({status_text(self.child.wait())})"
                raise Failure(f"{self.name} {how} at '{command}': {self.log}")
            self.text += part
        line, self.text = self.text.split(b"\n", 1)
        told = json.loads(line)
        if not told.pop("ok"):
            raise Failure(f"{self.name} refuses '{command}': {told['why']}; {self.log}")
        return told

    def tell(self, command):
        self.child.stdin.write(command.encode() + b"\n")
        self.child.stdin.flush()
        return self.answer(command)

    def kill(self):
        super().kill()
        self.deaths += 1

    def quit(self):
        self.child.stdin.write(b"quit\n")
        self.child.stdin.flush()
        self.ended()

    def memory_cut(self):
        """The file behind its memory ends at its first byte: whoever touches it next faults."""
        folder = pathlib.Path(f"/proc/{self.child.pid}/fd")
        files = [entry for entry in folder.iterdir() if "memfd:nohuge" in os.readlink(entry)]
        if not files:
            raise Failure(f"{self.name} has no file of its memory open")
        for entry in files:
            fd = os.open(entry, os.O_RDWR)
            os.ftruncate(fd, 0)
            os.close(fd)
        self.child.wait()
        self.deaths += 1
