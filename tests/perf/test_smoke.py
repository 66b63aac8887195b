#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The bench as a whole, for correctness and never for speed: every pair moves packets and accounts for them, the result
has its shape, and instructions are counted alike twice. test_smoke.py BUILD"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import limit
from pairs import MEMIF, OURS, VIRTIO

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
COUNTED = ("--depth", "128", "--burst", "16", "--calls", "14")
SKIPPED = 77


def run(*command, status=0):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != status:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.text = run(HERE / "bench", "--smoke", "--build", BUILD, "--out", folder)
            cls.result = json.loads((pathlib.Path(folder) / "bench.json").read_text())
            cls.markdown = (pathlib.Path(folder) / "bench.md").read_text()
            cls.samples = json.loads((pathlib.Path(folder) / "bench-samples.json").read_text())["samples"]

    def test_every_pair__moves_packets_and_accounts_for_them(self):
        self.assertEqual((self.result["ok"], self.result["unaccounted"]), (True, []))
        for who in (*OURS, "memif", "virtio-split", "virtio-packed"):
            for test in ("tx", "rx", "loop"):
                moved = [s["packets"] for s in self.samples if (s["implementation"], s["test"]) == (who, test)]
                self.assertTrue(moved and min(moved) > 0, f"{who} {test}: {moved}")
            self.assertTrue([s for s in self.samples if s["implementation"] == who and s.get("p50_ns", 0) > 0], who)

    def test_result__has_its_shape(self):
        tests = {row["test"] for row in self.result["rows"]}
        self.assertTrue({"tx", "rx", "loop", "latency_p50", "latency_p99", "latency_p999", "memory"} <= tests, tests)
        for row in self.result["rows"]:
            for key in ("test", "bytes", "burst", "ours", "best_peer", "best_peer_value", "ratio", "unit", "rounds"):
                self.assertIn(key, row)
            _, dpdk_there, far_end = row["test"].rpartition("_ethdev")
            self.assertIn(row["ours_is"], [f"{name}-ethdev" for name in OURS] if dpdk_there and not far_end else OURS)
            self.assertIn(row["best_peer"], (*MEMIF, *VIRTIO))
            self.assertGreater(row["ratio"], 0)
        (designs,) = self.result["limit"]["measured"].values()
        self.assertEqual(set(designs), set(limit.DESIGNS))
        self.assertTrue(all(found["value"] > 0 for bursts in designs.values() for found in bursts.values()))
        (loop,) = [row for row in self.result["rows"] if (row["test"], row["bytes"]) == ("loop", 64)]
        self.assertAlmostEqual(loop["limit_share"], loop["ours"] / loop["limit"])
        self.assertEqual([state["name"] for state in self.result["states"]], ["all"])
        self.assertEqual(self.result["states"][0]["samples"], self.result["samples"]["used"])
        self.assertIn("commit", self.result)
        self.assertIn("cpu", self.result["machine"])
        self.assertIn("loop: the far end of our card", self.text)
        self.assertIn("| tx | 64 |", self.markdown)
        self.assertIn("\n#### all, ", self.markdown)

    def test_arguments__out_of_range__are_refused(self):
        run(HERE / "bench", "--rounds", "0", status=2)
        run(HERE / "bench", "--cpus", "0,x", status=2)


