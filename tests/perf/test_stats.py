#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What the bench makes of its samples: labels, medians, ratios, and which samples it does not use."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import counts
import pairs
import report
import stats
from pairs import Cell


def sample(who, value, before=60, after=60, cpu=1.0, waited=0.0, **more):
    return {"implementation": who, "value": value, "before": before, "after": after, "cpu": cpu, "far_waited": waited,
            **more}


def row(samples, cut=None, higher=True):
    return stats.row(samples, cut, ["push", "fetch"], ["memif", "memif-zc", "virtio"], ["memif", "virtio"], ["virtio"],
                     "packets/s" if higher else "ns", higher)


class Numbers(unittest.TestCase):
    def test_percentile__is_a_value_that_was_measured(self):
        values = [7, 1, 3, 5, 9, 2, 8]
        self.assertEqual([stats.percentile(values, p) for p in (10, 50, 90, 100)], [1, 5, 9, 9])
        self.assertEqual(stats.percentile([4], 10), 4)

    def test_threshold__two_kinds__lies_between_them(self):
        cut = stats.threshold([55, 60, 90, 58, 340, 360, 320, 62])
        self.assertTrue(90 < cut < 320)

    def test_threshold__a_few_of_the_other_kind__lies_between_them(self):
        cut = stats.threshold([60 + i % 7 for i in range(200)] + [350, 360])
        self.assertTrue(70 < cut < 350)

    def test_threshold__one_kind__is_none(self):
        self.assertIsNone(stats.threshold([110 + i % 20 for i in range(50)]))
        self.assertIsNone(stats.threshold([60]))
        self.assertIsNone(stats.threshold([]))

    def test_label__by_threshold(self):
        self.assertEqual([stats.label(60, 150), stats.label(300, 150), stats.label(60, None)], ["near", "far", "all"])

    def test_limit_at__between_measured_numbers_of_lines(self):
        limit = {"1": 24e6, "2": 12e6}
        self.assertAlmostEqual(stats.limit_at(limit, 1), 24e6)
        self.assertAlmostEqual(stats.limit_at(limit, 2), 12e6)
        self.assertAlmostEqual(stats.limit_at(limit, 1.5), 16e6)
        self.assertIsNone(stats.limit_at({"1": 24e6}, 1.5))
        self.assertIsNone(stats.limit_at({}, 1))


class Samples(unittest.TestCase):
    def test_judge__good__has_a_label(self):
        self.assertEqual(stats.judge(sample("push", 1), 150), ("near", None))

    def test_judge__disturbed__says_why(self):
        self.assertIn("near thread", stats.judge(sample("push", 1, cpu=0.96), 150)[1])
        self.assertIn("far thread", stats.judge(sample("push", 1, waited=0.04), 150)[1])
        self.assertIn("near before and far after", stats.judge(sample("push", 1, after=300), 150)[1])
        self.assertIn("unaccounted", stats.judge(sample("push", 1, void="frames are unaccounted for"), 150)[1])

    def test_judge__at_the_bounds__is_used(self):
        self.assertIsNone(stats.judge(sample("push", 1, cpu=0.97, waited=0.0299), 150)[1])

    def test_row__compares_within_one_label(self):
        samples = [sample("push", 10), sample("push", 12), sample("push", 11)]
        samples += [sample("memif", 5), sample("memif", 6), sample("memif", 7)]
        samples += [sample("memif", 100, 300, 300), sample("push", 1, 310, 310)]
        result = row(samples, 150)
        self.assertEqual((result["label"], result["ours"], result["best_peer_value"]), ("near", 11, 6))
        self.assertAlmostEqual(result["ratio"], 11 / 6)
        self.assertEqual(result["rounds"], 3)

    def test_row__label_with_most_samples_of_both_sides(self):
        samples = [sample("push", 1) for _ in range(9)] + [sample("memif", 1)]
        samples += [sample(who, 2, 300, 300) for who in ("push", "memif") for _ in range(2)]
        self.assertEqual(row(samples, 150)["label"], "far")

    def test_row__no_label_has_both_sides__is_none(self):
        self.assertIsNone(row([sample("push", 1), sample("memif", 1, 300, 300)], 150))
        self.assertIsNone(row([sample("push", 1, cpu=0.5), sample("memif", 1)], 150))

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
        samples = [sample("push", 100), sample("memif", 300), sample("virtio", 200)]
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
        samples = [sample(who, value) for who, value in (("push", 8e6), ("memif", 4e6)) for _ in range(3)]
        rows = [{"test": "tx", "bytes": 64, "burst": 32, "queues": 1, **row(samples)}]
        head, line = report.table(rows).splitlines()
        self.assertEqual(line.split()[:10], ["tx", "64", "32", "1", "-", "all", "Mpps", "8.00", "8.00-8.00", "push"])
        self.assertIn("2.00", line.split())


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
        self.assertEqual(stats.judge(sample("memif", 1, void="the far end dropped frames"), 150),
                         (None, "the far end dropped frames"))


if __name__ == "__main__":
    unittest.main()
