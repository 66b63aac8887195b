# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""dpdk-testpmd: its forwarding modes, and the commands that set what a NIC does."""
import re

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import frames
from dpdk import Failure
from rig import expect, same, until

CHECKS = {}
LOOP = ("--port-topology=loop",)
JUMBO = ("--max-pkt-len=9238", "--rx-offloads=0x2000", "--tx-offloads=0x8000")
MARK = frames.udp(65535)  # the last frame of each series: when it is out, all before it were looked at


def check(name):
    def register(function):
        CHECKS[name] = function
        return function
    return register


def loop(rig, sent, *args, before=(), commands=(), **options):
    """One card: what its capture gives goes to testpmd, and out again. Returns testpmd and the port."""
    port = rig.port(sent)
    # The capture plays when the port starts, and a stop drops what came: what needs a stopped port comes before.
    pmd = rig.testpmd(rig.vdevs(port), *LOOP, "--disable-device-start", *args, **options)
    pmd.must(*before, "port start 0", *commands)
    pmd.tell("start")
    return pmd, port


def wired(rig, sent, *args, before=(), commands=(), start=True, **options):
    """Frames that come by a wire to port 2, after all commands. Port 0 plays them, port 1 puts them on the wire, port 3
    records what testpmd forwards. Returns testpmd and the recording port."""
    source = rig.port([*sent, MARK])
    wire, _ = rig.cards("wire", "wire", first=1)
    sink = rig.port()
    devices = rig.vdevs(source) + wire + rig.vdevs(sink, first=3)
    # Promiscuous before it starts: port 0 has its frames at once.
    pmd = rig.testpmd(devices, "--port-topology=paired", "--disable-device-start", *args, **options)
    pmd.must(*before, "port start all", *commands)
    if start:
        pmd.tell("start")
    return pmd, sink


def until_mark(port, pmd):
    """All that came out before the last frame of the series."""
    def marked():
        got = port.sent()
        return got if got and got[-1][42:46] == MARK[42:46] else None
    return until(marked, f"the last frame at port {port.number}", pmd)[:-1]


def wanted(sent, keep):
    return [frame for frame in sent if keep(frame)]


@check("testpmd mac")
def mac(rig):
    """Each forwarded frame has testpmd's addresses."""
    sent = frames.plain(200)
    pmd, port = loop(rig, sent, commands=["set fwd mac"])
    mac_address = pmd.ask("/ethdev/info,0")["mac_addr"]
    got = port.wait(len(sent), pmd)
    pmd.quit()
    same([frame[6:] for frame in got], [bytes.fromhex(mac_address.replace(":", "")) + frame[12:] for frame in sent], "out")
    return {"frames": len(got)}


def judge_checksums(got, sent):
    expect(len(got) == len(sent), f"{len(got)} frames came out, not {len(sent)}")
    for number, frame in enumerate(got):
        wrong = frames.wrong_checksums(frame)
        expect(not wrong, f"frame {number} came out with wrong checksums {wrong}: {Ether(frame).summary()}")


@check("testpmd csum, by the CPU")
def csum_sw(rig):
    """Checksums by the CPU: the card sees only the hints of what a packet is."""
    # testpmd has no code for SCTP's.
    sent = [frame for name, frame in frames.l4_kinds().items() if "sctp" not in name]
    pmd, port = loop(rig, sent, commands=["set fwd csum"])
    got = port.wait(len(sent), pmd)
    pmd.quit()
    judge_checksums(got, sent)
    return {"frames": len(got)}


@check("testpmd csum")
def csum(rig):
    """The card computes all checksums of frames that came with wrong ones."""
    kinds = frames.l4_kinds()
    sent = [frames.spoil(frame, frames.IP, frames.UDP, frames.TCP, frames.SCTP) for frame in kinds.values()] * 10
    pmd, port = loop(rig, sent, before=[f"csum set {layer} hw 0" for layer in ("ip", "udp", "tcp", "sctp")],
                     commands=["set fwd csum"])
    got = port.wait(len(sent), pmd)
    pmd.quit()
    judge_checksums(got, sent)
    return {"frames": len(got), "kinds": len(kinds)}


@check("testpmd --enable-rx-cksum")
def rx_checksum(rig):
    """testpmd counts the frames that the card reports to have wrong checksums."""
    good = list(frames.l4_kinds().values())
    bad_ip = [frames.spoil(frame, frames.IP) for frame in good if IP in Ether(frame)]
    bad_l4 = [frames.spoil(frame, frames.UDP, frames.TCP, frames.SCTP) for frame in good]
    sent = good + bad_ip + bad_l4
    pmd, port = loop(rig, sent, "--enable-rx-cksum", commands=["set fwd csum"])
    port.wait(len(sent), pmd)
    text = pmd.tell("stop")
    pmd.quit()
    found = re.search(r"Bad-ipcsum: (\d+)\s+Bad-l4csum: (\d+)", text)
    expect(found and (int(found[1]), int(found[2])) == (len(bad_ip), len(bad_l4)),
           f"testpmd counted {found and found[0]}, not {len(bad_ip)} and {len(bad_l4)}", pmd)
    return {"wrong IPv4": len(bad_ip), "wrong L4": len(bad_l4)}


