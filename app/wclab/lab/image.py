# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Initial RAM file systems, as cpio archives that the kernel reads one after the other: the user land of
an architecture, the modules of a kernel, and what one run adds. The first two are cached."""
import errno
import fcntl
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import life
from life import Failure

HERE = pathlib.Path(__file__).resolve().parent
RECIPES = ("image.py", "nested.py", "patch.py")
PROGRAMS = ["usr/bin/dpdk-testpmd", "usr/bin/dpdk-proc-info", "usr/bin/lspci"]
TOOLS = ["ip", "ethtool"]  # which busybox lacks, or has in part only; where they lie differs
TOOL_FOLDERS = ("usr/bin", "bin", "usr/sbin", "sbin")
SCRIPTS = ["usr/bin/dpdk-devbind.py", "usr/bin/dpdk-telemetry.py"]
PLUGINS = ["mempool_ring", "bus_pci", "bus_vdev", "net_virtio", "net_ena"]  # of DPDK; the others only take time to load
UNUSED_PYTHON = ("test", "unittest", "idlelib", "tkinter", "lib2to3", "distutils", "asyncio", "pydoc_data",
                 "ensurepip", "turtledemo", "sqlite3", "multiprocessing", "xmlrpc", "wsgiref", "sitecustomize.py")
NEEDED_MODULE = "vfio-pci.ko"
MODULES = ["virtio_pci", "virtio_iommu", "vfio_iommu_type1", "vfio_pci", "uio_pci_generic"]
LATER = ["ena"]  # not loaded at boot: /modules/NAME.order is for whoever wants them


def cpio(folder, archive):
    """Packs a folder; everything in it belongs to root."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    with open(archive, "wb") as out:
        try:
            life.tool(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=folder, stdout=out, input="\n".join(names).encode())
        except Failure as failure:
            if life.full(archive.parent):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(archive)) from None
            raise Failure(f"{archive} cannot be made: {failure}") from None


def needed(binary):
    """The libraries that an ELF file asks for, and its interpreter or None; for any architecture."""
    text = life.run(["readelf", "-ld", binary], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    interpreter = re.search(r"program interpreter: (/\S+)\]", text)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text), interpreter and interpreter[1]


