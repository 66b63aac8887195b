/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The link from the root complex to the device: bytes, rates, the queue, credits. */

#include "pcielink_rig.h"

static void
one_store(uint64_t addr, unsigned int bytes)
{
	rig.tlps = 0;
	pcielink_reset(rig.link);
	assert_int_equal(pcielink_store(rig.link, 0, addr, bytes, PCIELINK_NGNRE, NOW), 0);
	assert_int_equal(rig.tlps, 1);
}

/* ---- bytes and rates ------------------------------------------------------------------------ */

static void
wire__efficiency_by_payload_is_as_reckoned(void **state)
{
	static const struct {
		unsigned int bytes, percent;
	} known[] = {{8, 25}, {16, 40}, {32, 57}, {64, 73}};

	(void)state;
	rig_open(1, 1);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		one_store(RIG_BASE, known[i].bytes);
		assert_int_equal((known[i].bytes * 200 / rig.tlp[0].wire_bytes + 1) / 2,
				 known[i].percent);
		assert_int_equal(rig_totals().wire_bytes, known[i].bytes + 24);
	}
}

static void
wire__header_depends_on_the_address(void **state)
{
	(void)state;
	rig_open(1, 1);
	one_store((UINT64_C(1) << 32) - 64, 64);
	assert_int_equal(rig.tlp[0].wire_bytes, 84);
	one_store(UINT64_C(1) << 32, 64);
	assert_int_equal(rig.tlp[0].wire_bytes, 88);
}

static void
wire__payload_is_whole_dwords(void **state)
{
	static const struct {
		unsigned int first, bytes, payload;
	} known[] = {{0, 1, 4}, {3, 1, 4}, {3, 2, 8}, {2, 4, 8}, {1, 63, 64}, {60, 4, 4}};

	(void)state;
	rig_open(1, 1);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		one_store(RIG_BASE + known[i].first, known[i].bytes);
		assert_int_equal(rig.tlp[0].bytes, known[i].bytes);
		assert_int_equal(rig.tlp[0].wire_bytes, known[i].payload + 24);
	}
}

static void
wire__rate_follows_generation_and_lanes(void **state)
{
	/* MB/s of one lane after encoding. */
	static const uint64_t lane[] = {0, 250, 500, 984, 1969, 3938};

	(void)state;
	for (uint64_t generation = 1; generation <= 5; generation++) {
		for (uint64_t lanes = 1; lanes <= 16; lanes *= 2) {
			rig_set(PCIELINK_GENERATION, generation);
			rig_set(PCIELINK_LANES, lanes);
			assert_uint_in_range(pcielink_config_bytes_per_s(&rig.config) / lanes /
						     100000,
					     lane[generation] * 10, lane[generation] * 10 + 9);
			rig_set(PCIELINK_EFFICIENCY, 500000);
			assert_uint_in_range(pcielink_config_bytes_per_s(&rig.config) / lanes /
						     100000,
					     lane[generation] * 5, lane[generation] * 5 + 4);
			rig_set(PCIELINK_EFFICIENCY, 1000000);
		}
	}
}

static void
wire__tlp_takes_its_bytes_at_that_rate(void **state)
{
	(void)state;
	rig_set(PCIELINK_GENERATION, 1);
	rig_set(PCIELINK_LANES, 4);
	rig_open(1, 1);
	one_store(RIG_BASE, 64);
	assert_int_equal(rig.tlp[0].end_ps - rig.tlp[0].start_ps, NS(88)); /* 1 byte a ns */
	assert_int_equal(rig_totals().link_busy_ps, NS(88));
	assert_int_equal(pcielink_end(rig.link), NS(89));
	/* 88 bytes at 15753846153 a second are 5585.94 ps. */
	rig_set(PCIELINK_GENERATION, 3);
	rig_set(PCIELINK_LANES, 16);
	rig_open(1, 1);
	one_store(RIG_BASE, 64);
	assert_int_equal(rig.tlp[0].end_ps - rig.tlp[0].start_ps, 5586);
}

static void
wire__busy_link_sends_one_after_the_other(void **state)
{
	(void)state;
	rig_set(PCIELINK_GENERATION, 1);
	rig_set(PCIELINK_LANES, 4);
	rig_open(1, 1);
	rig_lines(RIG_BASE, 5, 64, PCIELINK_WC);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(rig.tlp[i].accept_ps, NS(1) * (i + 1));
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + NS(88) * i);
	}
}

static void
queue__full_delays_the_acceptance(void **state)
{
	(void)state;
	rig_set(PCIELINK_GENERATION, 1);
	rig_set(PCIELINK_LANES, 4);
	rig_set(PCIELINK_QUEUE_TLPS, 2);
	rig_open(1, 1);
	rig_lines(RIG_BASE, 5, 64, PCIELINK_WC);
	assert_int_equal(rig.tlp[0].accept_ps, NS(1));
	assert_int_equal(rig.tlp[1].accept_ps, NS(2));
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(rig.tlp[i].accept_ps, rig.tlp[i - 2].start_ps > NS(i + 1)
							       ? rig.tlp[i - 2].start_ps
							       : NS(i + 1));
	assert_int_equal(rig.tlp[4].accept_ps, NS(1 + 2 * 88));
}

