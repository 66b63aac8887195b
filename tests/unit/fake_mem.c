/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Host memory, interrupts, clock and log of a card under test. */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_mem.h"

static const struct {
	uint64_t iova;
	unsigned int prot;
} maps[] = {
	{FAKE_IOVA, WCDEV_DMA_READ | WCDEV_DMA_WRITE},
	{FAKE_IOVA_RO, WCDEV_DMA_READ},
	{FAKE_IOVA_WO, WCDEV_DMA_WRITE},
};

static void *
mem_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct fake_mem *m = ctx;

	assert(prot == WCDEV_DMA_READ || prot == WCDEV_DMA_WRITE);
	m->lookups++;
	for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		uint64_t off = iova - maps[i].iova;

		if (iova < maps[i].iova || off >= m->unmap_from || bytes > m->unmap_from - off)
			continue;
		return (maps[i].prot & prot) != 0 ? m->at + off : NULL;
	}
	return NULL;
}

static bool
mem_span(void *ctx, uint64_t iova, unsigned int prot, struct wcdev_dma_span *span)
{
	struct fake_mem *m = ctx;

	m->lookups++;
	for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (iova - maps[i].iova >= m->unmap_from || (maps[i].prot & prot) == 0)
			continue;
		span->iova = maps[i].iova;
		span->bytes = m->unmap_from;
		span->at = m->at;
		return true;
	}
	return false;
}

static uint64_t
mem_generation(void *ctx)
{
	return ((struct fake_mem *)ctx)->generation;
}

static void
mem_irq(void *ctx, uint16_t vector)
{
	struct fake_mem *m = ctx;

	assert(vector < 256);
	m->irqs[vector]++;
}

static uint64_t
mem_now(void *ctx)
{
	return ((struct fake_mem *)ctx)->now_ns;
}

static void
mem_log(void *ctx, int level, const char *line)
{
	struct fake_mem *m = ctx;

	(void)level;
	snprintf(m->log, sizeof(m->log), "%s", line);
}

const struct wcdev_ops fake_mem_ops = {
	.dma = mem_dma,
	.dma_span = mem_span,
	.irq = mem_irq,
	.now_ns = mem_now,
	.log = mem_log,
};

const struct wcdev_ops fake_mem_generation_ops = {
	.dma = mem_dma,
	.dma_span = mem_span,
	.dma_generation = mem_generation,
	.now_ns = mem_now,
};

int
fake_mem_init(struct fake_mem *m, size_t bytes)
{
	memset(m, 0, sizeof(*m));
	m->now_ns = 1000000000;
	m->bytes = bytes;
	m->unmap_from = bytes;
	m->at = aligned_alloc(4096, bytes);
	if (m->at == NULL)
		return -ENOMEM;
	memset(m->at, 0, bytes);
	return 0;
}

void
fake_mem_fini(struct fake_mem *m)
{
	free(m->at);
	m->at = NULL;
}

void *
fake_mem_alloc(struct fake_mem *m, size_t bytes, size_t align)
{
	size_t off = (m->used + align - 1) & ~(align - 1);

	assert(off + bytes <= m->bytes);
	m->used = off + bytes;
	memset(m->at + off, 0, bytes);
	return m->at + off;
}

uint64_t
fake_mem_iova(const struct fake_mem *m, const void *ptr)
{
	return FAKE_IOVA + (uint64_t)((const uint8_t *)ptr - m->at);
}

void
fake_frame_fill(uint8_t *frame, uint32_t bytes, uint32_t salt)
{
	for (uint32_t i = 0; i < bytes; i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8) + salt);
	frame[0] = 2;
}

int
fake_mem_receive(struct wcdev *dev, const uint8_t *data, uint32_t bytes, uint32_t piece)
{
	struct wcdev_frag frags[256];
	struct wcdev_frame frame = {.frags = frags, .bytes = bytes};

	for (uint32_t used = 0; used < bytes; used += piece) {
		frags[frame.n_frags].base = data + used;
		frags[frame.n_frags].bytes = bytes - used < piece ? bytes - used : piece;
		frame.n_frags++;
	}
	return wcdev_receive(dev, &frame);
}
