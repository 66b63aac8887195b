# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Tools beside a running program (proc-info, dumpcap), DPDK's own tests, and bonding."""
import re
import subprocess

import frames
from dpdk import release
from rig import Program, Skip, expect, same, until
from testpmd import MARK, until_mark, wired

CHECKS = {}


def check(name):
    def register(function):
        CHECKS[name] = function
        return function
    return register


def running(rig, count=100):
    """A testpmd whose memory others can map, and which has forwarded so many frames."""
    memory = rig.hugepages()
    port = rig.port(frames.plain(count))
    pmd = rig.testpmd(rig.vdevs(port), "--port-topology=loop", memory=memory)
    pmd.tell("start")
    port.wait(count, pmd)
    return pmd


@check("proc-info")
def proc_info(rig):
    """Statistics, their reset, and the card's registers, by another process."""
    pmd = running(rig)

    def ask(*args):
        return rig.start(Program, ["dpdk-proc-info", "--no-pci", "--file-prefix", pmd.prefix, "-d", rig.plugin, "--",
                                   "-p", "0x1", *args]).exit()
    text = ask("--xstats")
    expect(re.search(r"^tx_good_packets: 100$", text, re.M), f"proc-info shows other statistics:\n{text}")
    ask("--xstats-reset")
    pmd.tell("stop")
    left = {name: pmd.xstats()[name] for name in ("tx_good_packets", "rx_good_packets", "card_tx_frames")}
    expect(not any(left.values()), f"after a reset the statistics are {left}", pmd)
    text = ask("--dump-regs=regs")
    expect("regs dumped successfully" in text, f"proc-info dumped no registers:\n{text}")
    registers = (rig.work / "regs-port0").read_bytes()
    pmd.quit()
    return {"bytes of registers": len(registers)}


@check("dumpcap")
def dumpcap(rig):
    """Captures what comes in by port 2."""
    sent = frames.plain(50)
    pmd, port = wired(rig, sent, start=False, memory=rig.hugepages(768))
    mempool = re.search(r"librte_mempool_\S+\.so\S*", subprocess.run(
        ["ldd", "/usr/bin/dpdk-testpmd"], stdout=subprocess.PIPE, text=True).stdout)
    path = rig.work / "dumpcap.pcap"
    capture = rig.start(Program, ["dpdk-dumpcap", "-i", "net_wcnic2", "-P", "-c", "51", "-w", path,
                                  f"--file-prefix={pmd.prefix}"],
                        env={"LD_PRELOAD": f"{mempool[0]}:{rig.plugin}"})
    capture.wait("Packets captured: 0")  # it says what it captures before it does
    pmd.tell("start")
    until_mark(port, pmd)
    capture.exit()
    pmd.quit()
    got = frames.read(path)
    same(got, [*sent, MARK], "captured")
    return {"frames": len(got)}


def suites(rig, devices, *names, memory=("--no-huge", "-m", "512"), dpdk=None):
    """Suites of dpdk-test, one after the other."""
    test = rig.run("dpdk-test", devices, lcores=2, memory=memory, dpdk=dpdk)
    test.wait("RTE>>")
    for name in names:
        test.say(name)
        found = test.wait(r"^Test (OK|Failed|Skipped)|^Bad arguments|Command not found")
        if "Test" not in found[0]:
            raise Skip(f"this dpdk-test has no {name}")
        expect(found[0] == "Test OK", f"{name}: {found[0]}", test)
    test.say("quit")
    test.exit()
    return test.text


@check("dpdk-test bonding")
def test_bonding(rig):
    text = suites(rig, rig.vdevs("loopback", "loopback"), "link_bonding_autotest")
    passed = re.findall(r"Tests Passed\s*:\s*(\d+)", text)
    failed = re.findall(r"Tests Failed\s*:\s*(\d+)", text)
    expect(passed and not any(map(int, failed)), f"passed {passed}, failed {failed}")
    return {"cases": int(passed[-1])}


@check("dpdk-test link status, pcapng")
def test_small(rig):
    text = suites(rig, rig.vdevs("loopback"), "ethdev_link_status", "pcapng_autotest")
    return {"cases": cases(text)}


@check("dpdk-test of the next release")
def test_next(rig):
    """What it has of ethdev: the states of queues (since DPDK 23.11), link status, event adapters, bonding. Each that
    makes a mempool of a name that another uses has a process of its own."""
    dpdk, text = rig.next_dpdk(), ""
    for names, devices, memory in (
            (("ethdev_api", "ethdev_link_status"), rig.vdevs("loopback", "loopback"), 512),
            (("link_bonding_autotest",), rig.vdevs("loopback", "loopback"), 512),
            (("event_eth_rx_adapter_autotest", "event_eth_tx_adapter_autotest"),
             rig.vdevs("loopback", options=",queues=4"), 2560)):
        text += suites(rig, devices, *names, memory=("--no-huge", "-m", str(memory)), dpdk=dpdk)
    return {"version": dpdk.version, "cases": cases(text)}


def cases(text):
    return sum(map(int, re.findall(r"Tests Passed\s*:\s*(\d+)", text)))


@check("dpdk-test event adapters")
def test_adapters(rig):
    """Each port with as many queues as it has, fed to an event device."""
    text = suites(rig, rig.vdevs("loopback", options=",queues=4"), "event_eth_rx_adapter_autotest",
                  "event_eth_tx_adapter_autotest", memory=("--no-huge", "-m", "2560"))
    return {"cases": cases(text)}


@check("dpdk-test pdump")
def test_pdump(rig):
    """It has a device of its own; the second process that it starts would not start beside a card."""
    text = suites(rig, (), "pdump_autotest", memory=rig.hugepages())
    rounds = len(re.findall("pdump_disable_by_deviceid success", text))
    expect(rounds == 3, f"the second process did {rounds} of 3 rounds")
    return {"rounds": rounds}


@check("bonding 802.3ad")
def bonding(rig):
    """Two bonds of two cards each, on two wires: LACP agrees, and traffic passes on both."""
    devices, _ = rig.cards("wire", "wire", "wire", "wire")
    pmd = rig.testpmd(devices, "--disable-device-start", "--port-topology=paired")
    device, member, lacp = ("bonding device", "member", "config") if release() >= (23, 11) else (
        "bonded device", "slave", "lacp info")
    for bond, (one, other) in ((4, (0, 2)), (5, (1, 3))):  # cards 0 and 1 are wired, and 2 and 3
        pmd.must(f"create {device} 4 0", f"add bonding {member} {one} {bond}", f"add bonding {member} {other} {bond}",
                 f"set bonding balance_xmit_policy {bond} l34", f"port start {bond}")
    # flowgen receives and sends all the time, as LACP needs it, and its flows differ.
    pmd.must("set portlist 4,5", "set fwd flowgen")
    pmd.tell("start")
    both = r"(?s)(Actor.*?DISTRIBUTING.*?Partner.*?DISTRIBUTING.*?){2}"
    for bond in (4, 5):
        until(lambda: re.search(both, pmd.tell(f"show bonding {lacp} {bond}")), f"LACP of port {bond}", pmd)
    at = frames_of(pmd)
    until(lambda: all(now > before + 1000 for now, before in zip(frames_of(pmd), at)), "traffic on both wires", pmd)
    pmd.tell("stop")
    pmd.quit()
    return {"cards": 4}


def frames_of(pmd):
    return [pmd.ask(f"/ethdev/stats,{card}")["ipackets"] for card in range(4)]
