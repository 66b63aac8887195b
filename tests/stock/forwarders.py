# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""DPDK's examples that forward frames between two cards."""
import pathlib
import re
import signal
import struct

from scapy.layers.inet import IP, UDP, defragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, defragment6, fragment6
from scapy.layers.l2 import Ether

import frames
from dpdk import Failure, release
from rig import Program, Skip, expect, same, until

CHECKS = {}
RECOVERIES = 5
FRAMES = 200  # a direction


def check(name):
    def register(function):
        CHECKS[name] = function
        return function
    return register


def routed(port, count, kind, addresses, size=64, first=0):
    """Frames for the network behind a port."""
    make = frames.udp if kind == 4 else frames.udp6
    return [make(first + number, size, dst=addresses[port].format(number % 200 + 1)) for number in range(count)]


def judge_routed(got, sent, where, hops6=1):
    """Each frame came out once and in order, with its hop taken off and with checksums that scapy finds right."""
    expect(len(got) == len(sent), f"{where}: {len(got)} frames, not {len(sent)}")
    for number, (one, other) in enumerate(zip(got, sent)):
        out, into = Ether(one), Ether(other)
        layer, field, hops = (IP, "ttl", 1) if IP in into else (IPv6, "hlim", hops6)
        expect(layer in out and getattr(out[layer], field) == getattr(into[layer], field) - hops,
               f"{where}: frame {number} came out as {out.summary()}")
        expect(bytes(out[UDP]) == bytes(into[UDP]), f"{where}: frame {number} has another payload")
        wrong = frames.wrong_checksums(one)
        expect(not wrong, f"{where}: frame {number} has wrong checksums: {wrong}")


@check("l2fwd")
def l2fwd(rig):
    """From each port to the other; the Ethernet addresses are those that l2fwd writes."""
    ports = [rig.port(frames.plain(FRAMES)), rig.port(frames.plain(FRAMES, 300))]
    program = rig.run("l2fwd", rig.vdevs(*ports), "-p", "0x3", "-q", "2", "-T", "0", "-P")
    macs = [program.wait(rf"Port {number}, MAC address: (\S+)")[1] for number in range(2)]
    for to, port in enumerate(ports):
        got = port.wait(FRAMES, program)
        head = bytes.fromhex(f"02000000000{to}" + macs[to].replace(":", ""))
        same(got, [head + frame[12:] for frame in frames.read(ports[1 - to].path_in)], f"out of port {to}")
    program.end()
    return {"frames": 2 * FRAMES}


def unchanged(rig, name, *args, **options):
    """A program that forwards frames as they are between two cards in a process of their own."""
    ports = [rig.port(frames.plain(FRAMES)), rig.port(frames.plain(FRAMES, 300))]
    devices, card = rig.cards(*ports)
    program = rig.run(name, devices, *args, **options)
    for to, port in enumerate(ports):
        port.wait(FRAMES, program, card)
    program.end(status=-signal.SIGINT)
    card.end(signal.SIGTERM)
    for to, port in enumerate(ports):
        same(port.sent(), frames.read(ports[1 - to].path_in), f"out of port {to}")
    return program


@check("skeleton")
def skeleton(rig):
    unchanged(rig, "basicfwd")
    return {"frames": 2 * FRAMES}


@check("rxtx_callbacks -t")
def rxtx_callbacks(rig):
    """With the card's timestamps; it prints the card's clock as it measures it."""
    program = unchanged(rig, "rxtx_callbacks", "-t")
    found = program.text.partition("HW Freq ~= ")[2].split()
    expect(found and int(found[0]) > 0, "rxtx_callbacks read no clock of the card", program)
    return {"frames": 2 * FRAMES, "Hz": int(found[0])}


L3FWD = {4: ("198.18.0.{}", "198.18.1.{}"), 6: ("2001:200::{}", "2001:200:0:1::{}")}


