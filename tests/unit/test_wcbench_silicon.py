#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_wcbench_silicon.py WCBENCH REPORT: wcbench raw as a program, over Debian's software renderer, a file and
what is not there; and the report on its runs."""
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import unittest

WCBENCH, REPORT = (os.path.abspath(path) for path in sys.argv[1:3])
RENDERER = pathlib.Path(f"/usr/share/vulkan/icd.d/lvp_icd.{platform.machine()}.json")
LONGEST_S = 600  # what takes so long hangs
QUICK = ("--rounds", "11", "--seconds", "1", "--emulated", "no")


def run(*arguments, **environment):
    """Runs wcbench with exactly these drivers of Vulkan: by default with none."""
    env = {**os.environ, "VK_ICD_FILENAMES": "/dev/null", "VK_DRIVER_FILES": "/dev/null", **environment}
    return subprocess.run([WCBENCH, *map(str, arguments)], env=env, capture_output=True, text=True, timeout=LONGEST_S)


def rendered(*arguments):
    return run(*arguments, VK_ICD_FILENAMES=str(RENDERER), VK_DRIVER_FILES=str(RENDERER))


def built_with_vulkan():
    return "built without Vulkan" not in run("raw", "--vulkan", *QUICK).stderr


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wcbench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, done, *said):
        """One sentence, and nothing was measured."""
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for text in said:
            self.assertIn(text, done.stderr)


class NotThere(Folder):
    def test_vulkan__no_driver__says_what_to_install(self):
        done = run("raw", "--vulkan", *QUICK)
        if "libvulkan.so.1" in done.stderr:
            self.refused(done, "libvulkan1", "mesa-vulkan-drivers")
        elif "built without" in done.stderr:
            self.refused(done, "libvulkan-dev")
        else:
            self.refused(done, "mesa-vulkan-drivers", "VK_ICD_FILENAMES")

    def test_drm__no_card__says_what_would_be_one(self):
        done = run("raw", "--drm", self.folder / "card0", *QUICK)
        self.refused(done, "libdrm-dev" if "built without" in done.stderr else "/dev/dri/card0")

    def test_drm__a_file_that_is_no_card__is_named(self):
        card = self.folder / "card0"
        card.write_text("")
        done = run("raw", "--drm", card, *QUICK)
        self.refused(done, "libdrm-dev" if "built without" in done.stderr else f"{card} is no device of DRM")

    def test_map__no_file__is_named(self):
        self.refused(run("raw", "--map", f"{self.folder}/none:0:64", *QUICK), f"{self.folder}/none", "No such file")

    def test_map__a_file_that_is_too_short__is_named(self):
        short = self.folder / "short"
        short.write_bytes(bytes(64))
        self.refused(run("raw", "--map", f"{short}:0:128", *QUICK), f"{short}", "has 64 bytes")
        self.assertEqual(short.read_bytes(), bytes(64))

    def test_vulkan__an_empty_name__is_refused_as_an_argument(self):
        done = run("raw", "--vulkan", "", *QUICK)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--vulkan ''", done.stderr)


class File(Folder):
    def test_map__a_file__is_measured_in_ram_and_reported_apart(self):
        file = self.folder / "file"
        file.write_bytes(b"\xee" * 0x10000)
        json_file = self.folder / "run.json"
        done = run("raw", "--map", f"{file}:0x1000:0x4000:wc", "--json", json_file, *QUICK)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("RAM, write-back", done.stdout)
        self.assertEqual(file.read_bytes(), b"\xee" * 0x1000 + bytes(0x4000) + b"\xee" * 0xb000)
        data = json.loads(json_file.read_text())
        self.assertEqual(data["target"]["memory"], "RAM, write-back")
        self.assertEqual(data["basis"], "measured in RAM")
        report = subprocess.run([REPORT, json_file, "--out", self.folder / "report", "--no-plots"],
                                capture_output=True, text=True, timeout=LONGEST_S)
        self.assertEqual(report.returncode, 0, report.stderr)
        text = (self.folder / "report" / "report.md").read_text()
        self.assertIn("## Measured in RAM", text)
        self.assertNotIn("## Measured\n", text)


    def test_map__no_standard_output__nothing_is_written_beside_the_range(self):
        file = self.folder / "file"
        file.write_bytes(b"\xee" * 0x4000)
        done = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&-', "sh", WCBENCH, "raw",
                               "--map", f"{file}:0x1000:0x1000", *QUICK], timeout=LONGEST_S)
        self.assertEqual(done.returncode, 3)  # the report has nowhere to go
        self.assertEqual(file.read_bytes(), b"\xee" * 0x1000 + bytes(0x1000) + b"\xee" * 0x2000)

    def test_map__a_file_that_is_cut_short_meanwhile__is_named(self):
        file = self.folder / "file"
        file.write_bytes(b"\xee" * 0x4000)
        with subprocess.Popen([WCBENCH, "raw", "--map", f"{file}:0:0x4000", "--seconds", "3600", "--rounds", "100000",
                               "--emulated", "no"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            self.addCleanup(child.kill)
            while file.read_bytes()[:64] != bytes(64):
                self.assertIsNone(child.poll())
            os.truncate(file, 0)
            said, error = child.communicate(timeout=LONGEST_S)
        self.assertEqual((child.returncode, said), (3, ""), error)
        self.assertIn(f"{file}", error)
        self.assertIn("cut short", error)


@unittest.skipUnless(RENDERER.exists(), f"no software renderer: {RENDERER} is missing (mesa-vulkan-drivers)")
@unittest.skipUnless(built_with_vulkan(), "wcbench was built without Vulkan")
class Renderer(Folder):
    def measured(self, *arguments):
        file = self.folder / "run.json"
        done = rendered("raw", "--vulkan", *arguments, *QUICK, "--json", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, json.loads(file.read_text())

    def test_vulkan__a_software_renderer__is_called_write_back_ram(self):
        text, data = self.measured()
        self.assertIn("write-back RAM (software renderer)", text)
        target = data["target"]
        self.assertEqual((target["kind"], target["memory"], target["behind"]),
                         ("vulkan", "write-back RAM (software renderer)", "ram"))
        self.assertTrue(target["software_renderer"])
        self.assertIsNone(data["device"])
        self.assertEqual(data["basis"], "measured in RAM")
        chosen = [row for row in target["vulkan"]["types"] if row["chosen"]]
        self.assertEqual(len(chosen), 1)
        self.assertIn("HOST_VISIBLE", chosen[0]["flags"])

    def test_vulkan__each_row__is_there_with_its_basis(self):
        mapping = self.measured("--store", "u64")[1]["mappings"][0]
        self.assertEqual(mapping["type"], "WB")
        self.assertEqual({row["primitive"] for row in mapping["lines"]}, {"u64"})
        self.assertEqual([row["burst"] for row in mapping["lines"] if row["order"] == "burst"],
                         [1, 2, 4, 8, 16, 32, 64])
        figures = [row["ns_per_line"] for row in mapping["lines"]]
        figures += [row["ns_per_store"] for row in mapping["doorbell"] + mapping["stores"]]
        figures += [row["ns_per_read"] for row in mapping["reads"]]
        figures += [row["bytes_per_second"] for row in mapping["streams"]]
        self.assertEqual(len(mapping["doorbell"]), 2)
        self.assertEqual(len(mapping["stores"]), 1)
        self.assertEqual(len(mapping["reads"]), 1)
        for figure in figures:
            self.assertEqual(figure["basis"], "measured in RAM")
            self.assertGreater(figure["p50"], 0)
            self.assertLessEqual(figure["p10"], figure["p90"])
        self.assertEqual(mapping["cpu"], mapping["streams"][0]["cpus"][0])
        threads = [row["threads"] for row in mapping["streams"]]
        self.assertEqual(threads, [2 ** i for i in range(len(threads))])
        self.assertGreaterEqual(len(threads), 1)
        for row in mapping["streams"]:
            self.assertEqual(len(set(row["cpus"])), row["threads"])
            self.assertLessEqual(set(row["cpus"]), os.sched_getaffinity(0))

    def test_vulkan__a_device_by_name__is_taken_and_another_refused(self):
        data = self.measured("llvmpipe")[1]
        name = data["target"]["name"]
        self.assertIn("llvmpipe", name)
        self.refused(rendered("raw", "--vulkan", "9", *QUICK), "no device '9'", name)
        self.refused(rendered("raw", "--vulkan", "00:02.0", *QUICK), "no device '00:02.0'", name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
