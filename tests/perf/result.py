# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What is written of a run: rows by state, limits, states."""
import time

import counts
import crossings
import limit
import machine
import stats
from pairs import FLOORS, MEMIF, OURS, VIRTIO, Cell

# By what is at the far end of our card: its own loopback, or DPDK there too.
FAR_ENDS = {"": OURS, "_testpmd": [f"{name}-testpmd" for name in OURS], "_ethdev": [f"{name}-ethdev" for name in OURS]}
# What our far end does with frames that it has no buffers for, or no use.
FAR_DOES = {"tx": "discards", "rx": "waits", "loop": "drops", "latency": "drops"}
PEERS = [*MEMIF, *VIRTIO]
AGAINST = PEERS, ["memif", *VIRTIO], list(VIRTIO)  # peers, those that copy, virtio


def cell_rows(cell, samples, states):
    shape = {"bytes": cell.size, "burst": cell.burst, "queues": cell.queues, "far": FAR_DOES[cell.test]}
    for far, ours in FAR_ENDS.items():
        if cell.test != "latency":
            for row in stats.rows(samples, states, ours, *AGAINST, "packets/s"):
                yield {"test": cell.test + far, **shape, **row}
            continue
        for key in ("p50", "p99", "p999"):
            trips = [{**sample, "value": sample[f"{key}_ns"]} for sample in samples if f"{key}_ns" in sample]
            for row in stats.rows(trips, states, ours, *AGAINST, "ns", higher=False):
                yield {"test": f"latency_{key}{far}", **shape, **row}


def rows(samples, states, memory):
    groups = {}
    for sample in samples:
        groups.setdefault(Cell(*(sample[key] for key in Cell._fields)), []).append(sample)
    for cell, group in groups.items():
        yield from cell_rows(cell, group, states)
    values = {name: [value["near"] + value["far"]] for name, value in memory.items()}
    row = stats.row(values, OURS, *AGAINST, "bytes", higher=False, least=1)
    if row:
        yield {"test": "memory", "bytes": 64, "burst": 32, "queues": 1, "label": "any", **row}


def without_row(samples, found):
    """Notes: of cells that were measured and have no row, as no state has samples enough of both sides."""
    have = {(row["test"].split("_")[0], row["bytes"], row["burst"], row["queues"]) for row in found}
    cells = dict.fromkeys(Cell(*(sample[key] for key in Cell._fields)) for sample in samples
                          if sample["implementation"] not in FLOORS)
    return [f"no row: {cell.test} {cell.size}, burst {cell.burst}, queues {cell.queues}: no state has {stats.MIN_SAMPLES} "
            f"samples of both sides" for cell in cells if tuple(cell) not in have]


def state_result(trips, samples, states):
    """By state: round trips of a line, and how many samples were used."""
    used = [stats.judge(sample, states)[0] for sample in samples]
    found = []
    for state in states:
        ns = [trip for trip in trips if stats.label(trip, states) == state.name]
        found.append({"name": state.name, "ns": stats.summary(ns) if ns else None, "samples": used.count(state.name)})
    return found


def floors(samples):
    found = {}
    for sample in samples:
        if sample["implementation"] in FLOORS and stats.judge(sample, None)[0] is not None:
            found.setdefault(f"net_{sample['implementation']} {sample['test']}", []).append(sample["value"])
    return {name: stats.summary(values) for name, values in found.items()}


def lines_per_packet():
    """{name: {burst: {there, back}}}"""
    return {name: {str(burst): dict(zip(("there", "back"), crossings.lines(name, burst))) for burst in limit.BURSTS}
            for name in crossings.PARTS}


def computed():
    why = "they are not asked" if machine.has_counters() else "this machine has none"
    return f"lines per packet are computed from the formats, not counted; hardware counters: {why}"


def make(bench, detail):
    args, samples = bench.args, bench.samples
    states = stats.states(bench.trips)
    found, limits = list(rows(samples, states, bench.memory)), limit.result(bench.limits, states)
    above = limit.apply(found, limits)
    of_states = state_result(bench.trips, samples, states)
    dropped = [f"{name}, {cell.test} {cell.size}, burst {cell.burst}, queues {cell.queues}: its far end dropped frames in {n} "
               "samples, which are not used" for (name, cell), n in bench.dropped.items()]
    return {"program": "bench", "schema": 2, "ok": not bench.unaccounted, "unaccounted": bench.unaccounted,
            "commit": args.commit, "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {**machine.describe(), "cpus_used": bench.cpus[:3]}, "dpdk": bench.dpdk,
            "quick": args.quick, "rounds_asked": args.rounds, "sample_ms": args.ms,
            "hugepages": bench.huge, "priority": args.priority, "rows": found,
            "limit": {"measured": limits, "exceeded": above, "lines_per_packet": lines_per_packet()},
            "instructions_per_packet": counts.per_packet(detail), "instructions": detail,
            "states": of_states,
            "samples": {"taken": len(samples), "used": sum(state["samples"] for state in of_states),
                        "readings_of_no_state": sum(stats.label(trip, states) is None for trip in bench.trips)},
            "floors": floors(samples), "resident_bytes": bench.memory, "idle_card_cpu": bench.idle,
            "implementations": [*OURS, *PEERS], "notes": [*above, *bench.notes, computed(), *dropped, *without_row(samples, found)],
            "left_out": bench.starter.left_out}
