# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The limit: packets per second whose lines alone two CPUs can hand to each other and back, by tests/perf/lines. Nothing
that does anything with a packet can have more."""
import collections

import crossings
import stats
from machine import Failure
from pairs import FLOORS, OURS

BURSTS = (1, 8, 32, 64)
ROUNDED = 1e-9  # what sums of fractions may be off
UNDER_WAY = 512  # packets, as in a loop of tests/perf/pump
# `frame`: a whole line there and back for each packet. The others: the lines that they take (crossings.py).
DESIGNS = ("frame", *OURS)
# Those of lines_ring.c which were the fastest at some burst in some state; `./run bench --limit` tries all of them. Near:
# a ring larger than the second cache, whose lines the reader finds in the third. Far: lines that the reader throws out, so
# that the writer need not fetch them from there; from bursts of 32 on stores past the caches.
VARIANTS = ("line-touch", "last-gather4-large", "count-gather4-large", "last-gather4-touch", "last-gather4-evict",
            "count-gather4-evict", "count-gather2-evict", "count-gather4-stream-large")

Move = collections.namedtuple("Move", "design burst packets there back")  # lines there and back of so many packets


def move(design, burst):
    """Bursts of a packet, or of as many as it takes for a line each way; parts of lines do not count."""
    there, back = (1.0, 1.0) if design == "frame" else crossings.lines(design, burst)
    packets = burst
    while min(there, back) * packets < 1:
        packets += burst
    return Move(design, burst, packets, int(there * packets + ROUNDED), int(back * packets + ROUNDED))


def moves(bursts=BURSTS):
    return [move(design, burst) for burst in bursts for design in DESIGNS]


def measure(lines, wanted, variant, ms):
    """A sample of tests/perf/lines; its round trips are not in it."""
    lines.tell(f"move {variant} {wanted.there} {wanted.back} {max(UNDER_WAY // wanted.packets, 1)} {ms}")
    result = lines.answer()
    return {"implementation": variant, "design": wanted.design, "burst": wanted.burst,
            "value": result["bursts"] * wanted.packets / result["seconds"], "cpu": min(result["cpu"], result["far_cpu"])}


def variants(lines, every=False):
    """Those that this CPU has."""
    lines.tell("variants")
    able = lines.answer()["variants"]
    chosen = able if every else [name for name in VARIANTS if name in able]
    if not chosen:
        raise Failure("lines: this CPU has none of the variants of the limit")
    return chosen


def by_state(samples, states):
    """{state: {design: {burst: [(median, variant, n), the best first]}}}"""
    found = {}
    for burst, design in sorted({(sample["burst"], sample["design"]) for sample in samples}):
        of_cell = [sample for sample in samples if (sample["burst"], sample["design"]) == (burst, design)]
        for label, values in stats.by_label(of_cell, states).items():
            enough = min(stats.MIN_SAMPLES, max(map(len, values.values())))
            ranked = sorted(((stats.percentile(rates, 50), name, len(rates)) for name, rates in values.items()
                             if len(rates) >= enough), reverse=True)
            found.setdefault(label, {}).setdefault(design, {})[str(burst)] = ranked
    return found


def of_bursts(bursts):
    """{burst: limit} of one design in one state. A burst can be moved as shorter ones, so it has no lower limit."""
    best, found = None, {}
    for burst, ranked in sorted(bursts.items(), key=lambda item: int(item[0])):
        if best is None or ranked[0][0] > best["value"]:
            value, variant, n = ranked[0]
            best = {"value": value, "by": variant, "in_bursts_of": int(burst), "rounds": n}
        found[burst] = best
    return found


def result(samples, states):
    """The limits, each by the variant whose median is the best."""
    return {label: {design: of_bursts(bursts) for design, bursts in designs.items()}
            for label, designs in by_state(samples, states).items()}


def apply(rows, measured):
    """Gives each loop of 64 bytes in one queue its limits, and returns what is above its limit: {text}."""
    above = []
    for row in rows:
        if not row["test"].startswith("loop") or (row["bytes"], row["queues"]) != (64, 1):
            continue
        designs = measured.get(row["label"], {})
        for key, design in (("limit", row["ours_is"].split("-")[0]), ("frame_limit", "frame")):
            found = designs.get(design, {}).get(str(row["burst"]))
            row[key] = found["value"] if found else None
            row[f"{key}_share"] = row["ours"] / found["value"] if found else None
        above += [f"the limit is too low: {row['test']}, burst {row['burst']}, {row['label']}: {name} "
                  f"{value['median'] / 1e6:.2f} Mpps, the limit {row['limit'] / 1e6:.2f}"
                  for name, value in row["values"].items()
                  if name not in FLOORS and row["limit"] and value["median"] > row["limit"]]
    return above


def search_text(samples, states):
    """All variants of each limit, by state."""
    parts = []
    for label, designs in by_state(samples, states).items():
        for design, bursts in designs.items():
            for burst, ranked in bursts.items():
                parts.append(f"{label}, {design}, burst {burst}: "
                             + ", ".join(f"{name} {rate / 1e6:.1f} ({n})" for rate, name, n in ranked))
    return "\n".join(parts)
