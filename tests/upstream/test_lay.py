#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Laying the driver into a tree: what comes where, again, and what is refused. The tree has only the files that matter."""
import pathlib
import tempfile
import unittest
from unittest import mock

import judge
import lay

NET = "drivers = [\n        'vmxnet3',\n        'xsc',\n]\n"
INDEX = ".. toctree::\n\n    features\n    virtio\n    vmxnet3\n    zxdh\n"
MAINTAINERS = "VMware vmxnet3\nM: B <b@example.org>\nF: doc/guides/nics/features/vmxnet3.ini\n\nVhost-user\nM: C <c@example.org>\n"
NOTES = "New Features\n------------\n\n* **Added a thing.**\n\n  Added it.\n\n\nRemoved Items\n-------------\n"
WHO = "Mary Major <mary@example.org>"


class LayTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dpdk = pathlib.Path(folder.name)
        self.write({"VERSION": "24.11.6\n", "MAINTAINERS": MAINTAINERS, "drivers/net/meson.build": NET,
                    "doc/guides/nics/index.rst": INDEX, "doc/guides/rel_notes/release_24_11.rst": NOTES,
                    ".mailmap": "Adam Able <adam@example.org>\nZoe Zed <zoe@example.org>\n"})

    def write(self, files):
        for path, text in files.items():
            (self.dpdk / path).parent.mkdir(parents=True, exist_ok=True)
            (self.dpdk / path).write_text(text)

    def read(self, path):
        return (self.dpdk / path).read_text()

    def all(self):
        return {path: path.read_bytes() for path in self.dpdk.rglob("*") if path.is_file()}

    def refused(self, words):
        before = self.all()
        with self.assertRaisesRegex(lay.Refused, words):
            lay.lay(self.dpdk, WHO)
        self.assertEqual(self.all(), before)

    def test_lines_come_into_the_lists_in_their_order(self):
        lay.lay(self.dpdk, WHO)
        self.assertIn("'vmxnet3',\n        'wcnic',\n        'xsc'", self.read("drivers/net/meson.build"))
        self.assertIn("    vmxnet3\n    wcnic\n    zxdh\n", self.read("doc/guides/nics/index.rst"))
        self.assertIn(f"vmxnet3.ini\n\nwcnic\nM: {WHO}\nF: drivers/net/wcnic/\n", self.read("MAINTAINERS"))
        self.assertIn("features/wcnic.ini\n\nVhost-user\n", self.read("MAINTAINERS"))
        self.assertEqual(self.read(".mailmap").splitlines()[1], WHO)
        notes = self.read("doc/guides/rel_notes/release_24_11.rst")
        self.assertRegex(notes, r"  Added it\.\n\n\* \*\*Added wcnic net driver\.\*\*\n(.*\n)*\n\nRemoved Items\n")

    def test_nothing_changes_the_second_time(self):
        lay.lay(self.dpdk, WHO)
        before = self.all()
        lay.lay(self.dpdk, WHO)
        self.assertEqual(self.all(), before)

    def test_another_maintainer_takes_the_place_of_the_first(self):
        lay.lay(self.dpdk, WHO)
        lay.lay(self.dpdk, "John Doe <john@example.org>")
        self.assertNotIn("Mary", self.read("MAINTAINERS") + self.read(".mailmap"))

    def test_every_file_includes_what_is_there(self):
        lay.lay(self.dpdk, WHO)
        folder = self.dpdk / lay.DRIVER
        names = {path.name for path in folder.rglob("*.h")}
        ours = [line for path in folder.rglob("*.[ch]") for line in path.read_text().splitlines()
                if line.startswith("#include") and any(word in line for word in ("wcbar", "wcadmin", "wcbase", "wcnic_abi"))]
        self.assertTrue(ours)
        for line in ours:
            self.assertIn(line.replace('"', "<").replace(">", "<").split("<")[1].split("/")[-1], names)

    def test_what_is_for_other_releases_is_left_out(self):
        lay.lay(self.dpdk, WHO)
        texts = [path.read_text() for path in (self.dpdk / lay.DRIVER).rglob("*.[ch]")]
        for word in ("RTE_VERSION_NUM", "__attribute__", "__atomic_", "pthread_join", "#pragma", "always_inline", "ALWAYS_INLINE", "<stdatomic.h>"):
            self.assertFalse([text for text in texts if word in text], word)
        self.assertNotIn("wcnic_attach_options", self.read("drivers/net/wcnic/meson.build"))

    def test_what_is_no_tree_of_dpdk_is_refused(self):
        (self.dpdk / "MAINTAINERS").unlink()
        self.refused("no source tree of DPDK: it has no MAINTAINERS")

    def test_a_release_that_is_too_old_is_refused(self):
        self.write({"VERSION": "21.11.4\n"})
        self.refused("needs 22.11 or later")

    def test_a_file_that_was_changed_by_hand_is_refused(self):
        lay.lay(self.dpdk, WHO)
        self.write({"drivers/net/wcnic/wcnic_rx.c": "mine\n"})
        self.refused("changes of its own that would be lost: drivers/net/wcnic/wcnic_rx.c;")

    def test_a_line_that_was_changed_by_hand_is_refused(self):
        lay.lay(self.dpdk, WHO)
        self.write({"MAINTAINERS": self.read("MAINTAINERS").replace("Mary", "Maria")})
        self.refused("would be lost: MAINTAINERS;")

    def test_a_driver_of_that_name_is_refused(self):
        self.write({"drivers/net/wcnic/wcnic.c": "another\n"})
        self.refused("would be lost: drivers/net/wcnic/wcnic.c;")

    def test_changes_elsewhere_are_kept(self):
        lay.lay(self.dpdk, WHO)
        self.write({"drivers/net/meson.build": self.read("drivers/net/meson.build").replace("'xsc',", "'xsc',\n        'zxdh',")})
        lay.lay(self.dpdk, WHO)
        self.assertIn("'zxdh'", self.read("drivers/net/meson.build"))


