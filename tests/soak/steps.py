# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The soak itself: cards and clients, steps of traffic with a fault in the middle of each, and the sum of each step."""
import collections
import random
import signal
import subprocess
import sys
import time

import account
from capture import Capture
from parts import Client, Daemon, Failure, Process, wait_for

HERE = __file__.rsplit("/", 1)[0]
DEPTH, BURST, ENDS = 256, 32, 4
CARD_BURST = 64  # what a card sends before it writes it into a capture
# What a death may take of each queue: the ring, the burst that was under way, and for Tx what waited to be written again.
TX_ROOM, RX_ROOM = 2 * DEPTH + BURST, DEPTH + BURST
LIVES = "cards live"  # of the half in which drivers are killed
DIES = "clients live"  # of the half in which the card's process is killed

# Two wires between drivers that die, and a card for the neighbour.
CARDS = [("a", "wire:flow_control=on", []), ("b", "wire:flow_control=on", []), ("c", "wire", []), ("d", "wire", []),
         ("h", "generator", [])]
PLACEMENTS = {"a": "placement=push", "b": "placement=fetch", "c": "placement=auto", "d": "placement=push,slot_lines=1,packed=0",
              "e": "placement=push", "f": "placement=fetch", "p": "placement=push"}
PEERS = {"a": "b", "b": "a", "c": "d", "d": "c", "e": "f", "f": "e"}
NUMBERS = {name: number + 1 for number, name in enumerate(PLACEMENTS)}
VICTIMS = "abcd"


