# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What links make of the stores that the plugin recorded in one setting: wclab_replay's figures, divided by the packets and
lines that wcbench counted, and put into wcbench's runs as their object "modelled". Needs no guest, only the setting's files."""
import json
import pathlib
import subprocess

import life
from trees import Failure

NORMAL_NC, DEVICE_NGNRE = "0x44", "0x1"  # stage 1's attribute, stage 2's
MARKS = {"push": 201, "fetch": 231, "auto": 232}  # of packets; pushes have one for each frame size
LINE_BYTES, LINE_PAYLOAD_BYTES, PUSH_BYTES, DOORBELL_BYTES = 64, 56, 16, 8  # the driver pushes by stp in the lab
SIZES = ("64", "128", "256", "512", "1024", "1518", "imix")  # of frames, as wcbench names them
SHOWN_SIZE = "64"  # of the table that is printed
# How pushed bursts are committed, and the driver's argument; bursts of the smallest frames.
COMMITS = {"doorbell": "express=0", "express": "express=1"}
COMMIT_BURSTS, COMMIT_MARK = (1, 8, 32), 241


def load(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise Failure(f"{path} is missing: run the setting first, without --again") from None
    except ValueError as error:
        raise Failure(f"{path} is no JSON: {error}; run the setting again") from None


def divided(band, by, digits):
    return {key: round(band[key] / by, digits) for key in ("value", "low", "high")}


def inverse(band, of, digits):
    """Rates of times: the longest time is the lowest rate."""
    return {key: round(of / band[other], digits) for key, other in (("value", "value"), ("low", "high"), ("high", "low"))}


def push_mark(size):
    return MARKS["push"] + SIZES.index(size)


def packets_path(folder, placement, size=None):
    return folder / f"packets-{placement}{'-' + size if size else ''}.json"


def commit_runs(quick, inside):
    """(rule, burst, mark) of each run that compares the rules; a quick one does it where it takes least."""
    for i, burst in enumerate(COMMIT_BURSTS):
        for j, rule in enumerate(COMMITS):
            if not quick or (burst == 1 and not inside):
                yield rule, burst, COMMIT_MARK + len(COMMITS) * i + j


def commit_path(folder, rule, burst):
    return folder / f"packets-{rule}-{burst}.json"


class Stores:
    """The stores of one setting: as the plugin saw them, and what each link makes of them."""

    def __init__(self, replay, links, main, setting, folder):
        self.setting, self.folder, self.main = setting, folder, main
        self.watched = load(folder / "watched.json")
        out = folder / "replayed.json"
        life.tool([replay, "--json", out, folder / "stores", *links], stdout=subprocess.DEVNULL)
        self.links = {link["name"]: {region["id"]: region for region in link["regions"]} for link in load(out)["links"]}
        self.check()

    def check(self):
        """Replayed, the stores must give what the plugin's own link made of them meanwhile."""
        regions = self.links.get(self.watched["link"], {})
        for region in self.watched["regions"] if regions else ():
            seen, again = region["modelled"], regions[region["id"]]
            for key in ("tlps", "wire_bytes", "cpu_ns", "link_ns"):
                if seen[key] != again[key]["value"]:
                    raise Failure(f"region {region['id']}: the plugin's link made {key} {seen[key]}, the replay "
                                  f"{again[key]['value']}; both must be the same to the last digit")

    def region(self, ident):
        for region in self.watched["regions"]:
            if region["id"] == ident:
                return region
        raise Failure(f"the plugin saw no region {ident}: the mark did not reach it; it saw "
                      f"{[region['id'] for region in self.watched['regions']]}")


