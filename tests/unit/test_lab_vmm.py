#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The lab's VMM experiment: the rows made of what wcvmm did and of what the plugin saw, and the checks of these rows."""
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
PIECES = {"whole, vfio": ["vfio"], "whole, wc": ["wc"], "pieces, one slot": ["vfio", "wc", "uc", "vfio"],
          "pieces, slot each": ["vfio", "wc", "uc", "vfio"], "replaced": ["vfio", "wc", "vfio"]}
MMAPS = {"whole": (0, 0, 0), "static pieces": (1, 0, 0), "followed": (1, 4, 2)}
VERDICTS = {("0x44", "0x5"): "gathers", ("0x44", "0x1"): "stage 2 is Device", ("0x04", "0x5"): "stage 1 is Device",
            ("0x04", "0x1"): "stage 1 and stage 2 are Device", ("0x44", None): "gathers", ("0x04", None): "stage 1 is Device"}


def mapping(stage1, stage2, stores=LINES * 8):
    verdict = VERDICTS[stage1, stage2]
    return {"host": stage2 is None, "stage1": stage1, "stage2": stage2, "verdict": verdict, "stores": stores,
            "effective": "Normal-NC" if verdict == "gathers" else "Device-nGnRE"}


class World:
    """What a run that went well leaves."""

    def __init__(self, flag=True):
        self.flag = flag
        self.result = {"ways": [], "windows": []}
        self.watched = {"bad_marks": 0, "walks": {"elsewhere": 0}, "aperture": {"moves": 0}, "regions": []}
        for way, sources in PIECES.items():
            for source in sources:
                own = mapping("0x44" if source == "wc" else "0x04", None)
                self.region("ways", source, [mapping(stage1, self.stage2(source)) for stage1 in ("0x44", "0x04")] + [own],
                            way=way, phase="", lines=LINES)
        for phase, sources in {"before": ["vfio"], "meanwhile": ["vfio", "wc"], "after": ["wc"]}.items():
            types = {self.stage2(source) for source in sources}
            self.region("ways", sources[0], [mapping("0x44", stage2, 100) for stage2 in types],
                        way="replaced, running", phase=phase)
        self.region("ways", "vfio", [], way="unmapped meanwhile", phase="", kvm_run="Bad address", vm_flags="rd")
        for mode, mmaps in MMAPS.items():
            for step in range(vmm.STEPS):
                source = "uc" if mode == "static pieces" and step > 0 else "vfio"
                self.region("windows", source, [mapping("0x44", self.stage2(source))], mode=mode, step=str(step), lines=LINES,
                            mmaps=mmaps[step], exits=9 if mode == "followed" else 0, faults=16,
                            allocations=2 if (mode, step) == ("followed", 1) else 1)

    def stage2(self, source):
        return "0x5" if source == "vfio" and self.flag else "0x1"

    def region(self, kind, source, mappings, **values):
        mark = len(self.watched["regions"]) + 1
        flags = "rd wr ??" if source == "vfio" and self.flag else "rd wr"
        self.result[kind].append({"mark": mark, "source": source, "vm_flags": flags, "offset": 0, "bytes": 0x10000, **values})
        tlps = LINES * (1 if mappings and mappings[0]["verdict"] == "gathers" else 8)
        self.watched["regions"].append({"id": mark, "stores": {"not_walked": 0}, "mappings": mappings,
                                        "modelled": {"tlps": tlps}})

    def judge(self):
        ways, windows = vmm.rows_of(self.result, self.watched, {})
        vmm.judge(self.watched, ways, windows, self.flag)
        return ways, windows

    def meanwhile(self):
        mark = next(row["mark"] for row in self.result["ways"] if row["phase"] == "meanwhile")
        return self.watched["regions"][mark - 1]


