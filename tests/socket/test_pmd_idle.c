/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The driver, started and silent, against wcnicd in another process: the card sleeps, and the
 * driver wakes it when there are frames again. What a silence costs is measured by the bench's
 * `silence`; here events are counted.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "child.h"
#include "driver.h"

#define BURST 32
#define NAPS 20u
#define ROUNDS 20u

static uint16_t port;
static struct child card;

uint64_t __wrap_rte_get_tsc_hz(void);
uint64_t __real_rte_get_tsc_hz(void);

/* A slow clock for the driver: no card is dead to it that does not run for a while. */
uint64_t
__wrap_rte_get_tsc_hz(void)
{
	return __real_rte_get_tsc_hz() * 1000;
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	assert_int_equal(clock_gettime(clock, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
card_start(const char *idle)
{
	child_start(&card,
		    (const char *const[]){"--socket", in_folder("sock"), "--idle", idle, NULL});
	child_expect(&card, "listens");
}

static void
port_start(void)
{
	char args[128];

	snprintf(args, sizeof(args), "socket=%s,timeout_ms=60000", in_folder("sock"));
	port = port_open("net_wcnic0", args, 256);
}

static void
end(void)
{
	port_close(port, "net_wcnic0");
	assert_int_equal(child_end(&card, SIGTERM), 0);
}

/* Sends a burst into the loopback and waits until all of it is back. */
static void
burst_goes_round(void)
{
	struct rte_mbuf *out[BURST], *in[BURST];
	uint64_t began;
	uint16_t sent = 0, got = 0;

	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, out, BURST), 0);
	for (uint16_t i = 0; i < BURST; i++)
		memset(rte_pktmbuf_append(out[i], 64), i, 64);
	began = clock_ns(CLOCK_MONOTONIC);
	while (got < BURST) {
		sent += rte_eth_tx_burst(port, 0, out + sent, BURST - sent);
		got += rte_eth_rx_burst(port, 0, in + got, BURST - got);
		assert_true(clock_ns(CLOCK_MONOTONIC) - began < PATIENCE_NS);
	}
	for (uint16_t i = 0; i < BURST; i++)
		assert_int_equal(*rte_pktmbuf_mtod_offset(in[i], uint8_t *, 63), i);
	rte_pktmbuf_free_bulk(in, BURST);
}

static uint64_t
counter(const char *name)
{
	return port_counter(port, name);
}

/*
 * No wake is counted if the card finds the frame by itself, or is awake for another reason (the
 * driver reads a register ten times a second). Then the test sends another frame after another
 * silence.
 */
static void
silence__card_sleeps__driver_wakes_it(void **state)
{
	const uint64_t began = clock_ns(CLOCK_MONOTONIC);
	uint64_t sleeps, wakes, woken = 0;
	unsigned int rounds;

	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	sleeps = counter("card_sleeps");
	wakes = counter("card_wakes");
	for (rounds = 0; woken < ROUNDS; rounds++) {
		child_expect_naps(&card, 2);
		burst_goes_round();
		woken = counter("card_wakes") - wakes;
		if (clock_ns(CLOCK_MONOTONIC) - began > PATIENCE_NS)
			fail_msg("the card slept %u times, and was woken %u times", rounds,
				 (unsigned int)woken);
	}
	sleeps = counter("card_sleeps") - sleeps;
	print_message("%u silences: woken %" PRIu64 " times of %" PRIu64 " sleeps\n", rounds, woken,
		      sleeps);
	assert_true(woken <= rounds); /* one doorbell a round */
	assert_true(sleeps >= woken);
	end();
}

/* Frames for a card that is stopped in its sleep: all are taken, and come back once it goes on. */
static void
frames_wait_for_stopped_card(void)
{
	const uint64_t began = clock_ns(CLOCK_MONOTONIC);
	struct rte_mbuf *m, *in[BURST];
	unsigned int n, sent = 0, got = 0;

	assert_int_equal(kill(card.pid, SIGSTOP), 0);
	for (unsigned int i = 0; i < 200; i++) {
		m = rte_pktmbuf_alloc(pool);
		assert_non_null(m);
		memset(rte_pktmbuf_append(m, 64), i, 64);
		n = rte_eth_tx_burst(port, 0, &m, 1);
		if (n == 0)
			rte_pktmbuf_free(m);
		sent += n;
	}
	assert_int_equal(kill(card.pid, SIGCONT), 0);
	while (got < sent || sent < 200) {
		n = rte_eth_rx_burst(port, 0, in, BURST);
		rte_pktmbuf_free_bulk(in, n);
		got += n;
		assert_true(clock_ns(CLOCK_MONOTONIC) - began < PATIENCE_NS);
	}
}

static void
card__stopped_in_its_sleep__bursts_do_not_wait(void **state)
{
	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	child_expect_naps(&card, 2);
	frames_wait_for_stopped_card();
	assert_uint_in_range(counter("card_wakes"), 0, 200);
	assert_int_equal(counter("recoveries"), 0);
	end();
}

static void
idle__adaptive__sleeps_and_traffic_goes_on(void **state)
{
	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	child_expect_naps(&card, NAPS);
	for (unsigned int i = 0; i < 100; i++) {
		usleep(i * 100);
		burst_goes_round();
	}
	end();
}

/* So that the sleep above is not that of any thread: over 100 ms on a CPU this one takes none. */
static void
idle__spin__never_sleeps(void **state)
{
	const uint64_t began = clock_ns(CLOCK_MONOTONIC);
	uint64_t ran_us, naps;

	(void)state;
	card_start("spin");
	port_start();
	burst_goes_round();
	ran_us = child_ran_us(&card);
	naps = child_naps(&card);
	while (child_ran_us(&card) - ran_us < 100000) {
		usleep(1000);
		assert_true(clock_ns(CLOCK_MONOTONIC) - began < PATIENCE_NS);
	}
	assert_uint_in_range(child_naps(&card) - naps, 0,
			     NAPS - 1); /* the kernel has its locks, too */
	burst_goes_round();
	assert_int_equal(counter("card_sleeps"), 0);
	assert_int_equal(counter("card_wakes"), 0);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle__adaptive__sleeps_and_traffic_goes_on),
		cmocka_unit_test(silence__card_sleeps__driver_wakes_it),
		cmocka_unit_test(card__stopped_in_its_sleep__bursts_do_not_wait),
		cmocka_unit_test(idle__spin__never_sleeps),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s WCNICD\n", argv[0]);
		return 2;
	}
	wcnicd_path = argv[1];
	if (dpdk_start(argv[0], "idle", 4095) != 0)
		return 1;
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
