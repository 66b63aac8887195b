# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The card in one guest: bound, probed, forwarding by push and by interrupt, reset, killed."""
import contextlib
import json
import pathlib
import re
import time

import life
from machine import Cards, Guest, Testpmd
from step import Steps, compare, to_forward
from life import Failure

TESTPMD = ("-l 0,1 --main-lcore 0 -d /wcnic/librte_net_wcnic.so -a {bdf} -- -i --nb-cores=1 --port-topology=loop "
           "--total-num-mbufs=8192 --mbuf-size=4096 --max-pkt-len=9238 --rx-offloads=0x2000 --tx-offloads=0x8000 "
           "--no-flush-rx --disable-link-check --disable-device-start")
SLOTS = range(0x10, 0x15)  # PCI device numbers of the cards: forward, interrupt, reset, victim, trapped
GENERATE = pathlib.Path(__file__).resolve().parents[1] / "demo/generate"
LONG_FRAMES = 400000  # so many that a reset meets some under way


TELEMETRY = ("import json, socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
             "s.connect('/run/dpdk/rte/dpdk_telemetry.v2'); s.recv(4096); s.send(sys.argv[1].encode()); "
             "print(s.recv(1 << 20).decode())")


def stands_still(looks=20):
    """For Cards.forwarded(): whether the card has sent frames, and no more since so many looks. Nobody takes the frames
    that come back, so the wire stops the sender. QEMU aborts if a card vanishes while the guest stores to it, as its
    client of vfio-user reports two errors then."""
    counts = []

    def stop(totals):
        counts.append(totals["tx_frames"])
        return counts[-1] > 0 and len(counts) > looks and counts[-looks:] == counts[-1:] * looks
    return stop


