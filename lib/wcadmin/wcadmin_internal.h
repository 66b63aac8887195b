/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCADMIN_INTERNAL_H
#define WCADMIN_INTERNAL_H

/* One command, as the files of this module run it. */

#include "wcadmin.h"

/* One line of text for people. */
#define wcadmin_error(admin, ...)                                                     \
	do {                                                                          \
		if ((admin)->config.ops->error != NULL)                               \
			(admin)->config.ops->error((admin)->config.ctx, __VA_ARGS__); \
	} while (0)

static inline void
wcadmin_lock(const struct wcadmin *a)
{
	if (a->config.ops->lock != NULL)
		a->config.ops->lock(a->config.ctx);
}

static inline void
wcadmin_unlock(const struct wcadmin *a)
{
	if (a->config.ops->unlock != NULL)
		a->config.ops->unlock(a->config.ctx);
}

/* Everything in the card's byte order. */
struct wcadmin_request {
	uint8_t opcode;
	const void *params; /* of the command itself; NULL: none */
	size_t params_bytes;
	const void *in; /* data that the card reads; NULL: none */
	size_t in_bytes;
	void *out; /* the answer: all of out_bytes, or -EPROTO; NULL: none */
	size_t out_bytes;
};

/* Runs a command and waits for its completion. 0 or -errno, as wcadmin.h says. */
WC_MUST_CHECK int wcadmin_run(struct wcadmin *admin, const struct wcadmin_request *request);

/* The usual request: parameters in the command and no data. */
#define wcadmin_run_params(admin, code, cmd)                                   \
	wcadmin_run((admin), &(const struct wcadmin_request){.opcode = (code), \
							     .params = (cmd),  \
							     .params_bytes = sizeof(*(cmd))})

/* No parameters, an answer. */
#define wcadmin_run_query(admin, code, answer)                                 \
	wcadmin_run((admin), &(const struct wcadmin_request){.opcode = (code), \
							     .out = (answer),  \
							     .out_bytes = sizeof(*(answer))})

#endif /* WCADMIN_INTERNAL_H */
