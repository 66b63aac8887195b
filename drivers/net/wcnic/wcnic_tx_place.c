/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which writer a Tx queue uses: by its placement, its format and the window's store. */

#include "wcnic_tx.h"

void
wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store)
{
	txq->store = store;
	txq->ctrl.push_vectors = "";
	txq->push_write = wcnic_tx_slots_write;
	if (txq->format == WCNIC_FORMAT_PACKED)
		txq->push_write = wcnic_tx_packed_select(txq, &txq->ctrl.push_vectors);
	if (wcnic_tx_pushing(txq))
		txq->write = txq->push_write;
}

void
wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement)
{
	txq->placement = placement;
	txq->limit = txq->depth;
	txq->write = wcnic_tx_fetch_write;
	/* Lines are numbered from 0 in each epoch; none is in flight. */
	txq->line_tail = 0;
	txq->run = wcnic_tx_mark_lines_set(txq->run, 0);
	txq->done = wcnic_tx_mark_lines_set(txq->done, 0);
	if (placement != WCNIC_PLACEMENT_PUSH)
		return;
	txq->write = txq->push_write;
	if (txq->format == WCNIC_FORMAT_SLOTS)
		txq->limit = RTE_MIN(txq->depth, (uint16_t)(txq->slot_mask + 1));
}