@check("l3fwd")
def l3fwd(rig):
    """Longest prefix match of IPv4 and IPv6 routes, both ways, promiscuous."""
    sent = [routed(port, FRAMES, 4, L3FWD[4]) + routed(port, FRAMES, 6, L3FWD[6], 100) for port in (1, 0)]
    ports = [rig.port(each) for each in sent]
    program = rig.run("l3fwd", rig.vdevs(*ports), "-p", "0x3", "-P", "--config=(0,0,0),(1,0,0)", "--lookup=lpm")
    got = [port.wait(2 * FRAMES, program) for port in ports]
    program.end()
    for to in range(2):
        # IPv4 and IPv6 go in bursts of their own.
        judge_routed(got[to], sent[1 - to], f"out of port {to}", hops6=0)  # l3fwd leaves IPv6's alone
    return {"frames": 4 * FRAMES}


ROUTES = {4: ("100.10.0.{}", "100.20.0.{}"), 6: ("101:101:101::{}", "201:101:101::{}")}


@check("ip_fragmentation")
def ip_fragmentation(rig):
    """Long frames become fragments of 1500 bytes, which scapy joins again; the card computes their IPv4 checksums."""
    count, size = 40, 4000
    sent = routed(1, count, 4, ROUTES[4], size) + routed(1, count, 6, ROUTES[6], size, first=1000)
    ports = [rig.port(sent), rig.port()]
    devices, card = rig.cards(*ports)
    program = rig.run("ip_fragmentation", devices, "-p", "0x3", "-q", "2")
    ports[1].wait(3 * 2 * count, program, card)
    program.end(status=-signal.SIGINT)
    card.end(signal.SIGTERM)
    got = ports[1].sent()
    expect(len(got) == 6 * count, f"{len(got)} fragments, not {6 * count}")
    for number, frame in enumerate(got):
        expect(len(frame) <= 1514, f"fragment {number} has {len(frame)} bytes")
        packet = Ether(frame)
        if IP in packet:
            wrong = ip_checksum_wrong(frame)
            expect(not wrong, f"fragment {number} has a wrong IPv4 checksum")
    judge_payloads(joined(got), sent, "joined by scapy")
    return {"fragments": len(got)}


def ip_checksum_wrong(frame):
    """Of a fragment only the IPv4 checksum can be judged."""
    packet = Ether(frame)
    fresh = packet[IP].copy()
    del fresh.chksum
    return IP(bytes(fresh)).chksum != packet[IP].chksum


def joined(fragments):
    """The IP packets, joined by scapy."""
    packets = [Ether(frame) for frame in fragments]
    whole = [packet[IP] for packet in defragment([packet[IP] for packet in packets if IP in packet])]
    by_address = {}  # DPDK gives all IPv6 fragments the id 0
    for packet in packets:
        if IPv6 in packet:
            by_address.setdefault(packet[IPv6].dst, []).append(packet[IPv6])
    return whole + [defragment6(each) for each in by_address.values()]


def payload(packet):
    """What an IP packet carries."""
    layer = packet[IP] if IP in packet else packet[IPv6]
    return bytes(layer.payload)


def judge_payloads(packets, sent, where):
    got = {payload(packet) for packet in packets}
    wanted = {payload(Ether(frame)) for frame in sent}
    expect(got == wanted, f"{where}: {len(got & wanted)} of {len(wanted)} packets are whole, {len(got - wanted)} differ")


