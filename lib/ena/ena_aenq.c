/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Events: link, keep-alive, warnings, errors. */

#include "ena.h"

/* The driver's doorbell says how far events may be written. */
static bool
has_space(struct ena_card *card)
{
	struct ena_aenq *aenq = &card->aenq;

	return (uint16_t)(aenq->credit - aenq->tail - 1) < aenq->ring.entries &&
	       wcdev_ring_ready(&card->dev, &aenq->ring, aenq->tail);
}

void
ena_aenq_unmask(struct ena_card *card)
{
	if (!card->aenq.untold)
		return;
	card->aenq.untold = false;
	card->stats.irqs++;
	wcdev_irq(&card->dev, 0);
}

/* As ena_aenq_post(), between wcdev_enter() and wcdev_leave(). */
static bool
event_post(struct ena_card *card, enum ena_aenq_group group, uint16_t syndrome,
	   const uint32_t data[12])
{
	struct ena_aenq *aenq = &card->aenq;
	struct ena_aenq_event event = {
		.group = htole16(group),
		.syndrome = htole16(syndrome),
		.time_lo = htole32((uint32_t)card->now_ns),
		.time_hi = htole32((uint32_t)(card->now_ns >> 32)),
	};

	if (!aenq->on || (aenq->groups & 1u << group) == 0)
		return false;
	event.flags = wcdev_ring_phase(aenq->tail, aenq->ring.entries);
	for (unsigned int i = 0; i < 12; i++)
		event.data[i] = htole32(data[i]);
	if (!has_space(card) || wcdev_ring_publish_first(&card->dev, &aenq->ring, aenq->tail,
							 &event, sizeof(event)) != 0) {
		card->stats.aenq_lost++;
		return false;
	}
	aenq->tail++;
	card->stats.aenq_events++;
	aenq->untold = true;
	if ((card->regs[ENA_REG_INTR_MASK / 4] & ENA_INTR_MASK_ADMIN) == 0)
		ena_aenq_unmask(card);
	return true;
}

bool
ena_aenq_post(struct ena_card *card, enum ena_aenq_group group, uint16_t syndrome,
	      const uint32_t data[12])
{
	const bool in_call = card->dev.in_call; /* else the ring may have gone since the last */
	bool posted;

	if (!in_call)
		wcdev_enter(&card->dev);
	posted = event_post(card, group, syndrome, data);
	if (!in_call)
		wcdev_leave(&card->dev);
	return posted;
}

static void
keep_alive(struct ena_card *card)
{
	const struct ena_card_stats *s = &card->stats;
	uint32_t data[12] = {0};

	data[0] = (uint32_t)s->rx_missed;
	data[1] = (uint32_t)(s->rx_missed >> 32);
	data[2] = (uint32_t)s->tx_refused;
	data[3] = (uint32_t)(s->tx_refused >> 32);
	data[4] = data[0];
	data[5] = data[1];
	(void)ena_aenq_post(card, ENA_AENQ_KEEP_ALIVE, 0, data);
}

static void
link_poll(struct ena_card *card)
{
	struct ena_aenq *aenq = &card->aenq;
	struct wcdev_link link;
	uint32_t data[12] = {0};

	wcdev_port_link(&card->dev, &link);
	if ((aenq->link_told && link.up == aenq->link_up) || !has_space(card))
		return;
	data[0] = link.up;
	if (!ena_aenq_post(card, ENA_AENQ_LINK, 0, data))
		return;
	aenq->link_told = true;
	aenq->link_up = link.up;
}

void
ena_aenq_poll(struct ena_card *card)
{
	struct ena_aenq *aenq = &card->aenq;

	/* Neither of them is lost for want of space: each waits until there is some. */
	if (!aenq->on || aenq->groups == 0 || aenq->credit == aenq->tail)
		return;
	if ((aenq->groups & 1u << ENA_AENQ_LINK) != 0)
		link_poll(card);
	if ((aenq->groups & 1u << ENA_AENQ_KEEP_ALIVE) == 0 ||
	    (card->config.faults & ENA_FAULT_KEEP_ALIVE) != 0 ||
	    card->now_ns - aenq->keep_alive_ns < ENA_KEEP_ALIVE_NS || !has_space(card))
		return;
	aenq->keep_alive_ns = card->now_ns;
	keep_alive(card);
}
