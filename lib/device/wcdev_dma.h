/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_DMA_H
#define WCDEV_DMA_H

/*
 * For card models: host memory by IOVA. Most of it has an address in this process, and a pointer to
 * it is good until the call on the card returns or dev->map_id changes. What has none is read and
 * written by messages. `prot` is WCDEV_DMA_READ or WCDEV_DMA_WRITE.
 */

#include "wcdev_card.h"

/* The smallest piece in which host memory may be mapped. */
#define WCDEV_PAGE_BYTES 4096u

/* A piece of host memory that is in one piece here, as long as the card has this map_id. */
struct wcdev_dma_cache {
	uint64_t map_id;
	uint64_t iova;
	uint64_t bytes;
	uint8_t *at;
};

/* How much of [iova, iova + bytes) lies in its first page. */
static inline uint32_t
wcdev_page_bytes(uint64_t iova, uint64_t bytes)
{
	uint64_t left = WCDEV_PAGE_BYTES - (iova & (WCDEV_PAGE_BYTES - 1));

	return (uint32_t)(bytes < left ? bytes : left);
}

/* Whether there is memory that has no address here. */
static inline bool
wcdev_has_messages(const struct wcdev *dev)
{
	return dev->ops->dma_reach != NULL;
}

/* Where the range is, or NULL: not mapped so, or not in one piece here. A call of the embedder. */
static inline void *
wcdev_dma_ptr(const struct wcdev *dev, uint64_t iova, size_t bytes, unsigned int prot)
{
	return dev->ops->dma(dev->ctx, iova, bytes, prot);
}

/* As wcdev_dma_find(), when the range is not in `cache`: asks, and keeps the piece around it. */
void *wcdev_dma_find_slow(struct wcdev *dev, struct wcdev_dma_cache *cache, uint64_t iova,
			  uint32_t bytes, unsigned int prot);

/* As wcdev_dma_ptr(); looks at the piece first that was found last. A cache is for one `prot`. */
static inline void *
wcdev_dma_find(struct wcdev *dev, struct wcdev_dma_cache *cache, uint64_t iova, uint32_t bytes,
	       unsigned int prot)
{
	uint64_t off = iova - cache->iova;

	if (cache->map_id == dev->map_id && off < cache->bytes && bytes <= cache->bytes - off)
		return cache->at + off;
	return wcdev_dma_find_slow(dev, cache, iova, bytes, prot);
}

/* Whether every byte can be reached for `prot`, in whatever pieces and ways. */
WC_MUST_CHECK bool
wcdev_dma_reachable(struct wcdev *dev, uint64_t iova, uint64_t bytes, unsigned int prot);

/*
 * Reads take place for a `reader`: it walks the same reads again after -EAGAIN (a message is under
 * way, or the lane's memo is another's) and calls wcdev_reader_end() when its command or frame is
 * decided. Other errors: -EFAULT (not mapped so), -E2BIG (longer than a frame, and only to be had
 * by message).
 */
WC_MUST_CHECK int wcdev_dma_read(struct wcdev *dev, const struct wcdev_reader *reader,
				 uint64_t iova, void *dst, uint32_t bytes);
/* The first piece of [iova, iova + *bytes) without a copy; *bytes: how long it is. */
WC_MUST_CHECK int wcdev_dma_next(struct wcdev *dev, const struct wcdev_reader *reader,
				 uint64_t iova, uint32_t *bytes, const void **data);

/* Whether the reader has read anything by message that it has not ended. */
static inline bool
wcdev_reader_has_memo(const struct wcdev *dev, const struct wcdev_reader *reader)
{
	return dev->n_memos != 0 && dev->memos[reader->lane].reader == reader;
}

/* The part of the next two that takes place only where memory is read by message. */
void wcdev_reader_begin_slow(struct wcdev *dev, const struct wcdev_reader *reader);
void wcdev_reader_end_slow(struct wcdev *dev, const struct wcdev_reader *reader);

/* The reader begins to walk its reads, for the first time or again. */
static inline void
wcdev_reader_begin(struct wcdev *dev, const struct wcdev_reader *reader)
{
	if (dev->n_memos != 0)
		wcdev_reader_begin_slow(dev, reader);
}

/* The reader's command or frame is decided: what was read is forgotten, the lane is free. */
static inline void
wcdev_reader_end(struct wcdev *dev, const struct wcdev_reader *reader)
{
	if (dev->n_memos != 0)
		wcdev_reader_end_slow(dev, reader);
}

/* A poll begins: memos whose readers did not walk them in the last one are free. */
void wcdev_readers_sweep(struct wcdev *dev);
/* All readers are ended. */
void wcdev_readers_reset(struct wcdev *dev);

/*
 * Writes in order, by message or not. The caller has checked that the range can be reached.
 * 0, -EFAULT, or what the embedder's dma_post() says.
 */
int wcdev_dma_write(struct wcdev *dev, uint64_t iova, const void *src, uint32_t bytes);
/*
 * The same by message alone. Nothing overtakes the message, so pointers for writing are asked for
 * anew: it changes map_id.
 */
int wcdev_dma_post(struct wcdev *dev, uint64_t iova, const void *src, uint32_t bytes);
/* No message is under way. */
bool wcdev_dma_quiet(const struct wcdev *dev);

#endif /* WCDEV_DMA_H */
