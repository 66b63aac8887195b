# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Kernels as no Debian kernel is, built from Debian's kernel source: VFIO without an IOMMU, and without
CONFIG_IO_STRICT_DEVMEM. A small configuration, a few minutes the first time; then they are in the cache."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import image
import life
from life import Failure

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config/guest-kernel"
SOURCE = "source-6.1"  # the tree with Debian's package
STRICT = "CONFIG_IO_STRICT_DEVMEM"
# Both come of one build folder, as they differ in a few objects.
KINDS = {"own-strict": f"{STRICT}=y", "own-open": f"# {STRICT} is not set"}


def make(source, folder, *targets):
    life.tool(["make", "-s", "-C", source, f"O={folder}", f"-j{len(os.sched_getaffinity(0))}", *targets],
              stdout=subprocess.DEVNULL)


def build(tree, work, done):
    """All kinds, into `done`."""
    source, folder = work / "source", work / "build"
    for path in (source, folder, done):
        path.mkdir()
    packed = next(iter(tree.glob("usr/src/linux-source-*.tar.xz")), None)
    if packed is None:
        raise Failure(f"{tree} holds no kernel source; remove that folder, and it is unpacked anew")
    life.tool(["tar", "-C", source, "--strip-components=1", "-xf", packed])
    for kind, strict in KINDS.items():
        make(source, folder, "tinyconfig")
        with open(folder / ".config", "a") as config:
            config.write(CONFIG.read_text() + strict + "\n")
        make(source, folder, "olddefconfig")
        text = (folder / ".config").read_text()
        missing = [line for line in [*CONFIG.read_text().splitlines(), strict]
                   if line.startswith("CONFIG_") and line + "\n" not in text]
        if missing:
            raise Failure(f"this kernel has no {', '.join(missing)}: mend {CONFIG}")
        make(source, folder, "bzImage")
        (done / kind).mkdir()
        shutil.copy(folder / "arch/x86/boot/bzImage", done / kind)
        shutil.copy(folder / ".config", done / kind / "config")
        shutil.copy(folder / "include/config/kernel.release", done / kind / "release")


def place(trees):
    """Where they are in the cache, built or not."""
    recipe = CONFIG.read_bytes() + repr((KINDS, trees.list[SOURCE])).encode()
    return trees.cache / f"own-kernels-{hashlib.sha256(recipe).hexdigest()[:12]}"


def folder_of(trees, kind):
    """With bzImage, config and release of that kind."""
    where = place(trees)
    with open(trees.cache / ".own-kernels.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not where.exists():
            with tempfile.TemporaryDirectory(dir=trees.cache, prefix="own-kernels.") as work:
                tree = trees.get(SOURCE)
                with life.progress("build kernels from Debian's source (a few minutes, once)"):
                    build(tree, pathlib.Path(work), pathlib.Path(work) / "done")
                os.rename(pathlib.Path(work) / "done", where)
    return where / kind


def parts(trees, kind, work):
    """The kernel's file, its release, and an archive with its configuration in place of modules."""
    folder = folder_of(trees, kind)
    release = (folder / "release").read_text().strip()
    archive = work / f"{kind}.cpio"
    with tempfile.TemporaryDirectory(dir=work) as root:
        root = pathlib.Path(root)
        (root / "modules").mkdir()
        (root / "modules/order").touch()
        (root / "modules/release").write_text(release + "\n")
        (root / "boot").mkdir()
        shutil.copy(folder / "config", root / f"boot/config-{release}")
        image.cpio(root, archive)
    return folder / "bzImage", release, archive
