# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""config/deb, and what of debian/ must agree with the rest of the tree."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True


def load():
    loader = importlib.machinery.SourceFileLoader("deb", str(ROOT / "config/deb"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("deb", loader))
    loader.exec_module(module)
    return module


class Folder(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        self.deb = load()
        self.deb.ROOT = self.work / "root"

    def write(self, name, text=""):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


class Sources(Folder):
    def setUp(self):
        super().setUp()
        self.write("root/run")
        self.write("root/config/commit.archive", "$Format$\n")
        shutil.copy(ROOT / "config/commit", self.deb.ROOT / "config")

    def test_files__of_a_tarball_are_all_but_results(self):
        for name in ("run", "lib/a.c", "app/build/kept.c", "build/x.o", "build-clang/x.o", "out/log/x", "lib/__pycache__/x.pyc"):
            self.write(f"root/{name}")
        self.assertEqual(sorted(self.deb.files()), ["app/build/kept.c", "config/commit", "config/commit.archive", "lib/a.c", "run"])

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_files__of_a_checkout_are_those_that_git_tracks(self):
        for name in ("run", "notes", "gone"):
            self.write(f"root/{name}")
        git = ["git", "-C", self.deb.ROOT]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "run", "gone"], check=True)
        (self.deb.ROOT / "gone").unlink()
        self.assertEqual(self.deb.files(), ["run"])

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_source__knows_the_commit_that_it_is_of(self):
        git = ["git", "-C", self.deb.ROOT, "-c", "user.name=a", "-c", "user.email=a@b"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
            subprocess.run([*git, *words], check=True)
        head, time = subprocess.check_output([*git, "log", "-1", "--abbrev=12", "--format=%h %ct"], text=True).split()
        for number, suffix in enumerate(("", "-modified")):
            tree = self.work / f"tree-{number}"
            self.deb.tree_make(tree)
            said = [subprocess.check_output([tree / "config/commit", *words], text=True).strip() for words in ([], ["--time"])]
            self.assertEqual(said, [head + suffix, time])
            (self.deb.ROOT / "run").write_text("another")

    def test_driver_headers__that_are_named_come_with_the_source(self):
        for folder in ("headers/", "source/lib/any/", "deeper/lib/eal/include/", "buses/drivers/bus/pci/"):
            with self.subTest(folder):
                for name in self.deb.HEADERS:
                    self.write(folder + name, f"{name} of 24.11")
                self.write(folder + "other.h")
                os.environ["WCNIC_DRIVER_HEADERS_25"] = str(self.work / folder.split("/")[0])
                self.addCleanup(os.environ.pop, "WCNIC_DRIVER_HEADERS_25", None)
                tree = self.work / f"tree-of-{folder.split('/')[0]}"
                self.deb.tree_make(tree)
                found = {path.name: path.read_text() for path in (tree / "dpdk-headers/25").iterdir()}
                self.assertEqual(found, {name: f"{name} of 24.11" for name in self.deb.HEADERS})

    def test_driver_headers__of_a_folder_without_them_are_refused_by_name(self):
        os.environ["WCNIC_DRIVER_HEADERS_25"] = str(self.work)
        self.addCleanup(os.environ.pop, "WCNIC_DRIVER_HEADERS_25")
        with self.assertRaisesRegex(self.deb.Failure, "WCNIC_DRIVER_HEADERS_25=.*ethdev_driver.h"):
            self.deb.tree_make(self.work / "tree")


class Log(Folder):
    def test_log_that_cannot_be_written__is_named(self):
        with self.assertRaises(OSError) as caught:
            self.deb.follow(["echo", "x"], "/dev/full", "x")
        self.assertEqual(caught.exception.filename, "/dev/full")

    def test_interrupt__waits_for_what_cleans_up(self):
        mark = self.work / "cleaned"

        def interrupted(*_, **__):
            raise SystemExit(130)

        self.deb.print = interrupted
        with self.assertRaises(SystemExit):
            self.deb.follow(["sh", "-c", f"trap 'echo >{mark}; exit 1' TERM; echo '== ready'; while :; do sleep 0.1; done"], self.work / "log", "x")
        self.assertTrue(mark.exists())


class Results(Folder):
    def test_results__count_what_lintian_found_and_list_packages(self):
        self.write("out/lintian.txt", "E: wcnic-tools: bad\nN: why\nW: libwcbar0: odd\nW: libwcbar0: odder\n")
        self.write("out/libwcbar0_1_amd64.deb", "x" * 2048)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            found = self.deb.results("sid", self.work / "out", False)
        self.assertEqual(found["lintian"], {"errors": 1, "warnings": 2, "hints": 0})
        self.assertEqual(found["packages"], [{"file": "libwcbar0_1_amd64.deb", "bytes": 2048}])
        self.assertIn("sid: lintian: 1 errors, 2 warnings", said.getvalue())

    def test_results__without_lintians_opinion_claim_none(self):
        self.write("out/libwcbar0_1_amd64.deb")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertIsNone(self.deb.results("sid", self.work / "out", False)["lintian"])
        self.assertIn("lintian: not run", said.getvalue())

    def test_command__with_an_unknown_suite_ends_with_2_and_names_those_that_are_known(self):
        done = subprocess.run([ROOT / "config/deb", "--suite", "buster"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "buster.*bookworm.*trixie.*sid")


class Debian(unittest.TestCase):
    def test_changelog__has_the_version_of_the_project(self):
        version = re.match(r"wcnic \((.+)-\d+(?:~\w+)?\)", (ROOT / "debian/changelog").read_text())[1]
        self.assertIn(f"version: '{version}'", (ROOT / "meson.build").read_text())

    def test_build_dependencies__are_installed_by_run(self):
        known = {line.split()[1] for line in (ROOT / "config/packages").read_text().splitlines() if not line.startswith("#")}
        fields = re.findall(r"^Build-Depends(?:-Indep)?:(.*?)(?=^\S)", (ROOT / "debian/control").read_text(), re.S | re.M)
        self.assertEqual(len(fields), 2)
        for choice in ",".join(fields).split(","):
            names = {re.sub(r"[ :(<].*", "", name.strip()) for name in choice.split("|")}
            # pkg-config brings pkgconf, debhelper the first two.
            if not names & {"debhelper-compat", "dh-sequence-installsysusers", "python3", "pkgconf"}:
                self.assertTrue(names & known or names == {""}, f"config/packages has none of {names}")


if __name__ == "__main__":
    unittest.main()
