/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Which calls make a whole cycle, and what is printed of it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "instructions.h"

/* Calls that each send 32 frames and free so many mbufs; the n-th takes 32 n instructions. */
static struct steps *
tx_calls(const int32_t *freed, unsigned int n)
{
	struct steps *s = steps_create(n);

	assert_non_null(s);
	for (unsigned int i = 0; i < n; i++)
		s->calls[s->n++] = (struct steps_call){.kind = STEPS_NEAR_TX,
						       .packets = 32,
						       .instructions = 32 * i,
						       .freed = freed[i]};
	return s;
}

static void
steps_window__lazy_freeing__is_whole_cycles(void **state)
{
	static const int32_t freed[] = {0, 0, 96, 0, 0, 96, 0, 0};
	struct steps *s = tx_calls(freed, 8);
	unsigned int first, last;

	(void)state;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	/* six calls after the first one, with both of those that free */
	assert_int_equal(first, 1);
	assert_int_equal(last, 7);
}

static void
steps_window__freed_at_once__is_all_but_the_first(void **state)
{
	static const int32_t freed[] = {32, 32, 32, 32};
	struct steps *s = tx_calls(freed, 4);
	unsigned int first, last;

	(void)state;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 4);
}

static void
steps_window__received__takes_as_many_mbufs(void **state)
{
	static const int32_t freed[] = {-64, 0, -64, 0};
	struct steps *s = tx_calls(freed, 4);
	unsigned int first, last;

	(void)state;
	for (unsigned int i = 0; i < s->n; i++)
		s->calls[i].kind = STEPS_NEAR_RX;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_RX, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 3);
}

static void
steps_window__nothing_freed__is_none(void **state)
{
	static const int32_t freed[] = {0, 0, 0, 0};
	struct steps *s = tx_calls(freed, 4);
	unsigned int first, last;

	(void)state;
	assert_false(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_false(steps_window(s->calls, s->n, STEPS_NEAR_RX, &first, &last));
	assert_false(steps_window(s->calls, 0, STEPS_NEAR_TX, &first, &last));
}

static void
steps_window__other_kinds_between__do_not_count(void **state)
{
	static const int32_t freed[] = {0, 64, 7, 0};
	struct steps *s = tx_calls(freed, 4);
	unsigned int first, last;

	(void)state;
	s->calls[2].kind = STEPS_MODEL;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 4);
}

static void
steps_window__the_other_direction_is_lazy__is_its_cycle_too(void **state)
{
	static const int32_t freed[] = {32, 0, 32, 0, 32, -64, 32, 0, 32, -64};
	struct steps *s = tx_calls(freed, 10);
	unsigned int first, last;

	(void)state;
	for (unsigned int i = 1; i < s->n; i += 2)
		s->calls[i].kind = STEPS_NEAR_RX;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_int_equal(first, 3);
	assert_int_equal(last, 7);
}

static void
steps_window__the_other_direction_never_evens_out__is_its_own_cycle(void **state)
{
	static const int32_t freed[] = {32, 0, 32, 0, 32, 0};
	struct steps *s = tx_calls(freed, 6);
	unsigned int first, last;

	(void)state;
	for (unsigned int i = 1; i < s->n; i += 2)
		s->calls[i].kind = STEPS_NEAR_RX;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 5);
	assert_false(steps_window(s->calls, s->n, STEPS_NEAR_RX, &first, &last));
}

static void
steps_window__mbufs_are_handed_on__sent_and_received_alike(void **state)
{
	static const int32_t freed[] = {0, 0, 0, 0};
	struct steps *s = tx_calls(freed, 4);
	unsigned int first, last;

	(void)state;
	s->calls[1].kind = STEPS_NEAR_RX;
	s->calls[3].kind = STEPS_NEAR_RX;
	assert_true(steps_window(s->calls, s->n, STEPS_NEAR_TX, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 3);
}

static void
steps_print__mean_of_the_window_and_median(void **state)
{
	static const int32_t freed[] = {32, 0, 0, 96};
	struct steps *s = tx_calls(freed, 4);
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(steps_print(out, s, 32, false), 0);
	fclose(out);
	/* calls 1, 2 and 3; the median is of all four */
	assert_string_equal(text, "{\"near_tx\": {\"instructions\": 2.00, \"mean\": 2.00, "
				  "\"median\": 1.00, \"calls\": 3, \"full\": 3}}\n");
}

static void
steps_print__no_cycle__is_enodata(void **state)
{
	static const int32_t freed[] = {0, 0};
	struct steps *s = tx_calls(freed, 2);
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(steps_print(out, s, 32, false), -ENODATA);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_window__lazy_freeing__is_whole_cycles),
		cmocka_unit_test(steps_window__freed_at_once__is_all_but_the_first),
		cmocka_unit_test(steps_window__received__takes_as_many_mbufs),
		cmocka_unit_test(steps_window__nothing_freed__is_none),
		cmocka_unit_test(steps_window__other_kinds_between__do_not_count),
		cmocka_unit_test(steps_window__the_other_direction_is_lazy__is_its_cycle_too),
		cmocka_unit_test(
			steps_window__the_other_direction_never_evens_out__is_its_own_cycle),
		cmocka_unit_test(steps_window__mbufs_are_handed_on__sent_and_received_alike),
		cmocka_unit_test(steps_print__mean_of_the_window_and_median),
		cmocka_unit_test(steps_print__no_cycle__is_enodata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
