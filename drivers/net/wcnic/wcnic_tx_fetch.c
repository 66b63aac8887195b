/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx by fetch (datasheet section 6): a descriptor in host memory for each segment. */

#include <ethdev_driver.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"

/* Writes a descriptor as two words, in the layout of struct wcnic_tx_desc. */
static inline void
desc_write(struct wcnic_tx_desc *desc, rte_iova_t iova, uint16_t bytes, uint16_t flags,
	   uint16_t seq, uint16_t frame_bytes)
{
	const uint64_t words[2] = {
		htole64(iova),
		htole64((uint64_t)bytes | (uint64_t)flags << 16 | (uint64_t)seq << 32 |
			(uint64_t)frame_bytes << 48),
	};

	memcpy(desc, words, sizeof(words));
}

/* Writes frames of one segment, up to the first of another kind or the ring's end. How many. */
static uint16_t
plain_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = txq->tail & txq->mask;
	struct wcnic_tx_desc *desc = &txq->ring[first];
	uint64_t *mark = &txq->marks[first], run = txq->run;
	struct rte_mbuf **sw = &txq->sw[first];
	uint16_t seq = txq->tail, i;

	n = RTE_MIN(n, RTE_MIN(wcnic_tx_entries_free(txq), (uint16_t)(txq->depth - first)));
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const uint16_t bytes = m->data_len;

		if (unlikely(!wcnic_tx_plain(m)))
			break;
		desc_write(&desc[i], rte_mbuf_data_iova(m), bytes, WCNIC_TXF_SOP | WCNIC_TXF_EOP,
			   seq + i, bytes);
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

uint16_t
wcnic_tx_fetch_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i = 0;

	for (;;) {
		i += plain_write(txq, pkts + i, n - i);
		if (i == n ||
		    !chain_write(txq, pkts[i])) /* also takes one segment, at the ring's end */
			return i;
		i++;
	}
}
