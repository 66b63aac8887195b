# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the soak prints, and its plot."""
import subprocess

GNUPLOT = "gnuplot"
WIDTH = 58


def lines_of_sum(result):
    yield f"  {'accepted by the drivers':{WIDTH}} {result['accepted']:>12,}"
    yield f"  {'delivered once, in order, unaltered':{WIDTH}} {result['delivered']:>12,}"
    for name, n in result["lost"].items():
        yield f"  {name:{WIDTH}} {n:>12,}"
    yield f"  {'unaccounted for':{WIDTH}} {result['unaccounted']:>12,}"


def text(result):
    lines = [f"soak: seed {result['seed']}, sanitizer {result['sanitizer']}, {result['steps']} steps, {result['seconds']} s; "
             f"faults:"]
    lines += [f"  {n:6} {kind}" for kind, n in sorted(result["faults"].items())]
    lines += [f"  {name}: {why}" for name, why in result["left_out"].items()]
    lines += ["", "frames:", *lines_of_sum(result["sum"]), "", "after warm-up, a line through one sample a step:"]
    lines.append(f"  {'process':10} {'what':18} {'samples':>7} {'first':>10} {'last':>10} {'slope a step':>14} {'error':>10}")
    for fit in result["fits"]:
        lines.append(f"  {fit['process']:10} {fit['what']:18} {fit['samples']:7} {fit['first']:10} {fit['last']:10} "
                     f"{fit['slope']:14.4f} {fit['error']:10.4f}  {fit['verdict']}")
    if not result["fits"]:
        lines.append(f"  none: {result['steps']} steps are too few")
    return "\n".join(lines)


def series(samples, process, what, scale=1):
    return "\n".join(f"{sample['at_s']} {sample[process][what] * scale}" for sample in samples)


def rates(samples):
    points, last = [], None
    for sample in samples:
        if last and sample["at_s"] > last["at_s"]:
            points.append(f"{sample['at_s']} {(sample['accepted'] - last['accepted']) / (sample['at_s'] - last['at_s']) / 1000}")
        last = sample
    return "\n".join(points)


def picture(result, path):
    """None, or why there is none."""
    samples = result["samples"]
    if len(samples) < 2:
        return "too few samples"
    kinds = sorted({fault["kind"] for entry in result["schedule"] for fault in entry["faults"]} - {"nothing"})
    processes = [key for key in samples[0] if isinstance(samples[0][key], dict)]
    blocks, panels = [], []
    for title, what, scale in (("descriptors", "descriptors", 1), ("mappings", "mappings", 1),
                               ("memory shared with nobody, MiB", "own_memory_kib", 1 / 1024)):
        plots = []
        for process in processes:
            name = f"${what}{len(blocks)}"
            blocks.append(f"{name} << END\n{series(samples, process, what, scale)}\nEND")
            plots.append(f"{name} using 1:2 with lines lw 2 title '{process}'")
        panels.append(f"set title '{title}'\nset yrange [0:*]\nplot {', '.join(plots)}")
    blocks.append(f"$rates << END\n{rates(samples)}\nEND")
    panels.append("set title 'thousand frames a second, all drivers'\nplot $rates using 1:2 with lines lw 2 title ''")
    marks = "\n".join(f"{entry['at_s']} {kinds.index(fault['kind'])}" for entry in result["schedule"]
                      for fault in entry["faults"] if fault["kind"] != "nothing")
    blocks.append(f"$faults << END\n{marks}\nEND")
    tics = ", ".join(f"\"{kind}\" {n}" for n, kind in enumerate(kinds))
    panels.append(f"set title 'faults'\nset yrange [-1:{len(kinds)}]\nset ytics ({tics}) font ',8'\nset grid x y\nset xlabel 's'\n"
                  "plot $faults using 1:2 with points pt 7 ps 0.5 title ''")
    script = "\n".join([f"set terminal svg noenhanced size 1200,{300 * len(panels)} font 'sans,12' background rgb 'white'",
                        f"set output '{path}'", *blocks, f"set multiplot layout {len(panels)},1", "set lmargin 28",
                        f"set xrange [0:{samples[-1]['at_s']}]", "set key outside right top", "set rmargin 16",
                        "set grid x", *panels, "unset multiplot"])
    try:
        done = subprocess.run([GNUPLOT], input=script, capture_output=True, text=True)
    except OSError as error:
        return f"gnuplot: {error.strerror}"
    return f"gnuplot: {done.stderr.strip()}" if done.returncode else None