@check("ip_reassembly")
def ip_reassembly(rig):
    """Fragments come in, whole packets go out."""
    from scapy.layers.inet import fragment
    count, size = 40, 4000
    whole = routed(1, count, 4, ROUTES[4], size)
    pieces = [bytes(frames.ether() / piece) for frame in whole for piece in fragment(Ether(frame)[IP], 1400)]
    six = routed(1, count, 6, ROUTES[6], size, first=1000)
    for number, frame in enumerate(six):
        packet = IPv6(bytes(Ether(frame)[IPv6]))
        head = IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(id=number) / packet.payload
        pieces += [bytes(frames.ether() / piece) for piece in fragment6(head, 1400)]
    ports = [rig.port(pieces), rig.port()]
    program = rig.run("ip_reassembly", rig.vdevs(*ports), "-p", "0x3", "-q", "2", "--maxflows=200")
    got = ports[1].wait(2 * count, program)
    program.end(status=None)
    expect(len(got) == 2 * count, f"{len(got)} packets came out, not {2 * count}")
    for number, frame in enumerate(got):
        wrong = frames.wrong_checksums(frame)
        expect(not wrong, f"packet {number} has wrong checksums: {wrong}")
    judge_payloads([Ether(frame) for frame in got], whole + six, "reassembled by the program")
    return {"fragments": len(pieces), "packets": len(got)}


@check("ipv4_multicast")
def ipv4_multicast(rig):
    """A frame to group 224.0.0.(100+N) goes to the ports of the bits of N."""
    def group(number, mask):
        link = frames.ether(dst=f"01:00:5e:00:00:{100 + mask:02x}")
        return frames.udp(number, 64 if number % 2 else 1000, dst=f"224.0.0.{100 + mask}", link=link)
    sent = [group(number, 1 + number % 3) for number in range(FRAMES)]
    ports = [rig.port(sent), rig.port()]
    devices, card = rig.cards(*ports)
    program = rig.run("ipv4_multicast", devices, "-p", "0x3", "-q", "2")
    wanted = [[frame[14:] for number, frame in enumerate(sent) if 1 + number % 3 & 1 << port] for port in range(2)]
    for port, each in zip(ports, wanted):
        port.wait(len(each), program, card)
    program.end(status=-signal.SIGINT)
    card.end(signal.SIGTERM)
    for number in range(2):
        got = ports[number].sent()
        same([frame[14:] for frame in got], wanted[number], f"out of port {number}")
    return {"frames": FRAMES, "copies": sum(map(len, wanted))}


def ptp(kind, sequence, seconds, mac=None):
    """A message of the master: Sync (0), Follow_Up (8) or Delay_Resp (9). To all: it comes before promiscuous mode."""
    clock = bytes.fromhex("0011223344556677")
    length = 54 if mac else 44
    head = struct.pack(">BBHBxHqI8sHHBb", kind, 2, length, 0, 0x200 if kind == 0 else 0, 0, 0, clock, 1, sequence, 0, 0)
    body = struct.pack(">HII", seconds >> 32, seconds & 0xFFFFFFFF, 1000)
    if mac:
        mac = bytes.fromhex(mac.replace(":", ""))
        body += mac[:3] + b"\xff\xfe" + mac[3:] + struct.pack(">H", 0)
    return bytes.fromhex("ffffffffffff" + "02000000aa01" + "88f7") + head + body


