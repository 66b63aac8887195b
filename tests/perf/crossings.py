# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Cache lines that cross from one CPU to the other in a loop of 64-byte frames, per packet and per burst, each way: what
any design needs, what ours takes, what each peer takes. Computed from the formats, not measured.

A line crosses where one CPU has written it and the other reads it next. What nobody reads does not cross, what only its
writer reads again does not either. Rates of rings count as full: entries that share a line cross together. At bursts
smaller than a line this is the least there can be.

**The frame itself.** tests/perf/pump does not look at what it receives, and sends on the same mbuf. So in a loop:

- fetch, memif-zc: the far CPU has written the frame, and is the next who reads it. It never crosses.
- push, memif: the near CPU copies the frame into a line or buffer, so it crosses both ways.
- virtio: the near driver prefetches each frame that it receives (virtio_rxtx.c: rte_packet_prefetch()), so it crosses back;
  it is not written there, so the far CPU still has it. virtio-split-vec does not prefetch. The header before the frame is
  written only where it changes (ASSIGN_UNLESS_EQUAL), and does not.

An application that reads its frames adds a line back to fetch, memif-zc and virtio-split-vec; one that writes them adds a
line there to these and to the other virtio."""
import collections
import math

LINE = 64
FRAME = 1.0  # a 64-byte frame without FCS, from the beginning of a line
ENTRY = 16 / LINE  # a descriptor or completion: of ours, of both virtio rings, of memif

# Ours (lib/abi, drivers/net/wcnic, lib/model). Entries are their own doorbells.
PUSHED_BYTES, LINE_PAYLOAD = 72, 56  # of a packed entry with its header, of a line
BUFFER_ADDRESS = 8 / LINE  # struct wcnic_rx_desc
RX_COMPLETION = ENTRY  # one per frame
TX_COMPLETIONS_PER_PACKET = 1 / 64  # ENTRY each: the card holds them back for so many entries
RX_DOORBELLS_PER_PACKET = 1 / 32  # one for WCNIC_RX_REFILL buffers

# virtio, split: entries of the avail and used rings, and the index of each.
AVAIL, USED, INDEX = 2 / LINE, 8 / LINE, 1.0

Part = collections.namedtuple("Part", "way what packet burst")  # lines per packet, and per burst besides


def rest_of_line(burst):
    """A burst begins with a new line: what the last line of the one before has left."""
    lines = burst * PUSHED_BYTES / LINE_PAYLOAD
    return math.ceil(lines) - lines


def there(what, packet=0.0, burst=0.0):
    return Part("there", what, packet, burst)


def back(what, packet=0.0, burst=0.0):
    return Part("back", what, packet, burst)


OURS_BOTH = [
    there("addresses of buffers", BUFFER_ADDRESS), there("their doorbell", RX_DOORBELLS_PER_PACKET),
    back("Rx completions", RX_COMPLETION), back("Tx completions", TX_COMPLETIONS_PER_PACKET * ENTRY)]
MEMIF_BOTH = [
    there("lengths of buffers to be filled", ENTRY), there("heads of both rings", burst=2 * INDEX),
    back("lengths of frames", ENTRY), back("tails of both rings", burst=2 * INDEX)]
SPLIT_BOTH = [
    there("descriptors of both rings", 2 * ENTRY), there("avail indices", burst=2 * INDEX),
    back("used entries of Rx", USED), back("used indices", burst=2 * INDEX)]
USED_OF_TX = back("used entries of Tx", USED)
PACKED_BOTH = [there("descriptors of both rings", 2 * ENTRY), back("Rx descriptors, used", ENTRY)]
USED_ONE_BY_ONE = back("Tx descriptors, used", ENTRY)
USED_IN_ORDER = back("Tx: one used descriptor", burst=ENTRY)  # vhost_flush_dequeue_shadow_packed()
PREFETCHED = back("the frame, prefetched", FRAME)

PARTS = {
    # Which buffer, how long, at least: one entry there, and one back. None of the designs below has less.
    "needed": [there("what is sent", ENTRY), back("what is received", ENTRY)],
    "push": [there("packed lines", PUSHED_BYTES / LINE_PAYLOAD, rest_of_line), *OURS_BOTH, back("the frame, copied into lines", FRAME)],
    "fetch": [there("descriptors", ENTRY), *OURS_BOTH],
    "memif": [there("the frame", FRAME), there("lengths of frames", ENTRY), *MEMIF_BOTH, back("the frame", FRAME)],
    "memif-zc": [there("descriptors", ENTRY), *MEMIF_BOTH],
    # An entry of the avail ring is written only where it changes: not in order, and not by the vectors' Rx.
    "virtio-split": [*SPLIT_BOTH, there("avail entries of both rings", 2 * AVAIL), USED_OF_TX, PREFETCHED],
    "virtio-split-inorder": [*SPLIT_BOTH, PREFETCHED],  # of Tx the driver reads the used index alone
    "virtio-split-vec": [*SPLIT_BOTH, there("avail entry of Tx", AVAIL), USED_OF_TX],
    "virtio-packed": [*PACKED_BOTH, USED_ONE_BY_ONE, PREFETCHED],
    "virtio-packed-inorder": [*PACKED_BOTH, USED_IN_ORDER, PREFETCHED],
    "virtio-packed-vec": [*PACKED_BOTH, USED_IN_ORDER, PREFETCHED],
}


def of_burst(part, burst):
    return part.burst(burst) if callable(part.burst) else part.burst


def sums(name, way, burst):
    """(lines per packet, lines per burst besides), of bursts of so many."""
    parts = [part for part in PARTS[name] if part.way == way]
    return sum(part.packet for part in parts), sum(of_burst(part, burst) for part in parts)


def lines(name, burst):
    """(there, back): lines per packet at bursts of so many, with its share of what a burst takes."""
    both = (sums(name, way, burst) for way in ("there", "back"))
    return tuple(packet + per_burst / burst for packet, per_burst in both)


def table(bursts):
    """Rows of text, a heading first: what a packet takes there and back, what a burst of 32 takes besides, and both
    together for a packet at each burst."""
    yield ["", "there: packet", "burst", "back: packet", "burst", *(f"bursts of {burst}" for burst in bursts)]
    for name in PARTS:
        apart = [f"{number:.2f}" for way in ("there", "back") for number in sums(name, way, 32)]
        yield [name, *apart, *("{:.2f} / {:.2f}".format(*lines(name, burst)) for burst in bursts)]
