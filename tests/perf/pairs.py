# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What is compared: pairs of processes that hand packets to each other. The near end is always tests/perf/pump on the
first CPU; the far end runs on the second: the card (wcnicd), a stock dpdk-testpmd, or another pump."""
import collections
import json
import re
import signal
import time

from machine import PATIENCE_S, Child, Failure

DEPTH = 1024
PROMPT = r"testpmd> "
SETTLE_S = 0.015  # the card's heart beats every 10 ms; a driver that slept for longer must see that it did
START_S = PATIENCE_S
# What was sent and has not arrived by then is lost. A run that measures waits this long for the frames that a peer
# drops; one that only asks whether frames move, on a machine of any load, has PATIENCE_S.
ARRIVE_S = 1.0

Cell = collections.namedtuple("Cell", "test size burst queues")  # size: bytes with FCS, or "imix"


class Eal:
    """How every DPDK process of a run is started."""

    def __init__(self, huge, cpus):
        self.cpus = cpus
        self.memory = ["--in-memory", "--single-file-segments"] if huge else ["--no-huge", "-m", "256"]
        self.huge = huge

    def options(self, prefix, *vdevs, plugin=None):
        prefix = [] if self.huge else [f"--file-prefix=wcbench-{prefix}"]
        return [*self.memory, *prefix, "--no-pci", "--no-telemetry", "--iova-mode=va", "--log-level=5",
                "--log-level=pmd.net.virtio.init:7", "--force-max-simd-bitwidth=512",
                *(["-d", plugin] if plugin else []), *(f"--vdev={vdev}" for vdev in vdevs)]


def mbufs(queues):
    """As many as tests/perf/pump makes."""
    return max(16384, 8192 + 3072 * queues)


def size_without_fcs(size):
    return size - 4


# ---- far ends ----------------------------------------------------------------------------------

class Testpmd(Child):
    """A stock testpmd: takes everything (tx), sends (rx) or sends back (loop, latency)."""
    MODES = {"tx": "rxonly", "rx": "txonly", "loop": "io", "latency": "io"}

    def __init__(self, name, eal, vdev, queues, work, cpu=None, plugin=None):
        cpu = eal.cpus[1] if cpu is None else cpu
        command = ["dpdk-testpmd", "-l", f"{eal.cpus[0]},{cpu}", f"--main-lcore={eal.cpus[0]}",
                   *eal.options(name, vdev, plugin=plugin), "--", "-i", "--nb-cores=1", f"--rxd={DEPTH}",
                   f"--txd={DEPTH}", "--burst=32", f"--total-num-mbufs={mbufs(queues)}", f"--rxq={queues}", f"--txq={queues}",
                   "--disable-link-check", "--no-flush-rx"]
        super().__init__(name, command, work, terminal=True)
        self.what = "testpmd"

    def ready(self):
        self.read_until(PROMPT, START_S)

    def order(self, line):
        self.tell(line)
        text = self.read_until(PROMPT)
        if re.search(r"Bad arguments|Command not found|Ambiguous", text):
            raise self.failure(f"does not know '{line}'")
        return text

    def begin(self, cell):
        self.order(f"set fwd {self.MODES[cell.test]}")
        self.order(f"set burst {cell.burst}")
        if cell.test == "rx":
            self.order(f"set txpkts {size_without_fcs(cell.size)}")
        self.order("start")

    def received(self):
        return self.counted(self.order("show fwd stats all"))["RX"]

    def end(self):
        """Frames received, sent and, as its device took them too late, dropped since begin()."""
        return self.counted(self.order("stop"))

    def counted(self, text):
        found = {key: re.findall(pattern + r": +(\d+)", text)
                 for key, pattern in (("RX", "RX-packets"), ("TX", "TX-packets"), ("dropped", "TX-dropped"))}
        if not all(found.values()):
            raise self.failure("does not say what it has forwarded")
        return {key: int(numbers[-1]) for key, numbers in found.items()}  # the last is of all streams


class FarPump(Child):
    """The program of the near end at the far end: for frames of mixed length, which testpmd does not make."""
    MODES = {"tx": "rx", "rx": "tx", "loop": "forward", "latency": "forward"}
    what = "pump"

    def __init__(self, name, eal, pump, vdev, queues, work):
        super().__init__(name, [pump, "-l", eal.cpus[1], *eal.options(name, vdev), "--", queues], work)

    def ready(self):
        self.answer(START_S)

    def begin(self, cell):
        self.tell(f"{self.MODES[cell.test]} {cell.size} {cell.burst} {cell.queues}")

    def received(self):
        raise NotImplementedError("it is asked to send")

    def end(self):
        self.tell("")
        totals = self.answer()
        return {"RX": totals["received"], "TX": totals["sent"]}


class Wcnicd(Child):
    """The card, plugged into something that takes, makes or returns frames."""
    what = "the card"

    def __init__(self, name, program, cpu, sockets, port, work, more=()):
        self.stats = sockets[0].with_suffix(".json")
        command = [program, "--stats-file", self.stats, "--log-level", "warning", *more]
        for sock in sockets:
            command += ["--socket", sock, "--port", port, "--cpu", cpu]
        super().__init__(name, command, work)
        self.sockets, self.before = sockets, {"RX": 0, "TX": 0}

    def ready(self):
        until = time.monotonic() + START_S
        while not all(sock.exists() for sock in self.sockets):
            if self.process.poll() is not None or time.monotonic() > until:
                raise self.failure("did not start")
            time.sleep(0.01)

    def totals(self):
        """Frames that this card's first socket took and gave since it started."""
        self.stats.unlink(missing_ok=True)
        self.signal(signal.SIGUSR1)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                total = json.loads(self.stats.read_text())["cards"][0]["total"]
                return {"RX": total["tx_frames"], "TX": total["rx_frames"]}
            except (OSError, ValueError):
                time.sleep(0.001)
        raise self.failure("tells no counters")

    def begin(self, cell):
        pass  # it never stops

    def received(self):
        return self.totals()["RX"] - self.before["RX"]

    def end(self):
        """Frames taken and given since the last time."""
        before, self.before = self.before, self.totals()
        return {key: self.before[key] - before[key] for key in before}


