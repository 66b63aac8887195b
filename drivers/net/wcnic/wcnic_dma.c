/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tells a card about DPDK's memory: what there is now, and what comes and goes later. */

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "wcnic_dma.h"

/* Ranges found by a walk, neighbours joined. */
struct list {
	struct wcnic_dma_range *range;
	size_t n, capacity;
	const void *from; /* only within [from, to); NULL: everything */
	const void *to;
	int error;
};

static bool
joins(const struct wcnic_dma_range *last, const struct wcnic_dma_range *next)
{
	return RTE_PTR_ADD(last->addr, last->bytes) == next->addr && last->fd == next->fd &&
	       (last->fd < 0 || last->fd_off + last->bytes == next->fd_off);
}

static int
list_add(struct list *list, const struct wcnic_dma_range *range)
{
	if (list->n > 0 && joins(&list->range[list->n - 1], range)) {
		list->range[list->n - 1].bytes += range->bytes;
		return 0;
	}
	if (list->n == list->capacity) {
		size_t capacity = list->capacity * 2 + 16;
		struct wcnic_dma_range *grown = realloc(list->range, capacity * sizeof(*grown));

		if (grown == NULL) {
			list->error = -ENOMEM;
			return -1;
		}
		list->range = grown;
		list->capacity = capacity;
	}
	list->range[list->n++] = *range;
	return 0;
}

static int
segment_visit(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct list *list = arg;
	struct wcnic_dma_range range = {.addr = ms->addr, .bytes = ms->len, .fd = -1};
	size_t off = 0;

	if (list->from != NULL && (ms->addr < list->from || ms->addr >= list->to))
		return 0;
	if (msl->external == 0)
		range.fd = rte_memseg_get_fd_thread_unsafe(ms);
	if (range.fd >= 0 && rte_memseg_get_fd_offset_thread_unsafe(ms, &off) != 0)
		range.fd = -1;
	range.fd_off = off;
	return list_add(list, &range);
}

static int
list_map(struct list *list, const struct wcnic_dma *dma)
{
	int ret = list->error;

	for (size_t i = 0; ret == 0 && i < list->n; i++)
		ret = dma->ops->map(dma->ctx, &list->range[i]);
	free(list->range);
	return ret;
}

/* Runs with DPDK's memory locked: only the functions that do not lock it again. */
static void
memory_event(enum rte_mem_event type, const void *addr, size_t len, void *arg)
{
	const struct wcnic_dma *dma = arg;
	struct list list = {.from = addr, .to = RTE_PTR_ADD(addr, len)};

	if (type == RTE_MEM_EVENT_FREE) {
		dma->ops->unmap(dma->ctx, (void *)(uintptr_t)addr, len);
		return;
	}
	rte_memseg_walk_thread_unsafe(segment_visit, &list);
	(void)list_map(&list, dma);
}

int
wcnic_dma_start(struct wcnic_dma *dma)
{
	struct list list = {0};
	int ret;

	/*
	 * Legacy memory does not change and has no events. Else they come from here on: a range
	 * that is seen twice is mapped twice, which map() allows.
	 */
	(void)rte_mem_event_callback_register("wcnic", memory_event, dma);
	rte_memseg_walk(segment_visit, &list);
	ret = list_map(&list, dma);
	if (ret != 0)
		wcnic_dma_stop(dma);
	return ret;
}

void
wcnic_dma_stop(struct wcnic_dma *dma)
{
	(void)rte_mem_event_callback_unregister("wcnic", dma);
}
