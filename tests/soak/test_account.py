#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The sums of the soak notice what they are for."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import account
from account import Direction


def whole(**changes):
    """A step in which nothing was lost, but for the changes."""
    d = Direction("a", "b", accepted=1000, received=1000, opackets=1000, tx_frames=1000, rx_frames=1000, tx_room=512,
                  rx_room=512)
    for name, value in changes.items():
        setattr(d, name, value)
    return d


class Directions(unittest.TestCase):
    def good(self, total, **lost):
        self.assertEqual(total.wrong, [])
        self.assertEqual(total.unnamed, 0)
        self.assertEqual({name.split(":")[0]: n for name, n in total.lost.items() if n}, lost)

    def bad(self, total, text):
        self.assertTrue(any(text in wrong for wrong in total.wrong), total.wrong)

    def test_all_delivered(self):
        self.good(account.direction(whole()))

    def test_one_is_lost_without_a_name(self):
        self.bad(account.direction(whole(received=999)), "delivered and nobody received: 1")
        self.bad(account.direction(whole(received=999, rx_frames=999)), "delivered or dropped: 999")
        self.bad(account.direction(whole(received=999, rx_frames=999, tx_frames=999)), "neither sent nor lost: -1")
        self.bad(account.direction(whole(accepted=1001)), "sent, lost or refused: 1000")

    def test_dropped_for_want_of_buffers(self):
        self.good(account.direction(whole(received=900, rx_frames=900, drops={"rx_missed": 100})), rx_missed=100)

    def test_twice_damaged_foreign(self):
        self.bad(account.direction(whole(twice=1)), "twice or out of order: 1")
        self.bad(account.direction(whole(damaged=1)), "another checksum: 1")
        self.bad(account.direction(whole(foreign=1)), "somebody else: 1")

    def test_memory_cut_short(self):
        d = whole(sender_deaths=1, opackets=0, received=960, damaged=40, cut=True)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.lost[account.CUT], total.unnamed), ([], 40, 0))
        d.tx_room = 39
        self.bad(account.direction(d), "another checksum: 40")

    def test_one_too_many(self):
        self.bad(account.direction(whole(received=1001)), "nobody received: -1")

    def test_sender_killed(self):
        d = whole(sender_deaths=1, opackets=0, tx_frames=700, rx_frames=700, received=700)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.lost[account.KILLED_SENDER]), ([], 300))
        d.tx_room = 299
        self.bad(account.direction(d), "when the sender was killed: 300")

    def test_sender_killed_within_a_burst(self):
        d = whole(sender_deaths=1, opackets=0, tx_frames=1020, rx_frames=1020, received=1020, uncertain=32)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.accepted, total.unnamed), ([], 1020, 0))
        d.uncertain = 19
        self.bad(account.direction(d), "when the sender was killed: -20")

    def test_receiver_killed(self):
        d = whole(receiver_deaths=1, received=600)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.lost[account.KILLED_RECEIVER]), ([], 400))
        d.rx_room = 399
        self.bad(account.direction(d), "nobody received: 400")

    def test_card_killed(self):
        d = whole(card_died=True, tx_frames=0, rx_frames=0, opackets=900, tx_lost=100, received=950)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.lost[account.LOST]), ([], 50))
        d.received = 899
        self.bad(account.direction(d), "beside those that have a name: 101")
        d.received = 1001
        self.bad(account.direction(d), "beside those that have a name: -1")

    def test_card_killed_while_its_peer_was_down(self):
        d = whole(card_died=True, tx_frames=0, rx_frames=0, opackets=900, tx_lost=100, received=850, blind=50)
        total = account.direction(d)
        self.assertEqual((total.wrong, total.lost[account.LOST], total.lost[account.BLIND]), ([], 100, 50))
        d.blind = 49
        self.bad(account.direction(d), "beside those that have a name: 150")

    def test_driver_counts_too_few_as_lost(self):
        self.bad(account.direction(whole(opackets=900, tx_lost=99)), "sent, lost or refused: 999")

    def test_file(self):
        self.good(account.to_file(whole()))
        self.bad(account.to_file(whole(received=999)), "beside those that have a name: 1")
        total = account.to_file(whole(received=990, opackets=995, errors={"tx_malformed": 5}, disk_room=32))
        self.assertEqual((total.wrong, total.lost[account.DISK_FULL]), ([], 5))


class Lines(unittest.TestCase):
    def test_level(self):
        self.assertTrue(account.is_flat(account.fit([20] * 40), 1))
        self.assertTrue(account.is_flat(account.fit([20, 21] * 20), 1))

    def test_one_a_step(self):
        self.assertFalse(account.is_flat(account.fit(list(range(40))), 1))

    def test_one_in_ten_steps(self):
        line = account.fit([n // 10 for n in range(60)])
        self.assertFalse(account.is_flat(line, 1))
        self.assertAlmostEqual(line["slope"], 0.1, delta=0.01)

    def test_falls(self):
        self.assertTrue(account.is_flat(account.fit([40 - n for n in range(40)]), 1))


if __name__ == "__main__":
    unittest.main()
