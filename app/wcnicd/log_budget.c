/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How many lines a card may log. */

#include "log_budget.h"

bool
log_budget_take(struct log_budget *budget, uint64_t now_ns, unsigned int *left_out)
{
	if (budget->paid_at_ns < now_ns)
		budget->paid_at_ns = now_ns;
	if (budget->paid_at_ns - now_ns > (LOG_BUDGET_LINES - 1) * (uint64_t)LOG_BUDGET_NS) {
		budget->left_out++;
		return false;
	}
	budget->paid_at_ns += LOG_BUDGET_NS;
	*left_out = budget->left_out;
	budget->left_out = 0;
	return true;
}
