# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Sums of the soak: every frame of a step was delivered once, or is lost and has a name. And lines through samples."""
import collections
import dataclasses
import math

# Counters of the card that received: what it did not deliver, and why.
DROPS = {
    "rx_missed": "rx_missed: the receiver had no buffers",
    "rx_down": "rx_down: the receiver's port was down",
    "rx_no_queue": "rx_no_queue: the receiver had no such queue",
    "rx_filtered": "rx_filtered: the receiver's filter",
    "rx_oversize": "rx_oversize: longer than the receiver's MTU",
    "rx_runt": "rx_runt: too short",
    "rx_errors": "rx_errors: the receiver's memory",
    "flow_drops": "flow_drops: a flow rule",
}
# Counters of the driver that sent.
ERRORS = ("tx_oversize", "tx_runt", "tx_address", "tx_malformed", "tx_bad_request")
LOST = "tx_lost: in flight when the driver lost its card"
KILLED_SENDER = "in flight when the sender was killed"
DISCARDED = "rx_discarded: delivered, and not taken before a stop"
BLIND = "sent by a card that died before its peer was back"
KILLED_RECEIVER = "delivered to a receiver that was killed"
CUT = "sent out of memory that its driver had cut short: zeroes"
DISK_FULL = "acknowledged, and the capture's disk was full"


@dataclasses.dataclass
class Direction:
    """What happened in a step from one client to another. Counters are those of this step."""
    sender: str
    receiver: str
    accepted: int  # taken by rte_eth_tx_burst()
    received: int
    uncertain: int = 0  # were being offered when the sender was killed
    twice: int = 0
    damaged: int = 0
    foreign: int = 0
    opackets: int = 0
    tx_lost: int = 0
    errors: dict = dataclasses.field(default_factory=dict)
    discarded: int = 0
    sender_deaths: int = 0
    receiver_deaths: int = 0
    tx_room: int = 0  # entries of the sender's rings: what a death can take
    rx_room: int = 0
    card_died: bool = False
    tx_frames: int = 0  # of the sender's card, if it has not died
    rx_frames: int = 0
    drops: dict = dataclasses.field(default_factory=dict)  # of the receiver's card, or of the one after it
    cut: bool = False  # the sender's memory was cut short
    disk_room: int = 0  # frames that a full disk can take
    blind: int = 0  # frames that a card may have dropped whose peer was down, and whose counters died with it


class Sum:
    """Of directions: accepted = delivered + lost by name."""

    def __init__(self):
        self.accepted = self.delivered = 0
        self.lost = collections.Counter()
        self.wrong = []

    def add(self, other):
        self.accepted += other.accepted
        self.delivered += other.delivered
        self.lost.update(other.lost)
        self.wrong += other.wrong

    @property
    def unnamed(self):
        return self.accepted - self.delivered - sum(self.lost.values())

    def result(self):
        return {"accepted": self.accepted, "delivered": self.delivered,
                "lost": {name: n for name, n in sorted(self.lost.items()) if n}, "unaccounted": self.unnamed,
                "wrong": self.wrong}


class Check:
    """Collects what is wrong with a direction."""

    def __init__(self, d, total):
        self.d, self.total = d, total

    def within(self, what, value, least, most):
        if least <= value <= most:
            return
        span = str(least) if least == most else f"{least} to {most}"
        self.total.wrong.append(f"{self.d.sender} to {self.d.receiver}: {what}: {value}, expected {span}")


def before_the_card(d, check, total):
    """Accepted by the driver, and not sent by the card."""
    missing = d.accepted - d.tx_frames
    for reason, n in d.errors.items():
        total.lost[f"{reason}: refused by the card"] += n
        missing -= n
    if not d.sender_deaths:
        check.within("frames that the card sent, and that the driver takes for neither sent nor lost",
                     d.tx_frames - d.opackets, 0, d.tx_lost)
        total.lost[LOST] += missing
        return
    check.within("frames in flight when the sender was killed", missing, -d.uncertain, d.tx_lost + d.sender_deaths * d.tx_room)
    if missing < 0:  # the driver took them, and the client was killed before it could say so
        total.accepted -= missing
        missing = 0
    lost = min(d.tx_lost, missing)
    total.lost[LOST] += lost
    total.lost[KILLED_SENDER] += missing - lost


