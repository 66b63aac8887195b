/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 14: the clock. */

#include "card.h"

#define SECOND_NS 1000000000u

/* Seconds and the rest apart: neither product overflows, and the sum never goes back. */
uint64_t
card_clock_at(const struct wcnic_card *card, uint64_t at_ns)
{
	const struct card_clock *clock = &card->clock;
	uint64_t passed_ns = at_ns - clock->since_ns;
	int64_t gained_ns = (int64_t)(passed_ns / SECOND_NS) * clock->rate_ppb +
			    (int64_t)(passed_ns % SECOND_NS) * clock->rate_ppb / (int64_t)SECOND_NS;

	return clock->base_ns + passed_ns + (uint64_t)gained_ns;
}

uint64_t
card_clock_now(const struct wcnic_card *card)
{
	return card_clock_at(card, wcdev_now_ns(&card->dev));
}

/* From now on it counts from what it shows now. */
static void
clock_rebase(struct wcnic_card *card)
{
	uint64_t now_ns = wcdev_now_ns(&card->dev);

	card->clock.base_ns = card_clock_at(card, now_ns);
	card->clock.since_ns = now_ns;
}

void
card_clock_reset(struct wcnic_card *card)
{
	clock_rebase(card);
	card->clock.rate_ppb = 0;
	card->clock.tx_sent_ns = 0;
}

void
card_clock_sent(struct wcnic_card *card, uint64_t at_ns)
{
	uint64_t sent_ns = card_clock_at(card, at_ns);

	/* 0 says that there is none. */
	if (card->clock.tx_sent_ns == 0)
		card->clock.tx_sent_ns = sent_ns + (sent_ns == 0);
}

enum wcnic_admin_status
card_clock_set(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_clock_set *p = call->params;
	uint64_t ns = le64toh(p->ns);
	int64_t rate_ppb = (int64_t)ns;

	if ((card->features & WCNIC_CAP_CLOCK) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (p->step < WCNIC_CLOCK_SET || p->step > WCNIC_CLOCK_RATE)
		return CARD_BAD_FIELD(call, wcnic_cmd_clock_set, step);
	if (p->step == WCNIC_CLOCK_RATE &&
	    (rate_ppb < -WCNIC_CLOCK_RATE_MAX || rate_ppb > WCNIC_CLOCK_RATE_MAX))
		return CARD_BAD_FIELD(call, wcnic_cmd_clock_set, ns);
	clock_rebase(card);
	if (p->step == WCNIC_CLOCK_SET)
		card->clock.base_ns = ns;
	else if (p->step == WCNIC_CLOCK_ADD)
		card->clock.base_ns += ns;
	else
		card->clock.rate_ppb = rate_ppb;
	return WCNIC_ST_OK;
}