@check("ptpclient")
def ptpclient(rig):
    """Follows a master whose messages another process plays over a wire: by the second round its clock is the master's,
    and the differences that it prints are those of the times that it prints."""
    start = 1_000_000_000
    devices, card = rig.cards("wire", "wire", options=("--seed", "7"))
    client, master = devices[:2], devices[2:]
    mac = rig.mac(client)
    program = rig.run("ptpclient", client, "-p", "0x1", "-T", "0")
    program.wait("Waiting for SYNC packets")
    requests = []
    for number in range(2):
        # A round's Sync is sent after the clock was set in the round before.
        ports = rig.port([ptp(0, number, 0), ptp(8, number, start), ptp(9, number, start, mac)]), rig.port()
        feeder = rig.testpmd(rig.vdevs(ports[0]) + master + rig.vdevs(ports[1], first=3), "--port-topology=chained")
        feeder.tell("start")  # from the first to the wire, and from the wire to the last
        program.wait(r"Delta between \w+ and \w+ clocks:")
        requests += ports[1].wait(1, feeder, program, card)
        feeder.quit()
    program.end(status=0 if release() >= (24, 11) else -signal.SIGINT)
    text = program.text
    # DPDK 24.11 calls master and slave transmitter and receiver.
    clocks = r"\s+".join(rf"{name} - [\w ]+\.\s+(\d+)s (\d+)ns" for name in ("T2", "T1", "T3", "T4"))
    pattern = clocks + r"\s+Delta between \w+ and \w+ clocks:(-?\d+)ns"
    found = [list(map(int, each)) for each in re.findall(pattern, text)]
    expect(len(found) >= 2, "ptpclient printed no two rounds", program)
    for times in found:
        t2, t1, t3, t4 = (times[at] * 10**9 + times[at + 1] for at in (0, 2, 4, 6))
        expect(t1 == t4 == start * 10**9 + 1000, f"the master's times came as {t1} and {t4}")
        expect(0 < t2 < t3, f"the card took Sync at {t2} ns and sent Delay_Req at {t3} ns", program)
        # Truncated as C divides.
        delta = -int(((t2 - t1) - (t4 - t3)) / 2) if abs(times[8]) < 1 << 52 else times[8]
        expect(abs(delta - times[8]) <= 1, f"the difference is {delta} ns, not {times[8]}", program)
    expect(abs(found[1][0] - start) < 3600, f"after the first round the card's clock is {found[1][0]} s, not about {start}")
    expect(all(request[12:15] == b"\x88\xf7\x01" for request in requests), "what was sent is no Delay_Req")
    return {"rounds": len(found), "ns of the last difference": found[-1][8]}


POWER = ("1.1.1.{}", "2.1.1.{}")


def power(rig, *args, gap_us=0, cards=None, **options):
    """l3fwd-power between two cards, from port 0 to port 1."""
    sent = routed(1, 40, 4, POWER)
    timed = [(number * gap_us, frame) for number, frame in enumerate(sent)] if gap_us else sent
    ports = [rig.port(timed, **({"timing": "capture"} if gap_us else {})), rig.port()]
    devices, _ = rig.cards(*ports)
    lcore = options.get("lcores", 1) - 1
    program = rig.run("l3fwd-power", devices, "-p", "0x3", "-P", f"--config=(0,0,{lcore}),(1,0,{lcore})", *args, **options)
    return program, ports, sent


@check("l3fwd-power, interrupts")
def power_interrupts(rig):
    """Without CPU frequencies to set it sleeps until an interrupt of the card."""
    program, ports, sent = power(rig, "--interrupt-only", gap_us=30000)
    got = ports[1].wait(len(sent), program)
    program.end(status=None)
    judge_routed(got, sent, "out of port 1")
    woken = len(re.findall("is waked up from rx interrupt on port 0", program.text))
    expect(woken > 0, "l3fwd-power forwarded all and never slept", program)
    return {"frames": len(got), "wake-ups": woken}


@check("l3fwd-power, pause")
def power_pause(rig):
    program, ports, sent = power(rig, "--pmd-mgmt=pause", lcores=2)
    got = ports[1].wait(len(sent), program)
    program.end(status=None)
    judge_routed(got, sent, "out of port 1")
    return {"frames": len(got)}


@check("l3fwd-power, monitor")
def power_monitor(rig):
    """Where the CPU has UMONITOR; elsewhere DPDK itself must be what refuses."""
    program, ports, sent = power(rig, "--pmd-mgmt=monitor", lcores=2, eal=("--log-level=lib.power:debug",))
    if " waitpkg" not in pathlib.Path("/proc/cpuinfo").read_text():
        program.exit(status=1)
        expect("Monitoring intrinsics are not supported" in program.text,
               "l3fwd-power says nothing of the CPU", program)
        raise Skip("this CPU cannot monitor an address in user mode, which l3fwd-power said")
    got = ports[1].wait(len(sent), program)
    program.end(status=None)
    judge_routed(got, sent, "out of port 1")
    return {"frames": len(got)}


