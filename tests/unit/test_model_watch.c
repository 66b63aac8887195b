/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* WINDOW_TEST, on a card that sees single stores and on one that does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define LINES 16u

static struct fake_host host;
static struct wcnic_window_grant window;

static void
host_open(bool sees_stores)
{
	struct wcnic_card_config config = {.seed = 3, .sees_stores = sees_stores};

	assert_int_equal(fake_host_init(&host, &config), 0);
	fake_enable(&host);
	assert_int_equal(fake_window(&host, WCNIC_WINDOW_PUSH, 2, 0, 65536, &window), 0);
}

static int
setup(void **state)
{
	(void)state;
	host_open(true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_host_fini(&host);
	return 0;
}

static int
test_step(uint8_t step, uint32_t lines, struct wcnic_window_test_report *report)
{
	struct wcnic_cmd_window_test p = {
		.id = window.id,
		.generation = window.generation,
		.step = step,
		.lines = htole32(lines),
	};

	return fake_cmd(&host, WCNIC_OP_WINDOW_TEST, &p, report,
			report != NULL ? sizeof(*report) : 0, NULL);
}

static void
start(void)
{
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_OK);
}

static void
report_get(struct wcnic_window_test_report *report)
{
	memset(report, 0xee, sizeof(*report));
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, report), WCNIC_ST_OK);
}

/* A store of the driver, a microsecond after the one before. */
static void
store(uint64_t off, size_t bytes)
{
	static const uint8_t data[64] = {1, 2, 3, 4, 5, 6, 7, 8};

	host.m.now_ns += 1000;
	assert_int_equal(wcnic_card_bar_write(host.card, WCNIC_BAR_WINDOWS,
					      le64toh(window.offset) + off, data, bytes),
			 0);
}

static void
store_line(unsigned int line, size_t piece)
{
	for (size_t off = 0; off < 64; off += piece)
		store(line * 64u + off, piece);
}

static void
lines_are(const struct wcnic_window_test_report *report, uint32_t whole, uint32_t partial,
	  uint32_t lost, uint32_t reordered)
{
	assert_int_equal(le32toh(report->lines_whole), whole);
	assert_int_equal(le32toh(report->lines_partial), partial);
	assert_int_equal(le32toh(report->lines_lost), lost);
	assert_int_equal(le32toh(report->lines_reordered), reordered);
}

static void
arrivals_are(const struct wcnic_window_test_report *report, const uint32_t *expected)
{
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(le32toh(report->arrivals[i]), expected[i]);
}

static void
caps__say_what_the_card_sees(void **state)
{
	(void)state;
	host_open(true);
	assert_true(fake_reg64(&host, WCNIC_REG_CAPS) & WCNIC_CAP_WINDOW_TEST);
	fake_host_fini(&host);
	host_open(false);
	assert_false(fake_reg64(&host, WCNIC_REG_CAPS) & WCNIC_CAP_WINDOW_TEST);
	fake_host_fini(&host);
}

static void
plain_memory__both_steps__not_observable(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	host_open(false);
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_NOT_OBSERVABLE);
	store_line(0, 64);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_NOT_OBSERVABLE);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, NULL), WCNIC_ST_NOT_OBSERVABLE);
	fake_host_fini(&host);
}

static void
report__whole_lines__counted_with_times(void **state)
{
	const uint32_t arrivals[8] = {[6] = LINES};
	struct wcnic_window_test_report report;
	uint64_t before = host.m.now_ns;

	(void)state;
	start();
	for (unsigned int i = 0; i < LINES; i++)
		store_line(i, 64);
	host.m.now_ns += 5000;
	report_get(&report);
	lines_are(&report, LINES, 0, 0, 0);
	arrivals_are(&report, arrivals);
	assert_int_equal(le64toh(report.first_ns), before + 1000);
	assert_int_equal(le64toh(report.last_ns), before + LINES * 1000);
}

static void
report__lines_in_pieces__by_size(void **state)
{
	const uint32_t arrivals[8] = {64, 32, 16, 8, 4, 2, 0, 0};
	struct wcnic_window_test_report report;

	(void)state;
	start();
	for (unsigned int i = 0; i < 6; i++)
		store_line(i, 1u << i);
	report_get(&report);
	lines_are(&report, 0, 6, LINES - 6, 0);
	arrivals_are(&report, arrivals);
}

static void
report__sizes_of_no_class_and_split_lines__other(void **state)
{
	const uint32_t arrivals[8] = {[3] = 1, [5] = 2, [7] = 2};
	struct wcnic_window_test_report report;

	(void)state;
	start();
	store(0, 24);
	store(24, 40);
	/* Across a line: what arrives in each of them. */
	store(64 + 32, 64);
	store(64, 8);
	report_get(&report);
	lines_are(&report, 0, 1, LINES - 1, 1);
	arrivals_are(&report, arrivals);
}

static void
report__missing_bytes_and_lines__lost(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	start();
	store_line(0, 64);
	for (unsigned int off = 0; off < 64; off += 8)
		if (off != 24)
			store(64 + off, 8);
	store_line(3, 16);
	report_get(&report);
	lines_are(&report, 1, 1, LINES - 2, 0);
}

static void
report__nothing_arrived__all_lost(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	start();
	report_get(&report);
	lines_are(&report, 0, 0, LINES, 0);
	assert_int_equal(report.first_ns, 0);
	assert_int_equal(report.last_ns, 0);
}

