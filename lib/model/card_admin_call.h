/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_ADMIN_CALL_H
#define CARD_ADMIN_CALL_H

/* Section 3: what a command is to the object that does it. */

#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>
#include <wcnic_abi.h>

#include "card_core.h"

/*
 * One command while it is done: the answer and the result go back with the status. A function that
 * does one is called in card_admin_poll() and changes nothing unless it returns WCNIC_ST_OK.
 */
struct card_admin_call {
	const void *params; /* a copy: struct wcnic_cmd_* */
	const void *input;  /* a copy of the command's buffer, if it has input */
	uint32_t result;    /* of a refused command: what is wrong, by its status */
	union {
		struct wcnic_identity identity;
		struct wcnic_window_grant grant;
		struct wcnic_port_info port;
		struct wcnic_stats stats;
		struct wcnic_window_test_report test;
		struct wcnic_flow_counters flow;
		struct wcnic_rxq_counters rxqs[CARD_QUEUES_MAX];
	} answer;
};

/* Where the parameter `field` of the command's `type` is in the command. */
#define CARD_FIELD(type, field) \
	(offsetof(struct wcnic_admin_cmd, params) + offsetof(struct type, field))

/* Refuses the parameter `field` of the command's `type`. */
#define CARD_BAD_FIELD(call, type, field) \
	((call)->result = CARD_FIELD(type, field), WCNIC_ST_INVALID_FIELD)

/* Refuses what is at that offset of the command's input: such offsets follow those of the command.
 */
static inline enum wcnic_admin_status
card_bad_input(struct card_admin_call *call, size_t off)
{
	call->result = (uint32_t)(sizeof(struct wcnic_admin_cmd) + off);
	return WCNIC_ST_INVALID_FIELD;
}

typedef enum wcnic_admin_status (*card_admin_fn)(struct wcnic_card *card,
						 struct card_admin_call *call);

#endif /* CARD_ADMIN_CALL_H */
