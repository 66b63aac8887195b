# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The project's own unit, loop and socket tests on the other architecture: Meson's list, run in a guest."""
import json
import pathlib
import shutil
import subprocess

import image
import life
from machine import Guest
from step import Steps
from life import Failure

SUITES = ("unit", "loop", "socket")
# The report draws with gnuplot, which is not in the guest. test_loop_wc takes as long as all others together, and its
# stores go through a fake that is the same on every machine. The control path, cards that lie, and the tables of wcbench
# packets take minutes in an emulated guest and know no architecture. Devices of DPDK itself, other than the buses, are not there.
LEFT_OUT = ("test_wcbench_report", "test_loop_wc", "test_loop_control", "test_loop_queue_ctl", "test_wcbench_packets",
            "test_hostile",
            "test_port_ethdev", "test_port_ethdev_mbuf", "test_pmd_ethdev")
LOADED = ("app/wcnicd/libwcnic_port_ethdev.so",)  # by the programs that tests start
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Suite(Steps):
    def go(self):
        self.build = self.lab.builds[self.setting.arch].resolve()
        listed = life.tool(["meson", "introspect", "--tests", self.build], stdout=subprocess.PIPE)
        self.tests = [test for test in json.loads(listed) if test["suite"][0].split(":")[-1] in SUITES
                      and test["name"] not in LEFT_OUT and self.built(test)]
        self.step("boot", self.boot)
        failures = []
        for test in self.tests:
            try:
                self.step(test["name"], lambda: self.run(test))
            except Failure as failure:
                self.guest.check("true")  # who does not answer any more has no other tests
                failures.append(str(failure))
        if failures:
            raise Failure("\n".join(failures))

    def built(self, test):
        """Scripts test the lab, which runs on this machine alone."""
        return self.build in pathlib.Path(test["cmd"][0]).parents

    def boot(self):
        command, self.row["release"] = self.lab.qemu(self.setting, extra=self.pack)
        self.guest = Guest(command, self.folder / "console.log")
        self.stack.callback(self.guest.close)
        self.guest.check("ifconfig lo up")

    def pack(self, tree, root):
        """The tests and the programs that they start, at the same places below /build; files of the checkout that
        tests read, where they are here."""
        files = image.Image(tree, root, [self.build / "tests/unit"])
        for folder in ("config/link", "config/wcrun.d"):
            shutil.copytree(ROOT / folder, root / str(ROOT / folder).lstrip("/"))
        needed = [self.build / word for test in self.tests for word in test["cmd"]]
        for path in [path for path in needed if path.is_file()] + [self.build / name for name in LOADED]:
            target = root / "build" / path.relative_to(self.build)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            files.libraries(path)

    def run(self, test):
        words = [str(pathlib.Path(word)).replace(str(self.build), "/build") for word in test["cmd"]]
        status, text = self.guest.run("cd /build; " + " ".join(words), test["timeout"])
        if status == 77:
            return {"skipped": text.splitlines()[-1] if text else ""}
        if status != 0:
            raise Failure(f"{test['name']} ended with status {status}:\n{text[-3000:]}")
        return {}
