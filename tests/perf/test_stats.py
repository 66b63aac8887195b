#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the bench makes of its samples: labels, medians, ratios, and which samples it does not use."""
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import counts
import crossings
import limit
import machine
import markdown
import pairs
import report
import result
import stats
from pairs import Cell
from stats import State

STATES = [State("near", 50, 150), State("far", 290, 400)]


def sample(who, value, before=60, after=60, cpu=1.0, waited=0.0, **more):
    return {"implementation": who, "value": value, "before": before, "after": after, "cpu": cpu, "far_waited": waited,
            **more}


def rows(samples, states=None, higher=True):
    return list(stats.rows(samples, states, ["push", "fetch"], ["memif", "memif-zc", "virtio"], ["memif", "virtio"],
                           ["virtio"], "packets/s" if higher else "ns", higher=higher))


def row(samples, states=None, higher=True):
    (one,) = rows(samples, states, higher)
    return one


def made_result():
    """Of a run that saw two states, with one test."""
    cell = Cell("tx", 64, 32, 1)
    samples = [sample(who, value * scale, ns, ns, **dict(cell._asdict(), test=test))
               for test in ("tx", "loop") for who, value in (("push", 8e6), ("memif", 4e6)) for _ in range(3)
               for ns, scale in ((60, 1), (300, 0.25))]
    trips = [trip for one in samples for trip in (one["before"], one["after"])]
    found = list(result.rows(samples, STATES, {}))
    measured = {"near": {"frame": {"32": {"value": 20e6, "by": "count", "rounds": 3}},
                         "fetch": {"32": {"value": 16e6, "by": "count", "rounds": 3}}}}
    return {"rows": found, "states": result.state_result(trips, samples, STATES), "samples": {
                "taken": 24, "used": 24, "readings_of_no_state": 0},
            "limit": {"measured": measured, "exceeded": limit.apply(found, measured)},
            "machine": {"cpu": "a CPU", "cpus": 2, "kernel": "6.1"}, "dpdk": "DPDK 22.11", "commit": "abc", "quick": False,
            "rounds_asked": 3, "ended": "2026-11-29T00:00:00Z", "instructions_per_packet": {}, "floors": {},
            "idle_card_cpu": None, "notes": [], "left_out": {}, "implementations": ["push", "fetch", "memif"]}


class Numbers(unittest.TestCase):
    def test_percentile__is_a_value_that_was_measured(self):
        values = [7, 1, 3, 5, 9, 2, 8]
        self.assertEqual([stats.percentile(values, p) for p in (10, 50, 90, 100)], [1, 5, 9, 9])
        self.assertEqual(stats.percentile([4], 10), 4)

    def names(self, trips):
        return [state.name for state in stats.states(trips)]

    def test_states__two_kinds__are_near_and_far(self):
        near, far = stats.states([55, 60, 90, 58, 340, 360, 320, 62])
        self.assertEqual((near, far), (State("near", 55, 90), State("far", 320, 360)))

    def test_states__a_few_of_the_other_kind__are_a_state(self):
        near, far = stats.states([60 + i % 7 for i in range(200)] + [350, 360, 355, 340, 345])
        self.assertEqual((near.high, far.low), (66, 340))

    def test_states__a_third_kind__is_named_by_where_it_lies(self):
        trips = [120 + i % 9 for i in range(300)] + [520 + i % 30 for i in range(100)]
        for ns, name, at in ((40, "nearer", 0), (250, "between", 1), (1200, "farther", 2)):
            states = stats.states(trips + [ns + i % 3 for i in range(20)])
            self.assertEqual((len(states), states[at]), (3, State(name, ns, ns + 2)))
            self.assertEqual([state.name for state in states if state.name != name], ["near", "far"])

    def test_states__four_kinds__have_four_names(self):
        trips = [50 * 3**kind + i for kind, n in enumerate((9, 9, 40, 40)) for i in range(n)]
        self.assertEqual(self.names(trips), ["nearer", "nearer2", "near", "far"])

    def test_states__one_kind__is_all(self):
        self.assertEqual(self.names([110 + i % 20 for i in range(50)]), ["all"])
        self.assertEqual(self.names([60]), ["all"])
        self.assertEqual(self.names([]), ["all"])

    def test_states__an_accident__is_of_none(self):
        states = stats.states([110 + i % 20 for i in range(500)] + [900, 950])
        self.assertEqual([state.name for state in states], ["all"])
        self.assertIsNone(stats.label(900, states))

    def test_label__by_state(self):
        self.assertEqual([stats.label(trip, STATES) for trip in (50, 150, 300, 200)], ["near", "near", "far", None])
        self.assertEqual(stats.label(60, None), "all")


