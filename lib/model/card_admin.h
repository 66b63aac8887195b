/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_ADMIN_H
#define CARD_ADMIN_H

/* Section 3: the rings of commands, completions and events. */

#include <stdbool.h>
#include <stdint.h>

#include <wcdev_ring.h>

struct wcnic_card;

struct card_admin {
	/* As the host wrote them to the registers. */
	uint64_t asq_base;
	uint64_t acq_base;
	uint64_t aeq_base;
	uint32_t size;
	struct wcdev_reader reader; /* in the lane of frames on their way out */
	struct wcdev_ring asq;
	struct wcdev_ring acq;
	struct wcdev_ring aeq;
	uint16_t asq_head;
	uint16_t asq_tail;
	uint16_t aeq_head;
	uint16_t aeq_tail;
	uint32_t lost;   /* events since the ring of events was full */
	bool link_waits; /* for room in that ring: the newest LINK */
	uint32_t link_arg0, link_arg1;
	bool features_set; /* since reset */
	bool queue_made;   /* since reset */
};

/* Does commands that the host has rung for, a bounded number. Returns how many. */
unsigned int card_admin_poll(struct wcnic_card *card);

#endif /* CARD_ADMIN_H */
