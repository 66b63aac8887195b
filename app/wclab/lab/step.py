# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What runs in guests share: steps that must succeed, and the comparison of captures."""
import json
import subprocess
import sys
import time

import life
from life import Failure

MAX_FRAME = 9238  # the card's largest MTU with Ethernet header and two VLAN tags


def compare(build, *captures):
    """The verdict of the project's comparison tool: on one capture what is in it, on two what differs."""
    tool = life.run([build / "tests/demo/wcpcapcmp", "--json", "--max-frame", str(MAX_FRAME), *captures],
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


def to_forward(build, capture):
    """How many frames of it the card takes."""
    verdict = compare(build, capture)
    return verdict["packets_in"] - verdict["oversize"] - verdict["runts"]


def vfio_bind(machine, *devices):
    for bdf in devices:
        machine.check(f"echo vfio-pci >/sys/bus/pci/devices/{bdf}/driver_override; echo {bdf} >/sys/bus/pci/drivers_probe; "
                      f"readlink /sys/bus/pci/devices/{bdf}/driver | grep vfio-pci")


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
        print(f"  {name}: {', '.join(shown + [str(result['seconds']) + ' s'])}", file=sys.stderr, flush=True)
