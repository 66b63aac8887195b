/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 6, push in slots. Each line is copied once, then judged; what the host does to it
 * afterwards changes nothing.
 */

#include "card_tx.h"

/* Lines are forgotten once this many entries have passed, long before their number comes again. */
#define EXPIRE_ENTRIES 16384u

static uint8_t *
slot_at(const struct card_txq *q, uint16_t seq)
{
	uint32_t slot_bytes = q->slot_lines * WCNIC_LINE_BYTES;

	return q->slots + (uint32_t)(seq & (q->n_slots - 1)) * slot_bytes;
}

/* Copies a line: its payload to `payload`. Whether it is what it should be, and its flags. */
static bool
slot_line_take(const uint8_t *src, const struct card_txq *q, uint16_t seq, unsigned int line_idx,
	       uint64_t *payload, uint8_t *flags)
{
	uint64_t tag = card_line_copy(src, payload);

	*flags = (uint8_t)(tag >> CARD_LINE_FLAGS_SHIFT);
	return (tag & ~(0xffull << CARD_LINE_FLAGS_SHIFT)) ==
	       card_line_tag(seq, q->generation, (uint8_t)line_idx);
}

/*
 * Copies the slot's stream to `stream`. CARD_TX_READY: it is whole; CARD_TX_WAIT: it is not;
 * CARD_TX_BAD: it never will be, as its header names more lines than a slot has, or none.
 */
static enum card_tx_verdict
slot_take(const struct card_txq *q, uint16_t seq, uint64_t *stream, struct wcnic_push_hdr *hdr)
{
	const uint8_t *src = slot_at(q, seq);
	uint8_t flags;

	if (!slot_line_take(src, q, seq, 0, stream, &flags))
		return CARD_TX_WAIT;
	memcpy(hdr, stream, sizeof(*hdr));
	if (hdr->n_lines == 0 || hdr->n_lines > q->slot_lines)
		return CARD_TX_BAD;
	for (unsigned int line = 1; line < hdr->n_lines; line++) {
		if ((flags & WCNIC_LINEF_LAST) != 0)
			return CARD_TX_WAIT;
		stream += CARD_LINE_PAYLOAD_WORDS;
		if (!slot_line_take(src + line * WCNIC_LINE_BYTES, q, seq, line, stream, &flags))
			return CARD_TX_WAIT;
	}
	return (flags & WCNIC_LINEF_LAST) != 0 ? CARD_TX_READY : CARD_TX_WAIT;
}

