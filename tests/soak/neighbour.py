#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""neighbour.py SOCKET SEED COUNT [TRICK...]: a hostile client of one card. It does COUNT of its tricks, or of those named,
chosen by the seed, one after the other, and prints what it did. What the card answers does not matter; that other cards go on does."""
import array
import errno
import json
import mmap
import os
import pathlib
import random
import re
import socket
import struct
import sys
import threading

ABI = pathlib.Path(__file__).resolve().parents[2] / "lib/abi/wcnic_abi_regs.h"
PATIENCE_S = 180
VERSION, DMA_MAP, DMA_UNMAP, SET_IRQS, REGION_READ, REGION_WRITE, RESET = 1, 2, 3, 8, 9, 10, 13
PAGE = 4096
FILES = 500
READ_WRITE = 3
IOVA, DEPTH = 0x100000, 64
IRQ_MSIX = 2
IRQ_EVENTFD_TRIGGER = 0x24
FULL = (1 << 64) - 2


def registers():
    return {name: int(value, 16) for name, value in re.findall(r"#define WCNIC_(\w+) (0x[0-9a-f]+)u?\b", ABI.read_text())}


class Card:
    """A connection to a card. The server may end it at any time: then what follows does nothing."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(path)
        self.id = 0

    def send(self, command, payload=b"", fds=(), flags=0, claim=None):
        self.id = (self.id + 1) & 0xffff
        header = struct.pack("<HHIII", self.id, command, claim or 16 + len(payload), flags, 0)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([header + payload], rights)

    def ask(self, command, payload=b"", fds=()):
        """Sends a request and waits for the answer; the answer's payload, or None if it was refused."""
        self.send(command, payload, fds)
        header = self.exactly(16)
        _, _, size, flags, _ = struct.unpack("<HHIII", header)
        rest = self.exactly(size - 16)
        return None if flags & 0x20 else rest

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise ConnectionResetError("the card ended the connection")
            data += part
        return data

    def greet(self):
        caps = json.dumps({"capabilities": {"max_msg_fds": 8, "max_data_xfer_size": 1048576}}).encode() + b"\0"
        self.ask(VERSION, struct.pack("<HH", 0, 0) + caps)

    def map(self, fd, iova, size):
        return self.ask(DMA_MAP, struct.pack("<IIQQQ", 32, READ_WRITE, 0, iova, size), [fd])

    def write(self, off, value, size=4):
        return self.ask(REGION_WRITE, struct.pack("<QII", off, 0, size) + value.to_bytes(size, "little"))

    def read(self, off):
        return int.from_bytes(self.ask(REGION_READ, struct.pack("<QII", off, 0, 4))[16:20], "little")

    def close(self):
        self.sock.close()


def memory(size):
    fd = os.memfd_create("neighbour")
    os.ftruncate(fd, size)
    return fd


def greeted(path):
    card = Card(path)
    card.greet()
    return card


# ---- tricks ------------------------------------------------------------------------------------

def garbage(path, rng):
    card = Card(path)
    for _ in range(rng.randrange(1, 20)):
        card.sock.sendall(rng.randbytes(rng.randrange(1, 4000)))


def garbage_after_greeting(path, rng):
    card = greeted(path)
    for _ in range(rng.randrange(1, 20)):
        card.send(rng.randrange(20), rng.randbytes(rng.randrange(200)), flags=rng.choice([0, 0x10, 1, rng.getrandbits(32)]))
    card.sock.sendall(rng.randbytes(rng.randrange(1, 4000)))


def half_message(path, rng):
    card = greeted(path) if rng.randrange(2) else Card(path)
    card.send(rng.choice([VERSION, DMA_MAP, REGION_WRITE]), rng.randbytes(rng.randrange(30)), claim=rng.randrange(64, 1 << 20))


def half_header(path, rng):
    Card(path).sock.sendall(rng.randbytes(rng.randrange(1, 16)))


def files(path, rng):
    """Each a mapping of the card's process; every other one goes back, and the connection ends with the rest."""
    card = greeted(path)
    for i in range(FILES):
        fd = memory(PAGE)
        card.map(fd, i * PAGE, PAGE)
        os.close(fd)
        if i % 2:
            card.ask(DMA_UNMAP, struct.pack("<IIQQ", 24, 0, i * PAGE, PAGE))
    if rng.randrange(2):
        card.close()


def enable(card, reg, fd, size):
    """Admin rings in memory of which the file is ours."""
    card.map(fd, IOVA, size)
    while not card.read(reg["REG_STATUS"]) & reg["STATUS_READY"]:
        pass
    for name, page in (("REG_ASQ_BASE", 0), ("REG_ACQ_BASE", 1), ("REG_AEQ_BASE", 2)):
        card.write(reg[name], IOVA + page * PAGE, 8)
    card.write(reg["REG_ADMIN_SIZE"], 4 | 4 << 8)
    card.write(reg["REG_CTRL"], reg["CTRL_ENABLE"])