class Samples(unittest.TestCase):
    def test_judge__good__has_a_label(self):
        self.assertEqual(stats.judge(sample("push", 1), STATES), ("near", None))

    def test_judge__disturbed__says_why(self):
        self.assertIn("near thread", stats.judge(sample("push", 1, cpu=0.96), STATES)[1])
        self.assertIn("far thread", stats.judge(sample("push", 1, waited=0.04), STATES)[1])
        self.assertIn("near before and far after", stats.judge(sample("push", 1, after=300), STATES)[1])
        self.assertIn("no", stats.judge(sample("push", 1, after=200), STATES)[1])
        self.assertIn("unaccounted", stats.judge(sample("push", 1, void="frames are unaccounted for"), STATES)[1])

    def test_judge__at_the_bounds__is_used(self):
        self.assertIsNone(stats.judge(sample("push", 1, cpu=0.97, waited=0.0299), STATES)[1])

    def test_rows__one_for_each_state(self):
        samples = [sample("push", 10), sample("push", 12), sample("push", 11)]
        samples += [sample("memif", 5), sample("memif", 6), sample("memif", 7)]
        samples += [sample("memif", 100, 300, 300), sample("memif", 100, 300, 300)]
        samples += [sample("push", 1, 310, 310), sample("push", 3, 310, 310)]
        near, far = rows(samples, STATES)
        self.assertEqual((near["label"], near["ours"], near["best_peer_value"], near["rounds"]), ("near", 11, 6, 3))
        self.assertEqual((far["label"], far["ours"], far["best_peer_value"], far["rounds"]), ("far", 1, 100, 2))
        self.assertAlmostEqual(near["ratio"], 11 / 6)
        self.assertAlmostEqual(far["ratio"], 1 / 100)

    def test_rows__state_with_one_sample_of_a_side__has_none(self):
        samples = [sample(who, 2, 300, 300) for who in ("push", "memif") for _ in range(2)]
        self.assertEqual([one["label"] for one in rows(samples + [sample("push", 1), sample("push", 1), sample("memif", 1)],
                                                       STATES)], ["far"])

    def test_rows__no_state_has_both_sides__is_none(self):
        apart = [sample("push", 1), sample("memif", 1, 300, 300)]
        self.assertEqual(rows(apart * 3, STATES), [])
        self.assertEqual(rows([sample("push", 1, cpu=0.5), sample("memif", 1)] * 3), [])

    def test_row__best_of_each_side(self):
        samples = [sample(who, value) for who, value in
                   (("push", 8), ("fetch", 9), ("memif", 10), ("memif-zc", 12), ("virtio", 4)) for _ in range(3)]
        result = row(samples)
        self.assertEqual((result["ours_is"], result["best_peer"]), ("fetch", "memif-zc"))
        self.assertAlmostEqual(result["ratio"], 9 / 12)
        self.assertAlmostEqual(result["ratio_copy"], 9 / 10)
        self.assertAlmostEqual(result["ratio_virtio"], 9 / 4)

    def test_row__one_lucky_sample__is_not_the_best(self):
        samples = [sample("push", 8) for _ in range(3)] + [sample("memif", 5) for _ in range(3)]
        self.assertEqual(row(samples + [sample("memif-zc", 99)])["best_peer"], "memif")

    def test_row__time__less_is_better(self):
        samples = [sample("push", 100), sample("memif", 300), sample("virtio", 200)] * 2
        result = row(samples, higher=False)
        self.assertEqual(result["best_peer"], "virtio")
        self.assertAlmostEqual(result["ratio"], 2)


