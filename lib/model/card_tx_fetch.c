/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6, fetch: each descriptor is copied once, then judged. */

#include <errno.h>

#include "card_tx.h"

/* Adds at most `most` frames of one descriptor, until one is not such or not all here. */
static void
fetch_single(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
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
		word = le64toh(wcdev_load64_acquire(src + 8));
		iova = le64toh(wcdev_load64(src));
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

/* Reads the request of the frame that begins at `seq`. As wcdev_ring_read(). */
WC_MUST_CHECK static int
request_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_builder *b, uint16_t seq)
{
	struct wcnic_tx_offload request = {0};
	int ret = 0;

	if (q->requests.entries != 0)
		ret = wcdev_ring_read(&card->dev, &q->requests, &q->reader, seq, &request,
				      sizeof(request));
	if (ret == 0)
		card_tx_builder_ask(b, request.word);
	return ret;
}

bool
card_tx_fetch_there(struct wcnic_card *card, struct card_txq *q, uint16_t seq)
{
	const uint8_t *src = wcdev_ring_find(&card->dev, &q->ring, seq);
	uint64_t word;

	if (src == NULL)
		return false;
	/* bytes, flags, seq, frame_bytes */
	word = le64toh(wcdev_load64_acquire(src + 8));
	return (uint16_t)word != 0 && (uint16_t)(word >> 32) == seq;
}

WC_MUST_CHECK static enum card_tx_verdict
frame_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t, uint16_t limit)
{
	struct card_tx_builder b;
	uint16_t entry = 0;

	card_tx_builder_init(&b, card, q, t);
	t->built.after = t->stream;
	for (;;) {
		uint16_t at = t->seq + entry;
		struct wcnic_tx_desc desc = {0};
		uint16_t flags;
		int ret;

		if (card_tx_may_lack(q, at) && !card_tx_fetch_there(card, q, at))
			return CARD_TX_WAIT;
		ret = wcdev_ring_read(&card->dev, &q->ring, &q->reader, at, &desc, sizeof(desc));
		flags = le16toh(desc.flags);
		if (ret == 0 && card_tx_asks(card, entry, flags))
			ret = request_fetch(card, q, &b, at);
		if (ret != 0)
			return ret == -EAGAIN ? CARD_TX_FETCH : CARD_TX_FAULT;
		if (le16toh(desc.seq) != at)
			return card_tx_frame_lost(entry + 1, &t->built);
		card_tx_builder_begin_entry(&b, entry, flags, le16toh(desc.frame_bytes));
		card_tx_builder_add_segment(&b, le64toh(desc.iova), le16toh(desc.bytes));
		if (b.later)
			return CARD_TX_FETCH;
		entry++;
		if ((flags & WCNIC_TXF_EOP) != 0)
			return card_tx_builder_finish(&b, entry, &t->built);
		if ((uint16_t)(t->seq + entry) == limit)
			return card_tx_frame_lost(entry, &t->built);
	}
}

enum card_tx_verdict
card_tx_gather_fetch(struct wcnic_card *card, struct card_txq *q, struct card_tx_burst *t,
		     uint16_t limit, unsigned int most)
{
	enum card_tx_verdict verdict;
	unsigned int space;

	while ((space = card_tx_burst_space(t, limit, most)) != 0) {
		fetch_single(card, q, t, space);
		if (card_tx_burst_space(t, limit, most) == 0)
			break;
		verdict = frame_fetch(card, q, t, limit);
		if (verdict != CARD_TX_READY)
			return verdict;
		card_tx_burst_add_built(card, q, t);
	}
	return CARD_TX_READY;
}