def cut_memory(path, rng):
    """The card reads a command out of a file that has been cut short."""
    card, reg, fd = greeted(path), registers(), memory(4 * PAGE)
    enable(card, reg, fd, 4 * PAGE)
    os.ftruncate(fd, rng.choice([0, PAGE]))
    card.write(reg["REG_ASQ_TAIL"], rng.randrange(1, 16))
    card.read(reg["REG_STATUS"])


def random_commands(path, rng):
    card, reg, fd = greeted(path), registers(), memory(4 * PAGE)
    enable(card, reg, fd, 4 * PAGE)
    with mmap.mmap(fd, 4 * PAGE) as ring:
        ring[:PAGE] = rng.randbytes(PAGE)
        card.write(reg["REG_ASQ_TAIL"], 16)
        card.read(reg["REG_STATUS"])
    card.ask(RESET)


def command(card, ring, reg, count, opcode, params, answer=0):
    """One admin command; returns its status. Rings have 16 entries."""
    data = struct.pack("<BBHIQ", opcode, 0, count, 512 if answer else 0, answer) + params.ljust(48, b"\0")
    ring[count % 16 * 64:count % 16 * 64 + 64] = data
    card.write(reg["REG_ASQ_TAIL"], count + 1)
    at = PAGE + count % 16 * 16
    while ring[at + 15] & 1 != (count // 16 + 1) % 2:
        card.read(reg["REG_STATUS"])  # which lets the card work
    return int.from_bytes(ring[at + 2:at + 4], "little")


def queue_start(card, ring, reg):
    """An Rx queue with an interrupt; returns where its doorbell is in BAR 2."""
    command(card, ring, reg, 0, 0x10, struct.pack("<BBHII", 1, 0, 0xffff, 65536, 0), IOVA + 3 * PAGE)
    window, doorbell = struct.unpack_from("<H6xQ", ring, 3 * PAGE)
    for entry in range(DEPTH):
        struct.pack_into("<Q", ring, 4 * PAGE + 8 * entry, IOVA + 6 * PAGE)
    command(card, ring, reg, 1, 0x28, struct.pack("<HHHHIIQQB", 0, DEPTH, window, 0, 0, 2048, IOVA + 4 * PAGE, IOVA + 5 * PAGE, 4))
    command(card, ring, reg, 2, 0x31, struct.pack("<HHH", 4, 0, 3))
    return doorbell


def eventfds(path, rng):
    """Interrupts into counters that a thread fills and empties all the time."""
    card, reg, memory_fd, fds = greeted(path), registers(), memory(8 * PAGE), [os.eventfd(0) for _ in range(4)]
    enable(card, reg, memory_fd, 8 * PAGE)
    over = threading.Event()

    def fill():
        while not over.is_set():
            for fd in fds:
                os.eventfd_write(fd, FULL)

    def empty():
        while not over.is_set():
            for fd in fds:
                os.eventfd_read(fd)

    # One waits for the other, and for the card. What still waits in the end does so until this process ends.
    for flip in (fill, empty):
        threading.Thread(target=flip, daemon=True).start()
    with mmap.mmap(memory_fd, 8 * PAGE) as ring:
        doorbell = queue_start(card, ring, reg)
        card.ask(SET_IRQS, struct.pack("<IIIII", 20, IRQ_EVENTFD_TRIGGER, IRQ_MSIX, 0, len(fds)), fds)
        for i in range(rng.randrange(50, 300)):
            # a buffer more, and an interrupt for the frame that comes into it
            record = (i + 1) & 0xffff | (i & 0xffff) << 16 | 1 << 32 | (i & 0xff) << 40
            card.ask(REGION_WRITE, struct.pack("<QII", doorbell, 2, 8) + record.to_bytes(8, "little"))
            card.read(reg["REG_STATUS"])
    over.set()


TRICKS = (garbage, garbage_after_greeting, half_message, half_header, files, cut_memory, random_commands, eventfds)


def main():
    path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    only = [trick for trick in TRICKS if trick.__name__ in sys.argv[4:]]
    for _ in range(count):
        trick = rng.choice(only or TRICKS)
        try:
            trick(path, rng)
            end = "done"
        except (ConnectionError, BrokenPipeError, TimeoutError) as error:
            end = str(error)
            if isinstance(error, TimeoutError):
                print(f"{trick.__name__}: the card does not answer any more", flush=True)
                return 1
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                raise
            end = str(error)
        except TypeError:  # an answer that was refused has no bytes
            end = "refused"
        print(f"{trick.__name__}: {end}", flush=True)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
