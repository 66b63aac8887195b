# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The road not taken: a VMM that maps pieces of one BAR as Device or as write-combining by itself. wcvmm does so in a host
with a real KVM and marks what it tries; the plugin walks the tables. doc/vmm-mapping.md has the story."""
import contextlib
import dataclasses
import json
import pathlib
import re
import sys

import image
import nested
from machine import Cards, Guest, file_of
from step import Steps, vfio_bind
from trees import Failure

ROOT = pathlib.Path(__file__).resolve().parents[3]
OWN = ["app/wclab/vmm/wcvmm", "app/wclab/vmm/wcvmm-guest"]
BDF, SLOT = "0000:00:10.0", "0x10"
SEED = "1"  # of the card's window offsets
RELAXED = "iomem=relaxed"
STORES_PER_LINE = 8  # of 8 bytes
NC, DEVICE = "0x44", "0x04"  # the guest's stage 1
S2_NC, S2_DEVICE = "0x5", "0x1"
# What the VMM asks the kernel for, by where it maps a piece from.
INTENDED = {"vfio": "Device", "wc": "Normal-NC", "uc": "Device"}
WAYS = {"whole, vfio": 1, "whole, wc": 1, "pieces, one slot": 4, "pieces, slot each": 4, "replaced": 3, "replaced, running": 3,
        "unmapped meanwhile": 1}  # and how many stretches each must have
MODES = ("whole", "static pieces", "followed")
STEPS = 3  # of each mode


@dataclasses.dataclass(frozen=True)
class Host:
    name: str
    what: str
    patched: bool = False
    append: str = RELAXED


HOSTS = (
    Host("vmm", "the host as it is, with iomem=relaxed"),
    Host("vmm-flagless", "the same without VM_ALLOW_ANY_UNCACHED", patched=True),
    Host("vmm-strict", "the host as it is, without iomem=relaxed", append=""),
)


class Vmm(Steps):
    """One host: wcvmm runs in it."""

    def go(self):
        self.step("host", self.host)
        if not self.setting.append:
            self.step("pieces are refused", self.refused)
            return
        self.step("wcvmm", self.wcvmm)
        self.step("walked", self.seen)

    def host(self):
        boot, setting = self.lab.boot, self.setting
        parts = [boot.user("arm64"),
                 boot.modules("6.12", "arm64", nested.patched_modules if setting.patched else image.modules),
                 boot.own("arm64", self.lab.args.build_arm64, OWN)]
        kernel, self.row["host_kernel"] = boot.kernel("6.12", "arm64")
        cards = Cards(self.lab.args.build_amd64 / "app/wcnicd/wcnicd", self.lab.work, self.folder / "cards.log", ["loopback"],
                      "--seed", SEED)
        self.stack.callback(cards.kill)
        command = boot.command("arm64", kernel, boot.join("initrd", *parts), *self.devices(cards), append=setting.append,
                               options=",virtualization=on", cpu="neoverse-n1")
        self.machine = Guest(command, self.folder / "console.log")
        self.stack.callback(self.machine.close)
        self.machine.check("mount -t tracefs trace /sys/kernel/tracing")
        vfio_bind(self.machine, BDF)
        return {"kernel": self.row["host_kernel"]}

    def devices(self, cards):
        library = self.lab.args.build_amd64.resolve() / "app/wclab/wclab_watch.so"
        self.watched, self.trace = (self.folder.resolve() / name for name in ("watched.json", "trace"))
        self.watched.unlink(missing_ok=True)
        return ["-device", "virtio-iommu-pci,boot-bypass=off",
                "-device", json.dumps({"driver": "vfio-user-pci", "id": "nic", "addr": SLOT, "x-msg-timeout": 60000,
                                       "socket": {"path": str(cards.sockets[0]), "type": "unix"}}),
                "-plugin", f"{library},link={ROOT}/config/link/{self.lab.args.link}.conf,out={self.watched},trace={self.trace}"]

    def refused(self):
        """Without iomem=relaxed VFIO's mapping keeps sysfs from the BAR, so there are no pieces."""
        status, text = self.machine.run(f"wcvmm {BDF} --json /run/vmm.json")
        reason = re.search(r"wcvmm: BAR2 .*Invalid argument.*", text)
        if status != 1 or not reason:
            raise Failure(f"wcvmm must be refused with EINVAL, but ended with status {status}:\n{text}")
        self.row["refused"] = reason[0]

    def wcvmm(self):
        self.machine.check(f"wcvmm {BDF} --json /run/vmm.json")
        text = file_of(self.machine, "/run/vmm.json")
        (self.folder / "vmm.json").write_text(text)
        self.result = json.loads(text)
        return {"stretches": len(self.result["ways"]) + len(self.result["windows"])}

    def seen(self):
        self.machine.close()
        with open(self.trace) as trace:
            found = levels(trace)
        self.trace.unlink()
        watched = json.loads(self.watched.read_text())
        self.row["ways"] = way_rows(self.result, watched, found)
        self.row["windows"] = window_rows(self.result, watched, found)
        judge(watched, self.row["ways"], self.row["windows"], flag=not self.setting.patched)
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


