/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Host memory as the card reaches it. What is contiguous in IOVA need not be here: behind an IOMMU
 * each page is where it likes, so a range is taken as a whole if it can be, else page by page. What
 * has no address here at all is asked for in messages, if the embedder can send them.
 */

#include <errno.h>
#include <string.h>

#include "wcdev_dma.h"

bool
wcdev_dma_reachable(struct wcdev *dev, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	uint32_t piece;

	if (bytes == 0 || iova + (bytes - 1) < iova)
		return false;
	if (wcdev_has_messages(dev))
		return dev->ops->dma_reach(dev->ctx, iova, bytes, prot);
	if (wcdev_dma_ptr(dev, iova, bytes, prot) != NULL)
		return true;
	for (; bytes != 0; bytes -= piece, iova += piece) {
		piece = wcdev_page_bytes(iova, bytes);
		if (wcdev_dma_ptr(dev, iova, piece, prot) == NULL)
			return false;
	}
	return true;
}

bool
wcdev_dma_quiet(const struct wcdev *dev)
{
	return !wcdev_has_messages(dev) || dev->ops->dma_quiet(dev->ctx);
}

void *
wcdev_dma_find_slow(struct wcdev *dev, struct wcdev_dma_cache *cache, uint64_t iova, uint32_t bytes,
		    unsigned int prot)
{
	struct wcdev_dma_span found;
	uint64_t off;

	/* Outside a poll nothing tells when the call on the card returns. */
	if (dev->ops->dma_span == NULL || !dev->in_call ||
	    !dev->ops->dma_span(dev->ctx, iova, prot, &found))
		return wcdev_dma_ptr(dev, iova, bytes, prot);
	cache->map_id = dev->map_id;
	cache->iova = found.iova;
	cache->bytes = found.bytes;
	cache->at = found.at;
	off = iova - found.iova;
	if (off < found.bytes && bytes <= found.bytes - off)
		return cache->at + off;
	return wcdev_dma_ptr(dev, iova, bytes, prot);
}

/* ---- reading ----------------------------------------------------------------------------- */

static void
memo_drop(struct wcdev *dev, enum wcdev_lane lane)
{
	struct wcdev_dma_memo *memo = &dev->memos[lane];

	if (memo->reader == NULL)
		return;
	dev->n_memos--;
	dev->ops->dma_cancel(dev->ctx, lane);
	memo->reader = NULL;
	memo->n = 0;
	memo->used = 0;
}

void
wcdev_readers_sweep(struct wcdev *dev)
{
	for (unsigned int lane = 0; lane < WCDEV_LANES; lane++) {
		if (!dev->memos[lane].walked)
			memo_drop(dev, lane);
		dev->memos[lane].walked = false;
	}
}

void
wcdev_readers_reset(struct wcdev *dev)
{
	for (unsigned int lane = 0; lane < WCDEV_LANES; lane++)
		memo_drop(dev, lane);
}

void
wcdev_reader_begin_slow(struct wcdev *dev, const struct wcdev_reader *reader)
{
	struct wcdev_dma_memo *memo = &dev->memos[reader->lane];

	if (memo->reader != reader)
		return;
	memo->next = 0;
	memo->walked = true;
}

void
wcdev_reader_end_slow(struct wcdev *dev, const struct wcdev_reader *reader)
{
	if (dev->memos[reader->lane].reader == reader)
		memo_drop(dev, reader->lane);
}

/*
 * The next read of `reader` by message: what has come in already is found by walking the same reads
 * again, and the first that is new is asked for.
 */
static int
memo_read(struct wcdev *dev, const struct wcdev_reader *reader, uint64_t iova, uint32_t bytes,
	  const void **data)
{
	struct wcdev_dma_memo *memo = &dev->memos[reader->lane];
	uint32_t padded_bytes = (bytes + 7) & ~7u;
	int ret;

	if (!wcdev_has_messages(dev))
		return -EFAULT;
	if (memo->reader != reader && memo->reader != NULL)
		return -EAGAIN;
	if (memo->reader == NULL) {
		memo->reader = reader;
		dev->n_memos++;
		memo->next = 0;
		memo->walked = true;
	}
	if (memo->next < memo->n) {
		const struct wcdev_dma_memo_read *seen = &memo->reads[memo->next];

		if (seen->iova == iova && seen->bytes == bytes) {
			*data = memo->data + seen->off / 8;
			memo->next++;
			return 0;
		}
		/* The host changed its mind about a descriptor: what follows is anew, too. */
		memo->n = memo->next;
		memo->used = seen->off;
	}
	if (memo->n == WCDEV_MEMO_READS || padded_bytes > sizeof(memo->data) - memo->used)
		return -E2BIG;
	ret = dev->ops->dma_fetch(dev->ctx, reader->lane, iova, memo->data + memo->used / 8, bytes);
	if (ret != 0)
		return ret;
	memo->reads[memo->n++] = (struct wcdev_dma_memo_read){iova, bytes, memo->used};
	*data = memo->data + memo->used / 8;
	memo->used += padded_bytes;
	memo->next = memo->n;
	return 0;
}

int
wcdev_dma_next(struct wcdev *dev, const struct wcdev_reader *reader, uint64_t iova, uint32_t *bytes,
	       const void **data)
{
	*data = wcdev_dma_ptr(dev, iova, *bytes, WCDEV_DMA_READ);
	if (*data != NULL)
		return 0;
	if (wcdev_page_bytes(iova, *bytes) != *bytes) {
		*bytes = wcdev_page_bytes(iova, *bytes);
		*data = wcdev_dma_ptr(dev, iova, *bytes, WCDEV_DMA_READ);
		if (*data != NULL)
			return 0;
	}
	return memo_read(dev, reader, iova, *bytes, data);
}

int
wcdev_dma_read(struct wcdev *dev, const struct wcdev_reader *reader, uint64_t iova, void *dst,
	       uint32_t bytes)
{
	const void *src;
	uint32_t piece;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece, dst = (uint8_t *)dst + piece) {
		piece = bytes;
		ret = wcdev_dma_next(dev, reader, iova, &piece, &src);
		if (ret != 0)
			return ret;
		memcpy(dst, src, piece);
	}
	return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

int
wcdev_dma_post(struct wcdev *dev, uint64_t iova, const void *src, uint32_t bytes)
{
	if (!wcdev_has_messages(dev))
		return -EFAULT;
	dev->map_id++;
	return dev->ops->dma_post(dev->ctx, iova, src, bytes);
}

int
wcdev_dma_write(struct wcdev *dev, uint64_t iova, const void *src, uint32_t bytes)
{
	uint32_t piece = bytes;
	void *dst;
	int ret;

	for (; bytes != 0; bytes -= piece, iova += piece, src = (const uint8_t *)src + piece) {
		piece = bytes;
		dst = wcdev_dma_ptr(dev, iova, piece, WCDEV_DMA_WRITE);
		if (dst == NULL) {
			piece = wcdev_page_bytes(iova, bytes);
			dst = wcdev_dma_ptr(dev, iova, piece, WCDEV_DMA_WRITE);
		}
		if (dst != NULL) {
			memmove(dst, src, piece); /* src may be the host's, too */
			continue;
		}
		ret = wcdev_dma_post(dev, iova, src, piece);
		if (ret != 0)
			return ret;
	}
	return 0;
}
