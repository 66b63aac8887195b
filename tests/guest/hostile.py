# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A guest that attacks its card: memory taken away under DMA, addresses that lead nowhere, resets and interrupts at any
time, memory of the guest that the host takes back. The card's process must live, tell of it, and serve its other
client, which is a testpmd on the host."""
import ctypes
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import life
from forward import Forward
from life import Failure
from machine import tail

# Not the lab's module of the same name.
spec = importlib.util.spec_from_file_location("perf_machine", pathlib.Path(__file__).parents[1] / "perf/machine.py")
machine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(machine)

GUEST_MIB = 1024
SLOT = 0x10
ROUNDS = {"unmap": 120, "wild": 160, "bar": 24, "reset": 30, "command": 60, "irq": 48}
KEEP_SIZE_AND_PUNCH = 3  # of fallocate(2)
LIBC = ctypes.CDLL(None, use_errno=True)
INNOCENT_FRAMES = 200  # that the other client must get during each attack


class Hostile(Forward):
    def go(self):
        if "hugetlb" in self.setting.memory:
            why_not = self.stack.enter_context(machine.hugepages(GUEST_MIB))
            if why_not:
                self.row.update(result="skipped", skipped=why_not)
                print(f"  {self.setting.name}: skipped: {why_not}", file=sys.stderr, flush=True)
                return
        self.step("boot", self.boot)
        for attack, rounds in ROUNDS.items():
            self.step(attack, self.attack, attack, rounds)
        self.step("unplugged by the host", self.device_del)
        self.step("memory taken back", self.punched)
        self.step("memory cut short", self.cut)

    def boot(self):
        self.build = self.lab.builds["amd64"].resolve()
        self.bdf = f"0000:00:{SLOT:02x}.0"
        self.cards = self.cards_start("cards", ["loopback:flow_control=on", "generator:bytes=64"])
        self.pluggable = self.cards_start("pluggable", ["loopback"], "--msix", "off")
        self.qmp = self.lab.work / "qmp"
        device = {"driver": "vfio-user-pci", "id": "pluggable", "bus": "rp0", "x-msg-timeout": 60000,
                  "socket": {"path": str(self.pluggable.sockets[0]), "type": "unix"}}
        answer = self.guest_boot([SLOT], self.cards.sockets[:1], "-device", "pcie-root-port,id=rp0,chassis=1,slot=1", "-device",
                                 json.dumps(device), "-qmp", f"unix:{self.qmp},server=on,wait=off")
        self.guest.check(f"echo vfio-pci >/sys/bus/pci/devices/{self.bdf}/driver_override; "
                         f"echo {self.bdf} >/sys/bus/pci/drivers_probe; ls /sys/bus/pci/drivers/vfio-pci | grep {self.bdf}")
        self.innocent = self.innocent_start()
        self.innocent_moves()
        return answer

    def innocent_start(self):
        """A stock testpmd that receives from the other card of the process."""
        plugin = self.lab.work / "librte_net_wcnic.so"  # EAL takes none from below a folder that all may write to
        shutil.copy(self.build / "drivers/librte_net_wcnic.so", plugin)
        with open(self.folder / "innocent.log", "w") as out:
            process = life.start([shutil.which("dpdk-testpmd"), "--no-huge", "-m", "128", "--no-pci", "--iova-mode=va",
                                  "--file-prefix", f"hostile-{os.getpid()}-{self.setting.name}", "--no-telemetry", "--lcores",
                                  "0,1@0", "-d", plugin, "--vdev",
                                  f"net_wcnic0,socket={self.cards.sockets[1]},timeout_ms=60000", "--", "--forward-mode=rxonly",
                                  "--total-num-mbufs=2048", "-a", "--no-mlockall", "--stats-period=3600"],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=out)

        def end():
            process.terminate()
            process.wait()
        self.stack.callback(end)
        return process

    def innocent_moves(self):
        """The frames that the other client has got so far, when it has got some more."""
        before, until = self.cards.totals(1)["rx_frames"], time.monotonic() + life.PATIENCE_S
        while self.innocent.poll() is None and time.monotonic() < until:
            frames = self.cards.totals(1)["rx_frames"]
            if frames >= before + INNOCENT_FRAMES:
                return frames
            time.sleep(0.1)
        raise Failure(f"the other client gets no more frames after {before}:\n{tail(self.folder / 'innocent.log')}")

    def attack(self, name, rounds):
        """In the guest; afterwards its card carries a frame, as the program itself has seen."""
        before, frames = self.cards.totals(0), self.innocent_moves()
        status, text = self.guest.run(f"hostile_guest {self.bdf} {name} {rounds} 1")
        if status != 0:
            raise Failure(f"after the attack '{name}':\n{text}\n{tail(self.cards.log)}")
        result = json.loads(text.splitlines()[-1])
        after = self.cards.totals(0)
        counted = {field: after[field] - before[field] for field in ("tx_errors", "rx_errors", "events_lost")
                   if after[field] != before[field]}
        if name in ("wild", "unmap") and not counted.get("tx_errors"):
            raise Failure(f"'{name}' pointed the card at memory that is not there, and it counted {counted}; {result}")
        return {**result, "counted": counted, "frames of the other client": self.innocent_moves() - frames}

    def device_del(self):
        """A card without MSI-X: QEMU 11 ends itself when one with MSI-X is unplugged."""
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.settimeout(life.PATIENCE_S)
            qmp.connect(str(self.qmp))
            lines = qmp.makefile("rw")
            for command in ({"execute": "qmp_capabilities"}, {"execute": "device_del", "arguments": {"id": "pluggable"}}):
                print(json.dumps(command), file=lines, flush=True)
            for line in lines:
                if json.loads(line).get("event") == "DEVICE_DELETED" and "pluggable" in line:
                    break
            else:
                raise Failure(f"QEMU ended when it unplugged a card:\n{tail(self.guest.path)}")
        self.guest.check("true")
        self.pluggable.end()

    def memory_file(self):
        """The file behind the guest's memory, as QEMU has it open."""
        for path in (self.folders / "fd").iterdir():
            if "memfd:memory-backend" in os.readlink(path):
                return os.open(path, os.O_RDWR)
        raise Failure("QEMU has no file of memory open")

    @property
    def folders(self):
        return pathlib.Path(f"/proc/{self.guest.process.pid}")

    def punched(self):
        """The host takes pages of the guest's memory while the card writes to it: it finds zeroes, and goes on."""
        frames = self.innocent_moves()
        self.guest.check(f"hostile_guest {self.bdf} none 20000 1 >/run/none 2>&1 & sleep 1")
        file = self.memory_file()
        try:
            size = os.fstat(file).st_size
            # Where most of it is free: the guest may die of it all the same.
            for offset in range(size // 2, size * 3 // 4, 16 << 20):
                if LIBC.fallocate(file, KEEP_SIZE_AND_PUNCH, ctypes.c_long(offset), ctypes.c_long(2 << 20)) != 0:
                    raise Failure(f"the host cannot take memory back: {os.strerror(ctypes.get_errno())}")
        finally:
            os.close(file)
        self.alive("after memory was taken back")
        return {"frames of the other client": self.innocent_moves() - frames}

    def cut(self):
        """The file behind the guest's memory ends: QEMU dies of it, and nothing else."""
        frames = self.innocent_moves()
        if self.guest.process.poll() is None:  # else the guest has not survived the last step
            file = self.memory_file()
            os.ftruncate(file, 0)
            os.close(file)
        status = self.guest.ended(life.PATIENCE_S)
        self.alive("after the guest's memory was cut short")
        result = {"end of QEMU": signal.Signals(-status).name if status < 0 else str(status),
                  "the card says so": "cut short" in self.cards.log.read_text(),
                  "frames of the other client": self.innocent_moves() - frames}
        self.guest.close()
        self.innocent.terminate()
        self.innocent.wait()
        self.cards.end()
        return result

    def alive(self, when):
        if self.cards.process.poll() is not None:
            raise Failure(f"the card's process ended {when}:\n{tail(self.cards.log)}")