def region_of(watched, mark):
    for region in watched["regions"]:
        if region["id"] == mark:
            return region
    raise Failure(f"the plugin saw nothing of mark {mark}")


def by_whom(mapping):
    if mapping["host"]:
        return "VMM"
    return {NC: "guest, NC", DEVICE: "guest, Device"}.get(mapping["stage1"], "guest, " + str(mapping["stage1"]))


def walked(mark, mapping, found):
    return {"by": by_whom(mapping), **{key: mapping[key] for key in ("stage1", "stage2", "effective", "verdict", "stores")},
            "stage2_levels": sorted(found.get((mark, mapping["stage1"], mapping["stage2"]), ()))}


def way_rows(result, watched, found):
    """A row for each mapping through which stores came, of each stretch; one without stores if there were none."""
    rows = []
    for way in result["ways"]:
        region = region_of(watched, way["mark"])
        for mapping in region["mappings"] or [None]:
            row = {**way, "intended": INTENDED[way["source"]], "not_walked": region["stores"]["not_walked"]}
            if mapping:
                row.update(walked(way["mark"], mapping, found))
            rows.append(row)
    return rows


def window_rows(result, watched, found):
    rows = []
    for window in result["windows"]:
        region = region_of(watched, window["mark"])
        if len(region["mappings"]) != 1:
            raise Failure(f"stores of one kind were expected: {window}: {region['mappings']}")
        mapping = region["mappings"][0]
        rows.append({**window, "not_walked": region["stores"]["not_walked"], **walked(window["mark"], mapping, found),
                     "modelled": {"tlps_per_line": region["modelled"]["tlps"] / window["lines"]}})
    return rows


# ---- what must hold ----

def expected_stage2(source, flag):
    """The flag on what VFIO mapped, and nothing else."""
    return S2_NC if source == "vfio" and flag else S2_DEVICE


def must(row, key, *values):
    if row.get(key) not in values:
        raise Failure(f"{key} must be {' or '.join(map(str, values))}, but is {row.get(key)}: {json.dumps(row)}")


def judge(watched, ways, windows, flag):
    for key, value in ("bad_marks", watched["bad_marks"]), ("walks elsewhere", watched["walks"]["elsewhere"]), \
            ("moves of the aperture", watched["aperture"]["moves"]):
        if value != 0:
            raise Failure(f"{key}: {value}, not 0")
    for name, count in WAYS.items():
        marks = {row["mark"] for row in ways if row["way"] == name}
        if len(marks) != count:
            raise Failure(f"'{name}' has {len(marks)} stretches, not {count}")
    for row in ways:
        judge_way(row, flag)
    seen = {row["stage2"] for row in ways if row["phase"] == "meanwhile"}
    if seen != {expected_stage2("vfio", flag), S2_DEVICE}:
        raise Failure(f"while the piece was replaced the guest must have stored through both, but stage 2 was {sorted(seen)}")
    for mark in {row["mark"] for row in ways if "lines" in row}:
        seen = sorted(row["by"] for row in ways if row["mark"] == mark)
        if seen != ["VMM", "guest, Device", "guest, NC"]:
            raise Failure(f"mark {mark}: stores by {seen}")
    for mode in MODES:
        rows = [row for row in windows if row["mode"] == mode]
        if len(rows) != STEPS:
            raise Failure(f"'{mode}' has {len(rows)} steps, not {STEPS}")
        for number, row in enumerate(rows):
            judge_window(row, number, flag)


def judge_way(row, flag):
    if ("??" in row["vm_flags"]) != (row["source"] == "vfio" and flag and "kvm_run" not in row):
        raise Failure(f"only VFIO's mappings, and only of a kernel with the flag, have one more in VmFlags: {json.dumps(row)}")
    if "kvm_run" in row:
        must(row, "kvm_run", "Bad address")
        must(row, "stores", None)
        return
    if row["phase"] != "meanwhile":  # there the tables may change between a store and its walk
        must(row, "not_walked", 0)
    must(row, "by", "VMM", "guest, NC", "guest, Device")
    if "lines" in row:
        must(row, "stores", row["lines"] * STORES_PER_LINE)
    if row["by"] == "VMM":
        must(row, "stage2", None)
        must(row, "effective", *(("Normal-NC",) if row["source"] == "wc" else ("Device-nGnRE", "Device-nGnRnE")))
        return
    if row["phase"] == "meanwhile":
        must(row, "stage2", expected_stage2("vfio", flag), S2_DEVICE)
    else:
        must(row, "stage2", expected_stage2(row["source"], flag))
    judge_guest(row)


