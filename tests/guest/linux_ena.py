# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Linux's own driver ena on two cards that are wired together, each in a network namespace of one guest."""
import json
import random
import re
import time

import toeplitz
from life import PATIENCE_S, Failure

LOAD = "while read -r module; do insmod /modules/$module; done </modules/ena.order"
IP = "/bin/ip"  # the shell prefers its own, which lacks namespaces
ADDRESS = {"a": "192.0.2.1", "b": "192.0.2.2"}
OTHER = {"a": "b", "b": "a"}
TCP_PORT, UDP_PORT = 5201, 9
TCP_BYTES = 1 << 20
IPERF_PORT, IPERF_BYTES, IPERF_STREAMS = 5202, 1 << 20, 4
# Where datagrams come from: numbers without an order, as those in a row are spread evenly by nearly any key.
SOURCES, COUNT = random.Random(14).sample(range(20000, 60000), 64), 2
INITIAL = 0xFFFFFFFF  # what the driver starts the hash with


class LinuxEna:
    def __init__(self, guest, cards, bdf_a, bdf_b, card_of):
        self.guest, self.cards, self.card_of = guest, cards, card_of
        self.bdf = {"a": bdf_a, "b": bdf_b}
        self.interface = {}
        self.seed = 0

    def steps(self):
        return (("bind", self.bind), ("ping", self.ping), ("1 queue", lambda: self.transfers(1)),
                ("4 queues", lambda: self.transfers(4)), ("iperf3", self.iperf3), ("RSS", self.rss), ("MTU 9000", self.jumbo),
                ("statistics", self.statistics), ("unbind", self.unbind))

    def inside(self, end, command, timeout=PATIENCE_S):
        """In the namespace of that end."""
        return self.guest.check(f"{IP} netns exec {end} {command}", timeout)

    def bind(self):
        self.guest.check(LOAD)
        for end, bdf in self.bdf.items():
            self.interface[end] = name = self.guest.check(f"ls /sys/bus/pci/devices/{bdf}/net").strip()
            text = self.guest.check(f"ethtool -i {name}")
            if "driver: ena\n" not in text or f"bus-info: {bdf}" not in text:
                raise Failure(f"ethtool -i {name} says:\n{text}")
            self.guest.check(f"{IP} netns add {end} && {IP} link set {name} netns {end} && {IP} netns exec {end} sh -c "
                             f"'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip addr add {ADDRESS[end]}/24 dev {name}; "
                             f"ip link set {name} up'")
        return {"version": re.search(r"^version: (.*)", text, re.M)[1]}

    def link_wait(self):
        """Both carriers are up."""
        for end, name in self.interface.items():
            self.inside(end, f"timeout {PATIENCE_S} sh -c 'until [ \"$(cat /sys/class/net/{name}/carrier)\" = 1 ]; do "
                             "sleep 0.1; done'")

    def ping(self):
        self.link_wait()
        for end in self.bdf:
            for size in (56, 1472):
                text = self.inside(end, f"ping -c 4 -s {size} -W {PATIENCE_S} {ADDRESS[OTHER[end]]}")
                if "4 packets received" not in text:
                    raise Failure(f"ping says:\n{text}")
        return {}

    def transfer(self, end):
        """From that end to the other by TCP: what arrives has the sum of what was sent."""
        self.seed += 1
        peer = OTHER[end]
        self.guest.check(f"rm -f /run/received; {IP} netns exec {peer} inside.py receive {ADDRESS[peer]} {TCP_PORT} >/run/received "
                         f"2>&1 & timeout {PATIENCE_S} sh -c 'until grep -q listening /run/received; do sleep 0.1; done'")
        sent = self.inside(end, f"inside.py send {ADDRESS[peer]} {TCP_PORT} {TCP_BYTES} {self.seed}")
        text = self.guest.check(f"timeout {PATIENCE_S} sh -c 'until [ $(wc -l </run/received) -gt 1 ]; do sleep 0.1; done'; "
                                "cat /run/received").splitlines()[1:]
        if text != sent.splitlines() or int(sent.split()[0]) != TCP_BYTES:
            raise Failure(f"sent {sent}, received {text}")

    def transfers(self, queues):
        for end, name in self.interface.items():
            self.inside(end, f"ethtool -L {name} combined {queues}")
            if f"Combined:\t{queues}" not in self.inside(end, f"ethtool -l {name}").split("Current")[1]:
                raise Failure(f"{name} does not have {queues} queues")
        self.link_wait()
        for end in self.bdf:
            self.transfer(end)
        return {"bytes each way": TCP_BYTES}

    def iperf3(self):
        """So many bytes each way, by four connections at a time. What is on its way when the sender has sent enough is not
        counted by the receiver, so transfer() and not this step looks for bytes that are lost."""
        server = f"{IP} netns exec b iperf3 -s -1 -J -B {ADDRESS['b']} -p {IPERF_PORT}"
        for way in ("", "-R"):
            self.guest.check(f"{server} >/run/iperf3.server 2>&1 & timeout {PATIENCE_S} sh -c 'until {IP} netns exec b "
                             f"netstat -ltn | grep -q :{IPERF_PORT}; do sleep 0.1; done'")
            text = self.inside("a", f"iperf3 -J -c {ADDRESS['b']} -p {IPERF_PORT} -n {IPERF_BYTES} -P {IPERF_STREAMS} {way}")
            end = json.loads(text)["end"]
            sent, received = end["sum_sent"]["bytes"], end["sum_received"]["bytes"]
            if not 0 < received <= sent or sent < IPERF_BYTES:
                raise Failure(f"iperf3 {way} sent {sent} bytes, {received} arrived, of {IPERF_BYTES}:\n{text[-3000:]}")
        return {"bytes each way": IPERF_BYTES, "connections": IPERF_STREAMS}

    def rss(self):
        """Datagrams of many flows come to the queues that the definition says, by the table that ethtool shows, and the key,
        which it shows from its end to its start."""
        for end in self.bdf:
            peer, name = OTHER[end], self.interface[end]
            self.inside(end, f"{IP} neigh replace {ADDRESS[peer]} lladdr $({IP} netns exec {peer} cat "
                             f"/sys/class/net/{self.interface[peer]}/address) dev {name} nud permanent")
        name = self.interface["b"]
        text = self.inside("b", f"ethtool -x {name}")
        key = bytes.fromhex(re.search(r"RSS hash key:\s+([0-9a-f:]+)", text)[1].replace(":", ""))[::-1]
        table = [int(queue) for row in re.findall(r"^\s+\d+:((?:\s+\d+)+)$", text, re.M) for queue in row.split()]
        before = self.received(name)
        self.inside("a", f"inside.py flows {ADDRESS['b']} {UDP_PORT} {COUNT} {' '.join(map(str, SOURCES))}")
        wanted = [0] * len(before)
        for port in SOURCES:
            hashed = toeplitz.flow(key, ADDRESS["a"], ADDRESS["b"], port, UDP_PORT) ^ INITIAL
            wanted[table[hashed % len(table)]] += COUNT
        found = self.received_since(name, before, sum(wanted))
        if found != wanted:
            raise Failure(f"the queues of {name} have received {found} datagrams, {wanted} was expected; ethtool -x says\n{text}")
        return {"datagrams": " ".join(map(str, found))}

    def received(self, name):
        text = self.inside("b", f"ethtool -S {name}")
        return [int(count) for _, count in sorted((int(queue), count) for queue, count in
                                                  re.findall(r"queue_(\d+)_rx_cnt: (\d+)", text))]

    def received_since(self, name, before, total):
        """By queue, once so many have come; what has come if they do not."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = [now - then for now, then in zip(self.received(name), before)]
            if sum(found) >= total or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def jumbo(self):
        before = self.cards.totals(self.card_of("wire-a"))
        for end, name in self.interface.items():
            self.inside(end, f"{IP} link set {name} mtu 9000")
        self.link_wait()
        text = self.inside("a", f"ping -c 2 -s 8972 -W {PATIENCE_S} {ADDRESS['b']}")
        for end in self.bdf:
            self.transfer(end)
        after = self.cards.totals(self.card_of("wire-a"))
        frames, total = (after[key] - before[key] for key in ("tx_frames", "tx_bytes"))
        if "2 packets received" not in text or total < TCP_BYTES:
            raise Failure(f"with MTU 9000 {frames} frames of {total} bytes were sent; ping says:\n{text}")
        return {"bytes each way": TCP_BYTES, "frames": frames, "bytes a frame": total // frames}

    def statistics(self):
        """ethtool's are the card's."""
        for end, name in self.interface.items():
            text = self.inside(end, f"ethtool -S {name}")
            sent = sum(int(count) for count in re.findall(r"queue_\d+_tx_cnt: (\d+)", text))
            errors = {key: int(count) for key, count in re.findall(r"^\s+(\w*(?:bad_desc|bad_csum|missed_tx|refil_partial|"
                                                                   r"bad_req_id|wd_expired|dma_mapping_err)): (\d+)", text, re.M)
                      if int(count) and "refil_partial" not in key}
            if sent == 0 or errors:
                raise Failure(f"{name} has sent {sent} frames, errors {errors}:\n{text}")
        totals = {end: self.cards.totals(self.card_of(f"wire-{end}")) for end in self.bdf}
        bad = {f"{end}: {key}": count for end, counters in totals.items() for key, count in counters.items()
               if "_bad_" in key and count}
        if bad:
            raise Failure(f"the cards count {bad}")
        return {f"frames of {end}": counters["tx_frames"] for end, counters in totals.items()}

    def unbind(self):
        for end, bdf in self.bdf.items():
            self.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/ena/unbind")
        return {}