class Forwarding:
    """Another DPDK process behind a cable between two cards of one wcnicd: a far end that does the same work as the
    peers'. It needs a CPU of its own."""
    what = "testpmd behind a cable"

    def __init__(self, name, eal, programs, sockets, work):
        self.name = name
        self.card = Wcnicd(f"{name}-card", programs.wcnicd, eal.cpus[1], sockets, "wire", work)
        self.card.ready()
        self.testpmd = Testpmd(name, eal, f"net_wcnic0,socket={sockets[1]},placement=auto", 1, work,
                               cpu=eal.cpus[2], plugin=programs.plugin)
        self.pid = self.card.pid

    def __getattr__(self, attribute):
        return getattr(self.testpmd, attribute)

    def stop(self):
        self.testpmd.stop()
        self.card.stop()

    def go_on(self):
        self.card.go_on()
        time.sleep(SETTLE_S)
        self.testpmd.go_on()

    def busiest(self):
        return f"{self.card.busiest()}:{self.testpmd.busiest()}"

    def resident(self):
        return self.card.resident() + self.testpmd.resident()

    def kill(self):
        self.testpmd.kill()
        self.card.kill()


# ---- near end ----------------------------------------------------------------------------------

class Near(Child):
    def __init__(self, name, eal, pump, vdev, queues, work, more=()):
        super().__init__(name, [pump, "-l", eal.cpus[0], *eal.options(name, vdev), "--", queues, *more], work)
        self.dpdk, self.queues = None, queues

    def ready(self):
        self.dpdk = self.answer(START_S)["dpdk"]
        self.tell("link")
        self.answer(START_S)
        self.tell(f"patience {round(ARRIVE_S * 1000)}")
        self.answer(START_S)

    def run(self, cell, warm_ms, ms, schedstat):
        self.tell(f"{cell.test} {cell.size} {cell.burst} {cell.queues} {warm_ms} {ms} {schedstat}")
        return self.answer()

    def drain(self, ms):
        self.tell(f"drain {ms}")
        return self.answer()["received"]


# ---- pairs -------------------------------------------------------------------------------------