class Accounts(unittest.TestCase):
    class Far:
        pass

    class Near:
        queues = 1

        def __init__(self, *drained):
            self.drained = list(drained)

        def drain(self, ms):
            return self.drained.pop(0) if self.drained else 0

    def unaccounted(self, test, result, far, near=None, far_end=None):
        pair = pairs.Pair("x", "y", near or self.Near(), far_end or self.Far(), lambda cell: True)
        return pair.unaccounted(Cell(test, 64, 32, 1), result, far)

    def setUp(self):
        self.arrive, pairs.ARRIVE_S = pairs.ARRIVE_S, 0.01

    def tearDown(self):
        pairs.ARRIVE_S = self.arrive

    def test_unaccounted__tx__what_did_not_arrive(self):
        self.assertEqual(self.unaccounted("tx", {"sent": 10}, {"RX": 10, "TX": 0}), 0)
        self.assertEqual(self.unaccounted("tx", {"sent": 10}, {"RX": 9, "TX": 0}), 1)
        self.assertEqual(self.unaccounted("tx", {"sent": 10}, {"RX": 11, "TX": 0}), -1)

    def test_unaccounted__rx__what_is_drained_counts(self):
        self.assertEqual(self.unaccounted("rx", {"received": 7}, {"RX": 0, "TX": 10}, self.Near(2, 1)), 0)
        self.assertEqual(self.unaccounted("rx", {"received": 7}, {"RX": 0, "TX": 10}, self.Near(2)), 1)
        self.assertEqual(self.unaccounted("rx", {"received": 11}, {"RX": 0, "TX": 10}), -1)

    def test_unaccounted__loop__what_did_not_come_back(self):
        for test in ("loop", "latency"):
            self.assertEqual(self.unaccounted(test, {"lost": 0, "stale": 0}, {"RX": 0, "TX": 0}), 0)
            self.assertEqual(self.unaccounted(test, {"lost": 3, "stale": 0}, {"RX": 0, "TX": 0}), 3)

    def test_unaccounted__loop__what_was_there_before_it_began(self):
        self.assertEqual(self.unaccounted("loop", {"lost": 0, "stale": 5}, {"RX": 0, "TX": 0}), 5)

    def test_unaccounted__card__holds_no_more_than_its_buffers(self):
        card = object.__new__(pairs.Wcnicd)
        self.assertEqual(self.unaccounted("rx", {"received": 5}, {"RX": 0, "TX": 5 + pairs.DEPTH}, far_end=card), 0)
        self.assertEqual(self.unaccounted("rx", {"received": 5}, {"RX": 0, "TX": 6 + pairs.DEPTH}, far_end=card),
                         pairs.DEPTH + 1)
        self.assertEqual(self.unaccounted("rx", {"received": 5}, {"RX": 0, "TX": 4}, far_end=card), -1)


