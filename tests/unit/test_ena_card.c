/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ENA card is made: configurations that are wrong, and allocations that fail in turn. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcnic_port.h>

#include "alloc_rig.h"
#include "fake_ena.h"

static uint8_t llq[1 << 20] WC_ALIGNED(4096);
static struct fake_mem mem;
static const struct ena_card_config good = {
	.ops = &fake_mem_ops,
	.ctx = &mem,
	.llq = llq,
	.llq_bytes = sizeof(llq),
	.llq_entries = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256,
};

/* A configuration that is refused with a line that has these words. */
#define REFUSED(words, ...)                                                 \
	do {                                                                \
		struct ena_card_config config = good;                       \
		struct ena_card *made = NULL;                               \
		mem.log[0] = '\0';                                          \
		__VA_ARGS__;                                                \
		assert_int_equal(ena_card_create(&config, &made), -EINVAL); \
		assert_null(made);                                          \
		if (strstr(mem.log, words) == NULL)                         \
			fail_msg("%s is not in '%s'", words, mem.log);      \
	} while (0)

#define ACCEPTED(...)                                                 \
	do {                                                          \
		struct ena_card_config config = good;                 \
		struct ena_card *made = NULL;                         \
		__VA_ARGS__;                                          \
		assert_int_equal(ena_card_create(&config, &made), 0); \
		ena_card_destroy(made);                               \
	} while (0)

static void
create__each_wrong_field__is_named(void **state)
{
	struct wcdev_ops incomplete = fake_mem_ops;
	struct ena_card_config none = {0};
	struct ena_card *card = NULL;

	(void)state;
	REFUSED("queue_pairs", config.queue_pairs = 33);
	REFUSED("queue_pairs", config.queue_pairs = 65535);
	REFUSED("queue_depth", config.queue_depth = 63);
	REFUSED("queue_depth", config.queue_depth = 32);
	REFUSED("queue_depth", config.queue_depth = 8192);
	REFUSED("queue_depth", config.queue_depth = 1000);
	REFUSED("llq_entries", config.llq_entries = 4);
	REFUSED("llq_entries", config.llq_entries = 0xff);
	REFUSED("llq_bytes", config.llq = NULL);
	REFUSED("llq_bytes", config.llq_bytes = 0);
	REFUSED("llq_bytes", config.llq_bytes = 32 << 10);
	REFUSED("llq_bytes", config.llq_bytes = 3 << 18);
	REFUSED("llq_bytes", config.llq_bytes = 2ull << 30);
	REFUSED("llq_recommended", config.llq_recommended = 4);
	REFUSED("llq_recommended", config.llq_recommended = 3);
	REFUSED("llq_recommended", config.llq_entries = 1; config.llq_recommended = 2);
	REFUSED("llq_depth", config.llq_depth = 100);
	REFUSED("llq_depth", config.llq_depth = 64);   /* 32 of the wide ones */
	REFUSED("llq_depth", config.llq_depth = 2048); /* 8 of them are 2 MiB */
	REFUSED("llq_depth", config.llq_depth = 8192);
	REFUSED("llq_depth", config.queue_pairs = 32; config.llq_bytes = 64 << 10);
	incomplete.now_ns = NULL;
	REFUSED("now_ns", config.ops = &incomplete);
	/* Without operations there is no log either. */
	assert_int_equal(ena_card_create(&none, &card), -EINVAL);
	assert_null(card);
}

static void
create__bounds__are_accepted(void **state)
{
	(void)state;
	ACCEPTED(config.queue_pairs = 1; config.queue_depth = 4096; config.llq_depth = 4096);
	ACCEPTED(config.queue_pairs = 32; config.llq_depth = 256);
	ACCEPTED(config.queue_pairs = 3; config.llq_depth = 2048);
	ACCEPTED(config.queue_depth = 64; config.llq_entries = ENA_LLQ_ENTRY_128);
	ACCEPTED(config.llq_entries = 0; config.llq_depth = 7; config.llq_recommended = 7);
	ACCEPTED(config.llq_bytes = 64 << 10; config.queue_pairs = 4);
	ACCEPTED(config.llq_recommended = ENA_LLQ_ENTRY_256);
}