class ResolveTest(unittest.TestCase):
    TEXT = ("#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)\n#ifdef A\nnew\n#else\nnewer\n#endif\n#else\n#if X\nold\n"
            "#endif\n#endif\n")

    def test_of_a_condition_its_part_remains(self):
        self.assertEqual(lay.compat(self.TEXT, (24, 11)), "#ifdef A\nnew\n#else\nnewer\n#endif\n")
        self.assertEqual(lay.compat(self.TEXT, (24, 7)), "#if X\nold\n#endif\n")

    def test_the_build_file_loses_the_projects_own_part(self):
        text = "if is_variable('wcnic_attach_options')\n    a\nelse\n    if b\n        c\n    else\n        d\n    endif\nendif\n"
        self.assertEqual(lay.meson(text), "if b\n    c\nelse\n    d\nendif\n")


class ComplaintsTest(unittest.TestCase):
    def test_a_complaint_has_its_place_and_a_rule_its_file(self):
        text = ("WARNING:LONG_LINE: too long\n#12: FILE: drivers/net/wcnic/a.c:3:\n+x\n\n"
                "Warning in drivers/net/wcnic/b.c:\nUsing compiler attribute directly\n0/1 valid patch\n")
        self.assertEqual(judge.complaints(text), ["drivers/net/wcnic/a.c:3: WARNING:LONG_LINE: too long",
                                                  "Warning in drivers/net/wcnic/b.c: Using compiler attribute directly"])


class BuildsTest(unittest.TestCase):
    def builds(self, options, install=None):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "meson_options.txt").write_text(options)
            return {build.name: build for build in judge.builds(pathlib.Path(folder), pathlib.Path("out"), install)}

    def test_other_compilers_get_what_the_release_has(self):
        older = self.builds("option('developer_mode')\noption('check_includes')\n")
        newer = self.builds("option('developer_mode')\noption('enable_stdatomic')\n")
        for name in ("clang", "arm64"):
            self.assertIn("-Dwerror=true", older[name].options)
            self.assertIn("-Dcheck_includes=true", older[name].options)
            self.assertNotIn("-Denable_stdatomic=true", older[name].options)
            self.assertIn("-Denable_stdatomic=true", newer[name].options)
        self.assertEqual(newer["clang"].env["CC"], "clang")
        self.assertIn("--cross-file", newer["arm64"].options)

    def test_libraries_are_used_where_there_are_any(self):
        self.assertNotIn("with libraries", self.builds(""))
        self.assertIn("with libraries", self.builds("", pathlib.Path("here")))

    def test_without_a_compiler_its_build_is_skipped(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("shutil.which", return_value=None):
            (pathlib.Path(folder) / "meson_options.txt").touch()
            found = list(judge.build(pathlib.Path(folder), pathlib.Path("out"), None, None))
        self.assertEqual({finding.result for finding in found}, {"skipped"})
        self.assertIn("no clang here", [finding.why for finding in found])


if __name__ == "__main__":
    unittest.main()
