/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* How UC and Device stores become TLPs, what order points do, time, and bad arguments. */

#include <errno.h>

#include "pcielink_rig.h"

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
				rig_assert_tlp(i, i * bytes, bytes, PCIELINK_BY_STORE);
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
		rig_store(i * 8, 8, PCIELINK_NGNRE);
	/* Sent 10 ns apart, and nobody waited. */
	assert_int_equal(pcielink_now(rig.link, 0), NS(4));
	assert_int_equal(rig_totals().stall_device_ps, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig.tlp[i].start_ps, NS(1) + i * NS(10));
	rig_store(32, 8, PCIELINK_NGNRE); /* issued at 5; the first was accepted at 1 */
	assert_int_equal(pcielink_now(rig.link, 0), NS(5));
	rig_store(40, 8, PCIELINK_NGNRE); /* issued at 6; the second is accepted at 11 */
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
		rig_store(0, 8, PCIELINK_WC);
		rig_store(4096, 4, PCIELINK_UC);
		assert_int_equal(rig.tlps, 1 + x86);
		if (x86 != 0)
			rig_assert_tlp(0, 0, 8, PCIELINK_BY_ORDER);
		rig_assert_tlp(x86, 4096, 4, PCIELINK_BY_STORE);
	}
}

static void
device__same_line_never_overtakes(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_store(0, 8, PCIELINK_NC);
	rig_store(64, 8, PCIELINK_NC);
	rig_store(0, 8, PCIELINK_NGNRE);
	assert_int_equal(rig.tlps, 2);
	rig_assert_tlp(0, 0, 8, PCIELINK_BY_ORDER);
	rig_assert_tlp(1, 0, 8, PCIELINK_BY_STORE);
}

static void
wb__is_counted_and_nothing_else(void **state)
{
	(void)state;
	rig_open(1, 1);
	rig_lines(RIG_BASE, 2, 8, PCIELINK_WB);
	rig_order(PCIELINK_DGH);
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
		rig_store(128, 8, PCIELINK_NC);
		rig_store(0, 8, PCIELINK_NC);
		rig_store(64, 8, PCIELINK_NC);
		rig_order(kind);
		assert_int_equal(rig.tlps, 3);
		rig_assert_tlp(0, 128, 8, PCIELINK_BY_ORDER);
		rig_assert_tlp(1, 0, 8, PCIELINK_BY_ORDER);
		rig_assert_tlp(2, 64, 8, PCIELINK_BY_ORDER);
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
		rig_store(0, 64, PCIELINK_NC);
		rig_order(kind);
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
	rig_order(PCIELINK_SFENCE);
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
	rig_order(PCIELINK_SFENCE);
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
