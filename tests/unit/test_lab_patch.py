#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The lab's patch of vfio-pci-core: one bit of one instruction, or a refusal."""
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "app/wclab/lab"))
import patch
from trees import Failure

NOP, SET_BIT_39 = 0xD503201F, 0xF2C01003  # movk x3, #0x80, lsl #32
SIGNATURE = b"signature" + struct.pack(">8xI", 9) + patch.SIGNATURE


def module(*words, tail=b""):
    """A 64-bit ELF file with .text of these instructions, a copy of the first in .data, and section names."""
    text, names = struct.pack(f"<{len(words)}I", *words), b"\0.text\0.data\0.shstrtab\0"
    data = struct.pack("<I", SET_BIT_39)
    at = [64, 64 + len(text), 64 + len(text) + len(data)]
    table = at[2] + len(names)
    head = b"\x7fELF\x02\x01".ljust(0x28, b"\0") + struct.pack("<Q", table) + bytes(10) + struct.pack("<HHH", 64, 4, 3)
    sections = [(0, 0, 0), (1, at[0], len(text)), (7, at[1], len(data)), (13, at[2], len(names))]
    headers = b"".join(struct.pack("<IIQQQQ", name, 1, 0, 0, offset, size).ljust(64, b"\0") for name, offset, size in sections)
    return head + text + data + names + headers + tail


class Patch(unittest.TestCase):
    def test_one_instruction__loses_its_immediate_and_nothing_else_changes(self):
        before = module(NOP, SET_BIT_39, NOP)
        after = patch.without_any_uncached(before)
        self.assertEqual(struct.unpack_from("<III", after, 64), (NOP, 0xF2C00003, NOP))
        self.assertEqual((after[:68], after[72:]), (before[:68], before[72:]))

    def test_any_register__is_found(self):
        after = patch.without_any_uncached(module(SET_BIT_39 & ~0x1F | 17))
        self.assertEqual(struct.unpack_from("<I", after, 64)[0], 0xF2C00011)

    def test_none_or_two__refused_with_their_number(self):
        for words, count in ((NOP,), "0"), ((SET_BIT_39, SET_BIT_39), "2"):
            with self.assertRaisesRegex(Failure, f"in {count} places"):
                patch.without_any_uncached(module(*words))

    def test_signature__is_taken_off(self):
        self.assertEqual(patch.without_any_uncached(module(SET_BIT_39, tail=SIGNATURE)),
                         patch.without_any_uncached(module(SET_BIT_39)))

    def test_no_module__refused(self):
        for data in b"", b"\x7fELF\x01\x01" + bytes(80):
            with self.assertRaisesRegex(Failure, "no 64-bit"):
                patch.without_any_uncached(data)


if __name__ == "__main__":
    unittest.main()
