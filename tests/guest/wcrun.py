# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""wcrun in a guest: stock testpmd with stock net_virtio on two devices, without wcrun and with it. BAR 4 of a virtio device
is prefetchable, so it can be write-combining, though nothing gains from it: what is tried is the type. The types come from
the guest's page tables, never from what wcrun says."""
import re
import signal

import settings
from life import PATIENCE_S, Failure
from machine import Testpmd
from tables import Arm64Types, X86Types

BDF = ("0000:01:00.0", "0000:02:00.0")  # each behind a port of its own, as express devices have a reset
BAR = 4
IGNORED = 0x1000  # an offset in it where stores do nothing: the interrupt status of QEMU's device
DEVICES = ["-netdev", "hubport,id=net0,hubid=0", "-netdev", "hubport,id=net1,hubid=0"]
PMD = (f"-l 0,1 --main-lcore 0 -a {BDF[0]} -a {BDF[1]} -- -i --nb-cores=1 --port-topology=paired "
       "--total-num-mbufs=4096 --disable-link-check")
WRAP = " ".join(["wcrun", *(f"--bar {bdf}:{BAR}" for bdf in BDF)])
PRELOAD = "WCRUN_TABLES=/wcnic/wcrun.d WCRUN_BARS='" + " ".join(f"{bdf}:{BAR}" for bdf in BDF) + "'"
UNCACHED = {"amd64": "UC-", "arm64": "Device-nGnRnE"}
COMBINING = {"amd64": "WC", "arm64": "Normal-NC"}


def devices(iommu):
    """QEMU's options; the frames of each go to the other."""
    platform = "iommu_platform=on," if iommu else ""
    names = [name for idx in range(len(BDF)) for name in (
        f"pcie-root-port,id=port{idx},chassis={idx},addr={0x12 + idx:#x}",
        f"virtio-net-pci,netdev=net{idx},bus=port{idx},disable-legacy=on,{platform}addr=0")]
    return DEVICES + [word for name in names for word in ("-device", name)]