class Soak:
    def __init__(self, programs, env, work, sockets, disk, disk_why, seed, frames, kinds, tell):
        self.rng = random.Random(seed)
        self.work, self.frames, self.tell = work, frames, tell
        self.disk, self.disk_why = disk, disk_why
        make = (sockets, work, env)
        shared = [(name, port, ["--thread", 0]) for name, port, _ in CARDS]
        self.lasting = Daemon("wcnicd-1", programs["wcnicd"], shared, *make)
        self.capture = Capture(disk / "p.pcap", NUMBERS["p"])
        mortal = [("e", "wire:flow_control=on", ["--thread", 0]), ("f", "wire:flow_control=on", ["--thread", 0]),
                  ("p", f"pcap:out={self.capture.path}", ["--thread", 0])]
        self.mortal = Daemon("wcnicd-2", programs["wcnicd"], mortal, *make)
        self.clients = {}
        for name, args in PLACEMENTS.items():
            daemon = self.mortal if name in "efp" else self.lasting
            peer = NUMBERS[PEERS[name]] if name in PEERS else 0
            self.clients[name] = Client(name, programs["client"], daemon, NUMBERS[name], peer, args, work, env,
                                        random.Random(self.rng.getrandbits(64)))
        self.neighbour, self.neighbour_count = None, collections.Counter()
        self.decks = {half: Deck(half, self.rng, kinds, disk_why) for half in (LIVES, DIES)}
        self.cards_base = {self.lasting: {}, self.mortal: {}}
        self.ledger_base = {name: {} for name in self.clients}
        self.disk_was_full, self.blind, self.cut = False, {}, set()
        self.total, self.by_direction = account.Sum(), {}
        self.schedule, self.samples, self.faults = [], [], collections.Counter()
        self.recoveries_due = collections.Counter()
        self.step, self.now = 0, {}
        self.began = time.monotonic()

    # ---- the whole ------------------------------------------------------------------------------

    def start(self):
        self.lasting.start()
        self.mortal.start()
        for client in self.clients.values():
            client.start()
        self.base_take()

    def base_take(self):
        """What has been counted up to here belongs to no step."""
        for daemon in (self.lasting, self.mortal):
            self.cards_base[daemon] = daemon.counters()
        for name, client in self.clients.items():
            client.base = client.tell("counters")
            self.ledger_base[name] = ledger_words(client)
        self.capture_base = capture_words(self.capture)

    def run(self, enough):
        while not enough(self):
            self.step += 1
            self.one()

    def end(self):
        """All go as they should: no mbuf, no memory and no race is left, and no card was given up that lived."""
        twice = self.faults["card's process killed twice"]
        for name in "efp":
            found, deaths = self.clients[name].tell("counters")["recoveries"], self.mortal.deaths
            if not deaths - twice <= found <= deaths:
                raise Failure(f"{name} has found its card {found} times after {deaths} deaths, {2 * twice} of them two in a row")
        for client in self.clients.values():
            client.quit()
        self.lasting.end()
        self.mortal.end()

    def kill(self):
        for process in (*self.clients.values(), self.lasting, self.mortal):
            Process.kill(process)
        if self.neighbour is not None:
            self.neighbour.kill()

    # ---- a step ---------------------------------------------------------------------------------

    def one(self):
        entry = {"step": self.step, "at_s": round(time.monotonic() - self.began, 1), "faults": []}
        self.schedule.append(entry)
        self.deaths = {self.lasting: 0, self.mortal: 0}
        for half, daemon in ((LIVES, self.lasting), (DIES, self.mortal)):
            kind = self.decks[half].draw()
            for client in self.clients.values():
                if client.daemon == daemon:
                    self.go(client)
            fault = {"kind": kind, "half": half}
            entry["faults"].append(fault)
            self.tell(self, kind)
            FAULTS[half][kind](self, fault)
            self.faults[kind] += 1
        self.settle()
        entry["sum"] = self.sum_up()
        self.sample()
        for process in (*self.clients.values(), self.lasting, self.mortal):
            process.check()

    def go(self, client):
        client.tell(f"go {self.share_of(client)}")

    def share_of(self, client):
        """How many frames it sends on each queue in a step: what a capture has is read by Python."""
        return self.frames // 4 if client.name == "p" else self.frames

    def reach(self, client):
        """A point somewhere in the client's traffic of this step."""
        share = self.rng.random() * 0.9
        goals = {q: client.ledger.tx(q, "goal") for q in range(client.queues)}
        count = max(1, int(share * self.share_of(client)))

        def there():
            return any(client.ledger.tx(q, "accepted") + count >= goal for q, goal in goals.items())
        wait_for(f"traffic of {client.name}", lambda: there() or client.child.poll() is not None, self.progress)
        return round(share, 3)

    def progress(self):
        return [(client.ledger.tx_sum("accepted"), client.ledger.rx_sum("next")) for client in self.clients.values()]

    def rounds(self, client, n):
        """As long as a client takes for so many rounds: the only clock here."""
        end = client.ledger.rounds + n
        wait_for(f"rounds of {client.name}", lambda: client.ledger.rounds >= end or client.child.poll() is not None,
                 lambda: client.ledger.rounds)

    def recovered(self, name, what):
        """Until the driver has found its card again, as often as it should have."""
        client, due = self.clients[name], self.recoveries_due[name]
        wait_for(f"recovery of {name} after {what}", lambda: client.recoveries_seen() >= due and client.has_found(),
                 lambda: client.ledger.rounds // 100000)

    # ---- the end of a step ----------------------------------------------------------------------

    def settle(self):
        """Everything is sent that was to be sent, and all of it has arrived somewhere."""
        for client in self.clients.values():
            wait_for(f"the end of the traffic of {client.name}",
                     lambda client=client: client.ledger.goals_reached() or client.child.poll() is not None, self.progress)
            client.check()
        self.now = {}
        for client in self.clients.values():
            self.now[client.name] = self.completed(client)
        self.cards_now = {daemon: daemon.counters() for daemon in (self.lasting, self.mortal)}
        for name in PEERS:
            self.clients[name].tell("drain")
            self.now[name] = self.clients[name].tell("counters")
        self.capture.read()

    def completed(self, client):
        """Waits until the driver has said of all frames of this life what became of them; its counters."""
        def accepted():
            return client.ledger.tx_sum("accepted") - client.began

        def all_told():
            told = client.tell("counters")
            return told if told["opackets"] + told["oerrors"] >= accepted() else None

        try:
            return wait_for(f"completions of {client.name}", all_told, self.progress)
        except Failure as failure:
            told = client.tell("counters")
            raise Failure(f"{client.name} to {PEERS.get(client.name, 'capture')}: accepted in this life: {accepted()}; the driver "
                          f"says of {told['opackets']} that they were sent, and of {told['oerrors']} that they were lost or "
                          "refused; no more comes") from failure

    def sum_up(self):
        step = account.Sum()
        for name, client in self.clients.items():
            d = self.direction(client)
            total = account.direction(d) if name in PEERS else account.to_file(d)
            key = f"{name} to {d.receiver}"
            self.by_direction.setdefault(key, account.Sum()).add(total)
            step.add(total)
        self.total.add(step)
        for name, client in self.clients.items():
            client.base, client.deaths, client.uncertain = self.now[name], 0, 0
            self.ledger_base[name] = ledger_words(client)
        self.cards_base = self.cards_now
        self.capture_base = capture_words(self.capture)
        self.disk_was_full, self.blind, self.cut = False, {}, set()
        if step.wrong:
            raise Failure("; ".join(step.wrong))
        return step.result()

    def direction(self, client):
        told = {key: value - client.base.get(key, 0) for key, value in self.now[client.name].items()}
        sent = difference(ledger_words(client), self.ledger_base[client.name])
        d = account.Direction(client.name, PEERS.get(client.name, "capture"), sent["accepted"], 0)
        d.uncertain, d.sender_deaths = client.uncertain, client.deaths
        d.opackets, d.tx_lost = told["opackets"], told["tx_lost"]
        d.errors = {name: told[name] for name in account.ERRORS if told[name]}
        d.tx_room, d.rx_room = TX_ROOM * ENDS, RX_ROOM * ENDS
        d.card_died, d.blind = self.deaths[client.daemon] > 0, self.blind.get(client.name, 0)
        if client.name not in PEERS:
            got = difference(capture_words(self.capture), self.capture_base)
            d.received, d.twice, d.damaged = got["received"], got["twice"], got["damaged"]
            d.disk_room = CARD_BURST if self.disk_was_full else 0
            return d
        d.cut = client.name in self.cut
        peer = self.clients[PEERS[client.name]]
        got = difference(ledger_words(peer), self.ledger_base[peer.name])
        d.received, d.twice, d.damaged, d.foreign = (got[word] for word in ("received", "twice", "damaged", "foreign"))
        d.discarded = self.now[peer.name]["rx_discarded"] - peer.base.get("rx_discarded", 0)
        d.receiver_deaths = peer.deaths
        cards, base = self.cards_now[client.daemon], self.cards_base[client.daemon]
        mine = difference(cards[client.name], base.get(client.name, {}))
        theirs = difference(cards[peer.name], base.get(peer.name, {}))
        d.tx_frames, d.rx_frames = mine["tx_frames"], theirs["rx_frames"]
        d.drops = {name: theirs[name] for name in account.DROPS if theirs[name]}
        return d

    def sample(self):
        sample = {"step": self.step, "at_s": round(time.monotonic() - self.began, 2), "accepted": self.total.accepted}
        if self.neighbour is not None:
            self.neighbour.wait()
            self.neighbour = None
        for process in (self.lasting, self.clients["e"], self.clients["f"]):
            sample[process.name] = process.sample()
        self.samples.append(sample)


def ledger_words(client):
    ledger = client.ledger
    return {"accepted": ledger.tx_sum("accepted"), "received": ledger.rx_sum("received"), "twice": ledger.rx_sum("twice"),
            "damaged": ledger.damaged, "foreign": ledger.foreign}


def capture_words(capture):
    return {"received": capture.received, "twice": capture.twice, "damaged": capture.damaged}


def difference(now, before):
    return {key: value - before.get(key, 0) for key, value in now.items() if isinstance(value, int)}


class Deck:
    """Each kind of fault once, in any order; then all of them again."""

    def __init__(self, half, rng, kinds, disk_why):
        self.kinds = [kind for kind in FAULTS[half] if (not kinds or kind in kinds) and not (kind == "disk full" and disk_why)]
        self.rng, self.left = rng, []

    def draw(self):
        if not self.kinds:
            return "nothing"
        if not self.left:
            self.left = self.rng.sample(self.kinds, len(self.kinds))
        return self.left.pop()


# ---- faults: drivers die, cards live -------------------------------------------------------------

def victim(soak, fault):
    client = soak.clients[soak.rng.choice(VICTIMS)]
    fault["of"] = client.name
    fault["share"] = soak.reach(client)
    return client


def nothing(_soak, _fault):
    """Traffic alone."""


def client_killed(soak, fault):
    client = victim(soak, fault)
    client.kill()
    client.start()


def client_memory_cut(soak, fault):
    client = victim(soak, fault)
    soak.cut.add(client.name)
    client.memory_cut()
    client.start()


def client_stopped(soak, fault):
    client = victim(soak, fault)
    peer = soak.clients[PEERS[client.name]]
    fault["rounds"] = soak.rng.choice([20, 500, 5000])
    client.send(signal.SIGSTOP)
    soak.rounds(peer, fault["rounds"])
    client.send(signal.SIGCONT)


def client_deaf(soak, fault):
    client = victim(soak, fault)
    client.tell("deaf 1")
    fault["rounds"] = soak.rng.choice([100, 1000, 3000])
    soak.rounds(client, fault["rounds"])
    client.tell("deaf 0")


def driver_reset(soak, fault):
    client = victim(soak, fault)
    client.tell("reset")


def queues_changed(soak, fault):
    client = victim(soak, fault)
    client.queues, client.mtu = soak.rng.randrange(1, 5), soak.rng.choice([600, 1500, 3000])
    fault["queues"], fault["mtu"] = client.queues, client.mtu
    client.tell(f"configure {client.queues} {client.mtu}")
    client.ledger.goals_drop(client.queues)


def mtu_changed(soak, fault):
    client = victim(soak, fault)
    client.mtu = soak.rng.choice([600, 1500, 3000])
    fault["mtu"] = client.mtu
    client.tell(f"mtu {client.mtu}")


def windows_revoked(soak, fault):
    client = victim(soak, fault)
    fault["windows"] = soak.lasting.ask(client.name, "revoke")


def recovery_due(soak, client, what):
    soak.recoveries_due[client.name] = client.recoveries_seen() + 1
    soak.lasting.ask(client.name, what)
    soak.recovered(client.name, what)


def card_reset(soak, fault):
    recovery_due(soak, victim(soak, fault), "reset")


def firmware_hangs(soak, fault):
    recovery_due(soak, victim(soak, fault), "hang")


def daemon_stopped(soak, fault, daemon, client):
    fault["share"] = soak.reach(client)
    fault["rounds"] = soak.rng.choice([20, 500, 5000])
    daemon.send(signal.SIGSTOP)
    soak.rounds(client, fault["rounds"])
    daemon.send(signal.SIGCONT)


def card_stopped(soak, fault):
    daemon_stopped(soak, fault, soak.lasting, soak.clients["a"])


def neighbour(soak, fault):
    """A hostile client of its own card; now and then it is killed in the middle of it."""
    seed, count = soak.rng.getrandbits(32), soak.rng.randrange(4, 12)
    fault["seed"], fault["tricks"] = seed, count
    with (soak.work / "neighbour.log").open("ab") as log:
        soak.neighbour = subprocess.Popen([sys.executable, f"{HERE}/neighbour.py", str(soak.lasting.socket("h")), str(seed),
                                           str(count)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if soak.rng.randrange(3) == 0:
        fault["killed"] = True
        soak.reach(soak.clients["a"])
        soak.rounds(soak.clients["a"], soak.rng.choice([10, 100, 1000]))
        soak.neighbour.kill()
    elif soak.neighbour.wait() != 0:
        raise Failure(f"the card of the neighbour does not answer: {soak.work}/neighbour.log")


# ---- faults: cards die, drivers live -------------------------------------------------------------

def mortal_anew(soak):
    """After the end of the second wcnicd: what it wrote is counted, and a new one is there."""
    soak.deaths[soak.mortal] += 1
    soak.mortal.deaths += 1
    soak.capture.anew()
    soak.cards_base[soak.mortal] = {}
    soak.mortal.start()


def mortal_found(soak, what):
    for name in "efp":
        soak.recovered(name, what)


def mortal_due(soak):
    """The drivers of the second wcnicd will have to find it once more."""
    for name in "efp":
        soak.recoveries_due[name] = soak.clients[name].recoveries_seen() + 1


def daemon_killed(soak, fault):
    fault["share"] = soak.reach(soak.clients[soak.rng.choice("efp")])
    mortal_due(soak)
    soak.mortal.kill()
    mortal_anew(soak)
    mortal_found(soak, "the death of its card")


def daemon_killed_twice(soak, fault):
    """The second time while the drivers look for it, or have just found it."""
    fault["share"] = soak.reach(soak.clients[soak.rng.choice("efp")])
    mortal_due(soak)
    soak.mortal.kill()
    accepted = {name: soak.clients[name].ledger.tx_sum("accepted") for name in "ef"}
    mortal_anew(soak)
    soak.rounds(soak.clients["e"], soak.rng.choice([1, 300, 1000]))
    soak.mortal.kill()
    # The card of the second life may have sent to one whose driver had not come yet.
    # So far as they have noted it: a burst of each queue may have been sent and not be noted yet.
    soak.blind = {name: soak.clients[name].ledger.tx_sum("accepted") - n + BURST * ENDS for name, n in accepted.items()}
    mortal_anew(soak)
    mortal_found(soak, "two deaths of its card")


def daemon_ended(soak, fault):
    fault["share"] = soak.reach(soak.clients[soak.rng.choice("efp")])
    mortal_due(soak)
    soak.mortal.end()
    mortal_anew(soak)
    mortal_found(soak, "the end of its card")


def mortal_stopped(soak, fault):
    daemon_stopped(soak, fault, soak.mortal, soak.clients["e"])


def disk_full(soak, fault):
    """Another file takes the space; the capture ends, and the next card has space again."""
    client, filler = soak.clients["p"], soak.disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError as error:
            fault["disk"] = error.strerror
    soak.disk_was_full = True
    soak.go(client)
    fault["share"] = soak.reach(client)
    wait_for("the end of the capture", lambda: client.ledger.goals_reached(), soak.progress)
    soak.completed(client)
    mortal_due(soak)
    soak.mortal.kill()
    filler.unlink()
    mortal_anew(soak)
    mortal_found(soak, "a full disk")


FAULTS = {
    LIVES: {"nothing": nothing, "driver killed": client_killed, "driver's memory cut short": client_memory_cut,
            "driver stopped": client_stopped, "driver deaf": client_deaf, "driver resets": driver_reset,
            "queues and MTU changed": queues_changed, "MTU changed": mtu_changed, "windows revoked": windows_revoked,
            "card reset": card_reset, "firmware hangs": firmware_hangs, "card's process stopped": card_stopped,
            "hostile neighbour": neighbour},
    DIES: {"nothing": nothing, "card's process killed": daemon_killed, "card's process killed twice": daemon_killed_twice,
           "card's process ended": daemon_ended, "card's process stopped": mortal_stopped, "disk full": disk_full},
}
KINDS = sorted({kind for kinds in FAULTS.values() for kind in kinds})
