# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Frames with requests, sent by the driver into a card that records them; judged by scapy.

Usage: test_offload.py PROGRAM (tests/offload/offload_send). What the card should make of each frame
is computed by scapy alone: checksums, VLAN tags, and segments as Linux makes them.
"""
import logging
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

logging.getLogger("scapy").setLevel(logging.ERROR)
try:
    from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP, IPOption_Timestamp
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, in6_chksum
    from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
    from scapy.layers.sctp import SCTP, SCTPChunkData
    from scapy.packet import Raw
    from scapy.utils import RawPcapReader
except ImportError:
    sys.exit(77)  # skipped: python3-scapy is not installed

SEED = 20261129
VLAN, IPV6, IPV4, IP_CKSUM = 1 << 57, 1 << 56, 1 << 55, 1 << 54
TCP_CKSUM, SCTP_CKSUM, UDP_CKSUM = 1 << 52, 2 << 52, 3 << 52
TCP_SEG, UDP_SEG = 1 << 50, 1 << 42
L4_CKSUM = {TCP: TCP_CKSUM, UDP: UDP_CKSUM, SCTP: SCTP_CKSUM}
WAYS = ("placement=fetch", "placement=push", "placement=push,packed=0",
        "placement=push,slot_lines=1", "placement=push,packed=0,slot_lines=1",
        "placement=push,slot_lines=16")
ETHER = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
FIN, PSH, CWR = 0x01, 0x08, 0x80


class Case:
    """A frame as the host has it, its request, and the frames that should come out."""

    def __init__(self, sent, expected, flags, lens=(0, 0, 0), mss=0, tci=0, cut=2000):
        self.sent, self.expected, self.flags = sent, expected, flags
        self.lens, self.mss, self.tci, self.cut = lens, mss, tci, cut
        if flags & VLAN:
            self.expected = [frame[:12] + b"\x81\x00" + tci.to_bytes(2, "big") + frame[12:] for frame in expected]

    def line(self):
        numbers = " ".join(map(str, (*self.lens, self.mss, self.tci, self.cut)))
        return f"{self.flags:x} {numbers} {self.sent.hex()}\n"


def headers_of(packet):
    """Lengths of layers 2, 3 and 4, and the class of layer 4."""
    l3 = packet[IP] if IP in packet else packet[IPv6]
    kind = next(kind for kind in (TCP, UDP, SCTP) if kind in packet)
    l2_bytes = len(packet) - len(l3)
    l4_bytes = packet[TCP].dataofs * 4 if kind is TCP else 8 if kind is UDP else 12
    return (l2_bytes, len(l3) - len(packet[kind]), l4_bytes), kind


def built(packet):
    """With every length and checksum as scapy computes it."""
    return Ether(bytes(packet))


def garbled(packet, lens, kind, rng, ipv4):
    """With anything in the checksums that are asked for."""
    frame = bytearray(bytes(packet))
    l4 = lens[0] + lens[1]
    at, size = {TCP: (16, 2), UDP: (6, 2), SCTP: (8, 4)}[kind]
    frame[l4 + at:l4 + at + size] = rng.randbytes(size)
    if ipv4:
        frame[lens[0] + 10:lens[0] + 12] = rng.randbytes(2)
    return bytes(frame)


def layer2(rng):
    return rng.choice((Ether(**ETHER), Ether(**ETHER) / Dot1Q(vlan=7), Ether(**ETHER) / Dot1AD(vlan=9) / Dot1Q(vlan=8)))


def layer3(rng):
    ident = rng.randrange(65536)
    return rng.choice((
        IP(src="198.18.0.1", dst="198.19.0.2", id=ident),
        IP(src="198.18.0.1", dst="198.19.0.2", id=ident, tos=3, flags="DF",
           options=[IPOption_NOP(), IPOption_Timestamp(flg=0, length=8)]),
        IPv6(src="2001:db8::1", dst="2001:db8:ffff::2", fl=0x12345, tc=3),
        IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(),
    )).copy()


def layer4(rng, kind):
    ports = {"sport": rng.randrange(1, 65536), "dport": rng.randrange(1, 65536)}
    if kind is UDP:
        return UDP(**ports)
    if kind is SCTP:
        return SCTP(**ports, tag=rng.randrange(1 << 32))
    return TCP(**ports, seq=rng.randrange(1 << 32), ack=1, flags=0x18 | rng.randrange(256),
               options=rng.choice(([], [("Timestamp", (1, 2)), ("NOP", None), ("NOP", None)])))


def checksum_case(rng, kind):
    payload = rng.randbytes(rng.choice((0, 1, 2, rng.randrange(3, 200), rng.randrange(200, 1360))))
    data = SCTPChunkData(data=payload or b"x") if kind is SCTP else Raw(payload)
    packet = built(layer2(rng) / layer3(rng) / layer4(rng, kind) / data)
    lens, _ = headers_of(packet)
    ipv4 = IP in packet
    flags = L4_CKSUM[kind] | (IPV4 | IP_CKSUM if ipv4 else IPV6) | rng.choice((0, VLAN))
    padding = rng.choice((b"", rng.randbytes(4)))
    return Case(garbled(packet, lens, kind, rng, ipv4) + padding, [bytes(packet) + padding], flags, lens,
                tci=rng.randrange(65536), cut=rng.choice((2000, 2000, 300, 13, 30)))


def ip_case(rng):
    """The checksum of the IPv4 header alone: of a fragment, for one."""
    packet = built(Ether(**ETHER) / IP(src="1.2.3.4", dst="5.6.7.8", flags="MF", frag=4, proto=17) / Raw(rng.randbytes(77)))
    sent = bytearray(bytes(packet))
    sent[24:26] = rng.randbytes(2)
    return Case(bytes(sent), [bytes(packet)], IPV4 | IP_CKSUM, (14, 20, 0))


def plain_case(rng):
    """No request: nothing changes. Or a tag alone, before whatever."""
    frame = bytes.fromhex("020000000002020000000001 88b5".replace(" ", "")) + rng.randbytes(rng.randrange(46, 1400))
    return Case(frame, [frame], rng.choice((0, IPV4, VLAN)), tci=rng.randrange(65536), cut=rng.choice((2000, 99)))


def segments_of(packet, kind, payload, mss):
    """What Linux makes of it."""
    parts = [payload[i:i + mss] for i in range(0, len(payload), mss)] or [b""]
    for i, part in enumerate(parts):
        segment = packet.copy()
        segment[kind].remove_payload()
        segment = segment / Raw(part)
        if IP in segment:
            segment[IP].id = (packet[IP].id + i) % 65536
            del segment[IP].len, segment[IP].chksum
        else:
            del segment[IPv6].plen
        del segment[kind].chksum
        if kind is UDP:
            del segment[UDP].len
        else:
            segment[TCP].seq = (packet[TCP].seq + i * mss) % (1 << 32)
            keep = 0xff & ~(0 if i == len(parts) - 1 else FIN | PSH) & ~(CWR if i != 0 else 0)
            segment[TCP].flags = int(packet[TCP].flags) & keep
        yield bytes(segment)


def segment_case(rng, kind):
    mss = rng.choice((64, 100, 536, 1001, 1380))
    payload = rng.randbytes(rng.choice((0, 1, mss, mss + 1, 2 * mss, rng.randrange(64000), rng.randrange(8000))))
    packet = built(layer2(rng) / layer3(rng) / layer4(rng, kind) / Raw(payload))
    lens, _ = headers_of(packet)
    ipv4 = IP in packet
    flags = (TCP_SEG if kind is TCP else UDP_SEG) | (IPV4 | rng.choice((0, IP_CKSUM)) if ipv4 else IPV6)
    flags |= rng.choice((0, L4_CKSUM[kind])) | rng.choice((0, VLAN))
    return Case(garbled(packet, lens, kind, rng, ipv4), list(segments_of(packet, kind, payload, mss)), flags, lens,
                mss=mss, tci=rng.randrange(65536), cut=rng.choice((2000, 1999, 2000 if len(payload) > 8000 else 41)))


def cases_of(rng):
    cases = [checksum_case(rng, kind) for kind in (TCP, UDP, SCTP) for _ in range(40)]
    cases += [segment_case(rng, kind) for kind in (TCP, UDP) for _ in range(20)]
    cases += [ip_case(rng) for _ in range(4)] + [plain_case(rng) for _ in range(40)]
    rng.shuffle(cases)
    return cases


class Offload(unittest.TestCase):
    program = None

    def sent(self, way, cases):
        """The frames that come out, and the driver's counters."""
        with tempfile.TemporaryDirectory() as folder:
            lines, out = pathlib.Path(folder) / "lines", pathlib.Path(folder) / "out.pcap"
            lines.write_text("".join(case.line() for case in cases))
            result = subprocess.run([self.program, f"{way},port=pcap:out={out}", lines], capture_output=True,
                                    text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            counters = dict(line.split() for line in result.stdout.splitlines())
            reader = RawPcapReader(str(out))
            frames = [frame for frame, _ in reader]
            reader.close()
            return frames, {name: int(n) for name, n in counters.items()}

    def test_each_way_sends_what_scapy_expects(self):
        for way in WAYS:
            with self.subTest(way=way, seed=SEED):
                cases = cases_of(random.Random(SEED))
                frames, counters = self.sent(way, cases)
                expected = [(frame, case) for case in cases for frame in case.expected]
                for i, (got, (frame, case)) in enumerate(zip(frames, expected)):
                    self.assertEqual(got.hex(), frame.hex(), f"frame {i}, of {case.line()[:200]}")
                self.assertEqual(len(frames), len(expected))
                placed = "tx_pushed" if "push" in way else "tx_fetched"
                self.assertEqual(counters[placed], len(cases))
                self.assertEqual(counters["tx_good_packets"], len(cases))

    def test_checksum_of_ipv6_is_that_of_its_upper_layer(self):
        """The judge itself: a known sum, and scapy's for extension headers."""
        packet = built(Ether(**ETHER) / IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrDestOpt() / UDP() / Raw(b"abc"))
        udp = bytearray(bytes(packet[UDP]))
        udp[6:8] = b"\0\0"
        self.assertEqual(packet[UDP].chksum, in6_chksum(17, packet[IPv6], bytes(udp)))


if __name__ == "__main__":
    Offload.program = sys.argv.pop(1)
    unittest.main()
