/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* wcnicd --tlp-feed: this program is the driver, and QEMU's plugin as well. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <tlpfeed.h>

#include "child.h"

static struct child child;
static struct mini mini;
static struct tlpfeed feed;
static struct wcnic_window_grant grant;

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static unsigned int
window_test(uint8_t step, uint32_t lines)
{
	struct wcnic_cmd_window_test p = {
		.id = grant.id,
		.generation = grant.generation,
		.step = step,
		.lines = htole32(lines),
	};

	return mini_command_with(&mini, WCNIC_OP_WINDOW_TEST, &p);
}

static struct wcnic_window_test_report
window_report(void)
{
	struct wcnic_window_test_report report;

	assert_int_equal(window_test(WCNIC_TEST_REPORT, 0), WCNIC_ST_OK);
	memcpy(&report, mini.memory + mini.answer, sizeof(report));
	return report;
}

static int
setup(void **state)
{
	struct wcnic_cmd_window_alloc p = {
		.type = WCNIC_WINDOW_PUSH, .slot_lines = 2, .bytes = htole32(65536)};

	folder_setup(state);
	child_start(&child, ARGS("--socket", in_folder("a.sock"), "--tlp-feed", in_folder("feed")));
	child_expect(&child, "listens");
	mini_connect(&mini, in_folder("a.sock"));
	assert_true(mini_reg(&mini, WCNIC_REG_CAPS) & WCNIC_CAP_WINDOW_TEST);
	mini_enable(&mini);
	assert_int_equal(mini_command_with(&mini, WCNIC_OP_WINDOW_ALLOC, &p), WCNIC_ST_OK);
	memcpy(&grant, mini.memory + mini.answer, sizeof(grant));
	assert_int_equal(tlpfeed_open(&feed, in_folder("feed")), 0);
	return 0;
}

static int
teardown(void **state)
{
	int status;

	mini_close(&mini);
	tlpfeed_fini(&feed);
	status = child_end(&child, SIGTERM);
	if (status != 0)
		print_error("wcnicd ended with %d:\n%s\n", status, child.text);
	/* The ring is gone, or the folder is not empty. */
	return folder_teardown(state) != 0 || status != 0;
}

static void
push(uint64_t off, uint32_t bytes, uint64_t ns)
{
	assert_true(tlpfeed_push(&feed, le64toh(grant.offset) + off, bytes, ns));
}

static void
arrivals__are_reported_with_the_links_time(void **state)
{
	struct wcnic_window_test_report report;

	(void)state;
	push(0, 64, 10); /* before the test */
	assert_int_equal(window_test(WCNIC_TEST_START, 8), WCNIC_ST_OK);
	push(0, 64, 1000);
	push(64, 64, 2000);
	for (unsigned int off = 128; off < 192; off += 16)
		push(off, 16, 3000 + off);
	push(192, 8, 4000);
	push(8 * 64, 64, 5000); /* beyond the lines of the test */
	report = window_report();
	assert_int_equal(le32toh(report.arrivals[6]), 2);
	assert_int_equal(le32toh(report.arrivals[4]), 4);
	assert_int_equal(le32toh(report.arrivals[3]), 1);
	assert_int_equal(le32toh(report.lines_whole), 2);
	assert_int_equal(le32toh(report.lines_partial), 1);
	assert_int_equal(le32toh(report.lines_lost), 5);
	assert_int_equal(le64toh(report.first_ns), 1000);
	assert_int_equal(le64toh(report.last_ns), 4000);
}

static void
ring_overrun__test_ends_and_the_next_is_right(void **state)
{
	(void)state;
	assert_int_equal(window_test(WCNIC_TEST_START, 8), WCNIC_ST_OK);
	/* Faster than any reader, as this one is stopped. */
	kill(child.pid, SIGSTOP);
	assert_int_equal(waitpid(child.pid, NULL, WUNTRACED), child.pid);
	for (unsigned int i = 0; i < TLPFEED_ENTRIES + 5; i++)
		tlpfeed_push(&feed, le64toh(grant.offset), 64, i);
	kill(child.pid, SIGCONT);
	assert_int_equal(window_test(WCNIC_TEST_REPORT, 0), WCNIC_ST_BAD_STATE);
	assert_non_null(strstr(child_text(&child), "the ring was full"));
	assert_int_equal(window_test(WCNIC_TEST_START, 1), WCNIC_ST_OK);
	push(0, 64, 1);
	assert_int_equal(le32toh(window_report().lines_whole), 1);
}

static void
no_producer__no_report(void **state)
{
	(void)state;
	tlpfeed_fini(&feed);
	assert_int_equal(window_test(WCNIC_TEST_START, 8), WCNIC_ST_OK);
	assert_int_equal(window_test(WCNIC_TEST_REPORT, 0), WCNIC_ST_BAD_STATE);
	assert_int_equal(tlpfeed_open(&feed, in_folder("feed")), 0);
	assert_int_equal(window_test(WCNIC_TEST_START, 8), WCNIC_ST_OK);
	assert_int_equal(le32toh(window_report().lines_lost), 8);
}

static void
hostile_ring__card_goes_on_without(void **state)
{
	(void)state;
	assert_int_equal(window_test(WCNIC_TEST_START, 8), WCNIC_ST_OK);
	tlpfeed_push(&feed, UINT64_MAX - 3, 64, 1);
	assert_int_equal(window_test(WCNIC_TEST_REPORT, 0), WCNIC_ST_BAD_STATE);
	child_expect(&child, "not read any more");
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
}

static void
ring_cut_short__card_goes_on_without(void **state)
{
	(void)state;
	assert_int_equal(truncate(in_folder("feed"), 0), 0);
	assert_int_equal(mini_command(&mini, WCNIC_OP_IDENTIFY), WCNIC_ST_OK);
	child_expect(&child, "not read any more");
	/* This end has it still mapped. */
	assert_int_equal(truncate(in_folder("feed"), sizeof(struct tlpfeed_ring)), 0);
}

static void
bad_feed__refused(void **state)
{
	struct child other;

	(void)state;
	child_start(&other, ARGS("--socket", in_folder("b.sock"), "--tlp-feed", "/no/such/ring"));
	assert_int_equal(child_end(&other, 0), 1);
	assert_non_null(strstr(other.text, "/no/such/ring"));
	child_start(&other, ARGS("--socket", in_folder("b.sock"), "--bar2", "trapped", "--tlp-feed",
				 in_folder("x")));
	assert_int_equal(child_end(&other, 0), 2);
	assert_non_null(strstr(other.text, "--bar2 mapped"));
	child_start(&other, ARGS("--tlp-feed", in_folder("x"), "--socket", in_folder("b.sock"),
				 "--socket", in_folder("c.sock")));
	assert_int_equal(child_end(&other, 0), 2);
	assert_non_null(strstr(other.text, "two cards"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(arrivals__are_reported_with_the_links_time),
		TEST(ring_overrun__test_ends_and_the_next_is_right),
		TEST(no_producer__no_report),
		TEST(hostile_ring__card_goes_on_without),
		TEST(ring_cut_short__card_goes_on_without),
		TEST(bad_feed__refused),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
