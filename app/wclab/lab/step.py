# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What runs in guests share: steps that must succeed, the comparison of captures, and tables."""
import contextlib
import json
import pathlib
import subprocess
import sys
import time

import life
from life import Failure
from machine import Cards

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAX_FRAME = 9238  # the card's largest MTU with Ethernet header and two VLAN tags


def compare(build, *captures, max_frame=MAX_FRAME):
    """The verdict of the project's comparison tool: on one capture what is in it, on two what differs."""
    tool = life.run([build / "tests/demo/wcpcapcmp", "--json", "--max-frame", str(max_frame), *captures],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if tool.returncode not in (0, 1):
        raise Failure(tool.stderr)
    return json.loads(tool.stdout)


def parsed(text, program):
    """What a program in a guest printed as JSON."""
    try:
        return json.loads(text)
    except ValueError:
        raise Failure(f"{program} printed no JSON:\n{text[-3000:]}") from None


def to_forward(build, capture, max_frame=MAX_FRAME):
    """How many frames of it a card takes whose longest frame is that."""
    verdict = compare(build, capture, max_frame=max_frame)
    return verdict["packets_in"] - verdict["oversize"] - verdict["runts"]


def vfio_bind(machine, *devices):
    for bdf in devices:
        machine.check(f"echo vfio-pci >/sys/bus/pci/devices/{bdf}/driver_override; echo {bdf} >/sys/bus/pci/drivers_probe; "
                      f"readlink /sys/bus/pci/devices/{bdf}/driver | grep vfio-pci")


def table(rows):
    """Lines of text from rows of text, the first of which has the headings."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows)


@contextlib.contextmanager
def failure_noted(row, folder):
    """A failure ends this run alone; its row tells it, and a line where its logs are."""
    try:
        yield
    except Failure as failure:
        row.update(result="FAILED", failure=str(failure))
        print(f"  {row['name']}: FAILED: {failure}\n  {row['name']}: consoles and logs: {folder}", file=sys.stderr, flush=True)


class Steps:
    def __init__(self, lab, setting, row, stack):
        self.lab, self.setting, self.row, self.stack = lab, setting, row, stack
        self.folder = lab.out / setting.name
        self.folder.mkdir(parents=True, exist_ok=True)

    def step(self, name, work, *args):
        """One thing that must succeed; what it returns goes into the report."""
        began = time.monotonic()
        result = {"step": name, **(work(*args) or {})}
        result["seconds"] = round(time.monotonic() - began, 1)
        self.row["steps"].append(result)
        shown = [f"{key} {value}" for key, value in result.items()
                 if key not in ("step", "seconds") and not isinstance(value, (dict, list))]
        print(f"  {self.setting.name}: {name}: {', '.join(shown + [str(result['seconds']) + ' s'])}", file=sys.stderr, flush=True)

    def cards_run(self, ports, *options, first=()):
        cards = Cards(self.lab.args.build_amd64 / "app/wcnicd/wcnicd", self.lab.work, self.folder / "cards.log", ports,
                      *options, first=first)
        self.stack.callback(cards.kill)
        return cards

    @staticmethod
    def card_devices(cards, slots):
        """QEMU's options that put the cards into these slots."""
        devices = ["-device", "virtio-iommu-pci,boot-bypass=off"]
        for slot, sock in zip(slots, cards.sockets):
            devices += ["-device", json.dumps({"driver": "vfio-user-pci", "id": f"nic{slot}", "addr": f"{slot:#x}",
                                               "x-msg-timeout": 60000, "socket": {"path": str(sock), "type": "unix"}})]
        return devices

    def plugin(self, *arguments, folder=None):
        """QEMU's options for the plugin, which writes self.watched at the end: a result, or into a folder that goes."""
        library = self.lab.args.build_amd64.resolve() / "app/wclab/wclab_watch.so"
        self.watched = (folder or self.folder) / "watched.json"
        self.watched.unlink(missing_ok=True)
        return ["-plugin", ",".join([str(library), f"link={self.lab.args.link_file}",
                                     f"out={self.watched.resolve()}", *arguments])]
