# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Tables and plots, from rows or series."""
import collections
import re


PLOT_BURST = 16  # the burst of plots with one burst size
Table = collections.namedtuple("Table", "title head rows")
Plot = collections.namedtuple("Plot", "title script")
Sentences = collections.namedtuple("Sentences", "texts")  # numbered


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
