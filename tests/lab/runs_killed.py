# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Runs that are killed: no process of theirs lives on, and the next run clears away what they left."""
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

import life
import rig

SETTING = "bare-metal"


class Killed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rig.adopt()

    def ended(self, program, number):
        """The run ended as that signal has it, with all of its processes, and said so."""
        text, below = program.killed(number)
        self.assertTrue(below, "it had no processes to leave")
        self.assertNotIn("Traceback", text)
        if number == signal.SIGKILL:
            self.assertEqual(program.status, -number)
        else:
            self.assertEqual(program.status, 128 + number)
            self.assertIn(f"interrupted by {number.name}; its processes were ended", text)
        self.assertEqual([path.name for path in program.out.rglob("*.part")], [])
        self.assertFalse((program.out / "lab.json").exists())

    def folders(self):
        base = rig.args.cache / "work"
        return {path for path in base.iterdir() if path.is_dir() and not life.in_use(path)}

    def by_each(self, where, runs):
        """A run for each signal, killed when it is there."""
        for number in rig.signals():
            folder = rig.out() / f"killed.{where}.{number.name}"
            shutil.rmtree(folder, ignore_errors=True)
            with self.subTest(where=where, signal=number.name):
                program = runs(folder)
                self.reached(program, where)
                self.ended(program, number)
        rig.until(lambda: rig.children() == set(), "orphaned processes have ended")

    def reached(self, program, where):
        program.reached(program.out / program.setting / "console.log", "+ " if where == "boot" else "# wcbench packets")

    def lab(self, folder):
        program = rig.Program("lab", folder, "--quick", SETTING)
        program.setting = SETTING
        return program

    def guest(self, folder):
        program = rig.Program("guest", folder, "arm64-virtio-iommu")
        program.setting = "arm64-virtio-iommu"
        return program

    def test_lab_in_mid_boot(self):
        self.by_each("boot", self.lab)

    def test_lab_in_mid_packets__and_the_next_clears_away(self):
        self.by_each("packets", self.lab)
        self.assertEqual(len(self.folders()), 1, "the run that could not clear away itself")
        with life.work_folder(rig.args.cache, "lab") as work:
            self.assertEqual(self.folders(), set())
            self.assertTrue(work.exists())
        self.assertFalse(work.exists())

    def side_by_side(self, folder):
        program = rig.Program("guest", folder, "--jobs", "2", "ladder-x86-6.1", "ladder-arm64-6.1")
        program.setting = "ladder-arm64-6.1"
        return program

    def test_guest_in_mid_boot(self):
        self.by_each("boot", self.guest)

    def test_guests_side_by_side_in_mid_boot(self):
        self.by_each("boot", self.side_by_side)


KEEPER = """
import pathlib, sys
sys.path.insert(0, {lab!r})
import life
with life.work_folder(pathlib.Path({cache!r}), "test") as work:
    life.start(["sleep", "1000"])
    print(work, flush=True)
    sys.stdin.read()
"""


class Folder(unittest.TestCase):
    def test_of_a_living_run__left_alone(self):
        cache = rig.out() / "cache"
        script = KEEPER.format(lab=str(rig.ROOT / "app/wclab/lab"), cache=str(cache.resolve()))
        with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              **life.tied()) as keeper:
            work = pathlib.Path(keeper.stdout.readline().strip())
            with life.work_folder(cache, "test"):
                self.assertTrue(work.is_dir())
            keeper.kill()
            keeper.wait()
        self.assertTrue(work.is_dir())
        with life.work_folder(cache, "test"):
            self.assertFalse(work.exists())