/* What a whole slot holds behind its header: a request, bytes of the frame or segments. */
static void
slot_add(struct card_tx_builder *b, const struct wcnic_push_hdr *hdr, const uint64_t *data,
	 bool asks)
{
	uint32_t inline_bytes = le16toh(hdr->inline_bytes);
	uint32_t space = WCNIC_SLOT_INLINE_BYTES(hdr->n_lines);
	struct wcnic_push_seg seg;

	if (asks) {
		card_tx_builder_ask(b, *data++);
		space -= sizeof(struct wcnic_tx_offload);
	}
	if ((inline_bytes == 0) == (hdr->n_segs == 0) || inline_bytes > space ||
	    hdr->n_segs * sizeof(seg) > space) {
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	for (unsigned int i = 0; i < hdr->n_segs; i++) {
		memcpy(&seg, data + i * 2, sizeof(seg));
		card_tx_builder_add_segment(b, le64toh(seg.iova), le32toh(seg.bytes));
		if (b->later)
			return;
	}
	if (inline_bytes != 0 && b->reason == WCNIC_ERR_NONE)
		card_tx_builder_add(b, data, inline_bytes);
}

/* Adds at most `most` frames of one slot, wholly inline, until one is not such or not whole. */
static void
slots_single(struct wcnic_card *card, const struct card_txq *q, struct card_tx_burst *t,
	     unsigned int most)
{
	struct wcdev_frag *frag = card->frags + t->n_frags;
	struct wcdev_frame *frame = t->frames + t->n;
	uint64_t *stream = card->scratch + t->stream.at;
	const uint64_t *end = card->scratch + CARD_STREAM_BYTES / 8;
	uint32_t max = card_tx_bytes_max(card);
	struct wcnic_push_hdr hdr;
	unsigned int i;

	for (i = 0; i < most && stream < end; i++) {
		uint64_t word;
		uint32_t bytes;

		if (slot_take(q, t->seq + i, stream, &hdr) != CARD_TX_READY)
			break;
		word = le64toh(stream[0]);
		bytes = (uint16_t)word;
		if (word != card_tx_inline_hdr(bytes, hdr.n_lines) ||
		    !card_tx_bytes_ok(bytes, max) || bytes > WCNIC_SLOT_INLINE_BYTES(hdr.n_lines))
			break;
		card_tx_frame_set(frame++, frag++, stream + 1, bytes, WCDEV_FRAME_STABLE);
		stream += 1 + (bytes + 7) / 8;
	}
	t->stream.at = (uint32_t)(stream - card->scratch);
	card_tx_burst_add(t, i);
}

WC_MUST_CHECK static enum card_tx_verdict
frame_slots(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t, uint16_t limit)
{
	uint64_t *start = card->scratch + t->stream.at;
	uint64_t *stream = start;
	struct card_tx_builder b;
	uint16_t entry = 0;

	card_tx_builder_init(&b, card, q, t);
	for (;;) {
		struct wcnic_push_hdr hdr;
		enum card_tx_verdict slot;
		uint16_t flags;
		bool asks;

		/* There must be space for the next slot; a frame that is not too long leaves it. */
		if (stream + CARD_SLOT_PAYLOAD_WORDS_MAX > card->scratch + CARD_SCRATCH_BYTES / 8)
			card_tx_builder_fault(&b, WCNIC_ERR_DESC);
		/* Once the frame is refused, its slots are only walked: the space is used again. */
		if (b.reason != WCNIC_ERR_NONE)
			stream = start;
		slot = slot_take(q, t->seq + entry, stream, &hdr);
		t->built.entries = ++entry;
		if (slot == CARD_TX_WAIT)
			return CARD_TX_WAIT;
		flags = le16toh(hdr.flags);
		asks = card_tx_asks(card, entry - 1, flags);
		card_tx_builder_begin_entry(&b, entry - 1, flags, le16toh(hdr.frame_bytes));
		if (slot == CARD_TX_BAD)
			card_tx_builder_fault(&b, WCNIC_ERR_DESC);
		else
			slot_add(&b, &hdr, stream + 1, asks);
		if (b.later)
			return CARD_TX_FETCH;
		if (hdr.inline_bytes != 0 && b.reason == WCNIC_ERR_NONE)
			stream += 1 + asks + (le16toh(hdr.inline_bytes) + 7) / 8;
		t->built.after = t->stream;
		t->built.after.at = (uint32_t)(stream - card->scratch);
		if ((flags & WCNIC_TXF_EOP) != 0)
			return card_tx_builder_finish(&b, entry, &t->built);
		if ((uint16_t)(t->seq + entry) == limit)
			return card_tx_frame_lost(entry, &t->built);
	}
}

enum card_tx_verdict
card_tx_gather_slots(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most)
{
	enum card_tx_verdict verdict;
	unsigned int space;

	while ((space = card_tx_burst_space(t, limit, most)) != 0) {
		slots_single(card, q, t, space);
		if (card_tx_burst_space(t, limit, most) == 0)
			break;
		if (card_tx_may_lack(q, t->seq) && !card_tx_slot_there(q, t->seq))
			return CARD_TX_WAIT;
		verdict = frame_slots(card, q, t, limit);
		if (verdict != CARD_TX_READY)
			return verdict;
		card_tx_burst_add_built(card, q, t);
	}
	return CARD_TX_READY;
}

bool
card_tx_slot_there(const struct card_txq *q, uint16_t seq)
{
	return q->slots != NULL && (le64toh(wcdev_load64(slot_at(q, seq))) & UINT32_MAX) ==
					   (card_line_tag(seq, q->generation, 0) & UINT32_MAX);
}

unsigned int
card_tx_slot_stale(const struct card_txq *q, uint16_t seq)
{
	const uint8_t *src = slot_at(q, seq);
	uint64_t payload[CARD_LINE_PAYLOAD_WORDS];
	struct wcnic_push_hdr hdr;
	unsigned int n_lines = 1;
	unsigned int stale = 0;
	uint8_t flags;

	/* The first line says how many there are. */
	if (slot_line_take(src, q, seq, 0, payload, &flags)) {
		memcpy(&hdr, payload, sizeof(hdr));
		n_lines = hdr.n_lines < q->slot_lines ? hdr.n_lines : q->slot_lines;
	}
	for (unsigned int line = 0; line < n_lines; line++, src += WCNIC_LINE_BYTES)
		if (wcdev_load64(src) != 0 && !slot_line_take(src, q, seq, line, payload, &flags))
			stale++;
	return stale;
}

void
card_tx_slots_expire(struct card_txq *q, uint16_t head)
{
	uint32_t lines = (uint32_t)q->n_slots * q->slot_lines;
	uint8_t *src = q->slots;

	if (src == NULL || q->format != WCNIC_FORMAT_SLOTS ||
	    (uint16_t)(head - q->expired_seq) < EXPIRE_ENTRIES)
		return;
	q->expired_seq = head;
	for (; lines != 0; lines--, src += WCNIC_LINE_BYTES) {
		uint64_t tag = wcdev_load64(src);
		uint16_t age = head - (uint16_t)le64toh(tag);

		/* Not one of the entries to come, and not from since the last look. */
		if (tag == 0 || age <= EXPIRE_ENTRIES || age >= 65536u - CARD_DEPTH_MAX)
			continue;
		card_line_forget(src, tag);
	}
}

void
card_tx_lines_clear(struct card_txq *q)
{
	uint32_t lines = (uint32_t)q->n_slots * q->slot_lines;
	uint8_t *src = q->slots;
	uint64_t tag;

	for (; lines != 0; lines--, src += WCNIC_LINE_BYTES) {
		tag = wcdev_load64(src);
		if (tag != 0)
			card_line_forget(src, tag);
	}
}
