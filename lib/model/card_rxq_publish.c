/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: completions out, and the end of a queue for an error. */

#include <syslog.h>

#include "card_rx.h"

static uint16_t
least(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* Completions from `seq` on, as many of `n` as lie in one piece. Returns how many; 0: it failed. */
static uint16_t
piece_publish(struct wcnic_card *card, struct card_rxq *q, uint16_t seq, uint16_t n)
{
	uint8_t *dst = wcdev_ring_find(&card->dev, &q->cq, seq);

	if (dst == NULL) {
		return wcdev_ring_post(&card->dev, &q->cq, seq, q->cpls[seq % CARD_RX_CPLS]) == 0;
	}
	n = least(n, least(wcdev_ring_run(&q->cq, seq),
			   (uint16_t)(CARD_RX_CPLS - seq % CARD_RX_CPLS)));
	for (uint16_t i = 0; i < n; i++)
		wcdev_publish16(dst + i * sizeof(struct wcnic_rx_cpl),
				q->cpls[seq % CARD_RX_CPLS + i]);
	return n;
}

void
card_rxq_publish(struct wcnic_card *card, struct card_rxq *q)
{
	uint16_t n;

	while (q->published != q->head) {
		n = piece_publish(card, q, q->published, (uint16_t)(q->head - q->published));
		q->published += n;
		if (n != 0)
			continue;
		q->published = q->head; /* the host sees none behind one that it lacks */
		card_rxq_fail(card, q, WCNIC_ERR_ADDRESS);
	}
}

void
card_rxq_fail(struct wcnic_card *card, struct card_rxq *q, enum wcnic_error error)
{
	if (q->state == CARD_QUEUE_FAILED)
		return;
	q->state = CARD_QUEUE_FAILED;
	q->ahead_end = q->head;
	q->ahead_map_id = 0; /* what is under way may still move the head past its end */
	wcdev_log(&card->dev, LOG_WARNING, "rx queue %u stops: error %d at buffer %u", q->qid,
		  error, q->head);
	card_event_post(card, WCNIC_EV_QUEUE_ERROR, q->qid, error, 0);
}