static void
report__lines_out_of_order__once_each(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	start();
	store_line(2, 64);
	store_line(0, 32); /* both pieces late: one line */
	store_line(1, 64);
	store(3 * 64, 32);
	store_line(4, 64);
	store(3 * 64 + 32, 32); /* the rest after a later line */
	for (unsigned int i = 5; i < LINES; i++)
		store_line(i, 64);
	report_get(&report);
	lines_are(&report, LINES - 2, 2, 0, 3);
}

static void
report__duplicates__arrive_but_count_once(void **state)
{
	const uint32_t arrivals[8] = {[3] = 1, [6] = 3};
	struct wcnic_window_test_report report;

	(void)state;
	start();
	store_line(0, 64);
	store_line(1, 64);
	store_line(0, 64); /* again: nothing of it is new, so nothing is late */
	store(64, 8);
	report_get(&report);
	lines_are(&report, 2, 0, LINES - 2, 0);
	arrivals_are(&report, arrivals);
}

static void
report__strays__are_not_counted(void **state)
{
	const uint32_t none[8] = {0};
	struct wcnic_window_test_report report;
	struct wcnic_stats stats;

	(void)state;
	start();
	store(LINES * 64u, 64);  /* in the window, past what was announced */
	store((uint64_t)-64, 8); /* before it */
	store(65536, 8);         /* after it */
	report_get(&report);
	lines_are(&report, 0, 0, LINES, 0);
	arrivals_are(&report, none);
	fake_stats(&host, &stats);
	assert_int_equal(stats.stray_writes, 2);
}

static void
report__without_start__bad_state(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
	start();
	report_get(&report);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
}

static void
report__without_buffer__refused_and_still_there(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	start();
	store_line(0, 64);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, NULL), WCNIC_ST_INVALID_FIELD);
	report_get(&report);
	lines_are(&report, 1, 0, LINES - 1, 0);
}

static void
start__again__clears_the_record(void **state)
{
	struct wcnic_window_test_report report;
	struct wcnic_window_grant first = window;

	(void)state;
	start();
	store_line(0, 64);
	start();
	store_line(1, 64);
	report_get(&report);
	lines_are(&report, 1, 0, LINES - 1, 0);
	/* On another window: the card keeps one record. */
	start();
	assert_int_equal(fake_window(&host, WCNIC_WINDOW_PUSH, 2, 1, 65536, &window), 0);
	start();
	report_get(&report);
	window = first;
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
}

static void
start__bad_lines__refused(void **state)
{
	(void)state;
	assert_int_equal(test_step(WCNIC_TEST_START, 0, NULL), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(test_step(WCNIC_TEST_START, 65536 / 64 + 1, NULL), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(test_step(WCNIC_TEST_START, UINT32_MAX, NULL), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(test_step(WCNIC_TEST_START, 65536 / 64, NULL), WCNIC_ST_OK);
	assert_int_equal(test_step(3, 1, NULL), WCNIC_ST_INVALID_FIELD);
}

static void
window__of_a_queue__bad_state(void **state)
{
	struct wcnic_window_test_report report;
	struct fake_txq q;

	(void)state;
	assert_int_equal(fake_txq_open(&host, &q, 1, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	window = q.push_grant;
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_BAD_STATE);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
}

static void
window__wrong__invalid(void **state)
{
	struct wcnic_window_grant right = window;

	(void)state;
	window.generation ^= htole16(1);
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_INVALID_WINDOW);
	window = right;
	window.id = htole16(200);
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_INVALID_WINDOW);
	assert_int_equal(
		fake_window(&host, WCNIC_WINDOW_DOORBELL, 0, WCNIC_QUEUE_NONE, 4096, &window), 0);
	assert_int_equal(test_step(WCNIC_TEST_START, LINES, NULL), WCNIC_ST_INVALID_WINDOW);
}

static void
window__gone_in_mid_test__record_goes_with_it(void **state)
{
	struct wcnic_window_test_report report;
	struct wcnic_window_grant old = window;

	(void)state;
	start();
	assert_int_equal(fake_window_free(&host, &window), 0);
	store_line(0, 64);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_INVALID_WINDOW);
	assert_int_equal(fake_window(&host, WCNIC_WINDOW_PUSH, 2, 0, 65536, &window), 0);
	assert_int_not_equal(window.generation, old.generation);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
	start();
	wcnic_card_reset(host.card);
	fake_enable(&host);
	assert_int_equal(fake_window(&host, WCNIC_WINDOW_PUSH, 2, 0, 65536, &window), 0);
	assert_int_equal(test_step(WCNIC_TEST_REPORT, 0, &report), WCNIC_ST_BAD_STATE);
	start();
	assert_int_equal(wcnic_card_window_revoke(host.card, le16toh(window.id)), 0);
	store_line(0, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(caps__say_what_the_card_sees),
		cmocka_unit_test(plain_memory__both_steps__not_observable),
		CASE(report__whole_lines__counted_with_times),
		CASE(report__lines_in_pieces__by_size),
		CASE(report__sizes_of_no_class_and_split_lines__other),
		CASE(report__missing_bytes_and_lines__lost),
		CASE(report__nothing_arrived__all_lost),
		CASE(report__lines_out_of_order__once_each),
		CASE(report__duplicates__arrive_but_count_once),
		CASE(report__strays__are_not_counted),
		CASE(report__without_start__bad_state),
		CASE(report__without_buffer__refused_and_still_there),
		CASE(start__again__clears_the_record),
		CASE(start__bad_lines__refused),
		CASE(window__of_a_queue__bad_state),
		CASE(window__wrong__invalid),
		CASE(window__gone_in_mid_test__record_goes_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