@check("l3fwd-power, telemetry")
def power_telemetry(rig):
    """It forwards and reports by telemetry how busy it is."""
    program, ports, sent = power(rig, "--telemetry", lcores=2)
    got = ports[1].wait(len(sent), program)
    stats = program.ask("/l3fwd_power/stats")
    program.end(status=None)
    judge_routed(got, sent, "out of port 1")
    expect(stats and "empty_poll" in stats, f"its statistics are {stats}", program)
    return {"frames": len(got)}


@check("link_status_interrupt")
def link_status_interrupt(rig):
    """A card that dies and comes back: an interrupt each."""
    ports = [rig.port(frames.plain(FRAMES)), rig.port()]
    first, _ = rig.cards(ports[0])
    second, card = rig.cards(ports[1], first=1)
    program = rig.run("link_status_interrupt", first + second, "-p", "0x3", "-q", "2", "-T", "1")
    got = ports[1].wait(FRAMES, program, card)
    head = bytes.fromhex("020000000001" + program.ask("/ethdev/info,1")["mac_addr"].replace(":", ""))
    same(got, [head + frame[12:] for frame in frames.read(ports[0].path_in)], "out of port 1")
    card.end(signal.SIGTERM)
    program.wait(r"Event type: LSC interrupt\s+Port 1 Link down")
    rig.again(card)
    program.wait(r"Event type: LSC interrupt\s+Port 1 Link up")
    program.end(status=-signal.SIGINT)
    return {"frames": len(got)}


def symmetric(rig, devices):
    """Two processes of symmetric_mp: the primary one, and another."""
    memory = rig.hugepages()
    processes = []
    for number in range(2):
        program = rig.run("symmetric_mp", () if processes else devices, "-p", "0x3", "--num-procs=2",
                          f"--proc-id={number}", memory=memory, primary=processes[0] if processes else None,
                          first_lcore=number)
        program.wait(f"lcore {number} using queue")
        processes.append(program)
    return processes


def flows():
    return [frames.udp(number, src=f"192.0.2.{1 + number}") for number in range(FRAMES)]


def symmetric_judged(rig, devices, ports, sent, *cards):
    """Both processes take frames, and all frames come out once."""
    processes = symmetric(rig, devices)
    got = ports[1].wait(FRAMES, *processes, *cards)
    texts = [program.end() for program in reversed(processes)]
    same(sorted(got), sorted(sent), "out of port 1")
    taken = [int(re.search(r"Port 0: RX - (\d+)", text)[1]) for text in texts]
    expect(sum(taken) == FRAMES and min(taken) > 0, f"the processes took {taken} of {FRAMES} frames", *processes)
    return {"frames": FRAMES, "frames in the secondary process": taken[0]}


@check("symmetric_mp")
def symmetric_mp(rig):
    """Two processes share the ports; each receives its part of the flows and sends it."""
    sent = flows()
    ports = [rig.port(sent), rig.port()]
    devices, card = rig.cards(*ports)
    return symmetric_judged(rig, devices, ports, sent, card)


@check("symmetric_mp, embedded")
def symmetric_mp_embedded(rig):
    """The same with cards in the primary process, which have threads."""
    sent = flows()
    ports = [rig.port(sent), rig.port()]
    return symmetric_judged(rig, rig.vdevs(*ports, options=",thread=1"), ports, sent)


@check("symmetric_mp, embedded and polled")
def symmetric_mp_polled(rig):
    """Cards without a thread: the primary's bursts poll them, for the secondary process too."""
    sent = flows()
    ports = [rig.port(sent), rig.port()]
    return symmetric_judged(rig, rig.vdevs(*ports), ports, sent)


