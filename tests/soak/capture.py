# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The frames that a card wrote into a capture, read while it writes; and the small disk that they are on."""
import contextlib
import os
import struct
import subprocess

HEADER, RECORD = struct.Struct("=IHHiIII"), struct.Struct("=IIII")
FRAME = struct.Struct("=IHHQII")  # struct soak_frame
PAYLOAD_OFF, CRC_OFF = 42, 42 + 20
MAGIC = 0x736f616b


def crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    return table


TABLE = crc32c_table()


def crc32c(data, crc):
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xff]
    return crc


class Capture:
    """Counts frames as a receiver does."""

    def __init__(self, path, sender):
        self.path, self.sender = path, sender
        self.received = self.twice = self.damaged = 0
        self.next = {}
        self.at = HEADER.size

    def anew(self):
        """The card has died: the next one writes another file."""
        self.read()
        self.path.unlink(missing_ok=True)
        self.at = HEADER.size

    def read(self):
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.at)
            data = file.read()
        at = 0
        while at + RECORD.size <= len(data):
            size = RECORD.unpack_from(data, at)[2]
            if at + RECORD.size + size > len(data):
                break  # being written, or torn by a death
            self.take(data[at + RECORD.size:at + RECORD.size + size])
            at += RECORD.size + size
        self.at += at

    def take(self, frame):
        if len(frame) < PAYLOAD_OFF + FRAME.size:
            self.damaged += 1
            return
        magic, sender, queue, seq, size, crc = FRAME.unpack_from(frame, PAYLOAD_OFF)
        zeroed = frame[:CRC_OFF] + bytes(4) + frame[CRC_OFF + 4:]
        if (magic, sender, size) != (MAGIC, self.sender, len(frame)) or crc32c(zeroed, MAGIC) != crc:
            self.damaged += 1
        elif seq < self.next.get(queue, 0):
            self.twice += 1
        else:
            self.next[queue] = seq + 1
            self.received += 1


@contextlib.contextmanager
def small_disk(folder, mib):
    """A file system of that size in the folder. Yields None, or why there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        yield "root mounts a small file system"
        return
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "wcnic-soak", folder], stderr=subprocess.PIPE, text=True)
    if mounted.returncode != 0:
        yield mounted.stderr.strip()
        return
    try:
        yield None
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
