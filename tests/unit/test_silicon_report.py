#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""wcbench report --silicon: what it says of a machine, and what it refuses. The first argument is the program."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
NS_KEYS = ("p10", "p50", "p90", "p99")


def figure(value, basis, unit="ns"):
    return {"basis": basis, "unit": unit, "n": 501, **dict(zip(NS_KEYS, (value * 0.9, value, value * 1.2, value * 2)))}


def line(primitive, burst, value, basis):
    return {"primitive": primitive, "order": "burst", "burst": burst, "mark": None, "ns_per_line": figure(value, basis)}


def run_of(narrow=10.0, wide=9.0, store=90.0, basis="measured", kind="WC", memory="device memory through a BAR", **more):
    """A run of wcbench raw --vulkan --far-end."""
    lines = [line("avx512", burst, wide * 64 / burst ** 0.9, basis) for burst in (1, 16)] + [line("avx512", 64, wide, basis),
             line("u64", 1, narrow * 8, basis), line("u64", 64, narrow, basis)]
    mapping = {"intended": kind, "error": None, "type": kind, "rung": None, "direct": True, "rounds": 501, "unstable": 0,
               "lines": lines, "doorbell": [{"primitive": "doorbell", "order": "each", "ns_per_store": figure(50, basis)}],
               "stores": [{"bytes": 8, "order": "each", "ns_per_store": figure(store, basis)}],
               "reads": [{"bytes": 8, "ns_per_read": figure(900, basis)}],
               "streams": [{"threads": threads, "primitive": "avx512", "order": "burst", "burst": 64,
                            "bytes_per_second": figure(threads * 7e9, basis, "bytes/s")} for threads in (1, 2)]}
    return {"program": "wcbench", "version": "0", "commit": "c0ffee", "schema": 1, "kind": "raw", "setting": "silicon",
            "ended": None, "host_kernel": None, "basis": basis, "ok": True, "error": None,
            "machine": {"cpu": "A <CPU>", "arch": "x86_64", "kernel": "6.12.1", "hypervisor": False, "emulated": False},
            "device": {"bdf": "0000:01:00.0", "id": "10de:26b9", "driver": "nvidia", "numa_node": 0},
            "target": {"kind": "vulkan", "name": "A GPU", "memory": memory, "behind": "device", "software_renderer": False,
                       "pci": {"link": {"bdf": "0000:01:00.0", "current_speed": "16.0 GT/s PCIe", "current_width": 16,
                                        "max_speed": "32.0 GT/s PCIe", "max_width": 16},
                               "bars": [{"bar": 1, "bytes": 1 << 30, "prefetchable": True, "resizable": True}]}},
            "mappings": [mapping], **more}


def far_end_of(whole, basis="measured, observed by the device", **more):
    test = {"primitive": "u64", "order": "burst", "burst": 64, "lines": 1000, "whole": whole, "partial": 1000 - whole,
            "round_trip_ns": figure(2000, basis), "first_to_last": figure(700, basis)}
    return {"error": None, "basis": basis, "proved": True, "sharp": True, "tests": [test], **more}


PROBE = {"program": "wcprobe", "device": {"bdf": "0000:01:00.0", "vendor": "0x10de", "device": "0x26b9", "class_name": "display",
         "driver": "nvidia", "bars": [{"number": 1, "bytes": 1 << 30}]}, "bar": 1, "now": {"type": "WC"},
         "intended": {"type": "unknown"}, "verdict": {"name": "unknown", "why": "because <of> | that"},
         "machine": {"arch": "x86_64", "kernel": "6.12.1", "hypervisor": True}}


