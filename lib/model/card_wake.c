/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 5, sleep: the embedder says when it stops to look at doorbells, the record tells the
 * driver.
 */

#include "card.h"

enum wcnic_admin_status
card_wake_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_wake_set *p = call->params;
	uint64_t iova = le64toh(p->iova);

	if ((card->features & WCNIC_CAP_WAKE) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (iova % WCNIC_LINE_BYTES != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_wake_set, iova);
	if (iova != 0 && !wcdev_dma_reachable(&card->dev, iova, sizeof(struct wcnic_wake_record),
					      WCDEV_DMA_WRITE))
		return WCNIC_ST_BAD_ADDRESS;
	wcnic_card_awake(card);
	card->wake.iova = iova;
	return WCNIC_ST_OK;
}

/* A record that is to be had by message alone, or is not mapped any more, is left as it is. */
static bool
record_write(struct wcnic_card *card, uint32_t value)
{
	wcnic_le32 *word = wcdev_dma_ptr(&card->dev, card->wake.iova, sizeof(*word),
					 WCDEV_DMA_WRITE);

	if (word == NULL)
		return false;
	__atomic_store_n(word, htole32(value), __ATOMIC_RELAXED);
	return true;
}

bool
wcnic_card_waits(struct wcnic_card *card)
{
	if (card->wake.iova == 0 || (card->status & WCNIC_STATUS_ERROR) != 0 ||
	    !wcdev_dma_quiet(&card->dev))
		return false;
	if (card_port_is_open(&card->port) && wcdev_port_has_input(&card->dev))
		return false;
	for (uint64_t live = card->tx_turns.live; live != 0; live &= live - 1) {
		const struct card_txq *q = &card->txqs[__builtin_ctzll(live)];

		/* What it waits for comes with a clock or buffers, and neither wakes. */
		if (q->waiting || q->port_busy)
			return false;
	}
	for (uint64_t live = card->rxq_live; live != 0; live &= live - 1)
		if (card->rxqs[__builtin_ctzll(live)].irq_held)
			return false;
	return true;
}

bool
wcnic_card_sleep(struct wcnic_card *card)
{
	struct card_wake *wake = &card->wake;

	if (wake->iova == 0 || (card->status & WCNIC_STATUS_ERROR) != 0)
		return false;
	wcdev_enter(&card->dev);
	for (uint64_t live = card->tx_turns.live; live != 0; live &= live - 1)
		card_txq_hold_end(card, &card->txqs[__builtin_ctzll(live)]);
	wcdev_leave(&card->dev);
	wake->number++;
	wake->number += wake->number == 0;
	if (!record_write(card, wake->number))
		return false;
	wake->set = true;
	wcdev_turn_all_next(&card->tx_turns);
	card->stats.sleeps++;
	/* The record is written first, then the last look at doorbells. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return true;
}

void
wcnic_card_awake(struct wcnic_card *card)
{
	if (!card->wake.set)
		return;
	card->wake.set = false;
	(void)record_write(card, 0);
}
