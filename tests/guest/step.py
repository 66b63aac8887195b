# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the runs in a guest share."""
import sys
import time


class Steps:
    def __init__(self, lab, setting, row, stack):
        self.lab, self.setting, self.row, self.stack = lab, setting, row, stack
        self.folder = lab.out / setting.name
        self.folder.mkdir(exist_ok=True)

    def step(self, name, work):
        """One thing that must succeed; what it returns goes into the report."""
        began = time.monotonic()
        result = {"step": name, **(work() or {})}
        result["seconds"] = round(time.monotonic() - began, 1)
        self.row["steps"].append(result)
        shown = [f"{key} {value}" for key, value in result.items()
                 if key not in ("step", "seconds") and not isinstance(value, (dict, list))]
        print(f"  {name}: {', '.join(shown + [str(result['seconds']) + ' s'])}", file=sys.stderr, flush=True)
