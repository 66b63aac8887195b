/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TX_H
#define WCNIC_TX_H

/*
 * Inside Tx: wcnic_tx.c has completions, refusals and bursts; how frames become entries is apart
 * for each placement and format, behind txq->write.
 */

#include "wcnic_queue.h"

/*
 * A wcnic_tx_write_t writes frames from txq->tail on, as many of pkts as there is room for. It
 * returns how many are done with: written, or freed and counted because they can never be sent.
 * Nothing of them is published before wcnic_tx_doorbell().
 */
WCNIC_HOT uint16_t wcnic_tx_fetch_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n);
WCNIC_HOT uint16_t wcnic_tx_slots_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n);
/*
 * By the widest vectors that this CPU has and EAL allows, and the window's store; `name` is for
 * people.
 */
wcnic_tx_write_t wcnic_tx_packed_select(const struct wcnic_txq *txq, const char **name);

static inline bool
wcnic_tx_pushing(const struct wcnic_txq *txq)
{
	return txq->placement == WCNIC_PLACEMENT_PUSH;
}

/* Takes at most so many completions. */
WCNIC_HOT void wcnic_tx_reap_some(struct wcnic_txq *txq, unsigned int most);

/* Publishes tail: the lines are drained first, and host memory written before is visible. */
void wcnic_tx_doorbell(struct wcnic_txq *txq);

/*
 * What is known of an entry when it is done, in one word: bytes of the frames up to and with it,
 * free-running, 63:32; packed: the first line that is still needed then, 15:0.
 */
static __rte_always_inline uint64_t
wcnic_tx_mark_add(uint64_t mark, uint32_t bytes)
{
	return mark + ((uint64_t)bytes << 32);
}

static __rte_always_inline uint64_t
wcnic_tx_mark_lines_set(uint64_t mark, uint16_t lines)
{
	return (mark & ~(uint64_t)UINT16_MAX) | lines;
}

static __rte_always_inline uint16_t
wcnic_tx_mark_lines(uint64_t mark)
{
	return (uint16_t)mark;
}

static __rte_always_inline uint32_t
wcnic_tx_mark_bytes(uint64_t mark)
{
	return (uint32_t)(mark >> 32);
}

static __rte_always_inline uint16_t
wcnic_tx_entries_free(const struct wcnic_txq *txq)
{
	return txq->limit - (uint16_t)(txq->tail - txq->head);
}

/* One segment, whose length is the frame's. */
static __rte_always_inline bool
wcnic_tx_plain(const struct rte_mbuf *m)
{
	return likely(m->nb_segs == 1) && likely(m->data_len == m->pkt_len) &&
	       likely(m->data_len != 0);
}

/* Segments with data; 0 if their lengths do not add up to the frame's. */
static __rte_always_inline uint16_t
wcnic_tx_segs(const struct rte_mbuf *frame)
{
	uint32_t bytes = 0;
	uint16_t n = 0;

	if (likely(frame->nb_segs == 1))
		return frame->data_len == frame->pkt_len;
	for (const struct rte_mbuf *m = frame; m != NULL; m = m->next) {
		n += m->data_len != 0;
		bytes += m->data_len;
	}
	return bytes == frame->pkt_len ? n : 0;
}

/*
 * How many entries the frame needs in the placement in force; 0: it cannot be sent at all. What is
 * pushed must also do as a fetch, which it becomes if the card refuses it.
 */
uint16_t wcnic_tx_entries(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs);

/* Counts and frees a frame that can never be sent. */
static __rte_always_inline void
wcnic_tx_refuse(struct wcnic_txq *txq, struct rte_mbuf *m)
{
	txq->stats.malformed++;
	rte_pktmbuf_free(m);
}

/* The frame's last entry is the one before tail, its others have no frame. */
static __rte_always_inline void
wcnic_tx_frame_record(struct wcnic_txq *txq, struct rte_mbuf *m, uint16_t entries)
{
	for (; entries > 1; entries--) {
		txq->sw[txq->tail & txq->mask] = NULL;
		txq->marks[txq->tail++ & txq->mask] = txq->run;
	}
	txq->run = wcnic_tx_mark_add(txq->run, m->pkt_len);
	txq->chains |= m->nb_segs != 1;
	txq->sw[txq->tail & txq->mask] = m;
	txq->marks[txq->tail++ & txq->mask] = txq->run;
}

#endif /* WCNIC_TX_H */
