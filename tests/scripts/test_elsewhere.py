# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The scripts on machines that lack something: no HOME, no git, no checkout, somebody else's, no namespaces."""
import ctypes
import ctypes.util
import errno
import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
NOBODY = 65534
UNPACKED = "$Format:%H %ct$\n"  # config/commit.archive of a checkout; these tests also run in a tarball
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def said(command, env=None, status=0, **rest):
    """What a command printed; it must end with this status."""
    done = subprocess.run(command, env={**PLAIN, **(env or {})}, capture_output=True, text=True, check=False, **rest)
    if done.returncode != status:
        raise AssertionError(f"{command}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    return done.stdout.strip(), done.stderr.strip()


class Folder(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)
        self.folder.chmod(0o755)
        self.top = self.folder / "wcnic"

    def copy(self, *names):
        """A small source with these files of ours."""
        for name in names:
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.top / name)

    def git(self, *words):
        return said(["git", "-C", self.top, "-c", "user.name=a", "-c", "user.email=a@b", *words])[0]

    def checkout(self, *names):
        self.copy(".gitattributes", "config/commit", "config/source-files", *names)
        (self.top / "config/commit.archive").write_text(UNPACKED)
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "all")

    def tarball(self):
        """The checkout as an archive, unpacked in another folder."""
        place = self.folder / "unpacked"
        place.mkdir()
        said(["sh", "-c", 'git -C "$1" archive HEAD | tar -x -C "$2"', "sh", self.top, place])
        return place