static void
create__each_allocation_fails__leaves_nothing(void **state)
{
	struct ena_card *card = NULL;
	const int before = alloc_live;
	int turn, ret;

	(void)state;
	for (turn = 0;; turn++) {
		assert_true(turn < 20);
		alloc_fail_in = turn;
		ret = ena_card_create(&good, &card);
		if (alloc_fail_in >= 0 && ret == 0)
			break;
		alloc_fail_in = -1;
		assert_int_equal(ret, -ENOMEM);
		assert_null(card);
		assert_int_equal(alloc_live, before);
	}
	alloc_fail_in = -1;
	assert_true(turn >= 1);
	ena_card_destroy(card);
	assert_int_equal(alloc_live, before);
	ena_card_destroy(NULL);
	assert_int_equal(alloc_live, before);
}

/* Work allocates nothing: it goes on when there is no memory. */
static void
work__without_memory__goes_on(void **state)
{
	static const struct ena_card_config config = {.seed = 1, .llq_entries = 3};
	static uint8_t frame[2048];
	struct fake_ena_rxq rx;
	struct fake_ena_txq tx;
	struct wcnic_port *port;
	struct fake_ena_frame f = {.header = frame, .header_bytes = 60};
	struct ena_card_stats stats;
	struct fake_ena e;
	char why[128];

	(void)state;
	assert_int_equal(fake_ena_init(&e, &config), 0);
	assert_int_equal(
		wcnic_port_create("loopback", ena_card_dev(e.card), &port, why, sizeof(why)), 0);
	alloc_fail_in = 0;
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_llq_set(&e, 128, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(&e, &tx, 64, true, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_rxq_open(&e, &rx, 64, 2048, 1), ENA_ST_OK);
	fake_ena_rx_post(&e, &rx, 64);
	fake_frame_fill(frame, 60, 1);
	for (unsigned int i = 0; i < 60; i++) {
		fake_ena_tx(&tx, &f);
		fake_ena_tx_ring(&e, &tx);
		ena_card_poll(e.card);
	}
	assert_true(fake_ena_reset(&e, 0));
	assert_int_equal(alloc_fail_in, 0); /* nobody asked */
	alloc_fail_in = -1;
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.tx_frames, 60);
	assert_int_equal(stats.rx_frames, 60);
	wcnic_port_destroy(port);
	fake_ena_fini(&e);
}

/* A port's input, as the statistics have it. */
static void
port_input__is_counted_and_ends(void **state)
{
	static const struct ena_card_config config = {.seed = 1};
	struct fake_ena_rxq rx;
	struct wcnic_port *port;
	struct ena_card_stats stats;
	struct fake_ena e;
	char why[128];

	(void)state;
	assert_int_equal(fake_ena_init(&e, &config), 0);
	assert_int_equal(wcnic_port_create("generator:count=40,bytes=64", ena_card_dev(e.card),
					   &port, why, sizeof(why)),
			 0);
	fake_ena_poll(&e, 5); /* no driver: none is taken */
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.port_in_frames, 0);
	assert_int_equal(stats.port_in_done, 0);
	fake_ena_enable(&e);
	fake_ena_poll(&e, 5); /* no queue: the same */
	assert_false(ena_card_waits(e.card));
	assert_int_equal(fake_ena_rxq_open(&e, &rx, 64, 2048, 1), ENA_ST_OK);
	fake_ena_rx_post(&e, &rx, 30);
	fake_ena_poll(&e, 5);
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.rx_frames, 30);
	assert_int_equal(stats.port_in_done, 0);
	assert_false(ena_card_waits(e.card));
	fake_ena_rx_post(&e, &rx, 20);
	fake_ena_poll(&e, 5);
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.rx_frames, 40);
	assert_int_equal(stats.rx_missed, 0); /* the generator waits */
	assert_int_equal(stats.port_in_frames, 40);
	assert_int_equal(stats.port_in_done, 1);
	assert_true(ena_card_waits(e.card));
	wcnic_port_destroy(port);
	fake_ena_fini(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create__each_wrong_field__is_named),
		cmocka_unit_test(create__bounds__are_accepted),
		cmocka_unit_test(create__each_allocation_fails__leaves_nothing),
		cmocka_unit_test(work__without_memory__goes_on),
		cmocka_unit_test(port_input__is_counted_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
