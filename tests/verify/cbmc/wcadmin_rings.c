/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The driver's side of the admin rings stays in its memory, whatever the card writes into them. */

#include "prove.h"
#include "wcadmin.c"
#include "wcadmin_event.c"

static const struct wcadmin_ops quiet;

/* The client in its memory, with ring indices of any value. */
static void
set_up(struct wcadmin *a)
{
	struct wcadmin_config config;
	uint16_t sq_tail, cq_head, aeq_head;
	int ret;

	config.ops = &quiet;
	ASSUME(config.ring_log2 >= WCNIC_ADMIN_LOG2_MIN &&
	       config.ring_log2 <= WCNIC_ADMIN_LOG2_MAX);
	ASSUME(config.event_log2 >= WCNIC_ADMIN_LOG2_MIN &&
	       config.event_log2 <= WCNIC_ADMIN_LOG2_MAX);
	config.memory = prove_memory(WCADMIN_MEMORY_BYTES(config.ring_log2, config.event_log2));
	ret = wcadmin_init(a, &config);
	PROVE(ret == 0, "sizes in range are taken");
	a->sq_tail = sq_tail;
	a->cq_head = cq_head;
	a->aeq_head = aeq_head;
}

void
prove_admin_memory(void)
{
	struct wcnic_admin_cpl cpl;
	struct wcnic_event event;
	struct wcadmin a;
	uint16_t head;
	bool taken;

	set_up(&a);
	head = a.cq_head;
	taken = completion_take(&a, &cpl);
	PROVE(!taken || (cpl.phase & WCNIC_PHASE_BIT) == ((head >> a.config.ring_log2 & 1) == 0),
	      "a completion of this lap");
	PROVE(a.cq_head == (uint16_t)(head + taken), "head goes on by what was taken");
	if (event_copy(&a, &event))
		PROVE((event.phase & WCNIC_PHASE_BIT) ==
			      ((a.aeq_head >> a.config.event_log2 & 1) == 0),
		      "an event of this lap");
	PROVE(a.data + WCADMIN_DATA_BYTES ==
		      (uint8_t *)a.config.memory +
			      WCADMIN_MEMORY_BYTES(a.config.ring_log2, a.config.event_log2),
	      "the data of commands are the end of the memory");
}

/* A status of any value becomes an errno, and a name. */
void
prove_admin_status(void)
{
	uint16_t status;
	const int ret = status_errno(status);

	PROVE((ret == 0) == (status == WCNIC_ST_OK) && ret <= 0, "only OK is no error");
	PROVE(wcadmin_status_name(status) != NULL, "and each has a name");
}