class Reports(unittest.TestCase):
    def test_per_packet__driver_and_card_apart(self):
        detail = {"push": {"near_rx": {"instructions": 10.5}, "near_tx": {"instructions": 20.25},
                           "model": {"instructions": 99.0}},
                  "null": {"near_rx": {"instructions": 1}, "near_tx": {"instructions": 2}},
                  "ena_push": {"model": {"instructions": 77.0}}}
        self.assertEqual(counts.per_packet(detail),
                         {"push": 30.75, "net_null": 3, "model": 99.0, "model_ena_push": 77.0})

    def test_table__has_a_line_for_each_row(self):
        head, line = report.table(made_result()["rows"][:1]).splitlines()
        self.assertEqual(line.split()[:10], ["tx", "64", "32", "1", "discards", "near", "Mpps", "8.00", "8.00-8.00", "push"])
        self.assertIn("2.00", line.split())

    def test_text__last_lines_tell_states_samples_date_and_machine(self):
        lines = report.text(made_result()).splitlines()[-3:]
        self.assertEqual(lines[0], "a cache line there and back: near: 60 ns (60-60, 24 readings), 12 samples; "
                                   "far: 300 ns (300-300, 24 readings), 12 samples")
        self.assertIn("24 of 24", lines[1])
        self.assertEqual(lines[2], "2026-11-29T00:00:00Z, a CPU, 2 CPUs, 6.1, DPDK 22.11, commit abc")

    def test_markdown__a_part_for_each_state_with_its_rows_only(self):
        text = markdown.document(made_result())
        near, far = text.split("#### ")[1:]
        self.assertIn("| tx | 64 | 8.00 | 8.00-8.00 | push | 4.00 | 4.00-4.00 | memif | 2.00 |", near)
        self.assertIn("| tx | 64 | 2.00 | 2.00-2.00 | push | 1.00 | 1.00-1.00 | memif | 2.00 |", far)
        self.assertNotIn("| 8.00 |", far)
        self.assertTrue(near.startswith("near, 60 ns\n"))
        self.assertIn("12 samples", far)
        self.assertIn("| 32 | 20 | - | 16 | 8.00 | push | - | 0.40 |", near)

    def test_markdown__every_line_of_a_table_has_its_columns(self):
        tables = [block.splitlines() for block in markdown.document(made_result()).split("\n\n") if block.startswith("|")]
        self.assertEqual(len(tables), 4)  # rows of each state, a limit, crossings
        for lines in tables:
            self.assertEqual({line.count("|") for line in lines}, {lines[0].count("|")})

    def test_picture__a_panel_has_one_state(self):
        panel = report.bars(made_result()["rows"], "tx", "far", ["push", "memif"])
        self.assertIn("tx, burst 32, far", panel)
        self.assertIn('"64" 2.0', panel)
        self.assertNotIn('"64" 8.0', panel)
        self.assertIsNone(report.bars(made_result()["rows"], "tx", "nearer", ["push", "memif"]))


