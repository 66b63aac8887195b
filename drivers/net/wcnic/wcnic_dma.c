/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tells a card about memory: what there is now, and what comes and goes later. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "wcnic_dma.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"

/* ---- lists of ranges ------------------------------------------------------------------------ */

static void *
range_end(const struct wcnic_dma_range *range)
{
	return RTE_PTR_ADD(range->addr, range->bytes);
}

static int
list_append(struct wcnic_dma_list *list, const struct wcnic_dma_range *range)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity * 2 + 16;
		struct wcnic_dma_range *grown = realloc(list->range, capacity * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		list->range = grown;
		list->capacity = capacity;
	}
	list->range[list->n++] = *range;
	return 0;
}

/* Takes [addr, addr + bytes) out of all ranges; what is left on both sides stays. */
static int
list_cut(struct wcnic_dma_list *list, void *addr, size_t bytes)
{
	void *const end = RTE_PTR_ADD(addr, bytes);
	int ret = 0;

	for (size_t i = list->n; i-- > 0;) {
		struct wcnic_dma_range behind, range = list->range[i];

		if (range_end(&range) <= addr || range.addr >= end)
			continue;
		list->range[i] = list->range[--list->n];
		behind = (struct wcnic_dma_range){
			.addr = end, .bytes = RTE_PTR_DIFF(range_end(&range), end), .fd = -1};
		if (range_end(&range) > end)
			ret |= list_append(list, &behind);
		range.bytes = RTE_PTR_DIFF(addr, range.addr);
		if (range.addr < addr)
			ret |= list_append(list, &range);
	}
	return ret != 0 ? -ENOMEM : 0;
}

static bool
list_covers(const struct wcnic_dma_list *list, void *addr, size_t bytes)
{
	void *const end = RTE_PTR_ADD(addr, bytes);

	for (size_t i = 0; i < list->n && addr < end; i++) {
		if (list->range[i].addr > addr || range_end(&list->range[i]) <= addr)
			continue;
		addr = range_end(&list->range[i]);
		i = SIZE_MAX; /* the next piece may be anywhere */
	}
	return addr >= end;
}

static void
list_free(struct wcnic_dma_list *list)
{
	free(list->range);
	memset(list, 0, sizeof(*list));
}

/* ---- mapping -------------------------------------------------------------------------------- */

static void
unreachable_log(const struct wcnic_dma *dma, const struct wcnic_dma_range *range, int error)
{
	WCNIC_LOG(
		WARNING, dma->hw, "the card cannot reach %zu bytes of memory at %p: %s",
		range->bytes, range->addr,
		error == -EACCES
			? "nobody here has its file open; keep the descriptor of the file, as of a "
			  "memfd, or run with CAP_CHECKPOINT_RESTORE"
			: "it is private to this process; map a file or a memfd with MAP_SHARED");
}

/* Maps a range and notes that the card reaches it. -ENOTSUP, -EACCES: it has no file; logged. */
static int
range_map(struct wcnic_dma *dma, const struct wcnic_dma_range *asked)
{
	struct wcnic_dma_range range = *asked;
	bool found = false;
	int ret = 0;

	if (dma->ops->needs_file && range.fd < 0) {
		ret = wcnic_dma_file_find(range.addr, range.bytes, &range.fd, &range.fd_off);
		found = ret == 0;
		if (ret != 0)
			unreachable_log(dma, &range, ret);
	}
	if (ret == 0)
		ret = dma->ops->map(dma->ctx, &range);
	if (found)
		close(range.fd); /* the card has a copy */
	if (ret == -EEXIST)
		return 0;
	if (ret != 0)
		return ret;
	pthread_mutex_lock(&dma->lock);
	ret = list_append(&dma->reached, &range);
	pthread_mutex_unlock(&dma->lock);
	return ret;
}

static void
range_unmap(struct wcnic_dma *dma, void *addr, size_t bytes)
{
	dma->ops->unmap(dma->ctx, addr, bytes);
	pthread_mutex_lock(&dma->lock);
	(void)list_cut(&dma->reached, addr, bytes);
	pthread_mutex_unlock(&dma->lock);
}

/* ---- DPDK's own memory ---------------------------------------------------------------------- */

/* Ranges found by a walk that the card does not reach yet, neighbours joined. */
struct walk {
	struct wcnic_dma *dma;
	struct wcnic_dma_list list;
	const void *from; /* only within [from, to); NULL: everything */
	const void *to;
	int error;
};

static bool
joins(const struct wcnic_dma_range *last, const struct wcnic_dma_range *next)
{
	return range_end(last) == next->addr && last->fd == next->fd &&
	       (last->fd < 0 || last->fd_off + last->bytes == next->fd_off);
}

static bool
reached(struct wcnic_dma *dma, void *addr, size_t bytes)
{
	bool covers;

	pthread_mutex_lock(&dma->lock);
	covers = list_covers(&dma->reached, addr, bytes);
	pthread_mutex_unlock(&dma->lock);
	return covers;
}

static int
segment_visit(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct walk *walk = arg;
	struct wcnic_dma_list *list = &walk->list;
	struct wcnic_dma_range range = {.addr = ms->addr, .bytes = ms->len, .fd = -1};
	size_t off = 0;

	if (walk->from != NULL && (ms->addr < walk->from || ms->addr >= walk->to))
		return 0;
	if (msl->external != 0 && msl->heap == 0)
		return 0; /* the application maps it, or not: rte_dev_dma_map() */
	if (reached(walk->dma, ms->addr, ms->len))
		return 0;
	if (msl->external == 0)
		range.fd = rte_memseg_get_fd_thread_unsafe(ms);
	if (range.fd >= 0 && rte_memseg_get_fd_offset_thread_unsafe(ms, &off) != 0)
		range.fd = -1;
	range.fd_off = off;
	if (list->n > 0 && joins(&list->range[list->n - 1], &range)) {
		list->range[list->n - 1].bytes += range.bytes;
		return 0;
	}
	walk->error = list_append(list, &range);
	return walk->error;
}

