# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The parameter sets of config/link as a header, so that wcbench fit has them wherever it runs: OUTPUT SET.conf..."""
import json
import pathlib
import sys

output, *sets = map(pathlib.Path, sys.argv[1:])
entries = "".join(f"\t{{{json.dumps(path.stem)},\n" + "\n".join(f"\t {json.dumps(line)}" for line in
                  path.read_text(encoding="ascii").splitlines(keepends=True)) + "},\n" for path in sets)
output.write_text(f"""/* Made by fit_bases.py: the parameter sets of config/link. */
static const struct {{
\tconst char *name, *text;
}} fit_bases[] = {{
{entries}}};
""", encoding="ascii")
