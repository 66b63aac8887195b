# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The card that Amazon's drivers bind to, in one guest: stock net_ena of DPDK in all its kinds of queues, under wcrun and
without it, reset and killed; stock Linux ena, two cards on a wire."""
import json
import re
import time

import life
import settings
import toeplitz
from forward import GENERATE, LONG_FRAMES, Forward, stands_still
from life import Failure
from linux_ena import LinuxEna
from step import compare, to_forward
from tables import Arm64Types, X86Types
from wcrun import COMBINING, UNCACHED

MTU = 9000
LONGEST = MTU + 14  # of the frames that are forwarded
RSS_FRAMES, RSS_RING = 96, 128
# Before the driver has told the card of its key and table, frames fill the first queue, and then that of their hash.
RSS_EARLY = 3 * RSS_RING
RINGS = 2 * 1024  # frames in those of a queue
# net_ena's words, before DPDK 24.11 and since: for LLQ of 256 bytes, for none, and where VFIO gives no interrupts.
ABI_24_11 = 25
OLD_WORDS = {"large": "large_llq_hdr=1", "off": "enable_llq=0", "no MSI-X": ""}
NEW_WORDS = {"large": "llq_policy=3", "off": "llq_policy=0", "no MSI-X": ",control_path_poll_interval=100"}
PMD = ("-l 0,1 --main-lcore 0 -a {bdf}{devargs} -- -i --nb-cores=1 --port-topology=loop --total-num-mbufs=8192 "
       "--mbuf-size={mbuf} --max-pkt-len=%d --rx-offloads=0x2000 --tx-offloads=0x8000 --no-flush-rx --disable-link-check "
       "--disable-device-start --rxq={queues} --txq={queues} {more}" % (LONGEST + 4))
LARGE_BUFFER, SMALL_BUFFER = 9472, 1536  # of which DPDK keeps 128 bytes; net_ena takes none below 1400
# The cards: their slot, their port, and how wcnicd makes them.
FORWARDED = ("llq-128", "llq-256", "host")
ORDER = (*FORWARDED, "interrupts", "rss", "reset", "wire-a", "wire-b")  # of those in one process
# The plugin watches the first.
SLOTS = {name: 0x10 + idx for idx, name in enumerate(("victim", *ORDER))}


def words(folder):
    """By the DPDK that is in the guest, whose drivers are in this folder. Its release depends on the machine's."""
    return NEW_WORDS if int(re.match(r"pmds-(\d+)\.", folder)[1]) >= ABI_24_11 else OLD_WORDS


