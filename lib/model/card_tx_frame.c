/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "card_tx.h"

/*
 * Section 6: from entries to a frame. Each line and descriptor is copied once, then judged; what
 * the host does to it afterwards changes nothing.
 */

/* Lines are forgotten once this many entries have passed, long before their number comes again. */
#define EXPIRE_ENTRIES 16384u

/* ---- the builder ------------------------------------------------------------------------- */

void
card_tx_builder_add(struct card_tx_builder *b, const void *base, uint32_t bytes)
{
	b->bytes += bytes;
	/* Each fragment has a byte at least: a frame with more of them is too long as well. */
	if (b->n_frags == CARD_FRAME_MAX) {
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	b->frags[b->n_frags].base = base;
	b->frags[b->n_frags].bytes = bytes;
	b->n_frags++;
}

/* A segment that is not in one piece here. */
static void
builder_add_pieces(struct card_tx_builder *b, uint64_t iova, uint32_t bytes)
{
	const void *base;
	uint32_t piece;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece) {
		piece = bytes;
		ret = wcdev_dma_next(&b->card->dev, &b->q->reader, iova, &piece, &base);
		b->later = ret == -EAGAIN;
		if (b->later)
			return;
		if (ret != 0) {
			/* What can be sent is never too long to be had by message. */
			card_tx_builder_fault(b, ret != -E2BIG ? WCNIC_ERR_ADDRESS
						 : b->frame_bytes > CARD_FRAME_MAX
							 ? WCNIC_ERR_OVERSIZE
							 : WCNIC_ERR_DESC);
			return;
		}
		card_tx_builder_add(b, base, piece);
	}
}

