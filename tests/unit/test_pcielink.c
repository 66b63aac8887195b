/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>

#include "pcielink_rig.h"

/* How stores become TLPs: gathering, eviction, issue rules, order points. */

static void
store(uint64_t off, unsigned int bytes, enum pcielink_type type)
{
	assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE + off, bytes, type, NOW), 0);
}

static void
order(enum pcielink_order kind)
{
	assert_int_equal(pcielink_order(rig.link, 0, kind, NOW), 0);
}

static void
assert_tlp(size_t i, uint64_t off, uint32_t bytes, enum pcielink_cause cause)
{
	assert_true(i < rig.tlps);
	assert_int_equal(rig.tlp[i].addr, RIG_BASE + off);
	assert_int_equal(rig.tlp[i].bytes, bytes);
	assert_string_equal(pcielink_cause_name(rig.tlp[i].cause), pcielink_cause_name(cause));
}

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
			assert_tlp(line, line * 64, 64, PCIELINK_BY_FILL);
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
		store((i * 5 % 8) * 8, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 1);
	assert_tlp(0, 0, 64, PCIELINK_BY_FILL);
}

static void
wc__partial_line_leaves_in_aligned_pieces(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int off = 4; off < 60; off += 4)
		store(off, 4, PCIELINK_WC);
	assert_int_equal(rig.tlps, 0);
	order(PCIELINK_SFENCE);
	/* 4 to 59: what the alignment allows, up to partial_max_bytes. */
	assert_int_equal(rig.tlps, 6);
	assert_tlp(0, 4, 4, PCIELINK_BY_ORDER);
	assert_tlp(1, 8, 8, PCIELINK_BY_ORDER);
	assert_tlp(2, 16, 16, PCIELINK_BY_ORDER);
	assert_tlp(3, 32, 16, PCIELINK_BY_ORDER);
	assert_tlp(4, 48, 8, PCIELINK_BY_ORDER);
	assert_tlp(5, 56, 4, PCIELINK_BY_ORDER);
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
	store(64, 32, PCIELINK_WC);
	store(99, 1, PCIELINK_WC);
	order(PCIELINK_SFENCE);
	assert_int_equal(rig.tlps, 6);
	assert_tlp(0, 0, 64, PCIELINK_BY_FILL);
	for (unsigned int i = 0; i < 4; i++)
		assert_tlp(1 + i, 64 + i * 8, 8, PCIELINK_BY_ORDER);
	assert_tlp(5, 99, 1, PCIELINK_BY_ORDER);
}

static void
wc__bytes_stored_twice_leave_once(void **state)
{
	(void)state;
	rig_open(1, 1);
	store(0, 8, PCIELINK_WC);
	store(4, 8, PCIELINK_WC);
	order(PCIELINK_SFENCE);
	assert_int_equal(rig_totals().overwritten_bytes, 4);
	assert_int_equal(rig_totals().payload_bytes, 12);
}

static void
wc__store_across_lines_is_one_in_each(void **state)
{
	(void)state;
	rig_open(1, 1);
	store(60, 8, PCIELINK_WC);
	pcielink_flush(rig.link);
	assert_int_equal(rig.tlps, 2);
	assert_tlp(0, 60, 4, PCIELINK_BY_END);
	assert_tlp(1, 64, 4, PCIELINK_BY_END);
	assert_int_equal(rig_totals().stores[PCIELINK_WC], 1);
}

