# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Which lines of the libraries the corpora of the fuzz targets reach, by clang's coverage."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GROUPS = Path(__file__).parent / "groups"
LEFT_SHOWN = 200


def table(names, rows):
    """As Markdown, with numbers to the right."""
    widths = [max(len(row[i]) for row in [names] + rows) for i in range(len(names))]

    def line(cells):
        cells = [c.rjust(w) if i and c[:1].isdigit() else c.ljust(w)
                 for i, (c, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return [line(names), rule] + [line(row) for row in rows]


def tool(name):
    """llvm-profdata and llvm-cov are there without a version, or with that of clang."""
    found = shutil.which(name)
    if found is None:
        out = subprocess.run(["clang", "-print-prog-name=" + name], capture_output=True,
                             text=True, check=False).stdout.strip()
        found = out if os.path.isabs(out) else None
    if found is None:
        raise SystemExit(f"{name} is missing; install the package llvm")
    return found


def groups_read():
    """Each line: a name, and paths; a path may be a folder, or FILE:FUNCTION."""
    groups = []
    for line in GROUPS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, paths = line.split(" = ", 1)
            groups.append((name, paths.split()))
    return groups


def profile(rows, out, say):
    folder = out / "profiles"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, program, _, corpus in rows:
        folders = [p for p in (corpus, str(out / "corpus" / name)) if os.path.isdir(p)]
        env = dict(os.environ, LLVM_PROFILE_FILE=str(folder / f"{name}.profraw"))
        log = out / "log" / f"{name}-coverage.log"
        # Files of today that end the program would take their coverage with them: in a fork each.
        with open(log, "w", encoding="utf-8") as to:
            status = subprocess.run([program, "-runs=0", *folders], stdout=to,
                                    stderr=subprocess.STDOUT, env=env, check=False).returncode
        if status != 0:
            say(f"  {name}: its corpus ends with status {status}; see {log}")
        say(f"  {name}: its corpus has run")
    merged = out / "all.profdata"
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", str(merged),
                    *map(str, folder.glob("*.profraw"))], check=True)
    return merged


def lcov_read(text):
    """Of each file below the tree: lines with counts, and functions with first line and count."""
    files, file = {}, None
    for line in text.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            path = os.path.relpath(os.path.normpath(rest), ROOT)
            file = files.setdefault(path, {"lines": {}, "functions": {}})
        elif kind == "DA":
            number, hits = rest.split(",")[:2]
            number = int(number)
            file["lines"][number] = max(int(hits), file["lines"].get(number, 0))
        elif kind == "FN":
            number, name = rest.split(",", 1)
            file["functions"][name.rpartition(":")[2]] = int(number)
    return files


def function_at(file, number):
    before = [(first, name) for name, first in file["functions"].items() if first <= number]
    return max(before)[1] if before else None


def belongs(path, file, number, paths):
    for wanted in paths:
        where, _, function = wanted.partition(":")
        if path != where and not path.startswith(where.rstrip("/") + "/"):
            continue
        if not function or function_at(file, number) == function:
            return True
    return False


def ranges(numbers):
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def left_of(path, file, numbers):
    """The lines that are not reached, by function."""
    by_function = {}
    for number in numbers:
        by_function.setdefault(function_at(file, number) or "", []).append(number)
    return [{"file": path, "function": name, "lines": ranges(lines), "count": len(lines)}
            for name, lines in by_function.items()]


def group_measure(name, paths, files):
    group = {"name": name, "lines": 0, "reached": 0, "left": [], "not_linked": []}
    for path, file in sorted(files.items()):
        if not any(belongs(path, file, n, [w.partition(":")[0] for w in paths])
                   for n in list(file["lines"])[:1]):
            continue
        numbers = [n for n in sorted(file["lines"]) if belongs(path, file, n, paths)]
        missed = [n for n in numbers if file["lines"][n] == 0]
        group["lines"] += len(numbers)
        group["reached"] += len(numbers) - len(missed)
        group["left"] += left_of(path, file, missed)
    for where in paths:
        if (ROOT / where).is_dir():
            sources = (str(p.relative_to(ROOT)) for p in sorted((ROOT / where).glob("*.c")))
            group["not_linked"] += [p for p in sources if p not in files]
        elif where.partition(":")[0] not in files:
            group["not_linked"].append(where)
    return group


def measure(rows, out, say):
    merged = profile(rows, out, say)
    programs = [row[1] for row in rows]
    objects = [arg for program in programs[1:] for arg in ("-object", program)]
    text = subprocess.run([tool("llvm-cov"), "export", "-format=lcov", programs[0], *objects,
                           f"-instr-profile={merged}"], capture_output=True, text=True,
                          check=True).stdout
    files = lcov_read(text)
    return [group_measure(name, paths, files) for name, paths in groups_read()]


def percent(group):
    return 100 * group["reached"] / group["lines"] if group["lines"] else 0


def report(groups):
    rows = [[g["name"], str(g["lines"]), str(g["reached"]), f"{percent(g):.1f} %",
             " ".join(os.path.basename(p) for p in g["not_linked"])] for g in groups]
    parts = table(["what", "lines", "reached", "of them", "in no target"], rows)
    parts += ["", "What is left:", ""]
    for group in groups:
        for left in group["left"][:LEFT_SHOWN]:
            parts.append(f"- {left['file']}: {left['function']}(): {left['lines']}")
    return parts