@check("symmetric_mp, cards come back")
def symmetric_mp_recovers(rig):
    """New cards play their input again, and both processes go on with these."""
    sent = flows()
    ports = [rig.port(sent), rig.port()]
    first, source = rig.cards(ports[0])
    second, sink = rig.cards(ports[1], first=1)
    processes = symmetric(rig, first + second)
    ports[1].wait(FRAMES, *processes, source, sink)
    for card in (source, sink):
        card.end(signal.SIGTERM)
    ports[1].path_out.unlink()
    # The one that plays comes last: the programs drop what the other does not take yet.
    rig.again(sink)
    processes[0].wait("net_wcnic1: the card is back")
    rig.again(source)
    got = ports[1].wait(FRAMES, *processes)
    texts = [program.end() for program in reversed(processes)]
    same(sorted(got), sorted(sent), "out of port 1")
    taken = [int(re.search(r"Port 0: RX - (\d+)", text)[1]) for text in texts]
    expect(sum(taken) == 2 * FRAMES and taken[0] > 1, f"the processes took {taken} frames", *processes)
    return {"frames": 2 * FRAMES, "frames in the secondary process": taken[0]}


def two_testpmds(rig, devices):
    """A primary and a secondary testpmd, with a queue each, between which frames go round."""
    memory = rig.hugepages()
    args = ("--num-procs=2", "--rxq=2", "--txq=2")
    primary = rig.testpmd(devices, *args, "--proc-id=0", memory=memory)
    secondary = rig.testpmd((), *args, "--proc-id=1", memory=memory, primary=primary, first_lcore=2)
    primary.tell("start")
    before = secondary_sent(primary)
    secondary.tell("start tx_first")
    until(lambda: secondary_sent(primary) > before + 1000, "frames of the secondary process", primary, secondary)
    return primary, secondary


def secondary_sent(primary):
    return primary.xstats()["tx_q1_packets"]


@check("secondary killed")
def secondary_killed(rig):
    """A secondary process is killed in the middle of its traffic: the primary stops, starts and ends its port."""
    primary, secondary = two_testpmds(rig, rig.vdevs("loopback", options=",thread=1"))
    secondary.process.kill()
    secondary.process.wait()
    primary.tell("stop")
    primary.must("port stop all", "port start all")
    primary.tell("start")
    primary.quit()


@check("secondary reads, primary recovers")
def secondary_reads(rig):
    """A secondary process sends and reads statistics while the card is killed again and again: both live, and go on."""
    devices, card = rig.cards("loopback")
    primary, secondary = two_testpmds(rig, devices)
    for lives in range(1, RECOVERIES + 1):
        card.process.kill()
        card.process.wait()
        for _ in range(5):
            secondary.tell("show port xstats 0", "show port stats 0", "show port info 0")
        card = rig.again(card)
        for _ in range(5):
            secondary.tell("show port xstats 0", "show port stats 0")
        until(lambda: primary.xstats()["recoveries"] == lives, f"recovery {lives} of the primary", primary, secondary)
        secondary.tell("stop")
        before = secondary_sent(primary)
        secondary.tell("start tx_first")  # what went round is lost with the card
        until(lambda: secondary_sent(primary) > before + 1000, "frames of the secondary process", primary, secondary)
    secondary.tell("stop")
    secondary.quit()
    primary.tell("stop")
    primary.quit()
    return {"recoveries": RECOVERIES}


@check("port closed by the primary")
def primary_closes(rig):
    """A secondary process is told, and goes on without the port."""
    primary, secondary = two_testpmds(rig, rig.vdevs("loopback", options=",thread=1"))
    primary.tell("stop", "port stop all", "port close all")
    secondary.wait("the primary process has closed the port")
    secondary.wait("Port 0: device removal event")
    expect(not secondary.ended(), "the secondary process ended, too", secondary)


@check("primary killed")
def primary_killed(rig):
    """A secondary process notices it."""
    ports = [rig.port(flows()), rig.port()]
    primary, secondary = symmetric(rig, rig.vdevs(*ports, options=",thread=1"))
    ports[1].wait(FRAMES, primary, secondary)
    primary.process.kill()
    primary.process.wait()
    secondary.wait("the primary process has ended")
    secondary.end()