void
card_tx_builder_add_segment(struct card_tx_builder *b, uint64_t iova, uint32_t bytes)
{
	const void *base;

	if (b->reason != WCNIC_ERR_NONE)
		return;
	if (bytes == 0) {
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	base = wcdev_dma_find(&b->card->dev, &b->q->segs, iova, bytes, WCDEV_DMA_READ);
	if (base != NULL)
		card_tx_builder_add(b, base, bytes);
	else
		builder_add_pieces(b, iova, bytes);
}

void
card_tx_builder_begin_entry(struct card_tx_builder *b, unsigned int entry, uint16_t flags,
			    uint16_t frame_bytes)
{
	if ((entry == 0) != ((flags & WCNIC_TXF_SOP) != 0) || entry >= CARD_FRAME_ENTRIES_MAX)
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
	if (entry == 0)
		b->frame_bytes = frame_bytes;
}

enum card_tx_verdict
card_tx_builder_finish(struct card_tx_builder *b, uint16_t entries, struct card_tx_frame *out)
{
	if (b->bytes != b->frame_bytes)
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
	if (b->frame_bytes < CARD_FRAME_MIN)
		card_tx_builder_fault(b, WCNIC_ERR_RUNT);
	if (b->frame_bytes > card_tx_bytes_max(b->card))
		card_tx_builder_fault(b, WCNIC_ERR_OVERSIZE);
	out->entries = entries;
	out->reason = b->reason;
	out->frame.frags = b->frags;
	out->frame.n_frags = b->n_frags;
	out->frame.bytes = b->frame_bytes;
	out->frame.flags = 0;
	return b->reason == WCNIC_ERR_NONE ? CARD_TX_READY : CARD_TX_BAD;
}

/* ---- fetch ------------------------------------------------------------------------------- */

/* Adds at most `most` frames of one descriptor, until one is not such or not all here. */
static void
fetch_simple(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
	     unsigned int most)
{
	struct wcdev_frag *frag = card->frags + t->n_frags;
	struct wcdev_frame *frame = t->frames + t->n;
	uint32_t max = card_tx_bytes_max(card);
	uint16_t seq = t->seq;
	unsigned int i;

	for (i = 0; i < most; i++, seq++) {
		const uint8_t *src = wcdev_ring_find(&card->dev, &q->ring, seq);
		uint64_t iova, word;
		uint32_t bytes;
		const void *base;

		if (src == NULL)
			break;
		iova = le64toh(wcdev_load64(src));
		word = le64toh(wcdev_load64(src + 8));
		bytes = (uint16_t)word;
		/* bytes, flags, seq, frame_bytes */
		if (word != (bytes | (WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 16 | (uint64_t)seq << 32 |
			     (uint64_t)bytes << 48) ||
		    !card_tx_bytes_ok(bytes, max))
			break;
		base = wcdev_dma_find(&card->dev, &q->segs, iova, bytes, WCDEV_DMA_READ);
		if (base == NULL)
			break;
		__builtin_prefetch(base);
		card_tx_frame_set(frame++, frag++, base, bytes, 0);
	}
	card_tx_burst_add(t, i);
}

WC_MUST_CHECK static enum card_tx_verdict
frame_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t, uint16_t limit)
{
	struct card_tx_builder b;
	uint16_t entry = 0;

	card_tx_builder_init(&b, card, q, t);
	t->odd.after = t->stream;
	for (;;) {
		uint16_t at = t->seq + entry;
		struct wcnic_tx_desc desc;
		uint16_t flags;
		int ret;

		ret = wcdev_ring_read(&card->dev, &q->ring, &q->reader, at, &desc, sizeof(desc));
		if (ret != 0)
			return ret == -EAGAIN ? CARD_TX_FETCH : CARD_TX_FAULT;
		flags = le16toh(desc.flags);
		if (le16toh(desc.seq) != at)
			return card_tx_frame_lost(entry + 1, &t->odd);
		card_tx_builder_begin_entry(&b, entry, flags, le16toh(desc.frame_bytes));
		card_tx_builder_add_segment(&b, le64toh(desc.iova), le16toh(desc.bytes));
		if (b.later)
			return CARD_TX_FETCH;
		entry++;
		if (flags & WCNIC_TXF_EOP)
			return card_tx_builder_finish(&b, entry, &t->odd);
		if ((uint16_t)(t->seq + entry) == limit)
			return card_tx_frame_lost(entry, &t->odd);
	}
}

enum card_tx_verdict
card_tx_gather_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most)
{
	enum card_tx_verdict verdict;
	unsigned int room;

	while ((room = card_tx_burst_space(t, limit, most)) != 0) {
		fetch_simple(card, q, t, room);
		if (card_tx_burst_space(t, limit, most) == 0)
			break;
		verdict = frame_fetch(card, q, t, limit);
		if (verdict != CARD_TX_READY)
			return verdict;
		card_tx_burst_add_built(card, q, t);
	}
	return CARD_TX_READY;
}

/* ---- push: slots ------------------------------------------------------------------------- */

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
	unsigned int line;
	uint8_t flags;

	if (!slot_line_take(src, q, seq, 0, stream, &flags))
		return CARD_TX_WAIT;
	memcpy(hdr, stream, sizeof(*hdr));
	if (hdr->n_lines == 0 || hdr->n_lines > q->slot_lines)
		return CARD_TX_BAD;
	for (line = 1; line < hdr->n_lines; line++) {
		if (flags & WCNIC_LINEF_LAST)
			return CARD_TX_WAIT;
		stream += CARD_LINE_PAYLOAD_WORDS;
		if (!slot_line_take(src + line * WCNIC_LINE_BYTES, q, seq, line, stream, &flags))
			return CARD_TX_WAIT;
	}
	return (flags & WCNIC_LINEF_LAST) ? CARD_TX_READY : CARD_TX_WAIT;
}

