/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6: a frame of any kind, put together entry by entry. */

#include <errno.h>

#include "card_tx.h"

/* Whether the frame is to be segmented: it may be longer than what is sent. */
static bool
cut(const struct card_tx_builder *b)
{
	return b->asks && (b->word & WCNIC_TXO_SEGMENT) != 0;
}

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
						 : b->frame_bytes > CARD_FRAME_MAX && !cut(b)
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
	if (b->frame_bytes > card_tx_bytes_max(b->card) && !cut(b))
		card_tx_builder_fault(b, WCNIC_ERR_OVERSIZE);
	out->entries = entries;
	out->timed = b->asks && (b->word & WCNIC_TXO_TIME) != 0 &&
		     (b->card->features & WCNIC_CAP_CLOCK) != 0;
	out->reason = b->reason;
	out->frame.frags = b->frags;
	out->frame.n_frags = b->n_frags;
	out->frame.bytes = b->frame_bytes;
	out->frame.flags = 0;
	if (b->reason != WCNIC_ERR_NONE)
		return CARD_TX_BAD;
	return b->asks ? card_tx_offload(b, out) : CARD_TX_READY;
}