class Ena(Forward):
    def go(self):
        self.step("boot", self.boot)
        if self.setting.net_ena:
            self.step("bind", self.bind_net_ena)
            self.step("LLQ of 128 bytes", self.llq_128)
            self.step("LLQ of 256 bytes, 4 queues, several buffers", self.llq_256)
            self.step("queues in host memory", self.host)
            self.step("interrupts", self.interrupts)
            self.step("RSS", self.rss)
            self.step("reset in mid-traffic", self.reset)
            self.step("wcrun", self.wcrun)
        for name, work in LinuxEna(self.guest, self.cards, self.bdf["wire-a"], self.bdf["wire-b"], self.card_of).steps():
            self.step(f"Linux: {name}", work)
        if self.setting.net_ena:
            self.step("card killed", self.killed)
            self.step("captures", self.captures)
        else:
            self.guest.close()
            self.cards.end()

    def card_of(self, name):
        """Its number among self.cards."""
        return ORDER.index(name)

    # ---- the machine -----------------------------------------------------------------------------

    def boot(self):
        self.build = self.lab.builds["amd64"]
        self.bdf = {name: f"0000:00:{slot:02x}.0" for name, slot in SLOTS.items()}
        self.capture, self.long, rss = (self.lab.work / f"ena-{name}.pcap" for name in ("short", "long", "rss"))
        life.tool([GENERATE, self.capture, "1000", str(LONGEST)])
        life.tool([GENERATE, self.long, str(LONG_FRAMES // 4), str(LONGEST)])
        self.flows = toeplitz.capture(rss, RSS_EARLY, RSS_FRAMES)
        inputs = {**dict.fromkeys((*FORWARDED, "interrupts"), self.capture), "rss": rss, "reset": self.long}
        ports = [f"pcap:in={inputs[name]},out={self.folder}/{name}.pcap,timing={'capture' if name == 'interrupts' else 'full'}"
                 if name in inputs else "wire" for name in ORDER]
        self.cards = self.cards_start("cards", ports, "--card", "ena")
        self.victim = self.cards_start("victim", ["loopback"], "--card", "ena:fault=tx_completions")
        x86 = self.setting.arch == "amd64"
        self.types = X86Types(self.lab.work) if x86 else Arm64Types(self.lab.work.resolve() / "stores.txt")
        return self.guest_boot(SLOTS.values(), self.victim.sockets + self.cards.sockets, *self.types_options(),
                               extra=self.lab.inside)

    def types_options(self):
        """QEMU's, for the memory types to be read."""
        if self.setting.arch == "amd64":
            return self.types.options()
        return self.plugin("device=1d0f:ec20", f"trace={self.types.trace}", folder=self.lab.work)

    def bind_net_ena(self):
        """Those that Linux does not get."""
        mine = [bdf for name, bdf in self.bdf.items() if not name.startswith("wire")]
        text = self.guest.check(f"dpdk-devbind.py -b vfio-pci {' '.join(mine)}; dpdk-devbind.py -s")
        bound = re.findall(r"^(\S+) .*drv=vfio-pci", text, re.M)
        if sorted(bound) != mine:
            raise Failure(f"dpdk-devbind shows {bound} bound to vfio-pci, not {mine}:\n{text}")
        folder = self.guest.check("cd /usr/lib/*/dpdk; echo pmds-*").strip()
        self.words = words(folder)
        return {"DPDK": folder}

    # ---- forwarding ------------------------------------------------------------------------------

    def pmd(self, name, devarg="", mbuf=LARGE_BUFFER, queues=1, more="", program="dpdk-testpmd"):
        """testpmd over that card."""
        more_devargs = self.words["no MSI-X"] if self.setting.no_interrupts else ""
        arguments = PMD.format(bdf="{bdf}", devargs=(f",{devarg}" if devarg else "") + more_devargs, mbuf=mbuf,
                               queues=queues, more=more)
        return self.testpmd(self.bdf[name], arguments, program)

    def forwarded(self, name, **options):
        """The capture through that card; its counters."""
        expected = to_forward(self.build, self.capture)
        with self.pmd(name, **options) as pmd:
            pmd.say(f"port config mtu 0 {MTU}")
            pmd.say("start")
            totals = self.cards.forwarded(self.card_of(name), expected)
        if totals["tx_frames"] != expected or "MTU failed" in pmd.text:
            raise Failure(f"{totals['tx_frames']} of {expected} frames came back: {totals}\n{pmd.text[-3000:]}")
        return totals, {"frames": totals["tx_frames"], "pushed": totals["tx_pushed"], "LLQ entries": totals["tx_llq_entries"]}

    def up_to(self, length):
        """How many frames of the capture are not longer."""
        return to_forward(self.build, self.capture, length)

    def llq_128(self):
        totals, result = self.forwarded("llq-128")
        return self.pushed(totals, result, 96)

    def llq_256(self):
        """A ring half as deep, as the driver of 22.11 does not make it so by itself. Frames come in several buffers."""
        totals, result = self.forwarded("llq-256", devarg=self.words["large"], mbuf=SMALL_BUFFER, queues=4,
                                        more="--txd=512")
        return self.pushed(totals, result, 224)

    def pushed(self, totals, result, header):
        """An entry holds so many bytes of a frame. What is not longer is pushed whole, what is longer in part."""
        wanted = self.up_to(header)
        if totals["tx_pushed"] != wanted or totals["tx_llq_entries"] < totals["tx_frames"]:
            raise Failure(f"entries hold {header} bytes, so {wanted} frames must be pushed whole: {totals}")
        return result

    def host(self):
        """No LLQ, by the driver's argument."""
        off = self.words["off"]
        totals, result = self.forwarded("host", devarg=off, mbuf=SMALL_BUFFER)
        if totals["tx_llq_entries"] != 0:
            raise Failure(f"with {off} the card took entries of the LLQ: {totals}")
        return result

    def interrupts(self):
        """A program that sleeps between frames, for each of its own DPDK; else there is none."""
        self.equal = [*FORWARDED]
        if self.setting.user != "user":
            return {"skipped": "rx_intr is built for the DPDK of this machine"}
        self.equal.append("interrupts")
        expected = to_forward(self.build, self.capture)
        text = self.guest.check(f"rx_intr -l 0 -a {self.bdf['interrupts']} -- --frames {expected} --seconds {life.PATIENCE_S}",
                                life.PATIENCE_S + 60)
        return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])

    # ---- RSS -------------------------------------------------------------------------------------

    def rss(self):
        """Hash and queue of each frame are those of the definition, with the key and the table that the driver shows."""
        if not toeplitz.published():
            raise Failure("tests/guest/toeplitz.py does not give the published hashes")
        commands = (f"port config 0 rss-hash-key ipv4-tcp {toeplitz.KEY.hex()}", "port config all rss all",
                    "show port 0 rss-hash key", "show port 0 rss reta 128 (0xffffffffffffffff,0xffffffffffffffff)",
                    "set fwd rxonly", "set verbose 1", "start")
        with self.pmd("rss", queues=4, more=f"--rss-udp --rxd={RSS_RING}") as pmd:
            for command in commands:
                pmd.say(command)
            self.until(lambda: self.received() == RSS_EARLY + RSS_FRAMES, "all frames are received")
        return self.rss_check(pmd.printed())

    def received(self):
        """By the driver's own count."""
        return sum(count for name, count in self.telemetry("/ethdev/xstats,0").items() if re.fullmatch(r"rx_q\d+_cnt", name))

    @staticmethod
    def until(condition, what):
        end = time.monotonic() + life.PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise Failure(f"not within {life.PATIENCE_S} s: {what}")
            time.sleep(0.2)

    def rss_check(self, text):
        key = re.search(r"RSS key:\s+([0-9A-Fa-f]{80})\s", text)
        if key is None or bytes.fromhex(key[1]) != toeplitz.KEY:
            raise Failure(f"the driver shows the key {key and key[1]}, {toeplitz.KEY.hex()} was set:\n{text[-3000:]}")
        table = dict((int(idx), int(queue)) for idx, queue in re.findall(r"hash index=(\d+), queue=(\d+)", text))
        if len(table) != 128:
            raise Failure(f"the driver shows a table of {len(table)} entries, not 128")
        seen = {int(number.replace(":", ""), 16): (int(hashed, 16), int(queue, 16)) for number, hashed, queue in re.findall(
            r"src=02:00:((?:\w\w:){3}\w\w) .*?RSS hash=(0x\w+) - RSS queue=(0x\w+)", text, re.I)}
        for number, what in enumerate(self.flows):
            wanted = toeplitz.flow(toeplitz.KEY, *what[:4])
            if seen.get(number) != (wanted, table[wanted % len(table)]):
                raise Failure(f"frame {number} of {what} has hash and queue {seen.get(number)}, not "
                              f"{wanted:#x} and {table[wanted % len(table)]}")
        return {"frames": len(seen), "queues": len({queue for _, queue in seen.values()})}

    # ---- resets and ends -------------------------------------------------------------------------

    def reset(self):
        """The port is reset while frames are under way, and goes on: what was in its rings is lost, and no more."""
        card = self.card_of("reset")
        self.expected = to_forward(self.build, self.long)
        with self.pmd("reset") as pmd:
            pmd.say("start")
            self.cards.forwarded(card, self.expected, stop=lambda totals: totals["tx_frames"] >= self.expected // 20)
            pmd.say("stop")
            pmd.say("port stop 0")
            pmd.wait(r"port stop 0\n(.*\n)*testpmd> ")
            at = self.cards.totals(card)  # nothing moves
            for command in ("port reset 0", "port start 0", "start"):
                pmd.say(command)
            self.lost = at["rx_frames"] - at["tx_frames"]
            totals = self.cards.forwarded(card, self.expected, stop=lambda totals: totals["port_in_done"] and
                                          totals["tx_frames"] + self.lost >= totals["rx_frames"])
        if at["port_in_done"] or self.lost > RINGS or totals["tx_frames"] + self.lost != totals["rx_frames"]:
            raise Failure(f"reset at {at}, {self.lost} frames lost there, in the end {totals}:\n{pmd.text[-3000:]}")
        return {"at frame": at["tx_frames"], "frames": totals["tx_frames"], "lost": self.lost}

    def wcrun(self):
        """Under wcrun BAR 2 is write-combining and BAR 0 is not; without it neither is."""
        arch, bdf = self.setting.arch, self.bdf["victim"]
        combines, _ = settings.WCRUN[arch, self.setting.kernel, "iomem=relaxed" in self.setting.append]
        plain, wrapped = UNCACHED[arch], COMBINING[arch] if combines else UNCACHED[arch]
        text = self.guest.check(f"sed -n '1p;3p' /sys/bus/pci/devices/{bdf}/resource")
        bars = [(first, last - first + 1) for first, last, _ in ([int(word, 16) for word in line.split()] for line in
                                                                 text.splitlines())]
        for program, wanted in (("dpdk-testpmd", plain), ("wcrun --json /run/wcrun.json -- dpdk-testpmd", wrapped)):
            since = self.types.now()
            with self.pmd("victim", program=program) as pmd:
                pmd.say("set fwd io")  # without retries, as this card completes nothing
                pmd.say("start tx_first 1")
                found = self.types_of(bars, since)
            if found != [{wanted}, {plain}]:
                raise Failure(f"{program}: BAR 2 and BAR 0 are {found}, not {wanted} and {plain}:\n{pmd.text[-2000:]}")
        return {"BAR 2": f"{plain}, under wcrun {wrapped}", "BAR 0": plain}

    def types_of(self, bars, since):
        """Of BAR 2 and BAR 0."""
        if self.setting.arch == "amd64":
            return self.types.see(bars[::-1])
        return [*self.types.see(bars[1:], since), self.types.registers(since)]

    def killed(self):
        """The card completes no frame, so that the sender comes to a stand: see stands_still(). Then it is killed, and does
        not come back: the driver says so, and testpmd ends."""
        self.guest.check(f"echo >/sys/bus/pci/devices/{self.bdf['victim']}/reset_method")
        with self.pmd("victim") as pmd:
            pmd.say("set fwd txonly")
            pmd.say("start")
            self.victim.forwarded(0, LONG_FRAMES, stop=stands_still())
            self.victim.kill()
            pmd.say("stop")
            pmd.say("port stop 0")
        said = re.search(r"didn't send a completion.*|Wait for completion.*timeout.*", pmd.text)
        if said is None:
            raise Failure(f"the driver says nothing of a card that is no more:\n{pmd.text[-3000:]}")
        return {"said": said[0]}

    def captures(self):
        self.guest.close()
        self.cards.end()
        for name in self.equal:
            verdict = compare(self.build, self.capture, self.folder / f"{name}.pcap")
            self.wrong(name, verdict, "lost", "altered", "duplicated", "reordered")
        verdict = compare(self.build, self.long, self.folder / "reset.pcap")
        self.wrong("reset", verdict, "altered", "duplicated")
        if verdict["lost"] != self.lost:
            raise Failure(f"after a reset {verdict['lost']} frames are missing, {self.lost} were in the rings")
        return {"equal": " and ".join(self.equal), "lost in the reset": self.lost}

    @staticmethod
    def wrong(name, verdict, *counts):
        wrong = {key: verdict[key] for key in counts if verdict[key]}
        if wrong:
            raise Failure(f"{name}: of {verdict['packets_in']} frames {wrong}")
