# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The tables and plots behind the three sentences on a machine."""
import collections

from measured import raw_parts
from pages import WARNING
from runs import BASES, need
from shapes import Sentences, Table, bars, number
from silicon import FAR_END_COUNTS, NARROW, WORDS, band_of, count, part, parts, text


def link_row(what, where, link):
    speeds = [text(where, link, key) or "unknown speed" for key in ("current_speed", "max_speed")]
    widths = [count(where, link, key) for key in ("current_width", "max_width")]
    return [what, f"{speeds[0]} x{widths[0]} now, at most {speeds[1]} x{widths[1]}" if widths[0] > 0 else None]


def target_table(found):
    """What was measured, as far as the run tells."""
    where, target = found.name, found.target
    rows = [[what, text(where, target, key)] for what, key in (("name", "name"), ("memory", "memory"),
                                                                ("because", "behind_because"))]
    rows += [["mapping", ", ".join(sorted({row["type"] for row in found.rows("raw")}))],
             ["type because", text(where, target, "type_because")]]
    device, pci, vulkan = part(where, found.runs[0], "device"), part(where, target, "pci"), part(where, target, "vulkan")
    rows += [["PCI device", " ".join(filter(None, (text(where, device, key) for key in ("bdf", "id", "driver"))))],
             link_row("its link", where, part(where, pci, "link")),
             link_row("narrowest link on the way", where, part(where, pci, "narrowest_link"))]
    rows += [[f"BAR {count(at, bar, 'bar')}",
              f"{count(at, bar, 'bytes') >> 20} MiB, {'' if bar.get('resizable') else 'not '}resizable"]
             for at, bar in parts(where, pci, "bars") if bar.get("prefetchable")]
    rows += [[f"memory type {count(at, kind, 'index')}" + (" (chosen)" if kind.get("chosen") else ""),
              f"{text(at, kind, 'flags')}, heap of {count(at, kind, 'heap_bytes') >> 20} MiB"]
             for at, kind in parts(where, vulkan, "types")]
    return Table("what was measured", ["", ""], [row for row in rows if row[1]])


def device_table(found):
    rows = [[part["p50"] * WORDS, name] for part, name in ((found.store(), "as Device: 8-byte stores, a fence each"),) if part]
    rows += [[part["p50"], name] for part, name in ((found.line(NARROW), "8-byte stores, drained after the burst"),
                                                    (found.line(), "the cheapest way to store")) if part]
    title = f"ns per line of 64 bytes ({found.basis}; p50)"
    return [Table(title, ["", "ns"], [[name, number(value)] for value, name in rows]),
            bars(title, "ns", [name for _, name in rows], {"ns per line": {name: (value,) * 3 for value, name in rows}})]


def share(part, whole):
    return f"{100 * part / whole:.3g} %" if whole else ""


def far_end_parts(far):
    keys = FAR_END_COUNTS[1:]
    if not far["tests"]:
        return
    yield Table(f"lines as they were seen ({far['basis']}; p50, p10 to p90)",
                ["primitive", "burst", "lines", *keys, "line to answer, ns", "first line to last"],
                [[test["primitive"], test["burst"], test["lines"], *(share(test[key], test["lines"]) for key in keys),
                  band_of(test["round_trip_ns"]) if test["round_trip_ns"] else "",
                  f"{band_of(test['first_to_last'])} {test['first_to_last']['unit']}" if test["first_to_last"] else ""]
                 for test in far["tests"]])
    trips = collections.defaultdict(dict)
    for test in far["tests"]:
        row = test["round_trip_ns"]
        if row:
            trips[test["primitive"]][test["burst"]] = tuple(row[key] for key in ("p50", "p10", "p90"))
    bursts = sorted({burst for values in trips.values() for burst in values})
    if bursts:
        yield bars(f"first store to answer, by burst ({far['basis']}; p50, p10 to p90)", "ns", bursts,
                   trips)


def far_end_note(far):
    said = [f"Not all of it was done: {far['error']}."] if far["error"] else []
    if far["tests"]:
        said.append("A shader polled the memory while the CPU stored: a line is whole if one look saw nothing of it and the "
                    "next one all.")
        said.append("It proved beforehand that it sees torn and overtaken lines." if far["proved"] else
                    "It did not prove that it sees torn lines, so nothing follows from whole ones.")
        if not far["sharp"]:
            said.append("It saw lines in pieces hardly more often than others, so nothing here tells whether stores combine.")
    return " ".join(said) or None


def probe_row(probe):
    where = "wcprobe"
    device, intended, verdict, now = (part(where, probe, key) for key in ("device", "intended", "verdict", "now"))
    identity = ":".join((text(where, device, key) or "?").replace("0x", "") for key in ("vendor", "device"))
    bar = need(where, probe, "bar", float, optional=True)
    size = next((count(at, entry, "bytes") for at, entry in parts(where, device, "bars") if entry.get("number") == bar), None)
    return [text(where, device, "bdf"), identity, text(where, device, "class_name"), text(where, device, "driver") or "",
            "" if bar is None else int(bar), "" if size is None else f"{size >> 10} KiB", text(where, now, "type") or "",
            text(where, intended, "type") or "", text(where, verdict, "name") or "", text(where, verdict, "why") or ""]


def probe_table(found):
    return Table("the PCI devices with memory BARs (wcprobe; nothing was opened)",
                 ["device", "id", "class", "driver", "BAR", "size", "mapped now", "predicted", "verdict", "why"],
                 [probe_row(probe) for probe in found.probes])


def silicon_sections(found):
    """As pages.sections(): title, note, and the tables and plots."""
    yield "What this machine does", found.place(), [Sentences(found.sentences())]
    if found.basis:
        yield "What was measured", None, [target_table(found)]
        note = WARNING.get(found.basis)
        if found.unstable():
            unstable = (f"{found.unstable()} rows differ between the run's two halves by more than their spread: run it "
                        "again on a quieter machine.")
            note = f"{note} {unstable}" if note else unstable
        yield BASES[found.basis], note, [*device_table(found), *raw_parts(found.settings, found.basis)]
    if found.far_end:
        yield "What the far end saw", far_end_note(found.far_end), list(far_end_parts(found.far_end))
    if found.probes:
        yield "PCI devices", None, [probe_table(found)]