/* Maps what was found. Memory without a file is left out: it need not be used with this card. */
static int
list_map(struct wcnic_dma *dma, const struct wcnic_dma_list *list)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < list->n; i++) {
		ret = range_map(dma, &list->range[i]);
		if (ret == -ENOTSUP || ret == -EACCES)
			ret = 0;
	}
	return ret;
}

/* Runs with DPDK's memory locked: only the functions that do not lock it again. */
static void
memory_event(enum rte_mem_event type, const void *addr, size_t len, void *arg)
{
	struct wcnic_dma *dma = arg;
	struct walk walk = {.dma = dma, .from = addr, .to = RTE_PTR_ADD(addr, len)};

	if (type == RTE_MEM_EVENT_FREE) {
		range_unmap(dma, (void *)(uintptr_t)addr, len);
		return;
	}
	rte_memseg_walk_thread_unsafe(segment_visit, &walk);
	(void)list_map(dma, &walk.list);
	list_free(&walk.list);
}

void
wcnic_dma_init(struct wcnic_dma *dma, const struct wcnic_hw *hw, const struct wcnic_dma_ops *ops,
	       void *ctx)
{
	memset(dma, 0, sizeof(*dma));
	dma->hw = hw;
	dma->ops = ops;
	dma->ctx = ctx;
	pthread_mutex_init(&dma->lock, NULL);
}

void
wcnic_dma_fini(struct wcnic_dma *dma)
{
	list_free(&dma->reached);
	list_free(&dma->external);
	pthread_mutex_destroy(&dma->lock);
}

static void
following_set(struct wcnic_dma *dma, bool following)
{
	pthread_mutex_lock(&dma->lock);
	dma->following = following;
	if (following)
		dma->reached.n = 0;
	pthread_mutex_unlock(&dma->lock);
}

/* The application may add to its list meanwhile: works on a copy. */
static int
external_map(struct wcnic_dma *dma)
{
	struct wcnic_dma_list copy = {0};
	int ret = 0;

	pthread_mutex_lock(&dma->lock);
	for (size_t i = 0; ret == 0 && i < dma->external.n; i++)
		ret = list_append(&copy, &dma->external.range[i]);
	pthread_mutex_unlock(&dma->lock);
	if (ret == 0)
		ret = list_map(dma, &copy);
	list_free(&copy);
	return ret;
}

/* Maps what is new. */
static int
memory_map(struct wcnic_dma *dma)
{
	struct walk walk = {.dma = dma};
	int ret;

	rte_memseg_walk(segment_visit, &walk);
	ret = walk.error;
	if (ret == 0)
		ret = list_map(dma, &walk.list);
	list_free(&walk.list);
	return ret;
}

int
wcnic_dma_start(struct wcnic_dma *dma)
{
	int ret;

	following_set(dma, true);
	/*
	 * Legacy memory has no events. Else they come from here on: a range that is seen twice is
	 * mapped twice, which map() allows.
	 */
	(void)rte_mem_event_callback_register("wcnic", memory_event, dma);
	ret = memory_map(dma);
	if (ret == 0)
		ret = external_map(dma);
	if (ret != 0)
		wcnic_dma_stop(dma);
	return ret;
}

void
wcnic_dma_stop(struct wcnic_dma *dma)
{
	(void)rte_mem_event_callback_unregister("wcnic", dma);
	following_set(dma, false);
}

/* ---- external memory ------------------------------------------------------------------------ */

/* The card is told virtual addresses. Some applications leave the IOVA 0. */
static int
iova_check(const struct wcnic_dma *dma, const void *addr, uint64_t iova)
{
	if (iova == (uintptr_t)addr || iova == 0 || iova == RTE_BAD_IOVA)
		return 0;
	WCNIC_LOG(ERR, dma->hw,
		  "memory at %p cannot be mapped to IOVA 0x%" PRIx64
		  ": the card uses virtual addresses; give the address itself",
		  addr, iova);
	return -EINVAL;
}

int
wcnic_dma_map(struct wcnic_dma *dma, void *addr, uint64_t iova, size_t bytes)
{
	const struct wcnic_dma_range range = {.addr = addr, .bytes = bytes, .fd = -1};
	int ret = iova_check(dma, addr, iova);

	if (ret == 0 && dma->following)
		ret = range_map(dma, &range);
	if (ret != 0)
		return ret;
	pthread_mutex_lock(&dma->lock);
	if (!list_covers(&dma->external, addr, bytes))
		ret = list_append(&dma->external, &range);
	pthread_mutex_unlock(&dma->lock);
	return ret;
}

int
wcnic_dma_unmap(struct wcnic_dma *dma, void *addr, uint64_t iova, size_t bytes)
{
	int ret = iova_check(dma, addr, iova);

	if (ret != 0)
		return ret;
	pthread_mutex_lock(&dma->lock);
	ret = list_cut(&dma->external, addr, bytes);
	pthread_mutex_unlock(&dma->lock);
	range_unmap(dma, addr, bytes);
	return ret;
}

/* Without events of memory, what came to a heap since the start is found when it is asked for. */
bool
wcnic_dma_reaches(struct wcnic_dma *dma, uint64_t iova, size_t bytes)
{
	void *const addr = (void *)(uintptr_t)iova;

	if (!dma->following || reached(dma, addr, bytes))
		return true;
	return memory_map(dma) == 0 && reached(dma, addr, bytes);
}
