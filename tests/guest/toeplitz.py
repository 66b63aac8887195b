# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Toeplitz's hash of RSS, bit by bit, for the frames that tests send: by the definition alone, so that it shares no
mistake with the card."""
import ipaddress
import random
import struct

# The key and two of the results that the definition of RSS publishes.
KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")
PUBLISHED = ((("66.9.149.187", "161.142.100.80", 2794, 1766), 0x51CCC178),
             (("3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766), 0x40207D3D))
TCP, UDP = 6, 17


def toeplitz(key, data):
    bits, length = int.from_bytes(key, "big"), len(key) * 8
    result = 0
    for idx in range(len(data) * 8):
        if data[idx // 8] >> (7 - idx % 8) & 1:
            result ^= bits >> (length - 32 - idx) & 0xFFFFFFFF
    return result


def flow(key, source, to, source_port, to_port):
    """Of TCP and UDP."""
    packed = b"".join(ipaddress.ip_address(address).packed for address in (source, to))
    return toeplitz(key, packed + struct.pack(">HH", source_port, to_port))


def published():
    """Whether this is the hash that is meant."""
    return all(flow(KEY, *what) == result for what, result in PUBLISHED)


def frame(number, what):
    """Its source address has its number."""
    source, to, source_port, to_port, protocol = what
    addresses = [ipaddress.ip_address(address) for address in (source, to)]
    layer4 = struct.pack(">HH", source_port, to_port) + (
        struct.pack(">HH", 8, 0) if protocol == UDP else struct.pack(">IIBBHHH", 0, 0, 0x50, 0x10, 8192, 0, 0))
    packed = b"".join(address.packed for address in addresses)
    if addresses[0].version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(layer4), number, 0x4000, 64, protocol, 0) + packed
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xFFFF) + (total >> 16)
        head = head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:]
        kind = b"\x08\x00"
    else:
        head = struct.pack(">IHBB", 0x60000000, len(layer4), protocol, 64) + packed
        kind = b"\x86\xdd"
    return (b"\xff" * 6 + b"\x02\x00" + number.to_bytes(4, "big") + kind + head + layer4).ljust(60, b"\0")


def capture(path, early, count):
    """Writes `early` frames of nothing that is hashed, then `count` frames of as many flows; the flows by their numbers."""
    rng, flows = random.Random(14), []
    for number in range(count):
        make = (ipaddress.IPv4Address, 32) if number % 4 < 2 else (ipaddress.IPv6Address, 128)
        source, to = (str(make[0](rng.getrandbits(make[1]) | 1)) for _ in range(2))
        flows.append((source, to, rng.randrange(1, 65536), rng.randrange(1, 65536), (TCP, UDP)[number % 2]))
    frames = [b"\xff" * 6 + b"\x02wcnic\x88\xb5" + bytes(46)] * early + [frame(*what) for what in enumerate(flows)]
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(frames):
            file.write(struct.pack("<IIII", 1, number, len(data), len(data)) + data)
    return flows