class Pair:
    """Both ends of one way to hand packets over; `implementation` is its name, `serves` says which cells it can do."""

    def __init__(self, implementation, variant, near, far, serves):
        self.implementation, self.variant, self.near, self.far, self.serves = implementation, variant, near, far, serves
        self.outstanding = 0  # frames that the far end has given and the near end has not taken yet

    @property
    def ends(self):
        return [end for end in (self.far, self.near) if end is not None]

    def stop(self):
        for end in reversed(self.ends):
            end.stop()

    def go_on(self, cell):
        if self.far is not None:
            self.far.go_on()
            time.sleep(SETTLE_S)
            self.far.begin(cell)
        self.near.go_on()

    def measure(self, cell, warm_ms, ms):
        """A sample; in `dropped` the frames that the far end says it has dropped, in `unaccounted` those of which nobody
        knows where they are."""
        schedstat = self.far.busiest() if self.far is not None else "-"
        result = self.near.run(cell, warm_ms, ms, schedstat)
        if self.far is None:
            return {**result, "dropped": 0, "unaccounted": 0}
        if cell.test == "tx":
            self.near.drain(1)
            until = time.monotonic() + ARRIVE_S
            while self.far.received() < result["sent"] and time.monotonic() < until:
                pass
        far = self.far.end()
        dropped = far.get("dropped", 0) if cell.test in ("loop", "latency") else 0
        return {**result, "dropped": dropped, "unaccounted": self.unaccounted(cell, result, far) - dropped}

    def unaccounted(self, cell, result, far):
        if cell.test in ("loop", "latency"):
            return result["lost"] + result["stale"]
        if cell.test == "tx":
            return result["sent"] - far["RX"]
        self.outstanding += far["TX"] - result["received"]
        # A card's generator does not end: what it has put into the driver's buffers stays there.
        if isinstance(self.far, Wcnicd):
            return 0 if 0 <= self.outstanding <= DEPTH * self.near.queues else self.outstanding
        until = time.monotonic() + ARRIVE_S
        while self.outstanding > 0 and time.monotonic() < until:
            self.outstanding -= self.near.drain(1)
        return self.outstanding


OURS = ("push", "fetch")
MEMIF = ("memif", "memif-zc")
VIRTIO = {
    "virtio-split": "packed_vq=0,in_order=0,mrg_rxbuf=1",
    "virtio-split-inorder": "packed_vq=0,in_order=1,mrg_rxbuf=1",
    "virtio-split-vec": "packed_vq=0,in_order=0,mrg_rxbuf=0,vectorized=1",
    "virtio-packed": "packed_vq=1,in_order=0,mrg_rxbuf=1",
    "virtio-packed-inorder": "packed_vq=1,in_order=1,mrg_rxbuf=1",
    "virtio-packed-vec": "packed_vq=1,in_order=1,mrg_rxbuf=0,vectorized=1",
}
# What a peer cannot do, and why.
CANNOT = {"virtio-split-vec": (lambda cell: cell.test != "tx" and cell.burst < 4,
                               "it takes part in nothing that receives frames one by one: its Rx waits for several")}
# One process alone: what the near end's own work costs.
FLOORS = {"null": ("net_null0,size=60", ("tx", "rx")), "ring": ("net_ring0", ("loop",))}


def memif_vdevs(name, sock):
    common = f"id=0,rsize=11,socket-abstract=no,socket={sock}"
    zero_copy = ",zero-copy=yes" if name == "memif-zc" else ""
    return f"net_memif0,role=client,{common}{zero_copy}", f"net_memif0,role=server,{common}"


def virtio_vdevs(name, sock, queues):
    return (f"net_virtio_user0,path={sock},queues={queues},queue_size={DEPTH},{VIRTIO[name]}",
            f"net_vhost0,iface={sock},queues={queues}")


def card_variants(sizes, queues):
    """What our card is plugged into, and for which cells. With several queues frames come to each in trains, as those of
    testpmd do, which fills one queue after the other."""
    yield "loopback", "loopback", lambda cell: cell.test in ("loop", "latency")
    yield "sink", "sink", lambda cell: cell.test == "tx"
    for size in sizes:
        count = 0 if size == "imix" else size_without_fcs(size)
        yield (f"generator-{size}", f"generator:bytes={count},flows=64" + (",train=32" if queues > 1 else ""),
               lambda cell, size=size: cell.test == "rx" and cell.size == size)


