/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "card_internal.h"

/*
 * Section 6: from entries to a frame. Each line and descriptor is copied once, then judged; what
 * the host does to it afterwards changes nothing.
 */

#define LINE_WORDS (WCNIC_LINE_BYTES / 8)
#define LINE_PAYLOAD_WORDS (WCNIC_LINE_PAYLOAD_BYTES / 8)
/* Lines are forgotten once this many entries have passed, long before their number comes again. */
#define EXPIRE_ENTRIES 16384u

/* A frame as it is put together. */
struct builder {
	struct wcnic_card *card;
	const void *owner;
	uint32_t n_frags;
	uint32_t scratch_used; /* in words */
	uint64_t bytes;
	uint16_t frame_bytes; /* as the SOP says */
	enum wcnic_error reason;
	bool later; /* a part was asked for and has not come */
};

static void
builder_fault(struct builder *b, enum wcnic_error reason)
{
	if (b->reason == WCNIC_ERR_NONE)
		b->reason = reason;
}

static void
builder_add(struct builder *b, const void *base, uint32_t bytes)
{
	b->bytes += bytes;
	/* Each fragment has a byte at least: a frame with more of them is too long as well. */
	if (b->n_frags == CARD_FRAME_MAX) {
		builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	b->card->frags[b->n_frags].base = base;
	b->card->frags[b->n_frags].bytes = bytes;
	b->n_frags++;
}

/* A segment that is not in one piece here. */
static void
builder_add_pieces(struct builder *b, uint64_t iova, uint32_t bytes)
{
	const void *base;
	uint32_t piece;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece) {
		piece = bytes;
		ret = dma_next(b->card, b->owner, iova, &piece, &base);
		b->later = ret == -EAGAIN;
		if (b->later)
			return;
		if (ret != 0) {
			/* What can be sent is never too long to be had by message. */
			builder_fault(b, ret != -E2BIG                     ? WCNIC_ERR_ADDRESS
					 : b->frame_bytes > CARD_FRAME_MAX ? WCNIC_ERR_OVERSIZE
									   : WCNIC_ERR_DESC);
			return;
		}
		builder_add(b, base, piece);
	}
}

