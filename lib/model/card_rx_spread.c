/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: a frame into as many buffers as it takes, wherever they are. */

#include <errno.h>

#include "card_rx_offload.h"

#define RX_BUFFERS_MAX ((CARD_FRAME_MAX + 63) / 64)

/* Where a frame goes: one of them for each buffer. `at` is NULL if it is not in one piece here. */
struct rx_buffer {
	uint64_t iova;
	uint8_t *at;
};

/*
 * Finds the memory of the next `count` buffers, and memory for their completions and the extra. 0,
 * -EAGAIN (it takes messages, and others are under way) or -EFAULT.
 */
WC_MUST_CHECK static int
buffers_map(struct wcnic_card *card, struct card_rxq *q, unsigned int count, bool with_extra,
	    struct rx_buffer *buffers)
{
	struct wcnic_rx_desc desc;
	bool here = true;
	int ret;

	wcdev_reader_begin(&card->dev, &q->reader);
	for (unsigned int i = 0; i < count; i++) {
		ret = wcdev_ring_read(&card->dev, &q->ring, &q->reader, q->head + i, &desc,
				      sizeof(desc));
		if (ret != 0)
			return ret;
		buffers[i].iova = le64toh(desc.iova);
		buffers[i].at = wcdev_dma_ptr(&card->dev, buffers[i].iova, q->buf_bytes,
					      WCDEV_DMA_WRITE);
		if (buffers[i].at == NULL) {
			here = false;
			if (!wcdev_dma_reachable(&card->dev, buffers[i].iova, q->buf_bytes,
						 WCDEV_DMA_WRITE))
				return -EFAULT;
		}
		if (!wcdev_ring_ready(&card->dev, &q->cq, q->head + i))
			return -EFAULT;
	}
	if (with_extra && !wcdev_ring_ready(&card->dev, &q->extra, q->head))
		return -EFAULT;
	return here || wcdev_dma_quiet(&card->dev) ? 0 : -EAGAIN;
}

/* Where the next byte of a frame goes. */
struct rx_writer {
	const struct rx_buffer *buffer;
	uint32_t used; /* of the buffer */
	uint32_t buf_bytes;
};

/* 0, or as wcdev_dma_write(): so these below. */
WC_MUST_CHECK static int
bytes_scatter(struct wcnic_card *card, struct rx_writer *w, const uint8_t *src, uint32_t left)
{
	int ret = 0;

	while (left != 0 && ret == 0) {
		uint32_t bytes = w->buf_bytes - w->used;

		if (bytes > left)
			bytes = left;
		if (w->buffer->at != NULL)
			memmove(w->buffer->at + w->used, src, bytes); /* src may be the host's */
		else
			ret = wcdev_dma_write(&card->dev, w->buffer->iova + w->used, src, bytes);
		src += bytes;
		left -= bytes;
		w->used += bytes;
		if (w->used == w->buf_bytes) {
			w->buffer++;
			w->used = 0;
		}
	}
	return ret;
}

/* All of the frame but `cut_bytes` behind its addresses. */
WC_MUST_CHECK static int
frame_scatter(struct wcnic_card *card, const struct wcdev_frame *frame, uint32_t cut_bytes,
	      struct rx_writer *w)
{
	uint32_t keep = cut_bytes != 0 ? CARD_RX_ADDRS_BYTES : UINT32_MAX; /* before the cut */
	int ret = 0;

	for (uint32_t i = 0; i < frame->n_frags && ret == 0; i++) {
		const uint8_t *src = frame->frags[i].base;
		uint32_t left = frame->frags[i].bytes;
		uint32_t bytes = left < keep ? left : keep;

		ret = bytes_scatter(card, w, src, bytes);
		src += bytes;
		left -= bytes;
		keep -= bytes;
		if (keep == 0 && ret == 0) {
			bytes = left < cut_bytes ? left : cut_bytes;
			src += bytes;
			left -= bytes;
			cut_bytes -= bytes;
			ret = bytes_scatter(card, w, src, left);
		}
	}
	return ret;
}

WC_MUST_CHECK static int
completions_publish(struct wcnic_card *card, struct card_rxq *q, uint32_t frame_bytes,
		    unsigned int count, struct card_rx_kind kind)
{
	uint32_t left = frame_bytes;
	int ret = 0;

	kind.first |= WCNIC_RXF_SOP << 16;
	for (unsigned int i = 0; i < count && ret == 0; i++, q->head++) {
		uint32_t bytes = left < q->buf_bytes ? left : q->buf_bytes;
		uint64_t cpl[2];

		if (i == count - 1)
			kind.first |= WCNIC_RXF_EOP << 16;
		card_rx_completion_make(cpl, kind, bytes, q->head, frame_bytes,
					card_rx_phase(q->head, q->depth));
		ret = wcdev_ring_publish(&card->dev, &q->cq, q->head, cpl, sizeof(cpl));
		left -= bytes;
		kind = (struct card_rx_kind){0}; /* it is in the first */
		frame_bytes = 0;
	}
	q->published = q->head;
	return ret;
}

int
card_rx_spread(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
	       unsigned int count, const struct card_rx_result *result)
{
	const bool with_extra = (result->flags & WCNIC_RXF_EXTRA) != 0;
	struct rx_buffer buffers[RX_BUFFERS_MAX];
	struct rx_writer writer = {.buffer = buffers, .buf_bytes = q->buf_bytes};
	int ret = buffers_map(card, q, count, with_extra, buffers);

	if (ret == -EAGAIN)
		return ret;
	wcdev_reader_end(&card->dev, &q->reader);
	card_rxq_publish(card, q);
	if (ret == 0 && with_extra)
		ret = card_rx_extra_publish(card, q, result);
	if (ret == 0)
		ret = frame_scatter(card, frame, result->cut_bytes, &writer);
	if (ret == 0)
		ret = completions_publish(card, q, frame->bytes - result->cut_bytes, count,
					  card_rx_kind_of(result));
	/* Of what could not be written the host would see the completion alone. */
	if (ret != 0) {
		card->stats.rx_errors++;
		card_rxq_fail(card, q, WCNIC_ERR_ADDRESS);
		return 0;
	}
	q->ahead_end = q->head;
	card_rxq_count(card, q, frame);
	return 0;
}
