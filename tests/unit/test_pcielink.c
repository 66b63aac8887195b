/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How write-combined stores become TLPs: gathering and eviction. */

#include "pcielink_rig.h"

/* ---- gathering ------------------------------------------------------------------------------ */

static void
wc__full_line_is_one_tlp(void **state)
{
	static const unsigned int sizes[] = {1, 2, 4, 8, 16, 32, 64};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		rig_open(1, 1);
		rig_lines(RIG_BASE, 10, sizes[i], PCIELINK_WC);
		assert_int_equal(rig.tlps, 10);
		for (unsigned int line = 0; line < 10; line++)
			rig_assert_tlp(line, line * 64, 64, PCIELINK_BY_FILL);
		assert_int_equal(rig_totals().lines_whole, 10);
		assert_int_equal(rig_totals().lines_partial, 0);
		assert_int_equal(rig_totals().tlps_by_bytes[64], 10);
	}
}

static void
wc__full_line_in_any_order_is_one_tlp(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int i = 0; i < 8; i++)
		rig_store((i * 5 % 8) * 8, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 1);
	rig_assert_tlp(0, 0, 64, PCIELINK_BY_FILL);
}

static void
wc__partial_line_leaves_in_aligned_pieces(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int off = 4; off < 60; off += 4)
		rig_store(off, 4, PCIELINK_WC);
	assert_int_equal(rig.tlps, 0);
	rig_order(PCIELINK_SFENCE);
	/* 4 to 59: what the alignment allows, up to partial_max_bytes. */
	assert_int_equal(rig.tlps, 6);
	rig_assert_tlp(0, 4, 4, PCIELINK_BY_ORDER);
	rig_assert_tlp(1, 8, 8, PCIELINK_BY_ORDER);
	rig_assert_tlp(2, 16, 16, PCIELINK_BY_ORDER);
	rig_assert_tlp(3, 32, 16, PCIELINK_BY_ORDER);
	rig_assert_tlp(4, 48, 8, PCIELINK_BY_ORDER);
	rig_assert_tlp(5, 56, 4, PCIELINK_BY_ORDER);
	assert_int_equal(rig_totals().lines_partial, 1);
	assert_int_equal(rig_totals().lines_whole, 0);
}

static void
wc__partial_line_with_small_pieces_leaves_in_those(void **state)
{
	(void)state;
	rig_set(PCIELINK_PARTIAL_MAX_BYTES, 8);
	rig_open(1, 1);
	rig_lines(RIG_BASE, 1, 32, PCIELINK_WC); /* a full line is not affected */
	rig_store(64, 32, PCIELINK_WC);
	rig_store(99, 1, PCIELINK_WC);
	rig_order(PCIELINK_SFENCE);
	assert_int_equal(rig.tlps, 6);
	rig_assert_tlp(0, 0, 64, PCIELINK_BY_FILL);
	for (unsigned int i = 0; i < 4; i++)
		rig_assert_tlp(1 + i, 64 + i * 8, 8, PCIELINK_BY_ORDER);
	rig_assert_tlp(5, 99, 1, PCIELINK_BY_ORDER);
}

static void
wc__bytes_stored_twice_leave_once(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_store(0, 8, PCIELINK_WC);
	rig_store(4, 8, PCIELINK_WC);
	rig_order(PCIELINK_SFENCE);
	assert_int_equal(rig_totals().overwritten_bytes, 4);
	assert_int_equal(rig_totals().payload_bytes, 12);
}

static void
wc__store_across_lines_is_one_in_each(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_store(60, 8, PCIELINK_WC);
	pcielink_flush(rig.link);
	assert_int_equal(rig.tlps, 2);
	rig_assert_tlp(0, 60, 4, PCIELINK_BY_END);
	rig_assert_tlp(1, 64, 4, PCIELINK_BY_END);
	assert_int_equal(rig_totals().stores[PCIELINK_WC], 1);
}