class Forward(Steps):
    def go(self):
        self.step("boot", self.boot)
        self.step("bind", self.bind)
        self.step("probe", self.probe)
        self.step("window test", self.window_test)
        self.step("forward", self.forward)
        self.step("interrupts", self.interrupts)
        self.step("reset in mid-traffic", self.reset)
        self.step("unplugged", self.unplugged)
        self.step("card killed", self.killed)
        self.step("captures", self.captures)

    def boot(self):
        capture = self.lab.args.capture.resolve()
        self.build = self.lab.builds["amd64"]
        self.bdf = [f"0000:00:{slot:02x}.0" for slot in SLOTS]
        self.long = self.lab.work / "long.pcap"
        if not self.long.exists():
            life.tool([GENERATE, self.long, str(LONG_FRAMES)])
        self.cards = self.cards_start("cards", [f"pcap:in={source},out={self.folder}/{name}.pcap,timing={timing}"
                                                for name, source, timing in (("forward", capture, "full"),
                                                                             ("interrupts", capture, "capture"),
                                                                             ("reset", self.long, "full"))])
        self.victim = self.cards_start("victim", ["loopback:flow_control=on"])
        self.trapped = self.cards_start("trapped", ["sink"], "--bar2", "trapped")
        return self.guest_boot(SLOTS, self.cards.sockets + self.victim.sockets + self.trapped.sockets)

    def guest_boot(self, slots, sockets, *options, **more):
        """The guest, with the cards behind these sockets in its slots."""
        nics = []
        for idx, (slot, sock) in enumerate(zip(slots, sockets)):
            device = {"driver": "vfio-user-pci", "id": f"nic{idx}", "addr": f"{slot:#x}", "x-msg-timeout": 60000,
                      "socket": {"path": str(sock), "type": "unix"}}
            nics += ["-device", json.dumps(device)]
        command, self.row["release"] = self.lab.qemu(self.setting, *nics, *options, **more)
        self.guest = Guest(command, self.folder / "console.log")
        self.stack.callback(self.guest.close)
        self.guest.check(self.setting.prepare or "true")
        return {"kernel": self.row["release"]}

    def cards_start(self, name, ports, *options):
        cards = Cards(self.lab.builds["amd64"] / "app/wcnicd/wcnicd", self.lab.work, self.folder / f"{name}.log", ports, *options)
        self.stack.callback(cards.kill)
        return cards

    def bind(self):
        text = self.guest.check(f"dpdk-devbind.py -b {self.setting.driver} {' '.join(self.bdf)}; dpdk-devbind.py -s")
        bound = re.findall(rf"^(\S+) .*drv={self.setting.driver}", text, re.M)
        if sorted(bound) != self.bdf:
            raise Failure(f"dpdk-devbind shows {bound} bound to {self.setting.driver}, not {self.bdf}:\n{text}")

    def probe(self):
        """What wcprobe says of the card before anything else has opened it."""
        _, text = self.guest.run(f"wcprobe --open --json {self.bdf[0]} --bar 2")
        try:
            verdict = json.loads(text)
        except ValueError:
            raise Failure(f"wcprobe printed no JSON:\n{text}") from None
        return {"wcprobe": verdict}

    def window_test(self):
        """What the card says of stores: nothing where its aperture is memory, all of it where each is trapped."""
        cards = {}
        for name, bdf in (("mapped", self.bdf[0]), ("trapped", self.bdf[4])):
            status, text = self.guest.run(f"wcprobe --card-test --json {bdf} --bar 2")
            lacks = "vfio-pci" if self.setting.driver != "vfio-pci" else "IOMMU" if not self.setting.iommu else None
            if lacks:
                if status != 3 or lacks not in text:
                    raise Failure(f"without {lacks} no card can be tested, and wcprobe must say so:\n{text}")
                return {"refused": f"without {lacks}"}
            if status not in (0, 1):
                raise Failure(f"wcprobe --card-test ended with status {status}:\n{text}")
            cards[name] = json.loads(text)["card"]
        if cards["mapped"]["observable"] or cards["mapped"]["tests"]:
            raise Failure(f"a card whose aperture is memory claims to see stores: {cards['mapped']}")
        for test in cards["trapped"]["tests"]:
            if test["whole"] or test["lost"] or test["arrivals"]["8"] != 8 * test["lines"] or not test["lines"]:
                raise Failure(f"every store is trapped in pieces of 8 bytes, but the card saw {test}")
        if not cards["trapped"]["tests"]:
            raise Failure("the card that sees each store was not tested with any")
        return {"mapped": "not observable", "trapped": "8 arrivals a line", "card": cards}

    @contextlib.contextmanager
    def testpmd(self, bdf, arguments=TESTPMD, program="dpdk-testpmd"):
        """A testpmd with the port started; when it has ended all that it printed is in its `text`."""
        log = self.folder / f"testpmd-{bdf[5:].replace(':', '.')}.log"
        pmd = Testpmd(self.guest, arguments.format(bdf=bdf), program)
        try:
            pmd.say("set fwd io retry")
            pmd.say("set burst tx delay 1 retry 1000000")
            pmd.say("port start all")
            started = pmd.wait(r"port start all\n(.*\n)*testpmd> ")
            if "Fail to" in started:
                raise Failure(f"testpmd cannot start the port:\n{started[-3000:]}")
            yield pmd
            pmd.say("stop")
            pmd.say("show port xstats 0")
        except Failure:
            log.write_text(pmd.output())
            raise
        status, pmd.text = pmd.end()
        log.write_text(pmd.text)
        if status != 0:
            raise Failure(f"testpmd ended with status {status}:\n{pmd.text[-3000:]}")

    def forward(self):
        expected = to_forward(self.build, self.lab.args.capture)
        with self.testpmd(self.bdf[0]) as pmd:
            pmd.say("start")
            totals = self.cards.forwarded(0, expected)
        if totals["tx_frames"] < expected:
            raise Failure(f"{totals['tx_frames']} of {expected} frames came back:\n{pmd.text[-3000:]}")
        window = re.search(r"push windows are (\S+), rung (\S+)", pmd.text)
        self.row["rung"] = window[2] if window else "-"
        if self.row["rung"] != self.setting.rung:
            raise Failure(f"the push windows came by {self.row['rung']}, not {self.setting.rung}:\n{pmd.text[-3000:]}")
        return {"frames": totals["tx_frames"], "type": window[1], "rung": window[2], "pushed": totals["tx_pushed"]}

    def interrupts(self):
        if self.setting.no_interrupts:
            status, text = self.guest.run(f"rx_intr -l 0 -d /wcnic/librte_net_wcnic.so -a {self.bdf[1]} -- --seconds 5")
            if status == 0 or self.setting.no_interrupts not in text:
                raise Failure(f"Rx interrupts must be refused here, naming {self.setting.no_interrupts}:\n{text}")
            return {"refused": "they name " + self.setting.no_interrupts}
        expected = to_forward(self.build, self.lab.args.capture)
        text = self.guest.check(f"rx_intr -l 0 -d /wcnic/librte_net_wcnic.so -a {self.bdf[1]} -- --frames {expected} "
                                f"--seconds {life.PATIENCE_S}", life.PATIENCE_S + 60)
        return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])

    def reset(self):
        """A function-level reset that the driver did not ask for, while frames are under way."""
        with self.testpmd(self.bdf[2]) as pmd:
            pmd.say("start")
            self.cards.forwarded(2, LONG_FRAMES, stop=lambda totals: totals["tx_frames"] >= LONG_FRAMES // 20)
            self.guest.check(f"echo 1 >/sys/bus/pci/devices/{self.bdf[2]}/reset")
            at = self.cards.totals(2)["tx_frames"]
            expected = to_forward(self.build, self.long)
            totals = self.cards.forwarded(2, expected, stop=lambda totals: totals["port_in_done"] and
                                          totals["tx_frames"] + self.lost_so_far() >= expected)
        self.lost = {name: int(re.search(rf"{name}: (\d+)", pmd.text)[1])
                     for name in ("recoveries", "tx_lost", "rx_discarded")}
        if at >= LONG_FRAMES or self.lost["recoveries"] != 1:
            raise Failure(f"reset after {at} of {LONG_FRAMES} frames, {self.lost}:\n{pmd.text[-3000:]}")
        return {"at frame": at, "frames": totals["tx_frames"], **self.lost}

    def telemetry(self, command):
        """What testpmd answers; its own output is buffered."""
        text = self.guest.check(f'python3 -c "{TELEMETRY}" {command}')
        return json.loads(text.splitlines()[-1])[command.partition(",")[0]]

    def lost_so_far(self):
        """The frames that the driver has counted lost."""
        counters = self.telemetry("/ethdev/xstats,0")
        return counters["tx_lost"] + counters["rx_discarded"]

    def removed(self, pmd):
        """Waits until testpmd has heard of a removal and closed the port, which it does on another thread."""
        pmd.wait("device removal event")
        until = time.monotonic() + life.PATIENCE_S
        while self.telemetry("/ethdev/list"):
            if time.monotonic() > until:
                raise Failure(f"testpmd has not closed the port:\n{pmd.output()[-3000:]}")
            time.sleep(0.2)

    def unplugged(self):
        """The guest's kernel removes the device under traffic; the kernel waits until testpmd has closed it."""
        if self.setting.driver != "vfio-pci":
            return {"skipped": "UIO does not report a removal"}
        with self.testpmd(self.bdf[4]) as pmd:
            pmd.say("set fwd txonly")
            pmd.say("start")
            self.guest.check(f"echo 1 >/sys/bus/pci/devices/{self.bdf[4]}/remove & sleep 0")
            self.removed(pmd)
        self.guest.check(f"timeout {life.PATIENCE_S} sh -c 'while [ -e $0 ]; do sleep 0.2; done' "
                         f"/sys/bus/pci/devices/{self.bdf[4]}", life.PATIENCE_S + 60)
        return {}

    def killed(self):
        """The card does not come back: testpmd gets the removal event, closes the device and ends well."""
        # Else the kernel waits a minute for a card that is no more to come out of its reset.
        self.guest.check(f"echo >/sys/bus/pci/devices/{self.bdf[3]}/reset_method")
        with self.testpmd(self.bdf[3]) as pmd:
            pmd.say("set fwd txonly")
            pmd.say("start")
            self.victim.forwarded(0, LONG_FRAMES, stop=stands_still())
            self.victim.kill()
            self.removed(pmd)

    def captures(self):
        self.guest.close()
        self.cards.end()
        results = {}
        names = ("forward",) if self.setting.no_interrupts else ("forward", "interrupts")
        for name in names:
            verdict = compare(self.build, self.lab.args.capture, self.folder / f"{name}.pcap")
            results[name] = verdict
            wrong = {key: verdict[key] for key in ("lost", "altered", "duplicated", "reordered") if verdict[key]}
            if wrong:
                raise Failure(f"{name}: of {verdict['packets_in']} frames {wrong}")
        verdict = results["reset"] = compare(self.build, self.long, self.folder / "reset.pcap")
        wrong = {key: verdict[key] for key in ("altered", "duplicated") if verdict[key]}
        if wrong:
            raise Failure(f"after a reset in mid-traffic: of {verdict['packets_in']} frames {wrong}")
        if verdict["lost"] > self.lost["tx_lost"] + self.lost["rx_discarded"]:
            raise Failure(f"after a reset {verdict['lost']} frames are missing, but the driver counts {self.lost}")
        return {**results, "equal": " and ".join(names), "lost in the reset": verdict["lost"]}