class Image:
    """Files copied out of a tree, with the libraries that they need; those of the project's own are in `also`."""

    def __init__(self, tree, root, also=()):
        self.tree, self.root, self.done, self.also = tree, root, set(), also
        self.triplet = next(path.name for path in tree.glob("usr/lib/*-linux-gnu*"))

    def copy(self, name, to=None):
        source, target = self.tree / name, self.root / (to or name)
        if not source.exists():
            raise Failure(f"{name} is not in {self.tree}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source.resolve(), target)
        self.libraries(source)

    def libraries(self, binary):
        names, interpreter = needed(binary)
        if interpreter and not (self.root / interpreter[1:]).exists():
            (self.root / interpreter[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.find(pathlib.Path(interpreter).name, binary).resolve(), self.root / interpreter[1:])
        for name in names:
            self.library(name, binary)

    def library(self, name, binary):
        if name in self.done:
            return
        self.done.add(name)
        found = self.find(name, binary)
        folder = self.root / "lib" / self.triplet
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(found.resolve(), folder / name)
        self.libraries(found)

    def plugin(self, path):
        """One file for the plugin and for who links it: DPDK must not load it twice."""
        name = re.sub(r"(\.so\.\d+).*", r"\1", path.name)
        self.library(name, path)
        link = self.root / path.relative_to(self.tree)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(f"/lib/{self.triplet}/{name}")

    def find(self, name, binary):
        for folder in (self.tree / f"usr/lib/{self.triplet}", self.tree / f"lib/{self.triplet}", *self.also):
            if (folder / name).exists():
                return folder / name
        raise Failure(f"{name}, which {binary} needs, is not in {self.tree}")


def user_land(tree, archive):
    """The programs of a guest: busybox, testpmd, dpdk-devbind and the Python that it needs."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as work:
        root = pathlib.Path(work)
        image = Image(tree, root)
        for folder in ("proc", "sys", "dev", "tmp", "run", "usr/sbin"):
            (root / folder).mkdir(parents=True)
        busybox = next(path for path in (tree / "usr/bin/busybox", tree / "bin/busybox") if path.exists())
        (root / "bin").mkdir()
        shutil.copy(busybox, root / "bin/busybox")
        (root / "bin/sh").symlink_to("busybox")
        for name in PROGRAMS:
            image.copy(name)
        for name in TOOLS:
            found = [f"{folder}/{name}" for folder in TOOL_FOLDERS if (tree / folder / name).exists()]
            image.copy(next(iter(found), f"{TOOL_FOLDERS[0]}/{name}"), f"bin/{name}")
        for name in SCRIPTS:
            image.copy(name if (tree / name).exists() else name.removesuffix(".py"))
        for path in tree.glob(f"usr/lib/{image.triplet}/dpdk/pmds-*/librte_*.so.*"):
            if path.name.removeprefix("librte_").split(".so")[0] in PLUGINS:
                image.plugin(path)
        image.library("libgcc_s.so.1", "pthread_cancel, which the C library loads it for")
        python(image)
        (root / "usr/share/misc").mkdir(parents=True)
        (root / "usr/share/misc/pci.ids").touch()
        cpio(root, archive)


def python(image):
    binary = next(path for path in image.tree.glob("usr/bin/python3.*") if "config" not in path.name)
    image.copy(binary.relative_to(image.tree))
    (image.root / "usr/bin/python3").symlink_to(binary.name)
    for folder in image.tree.glob("usr/lib/python3.*"):
        shutil.copytree(folder, image.root / folder.relative_to(image.tree),
                        ignore=shutil.ignore_patterns(*UNUSED_PYTHON, "*.a", "lib-dynload"), dirs_exist_ok=True)
    for module in image.tree.glob("usr/lib/python3.*/lib-dynload/*.so"):
        if module.name.startswith(("_json", "_struct", "array", "_socket", "select", "math", "_posixsubprocess", "fcntl", "mmap")):
            image.copy(module.relative_to(image.tree))


def programs(tree, build, names, root):
    """What this project built for a guest, with the libraries that are not there yet, and the first process."""
    (root / "wcnic").mkdir()
    shutil.copy(HERE / "init", root / "init")
    image = Image(tree, root)
    for name in names:
        if not (build / name).exists():
            raise Failure(f"{build / name} is missing: build first")
        shutil.copy(build / name, root / "wcnic")
        image.libraries(build / name)


def modules_home(tree):
    """Where a kernel's modules are; the folder has the kernel's release for a name."""
    for path in [*tree.glob("lib/modules/*"), *tree.glob("usr/lib/modules/*")]:
        if path.is_dir():
            return path
    raise Failure(f"{tree} holds no kernel's modules; remove that folder, and it is unpacked anew")


def edited(release, path, edit):
    """A module's bytes, unpacked and perhaps changed."""
    data = path.read_bytes()
    try:
        return edit(lzma.decompress(data) if path.suffix == ".xz" else data)
    except Failure as failure:
        raise Failure(f"Linux {release}: {failure}") from None


def with_dependencies(base, release, name):
    """The files of a module and of those that it needs, in the order to load them in; none if it is not there."""
    shown = life.run(["modprobe", "-d", base, "-S", release, "--show-depends", "--ignore-install", name],
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    words = [line.split() for line in shown.splitlines()]
    return [pathlib.Path(path) for verb, path, *_ in (line + ["", ""] for line in words) if verb == "insmod"]


def modules(tree, archive, edit={}):
    """A kernel's modules, unpacked, and the order to load them in; `edit` changes the bytes of some."""
    home = modules_home(tree)
    with tempfile.TemporaryDirectory(dir=archive.parent) as work:
        base, root = pathlib.Path(work) / "base", pathlib.Path(work) / "root"
        (base / "lib/modules").mkdir(parents=True)
        (root / "modules").mkdir(parents=True)
        (base / "lib/modules" / home.name).symlink_to(home.resolve())
        life.tool(["depmod", "-b", base, home.name])
        at_boot = []

        def put(names, order):
            for path in [path for name in names for path in with_dependencies(base, home.name, name)]:
                target = path.name.removesuffix(".xz")
                if target not in at_boot + order:
                    (root / "modules" / target).write_bytes(edited(home.name, path, edit.get(target, bytes)))
                    order.append(target)

        put(MODULES, at_boot)
        missing = [name for name in (NEEDED_MODULE, *edit) if name not in at_boot]
        if missing:
            raise Failure(f"Linux {home.name} has no module {', '.join(missing)}; {tree} is not a kernel for the lab")
        (root / "modules/order").write_text("".join(f"{name}\n" for name in at_boot))
        for name in LATER:
            order = []
            put([name], order)
            (root / f"modules/{name}.order").write_text("".join(f"{name}\n" for name in order))
        (root / "modules/release").write_text(home.name + "\n")
        cpio(root, archive)


def kernel(tree):
    """The kernel's file in its tree, and its release."""
    found = [*tree.glob("boot/vmlinuz-*"), *tree.glob("usr/lib/modules/*/vmlinuz")]
    if not found:
        raise Failure(f"{tree} holds no kernel; remove that folder, and it is unpacked anew")
    return found[0], modules_home(tree).name


def cached(archive, make, *args):
    """Made once; whoever changes how it is made changes one of these files. Only what is whole gets the name, and
    what an attempt left that was cut short goes with the next one."""
    recipe = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in RECIPES)).hexdigest()[:8]
    archive = archive.with_suffix(f".{recipe}.cpio")
    making = archive.with_suffix(".making")
    with open(archive.parent / f".{archive.stem}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if archive.exists():
            return archive
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        try:
            with life.progress(f"pack {archive.name}"):
                make(args[0], making / archive.name, *args[1:])
            os.rename(making / archive.name, archive)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return archive
