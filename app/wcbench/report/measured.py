# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The tables and plots of what was measured, by basis."""
import collections

from runs import TRIP_PERCENTS
from settings import rows_of
from shapes import PLOT_BURST, Table, bars, curves, grid, number, size_key, spread


def series_of(setting, rows, *keys):
    """A name for the series: the setting, what tells the rows apart, and the run where several runs have the same."""
    def name(row):
        return " ".join([setting.name, *(str(row[key]) for key in keys if row.get(key) is not None)])
    places = collections.defaultdict(list)
    for row in rows:
        places[name(row)].append(tuple(str(row.get(key)) for key in ("mode", "size", "burst", "order", "primitive",
                                                                      "bytes", "threads")))
    grouped = collections.defaultdict(list)
    for row in rows:
        base = name(row)
        own = " ".join(filter(None, (row["run"], row.get("port"))))
        several = len(set(places[base])) < len(places[base])
        grouped[f"{base} ({own})" if several else base].append(row)
    return grouped


def merged(settings, kind, basis, *keys, having=lambda row: True):
    result = {}
    for setting in settings:
        result.update(series_of(setting, [row for row in rows_of(setting, kind, basis) if having(row)], *keys))
    return result


def bands(rows, key, scale=1.0):
    """What bars() wants of one series."""
    return {row[key]: tuple(row[percent] * scale for percent in ("p50", "p10", "p90")) for row in rows}


def raw_parts(settings, basis):
    for order, drained in (("burst", "after the burst"), ("each", "after each line")):
        grouped = merged(settings, "raw", basis, "mapping", "primitive",
                         having=lambda row, order=order: row["order"] == order)
        if not grouped:
            continue
        yield grid(f"ns per line, drained {drained}, by lines to a burst ({basis}; p50, p10 to p90)",
                   "setting, mapping, primitive", grouped, "burst", int, spread)
        yield curves(f"ns per line, drained {drained} ({basis}; p50, p10 to p90)", "lines to a burst", "ns",
                     {name: sorted((row["burst"], row["p50"], row["p10"], row["p90"]) for row in rows)
                      for name, rows in grouped.items()})
    grouped = merged(settings, "raw", basis, "mapping",
                     having=lambda row: row["order"] == "burst" and row["burst"] == PLOT_BURST)
    if grouped:
        primitives = list(dict.fromkeys(row["primitive"] for rows in grouped.values() for row in rows))
        yield bars(f"ns per line by primitive, bursts of {PLOT_BURST} lines ({basis}; p50, p10 to p90)", "ns",
                   primitives, {name: bands(rows, "primitive") for name, rows in grouped.items()})
    grouped = merged(settings, "doorbell", basis, "mapping")
    if grouped:
        yield grid(f"ns per 8-byte doorbell ({basis}; p50, p10 to p90): drained after each, or after 16",
                   "setting, mapping", grouped, "order", str, spread)
    yield from word_parts(settings, basis)


def word_parts(settings, basis):
    for kind, title in (("stores", "ns per store, a drain after each"), ("reads", "ns per read")):
        grouped = merged(settings, kind, basis, "mapping")
        if grouped:
            yield grid(f"{title}, by bytes ({basis}; p50, p10 to p90)", "setting, mapping", grouped, "bytes", int,
                       spread)
    grouped = merged(settings, "streams", basis, "mapping", "primitive")
    if grouped:
        title = f"MB/s of all threads, each on a core of its own, by threads ({basis}; p50, p10 to p90)"
        yield grid(title, "setting, mapping, primitive", grouped, "threads", int, lambda row: spread(row, 1e-6))
        yield curves(title, "threads", "MB/s",
                     {name: sorted((row["threads"], *(row[key] * 1e-6 for key in ("p50", "p10", "p90")))
                                   for row in rows) for name, rows in grouped.items()})


def packet_parts(settings, basis):
    for mode, what in (("tx", "sent"), ("loop", "sent and received")):
        grouped = merged(settings, "packets", basis, "placement",
                         having=lambda row, mode=mode: row["mode"] == mode)
        if not grouped:
            continue
        title = f"million packets per second, {what}, by frame size ({basis}; p50, p10 to p90)"
        yield grid(title, "setting, placement", grouped, "size", size_key, lambda row: spread(row, 1e-6))
        sizes = sorted({row["size"] for rows in grouped.values() for row in rows}, key=size_key)
        yield bars(title, "Mpps", sizes, {name: bands(rows, "size", 1e-6) for name, rows in grouped.items()})
    grouped = merged(settings, "latency", basis, "placement")
    if grouped:
        title = f"round trip of one frame, us ({basis})"
        rows = [(name, row) for name, several in grouped.items() for row in several]
        yield Table(title, ["setting, placement", *TRIP_PERCENTS],
                    [[name, *(number(row[key] / 1e3) for key in TRIP_PERCENTS)] for name, row in rows])
        yield bars(title, "us", TRIP_PERCENTS[:3],
                   {name: {key: (row[key] / 1e3,) * 3 for key in TRIP_PERCENTS[:3]} for name, row in rows})
