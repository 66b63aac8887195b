#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_wcnicd_service.py UNIT: what systemd itself says of the rights that wcnicd's service leaves it."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
EXPOSURE_MAX = 1.5  # of 10; doc/sandbox.md names it
# What the program asks for at its start, beside what every service may.
NEEDED = ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "sched_setaffinity",
          "sched_setattr", "set_mempolicy")


def main():
    unit = pathlib.Path(sys.argv[1]).read_text()
    tool = shutil.which("systemd-analyze")
    version = tool and subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout.split()
    if not version or len(version) < 2 or not version[1].isdigit() or int(version[1]) < 250:
        print("systemd-analyze of systemd 250 or later is not installed (package systemd)")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        # It looks for the program, which need not be installed where the unit will be.
        file = pathlib.Path(folder) / "wcnicd@card.service"
        file.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", unit))
        said = subprocess.run([tool, "security", "--offline=true", "--no-pager", file], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}).stdout
    print(said)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    if found is None:
        print("no overall exposure level was said")
        return 1
    filters = re.findall(r"(?m)^SystemCallFilter=(?!~)(.*)$", unit)
    missing = [call for call in NEEDED if call not in " ".join(filters).split()]
    print(f"exposure {found[1]}, at most {EXPOSURE_MAX}; calls that the unit lacks: {missing}")
    return 1 if float(found[1]) > EXPOSURE_MAX or missing else 0


if __name__ == "__main__":
    sys.exit(main())
