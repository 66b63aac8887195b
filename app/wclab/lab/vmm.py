# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The road not taken: a VMM that maps pieces of one BAR as Device or as write-combining by itself. wcvmm does so in a host
with a real KVM and marks what it tries; the plugin walks the tables. doc/vmm-mapping.md has the story."""
import contextlib
import dataclasses
import difflib
import json
import pathlib
import re
import sys

import image
import nested
from machine import Guest, file_of
from step import Steps, failure_noted, parsed, table, vfio_bind
from trees import Failure

OWN = ["app/wclab/vmm/wcvmm", "app/wclab/vmm/wcvmm-guest"]
BDF, SLOT = "0000:00:10.0", 0x10
SEED = "1"  # of the card's window offsets
NC, DEVICE = "0x44", "0x04"  # the guest's stage 1
EXPECTED = pathlib.Path(__file__).resolve().parents[1] / "vmm/expected"  # of the host as it is
FLAGLESS = {"yes": "no", "0x5": "0x1", "0x1 or 0x5": "0x1", "[2] or [3]": "[2, 3]", "gathers": "stage 2 is Device",
            "gathers or stage 2 is Device": "stage 2 is Device", "stage 1 is Device": "stage 1 and stage 2 are Device", "1.0": "8.0"}


@dataclasses.dataclass(frozen=True)
class Host:
    name: str
    what: str
    patched: bool = False
    append: str = "iomem=relaxed"


HOSTS = (
    Host("vmm", "the host as it is, with iomem=relaxed"),
    Host("vmm-flagless", "the same without VM_ALLOW_ANY_UNCACHED", patched=True),
    Host("vmm-strict", "the host as it is, without iomem=relaxed", append=""),
)


class Vmm(Steps):
    """One host: wcvmm runs in it."""

    def go(self):
        self.step("host", self.host)
        if self.setting.append:
            self.step("wcvmm", self.wcvmm)
            self.step("walked", self.seen)
        else:
            self.step("pieces are refused", self.refused)

    def host(self):
        boot, setting = self.lab.boot, self.setting
        parts = [boot.user("arm64"),
                 boot.modules("6.12", "arm64", nested.patched_modules if setting.patched else image.modules),
                 boot.own("arm64", self.lab.args.build_arm64, OWN)]
        kernel, self.row["host_kernel"] = boot.kernel("6.12", "arm64")
        cards = self.cards_run(["loopback"], "--seed", SEED)
        self.trace = self.folder / "trace"
        devices = self.card_devices(cards, [SLOT]) + self.plugin(f"trace={self.trace.resolve()}")
        command = boot.command("arm64", kernel, boot.join("initrd", *parts), *devices, append=setting.append,
                               options=",virtualization=on", cpu="neoverse-n1")
        self.machine = Guest(command, self.folder / "console.log")
        self.stack.callback(self.machine.close)
        vfio_bind(self.machine, BDF)
        return {"kernel": self.row["host_kernel"]}

    WCVMM = f"wcvmm {BDF} /wcnic/wcvmm-guest /run/vmm.json"

    def refused(self):
        """Without iomem=relaxed VFIO's mapping keeps sysfs from the BAR, so there are no pieces."""
        status, text = self.machine.run(self.WCVMM)
        reason = re.search(r"wcvmm: BAR2 .*Invalid argument.*", text)
        if status != 1 or not reason:
            raise Failure(f"wcvmm must be refused with EINVAL, but ended with status {status}:\n{text}")
        self.row["refused"] = reason[0]

    def wcvmm(self):
        self.machine.check(self.WCVMM)
        text = file_of(self.machine, "/run/vmm.json")
        (self.folder / "vmm.json").write_text(text)
        self.result = parsed(text, "wcvmm")
        return {"regions": len(self.result["ways"]) + len(self.result["windows"])}

    def seen(self):
        self.machine.close()
        with open(self.trace) as trace:
            found = levels(trace)
        self.trace.unlink()
        watched = json.loads(self.watched.read_text())
        self.row["ways"], self.row["windows"] = rows_of(self.result, watched, found)
        self.row["table"] = way_table(self.row["ways"]) + "\n" + window_table(self.row["windows"])
        judge(watched, self.row["table"], EXPECTED.read_text(), {} if not self.setting.patched else FLAGLESS)
        return {"stores": watched["stores"]}


# ---- what the plugin saw, beside what wcvmm did ----