/* What a whole slot holds: bytes of the frame, or segments. */
static void
slot_add(struct card_tx_builder *b, const struct wcnic_push_hdr *hdr, const uint64_t *stream)
{
	uint32_t inline_bytes = le16toh(hdr->inline_bytes);
	uint32_t room = WCNIC_SLOT_INLINE_BYTES(hdr->n_lines);
	struct wcnic_push_seg seg;
	unsigned int i;

	if ((inline_bytes == 0) == (hdr->n_segs == 0) || inline_bytes > room ||
	    hdr->n_segs * sizeof(seg) > room) {
		card_tx_builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	for (i = 0; i < hdr->n_segs; i++) {
		memcpy(&seg, stream + 1 + i * 2, sizeof(seg));
		card_tx_builder_add_segment(b, le64toh(seg.iova), le32toh(seg.bytes));
		if (b->later)
			return;
	}
	if (inline_bytes != 0 && b->reason == WCNIC_ERR_NONE)
		card_tx_builder_add(b, stream + 1, inline_bytes);
}

/* Adds at most `most` frames of one slot, wholly inline, until one is not such or not whole. */
static void
slots_simple(struct wcnic_card *card, const struct card_txq *q, struct card_tx_burst *t,
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

		/* The next slot must find room; a frame that is not too long always leaves it. */
		if (stream + CARD_SLOT_PAYLOAD_WORDS_MAX > card->scratch + CARD_SCRATCH_BYTES / 8)
			card_tx_builder_fault(&b, WCNIC_ERR_DESC);
		/* Once the frame is refused, its slots are only walked: the room is used again. */
		if (b.reason != WCNIC_ERR_NONE)
			stream = start;
		slot = slot_take(q, t->seq + entry, stream, &hdr);
		t->odd.entries = ++entry;
		if (slot == CARD_TX_WAIT)
			return CARD_TX_WAIT;
		flags = le16toh(hdr.flags);
		card_tx_builder_begin_entry(&b, entry - 1, flags, le16toh(hdr.frame_bytes));
		if (slot == CARD_TX_BAD)
			card_tx_builder_fault(&b, WCNIC_ERR_DESC);
		else
			slot_add(&b, &hdr, stream);
		if (b.later)
			return CARD_TX_FETCH;
		if (hdr.inline_bytes != 0 && b.reason == WCNIC_ERR_NONE)
			stream += 1 + (le16toh(hdr.inline_bytes) + 7) / 8;
		t->odd.after = t->stream;
		t->odd.after.at = (uint32_t)(stream - card->scratch);
		if (flags & WCNIC_TXF_EOP)
			return card_tx_builder_finish(&b, entry, &t->odd);
		if ((uint16_t)(t->seq + entry) == limit)
			return card_tx_frame_lost(entry, &t->odd);
	}
}

enum card_tx_verdict
card_tx_gather_slots(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most)
{
	enum card_tx_verdict verdict;
	unsigned int room;

	while ((room = card_tx_burst_space(t, limit, most)) != 0) {
		slots_simple(card, q, t, room);
		if (card_tx_burst_space(t, limit, most) == 0)
			break;
		verdict = frame_slots(card, q, t, limit);
		if (verdict != CARD_TX_READY)
			return verdict;
		card_tx_burst_add_built(card, q, t);
	}
	return CARD_TX_READY;
}

unsigned int
card_tx_slot_stale(const struct card_txq *q, uint16_t seq)
{
	const uint8_t *src = slot_at(q, seq);
	uint64_t payload[CARD_LINE_PAYLOAD_WORDS];
	struct wcnic_push_hdr hdr;
	unsigned int n_lines = 1;
	unsigned int stale = 0;
	unsigned int line;
	uint8_t flags;

	/* The first line says how many there are. */
	if (slot_line_take(src, q, seq, 0, payload, &flags)) {
		memcpy(&hdr, payload, sizeof(hdr));
		n_lines = hdr.n_lines < q->slot_lines ? hdr.n_lines : q->slot_lines;
	}
	for (line = 0; line < n_lines; line++, src += WCNIC_LINE_BYTES)
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
