# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Frames made by scapy, and what a receiver should say of them, one a line to the program that is
named: verdict on the IP header, verdict on layer 4 (good, bad or none), RSS hash by addresses, by
addresses and ports, the same two of the symmetric function (none: no hash), the frame."""

import logging
import random
import struct
import subprocess
import sys

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
from scapy.all import (  # noqa: E402
    Dot1AD, Dot1Q, Ether, GRE, ICMP, ICMPv6EchoRequest, IP, IPOption_LSRR, IPOption_NOP, IPOption_RR, IPv6,
    IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, HAO, PadN, Raw,
    SCTP, SCTPChunkData, TCP, UDP, VXLAN, ARP)

SEED = 12
KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")
random.seed(SEED)


def toeplitz(data):
    """Bit by bit, as Microsoft describes it."""
    key = int.from_bytes(KEY, "big")
    bits = len(KEY) * 8
    out = 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            out ^= key >> (bits - 32 - i) & 0xffffffff
    return out


def symmetric(pair):
    half = len(pair) // 2
    both = bytes(a ^ b for a, b in zip(pair[:half], pair[half:]))
    return both + both


def ether(**more):
    """With addresses: for one without, scapy asks the network."""
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", **more)


def layers(packet):
    while packet:
        yield packet
        packet = packet.payload


def outermost(packet):
    return next((layer for layer in layers(packet) if isinstance(layer, (IP, IPv6))), None)


def hashes(packet):
    ip = outermost(packet)
    if ip is None:
        return ["none"] * 4
    raw = bytes(ip)
    addrs = raw[12:20] if ip.version == 4 else raw[8:40]
    ports = b""
    l4 = next((layer for layer in (TCP, UDP, SCTP) if l4_is(packet, layer)), None)
    if l4 is not None:
        ports = struct.pack(">HH", packet[l4].sport, packet[l4].dport)
    plain = toeplitz(addrs)
    sym = symmetric(addrs)
    return ["%08x" % value for value in (
        plain, toeplitz(addrs + ports), toeplitz(sym),
        toeplitz(sym + (symmetric(ports) if ports else b"")))]


def l4_is(packet, layer):
    """The outermost packet's layer 4, and no fragment."""
    ip = outermost(packet)
    if packet.haslayer(IPv6ExtHdrFragment) or (ip.version == 4 and (ip.frag or ip.flags.MF)):
        return False
    inner = ip.payload
    while inner.name.startswith("IPv6 "):
        inner = inner.payload
    return isinstance(inner, layer)


lines = []


def emit(packet, raw, ip, l4):
    lines.append(" ".join([ip, l4] + hashes(packet) + [bytes(raw).hex()]))


def payload():
    return Raw(random.randbytes(random.choice([0, 1, 2, 3, 17, 64, 255, 700, 1200])))


def ports():
    return {"sport": random.randrange(1, 65536), "dport": random.randrange(1, 65536)}


def l4_kinds():
    """name, layers, whether it has a checksum of layer 4 that can be judged"""
    data = payload()
    yield "tcp", TCP(**ports()) / data, True
    yield "tcp-options", TCP(options=[("MSS", 1460), ("Timestamp", (1, 2))], **ports()) / data, True
    udp = {"sport": random.randrange(1024, 65536), "dport": 9}
    yield "udp", UDP(**udp) / data, True
    yield "sctp", SCTP(**ports()) / SCTPChunkData(data=random.randbytes(random.randrange(1, 500))), True
    yield "icmp", None, False
    yield "gre", GRE() / IP(src="1.2.3.4", dst="4.3.2.1") / UDP(**udp) / data, False
    yield "ipip", IP(src="1.2.3.4", dst="4.3.2.1") / TCP(**ports()) / data, False
    yield "vxlan", UDP(sport=5000, dport=4789) / VXLAN(vni=5) / ether() / IP() / TCP(**ports()) / data, True


def addr4():
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))


def addr6():
    return ":".join("%x" % random.randrange(1, 65536) for _ in range(8))


def l3_kinds():
    """layers, whether layer 4 can be judged"""
    def v4(**more):
        return IP(src=addr4(), dst=addr4(), **more)
    yield v4(), True
    yield v4(options=[IPOption_NOP(), IPOption_NOP(), IPOption_NOP(), IPOption_NOP()]), True
    yield v4(options=[IPOption_RR(routers=["0.0.0.0"] * 3)]), True
    yield v4(options=[IPOption_LSRR(routers=[addr4(), addr4()])]), False
    yield v4(flags="MF"), False
    yield v4(frag=7), False

    def v6():
        return IPv6(src=addr6(), dst=addr6())
    yield v6(), True
    yield v6() / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]), True
    yield v6() / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]), True
    yield v6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(addresses=[addr6()], segleft=0) \
        / IPv6ExtHdrDestOpt(), True
    yield v6() / IPv6ExtHdrRouting(addresses=[addr6()], segleft=1), False
    yield v6() / IPv6ExtHdrDestOpt(options=[HAO(hoa=addr6())]), False
    yield v6() / IPv6ExtHdrFragment(offset=0, m=1), False
    yield v6() / IPv6ExtHdrFragment(offset=3, m=0), False