static void
wc__one_line_more_than_buffers_evicts_the_oldest(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int line = 0; line < 4; line++)
		store(line * 64, 8, PCIELINK_WC);
	store(8, 8, PCIELINK_WC); /* line 0 is the oldest all the same */
	assert_int_equal(rig.tlps, 0);
	store(4 * 64, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 1);
	assert_tlp(0, 0, 16, PCIELINK_BY_PRESSURE);
	store(0, 8, PCIELINK_WC);
	assert_int_equal(rig.tlps, 2);
	assert_tlp(1, 64, 8, PCIELINK_BY_PRESSURE);
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
	assert_tlp(0, 32, 32, PCIELINK_BY_ORDER);
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
	order(PCIELINK_DSB);
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
	order(PCIELINK_DSB);
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
		store(off, 8, PCIELINK_NC);
	}
	order(PCIELINK_DSB);
	assert_int_equal(pcielink_order(rig.link, 1, PCIELINK_DSB, NOW), 0);
	for (size_t i = 0; i < rig.tlps; i++) {
		size_t n = rig.tlp[i].cpu == 0 ? mine++ : others++;

		lengths[rig.tlp[i].cpu] += rig.tlp[i].bytes * n; /* tells the order of sizes */
	}
	assert_int_equal(mine, alone);
	assert_int_not_equal(lengths[0], lengths[1]);
}

/* ---- UC and Device -------------------------------------------------------------------------- */

static void
device__each_store_is_one_tlp(void **state)
{
	static const enum pcielink_type types[] = {PCIELINK_UC, PCIELINK_NGNRE};

	(void)state;
	for (unsigned int t = 0; t < 2; t++) {
		for (unsigned int bytes = 1; bytes <= 64; bytes *= 2) {
			rig_open(1, 1);
			rig_lines(RIG_BASE, 3, bytes, types[t]);
			assert_int_equal(rig.tlps, 3 * 64 / bytes);
			for (size_t i = 0; i < rig.tlps; i++)
				assert_tlp(i, i * bytes, bytes, PCIELINK_BY_STORE);
			assert_int_equal(rig_totals().lines_whole, 0);
		}
	}
}

static void
uc__cpu_waits_for_each(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_lines(RIG_BASE, 1, 8, PCIELINK_UC);
	assert_int_equal(pcielink_now(rig.link, 0), 8 * NS(101));
	assert_int_equal(rig_totals().stall_device_ps, 8 * NS(100));
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + i * NS(101));
}

static void
ngnre__is_posted_until_the_outstanding_are_reached(void **state)
{
	(void)state;
	rig_open(1, 1);
	for (unsigned int i = 0; i < 4; i++)
		store(i * 8, 8, PCIELINK_NGNRE);
	/* Sent 10 ns apart, and nobody waited. */
	assert_int_equal(pcielink_now(rig.link, 0), NS(4));
	assert_int_equal(rig_totals().stall_device_ps, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + i * NS(10));
	store(32, 8, PCIELINK_NGNRE); /* issued at 5; the first was accepted at 1 */
	assert_int_equal(pcielink_now(rig.link, 0), NS(5));
	store(40, 8, PCIELINK_NGNRE); /* issued at 6; the second is accepted at 11 */
	assert_int_equal(pcielink_now(rig.link, 0), NS(11));
	assert_int_equal(rig_totals().stall_device_ps, NS(5));
	assert_int_equal(rig.tlp[5].start_ps, NS(51));
}

static void
uc__evicts_lines_where_the_cpu_does_that(void **state)
{
	(void)state;
	for (unsigned int x86 = 0; x86 < 2; x86++) {
		rig_set(PCIELINK_UC_EVICTS_WC, x86);
		rig_open(1, 1);
		store(0, 8, PCIELINK_WC);
		store(4096, 4, PCIELINK_UC);
		assert_int_equal(rig.tlps, 1 + x86);
		if (x86)
			assert_tlp(0, 0, 8, PCIELINK_BY_ORDER);
		assert_tlp(x86, 4096, 4, PCIELINK_BY_STORE);
	}
}

static void
device__same_line_never_overtakes(void **state)
{
	(void)state;
	rig_open(1, 1);
	store(0, 8, PCIELINK_NC);
	store(64, 8, PCIELINK_NC);
	store(0, 8, PCIELINK_NGNRE);
	assert_int_equal(rig.tlps, 2);
	assert_tlp(0, 0, 8, PCIELINK_BY_ORDER);
	assert_tlp(1, 0, 8, PCIELINK_BY_STORE);
}

