# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Takes VM_ALLOW_ANY_UNCACHED out of vfio-pci-core for aarch64: one bit of one instruction, so that nothing else
differs between two hosts. Bit 39 is set by a `movk Xd, #0x80, lsl #32`, which must occur exactly once."""
import struct

from life import Failure

MOVK, MASK = 0xF2C01000, 0xFFFFFFE0  # any Xd
IMMEDIATE = 0xFFFF << 5
SIGNATURE = b"~Module signature appended~\n"


def text_section(module):
    """Offset and size of .text in a 64-bit little-endian ELF file."""
    if module[:6] != b"\x7fELF\x02\x01":
        raise Failure("vfio-pci-core is no 64-bit little-endian module")
    table, = struct.unpack_from("<Q", module, 0x28)
    size, count, names = struct.unpack_from("<HHH", module, 0x3A)
    sections = [struct.unpack_from("<IIQQQQ", module, table + size * idx) for idx in range(count)]
    base = sections[names][4]
    for name, _, _, _, offset, length in sections:
        if module[base + name:].startswith(b".text\0"):
            return offset, length
    raise Failure("vfio-pci-core has no .text section")


def without_any_uncached(module):
    """The module with the flag left out, and without the signature that would not fit any more."""
    offset, length = text_section(module)
    found = [at for at in range(offset, offset + length - 3, 4)
             if struct.unpack_from("<I", module, at)[0] & MASK == MOVK]
    if len(found) != 1:
        raise Failure(f"vfio-pci-core sets bit 39 in {len(found)} places; exactly one was expected, so this kernel is "
                      "not patched: use another one for the Device side. Before 6.9 none sets it, and its guests get "
                      "Device as it is; 6.12 and 7.3 of Debian do in one place")
    patched = bytearray(module)
    word, = struct.unpack_from("<I", module, found[0])
    struct.pack_into("<I", patched, found[0], word & ~IMMEDIATE)
    if patched.endswith(SIGNATURE):
        length, = struct.unpack(">I", patched[-len(SIGNATURE) - 4:-len(SIGNATURE)])
        del patched[-(len(SIGNATURE) + 12 + length):]
    return bytes(patched)
