/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx by fetch (datasheet section 6): a descriptor in host memory for each segment. */

#include <ethdev_driver.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"

/*
 * Writes a descriptor as two words, in the layout of struct wcnic_tx_desc. The second, and all that
 * was written before, is there once a card that looks by itself sees it.
 */
static __rte_always_inline void
desc_put(struct wcnic_tx_desc *desc, rte_iova_t iova, uint64_t word)
{
	RTE_ATOMIC(uint64_t) *words = (RTE_ATOMIC(uint64_t) *)desc;

	rte_atomic_store_explicit(&words[0], htole64(iova), rte_memory_order_relaxed);
	rte_atomic_store_explicit(&words[1], htole64(word), rte_memory_order_release);
}

static inline void
desc_write(struct wcnic_tx_desc *desc, rte_iova_t iova, uint16_t bytes, uint16_t flags,
	   uint16_t seq, uint16_t frame_bytes)
{
	desc_put(desc, iova,
		 (uint64_t)bytes | (uint64_t)flags << 16 | (uint64_t)seq << 32 |
			 (uint64_t)frame_bytes << 48);
}

/*
 * Writes frames of one segment, up to the first of another kind or the ring's end. How many. The
 * second word of a descriptor is `word`, whose sequence number does not wrap before the ring's end,
 * with both lengths added.
 */
static __rte_always_inline uint16_t
plain_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n, enum wcnic_tx_asks asks)
{
	const uint16_t first = txq->tail & txq->mask;
	struct wcnic_tx_desc *desc = &txq->ring[first];
	uint64_t *mark = &txq->marks[first], run = txq->run;
	struct rte_mbuf **sw = &txq->sw[first];
	uint64_t word = (uint64_t)(WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 16 | (uint64_t)txq->tail << 32;
	uint64_t *requests = asks != WCNIC_ASKS_NOTHING ? &txq->requests[first] : NULL;
	uint16_t i;

	n = RTE_MIN(n, wcnic_tx_entries_free(txq));
	n = RTE_MIN(n, (uint16_t)(txq->depth - first));
	for (i = 0; i < n; i++, word += 1ull << 32) {
		struct rte_mbuf *m = pkts[i];
		const uint64_t bytes = m->data_len;
		const uint32_t flags = asks != WCNIC_ASKS_NOTHING ? wcnic_tx_flags(m) : 0;
		uint64_t desc_word = word + bytes * (1 | 1ull << 48);

		if (unlikely(!wcnic_tx_plain(m)))
			break;
		if (unlikely(wcnic_tx_flags_ask(flags, asks))) {
			if (asks == WCNIC_ASKS_ANY && (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0)
				break;
			wcnic_tx_request_put(&requests[i], m, flags);
			desc_word |= (uint64_t)WCNIC_TXF_OFFLOAD << 16;
		}
		desc_put(&desc[i], rte_mbuf_data_iova(m), desc_word);
		run = wcnic_tx_mark_add(run, bytes);
		mark[i] = run;
		sw[i] = m;
	}
	txq->tail += i;
	txq->run = run;
	return i;
}

/* Writes a frame of any kind; false: it does not fit now. */
static bool
chain_write(struct wcnic_txq *txq, struct rte_mbuf *frame)
{
	const uint16_t segs = wcnic_tx_segs(frame);
	uint16_t flags = WCNIC_TXF_SOP, frame_bytes = frame->pkt_len;
	uint16_t seq = txq->tail, left = segs;

	if (wcnic_tx_entries(txq, frame, segs) == 0) {
		wcnic_tx_refuse(txq, frame);
		return true;
	}
	if (segs > wcnic_tx_entries_free(txq))
		return false;
	if (wcnic_tx_asks(frame, txq->asks)) {
		wcnic_tx_request_put_any(&txq->requests[seq & txq->mask], frame);
		flags |= WCNIC_TXF_OFFLOAD;
	}
	for (const struct rte_mbuf *m = frame; left > 0; m = m->next) {
		if (m->data_len == 0)
			continue;
		if (--left == 0)
			flags |= WCNIC_TXF_EOP;
		desc_write(&txq->ring[seq & txq->mask], rte_mbuf_data_iova(m), m->data_len, flags,
			   seq, frame_bytes);
		seq++;
		flags = 0;
		frame_bytes = 0;
	}
	wcnic_tx_frame_record(txq, frame, segs);
	return true;
}

static __rte_always_inline uint16_t
fetch_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n, enum wcnic_tx_asks asks)
{
	uint16_t i = 0;

	for (;;) {
		i += plain_write(txq, pkts + i, n - i, asks);
		if (i == n ||
		    !chain_write(txq, pkts[i])) /* also takes one segment, at the ring's end */
			return i;
		i++;
	}
}

#define WRITER(name, asks)                                                                        \
	uint16_t wcnic_tx_fetch_##name(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                         \
		return fetch_write(txq, pkts, n, asks);                                           \
	}
WRITER(nothing, WCNIC_ASKS_NOTHING)
WRITER(plain, WCNIC_ASKS_PLAIN)
WRITER(any, WCNIC_ASKS_ANY)
