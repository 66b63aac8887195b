/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef LOG_BUDGET_H
#define LOG_BUDGET_H

/*
 * How many lines a card may log. Most are about what its client does, and a client that connects or
 * resets again and again must not fill the log of all.
 */

#include <stdbool.h>
#include <stdint.h>

/* So many at once, and then one more after each such time. */
#define LOG_BUDGET_LINES 500u
#define LOG_BUDGET_NS 200000000u

/* Begins as zeroes. Threads: the owner serialises its calls. */
struct log_budget {
	uint64_t paid_at_ns; /* when all lines so far would be, one after each LOG_BUDGET_NS */
	unsigned int left_out;
};

/* Whether there may be a line at `now_ns`. If so, `*left_out`: how many before it there were not.
 */
bool log_budget_take(struct log_budget *budget, uint64_t now_ns, unsigned int *left_out);

#endif /* LOG_BUDGET_H */
