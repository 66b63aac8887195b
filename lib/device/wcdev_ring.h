/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_RING_H
#define WCDEV_RING_H

/*
 * For card models: rings in host memory, and loads and stores of what the host uses at the same
 * time. `seq` is free-running; the entry is the one at its remainder.
 */

#include <string.h>

#include "wcdev_dma.h"

/* ---- shared memory ----------------------------------------------------------------------- */

/* A word that the host may be writing. */
static inline uint64_t
wcdev_load64(const void *word)
{
	return __atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED);
}

/* The same; what is loaded afterwards was written before it or later. */
static inline uint64_t
wcdev_load64_acquire(const void *word)
{
	return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
}

/* 16 bytes, of which the last word becomes visible last: it holds the phase of a completion. */
static inline void
wcdev_publish16(void *dst, const void *src)
{
	uint64_t words[2];

	memcpy(words, src, sizeof(words));
	__atomic_store_n((uint64_t *)dst, words[0], __ATOMIC_RELAXED);
	__atomic_store_n((uint64_t *)dst + 1, words[1], __ATOMIC_RELEASE);
}

/* ---- rings ------------------------------------------------------------------------------- */

/* Entries are as long as they are aligned, a power of two, and at most a cache line. */
struct wcdev_ring {
	uint64_t iova;
	uint16_t entries; /* a power of two */
	uint8_t entry_bytes;
	uint8_t prot;
	bool scattered; /* not in one piece here */
	/* As long as the card has this map_id, entries [first, first + n) are here from `at` on. */
	uint16_t first;
	uint16_t n;
	uint64_t map_id;
	uint8_t *at;
};

/*
 * Sets a ring of `entries` entries, a power of two, that begins at `iova`. `prot`: WCDEV_DMA_*,
 * what the card does to it. Host memory is looked up only when an entry is.
 */
void wcdev_ring_init(struct wcdev_ring *ring, uint64_t iova, uint32_t entries, uint32_t entry_bytes,
		     unsigned int prot);
/* Whether all of its entries can be reached. */
WC_MUST_CHECK bool wcdev_ring_reachable(struct wcdev *dev, const struct wcdev_ring *ring);

/* The phase of entry `seq`: 1 in the first lap, 0 in the second, and so on. */
static inline uint8_t
wcdev_ring_phase(uint16_t seq, uint16_t entries)
{
	return (seq & entries) ? 0 : 1;
}

/* Looks up the entry `idx` and what lies around it; NULL: it has no address here. */
uint8_t *wcdev_ring_map(struct wcdev *dev, struct wcdev_ring *ring, uint16_t idx);

/* Where entry `seq` is, or NULL: it has no address here. */
static inline uint8_t *
wcdev_ring_find(struct wcdev *dev, struct wcdev_ring *ring, uint16_t seq)
{
	uint16_t idx = seq & (ring->entries - 1);

	if (ring->map_id != dev->map_id || (uint16_t)(idx - ring->first) >= ring->n)
		return wcdev_ring_map(dev, ring, idx);
	return ring->at + (uint32_t)(idx - ring->first) * ring->entry_bytes;
}

/* How many entries from `seq` on follow in memory, up to the ring's end: after wcdev_ring_find().
 */
static inline uint16_t
wcdev_ring_run(const struct wcdev_ring *ring, uint16_t seq)
{
	return (uint16_t)(ring->first + ring->n - (seq & (ring->entries - 1)));
}

/* wcdev_ring_read() and wcdev_ring_ready() of an entry that has no address here. */
WC_MUST_CHECK int wcdev_ring_read_slow(struct wcdev *dev, const struct wcdev_ring *ring,
				       const struct wcdev_reader *reader, uint16_t seq, void *dst);
bool wcdev_ring_ready_slow(struct wcdev *dev, const struct wcdev_ring *ring, uint16_t seq);
/* Writes an entry by message. As wcdev_dma_post(). */
int
wcdev_ring_post(struct wcdev *dev, const struct wcdev_ring *ring, uint16_t seq, const void *src);

/*
 * Copies an entry, each word read once. `bytes` is the entry's size, which the compiler knows.
 * Errors as wcdev_dma_read().
 */
WC_MUST_CHECK static inline int
wcdev_ring_read(struct wcdev *dev, struct wcdev_ring *ring, const struct wcdev_reader *reader,
		uint16_t seq, void *dst, size_t bytes)
{
	const uint8_t *src = wcdev_ring_find(dev, ring, seq);
	uint64_t word;

	if (src == NULL)
		return wcdev_ring_read_slow(dev, ring, reader, seq, dst);
	for (size_t i = 0; i < bytes; i += sizeof(word)) {
		word = wcdev_load64(src + i);
		memcpy((uint8_t *)dst + i, &word, sizeof(word));
	}
	return 0;
}

/* Whether an entry can be written now. */
static inline bool
wcdev_ring_ready(struct wcdev *dev, struct wcdev_ring *ring, uint16_t seq)
{
	return wcdev_ring_find(dev, ring, seq) != NULL || wcdev_ring_ready_slow(dev, ring, seq);
}

/*
 * Writes an entry whose last word, which holds the phase, becomes visible last. `bytes` is the
 * entry's size, at least 16. 0, or as wcdev_dma_post().
 */
static inline int
wcdev_ring_publish(struct wcdev *dev, struct wcdev_ring *ring, uint16_t seq, const void *src,
		   size_t bytes)
{
	uint8_t *dst = wcdev_ring_find(dev, ring, seq);

	if (dst == NULL)
		return wcdev_ring_post(dev, ring, seq, src);
	memcpy(dst, src, bytes - 16);
	wcdev_publish16(dst + bytes - 16, (const uint8_t *)src + bytes - 16);
	return 0;
}

/*
 * The same with an entry whose first word holds the phase and becomes visible last; at least 8
 * bytes, aligned to 8.
 */
static inline int
wcdev_ring_publish_first(struct wcdev *dev, struct wcdev_ring *ring, uint16_t seq, const void *src,
			 size_t bytes)
{
	uint8_t *dst = wcdev_ring_find(dev, ring, seq);
	uint64_t word;

	if (dst == NULL)
		return wcdev_ring_post(dev, ring, seq, src);
	memcpy(dst + sizeof(word), (const uint8_t *)src + sizeof(word), bytes - sizeof(word));
	memcpy(&word, src, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)dst, word, __ATOMIC_RELEASE);
	return 0;
}

#endif /* WCDEV_RING_H */
