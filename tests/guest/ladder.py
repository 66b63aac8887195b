# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the mapping ladder answers on one kernel, for devices that this project did not write."""
import json
import re

import settings
from machine import Guest
from step import Steps, vfio_bind
from life import Failure
from wcrun import Wcrun, devices

SHARED, NVME = "0000:00:10.0", "0000:00:11.0"
DEVICES = ("-object", "memory-backend-ram,id=shared,size=1M,share=on",
           "-device", "ivshmem-plain,memdev=shared,addr=0x10", "-device", "nvme,serial=1,addr=0x11")


class Ladder(Steps):
    def go(self):
        self.step("boot", self.boot)
        self.step("bind", self.bind)
        self.step("moments", self.moments)
        self.step("ivshmem", lambda: self.probe(SHARED, 2))
        self.step("nvme", lambda: self.probe(NVME, 0))
        self.step("lines pushed", self.lines)
        if self.wcrun is not None:
            self.wcrun.go(self.guest)

    def boot(self):
        options, self.wcrun = [], None
        if (self.setting.arch, self.setting.kernel, "iomem=relaxed" in self.setting.append) in settings.WCRUN:
            self.wcrun = Wcrun(self)
            options = [*devices(self.setting.iommu), *self.wcrun.options()]
        command, self.row["release"] = self.lab.qemu(self.setting, *DEVICES, *options)
        self.guest = Guest(command, self.folder / "console.log")
        self.stack.callback(self.guest.close)
        self.guest.check(self.setting.prepare or "true")

    def bind(self):
        vfio_bind(self.guest, SHARED, NVME)

    def moments(self):
        """The answers at each moment are those of the table, or the table is wrong: either is a failure."""
        result = json.loads(self.guest.check(f"ladder_moments {SHARED} 2"))
        expected = settings.ANSWERS[self.setting.arch, self.setting.kernel, "iomem=relaxed" in self.setting.append]
        answers = {moment: result[moment]["answer"] for moment in settings.MOMENTS}
        self.row["answers"] = answers
        if answers != dict(zip(settings.MOMENTS, expected)):
            raise Failure(f"the ladder answers {answers}, {expected} was expected:\n{json.dumps(result, indent=1)}")
        return {**answers, "moments": result}

    def probe(self, bdf, bar):
        """wcprobe's verdict: WC where the table says so, and the reason where the BAR cannot have it."""
        status, text = self.guest.run(f"wcprobe --open --json {bdf} --bar {bar}")
        if status not in (0, 1):
            raise Failure(f"wcprobe ended with status {status}:\n{text}")
        result = json.loads(text)
        expected = self.setting.rung if bdf == SHARED else settings.UC
        if result["intended"]["rung"] != expected or (status == 0) != (expected != settings.UC):
            raise Failure(f"wcprobe would map BAR {bar} by {result['intended']['rung']}, not {expected}:\n{text}")
        if bdf == NVME and "not prefetchable" not in text:
            raise Failure(f"wcprobe does not say that the BAR is not prefetchable:\n{text}")
        return {"rung": expected, "verdict": result["verdict"]["text"], "wcprobe": result}

    def lines(self):
        """Runs the example, which works with any PCI device."""
        text = self.guest.check(f"push_line {SHARED} 2 0x1000 0x1000 --verify --windows-only")
        rung = re.search(r"rung (\S+)", text)
        self.row["rung"] = rung[1] if rung else "-"
        if self.row["rung"] != self.setting.rung:
            raise Failure(f"push_line got its mapping by {self.row['rung']}, {self.setting.rung} was expected:\n{text}")
        return {"rung": self.row["rung"], "output": text.splitlines()}
