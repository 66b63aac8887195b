/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Async events (datasheet section 9). */

#include <string.h>

#include "wcadmin_internal.h"

/* As a completion: the word with the phase is read first, and everything once. */
static bool
event_copy(const struct wcadmin *a, struct wcnic_event *event)
{
	const uint32_t entries = 1u << a->config.event_log2;
	const uint64_t *words = (const uint64_t *)&a->aeq[a->aeq_head & (entries - 1)];
	const uint8_t phase = (a->aeq_head & entries) == 0;
	uint64_t copy[4];

	copy[3] = WC_LOAD_ACQUIRE(uint64_t, &words[3]);
	if ((le64toh(copy[3]) >> 56 & WCNIC_PHASE_BIT) != phase)
		return false;
	memcpy(copy, words, 3 * sizeof(copy[0]));
	memcpy(event, copy, sizeof(*event));
	return true;
}

/* Whether the ring holds event `seq`, from aeq_head on. */
static bool
event_there(const struct wcadmin *a, uint16_t seq)
{
	const uint32_t entries = 1u << a->config.event_log2;
	const uint64_t *words = (const uint64_t *)&a->aeq[seq & (entries - 1)];
	const uint8_t phase = (seq & entries) == 0;

	return (le64toh(WC_LOAD_ACQUIRE(uint64_t, &words[3])) >> 56 & WCNIC_PHASE_BIT) == phase;
}

unsigned int
wcadmin_events_waiting(struct wcadmin *a)
{
	unsigned int n = 0;

	wcadmin_lock(a);
	while (a->up && n < 1u << a->config.event_log2 &&
	       event_there(a, (uint16_t)(a->aeq_head + n)))
		n++;
	wcadmin_unlock(a);
	return n;
}

bool
wcadmin_event_take(struct wcadmin *a, struct wcnic_event *event)
{
	bool taken;

	wcadmin_lock(a);
	taken = a->up && event_copy(a, event);
	if (taken) {
		a->aeq_head++;
		taken = a->config.ops->reg_write(a->config.ctx, WCNIC_REG_AEQ_HEAD,
						 sizeof(uint32_t), a->aeq_head) == 0;
	}
	wcadmin_unlock(a);
	if (!taken)
		return false;
	event->type = le16toh(event->type);
	event->seq = le16toh(event->seq);
	event->arg0 = le32toh(event->arg0);
	event->arg1 = le32toh(event->arg1);
	event->arg64 = le64toh(event->arg64);
	return true;
}