class Report(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def report(self, *runs, probes=(), more=()):
        """What report.json has; self.md and self.html are the others."""
        done = self.refused(*runs, probes=probes, more=more, status=0)
        self.md, self.html, data = ((self.folder / "out" / f"report.{end}").read_text() for end in ("md", "html", "json"))
        data = json.loads(data)
        for sentence in data["sentences"]:
            self.assertIn(sentence, done.stdout)
            self.assertIn(sentence, self.md)
        self.assertEqual(len(data["sentences"]), 3)
        return data

    def refused(self, *runs, probes=(), more=(), status=2):
        arguments = ["--silicon", "--no-plots", "--out", str(self.folder / "out"), *more]
        for i, data in enumerate((*runs, *probes)):
            path = self.folder / f"{i}.json"
            path.write_text(data if isinstance(data, str) else json.dumps(data))
            arguments += [str(path)] if i < len(runs) else ["--probe", str(path)]
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done

    def test_report__narrow_lines_cost_as_much_as_wide__wc_works(self):
        data = self.report(run_of(narrow=10, wide=9))
        self.assertTrue(data["sentences"][0].startswith("Write combining works: "))
        self.assertIn("into A GPU costs 9 (8.1 to 10.8) ns by avx512 in bursts of 64 lines, 7.11 GB/s", data["sentences"][1])
        self.assertIn("2 cores together store 14 GB/s", data["sentences"][1])
        self.assertIn("about 720 ns a line", data["sentences"][2])
        self.assertIn("80 times as much", data["sentences"][2])
        self.assertTrue(data["link"])
        self.assertIn("bare metal", data["place"])

    def test_report__narrow_lines_cost_several_times_as_much__wc_does_not_work(self):
        self.assertTrue(self.report(run_of(narrow=80, wide=10))["sentences"][0].startswith("Write combining does not work: "))

    def test_report__between_the_two__is_unclear(self):
        self.assertIn("unclear", self.report(run_of(narrow=20, wide=10))["sentences"][0])

    def test_report__mapping_is_not_wc__does_not_combine(self):
        self.assertIn("mapping is UC and not WC", self.report(run_of(kind="UC"))["sentences"][0])

    def test_report__wc_and_uc_were_measured__tells_of_wc(self):
        run = run_of()
        run["mappings"].append(run_of(narrow=400, wide=300, kind="UC")["mappings"][0])
        data = self.report(run)
        self.assertTrue(data["sentences"][0].startswith("Write combining works: "))
        self.assertEqual(data["ns_per_line"]["p50"], 9)

    def test_report__far_end_saw_lines__its_count_stands_beside(self):
        data = self.report(run_of(far_end=far_end_of(990)))
        self.assertIn("the device itself saw 990 of 1000 such lines arrive whole", data["sentences"][0])
        self.assertIn("measured, observed by the device", self.md)

    def test_report__far_end_proves_nothing__is_not_quoted(self):
        for more in ({"proved": False}, {"sharp": False}, {"basis": "write-back RAM, observed by a software renderer"},
                     {"tests": []}):
            data = self.report(run_of(far_end={**far_end_of(990), **more}))
            self.assertNotIn("saw", data["sentences"][0], more)

    def test_report__far_end_failed__says_why(self):
        self.report(run_of(far_end={"error": "no queue computes", "basis": "measured", "tests": []}))
        self.assertIn("Not all of it was done: no queue computes.", self.md)

    def test_report__software_renderer__is_called_ram_and_no_link(self):
        data = self.report(run_of(basis="measured in RAM", kind="WB", memory="write-back RAM (software renderer)"))
        self.assertIn("write-back RAM (software renderer): nothing here is a link's figure", data["sentences"][0])
        self.assertIn("tells nothing of a link", data["sentences"][2])
        self.assertFalse(data["link"])
        self.assertIn("## Measured in RAM", self.md)
        self.assertNotIn("## Measured\n", self.md)

    def test_report__ram_that_is_mapped_wc__is_no_link_either(self):
        data = self.report(run_of(basis="measured in RAM", memory="RAM, mapped write-combining"))
        self.assertIn("nothing here is a link's figure", data["sentences"][0])
        self.assertIn("as long as one of wide stores", data["sentences"][0])

    def test_report__unknown_or_emulated__is_no_link(self):
        data = self.report(run_of(basis="measured in unknown memory", memory="unknown"))
        self.assertIn("memory of unknown kind: nothing here is a link's figure", data["sentences"][0])
        data = self.report(run_of(basis="measured under emulation"))
        self.assertIn("the CPU is emulated: nothing here is a link's figure", data["sentences"][0])

    def test_report__guest__says_so(self):
        run = run_of()
        run["machine"].update(hypervisor=True, hypervisor_name="KVMKVMKVM")
        self.assertIn("in a guest of KVM: the host decides too", self.report(run)["place"])
        self.assertIn("in a guest of KVM", self.md)

    def test_report__rows_are_missing__leave_out_what_they_would_say(self):
        run = run_of()
        for key in ("stores", "reads", "streams", "unstable", "rounds"):
            del run["mappings"][0][key]
        for key in ("target", "device"):
            del run[key]
        data = self.report(run)
        self.assertTrue(data["sentences"][0].startswith("Write combining works: "))
        self.assertIn("not told", data["sentences"][2])
        run["mappings"][0]["lines"] = [row for row in run["mappings"][0]["lines"] if row["primitive"] == "u64"]
        self.assertIn("not told", self.report(run)["sentences"][0])

    def test_report__no_run__says_why_and_lists_the_devices(self):
        data = self.report(probes=[PROBE], more=["--why", "libvulkan is missing"])
        self.assertIn("Nothing was measured", data["sentences"][0])
        self.assertIn("libvulkan is missing", data["sentences"][0])
        self.assertIn("| 0000:01:00.0 | 10de:26b9 | display | nvidia | 1 | 1048576 KiB | WC | unknown |", self.md)
        self.assertIn("because &lt;of&gt; | that", self.html)

    def test_report__halves_differ__says_so(self):
        run = run_of()
        run["mappings"][0]["unstable"] = 3
        self.report(run)
        self.assertIn("3 rows differ between the run's two halves", self.md)

    def test_report__device_link__is_named(self):
        self.report(run_of())
        self.assertIn("16.0 GT/s PCIe x16 now, at most 32.0 GT/s PCIe x16", self.md)
        self.assertIn("1024 MiB, resizable", self.md)

    def test_report__bases_differ__is_refused(self):
        done = self.refused(run_of(), run_of(basis="measured in RAM"))
        self.assertIn("measured and measured in RAM", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_report__measured_but_ram_stood_behind__is_refused(self):
        bad = run_of()
        bad["target"] = {**(bad.get("target") or {}), "behind": "ram"}
        self.assertIn("contradicts itself", self.refused(bad).stderr)

    def test_report__mapping_failed__its_error_is_why(self):
        bad = run_of()
        bad["mappings"][0]["error"] = "the device was lost"
        bad["mappings"] = bad["mappings"][:1]
        self.assertIn("the device was lost", self.report(bad)["sentences"][0])
        self.assertIn("the run has no rows", self.report({**bad, "mappings": []})["sentences"][0])

    def test_report__negative_figure__is_refused(self):
        bad = run_of()
        bad["mappings"][0]["lines"][0]["ns_per_line"]["p50"] = -5
        self.assertIn("p50 is -5; expected 0 or more", self.refused(bad).stderr)

    def test_report__other_than_raw__is_refused(self):
        self.assertIn("settings a, silicon", self.refused(run_of(setting="a"), run_of()).stderr)
        self.assertIn("not JSON", self.refused("{").stderr)
        self.assertIn("not a run of wcbench", self.refused(PROBE).stderr)
        self.assertIn("not what wcprobe --json writes", self.refused(run_of(), probes=[run_of()]).stderr)
        packets = {**run_of(), "kind": "packets", "ports": []}
        self.assertIn("a run of wcbench packets", self.refused(packets).stderr)

    def test_report__fields_of_other_kinds__are_refused_by_name(self):
        good = run_of(far_end=far_end_of(990))
        for path in (("target",), ("target", "memory"), ("target", "name"), ("target", "pci"), ("target", "pci", "link"),
                     ("target", "pci", "bars"), ("far_end",), ("far_end", "tests"), ("far_end", "tests", 0, "lines"),
                     ("far_end", "tests", 0, "round_trip_ns"), ("far_end", "proved"), ("device",), ("machine", "cpu"),
                     ("mappings", 0, "unstable")):
            bad = copy.deepcopy(good)
            at = bad
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = 7 if path[-1] != "unstable" and path[-1] != "lines" else "x"
            self.assertIn(f"{path[-1]} is ", self.refused(bad).stderr, path)

    def test_report__options_without_silicon__are_refused(self):
        done = subprocess.run([PROGRAM, "--out", str(self.folder / "out"), "--why", "x", "a.json"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("belong to --silicon", done.stderr)


if __name__ == "__main__":
    unittest.main()
