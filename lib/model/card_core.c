/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What every object of the card may call. */

#include "card.h"

void
card_error_note(struct wcnic_card *card, enum wcnic_error cause, uint32_t info)
{
	if (card->error_cause != WCNIC_ERR_NONE)
		return;
	card->error_cause = cause;
	card->error_info = info;
}

uint16_t
card_vectors(const struct wcnic_card *card)
{
	return wcdev_has_irq(&card->dev) ? 2 * card->n_queues : 0;
}

void
card_beat(struct wcnic_card *card)
{
	uint64_t now_ns = wcdev_now_ns(&card->dev);

	card->now_ns = now_ns;
	if (card->sent)
		card->stats.last_tx_ns = now_ns;
	card->sent = false;
	if (card->fw_hung || now_ns - card->beat_ns < CARD_HEARTBEAT_NS / 10)
		return;
	card->beat_ns = now_ns;
	card->heartbeat++;
}