class Wcrun:
    """Steps of a guest that somebody else has booted with these devices, and ends."""

    def __init__(self, steps):
        self.steps, self.arch = steps, steps.setting.arch
        self.plain, self.wc = UNCACHED[self.arch], COMBINING[self.arch]
        if self.arch == "amd64":
            self.types = X86Types(steps.lab.work)
        else:
            self.types = Arm64Types(steps.lab.work.resolve() / "stores.txt")

    def options(self):
        """QEMU's, for the types to be read."""
        if self.arch == "amd64":
            return self.types.options()
        return self.steps.plugin("device=1af4:1041", f"bar={BAR}", f"trace={self.types.trace}",
                                 folder=self.steps.lab.work)

    def go(self, guest):
        self.guest, self.setting = guest, self.steps.setting
        answer = settings.WCRUN[self.arch, self.setting.kernel, "iomem=relaxed" in self.setting.append]
        self.wrapped, self.held = (self.wc if combines else self.plain for combines in answer)
        self.steps.step("wcrun: devices", self.bind)
        self.steps.step("wcrun: without", self.without)
        self.steps.step("wcrun: wrapped", self.with_it)
        self.steps.step("wcrun: required", self.required)
        self.steps.step("wcrun: another program", self.another)
        self.steps.step("wcrun: hold", self.hold)
        if self.setting.name in settings.WCRUN_WHOLE:
            self.steps.step("wcrun: plugin of EAL", self.plugin)
            self.steps.step("wcrun: attached again", self.attached_again)
            self.steps.step("wcrun: second", self.second)
            self.steps.step("wcrun: secondary", self.secondary)
            self.steps.step("wcrun: reset", self.reset)
            self.steps.step("wcrun: program killed", self.program_killed)
            self.steps.step("wcrun: killed", self.killed)

    def bind(self):
        self.guest.check(f"dpdk-devbind.py -b vfio-pci {' '.join(BDF)}")
        self.ranges = []
        for bdf in BDF:
            first, last, flags = self.guest.check(f"sed -n {BAR + 1}p /sys/bus/pci/devices/{bdf}/resource").split()
            if not int(flags, 16) & 0x2000:
                raise Failure(f"BAR {BAR} of {bdf} is not prefetchable: {flags}")
            self.ranges.append((int(first, 16), int(last, 16) - int(first, 16) + 1))
        return {"DPDK": self.guest.check("cd /usr/lib/*/dpdk; echo pmds-*").strip()}

    def start(self, program, arguments=PMD):
        """testpmd with frames that go round; it polls on CPU 1."""
        pmd = Testpmd(self.guest, arguments, program)
        self.round(pmd)
        return pmd

    @staticmethod
    def round(pmd):
        for command in ("set fwd io", "start tx_first 1"):
            pmd.say(command)

    def seen(self, wanted, what, devices=len(BDF), since=None):
        """The types now; all must be `wanted`."""
        found = self.types.see(self.ranges[:devices], since)
        if any(types != {wanted} for types in found):
            raise Failure(f"{what}: the page tables have {found}, {wanted} was expected")
        return {"type": wanted}

    def now(self, combines):
        """What wcprobe --now says of both devices while the program runs."""
        for bdf in BDF:
            status, text = self.guest.run(f"wcprobe --now {bdf} --bar {BAR}")
            if status != (0 if combines else 1) or "testpmd" not in text:
                raise Failure(f"wcprobe --now {bdf} ended with status {status}:\n{text}")

    def end(self, pmd, frames=True):
        """Ends a testpmd. Frames must have gone round."""
        pmd.say("stop")
        status, text = pmd.end()
        (self.steps.folder / "wcrun.log").open("a").write(text + "\n")
        sent = [int(count) for count in re.findall(r"TX-packets: (\d+)", text)]
        if status != 0 or (frames and (not sent or min(sent) == 0)):
            raise Failure(f"testpmd ended with status {status}, sent {sent}:\n{text[-3000:]}")
        return text

    def without(self):
        pmd = self.start("dpdk-testpmd")
        result = self.seen(self.plain, "without wcrun")
        self.now(False)
        self.end(pmd)
        return result

    def with_it(self):
        pmd = self.start(WRAP + " --json /run/wcrun.json -- dpdk-testpmd")
        result = self.seen(self.wrapped, "under wcrun")
        self.now(self.wrapped == self.wc)
        text = self.end(pmd)
        for bdf in BDF:
            line = re.search(rf"^wcrun: {bdf} BAR {BAR}: (\S+)", text, re.M)
            if line is None or (line[1] == "WC") != (self.wrapped == self.wc):
                raise Failure(f"wcrun says of {bdf}: {line and line[0]}; the page tables have {self.wrapped}:\n{text[-3000:]}")
        self.guest.check("python3 -m json.tool /run/wcrun.json")
        return result

    def required(self):
        """With --require the program does not begin where a BAR would not be write-combining."""
        if self.wrapped == self.wc:
            pmd = self.start(WRAP + " --require -- dpdk-testpmd")
            result = self.seen(self.wc, "under wcrun --require")
            self.end(pmd)
            return result
        status, text = self.guest.run(f"{WRAP} --require -- dpdk-testpmd {PMD}")
        if status != 4 or "TX-packets" in text:
            raise Failure(f"wcrun --require ended with status {status}, not 4:\n{text[-2000:]}")
        return {"refused": "status 4"}

    def another(self):
        """A user of VFIO that is no DPDK program, and maps all of the BAR where the kernel likes."""
        found = []
        for wrap, wanted in (("", self.plain), (WRAP + " -- ", self.wrapped)):
            self.guest.check(f"{wrap}vfio_user {BDF[0]} {BAR} {IGNORED:#x} >/run/user.log 2>&1 & echo $! >/run/user.pid; "
                             "until [ -s /run/user.log ]; do sleep 0.1; done")
            found.append(self.seen(wanted, wrap + "vfio_user", 1)["type"])
            self.guest.check("kill $(cat /run/user.pid); wait $(cat /run/user.pid) || true")
        return {"type": " and ".join(found)}

    def hold(self):
        """A holder beside an unwrapped program: the type, or the refusal."""
        holder = f"wcrun hold {' '.join(f'{bdf}:{BAR}' for bdf in BDF)}"
        if self.held != self.wc:
            status, text = self.guest.run(f"timeout 60 {holder}")
            if status != 3:
                raise Failure(f"wcrun hold ended with status {status}, not 3:\n{text}")
            return {"refused": text.strip().splitlines()[-1]}
        self.guest.check(f"{holder} >/run/hold.log 2>&1 & echo $! >/run/hold.pid; "
                         f"timeout {PATIENCE_S} sh -c 'until [ -s /run/hold.log ]; do sleep 0.1; done'", PATIENCE_S + 60)
        pmd = self.start("dpdk-testpmd")
        result = self.seen(self.wc, "held")
        self.end(pmd)
        self.guest.check("kill $(cat /run/hold.pid); wait $(cat /run/hold.pid)")
        pmd = self.start("dpdk-testpmd")
        self.seen(self.plain, "after the hold")
        self.end(pmd)
        return result

    def plugin(self):
        """The same library, by EAL's -d."""
        pmd = self.start(f"{PRELOAD} dpdk-testpmd", "-d /wcnic/libwcrun.so " + PMD)
        result = self.seen(self.wrapped, "by EAL's -d")
        self.end(pmd)
        return result

    def attached_again(self):
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        for command in ("stop", "port stop all", "port close 0", f"device detach {BDF[0]}", f"port attach {BDF[0]}",
                        "port start all"):
            pmd.say(command)
        self.round(pmd)
        result = self.seen(self.wrapped, "attached again")
        self.end(pmd)
        return result

    def second(self):
        """Another wcrun for the same devices: VFIO refuses it, and the first goes on."""
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        status, text = self.guest.run(f"{WRAP} -- dpdk-testpmd --file-prefix=second --no-huge -m 64 {PMD} </dev/null")
        result = self.seen(self.wrapped, "beside a second wcrun")
        self.end(pmd)
        return {**result, "second": f"status {status}", "said": [line for line in text.splitlines() if "wcrun" in line]}

    def secondary(self):
        """A secondary process under wcrun leaves the primary as it is; one without it is what wcrun warns of."""
        result = {}
        for name, program in (("wrapped", WRAP + " -- dpdk-proc-info"), ("alone", "dpdk-proc-info")):
            pmd = self.start(WRAP + " -- dpdk-testpmd")
            status, text = self.guest.run(f"{program} -a {BDF[0]} -a {BDF[1]} -- -p 3 --stats")
            if name == "wrapped" or (self.arch, self.setting.kernel) not in settings.WCRUN_SECONDARY_REVOKES:
                if status != 0 or "TX-packets" not in text:
                    raise Failure(f"dpdk-proc-info ended with status {status}:\n{text}")
                result[name] = self.seen(self.wrapped, f"with a secondary process, {name}")["type"]
                self.end(pmd)
            else:
                status, _ = pmd.end(ask=False)
                if status != 128 + signal.SIGBUS:
                    raise Failure(f"the primary ended with status {status}; its mapping was to be revoked")
                result[name] = "ends the primary (SIGBUS)"
        return result

    def reset(self):
        """In traffic: the mapping stays what it was, and the program goes on, though it sends no more: what it stores at
        its end goes there too."""
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        self.seen(self.wrapped, "before the reset")
        status, text = self.guest.run(f"echo 1 >/sys/bus/pci/devices/{BDF[0]}/reset")
        if status != 0:
            raise Failure(f"the device cannot be reset: {text}")
        since = self.types.now()
        if self.arch == "amd64":
            self.seen(self.wrapped, "after the reset", 1)
        self.end(pmd)
        return {"type": self.wrapped} if self.arch == "amd64" else self.seen(self.wrapped, "after the reset", 1, since)

    def program_killed(self):
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        self.guest.check("kill -9 $(pidof dpdk-testpmd)")
        status, _ = pmd.end()
        if status not in (137, 137 - 128):
            raise Failure(f"wcrun ended with status {status} after its program was killed, not 137")
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        result = self.seen(self.wrapped, "after the program was killed")
        self.end(pmd)
        return result

    def killed(self):
        """wcrun itself is killed: its program goes on with what it has, or ends with it."""
        pmd = self.start(WRAP + " -- dpdk-testpmd")
        self.guest.check("kill -9 $(cat /run/pmd.pid)")
        left = self.guest.run("sleep 1; pidof dpdk-testpmd")[1].split()
        result = {"program": "goes on" if left else "ended"}
        if left:
            self.seen(self.wrapped, "after wcrun was killed")
            self.guest.check(f"kill -9 {' '.join(left)}")
        pmd.end()
        pmd = self.start("dpdk-testpmd")
        self.seen(self.plain, "without wcrun, afterwards")
        self.end(pmd)
        return result
