#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Tables and plots of many runs of wcbench, side by side by setting; or what one machine does. doc/tools.md and doc/silicon.md
describe what is read and written. What was measured, measured under emulation and modelled never shares a table, a column or
an axis."""
import argparse
import json
import pathlib
import shutil
import signal
import sys

from pages import GNUPLOT, markdown, page, sections, write
from runs import Failure
from settings import settings_make
from silicon import Silicon
from silicon_parts import silicon_sections
from version import VERSION

REPORT_SCHEMA = 1
SILICON_TITLE = "wcnic on silicon"


def arguments():
    parser = argparse.ArgumentParser(prog="wcbench report", description="Tables and plots of many runs, side by side "
                                     "by setting: report.html, report.md and report.json.",
                                     epilog="exit status: 0 written; 2 the arguments or a run are wrong")
    parser.add_argument("runs", nargs="*", metavar="RUN.json", type=pathlib.Path,
                        help="what wcbench raw or wcbench packets wrote with --json")
    parser.add_argument("--out", required=True, metavar="DIR", type=pathlib.Path, help="where the report goes")
    parser.add_argument("--no-plots", action="store_true", help="tables only; gnuplot is not needed then")
    parser.add_argument("--silicon", action="store_true", help="what one machine does, in three sentences: of its runs of "
                        "wcbench raw, or of none")
    parser.add_argument("--probe", action="append", default=[], metavar="DEVICE.json", type=pathlib.Path,
                        help="with --silicon: what wcprobe BDF --json wrote; once for each device")
    parser.add_argument("--why", metavar="TEXT", help="with --silicon: why something was not measured")
    parser.add_argument("--version", action="version", version=f"wcbench {VERSION}", help="print the version, and end")
    args = parser.parse_args()
    if not args.silicon and (args.probe or args.why):
        parser.error("--probe and --why belong to --silicon")
    if not args.silicon and not args.runs:
        parser.error("a RUN.json is missing")
    return args


def of_settings(args):
    """The texts of the files, and what is said of them."""
    settings = settings_make(args.runs)
    found = list(sections(settings))
    return {"report.html": page(found, not args.no_plots), "report.md": markdown(found),
            "report.json": json.dumps({"program": "wcbench report", "schema": REPORT_SCHEMA,
                                       "settings": [s.report() for s in settings]}, indent=2) + "\n"}, \
        [f"{len(args.runs)} runs, {len(settings)} settings"]


def of_machine(args):
    """The same for --silicon. The machine that was measured may lack gnuplot; then there are tables."""
    machine = Silicon(args.runs, args.probe, args.why)
    found = list(silicon_sections(machine))
    plots = not args.no_plots and shutil.which(GNUPLOT) is not None
    texts = {"report.html": page(found, plots, SILICON_TITLE), "report.md": markdown(found, SILICON_TITLE),
             "report.json": json.dumps(machine.report(), indent=2) + "\n"}
    without = "" if plots or args.no_plots else "; no plots, since gnuplot is missing"
    return texts, [f"one machine{without}", machine.place(), *machine.sentences()]


def main():
    args = arguments()
    try:
        texts, said = of_machine(args) if args.silicon else of_settings(args)
        try:
            args.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"{args.out} cannot be made: {error.strerror}") from None
        for name, text in texts.items():
            write(args.out / name, text)
    except Failure as failure:
        print(f"wcbench report: {failure}", file=sys.stderr)
        return 2
    print(f"{args.out}/report.html, report.md, report.json: " + "\n".join(said))
    return 0


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # work folders go, and no traceback is shown
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
