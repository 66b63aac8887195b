# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The tables and plots of what was computed from the stores that were seen."""
import collections

from runs import COUNTS
from shapes import PLOT_BURST, Table, band, bars, number, size_key


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


def modelled_commit_parts(settings):
    """Pushed bursts with a doorbell each, and without, by link: which takes less, in bytes and in time."""
    rows = [(s.name, row) for s in settings for row in s.modelled_rows["commits"]]
    for link in dict.fromkeys(row["link"] for _, row in rows):
        series = collections.defaultdict(dict)
        for name, row in rows:
            if row["link"] == link:
                series[name, number(row["burst"])][row["rule"]] = row
        rules = list(dict.fromkeys(rule for values in series.values() for rule in values))
        for figure, what in (("wire_bytes_per_packet", "wire bytes"), ("ns_per_packet", "ns")):
            yield Table(f"{what} per pushed packet of 64 bytes, by the rule that commits a burst, {link} (modelled; with bands)",
                        ["setting", "burst", *rules],
                        [[*key, *(band(*values[rule][figure].values()) if rule in values else "" for rule in rules)]
                         for key, values in series.items()])


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