@check("testpmd tso")
def tso(rig):
    """The card cuts long TCP frames; scapy judges headers and checksums, and the payloads must join again."""
    segment, size, count = 800, 4000, 20
    sent = []
    for number in range(count):
        ip = IP(src="192.0.2.1", dst="198.51.100.1", id=1000 * number) if number % 2 else \
            IPv6(src="2001:db8::1", dst="2001:db8::2")
        sent.append(bytes(frames.ether() / ip / TCP(sport=1024 + number, dport=80, seq=1 + number, flags="PA")
                          / frames.noise(size)))
    pmd, port = loop(rig, sent, *JUMBO, before=["csum set ip hw 0", "csum set tcp hw 0", f"tso set {segment} 0"],
                     commands=["set fwd csum"])
    got = port.wait(count * size // segment, pmd)
    pmd.quit()
    streams = {}
    for frame in got:
        packet = Ether(frame)
        wrong = frames.wrong_checksums(frame)
        expect(not wrong, f"a segment has wrong checksums {wrong}: {packet.summary()}")
        streams.setdefault(packet[TCP].sport, []).append(packet)
    for number, frame in enumerate(sent):
        whole, parts = Ether(frame), streams.get(1024 + number, [])
        at, data = whole[TCP].seq, b""
        for idx, part in enumerate(parts):
            last = idx == len(parts) - 1
            expect(part[TCP].seq == at + len(data), f"segment {idx} of frame {number} has sequence number {part[TCP].seq}")
            expect(part[TCP].flags == ("PA" if last else "A"), f"segment {idx} of frame {number} has flags {part[TCP].flags}")
            if IP in part:
                expect(part[IP].id == whole[IP].id + idx, f"segment {idx} of frame {number} has the IP id {part[IP].id}")
            data += bytes(part[TCP].payload)[:segment]
        expect(data == bytes(whole[TCP].payload), f"the {len(parts)} segments of frame {number} are not its payload")
    return {"frames": count, "segments": len(got)}


TAGGED = [frames.udp(number, link=frames.ether(tags=tags)) for number, tags in
          enumerate([(), (5,), (6,), (7, 8), (5, 6), ()] * 10)]


@check("testpmd vlan strip")
def vlan_strip(rig):
    """The outer tag, of either kind, is taken off; verbose output shows it."""
    pmd, port = loop(rig, TAGGED, "--enable-hw-vlan-strip", commands=["set verbose 1"])
    got = port.wait(len(TAGGED), pmd)
    pmd.tell("stop")
    pmd.quit()
    same([frames.tags(frame) for frame in got],
         [frames.tags(frame)[1:] for frame in TAGGED], "tags out")
    shown = [int(tag, 16) & 0xFFF for tag in re.findall(r"VLAN tci=(0x[0-9a-f]+)", pmd.text)]
    same(shown, [frames.tags(frame)[0] for frame in TAGGED if frames.tags(frame)], "tags in mbufs")
    return {"frames": len(got), "stripped": len(shown)}


@check("testpmd qinq strip")
def qinq_strip(rig):
    """Both tags are taken off."""
    sent = [frames.udp(number, link=frames.ether(tags=tags)) for number, tags in enumerate([(7, 8), (5, 6), ()] * 10)]
    pmd, port = loop(rig, sent, "--enable-hw-vlan-strip", "--enable-hw-qinq-strip", commands=["set verbose 1"])
    got = port.wait(len(sent), pmd)
    pmd.tell("stop")
    pmd.quit()
    same([frames.tags(frame) for frame in got], [[] for _ in sent], "tags out")
    shown = [(int(inner, 16), int(outer, 16)) for inner, outer in
             re.findall(r"QinQ VLAN tci=(0x[0-9a-f]+), VLAN tci outer=(0x[0-9a-f]+)", pmd.text)]
    same(shown, [(tags[1], tags[0]) for tags in map(frames.tags, sent) if tags], "tags in mbufs")
    return {"frames": len(got), "stripped": len(shown)}


@check("testpmd tx_vlan")
def vlan_insert(rig):
    """The card puts a tag on."""
    sent = frames.plain(100)
    pmd, port = loop(rig, sent, before=["tx_vlan set 0 100"], commands=["set fwd mac"])
    got = port.wait(len(sent), pmd)
    pmd.quit()
    same([frames.tags(frame) for frame in got], [[100] for _ in sent], "tags out")
    same([frame[16:] for frame in got], [frame[12:] for frame in sent], "the rest")
    return {"frames": len(got)}


@check("testpmd vlan filter")
def vlan_filter(rig):
    """Of tagged frames only those of VLAN 5 come in; then also 6."""
    pmd, port = wired(rig, TAGGED, commands=["vlan set filter on 2", "rx_vlan add 5 2"])
    got = until_mark(port, pmd)
    pmd.quit()
    same(got, wanted(TAGGED, of_vlan_5), "out")
    return {"frames": len(TAGGED), "passed": len(got)}


def of_vlan_5(frame):
    """Untagged, or its outer tag, of either kind, is of VLAN 5."""
    return frames.tags(frame)[:1] in ([], [5])


@check("testpmd vlan filter, strip and qinq strip")
def hw_vlan(rig):
    """All at once. (--enable-hw-vlan asks for VLAN_EXTEND as well, which the card does not have.)"""
    source, sink = rig.port([*TAGGED, MARK]), rig.port()
    wire, _ = rig.cards("wire", "wire", first=1)
    pmd = rig.testpmd(wire[2:] + rig.vdevs(sink, first=3), "--enable-hw-vlan-filter", "--enable-hw-vlan-strip",
                      "--enable-hw-qinq-strip")
    pmd.must("rx_vlan add 5 0")
    pmd.tell("start")
    feeder = rig.testpmd(rig.vdevs(source) + wire[:2])  # the options are for all ports of a testpmd
    feeder.tell("start")
    got = until_mark(sink, pmd)
    feeder.quit()
    pmd.quit()
    passed = wanted(TAGGED, of_vlan_5)
    same(got, [frame[:12] + frame[12 + 4 * len(frames.tags(frame)):] for frame in passed], "out")
    return {"frames": len(TAGGED), "passed": len(got)}


def to(address, number):
    return frames.udp(number, link=frames.ether(dst=address))


@check("testpmd mac_addr")
def mac_addr(rig):
    """Without promiscuous mode the card takes its own address, those added, and broadcasts."""
    added, removed, other = "02:11:11:11:11:11", "02:22:22:22:22:22", "02:33:33:33:33:33"
    sent = [to((added, removed, other, "ff:ff:ff:ff:ff:ff")[number % 4], number) for number in range(100)]
    pmd, port = wired(rig, sent, commands=["set promisc 2 off", f"mac_addr add 2 {added}", f"mac_addr add 2 {removed}",
                                           f"mac_addr remove 2 {removed}"])
    shown = pmd.tell("show port 2 macs")
    got = until_mark(port, pmd)
    pmd.quit()
    expect(added in shown.lower() and removed not in shown.lower(), f"testpmd shows other addresses:\n{shown}")
    same(got, [frame for number, frame in enumerate(sent) if number % 4 in (0, 3)], "out")
    return {"frames": len(sent), "passed": len(got)}


@check("testpmd mcast_addr")
def mcast_addr(rig):
    """Of multicasts it takes those added."""
    added, removed, other = "01:00:5e:00:00:01", "01:00:5e:00:00:02", "33:33:00:00:00:03"
    sent = [to((added, removed, other)[number % 3], number) for number in range(90)]
    pmd, port = wired(rig, sent, commands=["set promisc 2 off", "set allmulti 2 off", f"mcast_addr add 2 {added}",
                                           f"mcast_addr add 2 {removed}", f"mcast_addr remove 2 {removed}"])
    got = until_mark(port, pmd)
    pmd.quit()
    same(got, [frame for number, frame in enumerate(sent) if number % 3 == 0], "out")
    return {"frames": len(sent), "passed": len(got)}


@check("testpmd flow")
def flow(rig):
    """Rules drop, count, steer and mark; without them all frames pass again."""
    ports = [frames.udp(number, dport=(53, 80, 443, 4000)[number % 4]) for number in range(80)]
    pmd, port = wired(rig, ports, "--rxq=2", "--txq=2", start=False, commands=[
        "flow validate 2 ingress pattern eth / ipv4 / udp dst is 53 / end actions drop / end"])
    for dport, actions in ((53, "count / drop"), (80, "count / queue index 1"), (443, "mark id 0x1234 / queue index 0")):
        text = pmd.tell(f"flow create 2 ingress pattern eth / ipv4 / udp dst is {dport} / end actions {actions} / end")
        expect("created" in text, f"the rule for port {dport} was not created:\n{text}")
    pmd.must("set verbose 1")
    pmd.tell("start")
    passed = [frame for number, frame in enumerate(ports) if number % 4] + [MARK]
    port.wait(len(passed), pmd)  # of two queues, so that the last frame may come earlier
    pmd.tell("stop")
    got = port.sent()
    same(sorted(got), sorted(passed), "out")
    for rule, hits in ((0, 20), (1, 20)):
        text = pmd.tell(f"flow query 2 {rule} count")
        expect(re.search(rf"hits: {hits}\b", text), f"rule {rule} counts other than {hits} hits:\n{text}")
    marks = re.findall(r"FDIR matched ID=0x([0-9a-f]+)", pmd.text)
    expect(len(marks) == 20 and set(marks) == {"1234"}, f"{len(marks)} frames were marked: {set(marks)}", pmd)
    listed = pmd.tell("flow list 2")
    expect(len(re.findall(r"^\d+\t", listed, re.M)) == 3, f"not three rules:\n{listed}")
    pmd.must("flow destroy 2 rule 1", "flow flush 2")
    expect(not re.findall(r"^\d+\t", pmd.tell("flow list 2"), re.M), "rules are left after a flush", pmd)
    pmd.quit()
    return {"frames": len(ports), "dropped": len(ports) + 1 - len(got), "marked": len(marks)}


@check("testpmd txonly")
def txonly(rig):
    """Nobody polls the other end of the wire; the sender must not stop."""
    devices, _ = rig.cards("wire", "wire")
    pmd = rig.testpmd(devices, "--port-topology=paired", "--rxd=512", "--txd=512")
    pmd.must("set fwd txonly")
    pmd.tell("start")
    first = until(lambda: sent_by(pmd) > 100000 and sent_by(pmd), "100000 frames", pmd)
    second = until(lambda: sent_by(pmd) > first + 100000 and sent_by(pmd), "100000 more frames", pmd)
    pmd.tell("stop")
    missed = sum(pmd.ask(f"/ethdev/stats,{port}")["imissed"] for port in range(2))
    pmd.quit()
    expect(missed > 0, "frames went to a port that nobody polls, and it missed none", pmd)
    return {"frames": second, "missed": missed}


def sent_by(pmd):
    return sum(pmd.ask(f"/ethdev/stats,{port}")["opackets"] for port in range(2))


@check("testpmd queue stop, start")
def queues(rig):
    """A stopped queue stands still, and goes on when it is started."""
    sent = frames.plain(100)
    pmd, port = wired(rig, sent, start=False, commands=["port 2 rxq 0 stop", "port 3 txq 0 stop"])
    for queue in ("rxq info 2 0", "txq info 3 0"):
        text = pmd.tell(f"show {queue}")
        expect(re.search(r"queue state: stopped", text, re.I), f"show {queue} says:\n{text}")
    pmd.must("port 2 rxq 0 start", "port 3 txq 0 start")
    pmd.tell("start")
    got = until_mark(port, pmd)
    pmd.quit()
    same(got, sent, "out")
    return {"frames": len(got)}


@check("testpmd port cleanup")
def cleanup(rig):
    """Frees the mbufs of frames that are sent; those that testpmd's look at the statistics has left."""
    sent = frames.plain(100)
    pmd, port = loop(rig, sent)
    port.wait(len(sent), pmd)
    pmd.tell("stop")
    text = pmd.tell("port cleanup 0 txq 0 0")
    pmd.quit()
    expect(re.search(r"Cleanup port 0 Tx queue 0 mbuf nums: \d+", text), f"testpmd answered:\n{text}")
    return {"frames": len(sent)}


@check("testpmd set link-down, link-up")
def link(rig):
    """The link goes down with an event, no frame passes, and comes up again."""
    sent = frames.plain(100)
    pmd, port = wired(rig, sent, start=False)
    pmd.must("set link-down port 2")
    pmd.wait("Port 2: link state change event")
    expect("Link status: down" in pmd.tell("show port info 2"), "the link of port 2 is not down", pmd)
    pmd.must("set link-up port 2")
    pmd.wait("Port 2: link state change event")
    expect("Link status: up" in pmd.tell("show port info 2"), "the link of port 2 is not up", pmd)
    pmd.tell("start")
    got = until_mark(port, pmd)
    pmd.quit()
    same(got, sent, "out")
    return {"frames": len(got)}


@check("testpmd port config mtu")
def mtu(rig):
    """On a running port, down and up again; then long frames pass."""
    sent = frames.plain(50, 3000)
    pmd, port = wired(rig, sent, "--mbuf-size=4096", "--max-pkt-len=3518", start=False,
                      commands=["port config mtu 2 1500"])
    expect("MTU: 1500" in pmd.tell("show port info 2"), "the MTU of port 2 is not 1500", pmd)
    pmd.must("port config mtu 2 3500")
    pmd.tell("start")
    got = until_mark(port, pmd)
    pmd.quit()
    same(got, sent, "out")
    return {"frames": len(got), "bytes": 3000}
