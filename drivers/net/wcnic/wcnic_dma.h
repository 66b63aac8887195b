/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_DMA_H
#define WCNIC_DMA_H

/*
 * The memory that a card may reach: every attach that has no IOMMU tells its card itself. That is
 * DPDK's own memory as it comes and goes, and what rte_dev_dma_map() adds. IOVA is the virtual
 * address.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wcnic_hw;

/* One stretch of memory, contiguous here and in its file. */
struct wcnic_dma_range {
	void *addr;
	size_t bytes;
	int fd; /* -1: not backed by a file that can be shared */
	uint64_t fd_off;
};

struct wcnic_dma_ops {
	/* Whether the card needs memory as a file. */
	bool needs_file;
	/*
	 * 0, -EEXIST (some of it is mapped already) or -errno. Both may be called on any thread,
	 * also while DPDK's memory is locked.
	 */
	int (*map)(void *ctx, const struct wcnic_dma_range *range);
	void (*unmap)(void *ctx, void *addr, size_t bytes);
};

struct wcnic_dma_list {
	struct wcnic_dma_range *range;
	size_t n, capacity;
};

/* Follows memory for an attach, which owns this from init to fini. */
struct wcnic_dma {
	const struct wcnic_hw *hw;
	const struct wcnic_dma_ops *ops;
	void *ctx;
	pthread_mutex_t lock; /* of what follows */
	bool following;
	struct wcnic_dma_list reached;  /* what the card can reach now */
	struct wcnic_dma_list external; /* what the application has mapped; outlives the card */
};

void wcnic_dma_init(struct wcnic_dma *dma, const struct wcnic_hw *hw,
		    const struct wcnic_dma_ops *ops, void *ctx);
void wcnic_dma_fini(struct wcnic_dma *dma);

/*
 * Maps all of DPDK's memory and what the application has added, and keeps following it until
 * wcnic_dma_stop(). Memory that a card cannot be given is left out, with a warning. Returns 0 or
 * the first map's error, with nothing followed.
 */
int wcnic_dma_start(struct wcnic_dma *dma);
/* Follows memory no more; what is mapped stays so. No map or unmap runs when it returns. */
void wcnic_dma_stop(struct wcnic_dma *dma);

/*
 * rte_dev_dma_map() and its counterpart, for external memory. Also while there is no card: the next
 * one gets it. 0; -EINVAL: the IOVA is not the address; -ENOTSUP, -EACCES: the card cannot be given
 * this memory, logged with what would do; -ENOMEM. Any thread.
 */
int wcnic_dma_map(struct wcnic_dma *dma, void *addr, uint64_t iova, size_t bytes);
int wcnic_dma_unmap(struct wcnic_dma *dma, void *addr, uint64_t iova, size_t bytes);

/* Whether the card can reach all of it; true while no card is there that could tell. Any thread. */
bool wcnic_dma_reaches(struct wcnic_dma *dma, uint64_t iova, size_t bytes);

/*
 * Finds the file behind memory that this process has mapped: an open descriptor, the caller's, and
 * the offset. -ENOTSUP: it is private to the process; -EACCES: it is shared, but its file is not
 * open here, and the kernel does not let this process open it anew. Cost: a look through
 * /proc/self.
 */
int wcnic_dma_file_find(const void *addr, size_t bytes, int *fd, uint64_t *fd_off);

#endif /* WCNIC_DMA_H */
