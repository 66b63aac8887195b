#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What runs in guests beside the programs under test:
  mark BDF OFFSET REGION        stores REGION into BAR 0 of a device that nobody has open, for the plugin
  frames INTERFACE COUNT BYTES  sends frames and waits until as many have come back
  receive ADDRESS PORT          takes what comes over one TCP connection; prints its length and sum
  send ADDRESS PORT BYTES SEED  sends that much; prints the same
  flows ADDRESS PORT COUNT SOURCE...  sends COUNT datagrams from each source port"""
import hashlib
import mmap
import os
import random
import socket
import sys

PATIENCE_S = 900
COMMAND, COMMAND_MEMORY = 4, 2  # a register of PCI configuration space, and the bit for memory BARs
ETHERTYPE = 0x88B5  # for experiments
AT_A_TIME = 32  # frames under way: what no ring is too short for


def mark(bdf, offset, region):
    folder = f"/sys/bus/pci/devices/{bdf}"
    with open(f"{folder}/config", "r+b", buffering=0) as config:
        config.seek(COMMAND)
        before = config.read(2)
        config.seek(COMMAND)
        config.write((int.from_bytes(before, "little") | COMMAND_MEMORY).to_bytes(2, "little"))
        descriptor = os.open(f"{folder}/resource0", os.O_RDWR | os.O_SYNC)
        with mmap.mmap(descriptor, 4096) as bar, memoryview(bar) as octets, octets.cast("I") as words:
            words[int(offset, 0) // 4] = int(region)
        config.seek(COMMAND)
        config.write(before)


def frames(interface, count, size):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
    wire.bind((interface, ETHERTYPE))
    wire.settimeout(PATIENCE_S)
    sent = back = 0
    head = b"\xff" * 6 + b"\x02wcnic" + ETHERTYPE.to_bytes(2, "big")
    while back < int(count):
        while sent < int(count) and sent - back < AT_A_TIME:
            wire.send((head + sent.to_bytes(4, "big")).ljust(int(size), b"\xa5"))
            sent += 1
        frame = wire.recv(65536)
        if frame != (head + back.to_bytes(4, "big")).ljust(int(size), b"\xa5"):
            sys.exit(f"frame {back} came back as {frame[:32].hex()}..., {len(frame)} bytes")
        back += 1
    print(f"{sent} sent, {back} back")


def receive(address, port):
    with socket.create_server((address, int(port))) as server:
        print("listening", flush=True)
        server.settimeout(PATIENCE_S)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(PATIENCE_S)
            total, length = hashlib.sha256(), 0
            while data := connection.recv(1 << 16):
                total.update(data)
                length += len(data)
    print(length, total.hexdigest())


def send(address, port, length, seed):
    data = random.Random(int(seed)).randbytes(int(length))
    with socket.create_connection((address, int(port)), PATIENCE_S) as connection:
        connection.sendall(data)
    print(len(data), hashlib.sha256(data).hexdigest())


def flows(address, port, count, *sources):
    for source in sources:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind(("", int(source)))
            for _ in range(int(count)):
                wire.sendto(b"wcnic", (address, int(port)))


COMMANDS = {"mark": mark, "frames": frames, "receive": receive, "send": send, "flows": flows}
if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]](*sys.argv[2:])