static void
builder_add_segment(struct builder *b, uint64_t iova, uint32_t bytes)
{
	const void *base;

	if (b->reason != WCNIC_ERR_NONE)
		return;
	if (bytes == 0) {
		builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	base = card_dma(b->card, iova, bytes, WCNIC_DMA_READ);
	if (base != NULL)
		builder_add(b, base, bytes);
	else
		builder_add_pieces(b, iova, bytes);
}

/* SOP opens the frame, and only its first entry has it. */
static void
builder_begin_entry(struct builder *b, unsigned int entry, uint16_t flags, uint16_t frame_bytes)
{
	if ((entry == 0) != ((flags & WCNIC_TXF_SOP) != 0) || entry >= CARD_FRAME_ENTRIES_MAX)
		builder_fault(b, WCNIC_ERR_DESC);
	if (entry == 0)
		b->frame_bytes = frame_bytes;
}

static enum tx_verdict
builder_finish(struct builder *b, uint16_t entries, struct tx_frame *out)
{
	struct wcnic_card *card = b->card;

	if (b->bytes != b->frame_bytes)
		builder_fault(b, WCNIC_ERR_DESC);
	if (b->frame_bytes < CARD_FRAME_MIN)
		builder_fault(b, WCNIC_ERR_RUNT);
	if (b->frame_bytes > card->port.mtu + WCNIC_L2_OVERHEAD)
		builder_fault(b, WCNIC_ERR_OVERSIZE);
	out->entries = entries;
	out->reason = b->reason;
	out->frame.frags = card->frags;
	out->frame.n_frags = b->n_frags;
	out->frame.bytes = b->frame_bytes;
	return b->reason == WCNIC_ERR_NONE ? TX_READY : TX_BAD;
}

static enum tx_verdict
frame_lost(uint16_t entries, struct tx_frame *out)
{
	out->entries = entries;
	out->reason = WCNIC_ERR_DESC;
	return TX_LOST;
}

enum tx_verdict
tx_frame_fetch(struct wcnic_card *card, struct txq *q, uint16_t seq, uint16_t limit,
	       struct tx_frame *out)
{
	struct builder b = {.card = card, .owner = q};
	uint16_t entry = 0;

	for (;;) {
		uint16_t at = seq + entry;
		struct wcnic_tx_desc desc;
		uint16_t flags;
		int ret;

		ret = ring_read(card, &q->ring, q, at, &desc, sizeof(desc));
		if (ret != 0)
			return ret == -EAGAIN ? TX_FETCH : TX_FAULT;
		flags = le16toh(desc.flags);
		if (le16toh(desc.seq) != at)
			return frame_lost(entry + 1, out);
		builder_begin_entry(&b, entry, flags, le16toh(desc.frame_bytes));
		builder_add_segment(&b, le64toh(desc.iova), le16toh(desc.bytes));
		if (b.later)
			return TX_FETCH;
		entry++;
		if (flags & WCNIC_TXF_EOP)
			return builder_finish(&b, entry, out);
		if ((uint16_t)(seq + entry) == limit)
			return frame_lost(entry, out);
	}
}

static uint8_t *
slot_at(const struct txq *q, uint16_t seq)
{
	uint32_t slot_bytes = q->slot_lines * WCNIC_LINE_BYTES;

	return q->slots + (uint32_t)(seq & (q->n_slots - 1)) * slot_bytes;
}

/* Copies a line: its payload to `payload`. Whether it is what it should be, and its flags. */
static bool
line_take(const uint8_t *src, const struct txq *q, uint16_t seq, unsigned int line_idx,
	  uint64_t *payload, uint8_t *flags)
{
	uint64_t tag = shared_load(src);
	uint64_t sum = le64toh(tag);
	uint16_t check = (uint16_t)(sum >> 32);
	unsigned int i;

	for (i = 0; i < LINE_PAYLOAD_WORDS; i++) {
		payload[i] = shared_load(src + 8 + i * 8);
		sum ^= le64toh(payload[i]);
	}
	sum ^= (uint64_t)check << 32; /* the check itself counts as zero */
	sum ^= sum >> 32;
	sum ^= sum >> 16;
	tag = le64toh(tag);
	*flags = (uint8_t)(tag >> 56);
	return (uint16_t)sum == check && (uint16_t)tag == seq &&
	       (uint16_t)(tag >> 16) == q->generation && (uint8_t)(tag >> 48) == line_idx;
}

/*
 * Copies the slot's stream to `stream`. TX_READY: it is whole; TX_WAIT: it is not; TX_BAD: it
 * never will be, as its header names more lines than a slot has, or none.
 */
static enum tx_verdict
slot_take(const struct txq *q, uint16_t seq, uint64_t *stream, struct wcnic_push_hdr *hdr)
{
	const uint8_t *src = slot_at(q, seq);
	unsigned int line;
	uint8_t flags;

	if (!line_take(src, q, seq, 0, stream, &flags))
		return TX_WAIT;
	memcpy(hdr, stream, sizeof(*hdr));
	if (hdr->n_lines == 0 || hdr->n_lines > q->slot_lines)
		return TX_BAD;
	for (line = 1; line < hdr->n_lines; line++) {
		if (flags & WCNIC_LINEF_LAST)
			return TX_WAIT;
		stream += LINE_PAYLOAD_WORDS;
		if (!line_take(src + line * WCNIC_LINE_BYTES, q, seq, line, stream, &flags))
			return TX_WAIT;
	}
	return (flags & WCNIC_LINEF_LAST) ? TX_READY : TX_WAIT;
}

/* What a whole slot holds: bytes of the frame, or segments. */
static void
slot_add(struct builder *b, const struct wcnic_push_hdr *hdr, const uint64_t *stream)
{
	uint32_t inline_bytes = le16toh(hdr->inline_bytes);
	uint32_t room = WCNIC_SLOT_INLINE_BYTES(hdr->n_lines);
	struct wcnic_push_seg seg;
	unsigned int i;

	if ((inline_bytes == 0) == (hdr->n_segs == 0) || inline_bytes > room ||
	    hdr->n_segs * sizeof(seg) > room) {
		builder_fault(b, WCNIC_ERR_DESC);
		return;
	}
	for (i = 0; i < hdr->n_segs; i++) {
		memcpy(&seg, stream + 1 + i * 2, sizeof(seg));
		builder_add_segment(b, le64toh(seg.iova), le32toh(seg.bytes));
		if (b->later)
			return;
	}
	if (inline_bytes == 0 || b->reason != WCNIC_ERR_NONE)
		return;
	builder_add(b, stream + 1, inline_bytes);
	b->scratch_used += 1 + (inline_bytes + 7) / 8;
	/* The next slot must find room; a frame that is not too long never gets here. */
	if (b->scratch_used + WCNIC_SLOT_LINES_MAX * LINE_PAYLOAD_WORDS > CARD_SCRATCH_BYTES / 8)
		builder_fault(b, WCNIC_ERR_DESC);
}

enum tx_verdict
tx_frame_push(struct wcnic_card *card, const struct txq *q, uint16_t seq, uint16_t limit,
	      struct tx_frame *out)
{
	struct builder b = {.card = card, .owner = q};
	uint16_t entry = 0;

	for (;;) {
		uint16_t at = seq + entry;
		uint64_t *stream;
		struct wcnic_push_hdr hdr;
		enum tx_verdict slot;
		uint16_t flags;

		/* Once the frame is refused, its slots are only walked: the room is used again. */
		if (b.reason != WCNIC_ERR_NONE)
			b.scratch_used = 0;
		stream = card->scratch + b.scratch_used;
		slot = slot_take(q, at, stream, &hdr);
		entry++;
		if (slot == TX_WAIT) {
			out->entries = entry;
			return TX_WAIT;
		}
		flags = le16toh(hdr.flags);
		builder_begin_entry(&b, entry - 1, flags, le16toh(hdr.frame_bytes));
		if (slot == TX_BAD)
			builder_fault(&b, WCNIC_ERR_DESC);
		else
			slot_add(&b, &hdr, stream);
		if (b.later)
			return TX_FETCH;
		if (flags & WCNIC_TXF_EOP)
			return builder_finish(&b, entry, out);
		if ((uint16_t)(seq + entry) == limit)
			return frame_lost(entry, out);
	}
}

unsigned int
tx_slot_stale(const struct txq *q, uint16_t seq)
{
	const uint8_t *src = slot_at(q, seq);
	uint64_t payload[LINE_PAYLOAD_WORDS];
	struct wcnic_push_hdr hdr;
	unsigned int n_lines = 1;
	unsigned int stale = 0;
	unsigned int line;
	uint8_t flags;

	/* The first line says how many there are. */
	if (line_take(src, q, seq, 0, payload, &flags)) {
		memcpy(&hdr, payload, sizeof(hdr));
		n_lines = hdr.n_lines < q->slot_lines ? hdr.n_lines : q->slot_lines;
	}
	for (line = 0; line < n_lines; line++, src += WCNIC_LINE_BYTES)
		if (shared_load(src) != 0 && !line_take(src, q, seq, line, payload, &flags))
			stale++;
	return stale;
}

void
tx_slots_expire(struct txq *q, uint16_t head)
{
	uint32_t lines = (uint32_t)q->n_slots * q->slot_lines;
	uint8_t *src = q->slots;

	if (src == NULL || (uint16_t)(head - q->expired_seq) < EXPIRE_ENTRIES)
		return;
	q->expired_seq = head;
	for (; lines != 0; lines--, src += WCNIC_LINE_BYTES) {
		uint64_t tag = shared_load(src);
		uint16_t age = head - (uint16_t)le64toh(tag);

		/* Not one of the entries to come, and not from since the last look. */
		if (tag == 0 || age <= EXPIRE_ENTRIES || age >= 65536u - CARD_DEPTH_MAX)
			continue;
		/* A new line that is just arriving wins. */
		__atomic_compare_exchange_n((uint64_t *)(void *)src, &tag, 0, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
}
