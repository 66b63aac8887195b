# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_driver_headers.py HEADERS: config/dpdk-driver-headers, with archives, disks and folders made up of the real
driver headers in HEADERS and of worse ones."""
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "config/dpdk-driver-headers"
REAL = None


def of_pkg_config(option):
    return subprocess.run(["pkg-config", option, "libdpdk"], stdout=subprocess.PIPE, text=True).stdout.strip()


RELEASE, PREFIX = ".".join(of_pkg_config("--modversion").split(".")[:2]), of_pkg_config("--variable=prefix")
# As a release has them whose struct is longer, and one that has a function more.
LONGER = ("ethdev_driver.h", r"^struct (\w+ )?rte_eth_dev \{", "\\g<0>\n\tchar of_another_release[64];")
MORE = ("ethdev_driver.h", r"^__rte_internal\n", "__rte_internal\nvoid rte_eth_of_another_release(void);\n__rte_internal\n")


class Archive:
    """Source packages of dpdk in suites of an archive that is a folder."""

    def __init__(self, root):
        self.root, self.stanzas = root, {"stable": ""}

    def add(self, version, changed=None, suite="stable", there=True, filler=0):
        pool = self.root / "pool"
        pool.mkdir(parents=True, exist_ok=True)
        archive, dsc = pool / f"dpdk_{version}.tar.gz", pool / f"dpdk_{version}.dsc"
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            files = {f"lib/all/{header.name}": header.read_text() for header in REAL.glob("*.h")}
            files.update({"debian/source/format": "3.0 (native)\n", "filler": " " * filler})
            for name, text in files.items():
                if changed and name.endswith(f"/{changed[0]}"):
                    assert re.search(changed[1], text, re.MULTILINE)
                    text = re.sub(changed[1], changed[2], text, count=1, flags=re.MULTILINE)
                info = tarfile.TarInfo(f"dpdk-{version}/{name}")
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        dsc.write_text(f"Format: 3.0 (native)\nSource: dpdk\nBinary: dpdk\nArchitecture: any\nVersion: {version}\n"
                       f"Maintainer: nobody <nobody@example.org>\n{self.sums([archive])}")
        self.stanzas.setdefault(suite, "")
        self.stanzas[suite] += (f"Package: dpdk\nFormat: 3.0 (native)\nBinary: dpdk\nArchitecture: any\nVersion: {version}\n"
                                f"Directory: pool\n{self.sums([dsc, archive])}\n")
        if not there:
            dsc.unlink()
            archive.unlink()

    @staticmethod
    def sums(paths):
        lines = {"Files": hashlib.md5, "Checksums-Sha256": hashlib.sha256}
        return "".join(f"{name}:\n" + "".join(f" {kind(path.read_bytes()).hexdigest()} {path.stat().st_size} {path.name}\n"
                                              for path in paths) for name, kind in lines.items())

    def write(self):
        for suite, text in self.stanzas.items():
            folder = self.root / "dists" / suite
            (folder / "main/source").mkdir(parents=True, exist_ok=True)
            (folder / "main/source/Sources").write_text(text)
            (folder / "Release").write_text(
                f"Origin: Debian\nSuite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: source\nSHA256:\n "
                f"{hashlib.sha256(text.encode()).hexdigest()} {len(text)} main/source/Sources\n")


class DriverHeaders(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.archive, self.tree = Archive(self.folder / "archive"), self.folder / "tree"
        self.cache = self.folder / "cache"
        # This machine's DPDK, whose version the changelog of the tree says.
        for name in ("usr/share/doc/libdpdk-dev", "etc/apt"):
            (self.tree / name).mkdir(parents=True)
        for name in ("usr/include", "usr/lib", "usr/share/pkgconfig"):
            (self.tree / name).symlink_to(f"/{name}")
        for name in ("lib", "lib64"):
            (self.tree / name).symlink_to(f"/{name}")
        with gzip.open(self.tree / "usr/share/doc/libdpdk-dev/changelog.Debian.gz", "wt") as log:
            log.write(f"dpdk ({RELEASE}.6) stable; urgency=medium\n")
        (self.tree / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{self.archive.root} stable main\n")

    def ask(self, before=(), words=None, **variables):
        self.archive.write()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WCNIC_")}
        return subprocess.run([*before, PROGRAM, *(words or ("--tree", self.tree))], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(environment, WCNIC_CACHE=str(self.cache), **variables))

    def assert_found(self, done, version_said=None):
        self.assertEqual(done.returncode, 0, done.stderr)
        folder = pathlib.Path(done.stdout.strip())
        for header in REAL.glob("*.h"):
            self.assertEqual((folder / header.name).read_text(), header.read_text())
        if version_said is None:
            self.assertEqual(done.stderr, "")
        else:
            self.assertIn(f"that of {version_said} fits", done.stderr)

    def assert_refused(self, done, *words):
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in words:
            self.assertRegex(done.stderr, word)
        self.assertRegex(done.stderr, r"\nThis would help: \S+")
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(list(self.cache.glob("*/include")) if self.cache.is_dir() else [], [])

    def test_the_variable_that_would_help__is_that_of_the_abi(self):
        """As a package build for another release, in its chroot, is given no other."""
        done = subprocess.run([PROGRAM], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, "WCNIC_DRIVER_HEADERS": str(self.folder), "WCNIC_CACHE": str(self.cache)})
        self.assert_refused(done, "WCNIC_DRIVER_HEADERS=.* will not do", f"export WCNIC_DRIVER_HEADERS_{self.abi()}=")

    def test_the_exact_version_is_taken_first(self):
        self.archive.add(f"{RELEASE}.5", LONGER)
        self.archive.add(f"{RELEASE}.6")
        self.assert_found(self.ask())
        self.assertEqual(list(self.cache.glob("*/.work*")), [])

    def test_what_is_in_the_cache_needs_no_archive(self):
        self.archive.add(f"{RELEASE}.6")
        self.assert_found(self.ask())
        shutil.rmtree(self.archive.root)
        self.assert_found(self.ask())

    def test_the_nearest_patch_level_is_taken_if_the_version_is_gone(self):
        self.archive.add(f"{RELEASE}.6", there=False)
        self.archive.add(f"{RELEASE}.9", suite="testing")
        self.archive.add(f"{RELEASE}.5", suite="unstable")
        self.assert_found(self.ask(), f"{RELEASE}.5")

    def test_a_patch_level_whose_struct_is_longer_is_not_believed(self):
        self.archive.add(f"{RELEASE}.5", LONGER)
        self.archive.add(f"{RELEASE}.1")
        self.assert_found(self.ask(), f"{RELEASE}.1")

    def test_the_exact_version_is_not_believed_either(self):
        self.archive.add(f"{RELEASE}.6", LONGER)
        self.assert_refused(self.ask(), r"rte_eth_devices has \d+ bytes by the headers and \d+ in librte_ethdev")

    def test_headers_that_declare_what_the_library_lacks_are_refused(self):
        self.archive.add(f"{RELEASE}.6", MORE)
        self.assert_refused(self.ask(), "declare rte_eth_of_another_release")

    def test_another_release_is_not_tried(self):
        self.archive.add("17.02.1")
        self.assert_refused(self.ask(), f"{re.escape(RELEASE)}.6: the archive does not list it")

    def test_a_file_that_is_gone_is_the_cause_that_is_said(self):
        self.archive.add(f"{RELEASE}.6", there=False)
        self.assert_refused(self.ask(), f"{re.escape(RELEASE)}.6: File not found", "git clone")

    def test_what_the_archive_lacks_is_looked_for_once_a_day(self):
        self.archive.add(f"{RELEASE}.6", there=False)
        first = self.ask()
        self.assert_refused(first, "File not found")
        self.archive.add(f"{RELEASE}.6")
        again = self.ask()
        self.assert_refused(again, "File not found", r"rm \S+/none, to ask the archive again")
        note = next(self.cache.glob("*/none"))
        os.utime(note, (note.stat().st_mtime - 100000,) * 2)
        self.archive.stanzas["stable"] = ""
        self.archive.add(f"{RELEASE}.6")
        self.assert_found(self.ask())

    def test_without_an_archive_nothing_is_said_of_downloads(self):
        (self.tree / "etc/apt/sources.list").write_text("# none\n")
        self.assert_refused(self.ask(), "apt is configured for no Debian archive")

    def test_an_archive_out_of_reach_is_the_cause_that_is_said(self):
        (self.tree / "etc/apt/sources.list").write_text("deb [trusted=yes] http://127.0.0.1:9/debian stable main\n")
        self.assert_refused(self.ask(), "the archive is out of reach: (Could not connect to 127.0.0.1|Connection failed)")

    def test_a_full_disk_is_the_cause_that_is_said(self):
        self.cache.mkdir()
        room = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'mount -t tmpfs -o size=1500k none {self.cache} && exec "$@"', "sh"]
        if subprocess.run([*room, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.archive.add(f"{RELEASE}.6", filler=8 << 20)
        done = self.ask(room)
        self.assert_refused(done, "the disk is full: ", "WCNIC_CACHE=DIR")
        self.assertNotIn("git clone", done.stderr)

    def test_a_cache_that_cannot_be_written_is_the_cause_that_is_said(self):
        self.archive.add(f"{RELEASE}.6")
        self.cache.write_text("")
        self.assert_refused(self.ask(), r"cannot be made \((Not a directory|File exists)\)", "WCNIC_CACHE=DIR")

    def abi(self):
        libraries = subprocess.run(["pkg-config", "--variable=libdir", "libdpdk"], stdout=subprocess.PIPE, text=True).stdout
        return re.search(r"so\.(\d+)", str(next(pathlib.Path(libraries.strip()).glob("librte_ethdev.so.*"))))[1]

    def test_headers_of_ones_own_are_taken_by_their_abi(self):
        done = self.ask(**{f"WCNIC_DRIVER_HEADERS_{self.abi()}": str(REAL)})
        self.assert_found(done)
        self.assertEqual(done.stdout.strip(), str(REAL))

    def test_dpdks_source_will_do_as_well(self):
        source = self.folder / "dpdk/lib/ethdev"
        shutil.copytree(REAL, source)
        root, name = source.parents[1], f"WCNIC_DRIVER_HEADERS_{self.abi()}"
        (root / "VERSION").write_text("17.02.1\n")
        self.assert_refused(self.ask(**{name: str(root)}), f"{name}={root}", "it is the source of 17.02.1")
        (root / "VERSION").write_text(f"{RELEASE}.1\n")
        self.assert_found(self.ask(**{name: str(root)}))

    def test_the_whole_source_is_that_of_ones_own(self):
        root, name = self.folder / "dpdk", f"WCNIC_DRIVER_HEADERS_{self.abi()}"
        shutil.copytree(REAL, root / "lib/ethdev")
        (root / "VERSION").write_text(f"{RELEASE}.1\n")
        found = set()
        for variables in {"WCNIC_DRIVER_HEADERS": str(root)}, {name: str(root)}:
            done = self.ask(words=["--source"], **variables)
            self.assertEqual(done.returncode, 0, done.stderr)
            source = pathlib.Path(done.stdout.strip())
            self.assertTrue((source / "VERSION").samefile(root / "VERSION"))
            self.assertEqual(source.parents[1], self.cache)  # what is made of it lies beside it
            found.add(source)
        self.assertEqual(len(found), 1)
        self.assertEqual({path.name for path in root.iterdir()}, {"VERSION", "lib"})

    def test_headers_of_ones_own_are_checked(self):
        own = self.folder / "own"
        shutil.copytree(REAL, own)
        text = (own / MORE[0]).read_text()
        (own / MORE[0]).write_text(re.sub(*MORE[1:], text, count=1, flags=re.MULTILINE))
        name = f"WCNIC_DRIVER_HEADERS_{self.abi()}"
        self.assert_refused(self.ask(**{name: str(own)}), f"{name}={own}", "declare rte_eth_of_another_release")
        (own / "dev_driver.h").unlink()
        self.assert_refused(self.ask(**{name: str(own)}), "dev_driver.h is not in it")


if __name__ == "__main__":
    REAL = pathlib.Path(sys.argv.pop(1))
    lacking = [name for name in ("apt-get", "dpkg-source", "pkg-config", "cc", "readelf") if shutil.which(name) is None]
    if PREFIX != "/usr":
        print(f"this is built for the DPDK in {PREFIX or 'a place that pkg-config does not know'}; packages have theirs in /usr")
        sys.exit(77)
    if lacking or not pathlib.Path("/usr/include/dpdk").is_dir():
        print(f"{lacking[0] if lacking else 'a DPDK of the distribution'} is missing")
        sys.exit(77)
    unittest.main()
