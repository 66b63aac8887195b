# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A run's text and pictures."""
import subprocess

GNUPLOT = "gnuplot"


def number(value, unit):
    if value is None:
        return "-"
    if unit == "packets/s":
        return f"{value / 1e6:.2f}"
    if unit == "bytes":
        return f"{value / 2**20:.0f}"
    return f"{value:.0f}"


UNITS = {"packets/s": "Mpps", "ns": "ns", "bytes": "MiB"}


def factor(value):
    return "-" if value is None else f"{value:.2f}"


def table(rows):
    lines = [["test", "bytes", "burst", "queues", "far", "label", "unit", "ours", "p10-p90", "by", "best peer", "p10-p90", "which",
              "ratio", "copy", "virtio", "of limit", "of frame limit", "rounds"]]
    for row in rows:
        mine, theirs = row["values"][row["ours_is"]], row["values"][row["best_peer"]]
        unit = row["unit"]
        lines.append([row["test"], str(row["bytes"]), str(row["burst"]), str(row["queues"]), row.get("far", "-"), row["label"],
                      UNITS[unit], number(row["ours"], unit),
                      f"{number(mine['p10'], unit)}-{number(mine['p90'], unit)}", row["ours_is"],
                      number(row["best_peer_value"], unit),
                      f"{number(theirs['p10'], unit)}-{number(theirs['p90'], unit)}", row["best_peer"],
                      factor(row["ratio"]), factor(row["ratio_copy"]), factor(row["ratio_virtio"]),
                      factor(row.get("limit_share")), factor(row.get("frame_limit_share")), str(row["rounds"])])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def states_text(states):
    """The states of a run, their round trips in ns, and how many samples were taken in each."""
    parts = []
    for state in states:
        ns = state["ns"]
        trip = f"{ns['median']:.0f} ns ({ns['p10']:.0f}-{ns['p90']:.0f}, {ns['n']} readings)" if ns else "no reading"
        parts.append(f"{state['name']}: {trip}, {state['samples']} samples")
    return "a cache line there and back: " + "; ".join(parts)


def limit_text(limits):
    for label, designs in limits.items():
        for design, bursts in designs.items():
            what = "a line there and back" if design == "frame" else f"the lines of {design}"
            shown = ", ".join(f"burst {burst} {found['value'] / 1e6:.1f} ({found['by']})" for burst, found in bursts.items())
            yield f"limit, {label}, {what}, Mpps: {shown}"


def by_whom(result):
    machine = result["machine"]
    return (f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['kernel']}, {result['dpdk']}, commit {result['commit']}"
            f"{', quick' if result['quick'] else ''}")


def text(result):
    """All that is printed."""
    parts = [table(result["rows"])]
    parts.append("label: the state of the machine, see below. ratio: above 1 ours is better; copy, virtio: against the best "
                 "peer that copies, the best virtio. of limit: of what lines of ours alone could carry; of frame limit: of "
                 "a line there and back for each packet.")
    parts += limit_text(result["limit"]["measured"])
    if result["instructions_per_packet"]:
        shown = ", ".join(f"{name} {value:.2f}" for name, value in result["instructions_per_packet"].items())
        parts.append(f"instructions per packet, 64 bytes, burst 32, Rx + Tx of the near end (model: the card's poll): {shown}")
    if result["floors"]:
        shown = ", ".join(f"{name} {value['median'] / 1e6:.1f}" for name, value in result["floors"].items())
        parts.append(f"floors, one process alone, 64 bytes, burst 32, Mpps: {shown}")
    if result["idle_card_cpu"] is not None:
        parts.append(f"an idle card uses {result['idle_card_cpu']:.1%} of a CPU")
    for note in result["notes"]:
        parts.append(f"note: {note}")
    for name, why in result["left_out"].items():
        parts.append(f"left out: {name}: {why.splitlines()[0]}")
    parts.append(states_text(result["states"]))
    parts.append(f"samples used: {result['samples']['used']} of {result['samples']['taken']}; readings of no state: "
                 f"{result['samples']['readings_of_no_state']}")
    parts.append(f"{result['ended']}, {by_whom(result)}")
    return "\n".join(parts)


COLOURS = {"push": "#c00000", "fetch": "#ff7f50", "memif": "#1f4e9c", "memif-zc": "#6fa8dc", "virtio-split": "#0b5345",
           "virtio-split-inorder": "#1e8449", "virtio-split-vec": "#58d68d", "virtio-packed": "#5b2c6f",
           "virtio-packed-inorder": "#8e44ad", "virtio-packed-vec": "#c39bd3"}


# ---- pictures ----------------------------------------------------------------------------------

def quoted(value):
    return '"' + str(value).replace("\\", "\\\\").replace('"', "'") + '"'


def bars(rows, test, label, names):
    """A panel of one state: sizes along the axis, a bar for each implementation, whiskers from p10 to p90."""
    chosen = [row for row in rows
              if (row["test"], row["label"], row["burst"], row["queues"]) == (test, label, 32, 1)]
    if not chosen:
        return None
    data, plots = [], []
    for name in names:
        if not any(name in row["values"] for row in chosen):
            continue
        block = f"$d{test}{label}{len(data)}"
        lines = []
        for row in chosen:
            value = row["values"].get(name)
            figures = [value[key] / 1e6 for key in ("median", "p10", "p90")] if value else ["NaN"] * 3
            lines.append(f"{quoted(row['bytes'])} " + " ".join(map(str, figures)))
        data.append(f"{block} << END\n" + "\n".join(lines) + "\nEND")
        colour = COLOURS.get(name, "#808080")
        plots.append(f"{block} using 2:3:4:xtic(1) linecolor rgb {quoted(colour)} title {quoted(name)}")
    return "\n".join([*data, f"set title {quoted(f'{test}, burst 32, {label}')}",
                      "set ylabel 'Mpps'; set xlabel 'bytes'", "plot " + ", ".join(plots)])


def instruction_bars(instructions):
    if not instructions:
        return None
    lines = "\n".join(f"{quoted(name)} {value}" for name, value in instructions.items())
    return "\n".join([f"$i << END\n{lines}\nEND", "set title 'instructions per packet, 64 bytes, burst 32'",
                      "set ylabel 'instructions'; set xlabel ''; set style histogram clustered gap 1; unset key",
                      "set xtics rotate by -35", "plot $i using 2:xtic(1) linecolor rgb '#1f4e9c' title ''"])


def picture(result, path):
    """None, or why there is none."""
    names = [name for name in result["implementations"] if any(name in row["values"] for row in result["rows"])]
    panels = [panel for panel in [*(bars(result["rows"], test, state["name"], names) for state in result["states"]
                                    for test in ("tx", "rx", "loop")),
                                  instruction_bars(result["instructions_per_packet"])] if panel]
    if not panels:
        return "nothing to draw"
    script = "\n".join([
        f"set terminal svg noenhanced size 1300,{430 * len(panels)} font 'sans,12' background rgb 'white'",
        f"set output {quoted(path)}",
        f"set multiplot layout {len(panels)},1", "set style data histograms",
        "set style histogram errorbars gap 1 lw 1", "set style fill solid 0.7 border -1", "set yrange [0:*]",
        "set grid ytics", "set key outside right top", *panels, "unset multiplot"])
    try:
        done = subprocess.run([GNUPLOT], input=script, capture_output=True, text=True)
    except OSError as error:
        return f"gnuplot: {error.strerror}"
    return f"gnuplot: {done.stderr.strip()}" if done.returncode else None