static void
wb__is_counted_and_nothing_else(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_lines(RIG_BASE, 2, 8, PCIELINK_WB);
	order(PCIELINK_DGH);
	assert_int_equal(rig.tlps, 0);
	assert_int_equal(rig_totals().stores[PCIELINK_WB], 16);
	assert_int_equal(rig_totals().store_bytes[PCIELINK_WB], 128);
	assert_int_equal(pcielink_now(rig.link, 0), NS(2)); /* the order point's */
}

/* ---- order points --------------------------------------------------------------------------- */

static void
order__every_kind_evicts_in_age_order(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < PCIELINK_ORDERS; kind++) {
		rig_open(1, 1);
		store(128, 8, PCIELINK_NC);
		store(0, 8, PCIELINK_NC);
		store(64, 8, PCIELINK_NC);
		order(kind);
		assert_int_equal(rig.tlps, 3);
		assert_tlp(0, 128, 8, PCIELINK_BY_ORDER);
		assert_tlp(1, 0, 8, PCIELINK_BY_ORDER);
		assert_tlp(2, 64, 8, PCIELINK_BY_ORDER);
		assert_int_equal(rig_totals().orders[kind], 1);
	}
}

static void
order__waits_or_goes_on_by_kind(void **state)
{
	static const uint64_t after_one_store[PCIELINK_ORDERS] = {
		[PCIELINK_DGH] = NS(3),     [PCIELINK_DMB] = NS(3),      [PCIELINK_DSB] = NS(51),
		[PCIELINK_SFENCE] = NS(51), [PCIELINK_DOORBELL] = NS(3),
	};

	(void)state;
	for (unsigned int kind = 0; kind < PCIELINK_ORDERS; kind++) {
		rig_open(1, 1);
		store(0, 64, PCIELINK_NC);
		order(kind);
		if (kind == PCIELINK_LOAD)
			assert_int_equal(pcielink_now(rig.link, 0), rig.tlp[0].end_ps + NS(500));
		else
			assert_int_equal(pcielink_now(rig.link, 0), after_one_store[kind]);
	}
}

static void
order__drain_waits_for_what_the_queue_does_not_take(void **state)
{
	(void)state;
	rig_set(PCIELINK_QUEUE_TLPS, 1);
	rig_set(PCIELINK_GENERATION, 1);
	rig_set(PCIELINK_LANES, 1);
	rig_open(1, 1);
	rig_lines(RIG_BASE, 3, 64, PCIELINK_WC);
	order(PCIELINK_SFENCE);
	/* 88 bytes at 250 MB/s are 352 ns; the third is accepted when the second starts. */
	assert_int_equal(rig.tlp[1].start_ps, NS(353));
	assert_int_equal(rig.tlp[2].accept_ps, NS(353));
	assert_int_equal(pcielink_now(rig.link, 0), NS(353 + 50));
	assert_int_equal(rig_totals().stall_order_ps, NS(400));
}

/* ---- time and arguments --------------------------------------------------------------------- */

static void
time__later_store_happens_later_and_earlier_one_now(void **state)
{
	(void)state;
	rig_open(1, 1);
	assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE, 64, PCIELINK_WC, NS(1000)), 0);
	assert_int_equal(rig.tlp[0].accept_ps, NS(1001));
	assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE, 64, PCIELINK_WC, NS(10)), 0);
	assert_int_equal(rig.tlp[1].accept_ps, NS(1002));
	assert_int_equal(rig_totals().cpu_issue_ps, NS(2));
}

static void
time__first_call_of_a_cpu_is_when_others_are(void **state)
{
	(void)state;
	rig_open(2, 1);
	rig_lines(RIG_BASE, 1, 8, PCIELINK_WC);
	assert_int_equal(pcielink_now(rig.link, 1), NS(8));
	assert_int_equal(pcielink_store(rig.link, 1, RIG_BASE, 64, PCIELINK_WC, NOW), 0);
	assert_int_equal(pcielink_now(rig.link, 1), NS(9));
	assert_int_equal(pcielink_now(rig.link, 0), NS(8));
}

