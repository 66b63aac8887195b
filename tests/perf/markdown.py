# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A run as the tables of doc/performance.md: those of one state each, so that nothing is compared across states."""
import textwrap

import crossings
import limit
from report import by_whom, factor, number

COLUMNS_MOST = 100  # of prose, as in doc/
COLUMNS = ["ours", "p10-p90", "by", "best peer", "p10-p90", "which", "ratio", "copy", "virtio"]


def lines_of(head, rows):
    """A table, from texts."""
    if not rows:
        return []
    first, *rest = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return [first, "|" + "---|" * len(head), *rest]


def short(name):
    return name.replace("virtio-packed-", "packed-").split("-ethdev")[0].split("-testpmd")[0]


def spread(value, unit):
    return f"{number(value['p10'], unit)}-{number(value['p90'], unit)}"


def columns(row):
    mine, theirs, unit = row["values"][row["ours_is"]], row["values"][row["best_peer"]], row["unit"]
    return [number(row["ours"], unit), spread(mine, unit), short(row["ours_is"]), number(row["best_peer_value"], unit),
            spread(theirs, unit), short(row["best_peer"]), *(factor(row[key]) for key in ("ratio", "ratio_copy", "ratio_virtio"))]


def table(title, key, rows):
    """One of rows that differ in `key`, and in the test."""
    body = lines_of(["test", key, *COLUMNS], [[row["test"].removeprefix("latency_"), row[key], *columns(row)] for row in rows])
    return [f"{title}:", "", *body, ""] if body else []


def limit_table(label, result):
    """The limits of one state, and ours as a share of them."""
    designs, rows = result["limit"]["measured"].get(label, {}), []
    loops = {str(row["burst"]): row for row in result["rows"]
             if (row["test"], row["label"], row["bytes"], row["queues"]) == ("loop", label, 64, 1)}
    for burst in map(str, limit.BURSTS):
        found = [designs.get(design, {}).get(burst) for design in limit.DESIGNS]
        if not any(found):
            continue
        row = loops.get(burst, {})
        rows.append([burst, *(f"{one['value'] / 1e6:.0f}" if one else "-" for one in found),
                     number(row.get("ours"), "packets/s"), row.get("ours_is", "-"), factor(row.get("limit_share")),
                     factor(row.get("frame_limit_share"))])
    body = lines_of(["burst", "a line there and back", *(f"lines of {name}" for name in limit.DESIGNS[1:]), "ours", "by",
                     "of its lines' limit", "of a line there and back"], rows)
    return ["The limit of a loop of 64 bytes in one queue, Mpps:", "", *body, ""] if body else []


def state_tables(state, result):
    rows = [row for row in result["rows"] if row["label"] == state["name"]]
    rates = [row for row in rows if row["unit"] == "packets/s"]
    one = [row for row in rates if row["queues"] == 1]
    ns = state["ns"]
    trip = f"{ns['p10']:.0f}-{ns['p90']:.0f} ns in {ns['n']} readings" if ns else "no reading"
    return ["#### " + state["name"] + (f", {ns['median']:.0f} ns" if ns else ""), "",
            f"A cache line there and back: {trip}; {state['samples']} samples.", "",
            *table("Bursts of 32, one queue, Mpps", "bytes", [row for row in one if row["burst"] == 32]),
            *table("64 bytes, one queue, other bursts, Mpps", "burst", [row for row in one if row["burst"] != 32]),
            *table("64 bytes, bursts of 32, several queues, Mpps", "queues", [row for row in rates if row["queues"] > 1]),
            *table("Round trips of one 64-byte frame, ns", "bytes", [row for row in rows if row["unit"] == "ns"]),
            *limit_table(state["name"], result)]


def crossings_table():
    head, *rows = crossings.table(limit.BURSTS)
    return ["Lines that cross per packet in a loop of 64-byte frames, from the formats:", "", *lines_of(head, rows), ""]


def document(result):
    memory = [row for row in result["rows"] if row["test"] == "memory"]
    parts = [textwrap.fill(f"`./run bench`, {result['ended']}, {result['rounds_asked']} rounds: {by_whom(result)}; "
                           f"{result['samples']['used']} of {result['samples']['taken']} samples used.", COLUMNS_MOST), ""]
    for state in result["states"]:
        parts += state_tables(state, result)
    parts += table("Resident memory, MiB", "bytes", memory)
    parts += crossings_table()
    parts += [textwrap.fill(f"- {what}", COLUMNS_MOST, subsequent_indent="  ") for what in result["limit"]["exceeded"]]
    return "\n".join(parts).rstrip() + "\n"
