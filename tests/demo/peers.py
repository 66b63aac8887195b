#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The two ends of the recorded traffic: an HTTP and DNS server, and a client of both.

serve                answers HTTP (any size that the path names) and DNS (A and AAAA) until it is ended
visit HOST...        asks each host for pages of several sizes and for a few names
vlan DEVICE ID NAME  makes NAME a VLAN interface over DEVICE, for kernels without 802.1Q
"""
import ctypes
import fcntl
import http.server
import os
import select
import socket
import socketserver
import struct
import sys
import threading
import urllib.request

PAGES = [0, 1, 100, 1460, 10_000, 100_000, 500_000]
NAMES = ["a.example", "wcnic.example", "a-rather-long-name-for-a-host.somewhere.example"]


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = int(self.path.rsplit("/", 1)[-1])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(bytes(i * 7 % 256 for i in range(size)))

    def log_message(self, *args):
        pass


class Name(socketserver.BaseRequestHandler):
    """Answers a question of one name with one record."""

    def handle(self):
        query, sock = self.request
        end = query.index(0, 12) + 5
        address = b"\x20\x01\x0d\xb8" + bytes(12) if query[end - 3] == 28 else bytes([192, 0, 2, 1])
        answer = query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + query[12:end]
        answer += b"\xc0\x0c" + query[end - 4:end] + struct.pack(">IH", 60, len(address)) + address
        sock.sendto(answer, self.client_address)


class Web6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6  # serves IPv4 too


class Dns6(socketserver.UDPServer):
    address_family = socket.AF_INET6


def serve():
    servers = [Web6(("::", 80), Page), Dns6(("::", 53), Name)]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    print("ready", flush=True)


def ask(sock, query, host):
    for _ in range(4):
        sock.sendto(query, (host, 53))
        try:
            if sock.recv(512)[:2] == query[:2]:
                return
        except TimeoutError:
            pass
    sys.exit(f"DNS: {host} does not answer")


def visit(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        for number, name in enumerate(NAMES):
            for kind in (1, 28):
                labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
                query = struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0) + labels
                ask(sock, query + struct.pack(">HH", kind, 1), host)
    web = f"[{host}]" if family == socket.AF_INET6 else host
    for size in PAGES:
        with urllib.request.urlopen(f"http://{web}/{size}", timeout=120) as page:
            if len(page.read()) != size:
                sys.exit(f"HTTP: {host} did not send {size} bytes")


def vlan(device, vlan_id, name):
    """Tags what the kernel sends to a tap interface and puts it on the wire, and the reverse."""
    tunsetiff, tap_no_pi, sol_packet, auxdata, outgoing, vlan_valid = 0x400454CA, 0x1002, 263, 8, 4, 0x10
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, tunsetiff, struct.pack("16sH22x", name.encode(), tap_no_pi))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind((device, 0))
    wire.setsockopt(sol_packet, auxdata, 1)
    # Only tagged frames: the bulk of the others would fill the socket's buffer.
    only_tagged = b"".join(struct.pack("HBBI", *op) for op in (
        (0x30, 0, 0, 0xFFFFF030), (0x15, 0, 1, 1), (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0)))
    code = ctypes.create_string_buffer(only_tagged)
    wire.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", 4, ctypes.addressof(code)))
    print("ready", flush=True)
    while True:
        if tap in select.select([tap, wire], [], [])[0]:
            frame = os.read(tap, 65536)
            wire.send(frame[:12] + struct.pack(">HH", 0x8100, vlan_id) + frame[12:])
            continue
        frame, ancillary, _, address = wire.recvmsg(65536, 64)
        for _, _, data in ancillary if address[2] != outgoing else []:
            status, *_, tci, _ = struct.unpack("IIIHHHH", data)
            if status & vlan_valid and tci & 0xFFF == vlan_id:
                os.write(tap, frame)


if sys.argv[1:] == ["serve"]:
    serve()
elif sys.argv[1:2] == ["visit"]:
    for peer in sys.argv[2:]:
        visit(peer)
elif sys.argv[1:2] == ["vlan"] and len(sys.argv) == 5:
    vlan(sys.argv[2], int(sys.argv[3]), sys.argv[4])
else:
    sys.exit(__doc__)
