# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""From trees to a machine that boots: archives put together, and QEMU's command."""
import pathlib
import shutil
import tempfile

import image
import life
from machine import CALM

PLATFORMS = {
    # architecture: QEMU's machine, its options, the console
    "amd64": ("x86_64", "q35", "ttyS0"),
    "arm64": ("aarch64", "virt,gic-version=3", "ttyAMA0"),
}


class Boot:
    def __init__(self, trees, work):
        self.trees, self.work = trees, work

    def user(self, arch, kind="user"):
        tree = self.trees.get(f"{kind}-{arch}")
        return image.cached(self.trees.cache / f"{tree.name}.cpio", image.user_land, tree)

    def modules(self, kernel, arch, make=image.modules):
        tree = self.trees.get(f"kernel-{kernel}-{arch}")
        return image.cached(self.trees.cache / f"{tree.name}.{make.__name__}.cpio", make, tree)

    def kernel(self, kernel, arch):
        """The kernel's file and its release."""
        return image.kernel(self.trees.get(f"kernel-{kernel}-{arch}"))

    def own(self, arch, build, names, extra=lambda tree, root: None, kind="user"):
        """What this project built for the guest."""
        tree, archive = self.trees.get(f"{kind}-{arch}"), self.work / f"own-{arch}.cpio"
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            image.programs(tree, build, names, pathlib.Path(folder))
            extra(tree, pathlib.Path(folder))
            image.cpio(pathlib.Path(folder), archive)
        return archive

    def join(self, name, *archives):
        """An initial file system: the kernel unpacks archives one after the other."""
        initrd = self.work / name
        with life.naming(initrd), open(initrd, "wb") as out:
            for archive in archives:
                with open(archive, "rb") as source:
                    shutil.copyfileobj(source, out)
        return initrd

    def command(self, arch, kernel, initrd, *devices, append="", options="", cpu="max", memory="1G", cpus=2, backing=""):
        """QEMU's, for one guest whose memory the card's process may share; `backing`: more of the object behind it."""
        machine, board, console = PLATFORMS[arch]
        return [*self.trees.qemu(machine), "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
                "-serial", "stdio", "-no-reboot", "-accel", "tcg,thread=multi", "-cpu", cpu, "-smp", str(cpus), "-m", memory,
                "-machine", f"{board}{options},memory-backend=memory",
                "-object", f"memory-backend-memfd,id=memory,size={memory},share=on{backing}", "-kernel", kernel, "-initrd", initrd,
                "-append", f"console={console} {CALM} {append}".strip(), *devices]
