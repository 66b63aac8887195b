/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Descriptors of Tx: each is copied once, then judged. */

#include <errno.h>

#include "ena_tx.h"

static void
meta_take(struct ena_tx_build *b, const struct ena_tx_desc *desc)
{
	const uint32_t ctrl = le32toh(desc->ctrl);

	b->has_meta = true;
	if ((ctrl & ENA_TXM_VALID) == 0 || (ctrl & ENA_TXM_EXTENDED) == 0) {
		ena_tx_drop(b, &b->card->stats.tx_bad_meta);
		return;
	}
	b->meta = (struct ena_tx_meta){ctrl, le32toh(desc->addr_lo)};
	if ((ctrl & ENA_TXM_STORE) != 0)
		b->sq->meta = b->meta;
}

/* The first descriptor of a buffer says what the frame is. */
static void
request_take(struct ena_tx_build *b, const struct ena_tx_desc *desc)
{
	const uint32_t ctrl = le32toh(desc->ctrl);
	struct ena_tx_frame *fact = &b->t->fact;

	b->asks = le32toh(desc->meta);
	b->header_bytes = ENA_TXD_HEADER(le32toh(desc->addr_hi_header));
	fact->req_id = (uint16_t)(ENA_TXD_REQ_ID_HI(ctrl) << 10 | ENA_TXD_REQ_ID_LO(b->asks));
	fact->has_id = fact->req_id < b->sq->depth;
	fact->completes = !b->sq->complete_asked || (ctrl & ENA_TXD_COMPLETE) != 0;
	if (!fact->has_id)
		ena_tx_drop(b, &b->card->stats.tx_bad_req_id);
}

/* A buffer that is not in one piece here. */
static int
buffer_add_pieces(struct ena_tx_build *b, uint64_t iova, uint32_t bytes)
{
	const void *base;
	uint32_t piece;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece) {
		piece = bytes;
		ret = wcdev_dma_next(&b->card->dev, &b->sq->reader, iova, &piece, &base);
		if (ret != 0)
			return ret;
		ena_tx_add(b, base, piece);
	}
	return 0;
}

/* 0, or -EAGAIN: it has been asked for and has not come. */
static int
buffer_add(struct ena_tx_build *b, const struct ena_tx_desc *desc)
{
	const uint32_t bytes = ENA_TXD_LENGTH(le32toh(desc->ctrl));
	const uint64_t iova = (uint64_t)(le32toh(desc->addr_hi_header) & 0xffff) << 32 |
			      le32toh(desc->addr_lo);
	const void *base;
	int ret;

	if (bytes == 0 || b->t->drop != NULL)
		return 0;
	if (b->bytes + bytes > ENA_FRAME_MAX) {
		ena_tx_drop(b, &b->card->stats.tx_bad_length);
		return 0;
	}
	base = wcdev_dma_find(&b->card->dev, &b->sq->bufs, iova, bytes, WCDEV_DMA_READ);
	if (base != NULL) {
		ena_tx_add(b, base, bytes);
		return 0;
	}
	ret = buffer_add_pieces(b, iova, bytes);
	if (ret == -EAGAIN)
		return ret;
	if (ret != 0)
		ena_tx_drop(b, ret == -E2BIG ? &b->card->stats.tx_bad_length
					     : &b->card->stats.tx_bad_address);
	return 0;
}

enum ena_tx_step
ena_tx_desc_take(struct ena_tx_build *b, const struct ena_tx_desc *desc, uint8_t phase,
		 enum ena_tx_verdict *verdict)
{
	const uint32_t ctrl = le32toh(desc->ctrl);
	const bool first = b->n_descs == 0;

	if (((ctrl & ENA_TXD_PHASE) != 0) != (phase != 0)) {
		*verdict = ena_tx_stop(b, &b->card->stats.tx_bad_phase,
				       "a descriptor is not of this lap");
		return ENA_TX_FAIL;
	}
	if (first != ((ctrl & ENA_TXD_FIRST) != 0))
		return ENA_TX_ALIEN;
	if (++b->n_descs > ENA_TX_DESCS_MAX) {
		*verdict = ena_tx_drop_endless(b, &b->card->stats.tx_bad_chain);
		return ENA_TX_FAIL;
	}
	if ((ctrl & ENA_TXD_META) != 0) {
		if (first)
			meta_take(b, desc);
		else
			ena_tx_drop(b, &b->card->stats.tx_bad_meta);
		return (ctrl & ENA_TXD_LAST) != 0 ? ENA_TX_END : ENA_TX_MORE;
	}
	if (first || (b->has_meta && b->n_descs == 2))
		request_take(b, desc);
	if (buffer_add(b, desc) != 0) {
		*verdict = ENA_TX_LATER;
		return ENA_TX_FAIL;
	}
	return (ctrl & ENA_TXD_LAST) != 0 ? ENA_TX_END : ENA_TX_MORE;
}

