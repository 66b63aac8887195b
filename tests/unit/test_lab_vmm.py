#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The lab's VMM experiment: the rows made of what wcvmm did and of what the plugin saw, and the checks of these rows."""
import copy
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "app/wclab/lab"))
import vmm
from trees import Failure

LINES = 64
TRACE = """
store 0 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x5 level 2 Normal-NC: gathers
store 1 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x5 level 3 Normal-NC: gathers
store 2 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x1 FWB level 3 x: y
store 3 region 1 cpu 0 EL0 va 0xffff0000 pa 0x8000000000 off 0x0 bytes 8 s1 0x00 level 2 Device-nGnRnE: stage 1 is Device
store 4 region 2 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 not walked: stage 2 level 3: not mapped
"""


def mapping(stage1, stage2, stores):
    host = stage2 is None
    gathers = stage1 == "0x44" and stage2 in (None, "0x5")
    verdict = "gathers" if gathers else "stage 1 is Device" if stage2 != "0x1" else \
        "stage 2 is Device" if stage1 == "0x44" else "stage 1 and stage 2 are Device"
    return {"el": 0 if host else 1, "host": host, "stage1": stage1, "stage2": stage2, "verdict": verdict, "stores": stores,
            "effective": "Normal-NC" if gathers else "Device-nGnRE"}


class World:
    """What a run that went well leaves."""

    def __init__(self, flag=True):
        self.flag = flag
        self.result = {"ways": [], "windows": []}
        self.watched = {"bad_marks": 0, "walks": {"elsewhere": 0}, "aperture": {"moves": 0}, "regions": []}
        for way, sources in {"whole, vfio": ["vfio"], "whole, wc": ["wc"]}.items():
            self.way(way, *sources)
        for way in "pieces, one slot", "pieces, slot each":
            self.way(way, "vfio", "wc", "uc", "vfio")
        self.way("replaced", "vfio", "wc", "vfio")
        for phase, source in ("before", "vfio"), ("meanwhile", "vfio"), ("after", "wc"):
            types = {self.stage2(source), "0x1"} if phase == "meanwhile" else {self.stage2(source)}
            self.stretch("ways", {"way": "replaced, running", "phase": phase, "source": source},
                         [mapping("0x44", stage2, 100) for stage2 in types])
        self.stretch("ways", {"way": "unmapped meanwhile", "phase": "", "source": "vfio", "kvm_run": "Bad address",
                              "vm_flags": "rd"}, [])
        for mode in vmm.MODES:
            for step in range(vmm.STEPS):
                self.window(mode, step)

    def stage2(self, source):
        return "0x5" if source == "vfio" and self.flag else "0x1"

    def stretch(self, kind, row, mappings, tlps=0):
        mark = len(self.watched["regions"]) + 1
        flags = "rd wr ??" if row["source"] == "vfio" and self.flag else "rd wr"
        self.result[kind].append({"mark": mark, "vm_flags": flags, "offset": 0, "bytes": 0x10000, **row})
        self.watched["regions"].append({"id": mark, "stores": {"not_walked": 0}, "mappings": mappings,
                                        "modelled": {"tlps": tlps}})

    def way(self, name, *sources):
        for source in sources:
            own = "0x44" if source == "wc" else "0x04"
            self.stretch("ways", {"way": name, "phase": "", "source": source, "lines": LINES},
                         [mapping("0x44", self.stage2(source), LINES * 8), mapping("0x04", self.stage2(source), LINES * 8),
                          mapping(own, None, LINES * 8)])

    def window(self, mode, step):
        source = "uc" if mode == "static pieces" and step > 0 else "vfio"
        mmaps = {"whole": (0, 0, 0), "static pieces": (1, 0, 0), "followed": (1, 4, 2)}[mode][step]
        allocations = 2 if (mode, step) == ("followed", 1) else 1
        seen = mapping("0x44", self.stage2(source), LINES * 8)
        self.stretch("windows", {"mode": mode, "step": str(step), "source": source, "lines": LINES, "mmaps": mmaps,
                                 "exits": 9 * (mode == "followed"), "allocations": allocations, "faults": 16},
                     [seen], LINES * (1 if seen["verdict"] == "gathers" else 8))

    def judge(self):
        found = {}
        ways, windows = vmm.way_rows(self.result, self.watched, found), vmm.window_rows(self.result, self.watched, found)
        vmm.judge(self.watched, ways, windows, self.flag)
        return ways, windows


class Levels(unittest.TestCase):
    def test_trace__levels_of_stage_2_by_region_and_attributes(self):
        self.assertEqual(vmm.levels(TRACE.splitlines()), {(1, "0x44", "0x5"): {2, 3}, (1, "0x44", "0x1"): {3}})


