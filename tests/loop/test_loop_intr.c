/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx interrupts: a thread that arms a queue and sleeps is woken, whenever the frame comes. */

#include <errno.h>
#include <unistd.h>

#include <rte_interrupts.h>

#include "loop.h"

#define WAKE_MS PATIENCE_MS /* a sleep that takes so long was not ended by an interrupt */

static const struct loop_config threaded = {
	.devargs = "thread=1,placement=fetch", .rx_intr = true, .n_rxq = 2};

static const struct loop_config moderated = {
	.devargs = "thread=1,placement=fetch,rx_intr_usecs=20", .rx_intr = true, .n_rxq = 2};

static void
intr_open_config(struct loop *l, const struct loop_config *config)
{
	loop_open(l, config);
	for (uint16_t q = 0; q < 2; q++)
		assert_int_equal(rte_eth_dev_rx_intr_ctl_q(l->port_id, q, RTE_EPOLL_PER_THREAD,
							   RTE_INTR_EVENT_ADD,
							   (void *)(uintptr_t)q),
				 0);
}

static void
intr_open(struct loop *l)
{
	intr_open_config(l, &threaded);
}

static bool
sleeps_until_woken(unsigned int ms)
{
	struct rte_epoll_event events[2];

	return rte_epoll_wait(RTE_EPOLL_PER_THREAD, events, 2, ms) > 0;
}

static void
armed(struct loop *l, bool on)
{
	int ret = on ? rte_eth_dev_rx_intr_enable(l->port_id, 0)
		     : rte_eth_dev_rx_intr_disable(l->port_id, 0);

	assert_int_equal(ret, 0);
}

static void
frames_send(struct loop *l, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = loop_frame(l, i, 64, 1);

		loop_send(l, 0, &m, 1);
	}
}

static void
frames_take(struct loop *l, uint16_t n)
{
	struct rte_mbuf *m;

	for (; n > 0; n--) {
		loop_receive(l, 0, &m, 1);
		rte_pktmbuf_free(m);
	}
}

/* The frame comes before, while or after the queue is armed, as it happens. */
static void
arm__frame_comes_at_any_time_sleeper_is_woken(void **state)
{
	uint64_t random = 7;
	struct loop l;

	intr_open_config(&l, *state);
	for (unsigned int i = 0; i < 3000; i++) {
		frames_send(&l, 1);
		rte_delay_us_block(loop_random(&random) % 30);
		armed(&l, true);
		if (!sleeps_until_woken(WAKE_MS))
			fail_msg("round %u: nobody was woken", i);
		armed(&l, false);
		frames_take(&l, 1);
	}
	loop_close(&l);
}

/* The card may see only the last record: one that only posts buffers must ask as well. */
static void
arm__doorbell_after_it_asks_too(void **state)
{
	struct rte_mbuf *taken[4096], *got[20], *none;
	unsigned int n = 0;
	struct loop l;

	(void)state;
	intr_open(&l);
	while (n < RTE_DIM(taken) && (taken[n] = rte_pktmbuf_alloc(l.rx_pool)) != NULL)
		n++;
	assert_true(n < RTE_DIM(taken));
	frames_send(&l, RTE_DIM(got));
	loop_receive(&l, 0, got, RTE_DIM(got)); /* their places stay empty */
	armed(&l, true);
	while (sleeps_until_woken(20))
		;
	rte_pktmbuf_free_bulk(taken, n);
	rte_pktmbuf_free_bulk(got, RTE_DIM(got));
	assert_int_equal(rte_eth_rx_burst(l.port_id, 0, &none, 1), 0); /* fills them */
	usleep(20000);
	frames_send(&l, 1);
	assert_true(sleeps_until_woken(WAKE_MS));
	frames_take(&l, 1);
	loop_close(&l);
}

/* An application may go back to sleep without having taken what woke it. */
static void
arm__completion_waits_each_time_woken(void **state)
{
	struct loop l;

	intr_open_config(&l, *state);
	frames_send(&l, 1);
	for (unsigned int i = 0; i < 10; i++) {
		armed(&l, true);
		assert_true(sleeps_until_woken(WAKE_MS));
		armed(&l, false);
	}
	frames_take(&l, 1);
	loop_close(&l);
}

static void
disarm__frames_wake_nobody(void **state)
{
	struct loop l;

	(void)state;
	intr_open(&l);
	armed(&l, true);
	armed(&l, false);
	frames_send(&l, 300); /* the record that asked is replaced on the way */
	frames_take(&l, 300);
	while (sleeps_until_woken(0))
		;
	frames_send(&l, 300);
	frames_take(&l, 300);
	assert_false(sleeps_until_woken(50));
	loop_close(&l);
}

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

/* What was armed is gone with the reset: sleepers look for themselves. */
static void
recovery__sleeper_is_woken_and_interrupts_work(void **state)
{
	struct loop l;

	(void)state;
	intr_open(&l);
	armed(&l, true);
	while (sleeps_until_woken(0))
		; /* from the start */
	loop_card_do(&l, card_reset, NULL);
	assert_true(sleeps_until_woken(WAKE_MS));
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	armed(&l, true);
	while (sleeps_until_woken(0))
		;
	frames_send(&l, 1);
	assert_true(sleeps_until_woken(WAKE_MS));
	frames_take(&l, 1);
	loop_log_clear();
	loop_close(&l);
}

static void
stop__and_start_interrupts_work(void **state)
{
	struct loop l;

	(void)state;
	intr_open(&l);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(rte_eth_dev_rx_intr_ctl_q(l.port_id, 0, RTE_EPOLL_PER_THREAD,
						   RTE_INTR_EVENT_ADD, NULL),
			 0);
	armed(&l, true);
	while (sleeps_until_woken(0))
		;
	frames_send(&l, 1);
	assert_true(sleeps_until_woken(WAKE_MS));
	frames_take(&l, 1);
	loop_close(&l);
}

static void
start__card_that_bursts_poll_is_refused(void **state)
{
	const struct loop_config polled = {.rx_intr = true, .not_started = true};
	struct loop l;

	(void)state;
	loop_open(&l, &polled);
	assert_int_equal(rte_eth_dev_start(l.port_id), -ENOTSUP);
	loop_log_has("no Rx interrupts", "bursts poll", "vfio-pci", "thread=1", NULL);
	assert_int_equal(rte_eth_dev_rx_intr_enable(l.port_id, 0), -ENOTSUP);
	loop_log_has("Rx queue 0: no interrupts", "intr_conf.rxq", NULL);
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST_ARG("arm__frame_comes_at_any_time_sleeper_is_woken",
			      arm__frame_comes_at_any_time_sleeper_is_woken, (void *)&threaded),
		LOOP_TEST_ARG("arm__moderated_frame_comes_at_any_time_sleeper_is_woken",
			      arm__frame_comes_at_any_time_sleeper_is_woken, (void *)&moderated),
		LOOP_TEST(arm__doorbell_after_it_asks_too),
		LOOP_TEST_ARG("arm__completion_waits_each_time_woken",
			      arm__completion_waits_each_time_woken, (void *)&threaded),
		LOOP_TEST_ARG("arm__moderated_completion_waits_each_time_woken",
			      arm__completion_waits_each_time_woken, (void *)&moderated),
		LOOP_TEST(disarm__frames_wake_nobody),
		LOOP_TEST(recovery__sleeper_is_woken_and_interrupts_work),
		LOOP_TEST(stop__and_start_interrupts_work),
		LOOP_TEST(start__card_that_bursts_poll_is_refused),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
