/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Whether the card can reach the buffers of an Rx queue. */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_mbuf.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_pool.h"

/* A look over a pool; ends at the first error. */
struct look {
	struct wcnic_hw *hw;
	uint16_t qid;
	int error;
};

static void
memory_check(struct look *look, const struct rte_mempool *pool, const void *addr, rte_iova_t iova,
	     size_t bytes)
{
	struct wcnic_hw *hw = look->hw;

	if (look->error != 0)
		return;
	look->error = wcnic_iova_check(hw, pool->name, iova);
	if (look->error != 0 || hw->attach->dma_reaches == NULL ||
	    hw->attach->dma_reaches(hw, iova, bytes))
		return;
	WCNIC_LOG(
		ERR, hw,
		"Rx queue %u: the card cannot reach the memory of pool %s: %zu bytes at %p. "
		"External memory must be registered with rte_extmem_register() and mapped with "
		"rte_dev_dma_map(); for a card behind socket= it must be a file mapped MAP_SHARED",
		look->qid, pool->name, bytes, addr);
	look->error = -EFAULT;
}

static void
chunk_check(struct rte_mempool *pool, void *arg, struct rte_mempool_memhdr *chunk,
	    unsigned int idx __rte_unused)
{
	memory_check(arg, pool, chunk->addr, chunk->iova, chunk->len);
}

static void
buffer_check(struct rte_mempool *pool, void *arg, void *object, unsigned int idx __rte_unused)
{
	const struct rte_mbuf *m = object;

	memory_check(arg, pool, m->buf_addr, rte_mbuf_iova_get(m), m->buf_len);
}

int
wcnic_pool_check(struct wcnic_hw *hw, uint16_t qid, struct rte_mempool *pool)
{
	struct look look = {.hw = hw, .qid = qid};

	if ((rte_pktmbuf_priv_flags(pool) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) != 0)
		rte_mempool_obj_iter(pool, buffer_check, &look);
	else
		rte_mempool_mem_iter(pool, chunk_check, &look);
	return look.error;
}
