# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Full disks, and files that are not there: reported by name, with the space that is left; nothing half-written stays."""
import contextlib
import errno
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest
import unittest.mock

import image
import life
import nested
import patch
import rig
import trees

SETTING = "bare-metal"


@contextlib.contextmanager
def small(folder, kib):
    """A file system of that size."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("full disks were not tried: root mounts them")
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "wcnic-test", folder], stderr=subprocess.PIPE, text=True)
    if mounted.returncode != 0:
        raise unittest.SkipTest(f"full disks were not tried: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


class Full(unittest.TestCase):
    def fails(self, program, *patterns):
        text = program.wait()
        self.assertEqual(program.status, 1, text)
        self.assertNotIn("Traceback", text)
        for pattern in patterns:
            self.assertRegex(text, pattern)
        self.assertEqual(rig.children(), set())

    def test_work_folder(self):
        cache = rig.out() / "small-cache"
        cache.mkdir(exist_ok=True)
        if not (cache / "guest").exists():
            (cache / "guest").symlink_to((rig.args.cache / "guest").resolve())
        with small(cache / "work", 20000):
            self.fails(rig.Program("lab", rig.out() / "full-work", "--quick", SETTING, **{"--cache": cache}),
                       rf"lab: \S*{cache.name}/work/lab\.\S+: No space left on device\n",
                       rf"{cache.name}/work has [0-9.]+ of 19.5 MiB free; about \d+ MiB are needed there")
            self.assertEqual([path for path in (cache / "work").iterdir() if path.is_dir()], [])

    def test_results(self):
        with small(rig.out() / "full-out", 100) as out:
            self.fails(rig.Program("lab", out, "--quick", "--jobs", "1", SETTING, "guest-nc"),
                       rf"lab: (no space: )?\S*{out.name} has 0.0 of 0.1 MiB free; about")
            for path in out.rglob("*.json"):
                json.loads(path.read_text())
            self.assertEqual(list(out.rglob("*.part")), [])
            self.assertFalse((out / "lab.json").exists())
            self.assertNotIn("guest-nc:", (rig.args.out / "full-out.said").read_text(), "went on with the next setting")

    def test_one_result__keeps_what_was_there(self):
        with small(rig.out() / "tiny", 64) as tiny:
            (life.Out(tiny) / "lab.json").write_text("{}")
            with self.assertRaises(OSError) as caught:
                (life.Out(tiny) / "lab.json").write_text("x" * 100000)
            self.assertEqual((caught.exception.errno, caught.exception.filename), (errno.ENOSPC, str(tiny / "lab.json")))
            self.assertEqual({path.name: path.read_text() for path in tiny.iterdir()}, {"lab.json": "{}"})

    def test_cache__has_no_part_of_an_archive(self):
        tree = trees.Trees(rig.args.cache, life.progress).get("kernel-6.12-arm64")
        for kib in (200, 700):  # no space for the modules; for the modules, but not for the archive
            with self.subTest(kib=kib), small(rig.out() / "tiny", kib) as tiny:
                with self.assertRaisesRegex((OSError, life.Failure), r"No space left on device"):
                    image.cached(tiny / "modules.cpio", image.modules, tree)
                self.assertEqual([path.name for path in tiny.iterdir() if not path.name.endswith(".lock")], [])


def half(tree, part):
    """Makes an archive, and is killed in the middle of it."""
    part.write_bytes(b"half")
    os._exit(9)


class Cache(unittest.TestCase):
    def test_archive_cut_short__made_anew(self):
        folder = rig.out() / "archives"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        child = os.fork()
        if child == 0:
            image.cached(folder / "x.cpio", half, None)
        os.waitpid(child, 0)
        self.assertTrue(list(folder.glob("x.*.making/x.*.cpio")), "nothing was left, so nothing is tried here")
        self.assertEqual(list(folder.glob("x.*.cpio")), [])
        made = image.cached(folder / "x.cpio", lambda tree, part: part.write_bytes(b"whole"), None)
        self.assertEqual(made.read_bytes(), b"whole")
        self.assertEqual([path for path in folder.iterdir() if path != made and not path.name.endswith(".lock")], [])


class Kernels(unittest.TestCase):
    """The patch meets real kernels."""

    def test_6_1__refused_by_name(self):
        all_trees, folder = trees.Trees(rig.args.cache, life.progress), rig.out() / "archives"
        folder.mkdir(exist_ok=True)
        with self.assertRaisesRegex(life.Failure, r"^Linux 6\.1\.\S+: vfio-pci-core sets bit 39 in 0 places; .* use another"):
            image.cached(folder / "refused.cpio", nested.patched_modules, all_trees.get("kernel-6.1-arm64"))
        self.assertEqual(list(folder.glob("refused.*.cpio")) + list(folder.glob("refused.*.making")), [])

    def test_newer__one_instruction_differs(self):
        all_trees = trees.Trees(rig.args.cache, life.progress)
        for kernel in ("6.12", "7.3"):
            with self.subTest(kernel=kernel):
                home = image.modules_home(all_trees.get(f"kernel-{kernel}-arm64"))
                path = next(home.rglob("vfio-pci-core.ko*"))
                stock = image.edited(home.name, path, bytes)
                changed = image.edited(home.name, path, patch.without_any_uncached)
                places = [at for at in range(0, len(changed) - 3, 4) if stock[at:at + 4] != changed[at:at + 4]]
                self.assertEqual(len(places), 1)

    def test_module_missing__reported(self):
        folder = rig.out() / "no-kernel"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "tree/lib/modules/9.9-none").mkdir(parents=True)
        with self.assertRaisesRegex(life.Failure, r"Linux 9\.9-none has no module vfio-pci\.ko, vfio-pci-core\.ko"):
            nested.patched_modules(folder / "tree", folder / "x.cpio")

    def test_tree_without_kernel__reported(self):
        with self.assertRaisesRegex(life.Failure, "holds no kernel"):
            image.kernel(rig.out())

    def test_unknown_tree__reported(self):
        with self.assertRaisesRegex(life.Failure, r"no tree kernel-9\.9-arm64; \S+guest-packages lists qemu"):
            trees.Trees(rig.args.cache, life.progress).get("kernel-9.9-arm64")


FAKE = """#!/bin/sh
mkdir -p "$PART" && touch "$PART/half"
echo "E: Unable to locate package linux-image-nowhere"
exit 1
"""


class Unpack(unittest.TestCase):
    """With a script in mmdebstrap's place."""

    def setUp(self):
        self.folder = rig.out() / "unpack"
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "list").write_text("kernel-9.9-arm64 arm64 trixie linux-image-nowhere\n")
        self.enterContext(unittest.mock.patch.object(trees, "LIST", self.folder / "list"))
        self.trees = trees.Trees(self.folder / "cache", life.progress)
        arch, suite, packages = self.trees.list["kernel-9.9-arm64"]
        self.key = f"kernel-9.9-arm64-{hashlib.sha256(' '.join([arch, suite, *packages]).encode()).hexdigest()[:12]}"

    def fake(self, script):
        program = self.folder / "bin/mmdebstrap"
        program.write_text(script)
        program.chmod(0o755)
        self.enterContext(unittest.mock.patch.dict(os.environ, {
            "PATH": f"{self.folder.resolve()}/bin:{os.environ['PATH']}",
            "PART": str((self.trees.cache / f"{self.key}.part").resolve())}))

    def test_package_missing__named_and_no_part_left(self):
        self.fake(FAKE)
        with self.assertRaisesRegex(life.Failure, r"(?s)kernel-9\.9-arm64: linux-image-nowhere of Debian trixie for arm64 could not be "
                                                  r"unpacked\. That release has no package linux-image-nowhere: mend \S+/list;"):
            self.trees.get("kernel-9.9-arm64")
        self.assertEqual([path.name for path in self.trees.cache.iterdir() if path.is_dir()], [])

    def test_archive_out_of_reach__reported(self):
        self.fake(FAKE.replace("Unable to locate package linux-image-nowhere", "Temporary failure resolving"))
        with self.assertRaisesRegex(life.Failure, r"(?s)Is the archive that apt-get uses in reach\?.*Temporary failure resolving"):
            self.trees.get("kernel-9.9-arm64")

    def test_part_of_a_killed_run__goes(self):
        left = self.trees.cache / f"{self.key}.part"
        left.mkdir()
        (left / "half").touch()
        self.fake('#!/bin/sh\n[ ! -e "$PART" ] && mkdir -p "$PART/usr/lib"\n')
        self.assertEqual(self.trees.get("kernel-9.9-arm64").name, self.key)
        self.assertFalse(left.exists())


class Missing(unittest.TestCase):
    def refused(self, pattern, *arguments, status=1, **instead):
        program = rig.Program("lab", rig.out() / "missing", SETTING, *arguments, **instead)
        text = program.wait()
        self.assertEqual(program.status, status, text)
        self.assertRegex(text, rf"{pattern}[^\n]*\n$")

    def test_plugin__reported_before_anything_boots(self):
        build = rig.out() / "build"
        shutil.rmtree(build, ignore_errors=True)
        for name in ("app/wcnicd/wcnicd", "app/wcbench/wcbench", "tests/demo/wcpcapcmp"):
            (build / name).parent.mkdir(parents=True, exist_ok=True)
            (build / name).symlink_to((rig.args.build_amd64 / name).resolve())
        self.refused(r"^lab: \S+/app/wclab/wclab_watch\.so is missing: build first", **{"--build-amd64": build})

    def test_capture__reported(self):
        self.refused("^lab: --capture nowhere.pcap: there is no such file", **{"--capture": "nowhere.pcap"})

    def test_link__reported_with_those_that_there_are(self):
        self.refused("\n./run lab: error: no parameter set gen9-x99.conf in .*config/link; there are .*gen4-x16", "--link", "gen9-x99", status=2)
