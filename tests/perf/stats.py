# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""States, medians, rows: what is made of a run's samples."""
import collections
import math

CPU_SHARE = 0.97  # of a CPU that each of the two threads must have had
APART = 1.8  # two states' round trips differ by this factor at least
STATE_READINGS, STATE_SHARE = 3, 0.02  # of a run's round trips, to be a state
MIN_SAMPLES = 2  # of an implementation, to be compared


def percentile(values, percent):
    """Nearest rank: a value that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def summary(values):
    return {"median": percentile(values, 50), "p10": percentile(values, 10), "p90": percentile(values, 90),
            "n": len(values)}


State = collections.namedtuple("State", "name low high")  # round trips from low to high, in ns
EVERYTHING = State("all", 0.0, math.inf)


def two_groups(logs):
    """Where sorted logarithms fall into two groups: where these spread least (Otsu). None if the groups' means are not
    APART from each other."""
    best, cut = None, None
    total, below = sum(logs), 0.0
    for i in range(1, len(logs)):
        below += logs[i - 1]
        low, high = below / i, (total - below) / (len(logs) - i)
        between = i * (len(logs) - i) * (high - low) ** 2
        if best is None or between > best:
            best, cut = between, (i, high - low)
    return cut[0] if cut is not None and cut[1] >= math.log(APART) else None


def groups(trips):
    """Sorted round trips, in as many groups as are apart from each other."""
    at = two_groups([math.log(trip) for trip in trips])
    return [trips] if at is None else groups(trips[:at]) + groups(trips[at:])


def names_of(found):
    """Names of groups in order: of the two with most readings near and far, of any other where it lies."""
    if len(found) == 1:
        return ["all"]
    near, far = sorted(sorted(range(len(found)), key=lambda i: len(found[i]), reverse=True)[:2])
    names, count = [], collections.Counter()
    for i in range(len(found)):
        name = {near: "near", far: "far"}.get(i) or ("nearer" if i < near else "between" if i < far else "farther")
        count[name] += 1
        names.append(name if count[name] == 1 else f"{name}{count[name]}")
    return names


def states(trips):
    """The states of the machine that a run has seen: groups of round trips, each one by itself. Groups of few readings are
    accidents and no state: what was measured there is not used."""
    few = max(STATE_READINGS, len(trips) * STATE_SHARE)
    found = [group for group in groups(sorted(trips)) if len(group) >= few]
    if not found:
        return [EVERYTHING]
    return [State(name, group[0], group[-1]) for name, group in zip(names_of(found), found)]


def label(trip, known):
    """The state's name; None: the round trip is of no state. Without known states all are one."""
    if known is None:
        return "all"
    return next((state.name for state in known if state.low <= trip <= state.high), None)


def judge(sample, known):
    """The sample's label, or None and why it is not used."""
    if sample.get("void"):
        return None, sample["void"]
    before, after = label(sample["before"], known), label(sample["after"], known)
    if sample["cpu"] < CPU_SHARE:
        return None, f"the near thread had {sample['cpu']:.0%} of its CPU"
    if sample.get("far_waited", 0) > 1 - CPU_SHARE:
        return None, f"the far thread waited for its CPU for {sample['far_waited']:.0%} of the time"
    if before is None or after is None:
        return None, f"lines of {sample['before']:.0f} and {sample['after']:.0f} ns: not both are of a state of this run"
    if before != after:
        return None, f"{before} before and {after} after"
    return before, None


def by_label(samples, known):
    """{label: {implementation: [value]}} of the samples that can be used."""
    found = {}
    for sample in samples:
        name, _ = judge(sample, known)
        if name is not None:
            found.setdefault(name, {}).setdefault(sample["implementation"], []).append(sample["value"])
    return found


def best(values, names, higher, least):
    """Of these implementations the one with the best median, of those that have samples enough to have one."""
    able = [name for name in names if len(values.get(name, ())) >= least]
    return (max if higher else min)(able, key=lambda name: percentile(values[name], 50)) if able else None


def ratio(ours, theirs, higher):
    """Above 1: ours is better."""
    if not ours or not theirs:
        return None
    return ours / theirs if higher else theirs / ours


def row(values, ours, peers, copying, virtio, unit, higher=True, least=None):
    """Ours against the best peer, of the values of one label; None if a side has not samples enough."""
    least = MIN_SAMPLES if least is None else least
    mine, other = best(values, ours, higher, least), best(values, peers, higher, least)
    if mine is None or other is None:
        return None
    medians = {who: summary(numbers) for who, numbers in values.items()}

    def against(names):
        rival = best(values, names, higher, least)
        return ratio(medians[mine]["median"], medians[rival]["median"], higher) if rival else None
    return {"unit": unit, "ours": medians[mine]["median"], "ours_is": mine, "best_peer": other,
            "best_peer_value": medians[other]["median"], "ratio": against([other]), "ratio_copy": against(copying),
            "ratio_virtio": against(virtio), "rounds": min(medians[mine]["n"], medians[other]["n"]),
            "values": medians}


def rows(samples, known, *sides, **more):
    """A row for each state in which both sides have samples enough; nothing is compared across states."""
    found = by_label(samples, known)
    for name in (state.name for state in known or [EVERYTHING]):
        line = row(found.get(name, {}), *sides, **more)
        if line:
            yield {"label": name, **line}
