/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the card dropped for want of buffers. It counts from a queue's creation on; sums are
 * kept here.
 */

#include "wcnic_admin.h"
#include "wcnic_hw.h"
#include "wcnic_rx_missed.h"
#include "wcnic_rxq.h"

static bool
any_on_card(const struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_rxq; i++)
		if (hw->rxq[i] != NULL && hw->rxq[i]->on_card)
			return true;
	return false;
}

void
wcnic_rx_missed_update(struct wcnic_hw *hw)
{
	struct wcnic_rxq_counters counters[WCADMIN_RXQ_STATS_MAX];
	uint16_t n;

	if (!wcnic_card_since_1_1(hw) || !hw->admin.client.up || !any_on_card(hw))
		return;
	for (uint16_t first = 0; first < hw->n_rxq; first += n) {
		n = RTE_MIN((uint16_t)(hw->n_rxq - first), (uint16_t)WCADMIN_RXQ_STATS_MAX);
		if (wcadmin_rxq_stats_query(&hw->admin.client, first, n, counters) != 0)
			return;
		for (uint16_t i = 0; i < n; i++) {
			struct wcnic_rxq *rxq = hw->rxq[first + i];

			if (rxq == NULL || !rxq->on_card)
				continue;
			/* a counter that goes back is no reason to take off */
			if (counters[i].missed > rxq->missed_seen)
				rxq->stats.missed += counters[i].missed - rxq->missed_seen;
			rxq->missed_seen = counters[i].missed;
		}
	}
}
