# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The habits of ./run: exit status, what a failure says, --verbose. Its programs are ours."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = re.findall(r"^  ([a-z]+)", subprocess.run([ROOT / "run", "--help"], stdout=subprocess.PIPE, text=True,
                                                     check=True).stdout, re.M)
NINJA = """#!/bin/sh
touch "$WCNIC_CACHE/ninja"
echo "first line"
echo "arguments: $*"
seq 60
echo "the last line"
exit $NINJA_STATUS
"""


class Run(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.top = pathlib.Path(kept.name)
        for name in ("run", "config/cache-folder"):
            (self.top / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.top / name)
        # ./run takes the system's programs. Here ninja is another, nothing is to be installed, and it is configured.
        text = (self.top / "run").read_text()
        self.assertIn("export PATH=/usr/sbin:", text)
        (self.top / "run").write_text(text.replace("export PATH=", f"export PATH={self.top}/bin:"))
        (self.top / "config/packages").write_text("# none\n")
        for name, script in (("ninja", NINJA), ("apt-get", "#!/bin/sh\nexit 9\n"), ("id", "#!/bin/sh\necho 0\n")):
            (self.top / "bin").mkdir(exist_ok=True)
            (self.top / "bin" / name).write_text(script)
            (self.top / "bin" / name).chmod(0o755)
        (self.top / "build").mkdir()
        (self.top / "build/build.ninja").write_text("")

    def run_(self, *words, ninja=0):
        env = {**os.environ, "WCNIC_CACHE": str(self.top / "cache"), "NINJA_STATUS": str(ninja)}
        done = subprocess.run([self.top / "run", *words], env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_wrong_arguments__status_2_and_what_is_wrong(self):
        for words, what in ((["frobnicate"], "frobnicate"), (["--frobnicate", "build"], "--frobnicate"), (["build", "x"], "x"),
                            (["fmt", "--mend"], "--fix"), (["demo", "a", "b"], "one capture"), (["demo", "--quick"], "--quick"),
                            (["guest", "--capture"], "--capture"), (["silicon", "--out"], "--out"), (["bundle", "x"], "--arm64")):
            status, out, err = self.run_(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn(what, err)
            self.assertIn("--help", err)
        status, out, err = self.run_()
        self.assertEqual((status, out), (2, ""))
        self.assertIn("Usage: ./run", err)

    def whole(self):
        """All that ./run starts is the tree's; ninja, apt-get and what is installed are not."""
        shutil.rmtree(self.top / "config")
        (self.top / "config").mkdir()
        for place in [ROOT / name for name in ("app", "doc", "tests")] + [*(ROOT / "config").iterdir()]:
            (self.top / place.relative_to(ROOT)).symlink_to(place)
        (self.top / "config/packages").unlink()
        (self.top / "config/packages").write_text("build nonexistent-package a test\n")

    def test_wrong_arguments_of_programs__are_named_before_anything_is_installed_or_built(self):
        self.whole()
        for words, what in ((["guest", "--frobnicate"], "--frobnicate"), (["guest", "nosuch"], "x86-uio"),
                            (["guest", "--capture", "/nonexistent/x"], "/nonexistent/x"), (["lab", "nosuch"], "bare-metal"),
                            (["lab", "--link", "nosuch"], "gen4-x16"), (["lab", "--again", "--frobnicate"], "--frobnicate"),
                            (["bench", "--rounds", "x"], "--rounds"), (["bench", "--scale", "--series", "x"], "queues"),
                            (["soak", "--minutes", "0"], "above 0"), (["silicon", "--frobnicate"], "--frobnicate"),
                            (["fuzz", "nosuch"], "fuzz_rx"), (["verify", "--frobnicate"], "--frobnicate"),
                            (["deb", "--suite", "buster"], "bookworm"), (["doc", "--frobnicate"], "--frobnicate"),
                            (["upstream"], "DIR"), (["demo", "nosuch.pcap"], str(self.top))):
            status, _, err = self.run_(*words)
            self.assertEqual(status, 2, (words, err))
            self.assertIn(what, err)
            self.assertFalse((self.top / "cache/ninja").exists(), words)
            self.assertNotIn("Missing packages", err)

    def test_out_that_cannot_be_made__is_named_before_anything_is_installed_or_built(self):
        self.whole()
        for command in ("bench", "soak", "silicon", "fuzz", "verify", "deb", "doc"):
            for words in (["--out", "/proc/nonexistent"], ["--out=/proc/nonexistent"]):
                if command == "silicon" and len(words) == 1:
                    continue
                status, out, err = self.run_(command, *words)
                self.assertEqual((status, out), (2, ""), (command, err))
                self.assertIn("/proc/nonexistent", err)
                self.assertIn("--out", err)
                self.assertEqual(len(err.splitlines()), 1, err)

    def test_no_python__is_named_by_what_needs_it(self):
        self.whole()
        (self.top / "config/packages").write_text("python nonexistent-python runs the commands\nbuild nonexistent-package x\n"
                                                  "doc nonexistent-package x\n")
        text = (self.top / "run").read_text()
        (self.top / "run").write_text(text.replace("command -v python3", "command -v nonexistent-python"))
        for command in ("guest", "lab", "bench", "soak", "fuzz", "verify", "deb", "doc", "upstream"):
            status, out, err = self.run_("--no-install", command)
            self.assertEqual(status, 1, (command, err))
            self.assertIn("apt-get install -y --no-install-recommends nonexistent-python nonexistent-package", err)
            self.assertIn("runs the commands", out)
            status, out, err = self.run_(command, "--help")
            self.assertEqual((status, out), (1, ""), (command, err))
            self.assertIn("apt-get install python3", err)
        # What --no-install has not been said for is installed, by an apt-get that fails here.
        self.assertIn("apt-get update failed", self.run_("upstream", "x")[2])

    def test_archive_out_of_reach__is_named_when_packages_are_not_found(self):
        (self.top / "config/packages").write_text("build nonexistent-package a test\n")
        (self.top / "bin/apt-get").write_text("#!/bin/sh\n[ $1 = update ] || exit 100\necho 'W: Failed to fetch http://x/InRelease "
                                              "Temporary failure resolving x'\n")
        status, _, err = self.run_("build")
        self.assertEqual(status, 1)
        self.assertIn("could not fetch http://x/InRelease Temporary failure", err)

    def test_folder_that_cannot_be_written__says_so(self):
        (self.top / "out").write_text("a file\n")
        status, _, err = self.run_("build")
        self.assertEqual(status, 1)
        self.assertRegex(err, rf"{self.top}/out: .*; \./run writes beside its source")

    def test_disk_that_is_full__is_named(self):
        (self.top / "bin/df").write_text(f"#!/bin/sh\necho head\necho tmpfs 100 99 1 99% $3\n")
        (self.top / "bin/df").chmod(0o755)
        status, _, err = self.run_("build", ninja=1)
        self.assertEqual(status, 1)
        self.assertIn(f"the disk of {self.top} is full: 1 KiB are free", err)

    def test_interrupt__ends_what_runs_and_130(self):
        (self.top / "bin/ninja").write_text('#!/bin/sh\necho $$ >"$WCNIC_CACHE/ninja"\nexec sleep 1000\n')
        env = {**os.environ, "WCNIC_CACHE": str(self.top / "cache")}
        process = subprocess.Popen([self.top / "run", "build"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        mark = self.top / "cache/ninja"
        while not (mark.exists() and mark.read_text().endswith("\n")):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, 130)
        self.assertFalse(pathlib.Path("/proc", mark.read_text().strip()).exists())

    def test_help__of_every_command(self):
        for words in [["--help"], ["-h"], ["help"], ["demo", "--help"], ["build", "-h"]]:
            status, out, _ = self.run_(*words)
            self.assertEqual(status, 0, words)
            self.assertIn("Exit status: 0 done", out)
        self.assertGreater(len(COMMANDS), 10)
        for command in COMMANDS:
            done = [subprocess.run([ROOT / "run", "--no-install", command, word], capture_output=True, text=True, check=False)
                    for word in ("--help", "-h")]
            self.assertEqual((done[0].returncode, done[0].stderr), (0, ""), command)
            self.assertRegex(done[0].stdout, r"(?i)(exit )?status:? \d", command)
            self.assertEqual(done[0].stdout, done[1].stdout, command)

    def test_chroot_without_proc_or_sys__says_what_to_mount_before_it_builds(self):
        script = self.top / "run"
        text = script.read_text()
        for place, mount in (("/proc/self/stat", "mount -t proc proc /proc"),
                             ("/sys/devices/system/cpu", "mount -t sysfs sysfs /sys")):
            self.assertIn(place, text)
            script.write_text(text.replace(place, "/nonexistent/place"))
            status, _, err = self.run_("demo")
            self.assertEqual(status, 1)
            self.assertIn(mount, err)
            self.assertNotIn("build", err)

    def test_failure__shows_the_end_and_names_the_log(self):
        status, _, err = self.run_("build", ninja=5)
        self.assertEqual(status, 1)
        self.assertIn("| the last line", err)
        self.assertNotIn("first line", err)
        named = re.search(r"all of it: (\S+)", err)
        self.assertIn("first line", (self.top / named[1]).read_text())

    def test_demo__builds_only_what_it_starts(self):
        for command, arguments in (("demo", "-C build demo-programs"), ("build", "-C build")):
            self.run_(command, ninja=5)
            self.assertIn(f"arguments: {arguments}\n", (self.top / "out/log/build-build.log").read_text())

    def test_success__is_silent_but_not_with_verbose(self):
        for ninja in (0, 5):
            status, _, err = self.run_("--verbose", "build", ninja=ninja)
            self.assertEqual(status, 1 if ninja else 0)
            self.assertEqual(err.count("| first line"), 1)
            self.assertEqual(err.count("| the last line"), 1)
        status, _, err = self.run_("build")
        self.assertEqual(status, 0)
        self.assertNotIn("line", err)


if __name__ == "__main__":
    unittest.main()