class CacheFolder(Folder):
    def of(self, status=0, **env):
        return said([self.top / "config/cache-folder"], env, status)

    def setUp(self):
        super().setUp()
        self.copy("config/cache-folder")

    def test_told__is_taken(self):
        told = self.folder / "told"
        self.assertEqual(self.of(WCNIC_CACHE=str(told), XDG_CACHE_HOME="/x", HOME="/y")[0], str(told))
        self.assertTrue(told.is_dir())
        self.assertEqual(self.of(XDG_CACHE_HOME=str(told), HOME="/y")[0], str(told / "wcnic"))

    def test_home__is_taken(self):
        self.assertEqual(self.of(HOME=str(self.folder))[0], str(self.folder / ".cache/wcnic"))

    def homeless(self, home):
        """As a user whose entry names `home`: the answer of getent is ours."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        (programs / "getent").write_text(f"#!/bin/sh\necho 'someone:x:1:1::{home}:/bin/sh'\n")
        (programs / "getent").chmod(0o755)
        return {"PATH": f"{programs}:{PLAIN['PATH']}"}

    def test_no_home__that_of_the_users_entry(self):
        home = self.folder / "entry"
        home.mkdir()
        for env in ({}, {"HOME": ""}, {"HOME": "/nonexistent"}):
            self.assertEqual(self.of(**self.homeless(home), **env)[0], str(home / ".cache/wcnic"))

    def test_no_home_at_all__a_folder_of_the_checkout(self):
        self.assertEqual(self.of(**self.homeless("/nonexistent"))[0], str(self.top / ".cache"))
        self.assertFalse(pathlib.Path("/nonexistent").exists())

    def test_folder_that_cannot_be_made__says_what_to_set(self):
        (self.folder / "file").write_text("")
        _, why = self.of(status=1, WCNIC_CACHE=str(self.folder / "file/cache"))
        self.assertIn("Not a directory", why)
        self.assertIn("set WCNIC_CACHE", why)

    def test_run__needs_no_home(self):
        """Of a user without a name, in a checkout that is not his: the folder to set is named."""
        if os.geteuid() != 0:
            self.skipTest("only root may act as another user")
        self.copy("run", "config/packages")
        _, why = said([self.top / "run", "--no-install", "build"], {}, 1, user=NOBODY - 7, extra_groups=[], group=NOBODY)
        self.assertIn("set WCNIC_CACHE", why)


@unittest.skipUnless(shutil.which("git"), "git is missing")
class Commit(Folder):
    def commit(self, top, *words):
        return said([top / "config/commit", *words])[0]

    def test_checkout__is_asked_by_git(self):
        self.checkout()
        head = self.git("rev-parse", "HEAD")
        self.assertEqual(self.commit(self.top), head[:12])
        self.assertEqual(self.commit(self.top, "--time"), self.git("log", "-1", "--format=%ct"))
        (self.top / ".gitattributes").write_text("# another\n")
        self.assertEqual(self.commit(self.top), head[:12] + "-modified")

    def test_tarball__knows_what_it_was_made_of(self):
        self.checkout()
        place = self.tarball()
        self.assertEqual(self.commit(place), self.git("rev-parse", "HEAD")[:12])
        self.assertEqual(self.commit(place, "--time"), self.git("log", "-1", "--format=%ct"))

    def test_tarball_in_another_checkout__is_not_of_that(self):
        self.checkout()
        place = self.tarball()
        shutil.move(place, self.top / "inside")
        (self.top / "more").write_text("")
        self.git("add", "more")
        self.git("commit", "-q", "-m", "more")
        self.assertEqual(self.commit(self.top / "inside"), self.git("rev-parse", "HEAD~")[:12])

    def test_files_without_either__unknown(self):
        self.copy("config/commit")
        (self.top / "config/commit.archive").write_text(UNPACKED)
        self.assertEqual(self.commit(self.top), "unknown")
        self.assertEqual(self.commit(self.top, "--time"), "0")
        (self.top / "config/commit.archive").unlink()
        self.assertEqual(self.commit(self.top), "unknown")


class Demo(unittest.TestCase):
    def test_full_disk__is_named(self):
        loader = importlib.machinery.SourceFileLoader("forward", str(ROOT / "tests/demo/forward"))
        forward = importlib.util.module_from_spec(importlib.util.spec_from_loader("forward", loader))
        loader.exec_module(forward)

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device", "here", None, "there")

        with tempfile.TemporaryDirectory() as work, unittest.mock.patch.object(forward, "demo", full), \
                unittest.mock.patch.object(forward.signal, "signal"), \
                unittest.mock.patch.object(forward.sys, "argv", ["forward", "--build", work, "--out", work, "--cache", work, "x"]), \
                self.assertRaises(SystemExit) as ended:
            forward.main()
        self.assertEqual(ended.exception.code, "demo: there: No space left on device")


class Interrupted(Folder):
    """Programs that ./run starts, while a program of theirs does not come back."""
    def test_signal__ends_them_without_a_traceback(self):
        mark = self.folder / "mark"
        for name in ("git", "pkg-config"):
            (self.folder / name).write_text(f"#!/bin/sh\necho >{mark}\nexec sleep 1000\n")
            (self.folder / name).chmod(0o755)
        (self.folder / "VERSION").write_text("22.11.0\n")
        for words in (["config/dpdk-driver-headers"], ["tests/upstream/run", self.folder]):
            for number in (signal.SIGINT, signal.SIGTERM):
                mark.unlink(missing_ok=True)
                process = subprocess.Popen([ROOT / words[0], *words[1:]], stderr=subprocess.PIPE, start_new_session=True,
                                           env={**PLAIN, "PATH": f"{self.folder}:{PLAIN['PATH']}"})
                while not mark.exists():
                    self.assertIsNone(process.poll())
                os.killpg(process.pid, number)
                self.assertEqual((process.communicate()[1], process.returncode), (b"", 128 + number), words)


@unittest.skipUnless(shutil.which("git"), "git is missing")
class Files(Folder):
    """What needs the list of tracked files skips where nobody has it: status 77, and a reason."""
    def setUp(self):
        super().setUp()
        self.checkout("run", "config/cache-folder", "config/packages", "tests/loop/mutate", "doc/architecture.md",
                      "tests/structure/check", "tests/structure/structure.py")

    def all_skip(self, top, reason, **rest):
        for words in (["config/source-files"], ["tests/structure/check"], ["tests/loop/mutate", top / "mutate"]):
            out, err = said([top / words[0], *words[1:]], status=77, **rest)
            self.assertIn(reason, (out + err).splitlines()[-1])
        out, err = said([top / "run", "--no-install", "fmt"], {"WCNIC_CACHE": str(self.folder)}, status=77, **rest)
        self.assertIn(reason, (out + err).splitlines()[-1])

    def test_checkout__lists_what_is_tracked(self):
        (self.top / "new").write_text("")
        out, _ = said([self.top / "config/source-files", "config/*"])
        self.assertEqual(out.strip("\0").split("\0"), ["config/cache-folder", "config/commit", "config/commit.archive",
                                                       "config/packages", "config/source-files"])

    def test_tarball__skips(self):
        self.all_skip(self.tarball(), "no checkout")

    def test_tarball_in_another_checkout__skips(self):
        place = self.top / "inside"
        shutil.move(self.tarball(), place)
        self.all_skip(place, "no checkout")

    def test_checkout_of_somebody_else__skips(self):
        if os.geteuid() != 0:
            self.skipTest("only root may act as another user")
        for path in (self.top, *self.top.rglob("*")):
            os.chown(path, NOBODY - 7, NOBODY)
        self.all_skip(self.top, "safe.directory")

    def test_no_git__skips(self):
        programs = self.folder / "bin"
        programs.mkdir()
        for name in ("bash", "readlink", "dirname", "stat"):
            (programs / name).symlink_to(shutil.which(name))
        _, why = said([self.top / "config/source-files"], {"PATH": str(programs)}, 77)
        self.assertIn("git is missing", why)


def without_unshare():
    """In a child before exec: the kernel refuses unshare(), as it does in many containers and chroots."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(0x7fff0000))  # SCMP_ACT_ALLOW
    number = seccomp.seccomp_syscall_resolve_name(b"unshare")
    refuse = 0x00050000 | errno.EPERM  # SCMP_ACT_ERRNO
    if seccomp.seccomp_rule_add(context, ctypes.c_uint32(refuse), number, 0) or seccomp.seccomp_load(context):
        os._exit(99)


class Record(Folder):
    def test_no_namespaces__generates_and_says_so(self):
        try:
            ctypes.CDLL("libseccomp.so.2")
        except OSError:
            self.skipTest("libseccomp is missing")
        done = subprocess.run([ROOT / "tests/demo/record", self.folder / "a.pcap"], preexec_fn=without_unshare,
                              capture_output=True, text=True, check=False)
        if done.returncode == 99:
            self.skipTest("this kernel takes no filter of system calls")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "not permitted here .*the traffic is generated instead")
        said([ROOT / "tests/demo/generate", self.folder / "b.pcap"])
        self.assertEqual((self.folder / "a.pcap").read_bytes(), (self.folder / "b.pcap").read_bytes())


if __name__ == "__main__":
    unittest.main()
