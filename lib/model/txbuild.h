/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef TXBUILD_H
#define TXBUILD_H

/* Section 6: a frame as it is put together from its entries, and the lines of a push window. */

#include "card_internal.h"

#define LINE_WORDS (WCNIC_LINE_BYTES / 8)
#define LINE_PAYLOAD_WORDS (WCNIC_LINE_PAYLOAD_BYTES / 8)
#define SLOT_PAYLOAD_WORDS_MAX (WCNIC_SLOT_LINES_MAX * LINE_PAYLOAD_WORDS)

struct builder {
	struct wcnic_card *card;
	const void *owner;
	uint32_t n_frags;
	uint64_t bytes;
	uint16_t frame_bytes; /* as the SOP says */
	enum wcnic_error reason;
	bool later; /* a part was asked for and has not come */
};

/* A segment that is not in one piece here. */
void builder_add_pieces(struct builder *b, uint64_t iova, uint32_t bytes);

static inline void
builder_fault(struct builder *b, enum wcnic_error reason)
{
	if (b->reason == WCNIC_ERR_NONE)
		b->reason = reason;
}

static inline void
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

static inline void
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
static inline void
builder_begin_entry(struct builder *b, unsigned int entry, uint16_t flags, uint16_t frame_bytes)
{
	if ((entry == 0) != ((flags & WCNIC_TXF_SOP) != 0) || entry >= CARD_FRAME_ENTRIES_MAX)
		builder_fault(b, WCNIC_ERR_DESC);
	if (entry == 0)
		b->frame_bytes = frame_bytes;
}

static inline enum tx_verdict
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

static inline enum tx_verdict
frame_lost(uint16_t entries, struct tx_frame *out)
{
	out->entries = entries;
	out->reason = WCNIC_ERR_DESC;
	return TX_LOST;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* A line's tag without its check; flags are zero. */
static inline uint64_t
line_tag(uint16_t seq, uint16_t generation, uint8_t idx)
{
	return seq | (uint64_t)generation << 16 | (uint64_t)idx << 48;
}

#define LINE_TAG_CHECK_MASK (0xffffull << 32)
#define LINE_TAG_FLAGS_SHIFT 56

/*
 * Copies a line: its payload to `payload`. Returns its tag without the check if that is right, else
 * ~0, which is no tag.
 */
static inline uint64_t
line_take(const uint8_t *src, uint64_t *payload)
{
	uint64_t tag = le64toh(shared_load(src));
	uint16_t check = (uint16_t)(tag >> 32);
	uint64_t sum;
	unsigned int i;

	tag &= ~LINE_TAG_CHECK_MASK; /* the check itself counts as zero */
	sum = tag;
	for (i = 0; i < LINE_PAYLOAD_WORDS; i++) {
		payload[i] = shared_load(src + 8 + i * 8);
		sum ^= le64toh(payload[i]);
	}
	sum ^= sum >> 32;
	sum ^= sum >> 16;
	return (uint16_t)sum == check ? tag : ~0ull;
}

/* Forgets a line that has this tag. A new line that is just arriving wins. */
static inline void
line_forget(uint8_t *src, uint64_t tag)
{
	__atomic_compare_exchange_n((uint64_t *)(void *)src, &tag, 0, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

#endif /* TXBUILD_H */