class Lines(unittest.TestCase):
    def ask(self, *commands):
        done = subprocess.run([BUILD / "tests/perf/lines", *map(str, sorted(os.sched_getaffinity(0))[:2])], text=True,
                              input="".join(f"{command}\n" for command in commands), capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_variants__each_moves_whole_lines_both_ways_and_one_way(self):
        (listed,) = self.ask("variants")
        self.assertGreater(len(listed["variants"]), 5)
        for shape in ("1 1 512", "3 2 8", "64 64 2", "40 1 1", "1024 0 32"):
            for name, answer in zip(listed["variants"], self.ask(*(f"move {name} {shape} 1" for name in listed["variants"]))):
                self.assertNotIn("error", answer, f"{name} {shape}")
                self.assertGreater(answer["bursts"], 0, f"{name} {shape}")

    def test_limit__tries_variants_that_exist(self):
        source = (HERE / "lines_ring.c").read_text()
        for name in limit.VARIANTS:
            self.assertIn(f'{{"{name}", ', source)

    def test_trip__takes_time(self):
        self.assertGreater(self.ask("trip", "quit")[0]["ns"], 0)

    def test_commands__wrong__say_what_would_be_right(self):
        for command, right in (("move", "expected: move"), ("move fast 1 1 1 1", "'variants' lists them"),
                               ("move count 0 1 1 1", "1 to 1024 lines"), ("move count 1 1025 1 1", "1 to 1024 lines"),
                               ("move count 1 1 0 1", "from 1 burst"), ("move count 1024 1 33 1", "up to 32768 lines"),
                               ("move count 1 1 1 0", "1 to 10000 ms"), ("what", "expected: move")):
            self.assertIn(right, self.ask(command)[0]["error"])


class Pump(unittest.TestCase):
    def ask(self, port, *commands):
        command = [BUILD / "tests/perf/pump", "-l", str(min(os.sched_getaffinity(0))), "--no-shconf", "--no-huge", "-m", "256",
                   "--no-pci", "--no-telemetry", f"--vdev=net_wcnic0,thread=1,port={port}"]
        done = subprocess.run(command, text=True, capture_output=True, check=True,
                              input="".join(f"{line}\n" for line in (*commands, "quit")))
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")][1:]

    def test_loop__frames_that_do_not_come_back__are_lost_when_patience_ends(self):
        patience, loop = self.ask("sink", "patience 1", "loop 64 32 1 0 1 -")
        self.assertEqual((patience["patience_ms"], loop["sent"], loop["lost"]), (1, 512, 512))

    def test_patience__out_of_range__is_refused(self):
        for text in ("0", "180001", "x"):
            self.assertIn("patience MS", self.ask("sink", f"patience {text}")[0]["error"])


class Scale(unittest.TestCase):
    def test_every_case__moves_packets_and_accounts_for_them(self):
        with tempfile.TemporaryDirectory() as folder:
            text = run(HERE / "scale", "--smoke", "--build", BUILD, "--out", folder)
            result = json.loads((pathlib.Path(folder) / "scale.json").read_text())
        self.assertEqual((result["ok"], result["unaccounted"]), (True, []))
        cases = {(row["series"], row["n"], row["busy"], row["test"]) for row in result["rows"]}
        for test in ("tx", "loop"):
            for case in (("queues", 1, "one"), ("queues", 3, "all"), ("cards", 2, "all"), ("clients", 2, "all")):
                self.assertIn((*case, test), cases)
        for row in result["rows"]:
            self.assertGreater(row["packets_per_s"]["all"]["median"], 0)
            self.assertGreater(min(row["resident_bytes"].values()), 0)
        self.assertIn("idle CPU", text)

    def test_arguments__unknown_series__is_named(self):
        run(HERE / "scale", "--series", "queues,cats", status=2)


@unittest.skipUnless((BUILD / "tests/perf/instructions").exists(), "instructions are counted on x86-64 only")
class Instructions(unittest.TestCase):
    def count(self, *vdevs, under=()):
        return json.loads(run(*under, BUILD / "tests/perf/instructions", *COUNTED, *(f"--vdev={vdev}" for vdev in vdevs)))

    def test_count__twice__is_the_same_to_the_digit(self):
        for vdev in ("net_null0", "net_wcnic0,thread=1,placement=push"):
            first = self.count(vdev)
            self.assertEqual(first, self.count(vdev))
            for kind in ("near_rx", "near_tx"):
                self.assertGreater(first[kind]["instructions"], 1)

    def test_count__of_the_card_for_ena__is_the_same_to_the_digit(self):
        for more in ([], ["--host"]):
            counted = [json.loads(run(BUILD / "tests/perf/ena_instructions", *COUNTED, *more)) for _ in range(2)]
            self.assertEqual(counted[0], counted[1])
            self.assertGreater(counted[0]["model"]["instructions"], 1)

    def test_count__under_wcrun__is_the_same_to_the_digit(self):
        """Nothing of wcrun runs once devices are there."""
        under = (BUILD / "app/wcrun/wcrun", "--")
        for vdev in ("net_null0", "net_wcnic0,thread=1,placement=push"):
            self.assertEqual(self.count(vdev, under=under), self.count(vdev))

    def test_count__of_a_card_with_idle_queues__is_that_of_the_busy_one(self):
        """Sixteen queue pairs without work cost less than 1 % of what the one with work takes."""
        command = [BUILD / "tests/perf/instructions", "--depth", "512", "--calls", "34", "--vdev",
                   "net_wcnic0,thread=1,queues=17,placement=fetch", "--queues"]
        # Where idle queues are looked at among the bursts counted differs from start to start.
        one, both = (statistics.median(json.loads(run(*command, n))["model"]["mean"] for _ in range(3)) for n in (1, 17))
        self.assertLess(both, one * 1.01)

    def test_count__too_short_for_a_cycle__is_refused(self):
        run(BUILD / "tests/perf/instructions", "--calls", "2", "--vdev", "net_wcnic0,thread=1,placement=fetch", status=1)


class Silence(unittest.TestCase):
    def test_silences__each_is_reported_with_the_cards_share(self):
        with tempfile.TemporaryDirectory() as folder:
            socket = pathlib.Path(folder, "card.sock")
            card = subprocess.Popen([BUILD / "app/wcnicd/wcnicd", "--socket", socket], stderr=subprocess.DEVNULL)
            try:
                while not socket.exists():
                    self.assertIsNone(card.poll())
                    time.sleep(0.01)
                rows = json.loads(run(BUILD / "tests/perf/silence", "--short", "--pid", card.pid,
                                      "--vdev", f"net_wcnic0,socket={socket}"))
            finally:
                card.terminate()
                card.wait()
        self.assertEqual([row["silence_ns"] for row in rows],
                         [0, 100000, 300000, 1000000, 10000000, 50000000, 100000000, None])
        for row in rows[:-1]:
            self.assertGreater(row["median_ns"], 0)
            self.assertLessEqual(row["median_ns"], row["most_ns"])
        self.assertGreater(rows[-1]["card_cpu"], 0)

    def test_arguments__without_a_port__are_refused(self):
        run(BUILD / "tests/perf/silence", status=2)


if __name__ == "__main__":
    if not shutil.which("dpdk-testpmd"):
        print("dpdk-testpmd is not installed")
        sys.exit(SKIPPED)
    if len(os.sched_getaffinity(0)) < 2:
        print("two CPUs are needed")
        sys.exit(SKIPPED)
    unittest.main()
