# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The litmus tests: the outcome that must never be seen, the code that they stand for, and the barrier without which it
is seen. NAME.litmus has what each processor does."""
import dataclasses


@dataclasses.dataclass
class Model:
    name: str  # of the file, without .litmus
    property: str  # what never happens
    code: list  # file, function, what must be in it
    emits: list  # a function of barriers.c, what the compiler makes of it; both by expressions
    mutations: list  # what is taken out, expression of sed


GATE, DOORBELL, SLEEP = "drivers/net/wcnic/wcnic_gate", "drivers/net/wcnic/wcnic_tx_doorbell.c", "lib/model/card_wake.c"
CARD_READS = ("lib/model/card_tx_record.c", "card_txq_refresh", r"__atomic_load_n\(q->db, __ATOMIC_ACQUIRE\)")
CARD_PUBLISHES = ("lib/device/wcdev_ring.h", "wcdev_publish16", r"words\[1\], __ATOMIC_RELEASE")
DRIVER_TAKES = ("drivers/net/wcnic/wcnic_queue.h", "wcnic_completion_take",
                r"load_explicit\(&words\[1\], rte_memory_order_acquire\);\n.*\n.*\n\tcopy\[0\] = rte_atomic_load")
RINGS = (DOORBELL, "publish", r"wcbar_before_doorbell\(\);\n\t\twcbar_doorbell_select")
DRAINS = (DOORBELL, "publish", r"->drain\(\);")
SLEEPS = (SLEEP, "wcnic_card_sleep", r"record_write[\s\S]*__atomic_thread_fence\(__ATOMIC_SEQ_CST\);\n\treturn true")
WAKES = ("drivers/net/wcnic/wcnic_rx_sleep.c", "card_wake", r"rte_atomic_thread_fence\(rte_memory_order_seq_cst\);\n\tif \(rte_atomic_load")
ARMS = ("drivers/net/wcnic/wcnic_rx_sleep.c", "wcnic_rx_arm", r"wcnic_rx_doorbell\(rxq\);[\s\S]*card_wake\(hw\)")
ENTERS = (f"{GATE}.h", "wcnic_gate_enter", r"atomic_store_explicit\(&gate->busy[\s\S]*atomic_load_explicit\(&gate->state")
CLOSES = (f"{GATE}.c", "wcnic_gate_close", r"&gate->state, state, [\s\S]*barrier_everywhere\(hw\);[\s\S]*&gate->busy")
EVERYWHERE = (f"{GATE}.c", "barrier_everywhere", r"__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED")
LEAVES = (f"{GATE}.h", "wcnic_gate_leave", r"&gate->busy, 0, rte_memory_order_release")
OPENS = (f"{GATE}.c", "wcnic_gate_open", r"WCNIC_QUEUE_UP, rte_memory_order_release")
PUTS = ("drivers/net/wcnic/wcnic_tx_fetch.c", "desc_put", r"words\[1\], htole64\(word\), rte_memory_order_release")
FINDS = ("lib/model/card_tx_fetch.c", "fetch_single", r"wcdev_load64_acquire\(src \+ 8\)\);\n\t\tiova = ")
LINE = ("lib/wcbar/wcbar_line.h", "wcbar_line_put_shared", r"d \+ 2\) = \*high;\n\td\[1\] = .*\n\td\[0\] = ")
COPIES = ("lib/model/card_line.h", "card_line_copy", r"a = from\[0\][\s\S]*__ATOMIC_ACQUIRE[\s\S]*b = from\[1\]")

LDAR, STLR = ("load_acquire", r"\bldapr\b|\bldar\b"), ("store_release", r"\bstlr\b")
FULL, STATE = ("fence_full", r"\bdmb\s+ish$"), ("state_acquire", r"\bldapr\b|\bldar\b")
ARM_RING = ("before_doorbell", r"\bdmb\s+ish$[\s\S]*\bdmb\s+oshst\b")

NO_RELEASE, NO_ACQUIRE = ("the release", "s/STLR /STR  /"), ("the acquire", "s/LDAR /LDR  /")


MODELS = [
    Model("completion-arm64", "a completion is seen before the words that it is about", [CARD_PUBLISHES, DRIVER_TAKES],
          [("publish16", r"\bstlr\b"), LDAR], [NO_RELEASE, NO_ACQUIRE]),
    Model("descriptor-arm64", "an express descriptor is seen before its packet", [PUTS, FINDS], [STLR, LDAR],
          [NO_RELEASE, NO_ACQUIRE]),
    Model("doorbell-arm64", "a doorbell is seen before its descriptors", [RINGS, CARD_READS], [ARM_RING, LDAR],
          [("the barriers before it", "s/DMB ISH  /NOP      /; s/DMB OSHST/NOP      /"), NO_ACQUIRE]),
    Model("drain-arm64", "a doorbell is seen before the lines of a window", [DRAINS, CARD_READS], [LDAR],
          [("the drain", "s/DMB OSHST/NOP      /"), NO_ACQUIRE]),
    Model("wake-arm64", "card and driver miss each other's store before sleep", [SLEEPS, WAKES, ARMS], [FULL],
          [("the driver's fence", "s/| DMB ISH/| NOP    /"), ("the card's fence", "s/^ DMB ISH/ NOP    /")]),
    Model("gate-arm64", "a burst works behind a gate that is closed", [ENTERS, CLOSES, EVERYWHERE], [STATE],
          [("membarrier", "s/DMB ISH/NOP    /g"), ("the barrier of the bursts", "s/^ DMB ISH/ NOP    /")]),
    Model("leave-arm64", "who closes a gate misses what the last burst stored", [LEAVES, CLOSES],
          [("state_release", r"\bstlr\b"), STATE], [NO_RELEASE, NO_ACQUIRE]),
    Model("open-arm64", "a burst finds a queue that is not ready behind an open gate", [OPENS, ENTERS],
          [("state_release", r"\bstlr\b"), STATE], [NO_RELEASE, NO_ACQUIRE]),
    Model("completion-x86", "a completion is seen before the words that it is about", [CARD_PUBLISHES, DRIVER_TAKES], [],
          [("the order of the loads", "s/MOV EAX,.phase./@/; s/MOV EBX,.data./MOV EAX,[phase]/; s/@/MOV EBX,[data]/"),
           ("the order of the stores", "s/MOV .data.,$1/@/; s/MOV .phase.,$1/MOV [data],$1/; s/@/MOV [phase],$1/")]),
    Model("doorbell-x86", "a doorbell is seen before its descriptors", [RINGS, CARD_READS], [],
          [("the order of the stores", "s/MOV .desc.,$1/@/; s/MOV .db.,$1/MOV [desc],$1/; s/@/MOV [db],$1/")]),
    Model("line-x86", "a line is taken before all of it is there", [LINE, COPIES], [],
          [("the order of the stores", "s/MOV .rest.,$1/@/; s/MOV .first.,$1/MOV [rest],$1/; s/@/MOV [first],$1/")]),
    Model("wake-x86", "card and driver miss each other's store before sleep", [SLEEPS, WAKES, ARMS], [],
          [("the driver's fence", "s/| MFENCE/|       /"), ("the card's fence", "s/^ MFENCE/       /")]),
    Model("gate-x86", "a burst works behind a gate that is closed", [ENTERS, CLOSES, EVERYWHERE], [],
          [("membarrier", "s/MFENCE/      /g"), ("the barrier of the bursts", "s/^ MFENCE/       /")]),
]
