/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rings in host memory: where an entry is here, or how it is reached by message. */

#include <string.h>

#include "wcdev_ring.h"

void
wcdev_ring_init(struct wcdev_ring *ring, uint64_t iova, uint32_t entries, uint32_t entry_bytes,
		unsigned int prot)
{
	memset(ring, 0, sizeof(*ring));
	ring->iova = iova;
	ring->entries = (uint16_t)entries;
	ring->entry_bytes = (uint8_t)entry_bytes;
	ring->prot = (uint8_t)prot;
}

bool
wcdev_ring_reachable(struct wcdev *dev, const struct wcdev_ring *ring)
{
	return wcdev_dma_reachable(dev, ring->iova, (uint64_t)ring->entries * ring->entry_bytes,
				   ring->prot);
}

uint8_t *
wcdev_ring_map(struct wcdev *dev, struct wcdev_ring *ring, uint16_t idx)
{
	uint32_t bytes = (uint32_t)ring->entries * ring->entry_bytes;
	uint32_t off = (uint32_t)idx * ring->entry_bytes;
	uint64_t page;

	ring->n = 0;
	ring->first = 0;
	/* Outside a poll nothing tells when the call on the card returns. */
	ring->map_id = dev->in_call ? dev->map_id : 0;
	ring->at = ring->scattered ? NULL : wcdev_dma_ptr(dev, ring->iova, bytes, ring->prot);
	if (ring->at != NULL) {
		ring->n = ring->entries;
		return ring->at + off;
	}
	/* Entries are as long as they are aligned, so none of them lies in two pages. */
	page = (ring->iova + off) & ~(uint64_t)(WCDEV_PAGE_BYTES - 1);
	if (page < ring->iova)
		page = ring->iova;
	off = (uint32_t)(page - ring->iova);
	bytes = wcdev_page_bytes(page, bytes - off);
	ring->at = wcdev_dma_ptr(dev, page, bytes, ring->prot);
	if (ring->at == NULL)
		return NULL;
	ring->scattered = true;
	ring->first = (uint16_t)(off / ring->entry_bytes);
	ring->n = (uint16_t)(bytes / ring->entry_bytes);
	return ring->at + (uint32_t)(idx - ring->first) * ring->entry_bytes;
}

static uint64_t
ring_iova(const struct wcdev_ring *ring, uint16_t seq)
{
	return ring->iova + (uint64_t)(seq & (ring->entries - 1)) * ring->entry_bytes;
}

int
wcdev_ring_read_slow(struct wcdev *dev, const struct wcdev_ring *ring,
		     const struct wcdev_reader *reader, uint16_t seq, void *dst)
{
	return wcdev_dma_read(dev, reader, ring_iova(ring, seq), dst, ring->entry_bytes);
}

bool
wcdev_ring_ready_slow(struct wcdev *dev, const struct wcdev_ring *ring, uint16_t seq)
{
	return wcdev_has_messages(dev) &&
	       wcdev_dma_reachable(dev, ring_iova(ring, seq), ring->entry_bytes, ring->prot);
}

int
wcdev_ring_post(struct wcdev *dev, const struct wcdev_ring *ring, uint16_t seq, const void *src)
{
	return wcdev_dma_post(dev, ring_iova(ring, seq), src, ring->entry_bytes);
}