class Limits(unittest.TestCase):
    MEASURED = {"near": {"fetch": {"32": {"value": 16e6, "by": "count", "rounds": 3}},
                         "frame": {"32": {"value": 20e6, "by": "count", "rounds": 3}}}}

    def loop(self, **more):
        return {"test": "loop", "bytes": 64, "burst": 32, "queues": 1, "label": "near", "ours": 8e6, "ours_is": "fetch",
                "values": {"fetch": {"median": 8e6}, "memif": {"median": 4e6}}, **more}

    def test_apply__shares_of_both_limits(self):
        row = self.loop()
        self.assertEqual(limit.apply([row], self.MEASURED), [])
        self.assertEqual((row["limit"], row["limit_share"], row["frame_limit"], row["frame_limit_share"]), (16e6, 0.5, 20e6, 0.4))

    def test_apply__dpdk_at_the_far_end__by_the_lines_of_its_placement(self):
        row = self.loop(test="loop_ethdev", ours_is="fetch-ethdev")
        limit.apply([row], self.MEASURED)
        self.assertEqual(row["limit"], 16e6)

    def test_apply__not_measured_in_that_state__is_none(self):
        row = self.loop(label="far")
        limit.apply([row], self.MEASURED)
        self.assertEqual((row["limit"], row["limit_share"]), (None, None))

    def test_apply__other_rows__have_no_limit(self):
        for other in (self.loop(queues=2), self.loop(bytes=256), self.loop(test="tx")):
            limit.apply([other], self.MEASURED)
            self.assertNotIn("limit", other)

    def test_apply__anybody_above_it__is_told(self):
        row = self.loop(values={"fetch": {"median": 8e6}, "memif": {"median": 17e6}, "ring": {"median": 99e6}})
        (told,) = limit.apply([row], self.MEASURED)
        self.assertIn("the limit is too low: loop, burst 32, near: memif 17.00 Mpps, the limit 16.00", told)

    def test_result__best_variant_of_each_state(self):
        def one(variant, value, ns):
            return {**sample(variant, value, ns, ns), "design": "frame", "burst": 8}
        samples = [one("a", 5, 60), one("a", 7, 60), one("b", 6, 60), one("b", 6, 60), one("c", 99, 60)]
        samples += [one("a", 1, 300), one("a", 1, 300), one("b", 2, 300), one("b", 2, 300)]
        self.assertEqual(limit.result(samples, STATES), {
            "near": {"frame": {"8": {"value": 6, "by": "b", "in_bursts_of": 8, "rounds": 2}}},
            "far": {"frame": {"8": {"value": 2, "by": "b", "in_bursts_of": 8, "rounds": 2}}}})

    def test_result__a_burst_has_no_lower_limit_than_a_shorter_one(self):
        samples = [{**sample("a", value), "design": "frame", "burst": burst}
                   for burst, value in ((1, 5), (8, 9), (64, 7)) for _ in range(2)]
        found = limit.result(samples, None)["all"]["frame"]
        self.assertEqual([(burst, one["value"], one["in_bursts_of"]) for burst, one in found.items()],
                         [("1", 5, 1), ("8", 9, 8), ("64", 9, 8)])

    def test_move__no_more_lines_than_the_design_takes(self):
        for wanted in limit.moves():
            there, back = (1, 1) if wanted.design == "frame" else crossings.lines(wanted.design, wanted.burst)
            self.assertEqual(wanted.packets % wanted.burst, 0)
            self.assertTrue(1 <= wanted.there <= there * wanted.packets, wanted)
            self.assertTrue(1 <= wanted.back <= back * wanted.packets, wanted)

    def test_move__whole_lines_of_ours(self):
        self.assertEqual(limit.move("push", 32)[2:], (32, 47, 40))
        self.assertEqual(limit.move("fetch", 1)[2:], (4, 1, 1))

    def test_move__a_frame__is_a_line_each_way(self):
        self.assertEqual([limit.move("frame", burst)[2:] for burst in limit.BURSTS], [(n, n, n) for n in limit.BURSTS])


