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
    unwind: str = ""  # how often at most; a loop that goes on is a failure
    options: tuple = ()
    long: bool = False  # left out with --bounded


REAP, RX = "drivers/net/wcnic/wcnic_tx_reap.c", "drivers/net/wcnic/wcnic_rx.c"
PLAIN, RECORD = "drivers/net/wcnic/wcnic_rx_plain.c", "lib/model/card_tx_record.c"
SLOTS, LINE, PACKED = "lib/model/card_tx_slots.c", "lib/model/card_line.h", "lib/model/card_tx_packed.c"
WINDOW, CARD = "lib/wcadmin/wcadmin_window.c", "lib/wcadmin/wcadmin_card.c"
ADMIN, EVENT = "lib/wcadmin/wcadmin.c", "lib/wcadmin/wcadmin_event.c"
IOVA, FILE, REQUESTS = "lib/iova/iova.c", "lib/iova/iova_file.c", "lib/vfio_user/vfu_server_cmd.c"

MODELS = [
    Model("tx_completion", "a Tx completion is taken iff the datasheet allows it", "tx_completion",
          [f"{REAP}: completion_ok"], True, "none", [
              ("the bound of its count", REAP, "s/count > in_flight/false/"),
              ("the mask of the index", REAP, "s/(head + count - 1) & txq->mask/(head + count - 1)/"),
              ("entries in flight", REAP, "s/in_flight == 0/false/"),
              ("the epoch of a refusal", REAP, r"s/cpl->epoch == txq->epoch &&$/true \&\&/")], dpdk=True),
    Model("tx_reap", "no completions lose a frame, free it twice, or pass tail", "tx_reap",
          [f"{REAP}: wcnic_tx_reap_some, frames_free, push_refused"], False, "ring of 4 entries, 2 completions", [
              ("the bound of a completion's count", REAP, "s/count > in_flight/false/"),
              ("the end of the ring", REAP, "s/RTE_MIN(count, (uint16_t)(txq->depth - at))/count/"),
              ("the step of head", REAP, "s/txq->head += count;/;/")],
          dpdk=True, unwind="5", long=True),
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
              ("the slots of the window", RECORD, "s/pushed_too_many(q, q->head + in_flight)/false/")], long=True),
    Model("record_resume", "a stopped queue goes on only by the next epoch at the very entry", "record",
          [f"{RECORD}: record_resume"], True, "none", [
              ("the entry", RECORD, "s/WCNIC_TXDB_GET_SWITCH_SEQ(db) != q->head/false/"),
              ("the bound of tail", RECORD, "/^record_resume/,/^}/s/> q->depth/> 65535/"),
              ("the window", RECORD, r"s/ && !q->may_push)/ \&\& false)/")]),
    Model("rx_scalar", "a frame in one buffer is taken iff its completion is whole and fits", "rx_plain",
          [f"{PLAIN}: wcnic_rx_take_scalar"], True, "one completion a call", [
              ("the bound of the bytes", PLAIN, "s/bytes - 1 >= buf_bytes/false/"),
              ("buffers that were posted", PLAIN, "/^wcnic_rx_take_scalar/,/^}/s/n = RTE_MIN(n, (uint16_t)(rxq->posted - head));//"),
              ("the phase", PLAIN, "s/WCNIC_PHASE_BIT << 56 . UINT32_MAX/0 << 56 | UINT32_MAX/")],
          dpdk=True, unwind="2", long=True),
    Model("slot", "a slot is taken iff it is whole, and no more than it has is copied", "slot",
          [f"{SLOTS}: slot_take, slot_line_take", f"{LINE}: card_line_copy"], False, "slots of up to 2 lines", [
              ("the lines of a slot", SLOTS, "s/ || hdr->n_lines > q->slot_lines//"),
              ("the check", LINE, "s/(uint16_t)sum == 0/true/"),
              ("the last line", SLOTS, "s/return (flags & WCNIC_LINEF_LAST) != 0/return true/"),
              ("the index of the slot", SLOTS, "s/seq & (q->n_slots - 1)/seq/")],
          unwind="9", long=True),
    Model("packed_entry", "an entry has a length iff the datasheet allows its header", "packed",
          [f"{PACKED}: entry_words"], True, "none", [
              ("the longest entry", PACKED, "s/words <= q->slot_lines . CARD_LINE_PAYLOAD_WORDS/true/"),
              ("the kind of entry", PACKED, "s/ || (inline_bytes == 0) == (hdr->n_segs == 0)//"),
              ("the word of a request", PACKED, "s/words += asks;//")]),
    Model("grant", "a grant is taken iff the datasheet allows it and it overlaps no other", "wcadmin_checks",
          [f"{WINDOW}: grant_check, range_check, overlap_find"], False, "2 windows are granted before", [
              ("the end of the aperture", WINDOW, "s/w->bytes > a->aperture_bytes - w->off/false/"),
              ("the overlap", WINDOW, "s/other != NULL/false/"),
              ("the slots", WINDOW, "s/w->slots . w->slot_lines . WCNIC_LINE_BYTES > w->bytes/0 != 0/"),
              ("the order of the subtraction", WINDOW, "s/w->off > a->aperture_bytes || //")], unwind="4"),
    Model("identity", "what the card says of itself makes sense once it is taken", "wcadmin_checks",
          [f"{CARD}: identity_check"], True, "none", [
              ("the aperture", CARD, "s/id->max_window_bytes > a->aperture_bytes/false/"),
              ("the alignment", CARD, "s/!is_power_of_2(id->window_align)/false/")], unwind="7"),
    Model("admin_memory", "the admin rings stay in their memory", "wcadmin_rings",
          [f"{ADMIN}: wcadmin_init, completion_take", f"{EVENT}: event_copy"], True, "none", [
              ("the mask of completions", ADMIN, "s/a->cq_head & (entries - 1)/a->cq_head/"),
              ("the mask of events", EVENT, "s/a->aeq_head & (entries - 1)/a->aeq_head/"),
              ("the phase", ADMIN, "s/WCNIC_PHASE_BIT) != phase)/WCNIC_PHASE_BIT) > 1)/")]),
    Model("admin_status", "each status has an errno and a name", "wcadmin_rings",
          [f"{ADMIN}: status_errno, wcadmin_status_name"], True, "none", [
              ("the bound of the names", ADMIN, "s/status < WC_DIM(names)/true/")]),
    Model("iova_add", "a DMA range is taken iff it neither wraps nor overlaps", "iova_map",
          [f"{IOVA}: range_place, entry_at, entry_insert"], False, "up to 2 ranges", [
              ("the range that wraps", IOVA, "s/ || iova + (bytes - 1) < iova)/)/"),
              ("the overlap", IOVA, r"s/map->entries\[.at\].first <= iova + (bytes - 1)/false/")],
          unwind="4", long=True),
    Model("iova_remove", "ranges are removed whole, and after that nothing of them is mapped", "iova_map",
          [f"{IOVA}: iova_map_remove, entry_at"], False, "up to 2 ranges", [
              ("the range that would be cut", IOVA,
               "s/map->entries.to..first < iova || map->entries.to..last > last/false/"),
              ("the end of the address space", IOVA, "/^iova_map_remove/,/^}/s/last < iova/false/")],
          unwind="4", long=True),
    Model("file_range", "a file is mapped only if it has all of the range", "dma_files", [f"{FILE}: range_check"], True,
          "pages of 4 KiB and of what the file says", [
              ("the end of the file", FILE, "s/ || end > (uint64_t)st->st_size)/)/"),
              ("the sum that wraps", FILE, "s/end < fd_off || //")]),
    Model("file_budget", "no more files and bytes are mapped than may be", "dma_files", [f"{FILE}: budget_check"], True,
          "none", [
              ("the bytes that are mapped", FILE, "s/more_bytes > limits->bytes - map->file_bytes/false/"),
              ("the sum that would wrap", FILE, "s/map->file_bytes > limits->bytes || //")]),
    Model("vfu_access", "an access of a region is done iff it lies in it", "vfu_requests", [f"{REQUESTS}: access_check"],
          True, "none", [
              ("the end of the region", REQUESTS, "s/ || count > region->bytes - off)/)/"),
              ("the region", REQUESTS, "s/region_idx >= VFU_PCI_REGIONS/false/"),
              ("the longest access", REQUESTS, "s/ || count > VFU_XFER_BYTES_MAX//")], unwind="10"),
    Model("vfu_dma_map", "only whole pages that do not wrap are mapped", "vfu_requests", [f"{REQUESTS}: cmd_dma_map"],
          False, "payloads of up to 64 bytes", [
              ("the range that wraps", REQUESTS, "s/map->iova + (map->bytes - 1) < map->iova/false/"),
              ("the pages", REQUESTS, r"s/ & (VFU_PAGE_BYTES - 1)) != 0/ \& 0) != 0/"),
              ("the rights", REQUESTS, "s/(map->flags & ~VFU_DMA_FLAGS_ACCESS) != 0 || //")], unwind="10"),
    Model("vfu_set_irqs", "only vectors that exist are bound, raised or cleared", "vfu_requests",
          [f"{REQUESTS}: cmd_set_irqs, irqs_bind, irqs_trigger"], False, "3 vectors, payloads of up to 64 bytes", [
              ("the count of vectors", REQUESTS, "s/ || set->count > vectors - set->start)/)/"),
              ("the first vector", REQUESTS, "s/set->start > vectors || //"),
              ("a byte for each vector", REQUESTS, "s/bytes - sizeof(.set) != set->count/false/")], unwind="24", long=True),
    Model("vfu_range", "a range lies in another iff its ends do", "vfu_range",
          ["lib/vfio_user/vfu_sock.h: vfu_range_contains"], True, "none", [
              ("the room behind it", "lib/vfio_user/vfu_sock.h",
               "s/bytes <= size_bytes - (off - from)/off + bytes <= from + size_bytes/")]),
]