static void
wc__one_line_more_than_buffers_evicts_the_oldest(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int line = 0; line < 4; line++)
		rig_store(line * 64, 8, PCIELINK_WC);
	rig_store(8, 8, PCIELINK_WC); /* line 0 is the oldest all the same */
	assert_int_equal(rig.tlps, 0);
	rig_store(4 * 64, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 1);
	rig_assert_tlp(0, 0, 16, PCIELINK_BY_PRESSURE);
	rig_store(0, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 2);
	rig_assert_tlp(1, 64, 8, PCIELINK_BY_PRESSURE);
}

static void
wc__buffer_not_released_stalls_the_next_line(void **state)
{
	(void)state;
	rig_set(PCIELINK_WC_BUFFERS, 2);
	rig_set(PCIELINK_WC_RELEASE_NS, NS(100));
	rig_open(1, 1);
	rig_lines(RIG_BASE, 2, 64, PCIELINK_WC);
	assert_int_equal(pcielink_now(rig.link, 0), NS(2));
	rig_lines(RIG_BASE + 128, 1, 64, PCIELINK_WC);
	/* The first line left at 1 ns: its buffer is free at 101. */
	assert_int_equal(pcielink_now(rig.link, 0), NS(101));
	assert_int_equal(rig_totals().stall_pressure_ps, NS(98));
}

static void
wc__spacing_keeps_tlps_apart(void **state)
{
	(void)state;
	rig_set(PCIELINK_WC_SPACING_NS, NS(108));
	rig_open(1, 1);
	rig_lines(RIG_BASE, 4, 64, PCIELINK_WC);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + i * NS(108));
}

static void
cpus__have_buffers_of_their_own(void **state)
{
	(void)state;
	rig_open(2, 1);
	assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE, 32, PCIELINK_WC, NOW), 0);
	assert_int_equal(pcielink_store(rig.link, 1, RIG_BASE + 32, 32, PCIELINK_WC, NOW), 0);
	assert_int_equal(rig.tlps, 0);
	assert_int_equal(pcielink_order(rig.link, 1, PCIELINK_SFENCE, NOW), 0);
	assert_int_equal(rig.tlps, 1);
	rig_assert_tlp(0, 32, 32, PCIELINK_BY_ORDER);
	assert_int_equal(rig.tlp[0].cpu, 1);
}

/* ---- Normal-NC ------------------------------------------------------------------------------ */

static void
nc__gathers_always_is_one_tlp_a_line(void **state)
{
	(void)state;
	rig_open(1, 7);
	rig_lines(RIG_BASE, 100, 8, PCIELINK_NC);
	assert_int_equal(rig.tlps, 100);
	assert_int_equal(rig_totals().lines_whole, 100);
}

static void
nc__gathers_never_is_one_tlp_a_store(void **state)
{
	(void)state;
	rig_set(PCIELINK_GATHER, 0);
	rig_open(1, 7);
	rig_lines(RIG_BASE, 100, 8, PCIELINK_NC);
	rig_order(PCIELINK_DSB);
	assert_int_equal(rig.tlps, 800);
	assert_int_equal(rig_totals().tlps_by_bytes[8], 800);
	/* The last store of a line leaves when its buffer is wanted, or at the end. */
	assert_int_equal(rig_totals().tlps_by_cause[PCIELINK_BY_NO_GATHER], 700);
}

static void
nc__gathers_never_store_of_a_line_is_whole(void **state)
{
	(void)state;
	rig_set(PCIELINK_GATHER, 0);
	rig_open(1, 7);
	rig_lines(RIG_BASE, 100, 64, PCIELINK_NC);
	assert_int_equal(rig_totals().lines_whole, 100);
}

