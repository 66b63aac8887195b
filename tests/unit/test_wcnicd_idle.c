/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of how long an idle card sleeps between polls. */

#include <idle.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define US 1000u
#define MS 1000000u
#define S 1000000000ull

static void
idle_step__just_worked__polls(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 0, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 9 * US, 3600 * S).action,
			 IDLE_POLL);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 11 * US, 3600 * S).action,
			 IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 49 * US, 3600 * S).action,
			 IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 51 * US, 3600 * S).action,
			 IDLE_NAP);
}

/* A nap is never longer than an eighth of the time that it adds to, but for the shortest. */
static void
idle_step__naps_grow_with_the_idle_time(void **state)
{
	uint32_t last_ns = 0;

	(void)state;
	for (uint64_t idle_ns = 51 * US; idle_ns < 60 * S; idle_ns += idle_ns / 7) {
		struct idle_step step = idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, idle_ns, 3600 * S);

		assert_int_equal(step.action, IDLE_NAP);
		assert_uint_in_range(step.nap_ns, 20 * US, 2 * MS);
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
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, S, 0).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, S, 49 * US).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, S, 51 * US).nap_ns, 2 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 51 * US, S).nap_ns, 20 * US);
}

static void
idle_step__spin__polls_as_long_as_there_is_a_driver(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_SPIN, IDLE_MUST_POLL, 0, 3600 * S).action, IDLE_POLL);
	assert_int_equal(idle_step(IDLE_SPIN, IDLE_MUST_POLL, 3600 * S, 3600 * S).action,
			 IDLE_POLL);
	assert_int_equal(idle_step(IDLE_SPIN, IDLE_DRIVER_WAKES, 3600 * S, 3600 * S).action,
			 IDLE_POLL);
	assert_int_equal(idle_step(IDLE_SPIN, IDLE_NO_DRIVER, MS, 3600 * S).action, IDLE_NAP);
}

static void
idle_step__no_driver__long_naps(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_NO_DRIVER, 51 * US, 3600 * S).nap_ns,
			 20 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_NO_DRIVER, 3600 * S, 3600 * S).nap_ns,
			 20 * MS);
}

/* As soon as a nap pays, it is a long one; until then all is as before. */
static void
idle_step__driver_wakes__long_naps_at_once(void **state)
{
	(void)state;
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, 9 * US, 3600 * S).action,
			 IDLE_POLL);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, 49 * US, 3600 * S).action,
			 IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, S, 9 * US).action, IDLE_PAUSE);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, S, 11 * US).nap_ns, 20 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, 51 * US, S).nap_ns, 20 * MS);
	assert_int_equal(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, 3600 * S, S).nap_ns, 20 * MS);
}

/* For a short nap the driver is not asked to wake: a wake would cost it more. */
static void
idle_asks_wake__short_naps_ask_for_no_wake(void **state)
{
	(void)state;
	assert_false(idle_asks_wake(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 9 * US, S)));
	assert_false(idle_asks_wake(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 40 * US, S)));
	assert_false(idle_asks_wake(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 390 * US, S)));
	assert_true(idle_asks_wake(idle_step(IDLE_ADAPTIVE, IDLE_MUST_POLL, 410 * US, S)));
	assert_true(idle_asks_wake(idle_step(IDLE_ADAPTIVE, IDLE_DRIVER_WAKES, 51 * US, S)));
}

/* Sockets that have been silent for longer are looked at less often, and never seldom. */
static void
idle_serve__silence__between_looks_is_a_64th_of_it(void **state)
{
	uint32_t last_ns = 0;

	(void)state;
	assert_int_equal(idle_serve_ns(0), 50 * US);
	assert_int_equal(idle_serve_ns(3 * MS), 50 * US);
	assert_int_equal(idle_serve_ns(32 * MS), 500 * US);
	assert_int_equal(idle_serve_ns(3600 * S), MS);
	for (uint64_t silent_ns = 1; silent_ns < 60 * S; silent_ns += silent_ns / 7 + 1) {
		uint32_t serve_ns = idle_serve_ns(silent_ns);

		assert_true(serve_ns >= last_ns);
		assert_uint_in_range(serve_ns, 50 * US, MS);
		last_ns = serve_ns;
	}
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
		cmocka_unit_test(idle_step__driver_wakes__long_naps_at_once),
		cmocka_unit_test(idle_serve__silence__between_looks_is_a_64th_of_it),
		cmocka_unit_test(idle_asks_wake__short_naps_ask_for_no_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