class Rows(unittest.TestCase):
    def test_trace__levels_of_stage_2_by_region_and_attributes(self):
        self.assertEqual(vmm.levels(TRACE.splitlines()), {(1, "0x44", "0x5"): {2, 3}, (1, "0x44", "0x1"): {3}})

    def test_way__a_row_for_each_mapping(self):
        world = World()
        ways, _ = vmm.rows_of(world.result, world.watched, {(1, "0x44", "0x5"): {2}})
        rows = [row for row in ways if row["mark"] == 1]
        self.assertEqual([row["by"] for row in rows], ["guest, NC", "guest, Device", "VMM"])
        self.assertEqual([row["stage2_levels"] for row in rows], [[2], [], []])
        self.assertEqual({row["intended"] for row in rows}, {"Device"})

    def test_tables__name_every_region(self):
        ways, windows = World().judge()
        self.assertEqual(len(vmm.way_table(ways).splitlines()), 1 + sum(vmm.WAYS.values()) + 1)  # two of "meanwhile"
        self.assertIn("KVM_RUN: Bad address", vmm.way_table(ways))
        self.assertEqual(len(vmm.window_table(windows).splitlines()), 1 + len(vmm.MODES) * vmm.STEPS)


class Judge(unittest.TestCase):
    def test_as_it_must_be__passes_with_the_flag_and_without(self):
        World(True).judge()
        World(False).judge()

    def test_meanwhile__unwalked_stores_pass(self):
        world = World()
        world.meanwhile()["stores"]["not_walked"] = 3
        world.judge()

    def test_whatever_differs__named(self):
        def wrote(kind, idx, **values):
            return lambda world: world.result[kind][idx].update(values)

        def seen(mark, idx, **values):
            return lambda world: world.watched["regions"][mark - 1]["mappings"][idx].update(values)

        def region(mark, **values):
            return lambda world: world.watched["regions"][mark - 1].update(values)

        first = len(World().result["ways"])  # the mark of windows begins behind it
        for pattern, change in (
                ("", lambda world: setattr(world, "flag", False)),
                ("stage2 must be 0x5", seen(1, 0, stage2="0x1")),  # VFIO's piece is Device
                ("stage2 must be 0x1", seen(2, 1, stage2="0x5")),  # sysfs's is not
                ("effective must be Normal-NC", seen(2, 2, effective="Device-nGnRE")),  # the VMM's own is not what it asked for
                ("effective must be Device-nGnRE or", seen(1, 2, effective="Normal-NC")),
                ("effective must be Device-nGnRE", seen(1, 1, effective="Normal-NC")),
                ("verdict must be stage 2 is Device", seen(2, 0, verdict="gathers")),
                ("stores must be 512", seen(3, 0, stores=511)),
                ("not_walked must be 0", region(3, stores={"not_walked": 1})),
                ("nothing of mark 1", region(1, id=99)),
                ("stores by must be", lambda world: world.watched["regions"][3]["mappings"].pop()),
                ("flag in VmFlags must be False", wrote("ways", 1, vm_flags="rd ??")),
                ("whole, wc must be 1, but is 0", wrote("ways", 1, way="whole, vfio, again")),
                ("kvm_run must be Bad address", wrote("ways", -1, kvm_run="Success")),
                ("stage 2 meanwhile must be", lambda world: world.meanwhile()["mappings"].pop()),
                ("by must be VMM or guest", lambda world: world.meanwhile()["mappings"].clear()),
                ("followed must be 3, but is 2", lambda world: world.result["windows"].pop()),
                ("stores of one kind", lambda world: world.watched["regions"][-1]["mappings"].append(mapping("0x04", "0x5"))),
                ("has exits must be False", wrote("windows", 1, exits=1)),
                ("mmaps must be 0", wrote("windows", 4, mmaps=1)),
                ("mmaps must be 4", wrote("windows", 7, mmaps=2)),
                ("has exits must be True", wrote("windows", 8, exits=0)),
                ("source must be uc", wrote("windows", 5, source="vfio")),
                ("tlps_per_line must be 1", region(first + 1, modelled={"tlps": LINES + 1})),
                ("bad_marks must be 0", lambda world: world.watched.update(bad_marks=1)),
                ("walks elsewhere must be 0", lambda world: world.watched.update(walks={"elsewhere": 2})),
        ):
            with self.subTest(pattern):
                world = World()
                change(world)
                with self.assertRaisesRegex(Failure, pattern):
                    world.judge()


if __name__ == "__main__":
    unittest.main()
