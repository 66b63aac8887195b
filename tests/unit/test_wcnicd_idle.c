/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "idle.h"

#define US 1000u
#define MS 1000000u
#define S 1000000000ull

static void
idle_step__just_worked__polls(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 0, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 9 * US, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 11 * US, 3600 * S).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 49 * US, 3600 * S).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 51 * US, 3600 * S).action, IDLE_NAP);
}

/* A nap is never longer than an eighth of the time that it adds to, but for the shortest. */
static void
idle_step__naps_grow_with_the_idle_time(void **state)
{
	uint64_t idle_ns;
	uint32_t last_ns = 0;

	(void)state;
	for (idle_ns = 51 * US; idle_ns < 60 * S; idle_ns += idle_ns / 7) {
		struct idle_step step = idle_step(IDLE_ADAPTIVE, true, idle_ns, 3600 * S);

		assert_int_equal(step.action, IDLE_NAP);
		assert_in_range(step.nap_ns, 20 * US, 2 * MS);
		assert_true(step.nap_ns >= last_ns);
		if (step.nap_ns > 20 * US)
			assert_true(step.nap_ns <= idle_ns / 8);
		last_ns = step.nap_ns;
	}
	assert_int_equal(last_ns, 2 * MS);
}

static void
idle_step__requests__pause_and_then_naps_as_long_as_before(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, S, 0).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, S, 49 * US).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, S, 51 * US).nap_ns, 2 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, true, 51 * US, S).nap_ns, 20 * US);
}

static void
idle_step__spin__polls_as_long_as_there_is_a_driver(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_SPIN, true, 0, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_SPIN, true, 3600 * S, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_SPIN, false, MS, 3600 * S).action, IDLE_NAP);
}

static void
idle_step__no_driver__long_naps(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, false, 51 * US, 3600 * S).nap_ns, 20 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, false, 3600 * S, 3600 * S).nap_ns, 20 * MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_step__just_worked__polls),
		cmocka_unit_test(idle_step__naps_grow_with_the_idle_time),
		cmocka_unit_test(idle_step__requests__pause_and_then_naps_as_long_as_before),
		cmocka_unit_test(idle_step__spin__polls_as_long_as_there_is_a_driver),
		cmocka_unit_test(idle_step__no_driver__long_naps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
