/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_EVENT_H
#define CARD_EVENT_H

/* Section 9: the ring of async events. */

#include <stdbool.h>
#include <stdint.h>

#include <wcnic_abi.h>

struct wcnic_card;

/* Writes an event, or counts it as lost while the ring is full. Without admin rings: nothing. */
void card_event_post(struct wcnic_card *card, enum wcnic_event_type type, uint32_t arg0,
		     uint32_t arg1, uint64_t arg64);

/* Writes LINK, or keeps it until the ring has space: then the newest is written, and none lost. */
void card_event_link(struct wcnic_card *card, bool up, uint32_t mbps);

/* Whether an event would not be lost now. */
bool card_event_fits(struct wcnic_card *card);

/* Once the ring has space again: reports how many events were lost, then the LINK that waits. */
void card_event_poll(struct wcnic_card *card);

/* An error after which the card can only be reset: STATUS, ERROR_CAUSE, an event, the log. */
void card_fatal(struct wcnic_card *card, enum wcnic_error cause, uint32_t info);

#endif /* CARD_EVENT_H */
