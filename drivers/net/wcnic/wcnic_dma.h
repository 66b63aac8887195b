/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DMA_H
#define WCNIC_DMA_H

/* DPDK's memory as a card may reach it: every attach that has no IOMMU tells its card itself. */

#include <stddef.h>
#include <stdint.h>

/* One stretch of memory, contiguous here and in its file. IOVA is the virtual address. */
struct wcnic_dma_range {
	void *addr;
	size_t bytes;
	int fd; /* -1: not backed by a file that can be shared */
	uint64_t fd_off;
};

struct wcnic_dma_ops {
	/* 0 or -errno. Both may be called on any thread, also while DPDK's memory is locked. */
	int (*map)(void *ctx, const struct wcnic_dma_range *range);
	void (*unmap)(void *ctx, void *addr, size_t bytes);
};

/* Follows DPDK's memory for an attach, which owns this and keeps it from start to stop. */
struct wcnic_dma {
	const struct wcnic_dma_ops *ops;
	void *ctx;
};

/*
 * Maps all of DPDK's memory and, where memory can grow, keeps following it until wcnic_dma_stop().
 * Returns 0 or the first map's error, with nothing followed.
 */
int wcnic_dma_start(struct wcnic_dma *dma);
/* Follows memory no more; what is mapped stays so. No map or unmap runs when it returns. */
void wcnic_dma_stop(struct wcnic_dma *dma);

#endif /* WCNIC_DMA_H */