static uint64_t
nc_failures(uint64_t millionths, uint64_t seed, unsigned int lines)
{
	rig_set(PCIELINK_GATHER, millionths);
	rig_open(1, seed);
	rig_lines(RIG_BASE, lines, 8, PCIELINK_NC);
	rig_order(PCIELINK_DSB);
	assert_int_equal(rig_totals().payload_bytes, lines * 64);
	return rig_totals().lines_whole + rig_totals().lines_partial - lines;
}

static void
nc__gathers_sometimes_splits_binomially(void **state)
{
	const unsigned int lines = 2000, draws = lines * 7;

	(void)state;
	for (uint64_t percent = 10; percent < 100; percent += 20) {
		uint64_t failures = nc_failures(percent * 10000, 42 + percent, lines);
		int64_t off = (int64_t)(failures * 100) - (int64_t)(draws * (100 - percent));

		/* Five standard deviations, all in hundredths and squared. */
		assert_true((uint64_t)(off * off) <= 25 * draws * percent * (100 - percent));
		assert_true(failures > 0);
	}
}

static void
nc__seed_decides_all(void **state)
{
	uint64_t failures;

	(void)state;
	failures = nc_failures(500000, 1, 2000);
	assert_int_equal(nc_failures(500000, 1, 2000), failures);
	assert_int_not_equal(nc_failures(500000, 2, 2000), failures);
}

static void
nc__cpus_draw_for_themselves(void **state)
{
	size_t alone, mine = 0, others = 0;
	uint64_t lengths[2] = {0};

	(void)state;
	nc_failures(500000, 1, 100);
	alone = rig.tlps;
	rig_open(2, 1);
	for (unsigned int off = 0; off < 6400; off += 8) {
		assert_int_equal(pcielink_store(rig.link, 1, off, 8, PCIELINK_NC, NOW), 0);
		rig_store(off, 8, PCIELINK_NC);
	}
	rig_order(PCIELINK_DSB);
	assert_int_equal(pcielink_order(rig.link, 1, PCIELINK_DSB, NOW), 0);
	for (size_t i = 0; i < rig.tlps; i++) {
		size_t n = rig.tlp[i].cpu == 0 ? mine++ : others++;

		lengths[rig.tlp[i].cpu] += rig.tlp[i].bytes * n; /* tells the order of sizes */
	}
	assert_int_equal(mine, alone);
	assert_int_not_equal(lengths[0], lengths[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wc__full_line_is_one_tlp, rig_setup),
		cmocka_unit_test_setup(wc__full_line_in_any_order_is_one_tlp, rig_setup),
		cmocka_unit_test_setup(wc__partial_line_leaves_in_aligned_pieces, rig_setup),
		cmocka_unit_test_setup(wc__partial_line_with_small_pieces_leaves_in_those,
				       rig_setup),
		cmocka_unit_test_setup(wc__bytes_stored_twice_leave_once, rig_setup),
		cmocka_unit_test_setup(wc__store_across_lines_is_one_in_each, rig_setup),
		cmocka_unit_test_setup(wc__one_line_more_than_buffers_evicts_the_oldest, rig_setup),
		cmocka_unit_test_setup(wc__buffer_not_released_stalls_the_next_line, rig_setup),
		cmocka_unit_test_setup(wc__spacing_keeps_tlps_apart, rig_setup),
		cmocka_unit_test_setup(cpus__have_buffers_of_their_own, rig_setup),
		cmocka_unit_test_setup(nc__gathers_always_is_one_tlp_a_line, rig_setup),
		cmocka_unit_test_setup(nc__gathers_never_is_one_tlp_a_store, rig_setup),
		cmocka_unit_test_setup(nc__gathers_never_store_of_a_line_is_whole, rig_setup),
		cmocka_unit_test_setup(nc__gathers_sometimes_splits_binomially, rig_setup),
		cmocka_unit_test_setup(nc__seed_decides_all, rig_setup),
		cmocka_unit_test_setup(nc__cpus_draw_for_themselves, rig_setup),
	};

	return cmocka_run_group_tests(tests, NULL, rig_teardown);
}
