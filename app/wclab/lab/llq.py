# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Drivers that nobody here wrote, over the card that they bind to: stock net_ena with vfio-pci's mapping and under wcrun,
and Linux's own ena. Each packet is an entry of 128 bytes in the card's LLQ. What the plugin saw of the entries gives the
stores, TLPs and bytes a packet; expected() says what each host and driver must come to."""
import dataclasses
import json
import shutil

import image
from hosts import Machines
from machine import Testpmd
from model import DEVICE_NGNRE, Stores, divided, links_of, load
from step import ROOT, compare, table, to_forward, vfio_bind
from trees import Failure

OWN = ["app/wcrun/wcrun", "app/wcrun/libwcrun.so"]
# The first card is watched by the plugin and loops frames back, the second forwards a capture.
SLOTS = (0x10, 0x11)
BDF, BDF_FORWARD = (f"0000:00:{slot:02x}.0" for slot in SLOTS)
MARK_OFFSET = "0xf0"  # of a register that the card does not have
FRAMES, FRAME_BYTES, BURST = 768, 64, 32
PMD = ("-l 0,1 --main-lcore 0 --no-huge -m 128 --no-telemetry -a {bdf} -- -i --nb-cores=1 --port-topology=loop "
       "--total-num-mbufs=4096 --no-flush-rx --disable-link-check")
WCRUN = "wcrun --bar {bdf}:2 -- "
# A TLP to an address of 64 bits, with what the link adds to it.
ENTRY_BYTES, STORE_BYTES, TLP_HEADER_BYTES = 128, 8, 24
# What a packet comes to: of an entry, one TLP for each store, or one for each line of 64 bytes.
APART = {"tlps": ENTRY_BYTES // STORE_BYTES, "wire": ENTRY_BYTES // STORE_BYTES * (STORE_BYTES + TLP_HEADER_BYTES)}
WHOLE = {"tlps": ENTRY_BYTES // 64, "wire": ENTRY_BYTES // 64 * (64 + TLP_HEADER_BYTES)}


@dataclasses.dataclass(frozen=True)
class Setting:
    name: str
    what: str
    inside: bool  # the programs run in a virtual machine of the host
    patched: bool = False
    stage2: str = None  # as the walk must find it; None: there is none
    kernel: str = "6.12"  # of the host
    card: bool = True


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    mark: int  # its region
    stage1: str  # as the walk must find it
    timed: bool = True  # its order of stores and barriers is the same in each run: times and bands can be modelled


PROGRAMS = (Program("net_ena", 1, "0x00"), Program("net_ena, wcrun", 2, "0x44"),
            # A kernel's interrupts have barriers of their own, and come when they come.
            Program("Linux ena", 3, "0x44", timed=False))
SETTINGS = {setting.name: setting for setting in (
    Setting("ena-bare-metal", "stock drivers of ENA on the host itself", False),
    Setting("ena-guest-nc", "the same in a guest; its host maps windows Normal-NC", True, stage2="0x5"),
    Setting("ena-guest-device", "the same without VM_ALLOW_ANY_UNCACHED", True, patched=True, stage2=DEVICE_NGNRE),
)}


def expected(setting, program):
    """The effective type, and what a packet comes to."""
    if program.stage1 != "0x44":
        return "Device-nGnRnE", APART
    return ("Device-nGnRE", APART) if setting.stage2 == DEVICE_NGNRE else ("Normal-NC", WHOLE)


class Drivers(Machines):
    """One setting: boots its host and, inside, its guest; runs the drivers in the innermost."""

    def go(self):
        self.packets = {}
        self.step("host", self.host)
        if self.setting.inside:
            self.step("guest", self.guest)
        self.step("bind", vfio_bind, self.machine, BDF, BDF_FORWARD)
        if not self.lab.args.quick:
            self.step("forward", self.forward)
        for program in PROGRAMS:
            self.step(program.name, self.run, program)
        self.step("end", self.end)

    def own_files(self):
        def pack(tree, root):
            shutil.copy(image.HERE / "inside.py", root / "wcnic")
            shutil.copytree(ROOT / "config/wcrun.d", root / "wcnic/wcrun.d")
        return OWN, pack

    @staticmethod
    def slots():
        return SLOTS

    def devices(self):
        capture = self.lab.args.capture.resolve()
        ports = ["loopback", f"pcap:in={capture},out={self.folder}/forward.pcap"]
        self.cards = self.cards_run(ports, "--card", "ena:layout=metal")
        watch = self.plugin("device=1d0f:ec20", f"stream={self.folder.resolve()}/stores")
        return self.card_devices(self.cards, SLOTS) + watch

    def testpmd(self, bdf, wrap, more, *commands):
        pmd = Testpmd(self.machine, PMD.format(bdf=bdf) + more, wrap.format(bdf=bdf) + "dpdk-testpmd")
        for command in commands:
            pmd.say(command)
        return pmd

    def testpmd_end(self, pmd, name):
        status, text = pmd.end()
        (self.folder / f"{name}.log").write_text(text)
        if status != 0:
            raise Failure(f"testpmd ended with status {status}:\n{text[-3000:]}")
        return text

    def forward(self):
        """Under wcrun, as stores do nothing to bytes: what is compared are those."""
        wanted = to_forward(self.lab.args.build_amd64, self.lab.args.capture)
        pmd = self.testpmd(BDF_FORWARD, WCRUN, " --mbuf-size=4096", "set fwd io retry", "set burst tx delay 1 retry 1000000",
                           "start")
        totals = self.cards.forwarded(1, wanted)
        self.testpmd_end(pmd, "forward")
        if totals["tx_frames"] < wanted:
            raise Failure(f"{totals['tx_frames']} of {wanted} frames were forwarded")
        return {"frames": totals["tx_frames"]}

    # ---- what is watched -------------------------------------------------------------------------

    def run(self, program):
        self.machine.check(f"inside.py mark {BDF} {MARK_OFFSET} {program.mark}")
        before = self.cards.totals(0)
        said = self.linux() if program.name.startswith("Linux") else self.net_ena(program)
        after = self.cards.totals(0)
        self.packets[program.name] = after["tx_frames"] - before["tx_frames"]
        entries = after["tx_llq_entries"] - before["tx_llq_entries"]
        if self.packets[program.name] != FRAMES or entries != FRAMES or after["tx_llq_torn"]:
            raise Failure(f"{FRAMES} frames were to be pushed in as many entries: {after}\n{said[-3000:]}")
        return {"packets": FRAMES}

    def net_ena(self, program):
        """So many bursts and no more, so that two runs store the same."""
        wrap = WCRUN if "wcrun" in program.name else ""
        begun = self.cards.totals(0)["tx_frames"]
        pmd = self.testpmd(BDF, wrap, "", "set fwd rxonly", f"start tx_first {FRAMES // BURST}")
        self.cards.forwarded(0, FRAMES, stop=lambda totals: totals["tx_frames"] >= begun + FRAMES)
        return self.testpmd_end(pmd, f"net_ena{'-wcrun' if wrap else ''}")

    def linux(self):
        ipv6, bus = "/proc/sys/net/ipv6/conf", "/sys/bus/pci"
        self.machine.check(f"for i in all default; do echo 1 >{ipv6}/$i/disable_ipv6; done")  # which sends by itself
        self.machine.check(f"echo {BDF} >{bus}/drivers/vfio-pci/unbind; echo >{bus}/devices/{BDF}/driver_override; "
                           "while read -r module; do insmod /modules/$module; done </modules/ena.order")
        name = self.machine.check(f"ls {bus}/devices/{BDF}/net").strip()
        self.machine.check(f"ip link set {name} up; "
                           f"until [ \"$(cat /sys/class/net/{name}/carrier)\" = 1 ]; do sleep 0.1; done")
        said = self.machine.check(f"inside.py frames {name} {FRAMES} {FRAME_BYTES}")
        self.machine.check(f"echo {BDF} >{bus}/drivers/ena/unbind")
        return said

    # ---- what came out ---------------------------------------------------------------------------

    def end(self):
        if self.setting.inside:
            self.machine.end()
        self.outer.close()
        self.cards.end()
        (self.folder / "counted.json").write_text(json.dumps(self.packets, indent=1) + "\n")
        self.row.update(modelled(self.lab.args, self.setting))
        if self.lab.args.quick:
            return {}
        verdict = compare(self.lab.args.build_amd64, self.lab.args.capture, self.folder / "forward.pcap")
        wrong = {key: verdict[key] for key in ("lost", "altered", "duplicated", "reordered") if verdict[key]}
        if wrong:
            raise Failure(f"of {verdict['packets_in']} frames {wrong}")
        return {"captures": "equal"}


def modelled(args, setting):
    """From the files of a setting alone."""
    folder = args.out / setting.name
    stores = Stores(args.build_amd64 / "app/wclab/wclab_replay", links_of(args.links, args.link), args.link_file.stem, setting, folder)
    packets = load(folder / "counted.json")
    return {"programs": [packet_row(stores, program, packets[program.name]) for program in PROGRAMS]}


def packet_row(stores, program, packets):
    region = stores.region(program.mark)
    mappings = {(m["stage1"], m["stage2"], m["effective"], m["verdict"]) for m in region["mappings"]}
    if len(mappings) != 1:
        raise Failure(f"{program.name}: all entries are stored through one mapping, but these were walked: "
                      f"{region['mappings']}")
    stage1, stage2, effective, verdict = mappings.pop()
    row = {"program": program.name, "packets": packets, "stage1": stage1, "stage2": stage2 or "none", "effective": effective,
           "verdict": verdict, "stores_per_packet": region["stores"]["count"] / packets, "links": {}}
    for name, regions in stores.links.items():
        of = regions[program.mark]
        figures = {"tlps_per_packet": divided(of["tlps"], packets, 4),
                   "wire_bytes_per_packet": divided(of["wire_bytes"], packets, 2),
                   "ns_per_packet": divided(of["time_ns"], packets, 3)}
        if not program.timed:
            figures = {key: {"value": figures[key]["value"]} for key in ("tlps_per_packet", "wire_bytes_per_packet")}
        row["links"][name] = figures
    check(stores, program, row)
    return row


def check(stores, program, row):
    """Against the table, by the link that the plugin had."""
    wanted_type, wanted = expected(stores.setting, program)
    found = row["links"][stores.watched["link"]] if stores.watched["link"] in row["links"] else row["links"][stores.main]
    seen = (row["stage1"], row["stage2"], row["effective"], row["stores_per_packet"], found["tlps_per_packet"]["value"],
            found["wire_bytes_per_packet"]["value"])
    must = (program.stage1, stores.setting.stage2 or "none", wanted_type, ENTRY_BYTES / STORE_BYTES, wanted["tlps"],
            wanted["wire"])
    if seen != must:
        raise Failure(f"{program.name}: stage 1, stage 2, type, stores, TLPs and wire bytes a packet are {seen}, not {must}")


HEADINGS = ["setting", "driver", "stage 1", "stage 2", "effective", "verdict", "stores", "TLPs", "wire bytes", "ns",
            "packets", "result"]


def band(ns):
    return f"{ns['value']:.0f} ({ns['low']:.0f} to {ns['high']:.0f})" if ns else "-"


def table_rows(rows, link):
    """Of text; a setting that failed has one row."""
    for row in rows:
        for program in row.get("programs", ()):
            of = program["links"][link]
            yield [row["name"], program["program"], program["stage1"], program["stage2"], program["effective"],
                   program["verdict"], f"{program['stores_per_packet']:g}", f"{of['tlps_per_packet']['value']:g}",
                   f"{of['wire_bytes_per_packet']['value']:g}", band(of.get("ns_per_packet")), str(program["packets"]),
                   row["result"]]
        if "programs" not in row:
            yield [row["name"], *["-"] * (len(HEADINGS) - 2), row["result"]]


def print_table(rows, link):
    print(table([HEADINGS, *table_rows(rows, link)]), end="")
    print("Stores, TLPs, wire bytes and ns are of a packet of 64 bytes; ns with the band of assumptions.")
