#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""test_wcrun_testpmd.py with the arguments of test_wcrun.py: the interposer inside stock dpdk-testpmd, preloaded and
by EAL's -d. Its calls are taken over, and while packets are forwarded none comes by: their number is the same for
any number of packets. Stock net_ena gets its BAR 2 write-combining, on a VFIO that is a library."""
import os
import re
import shutil
import subprocess
import sys
import unittest

import test_wcrun
from test_wcrun import BDF, LIBRARY, LONGEST_S, TABLES, WCRUN

FEW, MANY = 1 << 12, 1 << 21


class Testpmd:
    """dpdk-testpmd with two net_null ports; `before` is what starts it, `options` go to EAL."""

    def __init__(self, before=(), options=()):
        # A name without a folder is looked up by the loader: EAL refuses folders that others may write to.
        env = dict(os.environ, WCRUN_VERBOSE="1", LD_LIBRARY_PATH=os.path.dirname(LIBRARY))
        self.run = subprocess.Popen(
            [*before, "stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci", "--no-shconf", *options, "--vdev", "net_null0",
             "--vdev", "net_null1", "--", "-i", "--total-num-mbufs=2048", "--no-numa"], env=env, text=True, cwd="/",
            bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""

    def say(self, command):
        self.run.stdin.write(command + "\n")
        self.run.stdin.flush()

    def read_until(self, pattern):
        for line in self.run.stdout:
            self.output += line
            match = re.search(pattern, line)
            if match:
                return match
        raise AssertionError(f"testpmd ended without {pattern}:\n{self.output}")

    def forward(self, packets):
        """Forwards at least so many packets, and returns all that was printed until the end."""
        self.say("start")
        done = 0
        while done < packets:
            self.say("show port stats 0")
            done = int(self.read_until(r"RX-packets: (\d+)")[1])
        self.say("stop")
        self.say("quit")
        self.output += self.run.communicate()[0]
        return self.output


class Stock(unittest.TestCase):
    def calls(self, packets, **how):
        testpmd = Testpmd(**how)
        output = testpmd.forward(packets)
        self.assertEqual(testpmd.run.returncode, 0, output)
        return output, re.search(r"wcrun: (\d+) calls of ioctl, (\d+) of mmap came by", output).groups()

    def test_by_d__slots_are_taken_over_and_no_packet_costs_a_call(self):
        output, few = self.calls(FEW, options=("-d", os.path.basename(LIBRARY)))
        self.assertRegex(output, r"wcrun: librte_eal\.so: [1-9]\d* slots")
        self.assertGreater(int(few[1]), 0) # EAL's own mappings came by
        self.assertEqual(self.calls(MANY, options=("-d", os.path.basename(LIBRARY)))[1], few)

    def test_preloaded__no_slot_is_touched_and_no_packet_costs_a_call(self):
        output, few = self.calls(FEW, before=(WCRUN, "--"))
        self.assertNotIn("slots", output)
        self.assertGreater(int(few[1]), 0)
        self.assertIn("was not seen to open a device with VFIO", output)
        self.assertEqual(self.calls(MANY, before=(WCRUN, "--"))[1], few)


class Ena(test_wcrun.Case):
    """EAL maps all BARs and hands them to net_ena, which soon finds that this card answers nothing."""

    def start(self, machine, before=(), options=(), status=0, **more):
        env = self.environment(SYSFS_PCI_DEVICES=machine.root + "/sys/bus/pci/devices",
                               FAKE_VFIO_CONFIG=machine.root + machine.device + "/config",
                               LD_LIBRARY_PATH=os.path.dirname(LIBRARY), **more)
        run = subprocess.run([*before, "dpdk-testpmd", "--no-huge", "-m", "256", "--no-shconf", "--iova-mode=va",
                              "--log-level=bus.pci:info", *options,
                              "-a", BDF, "--", "-i", "--total-num-mbufs=2048", "--no-numa"], env=env, text=True, cwd="/",
                             input="quit\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST_S,
                             check=False)
        self.assertEqual(run.returncode, status, run.stdout)
        return run.stdout

    def own_lines(self, output):
        return [line for line in output.splitlines() if line.startswith("wcrun: ")]

    def test_preloaded__its_bar_2_is_wc_and_no_other(self):
        machine = self.machine()
        output = self.start(machine, before=(WCRUN, "--root", machine.root, "--tables", TABLES, "--"))
        self.assertEqual(self.own_lines(output), [
            f"wcrun: {BDF} BAR 2: WC by sysfs-wc-vfio (the file that it maps has that type)"])
        self.assertIn("Probe PCI driver: net_ena", output)

    def test_by_d__the_same(self):
        machine = self.machine()
        output = self.start(machine, options=("-d", os.path.basename(LIBRARY)), WCRUN_ROOT=machine.root,
                              WCRUN_TABLES=TABLES)
        self.assertEqual(self.own_lines(output), [
            f"wcrun: {BDF} BAR 2: WC by sysfs-wc-vfio (the file that it maps has that type)"])
        self.assertIn("Probe PCI driver: net_ena", output)

    def test_required__ends_before_the_driver_has_the_bar(self):
        machine = self.machine()
        machine.spoil_wc()
        output = self.start(machine, before=(WCRUN, "--root", machine.root, "--tables", TABLES, "--require", "--"),
                              status=4)
        self.assertIn("BAR 2: UC by vfio", output)
        self.assertNotIn("Probe PCI driver", output)


if __name__ == "__main__":
    if not shutil.which("dpdk-testpmd"):
        print("dpdk-testpmd is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=1)
