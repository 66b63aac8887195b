/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx by push into slots (datasheet section 6): each entry is lines of its own. */

#include <stdalign.h>

#include <ethdev_driver.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"

/* A slot under construction on the stack: a byte stream that skips the lines' tags. */
struct slot {
	alignas(WCNIC_LINE_BYTES) struct wcnic_push_line line[WCNIC_SLOT_LINES_MAX];
	unsigned int used; /* bytes of the stream */
};

static inline void
slot_append(struct slot *slot, const void *data, unsigned int bytes)
{
	unsigned int line = slot->used / WCNIC_LINE_PAYLOAD_BYTES;
	unsigned int at = slot->used % WCNIC_LINE_PAYLOAD_BYTES;
	const uint8_t *from = data;

	slot->used += bytes;
	while (bytes > 0) {
		unsigned int n = RTE_MIN(bytes, WCNIC_LINE_PAYLOAD_BYTES - at);

		memcpy(&slot->line[line].payload[at], from, n);
		from += n;
		bytes -= n;
		line++;
		at = 0;
	}
}

static inline unsigned int
slot_lines_of(unsigned int stream_bytes)
{
	return (stream_bytes + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES;
}

/* Tags the lines and stores them into the window as slot `seq`: `lines` TLPs if it combines. */
static inline void
slot_store(struct wcnic_txq *txq, struct slot *slot, unsigned int lines, uint16_t seq)
{
	const unsigned int tail = slot->used % WCNIC_LINE_PAYLOAD_BYTES;
	const size_t stride = (size_t)txq->slot_lines * WCNIC_LINE_BYTES;
	void *dst = RTE_PTR_ADD(txq->slots, (seq & txq->slot_mask) * stride);

	if (tail != 0) /* what is left on the stack must not reach the card */
		memset(&slot->line[lines - 1].payload[tail], 0, WCNIC_LINE_PAYLOAD_BYTES - tail);
	for (unsigned int i = 0; i < lines; i++) {
		struct wcnic_push_line *line = &slot->line[i];

		line->seq = htole16(seq);
		line->generation = htole16(txq->generation);
		line->check = 0;
		line->line_idx = i;
		line->flags = i == lines - 1 ? WCNIC_LINEF_LAST : 0;
		/* the fold of little-endian words has the same bytes on any host */
		line->check = wcnic_line_check(line);
	}
	wcbar_store_at(txq->store)->lines(dst, slot->line, lines);
}

/* Begins a slot with its header, and with the request of a frame that begins there and asks. */
static inline void
slot_begin(struct slot *slot, const struct wcnic_push_hdr *hdr, const struct rte_mbuf *asking)
{
	uint64_t request;

	slot->used = 0;
	slot_append(slot, hdr, sizeof(*hdr));
	if (asking == NULL)
		return;
	wcnic_tx_request_put_any(&request, asking);
	slot_append(slot, &request, sizeof(request));
}

static inline void
push_inline(struct wcnic_txq *txq, const struct rte_mbuf *frame, bool asks)
{
	const unsigned int stream = sizeof(struct wcnic_push_hdr) +
				    (asks ? WCNIC_REQUEST_BYTES : 0) + frame->pkt_len;
	const unsigned int lines = slot_lines_of(stream);
	struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(frame->pkt_len),
		.inline_bytes = htole16(frame->pkt_len),
		.flags = htole16(WCNIC_TXF_SOP | WCNIC_TXF_EOP | (asks ? WCNIC_TXF_OFFLOAD : 0)),
		.n_lines = lines,
	};
	struct slot slot;

	slot_begin(&slot, &hdr, asks ? frame : NULL);
	for (const struct rte_mbuf *m = frame; m != NULL; m = m->next)
		slot_append(&slot, rte_pktmbuf_mtod(m, const void *), m->data_len);
	slot_store(txq, &slot, lines, txq->tail);
}

/* A frame too long to go inline: its segments' addresses, in as many slots as they need. */
static void
push_segments(struct wcnic_txq *txq, const struct rte_mbuf *frame, uint16_t segs, bool asks)
{
	const struct rte_mbuf *m = frame, *asking = asks ? frame : NULL;
	uint16_t seq = txq->tail, frame_bytes = frame->pkt_len;
	uint16_t flags = WCNIC_TXF_SOP | (asks ? WCNIC_TXF_OFFLOAD : 0);
	struct slot slot;

	while (segs > 0) {
		const uint16_t n = RTE_MIN(segs, txq->slot_segs);
		const unsigned int lines = slot_lines_of(
			sizeof(struct wcnic_push_hdr) + n * sizeof(struct wcnic_push_seg) +
			(asking != NULL ? WCNIC_REQUEST_BYTES : 0));
		struct wcnic_push_hdr hdr = {
			.frame_bytes = htole16(frame_bytes),
			.flags = htole16(flags | (n == segs ? WCNIC_TXF_EOP : 0)),
			.n_lines = lines,
			.n_segs = n,
		};

		slot_begin(&slot, &hdr, asking);
		for (uint16_t i = 0; i < n; m = m->next) {
			struct wcnic_push_seg seg = {
				.iova = htole64(rte_mbuf_data_iova(m)),
				.bytes = htole32(m->data_len),
			};

			if (m->data_len == 0)
				continue;
			slot_append(&slot, &seg, sizeof(seg));
			i++;
		}
		slot_store(txq, &slot, lines, seq++);
		segs -= n;
		frame_bytes = 0;
		flags = 0;
		asking = NULL;
	}
}

/* Writes one frame into slots; false: it does not fit now. */
static bool
frame_write(struct wcnic_txq *txq, struct rte_mbuf *m)
{
	const uint16_t segs = wcnic_tx_segs(m);
	const uint16_t entries = wcnic_tx_entries(txq, m, segs);
	const bool asks = wcnic_tx_asks(m, txq->asks);

	if (unlikely(entries == 0)) {
		wcnic_tx_refuse(txq, m);
		return true;
	}
	if (entries > wcnic_tx_entries_free(txq))
		return false;
	if (entries > txq->burst_left)
		wcnic_tx_publish(txq);
	if (m->pkt_len <= txq->inline_max) {
		push_inline(txq, m, asks);
	} else {
		if (wcnic_tx_express(txq))
			wcnic_tx_before_lines(txq);
		push_segments(txq, m, segs, asks);
	}
	txq->burst_left -= RTE_MIN(entries, txq->burst_left);
	wcnic_tx_frame_record(txq, m, entries);
	return true;
}

uint16_t
wcnic_tx_slots_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n && frame_write(txq, pkts[i]); i++)
		;
	return i;
}
