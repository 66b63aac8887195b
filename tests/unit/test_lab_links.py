#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Which parameter sets the lab models: those of a folder, and one that is named as a file."""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "app/wclab/lab"))
from model import links_of
from trees import Failure

FOLDER = ROOT / "config/link"


class LinksOf(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_name__that_set_is_the_first_of_the_folder(self):
        found = links_of(FOLDER, "gen3-x16")
        self.assertEqual(found[0], FOLDER / "gen3-x16.conf")
        self.assertEqual(sorted(found), sorted(FOLDER.glob("*.conf")))

    def test_file__is_the_first_and_the_folder_follows(self):
        path = self.folder / "fitted.conf"
        path.write_text((FOLDER / "gen4-x16.conf").read_text())
        found = links_of(FOLDER, str(path))
        self.assertEqual(found[0], path.resolve())
        self.assertEqual(sorted(found[1:]), sorted(FOLDER.glob("*.conf")))

    def test_file_named_as_one_of_the_folder__takes_its_place(self):
        path = self.folder / "gen4-x16.conf"
        path.write_text((FOLDER / "gen4-x16.conf").read_text())
        found = links_of(FOLDER, str(path))
        self.assertEqual(found[0], path.resolve())
        self.assertNotIn(FOLDER / "gen4-x16.conf", found)

    def test_file_that_is_not_there__is_named(self):
        with self.assertRaisesRegex(Failure, "no parameter set ./no.conf: there is no such file"):
            links_of(FOLDER, "./no.conf")

    def test_file_with_a_comma__is_refused(self):
        path = self.folder / "a,b.conf"
        path.write_text("")
        with self.assertRaisesRegex(Failure, "comma"):
            links_of(FOLDER, str(path))


if __name__ == "__main__":
    unittest.main()
