/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_POOL_H
#define WCNIC_POOL_H

/* Whether the card can reach the buffers of an Rx queue. */

#include <stdint.h>

#include <rte_mempool.h>

struct wcnic_hw;

/*
 * Checks each piece of the pool's memory, or with pinned external buffers each buffer. 0;
 * -ENOTSUP: some of it has no IOVA; -EFAULT: it is memory that the card does not know. Both are
 * logged with the address and what would be right. Control path: a look at each mbuf of a pinned
 * pool.
 */
__rte_warn_unused_result int
wcnic_pool_check(struct wcnic_hw *hw, uint16_t qid, struct rte_mempool *pool);

#endif /* WCNIC_POOL_H */
