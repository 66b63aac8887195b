# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""report_pack.py OUT FOLDER VERSION COMMIT.h: FOLDER's Python program as one file, which knows its version and the commit
that the header names."""
import pathlib
import re
import shutil
import sys
import tempfile
import zipapp

out, folder, version, header = sys.argv[1:]
commit = re.search(r'"(.*)"', pathlib.Path(header).read_text())[1]
with tempfile.TemporaryDirectory() as work:
    shutil.copytree(folder, work, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    pathlib.Path(work, "version.py").write_text(f'VERSION = "{version} ({commit})"\n')
    zipapp.create_archive(work, out, interpreter="/usr/bin/env python3")
