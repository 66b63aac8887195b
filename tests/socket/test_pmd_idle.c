/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The driver, started and silent, against wcnicd in another process: what that costs, and that
 * frames after a silence go round at once, because the driver wakes the card.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "child.h"
#include "driver.h"

#define WINDOW_S 2 /* over which CPU time is taken */
#define WINDOWS 4  /* the best of them counts: others may use this machine, too */
#define PATIENCE_NS 10000000000ull
#define BURST 32
#define ROUNDS 20u

static uint16_t port;
static struct child card;

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

	snprintf(args, sizeof(args), "socket=%s", in_folder("sock"));
	port = port_open("net_wcnic0", args, 256);
}

static void
end(void)
{
	port_close(port, "net_wcnic0");
	assert_int_equal(child_end(&card, SIGTERM), 0);
}

/* Sends a burst into the loopback and waits until all of it is back. Returns the time it took. */
static uint64_t
burst_goes_round(void)
{
	struct rte_mbuf *out[BURST], *in[BURST];
	uint64_t began;
	uint16_t sent = 0, got = 0;
	uint16_t i;

	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, out, BURST), 0);
	for (i = 0; i < BURST; i++)
		memset(rte_pktmbuf_append(out[i], 64), i, 64);
	began = clock_ns(CLOCK_MONOTONIC);
	while (got < BURST) {
		sent += rte_eth_tx_burst(port, 0, out + sent, BURST - sent);
		got += rte_eth_rx_burst(port, 0, in + got, BURST - got);
		assert_true(clock_ns(CLOCK_MONOTONIC) - began < PATIENCE_NS);
	}
	for (i = 0; i < BURST; i++)
		assert_int_equal(*rte_pktmbuf_mtod_offset(in[i], uint8_t *, 63), i);
	rte_pktmbuf_free_bulk(in, BURST);
	return clock_ns(CLOCK_MONOTONIC) - began;
}

/* The card's share of a CPU in thousandths, over so long. */
static unsigned int
card_permille(unsigned int seconds)
{
	uint64_t used, passed;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(card.pid, &clock), 0);
	used = clock_ns(clock);
	passed = clock_ns(CLOCK_MONOTONIC);
	sleep(seconds);
	used = clock_ns(clock) - used;
	passed = clock_ns(CLOCK_MONOTONIC) - passed;
	return (unsigned int)(used * 1000 / passed);
}

static uint64_t
counter(const char *name)
{
	return port_counter(port, name);
}

/*
 * What is counted is that the driver wakes the card, not how long that takes on a machine that
 * others use as well. A frame that the card finds by itself, or that comes when it is awake for
 * another reason (the driver looks at it ten times a second), wakes nobody.
 */
static void
silence__of_50_ms__driver_wakes_the_card(void **state)
{
	uint64_t sleeps, wakes, took, least = UINT64_MAX, most = 0;
	unsigned int i;

	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	sleeps = counter("card_sleeps");
	wakes = counter("card_wakes");
	for (i = 0; i < ROUNDS; i++) {
		usleep(50000);
		took = burst_goes_round();
		least = RTE_MIN(least, took);
		most = RTE_MAX(most, took);
	}
	sleeps = counter("card_sleeps") - sleeps;
	wakes = counter("card_wakes") - wakes;
	print_message("%u silences of 50 ms: woken %" PRIu64 " times of %" PRIu64
		      " sleeps, bursts took %.1f to %.1f us\n",
		      ROUNDS, wakes, sleeps, (double)least / 1000, (double)most / 1000);
	assert_in_range(wakes, ROUNDS * 3 / 4, ROUNDS + ROUNDS / 2);
	assert_true(sleeps >= wakes);
	end();
}

/* A card that is stopped as it sleeps: no burst waits for it, and it is woken once it goes on. */
static void
card__stopped_in_its_sleep__bursts_do_not_wait(void **state)
{
	struct rte_mbuf *m, *in[BURST];
	uint64_t began, took, most = 0;
	unsigned int i, sent = 0, got = 0;

	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	usleep(50000);
	assert_int_equal(kill(card.pid, SIGSTOP), 0);
	for (i = 0; i < 200; i++) {
		m = rte_pktmbuf_alloc(pool);
		assert_non_null(m);
		memset(rte_pktmbuf_append(m, 64), i, 64);
		began = clock_ns(CLOCK_MONOTONIC);
		sent += rte_eth_tx_burst(port, 0, &m, 1);
		took = clock_ns(CLOCK_MONOTONIC) - began;
		most = RTE_MAX(most, took);
	}
	assert_int_equal(kill(card.pid, SIGCONT), 0);
	assert_int_equal(sent, 200);
	began = clock_ns(CLOCK_MONOTONIC);
	while (got < sent) {
		unsigned int n = rte_eth_rx_burst(port, 0, in, BURST);

		rte_pktmbuf_free_bulk(in, n);
		got += n;
		assert_true(clock_ns(CLOCK_MONOTONIC) - began < PATIENCE_NS);
	}
	print_message("the longest burst to a stopped card: %.1f us\n", (double)most / 1000);
	assert_in_range(counter("card_wakes"), 0, 200);
	assert_int_equal(counter("recoveries"), 0);
	end();
}

static void
idle__adaptive__under_1_percent_and_traffic_goes_on(void **state)
{
	unsigned int permille, least = 1000, i;

	(void)state;
	card_start("adaptive");
	port_start();
	burst_goes_round();
	for (i = 0; i < WINDOWS && least >= 10; i++) {
		permille = card_permille(WINDOW_S);
		least = permille < least ? permille : least;
		print_message("idle: %u.%u %% of a CPU; then a burst took %.1f us\n", permille / 10,
			      permille % 10, (double)burst_goes_round() / 1000);
	}
	assert_in_range(least, 0, 9);
	for (i = 0; i < 100; i++) {
		usleep(i * 100);
		burst_goes_round();
	}
	end();
}

/* So that the figure above is not a card that never ran. */
static void
idle__spin__uses_what_it_gets(void **state)
{
	unsigned int permille, most = 0, i;

	(void)state;
	card_start("spin");
	port_start();
	burst_goes_round();
	for (i = 0; i < WINDOWS && most < 100; i++) {
		permille = card_permille(1);
		most = permille > most ? permille : most;
	}
	assert_in_range(most, 100, 1100);
	burst_goes_round();
	assert_int_equal(counter("card_sleeps"), 0);
	assert_int_equal(counter("card_wakes"), 0);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle__adaptive__under_1_percent_and_traffic_goes_on),
		cmocka_unit_test(silence__of_50_ms__driver_wakes_the_card),
		cmocka_unit_test(card__stopped_in_its_sleep__bursts_do_not_wait),
		cmocka_unit_test(idle__spin__uses_what_it_gets),
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