def judge_guest(row):
    """The architecture's rule, for what the guest has."""
    gathers = row["stage1"] == NC and row["stage2"] == S2_NC
    must(row, "effective", "Normal-NC" if gathers else "Device-nGnRE")
    must(row, "verdict", "gathers" if gathers else "stage 2 is Device" if row["stage1"] == NC
         else "stage 1 is Device" if row["stage2"] == S2_NC else "stage 1 and stage 2 are Device")


def judge_window(row, number, flag):
    must(row, "by", "guest, NC")
    must(row, "not_walked", 0)
    must(row, "stores", row["lines"] * STORES_PER_LINE)
    stale = row["mode"] == "static pieces" and number > 0
    must(row, "source", "uc" if stale else "vfio")
    must(row, "stage2", expected_stage2(row["source"], flag))
    judge_guest(row)
    must(row["modelled"], "tlps_per_line", 1 if row["verdict"] == "gathers" else STORES_PER_LINE)
    if row["mode"] == "followed":
        must(row, "mmaps", 1 if number == 0 else 2 * row["allocations"])
        if row["exits"] == 0:
            raise Failure(f"the VMM followed without an exit: {json.dumps(row)}")
        return
    must(row, "exits", 0)
    must(row, "mmaps", 1 if row["mode"] == "static pieces" and number == 0 else 0)


# ---- what is printed ----

def table(rows):
    widths = [max(len(row[idx]) for row in rows) for idx in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows) + "\n"


def level_text(row):
    return "+".join({2: "2 MiB", 3: "4 KiB"}.get(level, str(level)) for level in row["stage2_levels"])


def way_table(rows):
    """What the guest's Normal-NC mapping came to; its Device mapping is in the JSON."""
    lines = [["way", "piece", "from", "the VMM's own", "flag", "guest's stage 1", "stage 2", "by", "effective", "verdict"]]
    for row in rows:
        if row.get("by") in ("VMM", "guest, Device"):
            continue
        own = next((other["effective"] for other in rows if other["mark"] == row["mark"] and other.get("by") == "VMM"), "-")
        name = row["way"] + (f", {row['phase']}" if row["phase"] else "")
        cells = ["-"] * 4 + [f"KVM_RUN: {row['kvm_run']}"] if "kvm_run" in row else \
            [row["stage1"], row["stage2"], level_text(row), row["effective"], row["verdict"]]
        lines.append([name, f"{row['offset']:#x}", row["source"], own, "yes" if "??" in row["vm_flags"] else "no", *cells])
    return table(lines)


def window_table(rows):
    lines = [["mode", "step", "window at", "bytes", "lies in", "stage 2", "verdict", "TLPs/line", "exits", "mmaps", "faults"]]
    for row in rows:
        lines.append([row["mode"], row["step"], f"{row['offset']:#x}", f"{row['bytes']:#x}", row["source"], row["stage2"],
                      row["verdict"], f"{row['modelled']['tlps_per_line']:g}",
                      *(str(row[key]) for key in ("exits", "mmaps", "faults"))])
    return table(lines)


def run(lab):
    """All hosts; whether each did what it must. Writes vmm.json and prints the tables."""
    rows = []
    for host in HOSTS:
        row = {"name": host.name, "what": host.what, "append": host.append, "flag": not host.patched, "steps": [],
               "result": "ok"}
        print(f"{host.name}: {host.what}", file=sys.stderr, flush=True)
        try:
            with contextlib.ExitStack() as stack:
                Vmm(lab, host, row, stack).go()
        except Failure as failure:
            row.update(result="FAILED", failure=str(failure))
            print(f"  FAILED: {failure}", file=sys.stderr, flush=True)
        rows.append(row)
    (lab.out / "vmm.json").write_text(json.dumps({"hosts": rows}, indent=1) + "\n")
    for row in rows:
        print(f"\n{row['name']}: {row['what']}: {row['result']}")
        if "refused" in row:
            print(row["refused"])
        if row["result"] == "ok" and "ways" in row:
            print(way_table(row["ways"]) + "\n" + window_table(row["windows"]), end="")
    return all(row["result"] == "ok" for row in rows)