class Model(Stores):
    """The files of a setting with this project's driver, and their figures."""

    def facts(self):
        """How the stores of the write-combining mapping came by their type: as the tables were walked."""
        mappings = [mapping for region in self.watched["regions"] for mapping in region["mappings"]]
        found = {(m["stage1"], m["stage2"], m["effective"], m["verdict"]) for m in mappings if m["stage1"] == NORMAL_NC}
        if len(found) != 1 or next(iter(found))[1] != self.setting.stage2:
            raise Failure(f"stage 2 of the write-combining mapping must be {self.setting.stage2} in all stores: {mappings}")
        stage1, stage2, effective, verdict = found.pop()
        return {"stage1": stage1, "stage2": stage2 or "none", "effective": effective, "verdict": verdict}

    def blame_check(self):
        """The same program by an uncached mapping, as VFIO's own is: stage 1 takes combining away, whatever stage 2 says."""
        wanted = "stage 1 and stage 2 are Device" if self.setting.stage2 == DEVICE_NGNRE else "stage 1 is Device"
        marks = {line["mark"] for mapping in load(self.folder / "raw.json")["mappings"] if mapping["type"] == "UC"
                 for line in mapping["lines"]} - {None}
        found = {mapping["verdict"] for mark in marks for mapping in self.region(mark)["mappings"]}
        if found != {wanted}:
            raise Failure(f"stores by the uncached mapping must be blamed so: {wanted}; they are: {', '.join(found) or 'none'}")

    # ---- packets ---------------------------------------------------------------------------------

    def pushes(self):
        """Rows by frame size and link, of what was pushed."""
        rows = []
        for size in SIZES:
            path = packets_path(self.folder, "push", size)
            if not path.exists():
                continue
            rate, = load(path)["ports"][0]["rates"]
            rows += self.size_rows(push_mark(size), rate)
        return rows

    def size_rows(self, mark, rate):
        stores, packets = self.region(mark)["stores"]["by_bytes"], rate["sent"]
        lines = stores.get(str(PUSH_BYTES), 0) * PUSH_BYTES / LINE_BYTES
        if not lines or rate["pushed"] != packets:
            raise Failure(f"of {packets} packets {rate['pushed']} were pushed, in {lines} lines")
        # What is longer than a slot is read by the card, and no posted write: no rate follows from those.
        whole = rate["size"].isdigit() and lines / packets * LINE_PAYLOAD_BYTES >= int(rate["size"])
        for name, regions in self.links.items():
            region, doorbells = regions[mark], stores.get(str(DOORBELL_BYTES), 0)
            of_lines = {key: region["tlps"][key] - doorbells for key in ("value", "low", "high")}
            yield {"placement": "push", "size": rate["size"], "link": name,
                   "stores_per_line": divided({key: lines * LINE_BYTES / PUSH_BYTES for key in of_lines}, lines, 4),
                   "tlps_per_line": divided(of_lines, lines, 4),
                   "tlps_per_packet": divided(region["tlps"], packets, 4),
                   "wire_bytes_per_packet": divided(region["wire_bytes"], packets, 2),
                   "mpps": inverse(region["time_ns"], packets * 1e3, 3) if whole else None}

    def commits(self):
        """Rows by rule, burst and link: what the doorbell of a burst costs, and what bursts without one take."""
        rows, again = [], {}
        for rule, burst, mark in commit_runs(False, False):
            path = commit_path(self.folder, rule, burst)
            if not path.exists():
                continue
            rate, = load(path)["ports"][0]["rates"]
            if rate["pushed"] != rate["sent"]:
                raise Failure(f"of {rate['sent']} packets {rate['pushed']} were pushed: {path}")
            again[rule, burst] = rate["rung_again"] / rate["sent"]
            for name, regions in self.links.items():
                rows.append({"rule": rule, "burst": burst, "link": name,
                             "tlps_per_packet": divided(regions[mark]["tlps"], rate["sent"], 4),
                             "wire_bytes_per_packet": divided(regions[mark]["wire_bytes"], rate["sent"], 2),
                             "ns_per_packet": divided(regions[mark]["time_ns"], rate["sent"], 3)})
        self.commits_check(rows, again)
        return rows

    def commits_check(self, rows, again):
        """
        A doorbell is one TLP a burst. Where lines come in pieces the driver rings, whatever it was asked for.
        `again`: doorbells a packet that it rang because the card had no CPU for a while, which is the machine's load.
        """
        tlps = {(row["rule"], row["burst"]): row["tlps_per_packet"]["value"] - again[row["rule"], row["burst"]]
                for row in rows if row["link"] == self.watched["link"]}
        for rule, burst in tlps:
            saved = tlps["doorbell", burst] - tlps["express", burst]
            expected = 0 if self.setting.stage2 == DEVICE_NGNRE else 1 / burst
            if abs(saved - expected) > 0.001:
                raise Failure(f"bursts of {burst}: express saves {saved:.4f} TLPs a packet, not {expected:.4f}: {tlps}")

    def sensitivity(self, packets):
        """What one parameter at its bounds makes of the rate at which the smallest frames are pushed."""
        rows = []
        for name, regions in self.links.items():
            for bound in regions[MARKS["push"]]["sensitivity"]:
                if "time_ns" in bound:
                    low, high = (round(packets / time * 1e3, 3) for time in bound["time_ns"])
                    rows.append({"link": name, "parameter": bound["parameter"], "mpps_at_low": low, "mpps_at_high": high})
        return rows

    # ---- lines -----------------------------------------------------------------------------------

    def lines(self):
        """Rows by mapping, primitive, burst, order and link, of wcbench's raw stores."""
        rows = []
        for mapping in load(self.folder / "raw.json")["mappings"]:
            for line in mapping["lines"]:
                if line["mark"] is None:
                    continue
                for name, regions in self.links.items():
                    region = regions[line["mark"]]
                    lines = region["store_bytes"] / LINE_BYTES
                    rows.append({"mapping": mapping["type"], "primitive": line["primitive"], "burst": line["burst"],
                                 "order": line["order"], "link": name, "stores_per_line": region["stores"] / lines,
                                 "tlps_per_line": divided(region["tlps"], lines, 4),
                                 "ns_per_line": divided(region["cpu_ns"], lines, 3)})
        return rows

    def lines_check(self, rows):
        """Device stage 2: one TLP a store, whatever the link's parameters. Else the plugin's own link gathers whole lines."""
        for row in rows:
            tlps, stores = row["tlps_per_line"], row["stores_per_line"]
            device = row["mapping"] != "WC" or self.setting.stage2 == DEVICE_NGNRE
            if device and not tlps["low"] == tlps["value"] == tlps["high"] == stores:
                raise Failure(f"{stores} stores a line must be as many TLPs, for they are Device: {row}")
            if not device and row["link"] == self.watched["link"] and tlps["value"] != 1:
                raise Failure(f"a line must be one TLP, for stage 2 lets stores combine: {row}")

    # ---- all of it -------------------------------------------------------------------------------

    def write(self, auto_placement):
        """Into wcbench's runs; the row of the lab's own table."""
        facts, lines = self.facts(), self.lines()
        self.lines_check(lines)
        self.blame_check()
        raw = self.folder / "raw.json"
        run = load(raw)
        run["modelled"] = {**facts, "lines": lines}
        raw.write_text(json.dumps(run, indent=1) + "\n")
        if not self.setting.card:
            return {**facts, **self.raw_counts(lines)}
        rows = self.pushes()
        self.push_check(rows)
        shown = {row["link"]: row for row in rows if row["size"] == SHOWN_SIZE}
        counts = {key: shown[self.main][key]
                  for key in ("stores_per_line", "tlps_per_line", "tlps_per_packet", "wire_bytes_per_packet")}
        path = packets_path(self.folder, "push", SHOWN_SIZE)
        run = load(path)
        run["modelled"] = {**facts, **counts, "auto_placement": auto_placement, "packets": rows, "commits": self.commits(), "link": self.main,
                           "modelled_mpps": {name: row["mpps"] for name, row in shown.items()},
                           "sensitivity": self.sensitivity(run["ports"][0]["rates"][0]["sent"])}
        path.write_text(json.dumps(run, indent=1) + "\n")
        return {**facts, "auto_placement": auto_placement, "push": {key: band["value"] for key, band in counts.items()}}

    def raw_counts(self, lines):
        """Without packets: the lines that are stored as the driver does it."""
        row = next(row for row in lines if row["primitive"] == "stp" and row["mapping"] == "WC" and row["link"] == self.main)
        return {"push": {"stores_per_line": LINE_BYTES / PUSH_BYTES, "tlps_per_line": row["tlps_per_line"]["value"]}}

    def push_check(self, rows):
        for row in rows:
            if row["link"] != self.watched["link"]:
                continue
            expected = row["stores_per_line"]["value"] if self.setting.stage2 == DEVICE_NGNRE else 1
            if row["tlps_per_line"]["value"] != expected:
                raise Failure(f"frames of {row['size']} bytes: {row['tlps_per_line']['value']} TLPs a line, not {expected}")


def links_of(folder, main):
    """The parameter sets in a folder; the one whose figures are shown first comes first."""
    found = sorted(pathlib.Path(folder).glob("*.conf"), key=lambda path: (path.stem != main, path.stem))
    if "/" in main or main.endswith(".conf"):  # not of the folder: such as wcbench fit makes
        return [file_of_set(main), *(path for path in found if path.stem != pathlib.Path(main).stem)]
    if not found or found[0].stem != main:
        raise Failure(f"no parameter set {main}.conf in {folder}; there are {', '.join(path.stem for path in found) or 'none'}")
    return found


def file_of_set(link):
    path = pathlib.Path(link).resolve()
    if not path.is_file():
        raise Failure(f"no parameter set {link}: there is no such file")
    if "," in str(path):
        raise Failure(f"the parameter set {link} has a comma in its path, which ends an argument of QEMU's: rename it")
    return path
