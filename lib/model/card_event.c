/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 9: the async event ring. */

#include <syslog.h>

#include "card.h"

static bool
ring_has_room(const struct card_admin *admin)
{
	return (uint16_t)(admin->aeq_tail - admin->aeq_head) < admin->aeq.entries;
}

static void
ring_write(struct wcnic_card *card, enum wcnic_event_type type, uint32_t arg0, uint32_t arg1,
	   uint64_t arg64)
{
	struct card_admin *admin = &card->admin;
	struct wcnic_event event = {
		.type = htole16(type),
		.seq = htole16(admin->aeq_tail),
		.arg0 = htole32(arg0),
		.arg1 = htole32(arg1),
		.arg64 = htole64(arg64),
		.phase = wcdev_ring_phase(admin->aeq_tail, admin->aeq.entries),
	};

	/* Without a ring there is nowhere to say so but in the registers. */
	if (wcdev_ring_publish(&card->dev, &admin->aeq, admin->aeq_tail, &event, sizeof(event)) !=
	    0) {
		card_error_note(card, WCNIC_ERR_ADMIN_CONFIG, WCNIC_REG_AEQ_BASE);
		card->status |= WCNIC_STATUS_ERROR;
		return;
	}
	admin->aeq_tail++;
}

void
card_event_poll(struct wcnic_card *card)
{
	struct card_admin *admin = &card->admin;
	uint32_t lost = admin->lost;

	if (lost != 0 && ring_has_room(admin)) {
		admin->lost = 0;
		ring_write(card, WCNIC_EV_LOST, lost, 0, 0);
	}
	if (admin->link_waits && ring_has_room(admin)) {
		admin->link_waits = false;
		ring_write(card, WCNIC_EV_LINK, admin->link_arg0, admin->link_arg1, 0);
	}
}

bool
card_event_fits(struct wcnic_card *card)
{
	card_event_poll(card); /* what waits or was lost came before */
	return ring_has_room(&card->admin);
}

void
card_event_link(struct wcnic_card *card, bool up, uint32_t mbps)
{
	struct card_admin *admin = &card->admin;

	if ((card->status & WCNIC_STATUS_ENABLED) == 0)
		return;
	admin->link_waits = true;
	admin->link_arg0 = up;
	admin->link_arg1 = mbps;
	card_event_poll(card);
}

void
card_event_post(struct wcnic_card *card, enum wcnic_event_type type, uint32_t arg0, uint32_t arg1,
		uint64_t arg64)
{
	struct card_admin *admin = &card->admin;

	if ((card->status & WCNIC_STATUS_ENABLED) == 0)
		return;
	if (!card_event_fits(card)) {
		admin->lost++;
		card->stats.events_lost++;
		return;
	}
	ring_write(card, type, arg0, arg1, arg64);
}

void
card_fatal(struct wcnic_card *card, enum wcnic_error cause, uint32_t info)
{
	if ((card->status & WCNIC_STATUS_ERROR) != 0)
		return;
	wcdev_log(&card->dev, LOG_ERR, "fatal error %d, detail 0x%x: the card waits for a reset",
		  cause, info);
	card_error_note(card, cause, info);
	card->status |= WCNIC_STATUS_ERROR;
	card_event_post(card, WCNIC_EV_FATAL, 0, cause, 0);
}
