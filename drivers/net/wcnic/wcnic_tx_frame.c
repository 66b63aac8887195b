/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a frame takes of a Tx queue. */

#include "wcnic_tx.h"

#define FRAME_SEGS_MAX 255 /* entries to a frame, datasheet section 6 */

uint16_t
wcnic_tx_entries(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs)
{
	uint16_t entries;

	if (unlikely(segs == 0 || m->pkt_len == 0 || m->pkt_len > UINT16_MAX ||
		     segs > RTE_MIN(txq->depth, FRAME_SEGS_MAX)))
		return 0;
	if (!wcnic_tx_pushing(txq))
		return segs;
	if (m->pkt_len <= txq->inline_max)
		return 1;
	entries = (segs + txq->slot_segs - 1) / txq->slot_segs;
	return entries <= RTE_MIN(txq->limit, txq->burst_max) ? entries : 0;
}