class Starter:
    """Makes pairs; what cannot be made is left out, and `left_out` says why."""

    def __init__(self, eal, programs, sockets, work, tell):
        self.eal, self.programs, self.sockets, self.work, self.tell = eal, programs, sockets, work, tell
        self.children, self.left_out, self.notes = [], {}, {}
        self.pairs = []
        self.n = 0

    def keep(self, child):
        self.children.append(child)
        return child

    def sock(self):
        self.n += 1
        return self.sockets / f"{self.n}.sock"

    def near(self, name, vdev, queues):
        near = self.keep(Near(f"{name}-near", self.eal, self.programs.pump, vdev, queues, self.work))
        near.ready()
        return near

    def add(self, implementation, variant, near, far, serves):
        pair = Pair(implementation, variant, near, far, serves)
        pair.stop()
        self.pairs.append(pair)

    def ours(self, placement, sizes, queues):
        for variant, port, serves in card_variants(sizes, queues):
            name, sock = f"{placement}-{variant}-q{queues}", self.sock()
            far = self.keep(Wcnicd(f"{name}-card", self.programs.wcnicd, self.eal.cpus[1], [sock], port, self.work))
            far.ready()
            near = self.near(name, f"net_wcnic0,socket={sock},placement={placement}", queues)
            self.add(placement, variant, near, far, serves)

    def ours_port(self, name, placement, port):
        """The loop with the card plugged into something else."""
        sock = self.sock()
        far = self.keep(Wcnicd(f"{name}-card", self.programs.wcnicd, self.eal.cpus[1], [sock], port, self.work))
        far.ready()
        near = self.near(name, f"net_wcnic0,socket={sock},placement={placement}", 1)
        self.add(name, port, near, far, lambda cell: cell.test in ("loop", "latency"))

    def ours_forwarded(self, name, placement):
        """The loop with a forwarding DPDK process at the far end."""
        socks = [self.sock(), self.sock()]
        far = self.keep(Forwarding(name, self.eal, self.programs, socks, self.work))
        far.ready()
        near = self.near(name, f"net_wcnic0,socket={socks[0]},placement={placement}", 1)
        self.add(name, "testpmd", near, far, lambda cell: cell.test in ("loop", "latency"))

    def peer(self, name, sizes, queues):
        vdevs = memif_vdevs if name in MEMIF else lambda n, s: virtio_vdevs(n, s, queues)
        near_vdev, far_vdev = vdevs(name, self.sock())
        far = self.keep(Testpmd(f"{name}-q{queues}-far", self.eal, far_vdev, queues, self.work))
        far.ready()
        near = self.near(f"{name}-q{queues}", near_vdev, queues)
        cannot = CANNOT.get(name, (lambda cell: False, ""))[0]
        self.add(name, "testpmd", near, far,
                 lambda cell: (cell.test, cell.size) != ("rx", "imix") and not cannot(cell))
        if "imix" not in sizes:
            return
        near_vdev, far_vdev = vdevs(name, self.sock())
        far = self.keep(FarPump(f"{name}-q{queues}-imix-far", self.eal, self.programs.pump, far_vdev, queues,
                                self.work))
        far.ready()
        near = self.near(f"{name}-q{queues}-imix", near_vdev, queues)
        self.add(name, "pump", near, far, lambda cell: (cell.test, cell.size) == ("rx", "imix"))

    def floor(self, name):
        vdev, tests = FLOORS[name]
        self.add(name, "alone", self.near(name, vdev, 1), None, lambda cell: cell.test in tests and cell.size == 64)

    def attempt(self, name, make, *arguments):
        """Ours must work; a peer that this DPDK does not have is left out."""
        self.tell(f"starting {name}")
        first = len(self.children), len(self.pairs)
        try:
            make(name, *arguments)
        except Failure as failure:
            for child in self.children[first[0]:]:
                child.kill()
            del self.children[first[0]:], self.pairs[first[1]:]
            if name in OURS:
                raise
            self.left_out[name] = str(failure)

    def start(self, names, sizes, queues=1):
        for name in names:
            if name in OURS:
                self.attempt(name, self.ours, sizes, queues)
            elif name in FLOORS:
                self.attempt(name, self.floor)
            else:
                self.attempt(name, self.peer, sizes, queues)

    def end(self):
        for child in reversed(self.children):
            child.kill()
        self.children.clear()
        self.pairs.clear()
