# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The table and the picture of tests/perf/scale."""
import subprocess

from report import GNUPLOT, factor, number, quoted

COLOURS = {("tx", "one"): "#c00000", ("tx", "all"): "#ff7f50", ("loop", "one"): "#1f4e9c", ("loop", "all"): "#6fa8dc"}
SERIES = ("queues", "cards", "clients")


def first_of(result, row, label):
    """What one queue, card or client reaches in the same state of the machine."""
    for other in result["rows"]:
        if (other["series"], other["test"]) == (row["series"], row["test"]) and label in other["packets_per_s"]:
            return other["packets_per_s"][label]["median"]
    return None


def table(result):
    lines = [["series", "n", "busy", "test", "label", "Mpps", "p10-p90", "of one", "wcnicd MiB", "client MiB", "idle CPU",
              "rounds"]]
    for row in result["rows"]:
        idle = "-" if row["idle_cpu"] is None else f"{row['idle_cpu']:.2%}"
        memory = [number(row["resident_bytes"][end], "bytes") for end in ("wcnicd", "client")]
        for label, rate in sorted(row["packets_per_s"].items()) or [("-", None)]:
            one = first_of(result, row, label)
            shown = ["-"] * 3 if rate is None else [
                number(rate["median"], "packets/s"), f"{rate['p10'] / 1e6:.2f}-{rate['p90'] / 1e6:.2f}",
                factor(rate["median"] / one if one else None)]
            lines.append([row["series"], str(row["n"]), row["busy"], row["test"], label, *shown, *memory, idle,
                          str(rate["n"] if rate else 0)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def text(result):
    host = result["machine"]
    trips = ", ".join(f"{name} {value['median']:.0f} ns ({value['n']} times)"
                      for name, value in result["core_to_core"].items())
    return "\n".join([
        f"{host['cpu']}, {host['cpus']} CPUs, {host['kernel']}, {result['dpdk']}, commit {result['commit']}, "
        f"{result['placement']}, 64 bytes, bursts of 32", table(result),
        "of one: against the first row of the series with the same test and label. Clients share a CPU, and so do cards.",
        f"A cache line between the two CPUs and back: {trips}; samples used: {result['samples']['used']} of "
        f"{result['samples']['taken']}.", *(f"note: {note}" for note in result["notes"])])


# ---- the picture -------------------------------------------------------------------------------

def lines_of(rows, value):
    return [f"{row['n']} {value(row)}" for row in rows if value(row) is not None]


def panel(title, ylabel, curves):
    """`curves`: (name, colour, lines of data)."""
    curves = [curve for curve in curves if curve[2]]
    if not curves:
        return None
    data, plots = [], []
    for i, (name, colour, lines) in enumerate(curves):
        block = f"$c{abs(hash(title)) % 10**6}x{i}"
        data.append(f"{block} << END\n" + "\n".join(lines) + "\nEND")
        plots.append(f"{block} using 1:2 with linespoints pointtype 7 linewidth 2 linecolor rgb {quoted(colour)} "
                     f"title {quoted(name)}")
    return "\n".join([*data, f"set title {quoted(title)}", f"set ylabel {quoted(ylabel)}", "plot " + ", ".join(plots)])


def rate_panels(result):
    labels = sorted({label for row in result["rows"] for label in row["packets_per_s"]})
    for series in SERIES:
        for label in labels:
            curves = []
            for (test, busy), colour in COLOURS.items():
                rows = [row for row in result["rows"] if (row["series"], row["test"]) == (series, test)
                        and (row["busy"] == busy or row["n"] == 1)]
                curves.append((f"{test}, {busy} busy", colour, lines_of(rows, lambda row: (
                    row["packets_per_s"][label]["median"] / 1e6 if label in row["packets_per_s"] else None))))
            yield panel(f"{series} ({label})", "Mpps", curves)


def panels(result):
    yield from rate_panels(result)
    rows = [row for row in result["rows"] if row["test"] == "loop" and (row["busy"] == "all" or row["n"] == 1)]
    for end in ("wcnicd", "client"):
        yield panel(f"resident memory of {'a client' if end == 'client' else end}", "MiB", [
            (series, colour, lines_of([row for row in rows if row["series"] == series],
                                      lambda row: row["resident_bytes"][end] / 2**20))
            for series, colour in zip(SERIES, ("#c00000", "#1f4e9c", "#1e8449"))])
    yield panel("CPU of an idle wcnicd", "%", [
        (series, colour, lines_of([row for row in rows if row["series"] == series],
                                  lambda row: None if row["idle_cpu"] is None else row["idle_cpu"] * 100))
        for series, colour in zip(SERIES, ("#c00000", "#1f4e9c", "#1e8449"))])


def picture(result, path):
    """None, or why there is none."""
    drawn = [each for each in panels(result) if each]
    if not drawn:
        return "nothing to draw"
    script = "\n".join([
        f"set terminal svg noenhanced size 1300,{330 * -(-len(drawn) // 2)} font 'sans,12' background rgb 'white'",
        f"set output {quoted(path)}", f"set multiplot layout {-(-len(drawn) // 2)},2", "set logscale x 2",
        "set yrange [0:*]", "set grid", "set key outside right top", *drawn, "unset multiplot"])
    try:
        done = subprocess.run([GNUPLOT], input=script, capture_output=True, text=True)
    except OSError as error:
        return f"gnuplot: {error.strerror}"
    return f"gnuplot: {done.stderr.strip()}" if done.returncode else None