def levels(trace):
    """At which level of stage 2 stores ended, by region and attributes: 2 is a block of 2 MiB, 3 a page."""
    found = {}
    for line in trace:
        match = re.search(r" region (\d+) .* s1 (0x\w+) level \d s2 (0x\w)(?: FWB)? level (\d)", line)
        if match:
            found.setdefault((int(match[1]), match[2], match[3]), set()).add(int(match[4]))
    return found


def rows_of(result, watched, found):
    """The regions in `ways` and those in `windows`, each with the mappings through which stores came."""
    regions = {region["id"]: region for region in watched["regions"]}
    for row in result["ways"] + result["windows"]:
        region = regions.get(row["mark"])
        if region is None:
            raise Failure(f"the plugin saw nothing of mark {row['mark']}")
        row.update(not_walked=region["stores"]["not_walked"], modelled_tlps=region["modelled"]["tlps"], mappings=[
            {**mapping, "stage2_levels": sorted(found.get((row["mark"], mapping["stage1"], mapping["stage2"]), ()))}
            for mapping in region["mappings"]])
    return result["ways"], result["windows"]


# ---- the tables, which must be as expected ----

def of(row, key, *stage1, host=False):
    """What is found of the VMM's own mapping, or of the guest's with that stage 1: usually one value."""
    values = {str(mapping[key]) for mapping in row["mappings"]
              if mapping["host"] == host and (not stage1 or mapping["stage1"] in stage1)}
    return " or ".join(sorted(values)) or "-"


def way_table(rows):
    """Counts only where it is known how many stores there are, and no table changes meanwhile."""
    lines = [["way", "piece", "from", "flag", "VMM's own", "stage 2", "levels", "guest's NC", "guest's Device", "stores", "not walked"]]
    for row in rows:
        counts = [of(row, "stores"), str(row["not_walked"])] if "lines" in row else ["-", row.get("kvm_run", "-")]
        lines.append([row["way"] + (f", {row['phase']}" if row["phase"] else ""), f"{row['offset']:#x}", row["source"],
                      "yes" if "??" in row["vm_flags"] else "no", of(row, "effective", host=True), of(row, "stage2", NC),
                      of(row, "stage2_levels", NC), of(row, "verdict", NC), of(row, "verdict", DEVICE), *counts])
    return table(lines)


def window_table(rows):
    """How often a driver reads registers depends on the card's time; whether there are exits does not."""
    lines = [["mode", "step", "window at", "bytes", "lies in", "stage 2", "guest's NC", "TLPs/line", "exits", "mmaps", "stores",
              "not walked"]]
    for row in rows:
        lines.append([row["mode"], row["step"], f"{row['offset']:#x}", f"{row['bytes']:#x}", row["source"], of(row, "stage2"),
                      of(row, "verdict"), f"{row['modelled_tlps'] / row['lines']:.1f}", "some" if row["exits"] else "none",
                      str(row["mmaps"]), of(row, "stores"), str(row["not_walked"])])
    return table(lines)


def judge(watched, text, expected, instead):
    """Whether the tables have the cells that are expected, or what is there `instead`."""
    for key, value in (("marks that are no region", watched["bad_marks"]), ("walks elsewhere", watched["walks"]["elsewhere"]),
                       ("moves of the aperture", watched["aperture"]["moves"])):
        if value:
            raise Failure(f"{key}: {value}, must be 0")
    cells = [[re.split("  +", line) for line in lines.splitlines()] for lines in (expected, text)]
    cells[0] = [[instead.get(cell, cell) for cell in line] for line in cells[0]]
    differs = [line for line in difflib.ndiff(*([" | ".join(line) for line in lines] for lines in cells)) if line[0] in "+-"]
    if differs:
        raise Failure("the walks differ (- expected, + found):\n" + "\n".join(differs))


def run(lab):
    """All hosts; whether each did what it must. Writes vmm.json and prints the tables."""
    rows = []
    for host in HOSTS:
        row = {"name": host.name, "what": host.what, "append": host.append, "flag": not host.patched, "steps": [],
               "result": "ok"}
        rows.append(row)
        print(f"{host.name}: {host.what}", file=sys.stderr, flush=True)
        with failure_noted(row, lab.out), contextlib.ExitStack() as stack:
            Vmm(lab, host, row, stack).go()
    (lab.out / "vmm.json").write_text(json.dumps({"hosts": rows}, indent=1) + "\n")
    for row in rows:
        print(f"\n{row['name']}: {row['what']}: {row['result']}")
        if "refused" in row:
            print(row["refused"])
        print(row.get("table", ""), end="")
    return all(row["result"] == "ok" for row in rows)
