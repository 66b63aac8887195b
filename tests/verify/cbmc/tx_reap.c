/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver's reaping of Tx completions, whatever the card has written into their ring. */

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "prove.h"

#define DEPTH 4u
#define COMPLETIONS 2u

/* DPDK's pools are not what is proved: only that each frame comes back to them once. */
static void pool_put(void *const *frames, unsigned int n);

#define rte_mempool_put_bulk(pool, frames, n) pool_put(frames, n)
#define rte_get_timer_hz() 1000000000ull
#define rte_get_timer_cycles() 0ull

#include "wcnic_tx_reap.c"

static uint8_t returned[DEPTH];
static struct wcnic_hw hw;

static void
pool_put(void *const *frames, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		returned[(uintptr_t)frames[i] - 1]++;
}

void
wcnic_tx_placement_set(struct wcnic_txq *q, enum wcnic_placement placement)
{
	q->placement = (uint8_t)placement;
}

int
rte_log(uint32_t level, uint32_t type, const char *format, ...)
{
	(void)level;
	(void)type;
	(void)format;
	return 0;
}

/* All frames of one segment, from one pool: the way that looks into no mbuf. */
void
prove_tx_reap(void)
{
	struct wcnic_txq q;
	struct wcnic_tx_cpl cq[DEPTH];
	struct rte_mbuf *sw[DEPTH], *resend[DEPTH];
	uint64_t marks[DEPTH];
	uint16_t head, tail;

	for (uintptr_t i = 0; i < DEPTH; i++)
		sw[i] = (struct rte_mbuf *)(i + 1);
	q.hw = &hw;
	q.cq = cq;
	q.sw = sw;
	q.marks = marks;
	q.resend = resend;
	q.depth = DEPTH;
	q.mask = DEPTH - 1;
	q.fast_free = true;
	q.chains = false;
	head = q.head;
	tail = q.tail;
	ASSUME((uint16_t)(tail - head) <= DEPTH);
	q.resend_head = q.resend_count = 0;
	wcnic_tx_reap_some(&q, COMPLETIONS);
	PROVE((uint16_t)(q.head - head) <= (uint16_t)(tail - head), "head does not pass tail");
	PROVE(q.tail == tail || q.tail == q.head, "tail stays, or goes back to what was refused");
	PROVE(q.resend_count == (uint16_t)(tail - q.tail), "what was refused will be sent again");
	for (uint16_t i = 0; i < DEPTH; i++)
		PROVE(returned[(uint16_t)(head + i) % DEPTH] == (i < (uint16_t)(q.head - head)),
		      "a frame goes back once when it is completed, and else not");
}
