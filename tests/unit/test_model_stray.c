/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of stores outside any window: what is found, what is told, what is left alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

/* Polls in which the search comes round. */
#define POLLS_ROUND (256 * FAKE_APERTURE_BYTES / 4096 + 256)

/* The one page of the aperture that is used, by the embedder's word. */
static uint64_t used_at;

static uint64_t
one_page_used(void *ctx, uint64_t off)
{
	(void)ctx;
	return off <= used_at ? used_at : FAKE_APERTURE_BYTES;
}

static int
setup_config(void **state, const struct wcnic_card_config *config)
{
	*state = malloc(sizeof(struct fake_host));
	if (*state == NULL)
		return -1;
	assert_int_equal(fake_host_init(*state, config), 0);
	fake_enable(*state);
	return 0;
}

static int
setup(void **state)
{
	return setup_config(state, &(const struct wcnic_card_config){.seed = 5});
}

static int
setup_one_page(void **state)
{
	return setup_config(state, &(const struct wcnic_card_config){
					   .seed = 5, .aperture_used = one_page_used});
}

static void
stray__store_outside_windows__is_found_cleared_and_reported(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	struct wcnic_stats stats;
	struct wcnic_event event;
	uint64_t inside, outside;

	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 0, 65536, &grant), 0);
	inside = le64toh(grant.offset) + 128;
	outside = (inside + 65536) % FAKE_APERTURE_BYTES;
	h->aperture[inside] = 1;
	h->aperture[outside + 5] = 1;
	h->aperture[outside + 64] = 1;
	for (unsigned int i = 0; i < POLLS_ROUND; i++)
		wcnic_card_poll(h->card);
	fake_stats(h, &stats);
	assert_int_equal(stats.stray_writes, 2);
	assert_int_equal(h->aperture[inside], 1);
	assert_int_equal(h->aperture[outside + 5], 0);
	assert_int_equal(h->aperture[outside + 64], 0);
	assert_true(fake_event_find(h, WCNIC_EV_STRAY_WRITE, &event));
	assert_int_equal(le32toh(event.arg0), 2);
	assert_int_equal(le64toh(event.arg64), outside);
}

static void
stray__many__one_event_in_100_ms(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct wcnic_event event;
	uint8_t data[64] = {1};

	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(wcnic_card_bar_write(h->card, WCNIC_BAR_WINDOWS, i * 64u, data, 8),
				 0);
		fake_stats(h, &stats);
		assert_int_equal(stats.stray_writes, i + 1);
		wcnic_card_poll(h->card);
	}
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_STRAY_WRITE);
	assert_int_equal(le32toh(event.arg0), 1);
	assert_false(fake_event(h, &event));
	h->m.now_ns += 99999999;
	wcnic_card_poll(h->card);
	assert_false(fake_event(h, &event));
	h->m.now_ns += 1;
	wcnic_card_poll(h->card);
	assert_true(fake_event(h, &event));
	assert_int_equal(le32toh(event.arg0), 9);
	assert_int_equal(le64toh(event.arg64), 64);
}

static void
stray__write_across_the_edge__keeps_the_part_inside(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	struct wcnic_stats stats;
	uint8_t data[64];
	uint64_t off;

	do {
		assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 2, 0, 65536, &grant), 0);
		off = le64toh(grant.offset);
		if (off == 0)
			assert_int_equal(fake_window_free(h, &grant), 0);
	} while (off == 0);
	memset(data, 0x77, sizeof(data));
	assert_int_equal(wcnic_card_bar_write(h->card, WCNIC_BAR_WINDOWS, off - 32, data, 64), 0);
	assert_int_equal(h->aperture[off], 0x77);
	assert_int_equal(h->aperture[off + 31], 0x77);
	assert_int_equal(h->aperture[off + 32], 0);
	assert_int_equal(h->aperture[off - 1], 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.stray_writes, 1);
	memset(data, 0xff, sizeof(data));
	h->aperture[off - 1] = 9; /* outside reads zero, whatever lies there */
	assert_int_equal(wcnic_card_bar_read(h->card, WCNIC_BAR_WINDOWS, off - 32, data, 64), 0);
	assert_int_equal(data[31], 0);
	assert_int_equal(data[32], 0x77);
}

/* Memory that is not used is not looked at: a look would take memory. */
static void
stray__memory_that_is_not_used__is_left_alone(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;

	used_at = 8 * 65536 + 4096;
	h->aperture[used_at - 1] = 1;
	h->aperture[used_at + 4095] = 1;
	h->aperture[used_at + 4096] = 1;
	for (unsigned int i = 0; i < POLLS_ROUND; i++)
		wcnic_card_poll(h->card);
	fake_stats(h, &stats);
	assert_int_equal(stats.stray_writes, 1);
	assert_int_equal(h->aperture[used_at - 1], 1);
	assert_int_equal(h->aperture[used_at + 4095], 0);
	assert_int_equal(h->aperture[used_at + 4096], 1);
	used_at += 4096;
	for (unsigned int i = 0; i < POLLS_ROUND; i++)
		wcnic_card_poll(h->card);
	fake_stats(h, &stats);
	assert_int_equal(stats.stray_writes, 2);
	assert_int_equal(h->aperture[used_at], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
		CASE(stray__store_outside_windows__is_found_cleared_and_reported),
		CASE(stray__many__one_event_in_100_ms),
		CASE(stray__write_across_the_edge__keeps_the_part_inside),
		cmocka_unit_test_setup_teardown(stray__memory_that_is_not_used__is_left_alone,
						setup_one_page, fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