/* ---- credits -------------------------------------------------------------------------------- */

static void
credits__infinite_never_wait(void **state)
{
	(void)state;
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(100000));
	rig_open(1, 1);
	rig_lines(RIG_BASE, 10000, 64, PCIELINK_WC);
	assert_int_equal(rig_totals().credit_waits, 0);
	assert_int_equal(rig_totals().credit_wait_ps, 0);
}

static void
credits__headers_used_up_wait_for_the_first(void **state)
{
	(void)state;
	rig_set(PCIELINK_HEADER_CREDITS, 4);
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(1000));
	rig_open(1, 1);
	rig_lines(RIG_BASE, 9, 64, PCIELINK_WC);
	for (size_t i = 4; i < 9; i++)
		assert_int_equal(rig.tlp[i].start_ps, rig.tlp[i - 4].end_ps + NS(1000));
	assert_int_equal(rig_totals().credit_waits, 2); /* 4 and 8: the others find a busy wire */
	assert_int_equal(rig_totals().stall_pressure_ps, 0); /* the queue holds them all */
}

static void
credits__data_are_counted_by_16_bytes(void **state)
{
	static const unsigned int sizes[] = {8, 16, 32, 64};

	(void)state;
	rig_set(PCIELINK_DATA_CREDITS, 8);
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(1000));
	rig_set(PCIELINK_NGNRE_SPACING_NS, 0);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		unsigned int fit = 8 / ((sizes[s] + 15) / 16);

		rig_open(1, 1);
		for (unsigned int i = 0; i <= fit; i++)
			assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE, sizes[s],
							PCIELINK_NGNRE, NOW),
					 0);
		assert_true(rig.tlp[fit - 1].start_ps < NS(1000));
		assert_int_equal(rig.tlp[fit].start_ps, rig.tlp[0].end_ps + NS(1000));
	}
}

static void
credits__back_in_time_cost_nothing(void **state)
{
	(void)state;
	rig_set(PCIELINK_HEADER_CREDITS, 1);
	rig_set(PCIELINK_DATA_CREDITS, 4);
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(1000));
	rig_open(1, 1);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(
			pcielink_store(rig.link, 0, RIG_BASE, 64, PCIELINK_WC, i * NS(1100)), 0);
	assert_int_equal(rig_totals().credit_waits, 0);
}

static void
credits__exhausted_long_enough_stall_the_cpu(void **state)
{
	const unsigned int lines = 100;
	uint64_t each;

	(void)state;
	rig_set(PCIELINK_HEADER_CREDITS, 1);
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(1000));
	rig_set(PCIELINK_QUEUE_TLPS, 2);
	rig_open(1, 1);
	rig_lines(RIG_BASE, lines, 64, PCIELINK_WC);
	each = rig.tlp[0].end_ps - rig.tlp[0].start_ps + NS(1000);
	for (size_t i = 0; i < lines; i++)
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + i * each);
	/* On the wire or beyond: all but what queue and buffers hold. */
	assert_true(pcielink_now(rig.link, 0) >= (lines - 2 - 4 - 1) * each);
	assert_int_equal(pcielink_now(rig.link, 0), lines * NS(1) + rig_totals().stall_pressure_ps);
}

static void
credits__as_many_as_can_be_wrap_around(void **state)
{
	(void)state;
	rig_set(PCIELINK_DATA_CREDITS, 8188);
	rig_set(PCIELINK_CREDIT_RETURN_NS, NS(100000));
	rig_set(PCIELINK_NGNRE_SPACING_NS, 0);
	rig_open(1, 1);
	for (unsigned int i = 0; i < 3 * 8188; i++)
		assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE, 4, PCIELINK_NGNRE, NOW), 0);
	assert_int_equal(rig.tlp[8188].start_ps, rig.tlp[0].end_ps + NS(100000));
	assert_int_equal(rig.tlp[3 * 8188 - 1].start_ps, rig.tlp[2 * 8188 - 1].end_ps + NS(100000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wire__efficiency_by_payload_is_as_reckoned, rig_setup),
		cmocka_unit_test_setup(wire__header_depends_on_the_address, rig_setup),
		cmocka_unit_test_setup(wire__payload_is_whole_dwords, rig_setup),
		cmocka_unit_test_setup(wire__rate_follows_generation_and_lanes, rig_setup),
		cmocka_unit_test_setup(wire__tlp_takes_its_bytes_at_that_rate, rig_setup),
		cmocka_unit_test_setup(wire__busy_link_sends_one_after_the_other, rig_setup),
		cmocka_unit_test_setup(queue__full_delays_the_acceptance, rig_setup),
		cmocka_unit_test_setup(credits__infinite_never_wait, rig_setup),
		cmocka_unit_test_setup(credits__headers_used_up_wait_for_the_first, rig_setup),
		cmocka_unit_test_setup(credits__data_are_counted_by_16_bytes, rig_setup),
		cmocka_unit_test_setup(credits__back_in_time_cost_nothing, rig_setup),
		cmocka_unit_test_setup(credits__exhausted_long_enough_stall_the_cpu, rig_setup),
		cmocka_unit_test_setup(credits__as_many_as_can_be_wrap_around, rig_setup),
	};

	return cmocka_run_group_tests(tests, NULL, rig_teardown);
}
