# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The road not taken: a VMM that maps pieces of one BAR as Device or as write-combining by itself. wcvmm does so in a host
with a real KVM and marks what it tries; the plugin walks the tables. doc/vmm-mapping.md has the story."""
import contextlib
import dataclasses
import json
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
STORES_PER_LINE = 8  # of 8 bytes
NC, DEVICE = "0x44", "0x04"  # the guest's stage 1
S2_NC, S2_DEVICE = "0x5", "0x1"
# What the VMM asks the kernel for, by where it maps a piece from.
INTENDED = {"vfio": "Device", "wc": "Normal-NC", "uc": "Device"}
WAYS = {"whole, vfio": 1, "whole, wc": 1, "pieces, one slot": 4, "pieces, slot each": 4, "replaced": 3, "replaced, running": 3,
        "unmapped meanwhile": 1}  # and how many regions each must have
MODES = ("whole", "static pieces", "followed")
STEPS = 3  # of each mode


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
        self.machine.check("mount -t tracefs trace /sys/kernel/tracing")
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


def walked(mark, mapping, found):
    """One mapping through which stores came."""
    by = "VMM" if mapping["host"] else "guest, " + {NC: "NC", DEVICE: "Device"}.get(mapping["stage1"], str(mapping["stage1"]))
    return {"by": by, **{key: mapping[key] for key in ("stage1", "stage2", "effective", "verdict", "stores")},
            "stage2_levels": sorted(found.get((mark, mapping["stage1"], mapping["stage2"]), ()))}


def rows_of(result, watched, found):
    """Of each region in `ways` a row for each mapping, or one without if there were no stores; of each in `windows` one."""
    regions = {region["id"]: region for region in watched["regions"]}
    ways, windows = [], []
    for row in result["ways"] + result["windows"]:
        if row["mark"] not in regions:
            raise Failure(f"the plugin saw nothing of mark {row['mark']}")
        region = regions[row["mark"]]
        row = {**row, "not_walked": region["stores"]["not_walked"]}
        mappings = [walked(row["mark"], mapping, found) for mapping in region["mappings"]]
        if "way" in row:
            ways += [{**row, "intended": INTENDED[row["source"]], **mapping} for mapping in mappings or [{}]]
        elif len(mappings) == 1:
            windows.append({**row, **mappings[0], "modelled": {"tlps_per_line": region["modelled"]["tlps"] / row["lines"]}})
        else:
            raise Failure(f"stores of one kind were expected: {row}: {mappings}")
    return ways, windows


# ---- what must hold ----

def expected_stage2(source, flag):
    """The flag on what VFIO mapped, and nothing else."""
    return S2_NC if source == "vfio" and flag else S2_DEVICE


def must(row, expected):
    for key, value in expected.items():
        values = value if isinstance(value, tuple) else (value,)
        if row.get(key) not in values:
            raise Failure(f"{key} must be {' or '.join(map(str, values))}, but is {row.get(key)}: {json.dumps(row)}")


def judge(watched, ways, windows, flag):
    must({"bad_marks": watched["bad_marks"], "walks elsewhere": watched["walks"]["elsewhere"],
          "moves of the aperture": watched["aperture"]["moves"]},
         {"bad_marks": 0, "walks elsewhere": 0, "moves of the aperture": 0})
    must({name: len({row["mark"] for row in ways if row["way"] == name}) for name in WAYS}, WAYS)
    must({mode: len([row for row in windows if row["mode"] == mode]) for mode in MODES}, dict.fromkeys(MODES, STEPS))
    for row in ways:
        judge_way(row, flag)
    for mark in {row["mark"] for row in ways if "lines" in row}:
        must({"stores by": sorted(row["by"] for row in ways if row["mark"] == mark), "mark": mark},
             {"stores by": ["VMM", "guest, Device", "guest, NC"]})
    must({"stage 2 meanwhile": sorted({row["stage2"] for row in ways if row["phase"] == "meanwhile"})},
         {"stage 2 meanwhile": sorted({expected_stage2("vfio", flag), S2_DEVICE})})
    for mode in MODES:
        for number, row in enumerate(row for row in windows if row["mode"] == mode):
            judge_window(row, number, flag)


def judge_way(row, flag):
    hole, meanwhile = "kvm_run" in row, row["phase"] == "meanwhile"
    must({**row, "flag in VmFlags": "??" in row["vm_flags"]}, {"flag in VmFlags": row["source"] == "vfio" and flag and not hole})
    if hole:
        must(row, {"kvm_run": "Bad address", "stores": None})
        return
    must(row, {"by": ("VMM", "guest, NC", "guest, Device")})
    if not meanwhile:  # there the tables may change between a store and its walk
        must(row, {"not_walked": 0})
    if "lines" in row:
        must(row, {"stores": row["lines"] * STORES_PER_LINE})
    if row["by"] == "VMM":
        must(row, {"stage2": None, "effective": "Normal-NC" if row["source"] == "wc" else ("Device-nGnRE", "Device-nGnRnE")})
    else:
        must(row, {"stage2": (expected_stage2("vfio", flag), S2_DEVICE) if meanwhile else expected_stage2(row["source"], flag)})
        judge_guest(row)


def judge_guest(row):
    """The architecture's rule, for what the guest has."""
    must(row, {"effective": "Normal-NC", "verdict": "gathers"} if (row["stage1"], row["stage2"]) == (NC, S2_NC) else
         {"effective": "Device-nGnRE", "verdict": "stage 2 is Device" if row["stage1"] == NC else
          "stage 1 is Device" if row["stage2"] == S2_NC else "stage 1 and stage 2 are Device"})