class Crossings(unittest.TestCase):
    def test_lines__of_ours__by_hand(self):
        # 8 descriptors' lines, 4 of addresses, a 32nd of a doorbell for each; 8 of completions, an eighth of one of Tx
        self.assertEqual(crossings.lines("fetch", 32), ((8 + 4 + 1) / 32, 8.125 / 32))
        # 42 lines of 56 bytes for 32 x 72; back the frames too
        for burst, there, back in ((32, (42 + 4 + 1) / 32, 40.125 / 32), (1, 2 + 1 / 8 + 1 / 32, 1 + 1 / 4 + 1 / 256)):
            self.assertAlmostEqual(crossings.lines("push", burst)[0], there)
            self.assertAlmostEqual(crossings.lines("push", burst)[1], back)

    def test_lines__of_peers__by_hand(self):
        self.assertEqual(crossings.lines("memif", 32), (1.5 + 2 / 32, 1.25 + 2 / 32))
        self.assertEqual(crossings.lines("virtio-packed", 8), (0.5, 1.5))

    def test_lines__nobody_has_less_than_any_design_needs(self):
        for burst in limit.BURSTS:
            needed = crossings.lines("needed", burst)
            for name in (*pairs.OURS, *pairs.MEMIF, *pairs.VIRTIO):
                self.assertTrue(all(mine >= least for mine, least in zip(crossings.lines(name, burst), needed)), name)

    def test_constants__are_those_of_the_code(self):
        root = pathlib.Path(__file__).resolve().parents[2]

        def number(path, pattern):
            return int(re.search(pattern, (root / path).read_text())[1])
        for struct, name in (("tx_desc", "tx"), ("tx_cpl", "tx"), ("rx_cpl", "rx")):
            self.assertEqual(number(f"lib/abi/wcnic_abi_{name}.h", rf"ABI_SIZE\(wcnic_{struct}, (\d+)\)") / crossings.LINE,
                             crossings.ENTRY, struct)
        self.assertEqual(number("lib/abi/wcnic_abi_rx.h", r"ABI_SIZE\(wcnic_rx_desc, (\d+)\)") / crossings.LINE,
                         crossings.BUFFER_ADDRESS)
        self.assertEqual(number("lib/abi/wcnic_abi_tx.h", r"LINE_PAYLOAD_BYTES (\d+)u"), crossings.LINE_PAYLOAD)
        entry = number("lib/abi/wcnic_abi_tx.h", r"ABI_SIZE\(wcnic_push_hdr, (\d+)\)") + pairs.size_without_fcs(64)
        align = number("lib/abi/wcnic_abi_tx.h", r"WCNIC_PACKED_ALIGN (\d+)u")
        self.assertEqual(-(-entry // align) * align, crossings.PUSHED_BYTES)
        self.assertEqual(1 / number("drivers/net/wcnic/wcnic_rxq.h", r"WCNIC_RX_REFILL (\d+)"),
                         crossings.RX_DOORBELLS_PER_PACKET)
        self.assertEqual(1 / number("drivers/net/wcnic/wcnic_queue_start.c", r"HOLD_ENTRIES (\d+)"),
                         crossings.TX_COMPLETIONS_PER_PACKET)

    def test_sums__a_pushed_burst_ends_its_line(self):
        packet, burst = crossings.sums("push", "there", 32)
        self.assertAlmostEqual(32 * packet + burst, 42 + 4 + 1)
        self.assertAlmostEqual(crossings.sums("push", "there", 7)[1], 0)  # 9 whole lines

    def test_table__a_line_for_each_design(self):
        head, *rows = crossings.table(limit.BURSTS)
        self.assertEqual([row[0] for row in rows], ["needed", *pairs.OURS, *pairs.MEMIF, *pairs.VIRTIO])
        self.assertEqual({len(row) for row in rows}, {len(head)})
        self.assertEqual(rows[2][1:6], ["0.41", "0.00", "0.25", "0.00", "0.41 / 0.25"])


class Machine(unittest.TestCase):
    def test_counters__by_the_kernels_devices(self):
        with tempfile.TemporaryDirectory() as folder:
            devices = pathlib.Path(folder)
            (devices / "software").mkdir()
            self.assertFalse(machine.has_counters(devices))
            (devices / "cpu_core").mkdir()
            self.assertTrue(machine.has_counters(devices))
        self.assertFalse(machine.has_counters(devices))


class FarEnd(unittest.TestCase):
    def test_counted__frames_that_testpmd_dropped__are_reported(self):
        text = """
  ---------------------- Forward statistics for port 0  ----------------------
  RX-packets: 1000           RX-dropped: 0             RX-total: 1000
  TX-packets: 552            TX-dropped: 448           TX-total: 1000
  ----------------------------------------------------------------------------
"""
        self.assertEqual(pairs.Testpmd.counted(None, text), {"RX": 1000, "TX": 552, "dropped": 448})

    def test_judge__a_far_end_that_dropped__is_not_used(self):
        self.assertEqual(stats.judge(sample("memif", 1, void="the far end dropped frames"), STATES),
                         (None, "the far end dropped frames"))


if __name__ == "__main__":
    unittest.main()
