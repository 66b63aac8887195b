# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The report as HTML and as Markdown."""
import html
import os
import re
import subprocess

from measured import packet_parts, raw_parts
from modelled import modelled_commit_parts, modelled_line_parts, modelled_packet_parts, modelled_parts, sensitivity_parts
from runs import BASES, Failure
from shapes import Plot, Sentences, Table


GNUPLOT = "gnuplot"
EMULATED = ("QEMU's TCG executed these: the times are those of a translator. They show that the programs run and what "
            "they decide; they are not to be compared with real hardware, nor is one setting with another.")
RAM = ("This machine's own memory stood behind these, and no device and no link. They show what the CPU does, and are "
       "not to be compared with a link's.")
UNKNOWN = ("Nothing told what stood behind these: a device or this machine's own memory. They are not to be compared "
           "with a link's.")
WARNING = {basis: " ".join(text for word, text in (("RAM", RAM), ("unknown", UNKNOWN), ("emulation", EMULATED))
                           if word in basis) or None for basis in BASES}


def settings_table(settings):
    head = ["setting", "CPU", "architecture", "kernel", "host kernel", "memory", "mapping", "rung", "direct", "stage 1",
            "stage 2", "effective", "verdict", "auto takes", "runs"]
    rows = []
    for s in settings:
        known = s.report()
        rows.append([s.name, s.machine("cpu"), s.machine("arch"), s.machine("kernel"), known["host_kernel"],
                     s.one("memory"), s.one("type"), s.one("rung"), s.one("direct").lower(), known["stage1"], known["stage2"],
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
    parts = [*modelled_parts(settings), *modelled_packet_parts(settings), *modelled_commit_parts(settings),
             *modelled_line_parts(settings), *sensitivity_parts(settings)]
    if parts:
        yield "Modelled", "Computed from the stores that were seen, by lib/pcielink; nobody measured these.", parts


def svg(plot, number_of_plot):
    try:
        done = subprocess.run([GNUPLOT, "-"], input=plot.script, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=60, check=False)  # what Python 3.6 has too
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


def markdown(found, heading="wcbench: report"):
    out = [f"# {heading}", ""]
    for title, note, parts in found:
        out += [f"## {title}", ""]
        out += [note, ""] if note else []
        for part in parts:
            if isinstance(part, Table):
                head, *rows = ["| " + " | ".join(map(cell_md, row)) + " |" for row in (part.head, *part.rows)]
                out += [f"**{part.title}**", "", head, "|---" * len(part.head) + "|", *rows, ""]
            elif isinstance(part, Sentences):
                out += [*(f"{i}. {text}" for i, text in enumerate(part.texts, 1)), ""]
    return "\n".join(out)


STYLE = """body{font:15px/1.45 sans-serif;color:#222;background:#fff;margin:2em auto;max-width:70em;padding:0 1em}
table{border-collapse:collapse;margin:.4em 0 1.4em}td,th{border:1px solid #ccc;padding:.2em .5em;text-align:right}
td:first-child,th:first-child{text-align:left}caption{text-align:left;font-weight:bold;padding:.3em 0}
div{overflow-x:auto}svg{width:100%;max-width:60em;height:auto}p.note{background:#fff3cd;padding:.5em}"""


def row_html(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"


def page(found, plots, heading="wcbench: report"):
    out = [f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(heading)}</title>',
           f"<style>{STYLE}</style></head><body><h1>{html.escape(heading)}</h1>"]
    count = 0
    for title, note, parts in found:
        out.append(f"<h2>{html.escape(title)}</h2>")
        out += [f'<p class="note">{html.escape(note)}</p>'] if note else []
        for part in parts:
            if isinstance(part, Table):
                out.append(f"<div><table><caption>{html.escape(part.title)}</caption>")
                out += [row_html("th", part.head), *(row_html("td", row) for row in part.rows), "</table></div>"]
            elif isinstance(part, Sentences):
                out.append("<ol>" + "".join(f"<li>{html.escape(text)}</li>" for text in part.texts) + "</ol>")
            elif isinstance(part, Plot) and plots:
                count += 1
                out.append(svg(part, count))
    return "\n".join(out) + "\n</body></html>\n"


def write(path, text):
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        if part.exists():
            part.unlink()
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