def judge_window(row, number, flag):
    static, followed = row["mode"] == "static pieces", row["mode"] == "followed"
    source = "uc" if static and number > 0 else "vfio"
    gathers = expected_stage2(source, flag) == S2_NC
    must(row, {"by": "guest, NC", "not_walked": 0, "stores": row["lines"] * STORES_PER_LINE, "source": source,
               "stage2": expected_stage2(source, flag),
               "mmaps": (1 if number == 0 else 2 * row["allocations"]) if followed else int(static and number == 0)})
    judge_guest(row)
    must(row["modelled"], {"tlps_per_line": 1 if gathers else STORES_PER_LINE})
    must({**row, "has exits": row["exits"] > 0}, {"has exits": followed})


# ---- what is printed ----

def way_table(rows):
    """What the guest's Normal-NC mapping came to; its Device mapping is in the JSON."""
    own = {row["mark"]: row["effective"] for row in rows if row.get("by") == "VMM"}
    lines = [["way", "piece", "from", "the VMM's own", "flag", "guest's stage 1", "stage 2", "by", "effective", "verdict"]]
    for row in rows:
        if row.get("by") in ("VMM", "guest, Device"):
            continue
        if "kvm_run" in row:
            cells = ["-"] * 4 + [f"KVM_RUN: {row['kvm_run']}"]
        else:
            pages = "+".join({2: "2 MiB", 3: "4 KiB"}.get(level, str(level)) for level in row["stage2_levels"])
            cells = [row["stage1"], row["stage2"], pages, row["effective"], row["verdict"]]
        lines.append([row["way"] + (f", {row['phase']}" if row["phase"] else ""), f"{row['offset']:#x}", row["source"],
                      own.get(row["mark"], "-"), "yes" if "??" in row["vm_flags"] else "no", *cells])
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
        rows.append(row)
        print(f"{host.name}: {host.what}", file=sys.stderr, flush=True)
        with failure_noted(row), contextlib.ExitStack() as stack:
            Vmm(lab, host, row, stack).go()
    (lab.out / "vmm.json").write_text(json.dumps({"hosts": rows}, indent=1) + "\n")
    for row in rows:
        print(f"\n{row['name']}: {row['what']}: {row['result']}")
        if "refused" in row:
            print(row["refused"])
        if row["result"] == "ok" and "ways" in row:
            print(way_table(row["ways"]) + "\n" + window_table(row["windows"]), end="")
    return all(row["result"] == "ok" for row in rows)
