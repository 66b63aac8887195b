# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""What is proved: the harness and its entry, the code that it includes, how far loops are unwound, and what is taken out
of the code so that the proof must fail."""
import dataclasses


@dataclasses.dataclass
class Model:
    name: str  # the entry of the harness is prove_NAME
    property: str
    file: str  # of the harness, without .c
    code: list  # file: functions
    complete: bool  # of all inputs that the contract of the caller allows
    bounds: str  # what is bounded, in words
    mutations: list  # what is taken out, file, expression of sed
    dpdk: bool = False
    unwind: tuple = (None, None)  # with --bounded, and without; a loop that goes on is a failure
    options: tuple = ()
    smaller: bool = False  # with --bounded sizes are smaller


REAP, RX = "drivers/net/wcnic/wcnic_tx_reap.c", "drivers/net/wcnic/wcnic_rx.c"
RECORD = "lib/model/card_tx_record.c"

MODELS = [
    Model("tx_completion", "a Tx completion is taken iff the datasheet allows it", "tx_completion",
          [f"{REAP}: completion_ok"], True, "none", [
              ("the bound of its count", REAP, "s/count > in_flight/false/"),
              ("the mask of the index", REAP, "s/(head + count - 1) & txq->mask/(head + count - 1)/"),
              ("entries in flight", REAP, "s/in_flight == 0/false/"),
              ("the epoch of a refusal", REAP, "s/cpl->epoch == txq->epoch &&$/true \\&\\&/")], dpdk=True),
    Model("tx_reap", "no completions lose a frame, free it twice, or pass tail", "tx_reap",
          [f"{REAP}: wcnic_tx_reap_some, frames_free, push_refused"], False, "ring of 4 entries, 2 completions", [
              ("the bound of a completion's count", REAP, "s/count > in_flight/false/"),
              ("the end of the ring", REAP, "s/RTE_MIN(count, (uint16_t)(txq->depth - at))/count/"),
              ("the frames before a refusal", REAP, "/^outcome_settle/,/^}/s/outcome->count == 0/true/")],
          dpdk=True, unwind=("5", "5")),
    Model("rx_completion", "an Rx completion is taken iff the datasheet allows it; no frame exceeds its buffers",
          "rx_completion", [f"{RX}: any_take, completion_ok, buffer_add"], True, "none", [
              ("the bound of the bytes", RX, "s/bytes <= rxq->buf_bytes/true/"),
              ("buffers that were posted", RX, "s/rxq->head != rxq->posted/true/"),
              ("the bound of the frame", RX, "s/ && bytes <= frame//"),
              ("the extras ring that is not there", RX, "s/rxq->extra == NULL/false/")], dpdk=True),
    Model("record_advance", "a doorbell record is taken iff the datasheet allows it", "record",
          [f"{RECORD}: record_advance, tail_covers, pushed_too_many, switch_allowed"], True, "none", [
              ("the bound of tail", RECORD, "s/in_flight > q->depth/false/"),
              ("held completions", "lib/model/card_txq.h", "s/ - le16toh(q->held.count)//"),
              ("a tail that was passed", RECORD, "s/card_txq_express(q) && (int16_t)entries <= 0/false/"),
              ("push after push, packed", RECORD, "s/ || q->placement != placement//"),
              ("the slots of the window", RECORD, "s/pushed_too_many(q, q->head + in_flight)/false/")]),
    Model("record_resume", "a stopped queue goes on only by the next epoch at the very entry", "record",
          [f"{RECORD}: record_resume"], True, "none", [
              ("the entry", RECORD, "s/WCNIC_TXDB_GET_SWITCH_SEQ(db) != q->head/false/"),
              ("the bound of tail", RECORD, "/^record_resume/,/^}/s/> q->depth/> 65535/"),
              ("the window", RECORD, "s/ && !q->may_push)/ \\&\\& false)/")]),
]