def behind_the_card(d, check, total):
    """Delivered by the card, and not received."""
    left = d.rx_frames - d.received - d.discarded - (d.damaged if d.cut else 0)
    check.within("frames that the card delivered and nobody received", left, 0, d.receiver_deaths * d.rx_room)
    total.lost[DISCARDED] += d.discarded
    total.lost[KILLED_RECEIVER] += left


def direction(d):
    """The sum of a step's direction."""
    total = Sum()
    check = Check(d, total)
    total.accepted, total.delivered = d.accepted, d.received
    for what in ("twice", "damaged", "foreign"):
        most = d.tx_room if d.cut and what == "damaged" else 0
        check.within({"twice": "frames twice or out of order", "damaged": "frames with another checksum",
                      "foreign": "frames of somebody else"}[what], getattr(d, what), 0, most)
    total.lost[CUT] += d.damaged if d.cut else 0
    if not d.sender_deaths:
        check.within("frames that the driver says it has sent, lost or refused", d.opackets + d.tx_lost + sum(d.errors.values()),
                     d.accepted, d.accepted)
    for name, n in d.drops.items():
        total.lost[DROPS[name]] += n
    if d.card_died:
        # Its counters are gone. What it had acknowledged was in the receiver's rings by then.
        missing = d.accepted - d.received - d.discarded - sum(d.drops.values()) - sum(d.errors.values())
        for reason, n in d.errors.items():
            total.lost[f"{reason}: refused by the card"] += n
        total.lost[DISCARDED] += d.discarded
        check.within("frames that are missing beside those that have a name", missing, 0, d.tx_lost + d.blind)
        total.lost[LOST] += min(missing, d.tx_lost)
        total.lost[BLIND] += max(missing - d.tx_lost, 0)
    else:
        before_the_card(d, check, total)
        check.within("frames that the receiver's card delivered or dropped", d.rx_frames + sum(d.drops.values()),
                     d.tx_frames, d.tx_frames)
        behind_the_card(d, check, total)
    return finish(total, check)


def to_file(d):
    """The sum of a step's frames into a capture: `received` are those in the file."""
    total = Sum()
    check = Check(d, total)
    total.accepted, total.delivered = d.accepted, d.received
    check.within("frames twice or out of order", d.twice, 0, 0)
    check.within("frames with another checksum", d.damaged, 0, 0)
    check.within("frames that the driver says it has sent, lost or refused", d.opackets + d.tx_lost + sum(d.errors.values()),
                 d.accepted, d.accepted)
    for reason, n in d.errors.items():
        total.lost[f"{reason}: refused by the card"] += n
    missing = d.accepted - d.received - sum(d.errors.values())
    check.within("frames that are missing beside those that have a name", missing, 0, d.tx_lost + d.disk_room)
    if not d.disk_room:
        total.lost[LOST] += missing
        return finish(total, check)
    acknowledged = max(0, d.opackets - d.received)
    total.lost[DISK_FULL] += acknowledged
    total.lost[LOST] += missing - acknowledged
    return finish(total, check)


def finish(total, check):
    check.within("frames without a name", total.unnamed, 0, 0)
    return total


# ---- lines through samples ---------------------------------------------------------------------

def fit(values):
    """A line through samples, one a step: its slope a step, and the slope's standard error."""
    n = len(values)
    if n < 3:
        return None
    mean_x, mean_y = (n - 1) / 2, sum(values) / n
    spread = sum((x - mean_x) ** 2 for x in range(n))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in enumerate(values)) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in enumerate(values))
    return {"samples": n, "first": values[0], "last": values[-1], "slope": slope, "error": math.sqrt(rest / (n - 2) / spread)}


def is_flat(line, may_grow):
    """Whether a line is level: within three errors, or it rises by less than that over all its samples."""
    return line["slope"] <= 3 * line["error"] or line["slope"] * line["samples"] < may_grow