def tag_kinds():
    yield ether()
    yield ether() / Dot1Q(vlan=5, prio=3)
    yield ether(type=0x88a8) / Dot1AD(vlan=6) / Dot1Q(vlan=7)
    yield ether() / Dot1Q(vlan=6) / Dot1Q(vlan=7)


def offset_of_l4(packet):
    return len(packet) - len(next(p for p in layers(packet) if isinstance(p, (TCP, UDP, SCTP))))


def flipped(raw, at):
    raw = bytearray(raw)
    raw[at] ^= 1 << random.randrange(8)
    return bytes(raw)


def variants(packet, judged):
    """The frame as scapy makes it, and what may have happened to it."""
    raw = bytes(packet)
    packet = Ether(raw)
    ip = outermost(packet)
    l2_bytes = len(packet) - len(ip)
    v4 = ip.version == 4
    ip_good = "good" if v4 else "none"
    l4_good = "good" if judged else "none"
    emit(packet, raw, ip_good, l4_good)
    emit(packet, raw + random.randbytes(random.randrange(1, 60)), ip_good, l4_good)
    if v4: # a byte of time to live
        emit(packet, flipped(raw, l2_bytes + 8), "bad", l4_good)
    if not judged:
        return
    at = offset_of_l4(packet)
    end = len(raw)
    bad = flipped(raw, random.randrange(at + 8, end)) if end > at + 8 else None
    if bad is not None:
        emit(Ether(bad) if not packet.haslayer(VXLAN) else packet, bad, ip_good, "bad")
    # the last byte has not come
    if end - at > 20:
        emit(packet, raw[:-1], ip_good, "none")


def odd_ones():
    """Frames that lie."""
    plain = ether() / IP(src=addr4(), dst=addr4())
    body = Raw(b"x" * 50)
    for packet, ip, l4 in [
            (plain / UDP(sport=1, dport=2, chksum=0) / body, "good", "none"),
            (plain / UDP(sport=1, dport=2, len=7) / body, "good", "none"),
            (plain / UDP(sport=1, dport=2, len=0) / body, "good", "none"),
            (plain / UDP(sport=1, dport=2, len=59) / body, "good", "none"),
            (ether() / IP(len=20) / TCP() / body, "good", "none"),
            (ether() / IP(len=19) / TCP() / body, "good", "none"),
            (ether() / IP(len=39) / TCP() / body, "good", "none"),
            (ether() / IP(len=0) / TCP() / body, "good", "none"),
            (ether() / IP(len=2000) / TCP() / body, "good", "none"),
            (ether() / IP(len=65535) / UDP() / body, "good", "none"),
            (ether() / IPv6(src=addr6(), dst=addr6(), plen=0) / TCP() / body, "none", "none"),
            (ether() / IPv6(src=addr6(), dst=addr6(), plen=19) / TCP() / body, "none", "none"),
            (ether() / IPv6(src=addr6(), dst=addr6(), plen=2000) / TCP() / body, "none", "none"),
            (ether() / IPv6(src=addr6(), dst=addr6()) / UDP(chksum=0) / body, "none", "none"),
            (ether() / ARP(), "none", "none"),
            (ether(type=0x88b5) / body, "none", "none")]:
        emit(packet, bytes(packet), ip, l4)
    # UDP that says less than IP does: the rest is not summed
    short = bytes(plain / UDP(sport=1, dport=2) / body)
    longer = bytearray(short + b"rest")
    del longer[14:34]
    ip = IP(src=plain[IP].src, dst=plain[IP].dst, proto=17, len=len(short) - 14 + 4)
    packet = Ether(dst=plain.dst, src=plain.src, type=0x800) / Raw(bytes(ip) + bytes(longer[14:]))
    emit(Ether(bytes(packet)), bytes(packet), "good", "good")


for tags in tag_kinds():
    for l3, l4_known in l3_kinds():
        for name, l4, has_sum in l4_kinds():
            if l4 is None:
                l4 = ICMP() / payload() if l3.version == 4 else ICMPv6EchoRequest(data=b"x" * 30)
            variants(tags.copy() / l3.copy() / l4, l4_known and has_sum)
odd_ones()

if len(sys.argv) < 2:
    print("\n".join(lines))
    sys.exit()
sys.exit(subprocess.run(sys.argv[1:], input="\n".join(lines) + "\n", text=True, check=False).returncode)
