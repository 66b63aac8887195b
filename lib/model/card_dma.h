/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_DMA_H
#define CARD_DMA_H

/* dma.c: host memory as the card reaches it. */

#include "card_internal.h"

static inline void *
card_dma(struct wcnic_card *card, uint64_t iova, size_t bytes, unsigned int prot)
{
	return card->ops->dma(card->ctx, iova, bytes, prot);
}

/* As dma_find(), and keeps the piece that it found for the next time. */
void *dma_find_anew(struct wcnic_card *card, struct dma_span *span, uint64_t iova, uint32_t bytes,
		    unsigned int prot);

/* card_dma(), with the piece that was found last looked at first: it is for one `prot`. */
static inline void *
dma_find(struct wcnic_card *card, struct dma_span *span, uint64_t iova, uint32_t bytes,
	 unsigned int prot)
{
	uint64_t off = iova - span->iova;

	if (span->map_id == card->map_id && off < span->bytes && bytes <= span->bytes - off)
		return span->at + off;
	return dma_find_anew(card, span, iova, bytes, prot);
}

/* The smallest piece in which host memory may be mapped. */
#define DMA_PAGE_BYTES 4096u

/* Whether every byte can be reached for `prot`, in whatever pieces and ways. */
bool dma_reaches(struct wcnic_card *card, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Reads take place for an `owner`, who walks the same reads again after -EAGAIN (a message is under
 * way) and forgets them with dma_memo_reset() when its command or frame is decided. Other errors:
 * -EFAULT (not mapped so), -E2BIG (longer than a frame, and only to be had by message).
 */
__attribute__((warn_unused_result)) int
dma_read(struct wcnic_card *card, const void *owner, uint64_t iova, void *dst, uint32_t bytes);
/* The first piece of [iova, iova + *bytes); *bytes: how long it is. */
__attribute__((warn_unused_result)) int dma_next(struct wcnic_card *card, const void *owner,
						 uint64_t iova, uint32_t *bytes, const void **data);
void dma_memo_drop(struct wcnic_card *card, struct dma_memo *memo);
/* A poll begins: memos that nobody walks any more are free. */
void dma_memo_sweep(struct wcnic_card *card);
void dma_memo_clear(struct wcnic_card *card);

/* Writes in order, by message or not. The caller has checked that the range can be reached. */
int dma_write(struct wcnic_card *card, uint64_t iova, const void *src, uint32_t bytes);
/* No message is under way. */
bool dma_quiet(struct wcnic_card *card);

void ring_init(struct ring *ring, uint64_t iova, uint32_t entries, uint32_t entry_bytes,
	       unsigned int prot);
bool ring_reaches(struct wcnic_card *card, const struct ring *ring);
/* Looks up the entry and what lies around it; NULL: not mapped here. */
uint8_t *ring_map(struct wcnic_card *card, struct ring *ring, uint16_t idx);
/* For entries that have no address here. */
__attribute__((warn_unused_result)) int
ring_read_remote(struct wcnic_card *card, const struct ring *ring, const void *owner, uint16_t seq,
		 void *dst);
bool ring_ready_remote(struct wcnic_card *card, const struct ring *ring, uint16_t seq);
int ring_post(struct wcnic_card *card, const struct ring *ring, uint16_t seq, const void *src);

/* What `owner` has read by message since its last reset, or NULL. */
static inline struct dma_memo *
dma_memo_of(struct wcnic_card *card, const void *owner)
{
	unsigned int i;

	for (i = 0; card->n_memos != 0 && i < DMA_LANES; i++)
		if (card->memos[i].owner == owner)
			return &card->memos[i];
	return NULL;
}

static inline void
dma_memo_rewind(struct wcnic_card *card, const void *owner)
{
	struct dma_memo *memo = dma_memo_of(card, owner);

	if (memo == NULL)
		return;
	memo->next = 0;
	memo->walked = true;
}

static inline void
dma_memo_reset(struct wcnic_card *card, const void *owner)
{
	struct dma_memo *memo = dma_memo_of(card, owner);

	if (memo != NULL)
		dma_memo_drop(card, memo);
}

/* Where entry `seq` is, or NULL. What dma() gave is good until the call on the card returns. */
static inline uint8_t *
ring_find(struct wcnic_card *card, struct ring *ring, uint16_t seq)
{
	uint16_t idx = seq & (ring->entries - 1);

	if (ring->map_id != card->map_id || (uint16_t)(idx - ring->first) >= ring->n)
		return ring_map(card, ring, idx);
	return ring->at + (uint32_t)(idx - ring->first) * ring->entry_bytes;
}

/* How many entries from `seq` on are here, up to the ring's end: after ring_find() of it. */
static inline uint16_t
ring_run(const struct ring *ring, uint16_t seq)
{
	return (uint16_t)(ring->first + ring->n - (seq & (ring->entries - 1)));
}

/* `bytes` is the entry's size, which the compiler knows. Errors as dma_read(). */
__attribute__((warn_unused_result)) static inline int
ring_read(struct wcnic_card *card, struct ring *ring, const void *owner, uint16_t seq, void *dst,
	  size_t bytes)
{
	const uint8_t *src = ring_find(card, ring, seq);
	uint64_t word;
	size_t i;

	if (src == NULL)
		return ring_read_remote(card, ring, owner, seq, dst);
	for (i = 0; i < bytes; i += sizeof(word)) {
		word = shared_load(src + i);
		memcpy((uint8_t *)dst + i, &word, sizeof(word));
	}
	return 0;
}

/* Whether an entry can be written now. */
static inline bool
ring_ready(struct wcnic_card *card, struct ring *ring, uint16_t seq)
{
	return ring_find(card, ring, seq) != NULL || ring_ready_remote(card, ring, seq);
}

/* Writes a completion of 16 bytes or an event of 32: the word with the phase last. */
static inline int
ring_publish(struct wcnic_card *card, struct ring *ring, uint16_t seq, const void *src,
	     size_t bytes)
{
	uint8_t *dst = ring_find(card, ring, seq);

	if (dst == NULL)
		return ring_post(card, ring, seq, src);
	memcpy(dst, src, bytes - 16);
	shared_publish16(dst + bytes - 16, (const uint8_t *)src + bytes - 16);
	return 0;
}

#endif /* CARD_DMA_H */
