/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of how many lines a card may log. */

#include <log_budget.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START_NS 1000000000ull

static unsigned int
lines(struct log_budget *budget, uint64_t now_ns, unsigned int n)
{
	unsigned int left_out, taken = 0;

	for (unsigned int i = 0; i < n; i++)
		taken += log_budget_take(budget, now_ns, &left_out);
	return taken;
}

static void
log_budget__flood_then_a_line_each_time(void **state)
{
	struct log_budget budget = {0};
	unsigned int left_out;

	(void)state;
	assert_int_equal(lines(&budget, START_NS, 100000), LOG_BUDGET_LINES);
	assert_int_equal(lines(&budget, START_NS + LOG_BUDGET_NS - 1, 10), 0);
	assert_true(log_budget_take(&budget, START_NS + LOG_BUDGET_NS, &left_out));
	assert_int_equal(left_out, 100000 - LOG_BUDGET_LINES + 10);
	assert_false(log_budget_take(&budget, START_NS + LOG_BUDGET_NS, &left_out));
	assert_true(log_budget_take(&budget, START_NS + 2 * LOG_BUDGET_NS, &left_out));
	assert_int_equal(left_out, 1);
}

static void
log_budget__silence_gives_all_back_and_no_more(void **state)
{
	struct log_budget budget = {0};
	const uint64_t later_ns = START_NS + LOG_BUDGET_LINES * (uint64_t)LOG_BUDGET_NS;

	(void)state;
	assert_int_equal(lines(&budget, START_NS, 2 * LOG_BUDGET_LINES), LOG_BUDGET_LINES);
	assert_int_equal(lines(&budget, later_ns, 2 * LOG_BUDGET_LINES), LOG_BUDGET_LINES);
	assert_int_equal(lines(&budget, UINT64_MAX / 2, 2 * LOG_BUDGET_LINES), LOG_BUDGET_LINES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_budget__flood_then_a_line_each_time),
		cmocka_unit_test(log_budget__silence_gives_all_back_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
