/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "card_dma.h"

/*
 * Host memory as the card reaches it. What is contiguous in IOVA need not be here: behind an IOMMU
 * each page is where it likes, so a range is taken as a whole if it can be, else page by page. What
 * has no address here at all is asked for in messages, if the embedder can send them.
 */

/* How much of [iova, iova + bytes) lies in its first page. */
static uint32_t
page_piece(uint64_t iova, uint64_t bytes)
{
	uint64_t left = DMA_PAGE_BYTES - (iova & (DMA_PAGE_BYTES - 1));

	return (uint32_t)(bytes < left ? bytes : left);
}

static bool
by_messages(const struct wcnic_card *card)
{
	return card->ops->dma_reach != NULL;
}

bool
dma_reaches(struct wcnic_card *card, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	uint32_t piece;

	if (bytes == 0 || iova + (bytes - 1) < iova)
		return false;
	if (by_messages(card))
		return card->ops->dma_reach(card->ctx, iova, bytes, prot);
	if (card_dma(card, iova, bytes, prot) != NULL)
		return true;
	for (; bytes != 0; bytes -= piece, iova += piece) {
		piece = page_piece(iova, bytes);
		if (card_dma(card, iova, piece, prot) == NULL)
			return false;
	}
	return true;
}

bool
dma_quiet(struct wcnic_card *card)
{
	return !by_messages(card) || card->ops->dma_quiet(card->ctx);
}

void *
dma_find_anew(struct wcnic_card *card, struct dma_span *span, uint64_t iova, uint32_t bytes,
	      unsigned int prot)
{
	struct wcdev_dma_span found;
	uint64_t off;

	/* Outside a poll nothing tells when the call on the card returns. */
	if (card->ops->dma_span == NULL || !card->polling ||
	    !card->ops->dma_span(card->ctx, iova, prot, &found))
		return card_dma(card, iova, bytes, prot);
	span->map_id = card->map_id;
	span->iova = found.iova;
	span->bytes = found.bytes;
	span->at = found.at;
	off = iova - found.iova;
	if (off < found.bytes && bytes <= found.bytes - off)
		return span->at + off;
	return card_dma(card, iova, bytes, prot);
}

/* ---- reading ----------------------------------------------------------------------------- */

static unsigned int
lane_of(const struct wcnic_card *card, const void *owner)
{
	const uint8_t *first = (const void *)card->rxqs;
	const uint8_t *at = owner;

	return at >= first && at < first + sizeof(card->rxqs) ? DMA_LANE_IN : DMA_LANE_OUT;
}

void
dma_memo_drop(struct wcnic_card *card, struct dma_memo *memo)
{
	if (memo->owner == NULL)
		return;
	card->n_memos--;
	card->ops->dma_cancel(card->ctx, (unsigned int)(memo - card->memos));
	memo->owner = NULL;
	memo->n = 0;
	memo->used = 0;
}

void
dma_memo_sweep(struct wcnic_card *card)
{
	unsigned int i;

	for (i = 0; i < DMA_LANES; i++) {
		if (!card->memos[i].walked)
			dma_memo_drop(card, &card->memos[i]);
		card->memos[i].walked = false;
	}
}

void
dma_memo_clear(struct wcnic_card *card)
{
	unsigned int i;

	for (i = 0; i < DMA_LANES; i++)
		dma_memo_drop(card, &card->memos[i]);
}

/*
 * The next read of `owner` by message: what has come in already is found by walking the same reads
 * again, and the first that is new is asked for.
 */
static int
memo_read(struct wcnic_card *card, const void *owner, uint64_t iova, uint32_t bytes,
	  const void **data)
{
	unsigned int lane = lane_of(card, owner);
	struct dma_memo *memo = &card->memos[lane];
	uint32_t room = (bytes + 7) & ~7u;
	int ret;

	if (!by_messages(card))
		return -EFAULT;
	if (memo->owner != owner && memo->owner != NULL)
		return -EAGAIN;
	if (memo->owner == NULL) {
		memo->owner = owner;
		card->n_memos++;
		memo->next = 0;
		memo->walked = true;
	}
	if (memo->next < memo->n) {
		const struct dma_memo_read *seen = &memo->reads[memo->next];

		if (seen->iova == iova && seen->bytes == bytes) {
			*data = memo->data + seen->off / 8;
			memo->next++;
			return 0;
		}
		/* The host changed its mind about a descriptor: what follows is anew, too. */
		memo->n = memo->next;
		memo->used = seen->off;
	}
	if (memo->n == DMA_MEMO_READS || room > sizeof(memo->data) - memo->used)
		return -E2BIG;
	ret = card->ops->dma_fetch(card->ctx, lane, iova, memo->data + memo->used / 8, bytes);
	if (ret != 0)
		return ret;
	memo->reads[memo->n++] = (struct dma_memo_read){iova, bytes, memo->used};
	*data = memo->data + memo->used / 8;
	memo->used += room;
	memo->next = memo->n;
	return 0;
}

