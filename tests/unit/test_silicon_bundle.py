#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What goes into the bundle, and what is refused. Arguments: a library and a program of an ordinary build."""
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tarfile
import unittest

PLACE = pathlib.Path(__file__).resolve().parents[2] / "app/silicon/bundle"
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("bundle", str(PLACE))
bundle = importlib.util.module_from_spec(importlib.util.spec_from_loader("bundle", LOADER))
LOADER.exec_module(bundle)
PROGRAM, LIBRARY = sys.argv.pop(), sys.argv.pop()


class Judge(unittest.TestCase):
    def test_judge__library_that_others_lack__is_refused_by_name(self):
        with self.assertRaisesRegex(bundle.Failure, r"needs libjson-c\.so\.\d+, which other systems may lack"):
            bundle.judge(PROGRAM)

    def test_judge__newer_glibc__is_refused_by_symbol(self):
        with self.assertRaisesRegex(bundle.Failure, r"needs a glibc after 2\.28 for .*dlsym \(2\.34\)"):
            bundle.judge(LIBRARY)

    def test_judge__old_enough__tells_the_newest(self):
        limit, bundle.GLIBC = bundle.GLIBC, (9, 0)
        self.addCleanup(setattr, bundle, "GLIBC", limit)
        self.assertGreaterEqual(bundle.judge(LIBRARY), (2, 34))

    def test_judge__no_program__is_refused(self):
        with self.assertRaises(bundle.Failure):
            bundle.judge(__file__)

    def test_version__compares_as_numbers(self):
        self.assertGreater(bundle.version("2.28"), bundle.version("2.4"))
        self.assertGreater(bundle.version("2.2.5"), bundle.version("2.2"))


class Archive(unittest.TestCase):
    FILES = {"b": (b"two", 0o755), "a": (b"one", 0o644)}

    def test_archive__same_files__same_bytes(self):
        turned = dict(reversed(self.FILES.items()))
        self.assertEqual(bundle.archive("x-1", self.FILES, 5), bundle.archive("x-1", turned, 5))

    def test_archive__holds_the_files_in_one_folder_and_nobodys(self):
        with tarfile.open(fileobj=io.BytesIO(bundle.archive("x-1", self.FILES, 5))) as tar:
            found = [(entry.name, entry.mode, entry.mtime, entry.uid, entry.uname) for entry in tar]
            self.assertEqual(found, [("x-1/a", 0o644, 5, 0, ""), ("x-1/b", 0o755, 5, 0, "")])
            self.assertEqual(tar.extractfile("x-1/b").read(), b"two")


if __name__ == "__main__":
    unittest.main()