enum ena_tx_verdict
ena_tx_from_ring(struct ena_tx_build *b)
{
	struct ena_tx_frame *fact = &b->t->fact;
	struct ena_sq *sq = b->sq;
	enum ena_tx_verdict verdict = ENA_TX_READY;
	struct ena_tx_desc desc;
	uint16_t seq;
	int ret;

	for (;;) {
		seq = b->t->seq + fact->entries;
		if (seq == sq->tail)
			return ena_tx_drop_endless(b, &b->card->stats.tx_bad_chain);
		ret = wcdev_ring_read(&b->card->dev, &sq->ring, &sq->reader, seq, &desc,
				      sizeof(desc));
		if (ret == -EAGAIN)
			return ENA_TX_LATER;
		if (ret != 0)
			return ena_tx_stop(b, &b->card->stats.ring_unmapped,
					   "its ring cannot be read");
		switch (ena_tx_desc_take(b, &desc, wcdev_ring_phase(seq, sq->depth), &verdict)) {
		case ENA_TX_MORE:
			fact->entries++;
			break;
		case ENA_TX_END:
			fact->entries++;
			return ENA_TX_READY;
		case ENA_TX_ALIEN:
			/* It begins another frame, unless it is where one should begin. */
			fact->entries += fact->entries == 0;
			return ena_tx_drop_endless(b, &b->card->stats.tx_bad_chain);
		case ENA_TX_FAIL:
			fact->entries += verdict == ENA_TX_DROP;
			return verdict;
		}
	}
}

/* What most frames in host memory have in common: one descriptor. */
#define ONE_MASK (ENA_TXD_META | ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_LAST)

void
ena_tx_ring_single(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t)
{
	const uint32_t max = ena_bytes_max(card);
	const uint8_t *src = NULL;
	unsigned int left = 0; /* descriptors that follow each other in memory */

	for (; t->n < t->most && t->seq != sq->tail; t->seq++, left--, src += ENA_DESC_BYTES) {
		const uint32_t phase = wcdev_ring_phase(t->seq, sq->depth) != 0 ? ENA_TXD_PHASE : 0;
		struct wcdev_frag *frag = card->frags + t->n_frags;
		uint64_t low, high;
		uint32_t ctrl, asks, bytes;
		uint16_t req_id;
		const void *base;

		if (left == 0) {
			src = wcdev_ring_find(&card->dev, &sq->ring, t->seq);
			if (src == NULL)
				return;
			left = wcdev_ring_run(&sq->ring, t->seq);
		}
		low = le64toh(wcdev_load64(src));
		high = le64toh(wcdev_load64(src + 8));
		ctrl = (uint32_t)low;
		asks = (uint32_t)(low >> 32);
		bytes = ENA_TXD_LENGTH(ctrl);
		req_id = (uint16_t)(ENA_TXD_REQ_ID_HI(ctrl) << 10 | ENA_TXD_REQ_ID_LO(asks));
		if ((ctrl & ONE_MASK) != (ENA_TXD_FIRST | ENA_TXD_LAST | phase) ||
		    (asks & ENA_TXD_OFFLOADS) != 0 || bytes - ENA_FRAME_MIN > max - ENA_FRAME_MIN ||
		    req_id >= sq->depth)
			return;
		base = wcdev_dma_find(&card->dev, &sq->bufs, high & 0xffffffffffffu, bytes,
				      WCDEV_DMA_READ);
		if (base == NULL)
			return;
		*frag = (struct wcdev_frag){base, bytes};
		t->frames[t->n] = (struct wcdev_frame){.frags = frag, .n_frags = 1, .bytes = bytes};
		t->facts[t->n] = ena_tx_fact(sq, req_id, ctrl, false);
		t->n_frags++;
		t->n++;
	}
}