int
dma_next(struct wcnic_card *card, const void *owner, uint64_t iova, uint32_t *bytes,
	 const void **data)
{
	*data = card_dma(card, iova, *bytes, WCDEV_DMA_READ);
	if (*data != NULL)
		return 0;
	if (page_piece(iova, *bytes) != *bytes) {
		*bytes = page_piece(iova, *bytes);
		*data = card_dma(card, iova, *bytes, WCDEV_DMA_READ);
		if (*data != NULL)
			return 0;
	}
	return memo_read(card, owner, iova, *bytes, data);
}

int
dma_read(struct wcnic_card *card, const void *owner, uint64_t iova, void *dst, uint32_t bytes)
{
	const void *src;
	uint32_t piece;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece, dst = (uint8_t *)dst + piece) {
		piece = bytes;
		ret = dma_next(card, owner, iova, &piece, &src);
		if (ret != 0)
			return ret;
		memcpy(dst, src, piece);
	}
	return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* A message overtakes nothing and is overtaken by nothing: pointers are asked for anew. */
static int
dma_post(struct wcnic_card *card, uint64_t iova, const void *src, uint32_t bytes)
{
	if (!by_messages(card))
		return -EFAULT;
	card->map_id++;
	return card->ops->dma_post(card->ctx, iova, src, bytes);
}

int
dma_write(struct wcnic_card *card, uint64_t iova, const void *src, uint32_t bytes)
{
	uint32_t piece = bytes;
	void *dst;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece, src = (const uint8_t *)src + piece) {
		piece = bytes;
		dst = card_dma(card, iova, piece, WCDEV_DMA_WRITE);
		if (dst == NULL) {
			piece = page_piece(iova, bytes);
			dst = card_dma(card, iova, piece, WCDEV_DMA_WRITE);
		}
		if (dst != NULL) {
			memcpy(dst, src, piece);
			continue;
		}
		ret = dma_post(card, iova, src, piece);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* ---- rings ------------------------------------------------------------------------------- */

void
ring_init(struct ring *ring, uint64_t iova, uint32_t entries, uint32_t entry_bytes,
	  unsigned int prot)
{
	memset(ring, 0, sizeof(*ring));
	ring->iova = iova;
	ring->entries = (uint16_t)entries;
	ring->entry_bytes = (uint8_t)entry_bytes;
	ring->prot = (uint8_t)prot;
}

bool
ring_reaches(struct wcnic_card *card, const struct ring *ring)
{
	return dma_reaches(card, ring->iova, (uint64_t)ring->entries * ring->entry_bytes,
			   ring->prot);
}

uint8_t *
ring_map(struct wcnic_card *card, struct ring *ring, uint16_t idx)
{
	uint32_t bytes = (uint32_t)ring->entries * ring->entry_bytes;
	uint32_t off = (uint32_t)idx * ring->entry_bytes;
	uint64_t page;

	ring->n = 0;
	ring->first = 0;
	/* Outside a poll nothing tells when the call on the card returns. */
	ring->map_id = card->polling ? card->map_id : 0;
	ring->at = ring->scattered ? NULL : card_dma(card, ring->iova, bytes, ring->prot);
	if (ring->at != NULL) {
		ring->n = ring->entries;
		return ring->at + off;
	}
	/* Entries are as long as they are aligned, so none of them lies in two pages. */
	page = (ring->iova + off) & ~(uint64_t)(DMA_PAGE_BYTES - 1);
	if (page < ring->iova)
		page = ring->iova;
	off = (uint32_t)(page - ring->iova);
	bytes = page_piece(page, bytes - off);
	ring->at = card_dma(card, page, bytes, ring->prot);
	if (ring->at == NULL)
		return NULL;
	ring->scattered = true;
	ring->first = (uint16_t)(off / ring->entry_bytes);
	ring->n = (uint16_t)(bytes / ring->entry_bytes);
	return ring->at + (uint32_t)(idx - ring->first) * ring->entry_bytes;
}

static uint64_t
ring_iova(const struct ring *ring, uint16_t seq)
{
	return ring->iova + (uint64_t)(seq & (ring->entries - 1)) * ring->entry_bytes;
}

int
ring_read_remote(struct wcnic_card *card, const struct ring *ring, const void *owner, uint16_t seq,
		 void *dst)
{
	return dma_read(card, owner, ring_iova(ring, seq), dst, ring->entry_bytes);
}

bool
ring_ready_remote(struct wcnic_card *card, const struct ring *ring, uint16_t seq)
{
	return by_messages(card) &&
	       dma_reaches(card, ring_iova(ring, seq), ring->entry_bytes, ring->prot);
}

int
ring_post(struct wcnic_card *card, const struct ring *ring, uint16_t seq, const void *src)
{
	return dma_post(card, ring_iova(ring, seq), src, ring->entry_bytes);
}
