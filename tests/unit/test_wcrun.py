#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_wcrun.py WCRUN LIBRARY VICTIM STATIC_VICTIM FAKE_VFIO TABLES: wcrun as a program, over machines that
are folders, with a VFIO that is a library (wcrun_fakevfio.c) and a program that uses it (wcrun_victim.c)."""
import json
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

WCRUN, LIBRARY, VICTIM, STATIC, FAKE, TABLES = (os.path.abspath(path) for path in sys.argv[1:7])
BDF, SECOND = "0000:00:05.0", "0000:00:06.0"
X86 = platform.machine() == "x86_64"
LONGEST_S = 600  # what takes so long hangs


class Machine:
    """A folder with one ENA-like device: BAR 0 registers, BAR 2 a window, MSI-X in BAR 1."""

    def __init__(self, kernel="6.12.117", driver="vfio-pci", vendor="0x1d0f", device="0xec20", msix_bar=1,
                 cmdline="quiet", lockdown=None, bar0_prefetchable=False):
        self.root = tempfile.mkdtemp(prefix="wcrun-test-")
        self.device = f"/sys/bus/pci/devices/{BDF}"
        self.write(f"{self.device}/vendor", vendor + "\n")
        self.write(f"{self.device}/device", device + "\n")
        self.write(f"{self.device}/class", "0x020000\n")
        self.write(f"{self.device}/subsystem_vendor", "0x0000\n")
        self.write(f"{self.device}/subsystem_device", "0x0000\n")
        self.write(f"{self.device}/numa_node", "-1\n")
        self.link(f"{self.device}/iommu_group", "../../../../kernel/iommu_groups/7")
        flags0 = "0x0000000000042208" if bar0_prefetchable else "0x0000000000040200"
        self.write(f"{self.device}/resource",
                   f"0x00000000fe000000 0x00000000fe003fff {flags0}\n"
                   "0x00000000fe004000 0x00000000fe005fff 0x0000000000040200\n"
                   "0x00000000fea00000 0x00000000fea3ffff 0x000000000014220c\n" + 4 * ("0x0 0x0 0x0\n"))
        self.write(f"{self.device}/config", self.config(msix_bar))
        for name, size in (("resource0", 0x4000), ("resource1", 0x2000), ("resource2", 0x40000), ("resource2_wc", 0x40000)):
            self.write(f"{self.device}/{name}", "")
            os.truncate(self.root + f"{self.device}/{name}", size)
        if bar0_prefetchable:
            self.write(f"{self.device}/resource0_wc", "")
            os.truncate(self.root + f"{self.device}/resource0_wc", 0x4000)
        self.write("/proc/sys/kernel/osrelease", kernel + "\n")
        self.write("/proc/cmdline", cmdline + "\n")
        if lockdown:
            self.write("/sys/kernel/security/lockdown", lockdown)
        if driver:
            self.link(f"{self.device}/driver", f"../../drivers/{driver}")
        self.link("/sys/dev/char/1:3", f"../../devices/pci0000:00/{BDF}/vfio-dev/vfio3")

    @staticmethod
    def config(msix_bar):
        config = bytearray(256)
        config[0x06] = 0x10
        config[0x34] = 0x40
        config[0x40] = 0x11
        config[0x44] = config[0x48] = msix_bar
        return bytes(config)

    def write(self, path, text):
        path = self.root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def link(self, path, target):
        path = self.root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def second(self, driver):
        """The same device again, at 0000:00:06.0."""
        other = f"/sys/bus/pci/devices/{SECOND}"
        shutil.copytree(self.root + self.device, self.root + other, symlinks=True)
        self.link(f"{other}/driver", f"../../drivers/{driver}")
        return self

    def spoil_wc(self):
        """resource2_wc is there, and cannot be opened."""
        path = self.root + f"{self.device}/resource2_wc"
        os.unlink(path)
        os.mkdir(path)


class Case(unittest.TestCase):
    def setUp(self):
        self.made = []

    def tearDown(self):
        for path in self.made:
            shutil.rmtree(path, ignore_errors=True)

    def machine(self, **how):
        machine = Machine(**how)
        self.made.append(machine.root)
        return machine

    def folder(self):
        path = tempfile.mkdtemp(prefix="wcrun-test-")
        self.made.append(path)
        return path

    @staticmethod
    def environment(**more):
        env = {key: value for key, value in os.environ.items() if not key.startswith("WCRUN_")}
        env.pop("NOTIFY_SOCKET", None)
        env["LD_PRELOAD"] = FAKE
        env.update(more)
        return env

    @staticmethod
    def line(machine, *words):
        own = ["--root", machine.root] if machine else []
        at = 2 if words[:1] == ("hold",) else 1
        return [WCRUN, *words[:at - 1], *own, "--tables", TABLES, *words[at - 1:]]

    def wcrun(self, machine, *words, status=0, **more):
        run = subprocess.run(self.line(machine, *words), env=self.environment(**more), text=True, timeout=LONGEST_S,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run

    def says(self, text, part):
        self.assertIn(part, text)


class Interpose(Case):
    def test_table__unmodified_program__bar_is_wc(self):
        run = self.wcrun(self.machine(), "--", VICTIM, BDF, "map", "anywhere")
        self.assertEqual(run.stdout, "mapped resource2_wc\nmapped resource2_wc\n")
        self.assertEqual(run.stderr, f"wcrun: {BDF} BAR 2: WC by sysfs-wc-vfio (the file that it maps has that type)\n")

    def test_named_bar__device_in_no_table__bar_is_wc(self):
        machine = self.machine(vendor="0x1234", device="0x5678")
        self.assertEqual(self.wcrun(machine, "--", VICTIM, BDF, "map").stdout, "mapped memfd:fake-vfio (deleted)\n")
        run = self.wcrun(machine, "--bar", "00:05.0:2", "--", VICTIM, BDF, "map")
        self.assertEqual(run.stdout, "mapped resource2_wc\n")

    def test_two_devices__both_bars_are_wc(self):
        run = self.wcrun(self.machine().second("vfio-pci"), "--", VICTIM, BDF, SECOND, "map", BDF, "map")
        self.assertEqual(run.stdout, "mapped resource2_wc\n" * 2)
        self.assertEqual([line.split(" BAR")[0] for line in run.stderr.splitlines()],
                         [f"wcrun: {SECOND}", f"wcrun: {BDF}"])

    def test_devices_own_file__bar_is_wc(self):
        self.assertEqual(self.wcrun(self.machine(), "--", VICTIM, "cdev", "map").stdout, "mapped resource2_wc\n")

    def test_attach_again__child__new_process__are_served(self):
        for words in ((BDF, "map", "close", BDF, "map"), ("fork", BDF, "map"), ("exec", BDF, "map"),
                      (BDF, "fork", "map")):
            run = self.wcrun(self.machine(), "--", VICTIM, *words)
            self.assertEqual(run.stdout, "mapped resource2_wc\n" * words.count("map"), words)

    def test_duplicate__is_the_device_where_kcmp_may_say_so(self):
        run = self.wcrun(self.machine(), "--", VICTIM, BDF, "dup", "map")
        know = run.stdout.startswith("kcmp 0\n")
        self.assertEqual(run.stdout.splitlines()[1], "mapped resource2_wc" if know else "mapped memfd:fake-vfio (deleted)")

    def test_script__what_it_starts_is_served(self):
        script = os.path.join(self.folder(), "start")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!{VICTIM} exit=9\n")
        os.chmod(script, 0o755)
        self.wcrun(self.machine(), "--", script, status=9)

    def test_mapping_refused__program_runs_on_with_the_reason(self):
        machine = self.machine()
        machine.spoil_wc()
        run = self.wcrun(machine, "--", VICTIM, BDF, "map", "exit=5", status=5)
        self.assertEqual(run.stdout, "mapped memfd:fake-vfio (deleted)\n")
        self.says(run.stderr, "BAR 2: UC by vfio")
        self.says(run.stderr, "resource2_wc of 0000:00:05.0: Is a directory")

    def test_required__ends_with_4_before_the_mapping(self):
        machine = self.machine()
        machine.spoil_wc()
        run = self.wcrun(machine, "--require", "--", VICTIM, BDF, "map", status=4)
        self.assertEqual(run.stdout, "")
        self.wcrun(self.machine(), "--require", "--", VICTIM, BDF, "map")

    def test_required__table_bar_that_must_not_be__ends_with_4(self):
        run = self.wcrun(self.machine(msix_bar=2), "--require", "--", VICTIM, BDF, "map", status=4)
        self.says(run.stderr, "BAR 2: left alone: BAR 2 of 0000:00:05.0 holds the MSI-X table")

    def test_status_and_signals__are_passed_on(self):
        self.wcrun(self.machine(), "--", VICTIM, "exit=7", status=7)
        self.wcrun(self.machine(), "--", VICTIM, "abort", status=128 + signal.SIGKILL)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            run = subprocess.Popen(self.line(self.machine(), "--", VICTIM, "ready", "pause"), text=True,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))  # nohup ignores it
            self.assertEqual(run.stdout.readline(), "ready\n")
            run.send_signal(number)
            self.assertEqual(run.wait(LONGEST_S), 128 + number)
            run.stdout.close()

    def test_started_by_one_who_ignores_children__waits(self):
        run = subprocess.run(self.line(self.machine(), "--", VICTIM, "exit=4"), env=self.environment(), timeout=LONGEST_S,
                             stderr=subprocess.DEVNULL, check=False,
                             preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(run.returncode, 4)

    def test_what_the_program_did_not_do__is_said_at_its_end(self):
        run = self.wcrun(self.machine(), "--", VICTIM, "exit=0")
        self.says(run.stderr, "was not seen to open a device with VFIO")
        run = self.wcrun(self.machine(), "--", VICTIM, BDF)
        self.says(run.stderr, f"opened {BDF}, and no mapping of BAR 2 was seen")

    def test_nothing_is_left_behind(self):
        tmp = self.folder()
        self.wcrun(self.machine(), "--", VICTIM, BDF, "map", TMPDIR=tmp)
        self.assertEqual(os.listdir(tmp), [])

    def test_behind_another_preload__is_still_no_late_comer(self):
        for preload in (f"{FAKE}:{LIBRARY}", f"{LIBRARY}:{FAKE}"):
            run = subprocess.run([VICTIM, "exit=0"], env=self.environment(LD_PRELOAD=preload, WCRUN_VERBOSE="1"), text=True,
                                 stderr=subprocess.PIPE, timeout=LONGEST_S, check=True)
            self.assertRegex(run.stderr, r"^wcrun: \d+ calls of ioctl, \d+ of mmap came by\n$")

    def test_no_folder_for_reports__runs_on_without_them(self):
        run = self.wcrun(self.machine(), "--", VICTIM, BDF, "map", "exit=2", status=2, TMPDIR="/nowhere")
        self.assertEqual(run.stdout, "mapped resource2_wc\n")
        self.assertEqual([line.split(": ")[1] for line in run.stderr.splitlines()],
                         ["no folder for reports in /nowhere", BDF + " BAR 2"])
        run = self.wcrun(self.machine(), "--json", "/nowhere/x", "--", VICTIM, "ready", status=3, TMPDIR="/nowhere")
        self.assertEqual(run.stdout, "")

    def test_nobody_reads_its_lines__the_program_runs_on(self):
        tmp = self.folder()
        for words, status in ((("map", "exit=3"), 3), (("pipe",), 128 + signal.SIGPIPE)):
            reader, writer = os.pipe()
            os.close(reader)
            run = subprocess.run(self.line(self.machine(), "--", VICTIM, BDF, *words), env=self.environment(TMPDIR=tmp),
                                 text=True, stdout=subprocess.PIPE, stderr=writer, timeout=LONGEST_S, check=False)
            os.close(writer)
            self.assertEqual(run.returncode, status)
            self.assertEqual(run.stdout, "mapped resource2_wc\n" if "map" in words else "")
        self.assertEqual(os.listdir(tmp), [])

    def test_closed_standard_error__nothing_is_written_into_who_has_its_number(self):
        path = os.path.join(self.folder(), "data")
        with open(path, "w", encoding="utf-8"):
            pass
        run = subprocess.run(self.line(self.machine(), "--", VICTIM, "file=" + path, BDF, "map"), env=self.environment(),
                             text=True, stdout=subprocess.PIPE, timeout=LONGEST_S, check=True,
                             preexec_fn=lambda: os.close(2))  # pylint: disable=subprocess-popen-preexec-fn
        self.assertEqual(run.stdout, "file 2\nmapped resource2_wc\n")
        self.assertEqual(os.path.getsize(path), 0)

    def test_program_that_cannot_report__is_not_said_to_have_done_nothing(self):
        run = self.wcrun(self.machine(), "--", shutil.which("env"), "-u", "WCRUN_SOCKET", VICTIM, BDF, "map")
        self.says(run.stderr, "was not seen to open a device with VFIO (as another user")

    def test_program_that_writes_over_its_environment__changes_nothing(self):
        run = self.wcrun(self.machine(vendor="0x1234"), "--bar", BDF + ":2", "--", VICTIM, "title", BDF, "map")
        self.assertEqual(run.stdout, "mapped resource2_wc\n")
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def test_old_preload__stays_behind_ours(self):
        run = self.wcrun(self.machine(), "--", shutil.which("env"))
        self.assertIn(f"LD_PRELOAD={os.path.realpath(LIBRARY)}:{FAKE}", run.stdout.splitlines())


class Json(Case):
    def test_run__has_what_was_expected_and_what_came(self):
        path = os.path.join(self.folder(), "out.json")
        self.wcrun(self.machine(), "--json", path, "--", VICTIM, BDF, "map", "exit=3", status=3)
        with open(path, encoding="utf-8") as file:
            out = json.load(file)
        self.assertLessEqual({"version", "commit"}, set(out))
        self.assertEqual((out["program"], out["schema"], out["mode"], out["way"], out["exit_status"]),
                         ("wcrun", 1, "run", "interpose", 3))
        self.assertEqual(out["command"], [VICTIM, BDF, "map", "exit=3"])
        self.assertEqual([(e["bdf"], e["bar"], e["type"], e["rung"]) for e in out["expected"]],
                         [(BDF, 2, "WC", "sysfs-wc-vfio")])
        mapped = [r for r in out["reports"] if r["event"] == "mapped"]
        self.assertEqual([(r["bdf"], r["bar"], r["off"], r["bytes"], r["type"], r["rung"], r["source"], r["why"])
                          for r in mapped], [(BDF, 2, 0x1000, 0x2000, "WC", "sysfs-wc-vfio", "file", None)])

    def test_argument_that_is_no_utf8__leaves_it_json(self):
        path = os.path.join(self.folder(), "out.json")
        self.wcrun(self.machine(), "--json", path, "--", VICTIM, b"\xff\n")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["command"], [VICTIM, "?\n"])

    def test_many_at_once__none_is_lost(self):
        path = os.path.join(self.folder(), "out.json")
        all_at_once = "for i in $(seq 40); do \"$0\" \"$@\" & done; wait"
        self.wcrun(self.machine(), "--json", path, "--", shutil.which("sh"), "-c", all_at_once, VICTIM, BDF, "map")
        with open(path, encoding="utf-8") as file:
            reports = json.load(file)["reports"]
        self.assertEqual(sum(r["event"] == "mapped" for r in reports), 40)
        self.assertEqual(sum(r["event"] == "opened" for r in reports), 40)

    def test_while_it_runs__the_file_is_there(self):
        path = os.path.join(self.folder(), "out.json")
        run = subprocess.Popen(self.line(self.machine(), "--json", path, "--", VICTIM, "ready", "pause"), text=True,
                               env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        run.stdout.readline()
        with open(path, encoding="utf-8") as file:
            self.assertIsNone(json.load(file)["exit_status"])
        run.terminate()
        run.wait(LONGEST_S)
        run.stdout.close()

    def test_file_that_cannot_be_written__starts_nothing(self):
        run = self.wcrun(self.machine(), "--json", "/nowhere/out.json", "--", VICTIM, "ready", status=3)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr, "wcrun: /nowhere/out.json cannot be written: No such file or directory\n")


class BadInput(Case):
    def bad(self, part, *words, machine=None, status=2):
        run = self.wcrun(machine or self.machine(), *words, status=status)
        self.says(run.stderr, part)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
        self.assertEqual(run.stdout, "")

    def test_arguments(self):
        self.bad("run which program?")
        self.bad("goes behind --", VICTIM)
        self.bad("expected BDF:N", "--bar", "00:05.0", "--", VICTIM)
        self.bad("expected BDF:N", "--bar", "00:05.0:7", "--", VICTIM)
        self.bad("needs a value", "--bar")
        self.bad("unknown option --bars", "--bars", "x", "--", VICTIM)
        self.bad("hold which BAR?", "hold")
        self.bad("expected BDF:N", "hold", "fast")
        self.bad("more than 64 BARs", *[word for n in range(65) for word in ("--bar", f"{n:02x}:00.0:2")], "--", VICTIM)

    def test_devices(self):
        self.bad("there is no PCI device 0000:00:09.0", "--bar", "00:09.0:2", "--", VICTIM)
        self.bad("no BAR 3: it is the upper half", "--bar", BDF + ":3", "--", VICTIM)
        self.bad("has no BAR 4", "hold", BDF + ":4")

    def test_programs(self):
        self.bad("'no-such-program' cannot be run", "--", "no-such-program")
        self.bad("/no/such cannot be run".replace("/no/such", "'/no/such'"), "--", "/no/such")
        self.bad("cannot be run: Permission denied", "--", "/")
        self.bad("'' cannot be run", "--", "")

    def test_tables(self):
        folder = self.folder()
        with open(os.path.join(folder, "mine.conf"), "w", encoding="utf-8") as file:
            file.write("# fine\nwc 1d0f:ec20 9 LLQ\n")
        self.bad("mine.conf:2: '9': expected numbers of BARs", "--tables", folder, "--", VICTIM)
        os.mkdir(os.path.join(folder, "a.conf"))
        self.bad("a.conf cannot be read: is it a file?", "--tables", folder, "--", VICTIM)
        self.bad("the tables' folder /nowhere", "--tables", "/nowhere", "--", VICTIM)

    def test_library(self):
        self.bad("the interposer /nowhere.so", "--library", "/nowhere.so", "--", VICTIM, status=3)
        self.bad("is no library for this architecture", "--library", TABLES, "--", VICTIM, "ready", status=3)
        self.bad("is no library for this architecture", "--library", __file__, "--", VICTIM, "ready", status=3)
        odd = os.path.join(self.folder(), "a b.so")
        shutil.copy(LIBRARY, odd)
        self.bad("no path with a blank", "--library", odd, "--", VICTIM, status=3)


class Refusals(Case):
    """Each with its reason, before anything starts."""

    def refused(self, part, bar=2, **how):
        machine = self.machine(**how)
        for words in (("--bar", f"{BDF}:{bar}", "--", VICTIM, "ready"), ("hold", f"{BDF}:{bar}")):
            run = self.wcrun(machine, *words, status=3)
            self.says(run.stderr, part)
            self.assertEqual(run.stdout, "")

    def test_registers(self):
        self.refused("not prefetchable", bar=1)

    def test_msix(self):
        self.refused("holds the MSI-X table", msix_bar=2)

    def test_bar_that_a_table_forbids(self):
        self.refused("must never be write-combining: registers and doorbells", bar=0, bar0_prefetchable=True)

    def test_kernel_driver(self):
        self.refused("in use by the kernel driver ena", driver="ena")

    def test_lockdown(self):
        self.refused("locked down (integrity)", lockdown="none [integrity] confidentiality\n")

    def test_table_bar__is_left_alone_and_the_program_runs(self):
        run = self.wcrun(self.machine(msix_bar=2), "--", VICTIM, BDF, "map")
        self.assertEqual(run.stdout, "mapped memfd:fake-vfio (deleted)\n")
        self.says(run.stderr, "left alone: BAR 2 of 0000:00:05.0 holds the MSI-X table")


class Check(Case):
    def test_good__says_how_and_starts_nothing(self):
        run = self.wcrun(self.machine(), "--check", "--", VICTIM, "ready")
        self.assertNotIn("ready\n", run.stdout)
        self.says(run.stdout, "dynamic, so its calls can be interposed")
        self.says(run.stdout, "BAR 2 (memory of the low-latency queues (LLQ)): WC by sysfs-wc-vfio, as seen on such kernels")

    def test_not__is_3_with_the_reason(self):
        run = self.wcrun(self.machine(driver="ena"), "--check", status=3)
        self.says(run.stdout, "not WC: 0000:00:05.0 is in use by the kernel driver ena")
        run = self.wcrun(self.machine(vendor="0x1234"), "--check", status=3)
        self.says(run.stdout, "no device here")
        self.wcrun(self.machine(), "--check", "--bar", BDF + ":1", status=3)

    def test_card_of_the_kernel__does_not_count(self):
        run = self.wcrun(self.machine().second("ena"), "--check")
        self.says(run.stdout, f"{SECOND} BAR 2 (memory of the low-latency queues (LLQ)): not WC: {SECOND} is in use by")
        run = self.wcrun(self.machine(driver="ena"), "--", VICTIM, "exit=0")
        self.says(run.stderr, "no device here that the program may use")

    def test_kernels(self):
        for kernel, cmdline, rung in (("6.1.0-56", "quiet", "sysfs-wc-vfio"), ("7.3.4", "iomem=relaxed", "sysfs-wc-relaxed"),
                                      ("7.3.4", "quiet", "vfio-pat" if X86 else None)):
            run = self.wcrun(self.machine(kernel=kernel, cmdline=cmdline), "--check", status=0 if rung else 3)
            self.says(run.stdout, f"WC by {rung}" if rung else "boot with iomem=relaxed")
        self.says(self.wcrun(self.machine(kernel="6.17.1"), "--check").stdout, "likely: Linux '6.17.1' has not been tried")

    def test_json(self):
        path = os.path.join(self.folder(), "out.json")
        self.wcrun(self.machine(), "--check", "--json", path)
        with open(path, encoding="utf-8") as file:
            out = json.load(file)
        self.assertEqual((out["mode"], out["exit_status"], out["reports"]), ("check", 0, []))

    def test_hold(self):
        run = self.wcrun(self.machine(kernel="7.3.4"), "hold", "--check", BDF + ":2", status=0 if X86 else 3)
        self.says(run.stdout, "WC by vfio-pat" if X86 else "a hold has no effect on this CPU")
        run = self.wcrun(self.machine(kernel="6.12.1"), "hold", "--check", BDF + ":2", status=3)

    def test_help_and_version(self):
        self.says(self.wcrun(None, "--help").stdout, "wcrun hold")
        self.says(self.wcrun(None, "--version").stdout, "wcrun ")


class Programs(Case):
    """What a library cannot be preloaded into."""

    @staticmethod
    def elf(loader, machine=62 if X86 else 183, bits=2):
        loader = loader.encode() + b"\0"
        head = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        return head + struct.pack("<IIQQQQQQ", 3, 4, 120, 120, 120, len(loader), len(loader), 1) + loader

    def program(self, content):
        path = os.path.join(self.folder(), "program")
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o755)
        return path

    def kind(self, path, part):
        run = self.wcrun(self.machine(), "--check", "--", path, status=3)
        self.says(run.stdout, "libwcrun.so does not get into it: " + part)

    def test_kinds(self):
        self.kind(STATIC, "it is linked statically")
        self.kind(self.program(self.elf("/lib/ld-musl-x86_64.so.1")), "it is made for musl (/lib/ld-musl-x86_64.so.1)")
        self.kind(self.program(self.elf("/lib/ld-linux.so.2", machine=3)), "it is for another architecture")
        self.kind(self.program(self.elf("/lib/ld-linux.so.2", bits=1)), "it is for another architecture")
        self.kind(self.program(self.elf("/system/bin/linker64")), "its loader /system/bin/linker64 is not glibc's")
        self.kind(self.program(self.elf("/lib64/ld-linux-x86-64.so.2")[:100]), "its ELF headers cannot be read")
        self.kind(self.program(b"hello"), "it is neither an ELF program nor a script")
        self.kind(self.program(b"#!" + STATIC.encode() + b"\n"), "it is linked statically")
        self.kind(self.program(b"#!/no/such/shell\n"), "/no/such/shell cannot be read")

    def test_interpreter_that_is_no_file__is_not_opened(self):
        fifo = os.path.join(self.folder(), "fifo")
        os.mkfifo(fifo)
        self.kind(self.program(b"#!" + fifo.encode() + b"\n"), fifo + " is no file")

    def test_dynamic(self):
        run = self.wcrun(self.machine(), "--check", "--", self.program(self.elf("/lib64/ld-linux-x86-64.so.2")))
        self.says(run.stdout, "dynamic")

    def test_static__runs_with_a_clear_answer(self):
        run = self.wcrun(self.machine(), "--", STATIC, "exit=6", status=6)
        self.says(run.stderr, "it is linked statically and has no loader")
        self.says(run.stderr, "BAR 2: not WC: ")
        self.says(run.stderr, "or start a dynamically linked program with wcrun")
        run = self.wcrun(self.machine(), "--require", "--", STATIC, "ready", status=4)
        self.assertEqual(run.stdout, "")

    @unittest.skipUnless(X86, "a hold has an effect on x86 alone")
    def test_static_on_a_kernel_where_a_hold_works__is_held(self):
        run = self.wcrun(self.machine(kernel="7.3.4"), "--require", "--", STATIC, "ready")
        self.says(run.stderr, "BAR 2: held from outside; WC is predicted: it must last until the program has opened VFIO")
        self.assertEqual(run.stdout, "ready\n")


@unittest.skipUnless(X86, "a hold has an effect on x86 alone")
class Hold(Case):
    def hold(self, machine, *words, abstract=False, close=()):
        """The holder, once it has said that it is ready. An abstract socket has no file."""
        path = f"@wcrun-test-{os.getpid()}" if abstract else os.path.join(self.folder(), "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(path.replace("@", "\0") if abstract else path)
            ready.settimeout(LONGEST_S)
            run = subprocess.Popen(self.line(machine, "hold", *words), text=True, stderr=subprocess.PIPE,
                                   env=self.environment(NOTIFY_SOCKET=path),
                                   preexec_fn=lambda: [os.close(fd) for fd in close])  # pylint: disable=subprocess-popen-preexec-fn
            self.addCleanup(run.stderr.close)
            self.assertIn(b"READY=1", ready.recv(4096).splitlines())
        return run

    @staticmethod
    def maps(run):
        with open(f"/proc/{run.pid}/maps", encoding="utf-8") as maps:
            return sum("resource2_wc" in line for line in maps)

    def test_holds_until_it_is_told_to_end(self):
        machine = self.machine(kernel="7.3.4")
        run = self.hold(machine, BDF + ":2")
        self.assertEqual(self.maps(run), 1)
        self.says(self.wcrun(machine, "hold", BDF + ":2", status=3).stderr, "held by another wcrun already")
        run.terminate()
        self.assertEqual(run.wait(LONGEST_S), 0)
        self.says(run.stderr.read(), "holds 0000:00:05.0 BAR 2, 0x40000 bytes")

    def test_closed_streams__nothing_is_written_into_the_bar(self):
        machine = self.machine(kernel="7.3.4")
        run = self.hold(machine, BDF + ":2", close=(1, 2))
        run.terminate()
        self.assertEqual(run.wait(LONGEST_S), 0)
        with open(f"{machine.root}{machine.device}/resource2_wc", "rb") as file:
            self.assertEqual(file.read(64), bytes(64))

    def test_lets_go_when_the_device_changes_hands(self):
        machine = self.machine(kernel="7.3.4")
        run = self.hold(machine, BDF + ":2", abstract=True)
        machine.link(f"{machine.device}/driver", "../../drivers/ena")
        self.assertEqual(run.wait(LONGEST_S), 3)
        self.says(run.stderr.read(), "lets go: 0000:00:05.0 was taken from vfio-pci")

    def test_where_it_would_not_work__says_so(self):
        self.says(self.wcrun(self.machine(), "hold", BDF + ":2", status=3).stderr, "ends a hold before VFIO maps BAR 2")
        self.says(self.wcrun(self.machine(kernel="7.3.4", driver=None), "hold", BDF + ":2", status=3).stderr, "has no driver")

    def test_no_service_manager__is_said_and_holds(self):
        run = subprocess.Popen(self.line(self.machine(kernel="7.3.4"), "hold", BDF + ":2"), text=True, stderr=subprocess.PIPE,
                               env=self.environment(NOTIFY_SOCKET="/nowhere/notify"))
        self.addCleanup(run.stderr.close)
        self.says(run.stderr.readline(), "holds")
        self.says(run.stderr.readline(), "the service manager cannot be told")
        run.terminate()
        self.assertEqual(run.wait(LONGEST_S), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
