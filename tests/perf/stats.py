# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Labels, medians, rows: what is made of a run's samples."""
import math

CPU_SHARE = 0.97  # of a CPU that each of the two threads must have had
APART = 1.8  # two kinds of round trips differ by this factor at least
MIN_SAMPLES = 2  # of an implementation that is to be the best


def percentile(values, percent):
    """Nearest rank: a value that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def summary(values):
    return {"median": percentile(values, 50), "p10": percentile(values, 10), "p90": percentile(values, 90),
            "n": len(values)}


def threshold(trips):
    """Between round trips that are near and those that are far; None if there is one kind only. It is where the two
    groups' logarithms spread least (Otsu)."""
    logs = sorted(math.log(trip) for trip in trips)
    best, cut = None, None
    total, below = sum(logs), 0.0
    for i in range(1, len(logs)):
        below += logs[i - 1]
        low, high = below / i, (total - below) / (len(logs) - i)
        between = i * (len(logs) - i) * (high - low) ** 2
        if best is None or between > best:
            best, cut = between, (low, high, (logs[i - 1] + logs[i]) / 2)
    if cut is None or cut[1] - cut[0] < math.log(APART):
        return None
    return math.exp(cut[2])


def label(trip, cut):
    return "all" if cut is None else "near" if trip < cut else "far"


def judge(sample, cut):
    """The sample's label, or None and why it is not used."""
    if sample.get("void"):
        return None, sample["void"]
    before, after = label(sample["before"], cut), label(sample["after"], cut)
    if sample["cpu"] < CPU_SHARE:
        return None, f"the near thread had {sample['cpu']:.0%} of its CPU"
    if sample.get("far_waited", 0) > 1 - CPU_SHARE:
        return None, f"the far thread waited for its CPU for {sample['far_waited']:.0%} of the time"
    if before != after:
        return None, f"{before} before and {after} after"
    return before, None


def by_label(samples, cut):
    """{label: {implementation: [value]}} of the samples that can be used."""
    found = {}
    for sample in samples:
        name, _ = judge(sample, cut)
        if name is not None:
            found.setdefault(name, {}).setdefault(sample["implementation"], []).append(sample["value"])
    return found


def choose_label(found, ours, peers):
    """The one that has most samples of both sides; None if none has both."""
    def weight(name):
        return min(sum(len(values) for who, values in found[name].items() if who in side) for side in (ours, peers))
    usable = [name for name in found if weight(name) > 0]
    return max(usable, key=lambda name: (weight(name), name)) if usable else None


def best(values, names, higher):
    """Of these implementations the one with the best median, if it has samples enough to have one."""
    counts = [len(values[name]) for name in names if name in values]
    if not counts:
        return None
    enough = min(MIN_SAMPLES, max(counts))
    able = [name for name in names if len(values.get(name, ())) >= enough]
    return (max if higher else min)(able, key=lambda name: percentile(values[name], 50))


def ratio(ours, theirs, higher):
    """Above 1: ours is better."""
    if not ours or not theirs:
        return None
    return ours / theirs if higher else theirs / ours


def row(samples, cut, ours, peers, copying, virtio, unit, higher=True):
    """One line of the table: ours against the best peer, within one label; None if there is nothing to compare."""
    found = by_label(samples, cut)
    name = choose_label(found, ours, peers)
    if name is None:
        return None
    values = found[name]
    mine, other = best(values, ours, higher), best(values, peers, higher)
    medians = {who: summary(numbers) for who, numbers in values.items()}

    def against(names):
        rival = best(values, names, higher)
        return ratio(medians[mine]["median"], medians[rival]["median"], higher) if rival else None
    return {"label": name, "unit": unit, "ours": medians[mine]["median"], "ours_is": mine, "best_peer": other,
            "best_peer_value": medians[other]["median"], "ratio": against([other]), "ratio_copy": against(copying),
            "ratio_virtio": against(virtio), "rounds": min(medians[mine]["n"], medians[other]["n"]),
            "values": medians}


def limit_at(limit, lines):
    """Packets per second for so many lines each way, between and beyond the numbers of lines that were measured."""
    known = sorted((int(n), rate) for n, rate in limit.items())
    if len(known) < 2:
        return None
    (n1, rate1), (n2, rate2) = known[0], known[-1]
    seconds = 1 / rate1 + (1 / rate2 - 1 / rate1) * (lines - n1) / (n2 - n1)
    return 1 / seconds if seconds > 0 else None