static void
store__bad_arguments_are_refused_and_change_nothing(void **state)
{
	static const struct pcielink_totals nothing;
	struct pcielink_totals totals;

	(void)state;
	rig_open(2, 1);
	assert_int_equal(pcielink_store(rig.link, 2, 0, 8, PCIELINK_WC, NOW), -EINVAL);
	assert_int_equal(pcielink_store(rig.link, 0, 0, 0, PCIELINK_WC, NOW), -EINVAL);
	assert_int_equal(pcielink_store(rig.link, 0, 0, 65, PCIELINK_WC, NOW), -EINVAL);
	assert_int_equal(pcielink_store(rig.link, 0, 0, 8, PCIELINK_TYPES, NOW), -EINVAL);
	assert_int_equal(pcielink_order(rig.link, 2, PCIELINK_DSB, NOW), -EINVAL);
	assert_int_equal(pcielink_order(rig.link, 0, PCIELINK_ORDERS, NOW), -EINVAL);
	totals = rig_totals();
	assert_memory_equal(&totals, &nothing, sizeof(totals));
	assert_int_equal(pcielink_now(rig.link, 0), 0);
}

static void
create__bad_arguments_are_refused(void **state)
{
	struct pcielink *link = NULL;

	(void)state;
	assert_int_equal(pcielink_create(&rig.config, 0, 1, NULL, NULL, &link), -EINVAL);
	assert_int_equal(pcielink_create(&rig.config, PCIELINK_CPUS_MAX + 1, 1, NULL, NULL, &link),
			 -EINVAL);
	rig_set(PCIELINK_WC_BUFFERS, 65);
	assert_int_equal(pcielink_create(&rig.config, 1, 1, NULL, NULL, &link), -EINVAL);
	assert_null(link);
}

static void
totals__sub_leaves_the_region_of_interest(void **state)
{
	struct pcielink_totals before, after;

	(void)state;
	rig_open(1, 1);
	rig_lines(RIG_BASE, 5, 8, PCIELINK_WC);
	before = rig_totals();
	rig_lines(RIG_BASE, 2, 8, PCIELINK_WC);
	order(PCIELINK_SFENCE);
	after = rig_totals();
	pcielink_totals_sub(&after, &before);
	assert_int_equal(after.stores[PCIELINK_WC], 16);
	assert_int_equal(after.tlps, 2);
	assert_int_equal(after.orders[PCIELINK_SFENCE], 1);
	assert_int_equal(after.stall_order_ps, NS(50));
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
		cmocka_unit_test_setup(device__each_store_is_one_tlp, rig_setup),
		cmocka_unit_test_setup(uc__cpu_waits_for_each, rig_setup),
		cmocka_unit_test_setup(ngnre__is_posted_until_the_outstanding_are_reached,
				       rig_setup),
		cmocka_unit_test_setup(uc__evicts_lines_where_the_cpu_does_that, rig_setup),
		cmocka_unit_test_setup(device__same_line_never_overtakes, rig_setup),
		cmocka_unit_test_setup(wb__is_counted_and_nothing_else, rig_setup),
		cmocka_unit_test_setup(order__every_kind_evicts_in_age_order, rig_setup),
		cmocka_unit_test_setup(order__waits_or_goes_on_by_kind, rig_setup),
		cmocka_unit_test_setup(order__drain_waits_for_what_the_queue_does_not_take,
				       rig_setup),
		cmocka_unit_test_setup(time__later_store_happens_later_and_earlier_one_now,
				       rig_setup),
		cmocka_unit_test_setup(time__first_call_of_a_cpu_is_when_others_are, rig_setup),
		cmocka_unit_test_setup(store__bad_arguments_are_refused_and_change_nothing,
				       rig_setup),
		cmocka_unit_test_setup(create__bad_arguments_are_refused, rig_setup),
		cmocka_unit_test_setup(totals__sub_leaves_the_region_of_interest, rig_setup),
	};

	return cmocka_run_group_tests(tests, NULL, rig_teardown);
}
