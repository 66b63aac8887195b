#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Tables and plots of many runs of wcbench, side by side by setting. doc/tools.md describes what is read and written.
What was measured, measured under emulation and modelled never shares a table, a column or an axis."""
import argparse
import collections
import html
import json
import os
import pathlib
import re
import subprocess
import sys

SCHEMA = 1  # of a run; see run.h
REPORT_SCHEMA = 1
BASES = {"measured": "Measured", "measured under emulation": "Measured under emulation"}
WARNING = {"measured under emulation":
           "QEMU's TCG executed these: the times are those of a translator. They show that the programs run and what "
           "they decide; they are not to be compared with real hardware, nor is one setting with another."}
PERCENTS = ("p10", "p50", "p90", "p99")
TRIP_PERCENTS = ("p50", "p90", "p99", "p99.9")
COUNTS = {"stores_per_line": "stores per line", "tlps_per_line": "TLPs per line", "tlps_per_packet": "TLPs per packet",
          "wire_bytes_per_packet": "wire bytes per packet"}
FACTS = ("stage1", "stage2", "effective", "verdict", "auto_placement")
PLOT_BURST = 16
NUMBER_MAX = 1e15
GNUPLOT = "gnuplot"


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


# ---- reading runs ------------------------------------------------------------------------------

KINDS = {str: "a text", bool: "true or false", list: "a list", dict: "an object", float: "a number"}


def need(where, data, key, kind, optional=False):
    """data[key], of that kind; says where what is missing or wrong. Optional: may be null or absent."""
    value = data.get(key)
    if value is None:
        if optional:
            return None
        raise Failure(f"{where}: {key} is missing; expected {KINDS[kind]}")
    kinds = (int, float) if kind is float else kind
    if not isinstance(value, kinds) or isinstance(value, bool) != (kind is bool):
        raise Failure(f"{where}: {key} is {json.dumps(value)[:40]}; expected {KINDS[kind]}")
    if kind is float and not abs(value) < NUMBER_MAX:  # nor what JSON does not have, NaN
        raise Failure(f"{where}: {key} is {json.dumps(value)[:40]}; expected a number below {NUMBER_MAX:g}")
    return value


def items(where, data, key):
    """The objects of a list, each with where it is."""
    for i, item in enumerate(need(where, data, key, list)):
        if not isinstance(item, dict):
            raise Failure(f"{where}: {key}[{i}] is {json.dumps(item)[:40]}; expected an object")
        yield f"{where}: {key}[{i}]", item


def figure(where, data, key, percents=PERCENTS):
    """A measured figure with its percentiles."""
    value = need(where, data, key, dict)
    where = f"{where}.{key}"
    if need(where, value, "basis", str) not in BASES:
        raise Failure(f"{where}: basis is '{value['basis']}'; expected one of {', '.join(BASES)}: modelled figures "
                      "belong into the run's object \"modelled\" alone")
    need(where, value, "unit", str)
    for name in ("n", *percents):
        need(where, value, name, float)
    return value


def raw_rows(run, name, data):
    for at, mapping in items(name, data, "mappings"):
        need(at, mapping, "intended", str)
        if need(at, mapping, "error", str, optional=True):
            continue
        common = {"run": run, "intended": mapping["intended"], "type": need(at, mapping, "type", str),
                  "rung": need(at, mapping, "rung", str, optional=True),
                  "direct": need(at, mapping, "direct", bool)}
        common["mapping"] = common["type"]
        if common["type"] != common["intended"]:
            common["mapping"] += f" (intended {common['intended']})"
        for where, line in items(at, mapping, "lines"):
            if need(where, line, "burst", float) < 1:
                raise Failure(f"{where}: burst is {line['burst']}; expected a number of lines")
            yield "raw", {**common, "primitive": need(where, line, "primitive", str),
                          "order": need(where, line, "order", str), "burst": int(need(where, line, "burst", float)),
                          **figure(where, line, "ns_per_line")}
        for where, line in items(at, mapping, "doorbell"):
            yield "doorbell", {**common, "order": need(where, line, "order", str),
                               **figure(where, line, "ns_per_store")}


def packet_rows(run, name, data):
    for at, port in items(name, data, "ports"):
        common = {"run": run, "port": need(at, port, "name", str),
                  "direct": need(at, port, "direct", bool, optional=True)}
        for key in ("placement", "burst_mode", "type", "rung", "primitive"):
            common[key] = need(at, port, key, str, optional=True)
        after = need(at, port, "burst_mode_after", str, optional=True)
        common["decided"] = after.split()[0] if after else None
        for where, rate in items(at, port, "rates"):
            yield "packets", {**common, "mode": need(where, rate, "mode", str),
                              "size": need(where, rate, "size", str), "sent": need(where, rate, "sent", float),
                              "lost": need(where, rate, "lost", float), **figure(where, rate, "packets_per_second")}
        latency = need(at, port, "latency", dict, optional=True)
        if latency:
            where = f"{at}.latency"
            yield "latency", {**common, "size": need(where, latency, "size", float),
                              **figure(where, latency, "round_trip_ns", TRIP_PERCENTS)}


def modelled_value(where, data, key):
    """A number, or value, low and high; or None. As value, low, high."""
    value = data.get(key)
    if isinstance(value, dict):
        at = f"{where}.{key}"
        result = {name: need(at, value, name, float) for name in ("value", "low", "high")}
        if not result["low"] <= result["value"] <= result["high"]:
            raise Failure(f"{at}: value {result['value']} is not between low {result['low']} and high "
                          f"{result['high']}")
        return result
    value = need(where, data, key, float, optional=True)
    return None if value is None else {"value": value, "low": value, "high": value}


def modelled_read(name, data):
    modelled = need(name, data, "modelled", dict, optional=True)
    if modelled is None:
        return {}
    where = f"{name}: modelled"
    result = {key: need(where, modelled, key, str, optional=True) for key in FACTS}
    result.update({key: modelled_value(where, modelled, key) for key in COUNTS})
    links = need(where, modelled, "modelled_mpps", dict, optional=True) or {}
    for link in links:
        mpps = modelled_value(f"{where}.modelled_mpps", links, link)
        if mpps is None:
            raise Failure(f"{where}.modelled_mpps: {link} is null; expected value, low and high")
        result[f"mpps {link}"] = mpps
    return {key: value for key, value in result.items() if value is not None}


MODELLED_ROWS = {  # lists of a run's "modelled": what is a text or number in their objects, and what has a band
    "lines": ({"mapping": str, "primitive": str, "order": str, "link": str, "burst": float},
              ("tlps_per_line", "ns_per_line")),
    "packets": ({"placement": str, "size": str, "link": str},
                ("stores_per_line", "tlps_per_line", "tlps_per_packet", "wire_bytes_per_packet", "mpps")),
    "sensitivity": ({"link": str, "parameter": str, "mpps_at_low": float, "mpps_at_high": float}, ()),
}


def modelled_rows(name, data):
    modelled = data.get("modelled") or {}
    for kind, (keys, figures) in MODELLED_ROWS.items():
        for at, row in items(f"{name}: modelled", modelled, kind) if kind in modelled else ():
            yield kind, {**{key: need(at, row, key, type_) for key, type_ in keys.items()},
                         **{key: modelled_value(at, row, key) for key in figures}}


def run_read(path):
    name = str(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise Failure(f"{name}: not JSON: {error}") from None
    if not isinstance(data, dict) or data.get("program") != "wcbench" or "schema" not in data:
        raise Failure(f"{name}: not a run of wcbench; wcbench raw and wcbench packets write them with --json")
    if data["schema"] != SCHEMA:
        raise Failure(f"{name}: schema {data['schema']} of wcbench's runs; this program knows {SCHEMA}")
    if not need(name, data, "ok", bool):
        raise Failure(f"{name}: this run is void: {data.get('error')}")
    rows = {"raw": raw_rows, "packets": packet_rows}.get(need(name, data, "kind", str))
    if rows is None:
        raise Failure(f"{name}: kind is '{data['kind']}'; expected raw or packets")
    need(name, data, "setting", str)
    machine = need(name, data, "machine", dict)
    for key, kind in (("arch", str), ("kernel", str), ("hypervisor", bool), ("emulated", bool)):
        need(f"{name}: machine", machine, key, kind)
    need(f"{name}: machine", machine, "cpu", str, optional=True)
    for key in ("host_kernel", "commit", "ended"):
        need(name, data, key, str, optional=True)
    data["rows"] = list(rows(path.name, name, data))
    facts = modelled_read(name, data)
    data["modelled_rows"] = list(modelled_rows(name, data))
    data["modelled"] = facts
    return data


# ---- settings ----------------------------------------------------------------------------------

class Setting:
    def __init__(self, name):
        self.name, self.runs, self.modelled, self.said_by = name, [], {}, {}
        self.rows = {"raw": [], "doorbell": [], "packets": [], "latency": []}
        self.modelled_rows = {kind: [] for kind in MODELLED_ROWS}

    def add(self, path, run):
        self.runs.append({"file": path.name, "kind": run["kind"], "commit": run.get("commit"),
                          "ended": run.get("ended"), "machine": run["machine"]})
        facts = dict(run["modelled"])
        if run.get("host_kernel"):
            facts["host_kernel"] = run["host_kernel"]
        for key, value in facts.items():
            if key in self.modelled and self.modelled[key] != value:
                raise Failure(f"setting {self.name}: {self.said_by[key]} and {path.name} say different things of "
                              f"{key}: {json.dumps(self.modelled[key])} and {json.dumps(value)}")
            self.modelled[key] = value
            self.said_by.setdefault(key, path.name)
        for kind, row in run["rows"]:
            self.rows[kind].append(row)
        for kind, row in run["modelled_rows"]:
            self.modelled_rows[kind].append(row)

    def auto_placement(self):
        """What the lab noted, else what the driver chose when it was told to choose."""
        chosen = {row["decided"] for row in self.rows["packets"]
                  if row["placement"] == "auto" and row["decided"]}
        return self.modelled.get("auto_placement") or ("/".join(sorted(chosen)) or None)

    def one(self, key):
        """The values that the runs saw, in one text."""
        seen = dict.fromkeys(str(row[key]) for kind in ("raw", "packets") for row in self.rows[kind]
                             if row.get(key) is not None)
        return ", ".join(seen)

    def machine(self, key):
        return ", ".join(dict.fromkeys(str(run["machine"].get(key)) for run in self.runs))

    def mpps(self):
        return {key[5:]: value for key, value in self.modelled.items() if key.startswith("mpps ")}

    def report(self):
        facts = {key: self.modelled.get(key) for key in ("host_kernel", "stage1", "stage2", "effective", "verdict")}
        counts = {key: self.modelled[key] for key in COUNTS if key in self.modelled}
        measured = {basis.replace(" ", "_"): {kind: rows_of(self, kind, basis) for kind in self.rows}
                    for basis in BASES}
        return {"name": self.name, **facts, "auto_placement": self.auto_placement(),
                "push": {key: counts[key]["value"] if key in counts else None for key in COUNTS},
                "push_band": {key: [count["low"], count["high"]] for key, count in counts.items()},
                "modelled_mpps": self.mpps(), "modelled": self.modelled_rows, "runs": self.runs, **measured}


def settings_make(paths):
    settings = {}
    for path in paths:
        run = run_read(path)
        settings.setdefault(run["setting"], Setting(run["setting"])).add(path, run)
    return list(settings.values())


# ---- tables and plots --------------------------------------------------------------------------

Table = collections.namedtuple("Table", "title head rows")
Plot = collections.namedtuple("Plot", "title script")


def number(value):
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def band(middle, low, high):
    return number(middle) if low == high else f"{number(middle)} ({number(low)} to {number(high)})"


def spread(row, scale=1.0):
    return band(*(row[key] * scale for key in ("p50", "p10", "p90")))


def plain(text):
    """For gnuplot, which runs what stands between backquotes; runs are files of strangers."""
    return re.sub(r"[^ -~]|[`\"\\$@]", "?", str(text))


def size_key(size):
    return (0, int(size), "") if size.isdigit() else (1, 0, size)


def series_of(setting, rows, *keys):
    """A name for the series: the setting, what tells the rows apart, and the run where several runs have the same."""
    def name(row):
        return " ".join([setting.name, *(str(row[key]) for key in keys if row.get(key) is not None)])
    places = collections.defaultdict(list)
    for row in rows:
        places[name(row)].append(tuple(str(row.get(key)) for key in ("mode", "size", "burst", "order", "primitive")))
    grouped = collections.defaultdict(list)
    for row in rows:
        base = name(row)
        own = " ".join(filter(None, (row["run"], row.get("port"))))
        several = len(set(places[base])) < len(places[base])
        grouped[f"{base} ({own})" if several else base].append(row)
    return grouped


def grid(title, what, grouped, key, order, text):
    """A row for each series, a column for each value of `key`."""
    columns = sorted({row[key] for rows in grouped.values() for row in rows}, key=order)
    body = []
    for name, rows in grouped.items():
        cells = {row[key]: text(row) for row in rows}
        body.append([name, *(cells.get(column, "") for column in columns)])
    return Table(title, [what, *map(str, columns)], body)


def plot_head(title, ylabel):
    return ('set terminal svg size 900,420 dynamic noenhanced font "sans-serif,12" background "white"\n'
            f'set title "{plain(title)}"\nset ylabel "{plain(ylabel)}"\n'
            'set key outside right top\nset grid ytics\nset datafile missing "?"\n')


def bars(title, ylabel, categories, series):
    """Groups of bars with their bands; series: name -> {category: (value, low, high)}."""
    top = max((value[2] for values in series.values() for value in values.values()), default=0) * 1.08 or 1
    script = plot_head(title, ylabel) + f"set yrange [0:{top:.9g}]\nset style data histogram\n" \
        "set style histogram errorbars gap 1 lw 1\nset style fill solid 0.7 border -1\nset xtics nomirror"
    script += " rotate by -15\n" if max(map(len, map(str, categories)), default=0) * len(categories) > 70 else "\n"
    blocks, plots = "", []
    for i, (name, values) in enumerate(series.items()):
        blocks += f"$d{i} << EOD\n"
        for category in categories:
            cells = [f"{v:.9g}" for v in values[category]] if category in values else ["?"] * 3
            blocks += f'"{plain(category)}" {" ".join(cells)}\n'
        blocks += "EOD\n"
        plots.append(f'$d{i} using 2:3:4:xtic(1) title "{plain(name)}"')
    return Plot(title, blocks + script + "plot " + ", ".join(plots) + "\n")


def curves(title, xlabel, ylabel, series):
    """Lines with bands over logarithmic axes; series: name -> [(x, value, low, high)]."""
    script = plot_head(title, ylabel) + f'set xlabel "{plain(xlabel)}"\nset logscale x 2\nset logscale y\n'
    blocks, plots = "", []
    for i, (name, points) in enumerate(series.items()):
        lines = [" ".join(f"{v:.9g}" for v in point) for point in points]
        blocks += "\n".join([f"$d{i} << EOD", *lines, "EOD\n"])
        plots.append(f'$d{i} using 1:2:3:4 with yerrorlines title "{plain(name)}"')
    return Plot(title, blocks + script + "plot " + ", ".join(plots) + "\n")


def rows_of(setting, kind, basis):
    return [row for row in setting.rows[kind] if row["basis"] == basis]


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


def modelled_parts(settings):
    having = [s for s in settings if any(key in s.modelled for key in COUNTS)]
    if having:
        yield Table("what pushes become on the link (modelled; with the band of the assumed parameters)",
                    ["setting", *COUNTS.values()],
                    [[s.name, *(band(*s.modelled[key].values()) if key in s.modelled else "" for key in COUNTS)]
                     for s in having])
        triple = {s.name: {COUNTS[key]: tuple(s.modelled[key].values()) for key in COUNTS if key in s.modelled}
                  for s in having}
        yield bars("TLPs (modelled)", "TLPs", [COUNTS["tlps_per_line"], COUNTS["tlps_per_packet"]], triple)
        yield bars("wire bytes per packet (modelled)", "bytes", [COUNTS["wire_bytes_per_packet"]], triple)
    links = list(dict.fromkeys(link for s in settings for link in s.mpps()))
    if links:
        title = "million packets per second by link (modelled; with the band of the assumed parameters)"
        having = [s for s in settings if s.mpps()]
        yield Table(title, ["setting", *links],
                    [[s.name, *(band(*s.mpps()[link].values()) if link in s.mpps() else "" for link in links)]
                     for s in having])
        yield bars(title, "Mpps", links,
                   {s.name: {link: tuple(value.values()) for link, value in s.mpps().items()} for s in having})


def by_size(title, settings, figure, link):
    """A figure of the packets by frame size: table and plot of one link."""
    series = {}
    for s in settings:
        for row in s.modelled_rows["packets"]:
            if row["link"] == link and row[figure]:
                series.setdefault(f"{s.name} {row['placement']}", {})[row["size"]] = tuple(row[figure].values())
    sizes = sorted({size for values in series.values() for size in values}, key=size_key)
    if len(sizes) > 1:
        yield Table(title, ["setting, placement", *sizes],
                    [[name, *(band(*values[size]) if size in values else "" for size in sizes)]
                     for name, values in series.items()])
        yield bars(title, figure.replace("_", " "), sizes, series)


def modelled_packet_parts(settings):
    links = list(dict.fromkeys(row["link"] for s in settings for row in s.modelled_rows["packets"]))
    for link in links[:1]:  # what goes over the link hangs little on which it is
        for figure, what in (("tlps_per_packet", "TLPs"), ("wire_bytes_per_packet", "wire bytes")):
            yield from by_size(f"{what} per packet that the CPU posts, by frame size, {link} (modelled; with bands; what the card "
                               "reads of longer frames is not in it)", settings, figure, link)
    for link in links:
        yield from by_size(f"million packets per second by frame size, of those that are pushed whole, {link} (modelled; with "
                           "bands)", settings, "mpps", link)


def modelled_line_parts(settings):
    """Nanoseconds of a line that the CPU spends, by setting, mapping, primitive and link."""
    series = collections.defaultdict(dict)
    for s in settings:
        for row in s.modelled_rows["lines"]:
            if row["burst"] == PLOT_BURST and row["order"] == "burst" and row["ns_per_line"]:
                series[s.name, row["mapping"], row["primitive"]][row["link"]] = tuple(row["ns_per_line"].values())
    if not series:
        return
    links = list(dict.fromkeys(link for values in series.values() for link in values))
    what = f"ns per line, bursts of {PLOT_BURST} lines, drained after the burst"
    yield Table(f"{what} (modelled; with the band of the assumed parameters)", ["setting, mapping, primitive", *links],
                [[" ".join(name), *(band(*values[link]) if link in values else "" for link in links)]
                 for name, values in series.items()])
    for link in links:
        having = {name: values[link] for name, values in series.items() if link in values and name[1] == "WC"}
        primitives = list(dict.fromkeys(primitive for _, _, primitive in having))
        shown = collections.defaultdict(dict)
        for (setting, _, primitive), value in having.items():
            shown[setting][primitive] = value
        yield bars(f"{what}, write-combining mapping, {link} (modelled; with bands)", "ns", primitives, shown)


def sensitivity_parts(settings):
    """Which assumption moves the rate most."""
    rows = []
    for s in settings:
        values = s.mpps()
        for row in s.modelled_rows["sensitivity"]:
            if row["link"] not in values:
                continue
            value = values[row["link"]]["value"]
            moved = max(abs(row["mpps_at_low"] - value), abs(row["mpps_at_high"] - value))
            if moved >= 0.01 * value:
                rows.append((s.name, row["link"], -moved / value, [s.name, row["link"], row["parameter"],
                             number(row["mpps_at_low"]), number(value), number(row["mpps_at_high"])]))
    if rows:
        yield Table("what one assumed parameter does to the million packets per second, by 1 % and more (modelled)",
                    ["setting", "link", "parameter", "at its low bound", "as assumed", "at its high bound"],
                    [row for *_, row in sorted(rows, key=lambda row: row[:3])])


def settings_table(settings):
    head = ["setting", "CPU", "architecture", "kernel", "host kernel", "mapping", "rung", "direct", "stage 1",
            "stage 2", "effective", "verdict", "auto takes", "runs"]
    rows = []
    for s in settings:
        known = s.report()
        rows.append([s.name, s.machine("cpu"), s.machine("arch"), s.machine("kernel"), known["host_kernel"],
                     s.one("type"), s.one("rung"), s.one("direct").lower(), known["stage1"], known["stage2"],
                     known["effective"], known["verdict"], known["auto_placement"],
                     ", ".join(f"{run['file']} ({run['commit']})" for run in s.runs)])
    return Table("the settings", head, [[cell or "" for cell in row] for row in rows])


def sections(settings):
    """Title, note, and the tables and plots of one basis."""
    yield "Settings", None, [settings_table(settings)]
    for basis, title in BASES.items():
        parts = [*raw_parts(settings, basis), *packet_parts(settings, basis)]
        if parts:
            yield title, WARNING.get(basis), parts
    parts = [*modelled_parts(settings), *modelled_packet_parts(settings), *modelled_line_parts(settings),
             *sensitivity_parts(settings)]
    if parts:
        yield "Modelled", "Computed from the stores that were seen, by lib/pcielink; nobody measured these.", parts


# ---- writing -----------------------------------------------------------------------------------

def svg(plot, number_of_plot):
    try:
        done = subprocess.run([GNUPLOT, "-"], input=plot.script, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise Failure("gnuplot is missing: install gnuplot-nox, or say --no-plots") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"gnuplot takes too long for '{plot.title}'") from None
    begin = done.stdout.find("<svg")
    if done.returncode != 0 or begin < 0:
        raise Failure(f"gnuplot failed for '{plot.title}': {done.stderr.strip()[:400]}")
    # Names within one page must differ.
    prefix = f"p{number_of_plot}_"
    text = re.sub(r"\bid='", f"id='{prefix}", done.stdout[begin:])
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r"(xlink:href=['\"]#|url\(#)", rf"\g<1>{prefix}", text)
    return text


def cell_md(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def markdown(found):
    out = ["# wcbench: report", ""]
    for title, note, parts in found:
        out += [f"## {title}", ""]
        out += [note, ""] if note else []
        for part in parts:
            if isinstance(part, Table):
                head, *rows = ["| " + " | ".join(map(cell_md, row)) + " |" for row in (part.head, *part.rows)]
                out += [f"**{part.title}**", "", head, "|---" * len(part.head) + "|", *rows, ""]
    return "\n".join(out)


STYLE = """body{font:15px/1.45 sans-serif;color:#222;background:#fff;margin:2em auto;max-width:70em;padding:0 1em}
table{border-collapse:collapse;margin:.4em 0 1.4em}td,th{border:1px solid #ccc;padding:.2em .5em;text-align:right}
td:first-child,th:first-child{text-align:left}caption{text-align:left;font-weight:bold;padding:.3em 0}
div{overflow-x:auto}svg{width:100%;max-width:60em;height:auto}p.note{background:#fff3cd;padding:.5em}"""


def row_html(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"


def page(found, plots):
    out = ['<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>wcbench: report</title>',
           f"<style>{STYLE}</style></head><body><h1>wcbench: report</h1>"]
    count = 0
    for title, note, parts in found:
        out.append(f"<h2>{html.escape(title)}</h2>")
        out += [f'<p class="note">{html.escape(note)}</p>'] if note else []
        for part in parts:
            if isinstance(part, Table):
                out.append(f"<div><table><caption>{html.escape(part.title)}</caption>")
                out += [row_html("th", part.head), *(row_html("td", row) for row in part.rows), "</table></div>"]
            elif plots:
                count += 1
                out.append(svg(part, count))
    return "\n".join(out) + "\n</body></html>\n"


def write(path, text):
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failure(f"{path} cannot be written: {error.strerror}") from None


def arguments():
    parser = argparse.ArgumentParser(prog="wcbench report", description="Tables and plots of many runs, side by side "
                                     "by setting: report.html, report.md and report.json.")
    parser.add_argument("runs", nargs="+", metavar="RUN.json", type=pathlib.Path,
                        help="what wcbench raw or wcbench packets wrote with --json")
    parser.add_argument("--out", required=True, metavar="DIR", type=pathlib.Path, help="where the report goes")
    parser.add_argument("--no-plots", action="store_true", help="tables only; gnuplot is not needed then")
    return parser.parse_args()


def main():
    args = arguments()
    try:
        settings = settings_make(args.runs)
        found = list(sections(settings))
        texts = {"report.html": page(found, not args.no_plots), "report.md": markdown(found),
                 "report.json": json.dumps({"program": "wcbench report", "schema": REPORT_SCHEMA,
                                            "settings": [s.report() for s in settings]}, indent=2) + "\n"}
        try:
            args.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"{args.out} cannot be made: {error.strerror}") from None
        for name, text in texts.items():
            write(args.out / name, text)
    except Failure as failure:
        print(f"wcbench report: {failure}", file=sys.stderr)
        return 2
    print(f"{args.out}/report.html, report.md, report.json: {len(args.runs)} runs, {len(settings)} settings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
