# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""DPDK's examples, built from the distribution's own source against the DPDK that is installed."""
import concurrent.futures
import fcntl
import os
import pathlib
import shutil
import subprocess

from dpdk import Failure

HEADERS = pathlib.Path(__file__).resolve().parents[2] / "config/dpdk-driver-headers"
FOLDERS = {"basicfwd": "skeleton", "symmetric_mp": "multi_process/symmetric_mp"}


def source():
    """The folder with DPDK's examples, or None and why there is none."""
    done = subprocess.run([HEADERS, "--source"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None, done.stderr.splitlines()[0] if done.stderr else "config/dpdk-driver-headers failed"
    return pathlib.Path(done.stdout.strip()) / "examples", None


def build_one(name, folder):
    """By the example's own Makefile, which leaves the program in build/ below it."""
    done = subprocess.run(["make", "-C", folder, "shared"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**os.environ, "CFLAGS": "-w"})
    if done.returncode != 0:
        raise Failure(f"DPDK's example {name} does not build:\n{done.stdout[-2000:]}")


def build(names, examples):
    """The programs by name. They are kept beside the source, which is that of the installed version."""
    copy = examples.parents[1] / "examples"
    folders = {name: copy / FOLDERS.get(name, name) for name in names}
    copy.mkdir(exist_ok=True)
    with open(copy / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in [copy / "common", *folders.values()]:
            shutil.copytree(examples / folder.relative_to(copy), folder, dirs_exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(build_one, folders, folders.values()))
    return {name: folder / "build" / name for name, folder in folders.items()}