class Rows(unittest.TestCase):
    def test_way__a_row_for_each_mapping(self):
        world = World()
        rows = [row for row in vmm.way_rows(world.result, world.watched, {(1, "0x44", "0x5"): {2}}) if row["mark"] == 1]
        self.assertEqual([row["by"] for row in rows], ["guest, NC", "guest, Device", "VMM"])
        self.assertEqual([row["stage2_levels"] for row in rows], [[2], [], []])
        self.assertEqual({row["intended"] for row in rows}, {"Device"})

    def test_mark_that_was_not_seen__refused(self):
        world = World()
        world.watched["regions"].pop(0)
        with self.assertRaisesRegex(Failure, "nothing of mark 1"):
            vmm.way_rows(world.result, world.watched, {})

    def test_window__stores_of_two_kinds__refused(self):
        world = World()
        world.watched["regions"][-1]["mappings"].append(mapping("0x04", "0x5", 1))
        with self.assertRaisesRegex(Failure, "stores of one kind"):
            vmm.window_rows(world.result, world.watched, {})

    def test_tables__name_every_stretch(self):
        ways, windows = World().judge()
        self.assertEqual(len(vmm.way_table(ways).splitlines()), 1 + sum(vmm.WAYS.values()) + 1)  # two of "meanwhile"
        self.assertIn("KVM_RUN: Bad address", vmm.way_table(ways))
        self.assertEqual(len(vmm.window_table(windows).splitlines()), 1 + len(vmm.MODES) * vmm.STEPS)


class Judge(unittest.TestCase):
    def test_as_it_must_be__passes_with_the_flag_and_without(self):
        World(True).judge()
        World(False).judge()

    def test_flag_and_tables_disagree__fails(self):
        world = World(True)
        world.flag = False
        with self.assertRaises(Failure):
            world.judge()

    def spoil(self, pattern, change):
        world = World()
        change(world)
        with self.assertRaisesRegex(Failure, pattern):
            world.judge()

    def test_each_thing_that_differs__named(self):
        def wrote(kind, idx, **values):
            return lambda world: world.result[kind][idx].update(values)

        def seen(mark, idx, **values):
            return lambda world: world.watched["regions"][mark - 1]["mappings"][idx].update(values)

        def region(mark, **values):
            return lambda world: world.watched["regions"][mark - 1].update(copy.deepcopy(values))

        first = len(World().result["ways"])  # the mark of windows begins behind it
        for pattern, change in (
                ("stage2 must be 0x5", seen(1, 0, stage2="0x1")),  # VFIO's piece is Device
                ("stage2 must be 0x1", seen(2, 1, stage2="0x5")),  # sysfs's is not
                ("effective must be Normal-NC", seen(2, 2, effective="Device-nGnRE")),  # the VMM's own is not what it asked for
                ("effective must be Device-nGnRE or", seen(1, 2, effective="Normal-NC")),
                ("effective must be Device-nGnRE", seen(1, 1, effective="Normal-NC")),
                ("verdict must be stage 2 is Device", seen(2, 0, verdict="gathers")),
                ("stores must be 512", seen(3, 0, stores=511)),
                ("not_walked must be 0", region(3, stores={"not_walked": 1})),
                ("stores by", lambda world: world.watched["regions"][3]["mappings"].pop()),
                ("one more in VmFlags", wrote("ways", 1, vm_flags="rd ??")),
                ("'whole, wc' has 0 stretches", wrote("ways", 1, way="whole, vfio, again")),
                ("kvm_run must be Bad address", wrote("ways", -1, kvm_run="Success")),
                ("'followed' has 2 steps", lambda world: world.result["windows"].pop()),
                ("exits must be 0", wrote("windows", 1, exits=1)),
                ("mmaps must be 0", wrote("windows", 4, mmaps=1)),
                ("mmaps must be 4", wrote("windows", 7, mmaps=2)),
                ("without an exit", wrote("windows", 8, exits=0)),
                ("source must be uc", wrote("windows", 5, source="vfio")),
                ("tlps_per_line must be 1", region(first + 1, modelled={"tlps": LINES + 1})),
                ("bad_marks", lambda world: world.watched.update(bad_marks=1)),
                ("walks elsewhere", lambda world: world.watched.update(walks={"elsewhere": 2})),
        ):
            with self.subTest(pattern):
                self.spoil(pattern, change)

    def meanwhile(self, world):
        row = next(row for row in world.result["ways"] if row["phase"] == "meanwhile")
        return world.watched["regions"][row["mark"] - 1]

    def test_meanwhile__unwalked_stores_pass(self):
        world = World()
        self.meanwhile(world)["stores"]["not_walked"] = 3
        world.judge()

    def test_meanwhile__one_type_or_no_stores__fails(self):
        world = World()
        self.meanwhile(world)["mappings"].pop()
        with self.assertRaisesRegex(Failure, "through both"):
            world.judge()
        self.meanwhile(world)["mappings"].pop()
        with self.assertRaisesRegex(Failure, "by must be"):
            world.judge()


if __name__ == "__main__":
    unittest.main()
