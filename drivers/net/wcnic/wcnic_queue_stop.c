/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Stop of queues: gates close, the card sends what bursts accepted, queues leave the card and
 * their windows go back. Also what wakes a card that has stopped looking at a queue.
 */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_admin.h"
#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_queue.h"
#include "wcnic_rx.h"
#include "wcnic_rx_missed.h"
#include "wcnic_tx.h"
#include "wcnic_window.h"

#define KICK_LOOKS 3 /* of the service, in a row, that find a Tx queue idle */
#define DRAIN_MS 200 /* how long a stop waits for frames that the card still holds */

static bool
tx_idle(struct wcnic_txq *const *txqs, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct wcnic_txq *txq = txqs[i];

		if (txq != NULL && txq->ctrl.on_card && !txq->failed &&
		    (txq->head != txq->tail || txq->resend_count != 0))
			return false;
	}
	return true;
}

/* Waits, up to DRAIN_MS, until the card has sent what bursts accepted. */
static void
tx_drain(struct wcnic_hw *hw, struct wcnic_txq *const *txqs, uint16_t n)
{
	uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * DRAIN_MS / 1000;

	while (!tx_idle(txqs, n) && rte_get_timer_cycles() < end) {
		for (uint16_t i = 0; i < n; i++) {
			if (txqs[i] != NULL && txqs[i]->ctrl.on_card)
				wcnic_tx_kick(txqs[i]);
		}
		if (hw->attach->poll != NULL)
			hw->attach->poll(hw);
		else
			rte_delay_us_sleep(100);
	}
}

void
wcnic_queues_abandon(struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL)
			wcnic_gate_abandon(&hw->txq[i]->gate);
	}
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			wcnic_gate_abandon(&hw->rxq[i]->gate);
	}
	if (hw->attach->abandon == NULL || !hw->attach->abandon(hw))
		return;
	wcnic_store(&hw->removed, true);
	wcnic_store(&hw->card, WCNIC_CARD_ABSENT);
	WCNIC_LOG(NOTICE, hw, "the port ends within a burst: its card is left as it is");
}

void
wcnic_queues_close(struct wcnic_hw *hw)
{
	if (!hw->running)
		return;
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL)
			wcnic_gate_close(hw, &hw->txq[i]->gate, WCNIC_QUEUE_DOWN);
	}
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			wcnic_gate_close(hw, &hw->rxq[i]->gate, WCNIC_QUEUE_DOWN);
	}
}

/*
 * Also after a start that failed half-way: only what the card has is destroyed. False: it may still
 * reach the buffers of a queue.
 */
static bool
queues_destroy(struct wcnic_hw *hw)
{
	bool gone = true;

	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL && hw->rxq[i]->on_card)
			gone &= wcadmin_rxq_destroy(&hw->admin.client, i) == 0;
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL && hw->txq[i]->ctrl.on_card)
			gone &= wcadmin_txq_destroy(&hw->admin.client, i) == 0;
	}
	return gone;
}

/* Buffers are freed next, and others will use them: a card that keeps its queues is reset first. */
static void
card_release(struct wcnic_hw *hw)
{
	bool gone = false;

	if (hw->admin.client.up) {
		(void)wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
		wcnic_rx_missed_update(hw);
		gone = queues_destroy(hw);
	}
	if (gone)
		return;
	WCNIC_LOG(ERR, hw, "the card does not say that it let go of its queues: it is reset");
	wcnic_store(&hw->failed, true);
	if (wcnic_admin_stop(hw) != 0 && hw->attach->dma_stop != NULL)
		hw->attach->dma_stop(hw);
}

/* The card has let go of the queue: its frames are settled and freed. */
static void
txq_settle(struct wcnic_txq *txq)
{
	if (txq->ctrl.on_card && !txq->failed)
		wcnic_tx_reap(txq);
	txq->ctrl.on_card = false;
	wcnic_tx_purge(txq);
}

static void
rxq_settle(struct wcnic_rxq *rxq)
{
	rxq->on_card = false;
	wcnic_rx_purge(rxq);
}

void
wcnic_queues_stop(struct wcnic_hw *hw, bool card_present)
{
	if (!hw->running)
		return;
	wcnic_queues_close(hw);
	hw->running = false;
	if (!card_present)
		wcadmin_shut(&hw->admin.client);
	if (card_present)
		tx_drain(hw, hw->txq, hw->n_txq);
	hw->port_flags &= ~WCNIC_PORTF_UP;
	if (card_present)
		card_release(hw);
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		wcnic_window_free(hw, &hw->parked[i]);
		if (hw->txq[i] == NULL)
			continue;
		txq_settle(hw->txq[i]);
		wcnic_window_free(hw, &hw->txq[i]->ctrl.window);
	}
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			rxq_settle(hw->rxq[i]);
	}
	wcnic_window_free(hw, &hw->doorbells);
	if (hw->intr != NULL && card_present)
		(void)hw->attach->irq_bind(hw, 0, NULL);
	wcnic_intr_wake(hw);
}

int
wcnic_txq_stop(struct wcnic_txq *txq)
{
	struct wcnic_hw *hw = txq->hw;
	int ret;

	wcnic_gate_close(hw, &txq->gate, WCNIC_QUEUE_DOWN);
	tx_drain(hw, &txq, 1);
	ret = wcadmin_txq_destroy(&hw->admin.client, txq->qid);
	if (ret == 0)
		txq_settle(txq);
	return ret;
}

int
wcnic_rxq_stop(struct wcnic_rxq *rxq)
{
	struct wcnic_hw *hw = rxq->hw;
	int ret;

	wcnic_gate_close(hw, &rxq->gate, WCNIC_QUEUE_DOWN);
	wcnic_rx_missed_update(hw);
	ret = wcadmin_rxq_destroy(&hw->admin.client, rxq->qid);
	if (ret != 0)
		return ret;
	rxq_settle(rxq);
	wcnic_intr_raise(hw, rxq->qid);
	return 0;
}

/*
 * Whether a look finds the queue idle, and so did the ones before it. One alone says little: the
 * card or the sender may have had no CPU, and a kick costs a barrier in all threads and a doorbell.
 */
static bool
txq_idles(struct wcnic_txq *txq)
{
	/*
	 * Nothing has been sent since the last look. Or nothing has come to an end: entries that
	 * are their own doorbells may have been lost while others follow.
	 */
	const bool idle = txq->ctrl.idle_tail == txq->tail ||
			  (txq->commit != WCNIC_COMMIT_DOORBELL &&
			   txq->ctrl.idle_head == txq->head);

	txq->ctrl.idle_tail = txq->tail;
	txq->ctrl.idle_head = txq->head;
	if (!idle)
		txq->ctrl.idle_looks = 0;
	else if (txq->ctrl.idle_looks < KICK_LOOKS)
		txq->ctrl.idle_looks++;
	return txq->ctrl.idle_looks == KICK_LOOKS;
}

void
wcnic_queues_kick(struct wcnic_hw *hw, bool all)
{
	for (uint16_t i = 0; hw->running && i < hw->n_txq; i++) {
		struct wcnic_txq *txq = hw->txq[i];

		if (txq == NULL || !txq->ctrl.on_card)
			continue;
		if ((!all && !txq_idles(txq)) || (txq->head == txq->tail && txq->resend_count == 0))
			continue;
		if (!wcnic_gate_pause(hw, &txq->gate))
			continue;
		wcnic_tx_kick(txq);
		wcnic_gate_open(&txq->gate);
	}
}
