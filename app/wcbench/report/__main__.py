#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Tables and plots of many runs of wcbench, side by side by setting. doc/tools.md describes what is read and written.
What was measured, measured under emulation and modelled never shares a table, a column or an axis."""
import argparse
import json
import pathlib
import sys

from pages import markdown, page, sections, write
from runs import Failure
from settings import settings_make

REPORT_SCHEMA = 1


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
