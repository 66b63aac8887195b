/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which writer a Tx queue uses: by its placement, its format and the window's store. */

#include "wcnic_hw.h"
#include "wcnic_tx.h"

void
wcnic_tx_asks_set(struct wcnic_txq *txq)
{
	uint16_t space = WCNIC_SLOT_INLINE_BYTES(txq->slot_lines);

	txq->asks = WCNIC_ASKS_NOTHING;
	if (txq->ctrl.requests_mz != NULL && (txq->hw->id.caps & WCNIC_CAP_TX_OFFLOAD) != 0 &&
	    (txq->ctrl.offloads || txq->hw->tx_time))
		txq->asks = txq->ctrl.offload_udp_tso ? WCNIC_ASKS_ANY : WCNIC_ASKS_PLAIN;
	txq->served = WCNIC_REQUESTS(txq->asks);
	if (!txq->hw->tx_time)
		txq->served &= ~RTE_MBUF_F_TX_IEEE1588_TMST;
	if ((txq->hw->id.caps & WCNIC_CAP_TX_SEGMENT) == 0)
		txq->served &= ~(RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG);
	if (txq->asks != WCNIC_ASKS_NOTHING)
		space -= WCNIC_REQUEST_BYTES;
	if (txq->ctrl.window.granted) {
		txq->inline_max = space;
		txq->slot_segs = space / sizeof(struct wcnic_push_seg);
	}
	wcnic_tx_store_set(txq, wcbar_store_at(txq->store));
	if (!wcnic_tx_pushing(txq))
		txq->writer = wcnic_tx_fetch_select(txq);
}

void
wcnic_queues_tx_time(struct wcnic_hw *hw, bool on)
{
	hw->tx_time = on;
	for (uint16_t i = 0; hw->running && i < hw->n_txq; i++) {
		struct wcnic_txq *txq = hw->txq[i];

		if (txq == NULL || !txq->ctrl.on_card)
			continue;
		wcnic_gate_close(hw, &txq->gate, WCNIC_QUEUE_PAUSED);
		wcnic_tx_asks_set(txq);
		wcnic_gate_open(&txq->gate);
	}
}

void
wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store)
{
	txq->store = wcbar_store_number(store);
	txq->ctrl.push_vectors = "";
	txq->push_writer = WCNIC_TX_WRITER_SLOTS;
	if (txq->format == WCNIC_FORMAT_PACKED)
		txq->push_writer = wcnic_tx_packed_select(txq, &txq->ctrl.push_vectors);
	if (wcnic_tx_pushing(txq))
		txq->writer = txq->push_writer;
}

void
wcnic_tx_commit_set(struct wcnic_txq *txq, uint8_t commit)
{
	txq->commit = commit;
	txq->rung_tail = txq->tail;
	txq->ring_due = !wcnic_tx_express(txq);
}

void
wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement)
{
	txq->placement = placement;
	txq->limit = txq->depth;
	txq->ring_due = true;
	/* What is left there of earlier laps must not be taken for what comes. */
	if (placement == WCNIC_PLACEMENT_FETCH && (txq->commit & WCNIC_COMMIT_FETCH_EXPRESS) != 0)
		memset(txq->ring, 0, txq->depth * sizeof(*txq->ring));
	txq->writer = wcnic_tx_fetch_select(txq);
	/* Lines are numbered from 0 in each epoch; none is in flight. */
	txq->line_tail = 0;
	txq->run = wcnic_tx_mark_lines_set(txq->run, 0);
	txq->done = wcnic_tx_mark_lines_set(txq->done, 0);
	if (placement != WCNIC_PLACEMENT_PUSH)
		return;
	txq->writer = txq->push_writer;
	if (txq->format == WCNIC_FORMAT_SLOTS)
		txq->limit = RTE_MIN(txq->depth, (uint16_t)(txq->slot_mask + 1));
}
