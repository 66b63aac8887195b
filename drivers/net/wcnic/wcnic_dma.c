/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_memory.h>
#include <rte_malloc.h>

#include "wcnic_dma.h"

/* Who follows memory events; EAL's callback has one argument. */
struct follower {
	const struct wcnic_dma_ops *ops;
	void *ctx;
	struct follower *next;
};

static struct follower *followers;

/* Ranges found by a walk, neighbours joined. */
struct list {
	struct wcnic_dma_range *range;
	size_t n, room;
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
	if (list->n == list->room) {
		size_t room = list->room * 2 + 16;
		struct wcnic_dma_range *grown = realloc(list->range, room * sizeof(*grown));

		if (grown == NULL) {
			list->error = -ENOMEM;
			return -1;
		}
		list->range = grown;
		list->room = room;
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
	if (!msl->external)
		range.fd = rte_memseg_get_fd_thread_unsafe(ms);
	if (range.fd >= 0 && rte_memseg_get_fd_offset_thread_unsafe(ms, &off) != 0)
		range.fd = -1;
	range.fd_off = off;
	return list_add(list, &range);
}

static int
list_map(struct list *list, const struct wcnic_dma_ops *ops, void *ctx)
{
	int ret = list->error;

	for (size_t i = 0; ret == 0 && i < list->n; i++)
		ret = ops->map(ctx, &list->range[i]);
	free(list->range);
	return ret;
}

/* Runs with DPDK's memory locked: only the functions that do not lock it again. */
static void
memory_event(enum rte_mem_event type, const void *addr, size_t len, void *arg __rte_unused)
{
	for (struct follower *f = followers; f != NULL; f = f->next) {
		struct list list = {.from = addr, .to = RTE_PTR_ADD(addr, len)};

		if (type == RTE_MEM_EVENT_FREE) {
			f->ops->unmap(f->ctx, (void *)(uintptr_t)addr, len);
			continue;
		}
		rte_memseg_walk_thread_unsafe(segment_visit, &list);
		(void)list_map(&list, f->ops, f->ctx);
	}
}

/* EAL takes its memory lock in these calls and holds it around events: that orders the list. */
static int
follow(const struct wcnic_dma_ops *ops, void *ctx)
{
	struct follower *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	f->ops = ops;
	f->ctx = ctx;
	(void)rte_mem_event_callback_unregister("wcnic", NULL);
	f->next = followers;
	followers = f;
	/* legacy memory does not change and has no events */
	(void)rte_mem_event_callback_register("wcnic", memory_event, NULL);
	return 0;
}

static void
unfollow(const struct wcnic_dma_ops *ops, void *ctx)
{
	(void)rte_mem_event_callback_unregister("wcnic", NULL);
	for (struct follower **at = &followers; *at != NULL; at = &(*at)->next) {
		struct follower *f = *at;

		if (f->ops != ops || f->ctx != ctx)
			continue;
		*at = f->next;
		free(f);
		break;
	}
	if (followers != NULL)
		(void)rte_mem_event_callback_register("wcnic", memory_event, NULL);
}

int
wcnic_dma_start(const struct wcnic_dma_ops *ops, void *ctx)
{
	struct list list = {0};
	int ret = follow(ops, ctx);

	if (ret != 0)
		return ret;
	/* events come from here on: a range that is seen twice is mapped twice, which map() allows
	 */
	rte_memseg_walk(segment_visit, &list);
	ret = list_map(&list, ops, ctx);
	if (ret != 0)
		unfollow(ops, ctx);
	return ret;
}

void
wcnic_dma_stop(const struct wcnic_dma_ops *ops, void *ctx)
{
	unfollow(ops, ctx);
}
