# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""DPDK of the next Debian, and the driver built for it. Its programs run here with the libraries of that release: the
packages are unpacked, nothing is installed."""
import json
import pathlib
import shutil
import subprocess

import life
from dpdk import Failure, loadable_plugin
from trees import Trees, host_release

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Unavailable(Exception):
    """Why that release cannot be had here."""


def done(*command):
    process = subprocess.run(list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    if process.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} failed:\n{process.stdout[-3000:]}")
    return process.stdout.strip()


def launcher():
    """What starts the compiler, as Meson writes a list."""
    return ["ccache"] if shutil.which("ccache") else []


def headers(tree):
    """Of drivers; they are in the source package alone, which not every mirror has."""
    process = subprocess.run([ROOT / "config/dpdk-driver-headers", "--tree", tree], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.returncode != 0:
        said = [line for line in process.stderr.splitlines() if line.startswith("dpdk-driver-headers:")]
        raise Unavailable(said[-1] if said else process.stderr[-300:])
    return process.stdout.strip()


def plugin(folder):
    """The driver as a target of ninja's: its name ends with the ABI of its DPDK."""
    targets = json.loads((folder / "meson-info/intro-targets.json").read_text())
    path = next(target["filename"][0] for target in targets if target["name"] == "rte_net_wcnic")
    return str(pathlib.Path(path).relative_to(folder.resolve()))


def build(folder, tree):
    """The driver alone."""
    constants = folder.with_name(folder.name + ".cross")
    include = headers(tree)
    constants.write_text(f"[constants]\ntree = '{tree}'\nlauncher = {launcher()}\n")
    if not (folder / "build.ninja").exists():
        done("meson", "setup", folder, "--cross-file", constants, "--cross-file", "config/amd64-tree.cross",
             f"-Ddpdk_driver_headers={include}")
    done("ninja", "-C", folder, plugin(folder))


class NextDpdk:
    """Where its programs are, and what they are started with."""

    def __init__(self, args, work):
        trees = Trees(args.cache, life.progress)
        if trees.list["dpdk-next"][1] == host_release():
            # It is the machine's own, which finds its drivers by itself: EAL would have them twice with those of a tree.
            self.version = done("pkg-config", "--modversion", "libdpdk")
            self.plugin, self.command = loadable_plugin(args.build, work), lambda name: [name]
            return
        self.tree = trees.get("dpdk-next")
        libraries = next(self.tree.glob("usr/lib/*-linux-gnu"))
        self.pmds = next(libraries.glob("dpdk/pmds-*"))
        self.version = done("pkg-config", "--modversion", next(libraries.glob("pkgconfig/libdpdk.pc")))
        folder = args.build.with_name(f"{args.build.name}-next")
        with life.progress(f"driver for DPDK {self.version}"):
            build(folder, self.tree)
        (work / "next").mkdir()
        self.plugin = loadable_plugin(folder, work / "next")
        self.loader = [next(libraries.glob("ld-linux-*.so.*")), "--library-path", libraries]

    def command(self, name):
        """A program, up to its own arguments; its drivers are where this release does not look for them."""
        return [*self.loader, self.tree / "usr/bin" / name, "-d", self.pmds]
