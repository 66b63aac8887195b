/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * How entries of a Tx queue are published: by its doorbell or by themselves; and the
 * register that wakes a card which may not see it.
 */

#include <rte_branch_prediction.h>
#include <rte_eal.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_mp.h"
#include "wcnic_tx.h"

/*
 * The card sleeps, and may not see the doorbell: writes its WAKE register, one TLP. The card gives
 * each sleep a number, so one write for each number is enough. A doorbell causes one write at most,
 * whatever a hostile card puts into the record.
 */
static __rte_cold __rte_noinline void
card_wake(struct wcnic_txq *txq, wcnic_le32 sleep)
{
	struct wcnic_hw *hw = txq->hw;
	int ret;

	if (sleep == txq->woken || (hw->id.caps & WCNIC_CAP_WAKE) == 0)
		return;
	/* the attach is the primary's */
	ret = rte_eal_process_type() == RTE_PROC_PRIMARY ? hw->attach->wake(hw)
							 : wcnic_mp_wake(hw->port_id);
	if (ret == 0)
		txq->woken = sleep;
}

/* No fence: if both miss each other, the frame waits until the card polls again. */
static __rte_always_inline void
card_wake_check(struct wcnic_txq *txq)
{
	const wcnic_le32 sleep = rte_atomic_load_explicit(txq->sleep, rte_memory_order_relaxed);

	if (unlikely(sleep != 0))
		card_wake(txq, sleep);
}

static __rte_always_inline void
publish(struct wcnic_txq *txq, bool ring)
{
	if (wcnic_tx_pushing(txq))
		wcbar_store_at(txq->store)->drain();
	if (ring) {
		wcbar_before_doorbell();
		wcbar_doorbell_select(txq->doorbell_type)(
			txq->doorbell, WCNIC_TXDB_TAIL(txq->tail) |
					       WCNIC_TXDB_SWITCH_SEQ(txq->switch_seq) |
					       WCNIC_TXDB_EPOCH(txq->epoch) |
					       WCNIC_TXDB_PLACEMENT(txq->placement));
		txq->rung_tail = txq->tail;
		txq->ring_due = !wcnic_tx_express(txq);
	}
	txq->burst_left = txq->burst_max;
	card_wake_check(txq);
}

void
wcnic_tx_doorbell(struct wcnic_txq *txq)
{
	publish(txq, true);
}

void
wcnic_tx_publish(struct wcnic_txq *txq)
{
	publish(txq, txq->ring_due);
}

void
wcnic_tx_ring_again(struct wcnic_txq *txq)
{
	/* No completion would tell that the card has seen a switch that has no entries yet. */
	const bool empty_switch = txq->acked_epoch != txq->epoch && txq->switch_seq == txq->tail;

	if (txq->head == txq->tail || txq->rung_tail == txq->tail)
		return;
	txq->stats.rung_again += !empty_switch;
	publish(txq, !empty_switch);
}
