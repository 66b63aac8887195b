# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Frames and captures for the checks of stock programs. Scapy makes them and judges what came out: checksums,
segments, fragments and tags are never compared with what our own code would have written."""
import logging
import random
import struct

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkData

# To all, as a capture is played before programs ask for promiscuous mode.
HOST, ALL = "02:00:00:00:aa:01", "ff:ff:ff:ff:ff:ff"
RNG = random.Random(1)


def write(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(frames):
            at_us, data = frame if isinstance(frame, tuple) else (number, frame)
            file.write(struct.pack("<IIII", 1 + at_us // 1000000, at_us % 1000000, len(data), len(data)) + data)


def read(path):
    """The whole frames of a capture that may still be written."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    frames, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        if at + 16 + length > len(data):
            break
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def noise(size):
    return RNG.randbytes(size)


def ether(dst=ALL, src=HOST, tags=(), **more):
    packet = Ether(dst=dst, src=src, **more)
    for number, tag in enumerate(tags):
        packet = packet / Dot1Q(vlan=tag)
    if len(tags) == 2:
        packet.type = 0x88A8
    return packet


def udp(number, size=64, dst="198.51.100.1", src="192.0.2.1", dport=4000, link=None, **ip):
    """IPv4/UDP; the payload begins with the number."""
    head = (link or ether()) / IP(src=src, dst=dst, id=number % 65536, **ip) / UDP(sport=1024 + number % 60000, dport=dport)
    return bytes(head / padded(number, size - len(head)))


def udp6(number, size=84, dst="2001:db8::1", src="2001:db8:1::1", link=None):
    head = (link or ether()) / IPv6(src=src, dst=dst) / UDP(sport=1024 + number % 60000, dport=4000)
    return bytes(head / padded(number, size - len(head)))


def padded(number, size):
    return struct.pack(">I", number) + noise(max(0, size - 4))


def plain(count, size=64):
    return [udp(number, size) for number in range(count)]


def l4_kinds(size=200):
    """A frame of each kind that has checksums, by name."""
    links = {"": ether(), "vlan ": ether(tags=(7,))}
    ips = {"ipv4": IP(src="192.0.2.1", dst="198.51.100.1"), "ipv6": IPv6(src="2001:db8::1", dst="2001:db8::2")}
    l4s = {"udp": UDP(sport=1000, dport=2000), "tcp": TCP(sport=1000, dport=2000, flags="A"),
           "sctp": SCTP(sport=1000, dport=2000, tag=1) / SCTPChunkData(data=noise(size))}
    kinds = {}
    for tag, link in links.items():
        for version, ip in ips.items():
            for name, l4 in l4s.items():
                packet = link / ip / l4
                kinds[f"{tag}{version} {name}"] = bytes(packet if name == "sctp" else packet / noise(size))
    return kinds


CHECKED = ((IP, "chksum"), (UDP, "chksum"), (TCP, "chksum"), (ICMP, "cksum"), (SCTP, "chksum"))


def wrong_checksums(frame):
    """Which of a frame's checksums differ from those that scapy computes."""
    packet = Ether(frame)
    fresh = packet.copy()
    for layer, field in CHECKED:
        if fresh.haslayer(layer):
            fresh[layer].delfieldval(field)
    fresh = Ether(bytes(fresh))
    return [layer.__name__ for layer, field in CHECKED
            if packet.haslayer(layer) and getattr(packet[layer], field) != getattr(fresh[layer], field)]


def spoil(frame, *layers):
    """The frame with wrong checksums in these layers."""
    packet = Ether(frame)
    for layer, field in CHECKED:
        if layer in layers and layer in packet:
            setattr(packet[layer], field, getattr(packet[layer], field) ^ 0x5555)
    return bytes(packet)


def tags(frame):
    """The VLAN tags, outermost first."""
    found, at = [], 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        found.append(int.from_bytes(frame[at + 2:at + 4], "big") & 0xFFF)
        at += 4
    return found
