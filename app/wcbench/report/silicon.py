# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What one machine does, in three sentences, and the tables behind them. Reads what a machine could measure: rows that are
missing leave out what they would say."""
from runs import Failure, items, json_read, need
from settings import settings_make
from shapes import number

WORDS = 8  # 8-byte stores to a line
NARROW = "u64"
# Of a line of 8-byte stores to one of wide stores, as wcprobe judges it: up to the first the CPU gathers, from the second on
# each store leaves alone.
GATHERS_MAX, SEPARATE_MIN = 1.5, 3.0
HYPERVISORS = {"KVMKVMKVM": "KVM", "Microsoft Hv": "Hyper-V", "VMwareVMware": "VMware", "XenVMMXenVMM": "Xen",
               "TCGTCGTCGTCG": "QEMU's TCG"}  # by what CPUID says


def object_read(path, program):
    data = json_read(path)
    if not isinstance(data, dict) or data.get("program") != program:
        raise Failure(f"{path}: not what {program} --json writes")
    return data


def part(where, data, key):
    """An object of another; empty where there is none."""
    return need(where, data, key, dict, optional=True) or {}


def parts(where, data, key):
    return list(items(where, data, key)) if data.get(key) is not None else []


def text(where, data, key):
    return need(where, data, key, str, optional=True)


def count(where, data, key):
    return int(need(where, data, key, float, optional=True) or 0)


def spread_read(where, data, key):
    """Percentiles of what the far end saw, with their unit; or None."""
    value = need(where, data, key, dict, optional=True)
    return value and {"unit": text(where, value, "unit") or "", **{name: need(where, value, name, float)
                                                                   for name in ("p10", "p50", "p90")}}


FAR_END_COUNTS = ("lines", "whole", "unclear", "partial", "lost", "reordered", "wrong")


def far_end_read(where, run):
    """What the far end saw, checked; or None. Where it failed there is an error, and perhaps some of the tests."""
    far = need(where, run, "far_end", dict, optional=True)
    if far is None:
        return None
    where += ": far_end"
    tests = [{"primitive": need(at, test, "primitive", str), "burst": int(need(at, test, "burst", float)),
              **{key: count(at, test, key) for key in FAR_END_COUNTS},
              "round_trip_ns": spread_read(at, test, "round_trip_ns"), "first_to_last": spread_read(at, test, "first_to_last")}
             for at, test in parts(where, far, "tests")]
    return {"error": text(where, far, "error"), "basis": text(where, far, "basis") or "unknown",
            "proved": need(where, far, "proved", bool, optional=True) is True,
            "sharp": need(where, far, "sharp", bool, optional=True) is True,
            "tests": [test for test in tests if test["lines"] > 0]}


def band_of(row, scale=1.0):
    return f"{number(row['p50'] * scale)} ({number(row['p10'] * scale)} to {number(row['p90'] * scale)})"


class Silicon:
    """What was found on one machine."""

    def __init__(self, paths, probes, why):
        self.why = why
        self.settings = settings_make(paths)
        self.runs = [object_read(path, "wcbench") for path in paths]
        self.probes = [object_read(path, "wcprobe") for path in probes]
        for path, run in zip(paths, self.runs):
            if run["kind"] != "raw":
                raise Failure(f"{path}: a run of wcbench {run['kind']}; --silicon takes those of wcbench raw")
        if len(self.settings) > 1:
            raise Failure("--silicon reports on one machine: these runs are of the settings "
                          + ", ".join(setting.name for setting in self.settings))
        bases = {row["basis"] for kind in ("raw", "doorbell", "stores") for row in self.rows(kind)}
        if len(bases) > 1:
            raise Failure(f"--silicon keeps figures apart: these runs are {' and '.join(sorted(bases))}")
        self.basis = bases.pop() if bases else None
        self.name = str(paths[0]) if paths else "no run"
        if self.basis is None and not self.why:
            self.why = next((mapping["error"] for run in self.runs for mapping in run["mappings"] if mapping.get("error")), None)
        self.target = part(self.name, self.runs[0], "target") if self.runs else {}
        if self.is_link() and self.target.get("behind") == "ram":
            raise Failure(f"{self.name}: its rows are 'measured', and what stood behind them was RAM: it contradicts itself")
        found = [far_end_read(str(path), run) for path, run in zip(paths, self.runs)]
        self.far_end = next(filter(None, found), None)

    def rows(self, kind):
        """Of the WC mapping, where several were measured."""
        rows = [row for setting in self.settings for row in setting.rows[kind]]
        return [row for row in rows if row["type"] == "WC"] or rows

    def machine(self):
        """Of the runs, else as wcprobe says."""
        if self.runs:
            return self.runs[0]["machine"]
        return part("wcprobe", self.probes[0], "machine") if self.probes else {}

    def memory(self):
        name = text(self.name, self.target, "memory") or "device memory through a BAR"
        return "memory of unknown kind" if name == "unknown" else name

    def is_link(self):
        return self.basis == "measured"

    # ---- figures; None where there is no such row

    def line(self, primitive=None, burst=None):
        """The row of the cheapest line of those that are drained after the burst: by one primitive, in bursts of so many
        lines, else in the longest."""
        rows = [row for row in self.rows("raw") if row["order"] == "burst" and primitive in (None, row["primitive"])]
        if not rows:
            return None
        burst = burst or max(row["burst"] for row in rows)
        return min((row for row in rows if row["burst"] == burst), key=lambda row: row["p50"], default=None)

    def wide_line(self):
        rows = [row for row in self.rows("raw") if row["order"] == "burst" and row["primitive"] != NARROW]
        burst = max((row["burst"] for row in rows), default=0)
        return min((row for row in rows if row["burst"] == burst), key=lambda row: row["p50"], default=None)

    def narrow_to_wide(self):
        narrow, wide = self.line(NARROW), self.wide_line()
        if narrow is None or wide is None or narrow["burst"] != wide["burst"] or wide["p50"] <= 0:
            return None
        return narrow["p50"] / wide["p50"]

    def store(self):
        return next((row for row in self.rows("stores") if row["bytes"] == 8), None)

    def streams(self):
        return sorted(self.rows("streams"), key=lambda row: row["threads"])

    # ---- words

    def place(self):
        machine = self.machine()
        cpu, arch, kernel, name = (text(self.name, machine, key) for key in ("cpu", "arch", "kernel", "hypervisor_name"))
        where = "on bare metal, as far as the machine tells"
        if machine.get("hypervisor"):
            where = ("in a guest" + (f" of {HYPERVISORS.get(name, name)}" if name else "")
                     + ": the host decides too what a device's memory is mapped as")
        return f"{cpu or arch or 'an unknown CPU'}, Linux {kernel or 'of unknown version'}, {where}."

    def sentences(self):
        if self.basis is None:
            return ["Nothing was measured, so whether write combining works here is not known: "
                    + (self.why or ("the run has no rows" if self.runs else "there is no run")),
                    "What a line costs is not known.", "What Device would cost is not known."]
        if self.is_link():
            return [self.combines(), self.costs(), self.device_costs()]
        emulated = ", and the CPU is emulated" if "emulation" in self.basis else ""
        gathers, ratio = "", self.narrow_to_wide()
        if {row["type"] for row in self.rows("raw")} == {"WC"} and ratio is not None:
            gathers = f" (a line of eight 8-byte stores takes {number(ratio)} times as long as one of wide stores)"
        return [f"The memory is {self.memory()}{emulated}: nothing here is a link's figure, and whether write combining works "
                f"on a link of this machine is not known{gathers}.", self.costs(), self.device_costs()]

    def combines(self):
        ratio, kinds = self.narrow_to_wide(), {row["type"] for row in self.rows("raw")}
        if "WC" not in kinds:
            return (f"The mapping is {', '.join(sorted(kinds)) or 'unknown'} and not WC, so stores do not combine in it"
                    + self.seen())
        if ratio is None:
            return ("Whether write combining works is not told: the run lacks lines of 8-byte stores or of wider ones"
                    + self.seen())
        took = f"a line of eight 8-byte stores takes {number(ratio)} times as long as one of wide stores"
        if ratio <= GATHERS_MAX:
            return f"Write combining works: {took}, so the CPU gathers them" + self.seen()
        if ratio >= SEPARATE_MIN:
            return f"Write combining does not work: {took}, so each leaves alone" + self.seen()
        return f"Whether write combining works is unclear: {took}" + self.seen()

    def seen(self):
        """What the far end adds, and the full stop."""
        far = self.far_end
        if far is None or not far["proved"] or not far["sharp"] or not far["basis"].startswith(f"{self.basis},"):
            return "."
        tests = [test for test in far["tests"] if test["primitive"] == NARROW]
        lines, whole = (sum(test[key] for test in tests) for key in ("lines", "whole"))
        return f"; the device itself saw {whole} of {lines} such lines arrive whole." if lines > 0 else "."

    def costs(self):
        best, alone, streams = self.line(), self.line(burst=1), self.streams()
        if best is None or best["p50"] <= 0:
            return "What a line costs is not told: the run has no lines that took any time."
        into = f" into {self.memory()}" if not self.is_link() else f" into {self.target['name']}" if self.target.get("name") else ""
        said = (f"A line of 64 bytes{into} costs {band_of(best)} ns by {best['primitive']} in bursts of {best['burst']} lines, "
                f"{number(64 / best['p50'])} GB/s")
        if alone is not None and alone["burst"] != best["burst"]:
            said += f", and {band_of(alone)} ns alone, drained"
        if streams and streams[-1]["threads"] > 1:
            said += f"; {streams[-1]['threads']} cores together store {number(streams[-1]['p50'] * 1e-9)} GB/s"
        return said + "."

    def device_costs(self):
        store, best = self.store(), self.line()
        if store is None:
            return "What Device would cost is not told: the run has no 8-byte stores with a fence each."
        said = (f"{number(store['p50'] * WORDS)} ns a line (eight 8-byte stores with a fence after each, {band_of(store)} ns "
                "a store)")
        if not self.is_link():
            return f"The nearest to Device is {said}, and in {self.memory()} it tells nothing of a link."
        times = f", {number(store['p50'] * WORDS / best['p50'])} times as much" if best is not None and best["p50"] > 0 else ""
        return f"Device would cost about {said}{times}: each store leaves as a transaction of its own."

    def unstable(self):
        return sum(count(at, mapping, "unstable") for run in self.runs for at, mapping in items(self.name, run, "mappings"))

    # ---- data

    def report(self):
        def figure(row):
            return None if row is None else {key: row[key] for key in ("basis", "unit", "n", "p10", "p50", "p90", "p99")}
        best, alone, store = self.line(), self.line(burst=1), self.store()
        return {"program": "wcbench report", "schema": 1, "kind": "silicon", "basis": self.basis,
                "link": self.is_link(), "memory": self.memory() if self.basis else None, "error": self.why,
                "place": self.place(), "sentences": self.sentences(), "machine": self.machine(),
                "primitive": best["primitive"] if best else None, "burst": best["burst"] if best else None,
                "ns_per_line": figure(best), "ns_per_line_alone": figure(alone), "ns_per_fenced_store": figure(store),
                "narrow_to_wide": self.narrow_to_wide(), "unstable": self.unstable(),
                "runs": self.runs, "devices": self.probes}
