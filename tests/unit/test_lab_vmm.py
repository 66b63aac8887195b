#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The lab's VMM experiment: the tables made of what wcvmm did and of what the plugin saw, and how they are judged."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "app/wclab/lab"))
import vmm
from trees import Failure

TRACE = """
store 0 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x5 level 2 Normal-NC: gathers
store 1 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x5 level 3 Normal-NC: gathers
store 2 region 1 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 s1 0x44 level 1 s2 0x1 FWB level 3 x: y
store 3 region 1 cpu 0 EL0 va 0xffff0000 pa 0x8000000000 off 0x0 bytes 8 s1 0x00 level 2 Device-nGnRnE: stage 1 is Device
store 4 region 2 cpu 0 EL1 va 0x80000000 pa 0x8000000000 off 0x0 bytes 8 not walked: stage 2 level 3: not mapped
"""
TABLES = """\
way              piece     from  flag  VMM's own      stage 2  levels  guest's NC  guest's Device     stores  not walked
whole            0x0       vfio  yes   Device-nGnRnE  0x5      [2, 3]  gathers     stage 1 is Device  512     0
hole, meanwhile  0x200000  vfio  no    -              -        -       -           -                  -       Bad address

mode      step   window at  bytes    lies in  stage 2  guest's NC         TLPs/line  exits  mmaps  stores  not walked
followed  first  0xa0000    0x10000  uc       0x1      stage 2 is Device  8.0        some   1      512     0
"""


def mapping(stage1, stage2, effective, verdict):
    return {"host": stage2 is None, "stage1": stage1, "stage2": stage2, "effective": effective, "verdict": verdict, "stores": 512}


def world():
    result = {"ways": [{"mark": 1, "way": "whole", "phase": "", "source": "vfio", "vm_flags": "rd ??", "offset": 0, "lines": 64},
                       {"mark": 2, "way": "hole", "phase": "meanwhile", "source": "vfio", "vm_flags": "rd", "offset": 0x200000,
                        "kvm_run": "Bad address"}],
              "windows": [{"mark": 3, "mode": "followed", "step": "first", "source": "uc", "offset": 0xa0000, "bytes": 0x10000,
                           "lines": 64, "exits": 12, "mmaps": 1}]}
    mappings = [[mapping("0x44", "0x5", "Normal-NC", "gathers"), mapping("0x04", "0x5", "Device-nGnRE", "stage 1 is Device"),
                 mapping("0x00", None, "Device-nGnRnE", "stage 1 is Device")],
                [], [mapping("0x44", "0x1", "Device-nGnRE", "stage 2 is Device")]]
    watched = {"bad_marks": 0, "walks": {"elsewhere": 0}, "aperture": {"moves": 0},
               "regions": [{"id": i + 1, "stores": {"not_walked": 0}, "modelled": {"tlps": 512}, "mappings": mappings[i]} for i in range(3)]}
    return result, watched


def judge(result, watched, instead={}):
    ways, windows = vmm.rows_of(result, watched, vmm.levels(TRACE.splitlines()))
    vmm.judge(watched, vmm.way_table(ways) + "\n" + vmm.window_table(windows), TABLES, instead)


class Tables(unittest.TestCase):
    def test_levels__by_region_and_attributes(self):
        self.assertEqual(vmm.levels(TRACE.splitlines()), {(1, "0x44", "0x5"): {2, 3}, (1, "0x44", "0x1"): {3}})

    def test_as_expected__passes(self):
        judge(*world())

    def test_other_cells__instead_of_some(self):
        result, watched = world()
        result["ways"][0]["vm_flags"] = "rd"
        judge(result, watched, {"yes": "no"})

    def test_whatever_differs__named(self):
        for pattern, change in (
                (r"\+ whole .*\| 0x1", lambda result, watched: watched["regions"][0]["mappings"][0].update(stage2="0x1")),
                (r"\+ whole .*\| Normal-NC", lambda result, watched: watched["regions"][0]["mappings"][2].update(effective="Normal-NC")),
                (r"\+ whole .*\| no", lambda result, watched: result["ways"][0].update(vm_flags="rd")),
                (r"\+ whole .*\| 511 or 512", lambda result, watched: watched["regions"][0]["mappings"][1].update(stores=511)),
                (r"\+ whole .* 3\Z", lambda result, watched: watched["regions"][0]["stores"].update(not_walked=3)),
                (r"\+ hole.* Success", lambda result, watched: result["ways"][1].update(kvm_run="Success")),
                (r"\+ followed .*\| none", lambda result, watched: result["windows"][0].update(exits=0)),
                (r"- followed", lambda result, watched: result["windows"].pop()),
                ("nothing of mark 1", lambda result, watched: watched["regions"].pop(0)),
                ("marks that are no region: 1", lambda result, watched: watched.update(bad_marks=1)),
                ("walks elsewhere: 2", lambda result, watched: watched.update(walks={"elsewhere": 2}))):
            with self.subTest(pattern):
                result, watched = world()
                change(result, watched)
                with self.assertRaisesRegex(Failure, pattern):
                    judge(result, watched)


if __name__ == "__main__":
    unittest.main()
