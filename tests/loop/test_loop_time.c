/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card's clock through ethdev, times of frames, and the monitor. The test is the oscillator. */

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include <rte_mbuf_dyn.h>
#include <rte_power_intrinsics.h>

#include "loop.h"

#define SECOND_NS 1000000000ull
#define START_NS (1000000 * SECOND_NS) /* ahead of the machine: nobody may wait by this clock */

/* ---- the oscillator ------------------------------------------------------------------------ */

static _Atomic uint64_t oscillator_ns = START_NS;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_clock_gettime(clockid_t id, struct timespec *ts);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	uint64_t ns = atomic_load(&oscillator_ns);

	if (id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, ts);
	*ts = (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS),
				.tv_nsec = (long)(ns % SECOND_NS)};
	return 0;
}

static uint64_t
clock_read(const struct loop *l)
{
	uint64_t ns = 0;

	assert_int_equal(rte_eth_read_clock(l->port_id, &ns), 0);
	return ns;
}

static uint64_t
timespec_ns(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * SECOND_NS + (uint64_t)ts->tv_nsec;
}

/* ---- the clock ----------------------------------------------------------------------------- */

static void
read_clock__shows_the_cards_clock_without_a_command(void **state)
{
	struct loop l;
	uint16_t commands;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	commands = loop_hw(&l)->admin.client.sq_tail;
	assert_int_equal(clock_read(&l), atomic_load(&oscillator_ns));
	atomic_fetch_add(&oscillator_ns, 12345);
	assert_int_equal(clock_read(&l), atomic_load(&oscillator_ns));
	assert_int_equal(loop_hw(&l)->admin.client.sq_tail, commands);
	loop_close(&l);
}

static void
timesync__time_is_set_added_to_and_read(void **state)
{
	const struct timespec set = {.tv_sec = 1700000000, .tv_nsec = 999999999};
	struct timespec now;
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	assert_int_equal(rte_eth_timesync_write_time(l.port_id, &set), 0);
	assert_int_equal(rte_eth_timesync_read_time(l.port_id, &now), 0);
	assert_int_equal(timespec_ns(&now), timespec_ns(&set));
	assert_int_equal(rte_eth_timesync_adjust_time(l.port_id, -999999999 - 5), 0);
	atomic_fetch_add(&oscillator_ns, 3);
	assert_int_equal(rte_eth_timesync_read_time(l.port_id, &now), 0);
	assert_int_equal(timespec_ns(&now), 1700000000 * SECOND_NS - 2);
	assert_int_equal(clock_read(&l), 1700000000 * SECOND_NS - 2);
	loop_close(&l);
}

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

/* Called by number: the function of ethdev is newer than the oldest release that has the rest. */
static int
freq_adjust(const struct loop *l, int64_t ppm)
{
	return wcnic_timesync_adjust_freq(&rte_eth_devices[l->port_id], ppm);
}

static void
recovery__time_goes_on_at_the_rate_that_was_set(void **state)
{
	const struct timespec zero = {0};
	uint64_t before;
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	assert_int_equal(rte_eth_timesync_write_time(l.port_id, &zero), 0);
	assert_int_equal(freq_adjust(&l, 100 << 16), 0);
	atomic_fetch_add(&oscillator_ns, SECOND_NS);
	assert_int_equal(clock_read(&l), SECOND_NS + 100000);
	loop_card_do(&l, card_reset, NULL);
	loop_recovered(&l, 1);
	before = clock_read(&l);
	assert_true(before >= SECOND_NS + 100000);
	atomic_fetch_add(&oscillator_ns, SECOND_NS);
	assert_int_equal(clock_read(&l), before + SECOND_NS + 100000);
	loop_log_clear();
	loop_close(&l);
}

static void
adjust_freq__out_of_range_is_refused_with_what_would_do(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	assert_int_equal(freq_adjust(&l, (int64_t)500001 << 16), -EINVAL);
	loop_log_has("500001 ppm", "from -500000 to 500000", NULL);
	assert_int_equal(freq_adjust(&l, INT64_MIN), -EINVAL);
	assert_int_equal(freq_adjust(&l, -(3 << 15)), 0); /* 1.5 ppm */
	assert_int_equal(loop_hw(&l)->time.rate_ppb, -1500);
	loop_log_clear();
	loop_close(&l);
}

static void
clock__card_is_gone__is_eio(void **state)
{
	uint64_t ns;
	struct timespec ts = {0};
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	wcnic_store(&loop_hw(&l)->removed, true); /* the service does not look for it */
	wcnic_store(&loop_hw(&l)->card, WCNIC_CARD_ABSENT);
	assert_int_equal(rte_eth_read_clock(l.port_id, &ns), -EIO);
	assert_int_equal(rte_eth_timesync_write_time(l.port_id, &ts), -EIO);
	assert_int_equal(rte_eth_timesync_enable(l.port_id), -EIO);
	wcnic_store(&loop_hw(&l)->card, WCNIC_CARD_PRESENT);
	loop_close(&l);
}

static void
timesync__nothing_was_sent_or_received__has_no_time(void **state)
{
	struct timespec ts;
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	assert_int_equal(rte_eth_timesync_read_tx_timestamp(l.port_id, &ts), -EINVAL);
	assert_int_equal(rte_eth_timesync_enable(l.port_id), 0);
	assert_int_equal(rte_eth_timesync_read_tx_timestamp(l.port_id, &ts), -EINVAL);
	assert_int_equal(rte_eth_timesync_read_rx_timestamp(l.port_id, &ts, 0), -EINVAL);
	assert_int_equal(rte_eth_timesync_disable(l.port_id), 0);
	loop_close(&l);
}

/* ---- received frames ----------------------------------------------------------------------- */

/* Receives a frame of that EtherType behind so many tags. */
static struct rte_mbuf *
typed_receive(struct loop *l, uint16_t type, unsigned int tags)
{
	struct rte_mbuf *m = loop_frame(l, type, 64, 1);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *) + 12;

	for (; tags > 0; tags--, data += 4)
		memcpy(data, (const uint8_t[]){0x81, 0, 0, 5}, 4);
	data[0] = (uint8_t)(type >> 8);
	data[1] = (uint8_t)type;
	loop_send(l, 0, &m, 1);
	loop_receive(l, 0, &m, 1);
	return m;
}

static void
timesync__ptp_frames_have_their_time_by_number(void **state)
{
	const uint64_t both = RTE_MBUF_F_RX_IEEE1588_PTP | RTE_MBUF_F_RX_IEEE1588_TMST;
	struct rte_mbuf *ptp[4], *m;
	uint64_t at[4];
	struct timespec ts;
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	m = typed_receive(&l, 0x88f7, 0);
	assert_int_equal(m->ol_flags & both, 0);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_eth_timesync_enable(l.port_id), 0);
	for (unsigned int i = 0; i < 4; i++) {
		at[i] = atomic_fetch_add(&oscillator_ns, 1000) + 1000;
		ptp[i] = typed_receive(&l, 0x88f7, i % 3);
		assert_int_equal(ptp[i]->ol_flags & both, both);
		m = typed_receive(&l, 0x88f8, i % 3);
		assert_int_equal(m->ol_flags & both, 0);
		rte_pktmbuf_free(m);
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(
			rte_eth_timesync_read_rx_timestamp(l.port_id, &ts, ptp[i]->timesync), 0);
		assert_int_equal(timespec_ns(&ts), at[i]);
		assert_int_equal(
			rte_eth_timesync_read_rx_timestamp(l.port_id, &ts, ptp[i]->timesync),
			-EINVAL); /* once */
		rte_pktmbuf_free(ptp[i]);
	}
	assert_int_equal(rte_eth_timesync_disable(l.port_id), 0);
	m = typed_receive(&l, 0x88f7, 0);
	assert_int_equal(m->ol_flags & both, 0);
	rte_pktmbuf_free(m);
	loop_close(&l);
}

static void
timestamp__each_frame_has_the_cards_time(void **state)
{
	const struct loop_config config = {.rx_offloads = RTE_ETH_RX_OFFLOAD_TIMESTAMP};
	struct rte_mbuf *m;
	struct loop l;
	uint64_t flag;
	int off;

	(void)state;
	assert_int_equal(rte_mbuf_dyn_rx_timestamp_register(&off, &flag), 0);
	loop_open(&l, &config);
	for (unsigned int i = 0; i < 600; i++) {
		atomic_fetch_add(&oscillator_ns, 77);
		m = typed_receive(&l, 0x88b5, 0);
		assert_true((m->ol_flags & flag) != 0);
		assert_int_equal(*RTE_MBUF_DYNFIELD(m, off, rte_mbuf_timestamp_t *),
				 atomic_load(&oscillator_ns));
		rte_pktmbuf_free(m);
	}
	assert_int_equal(clock_read(&l), atomic_load(&oscillator_ns));
	loop_close(&l);
}

/* ---- the monitor --------------------------------------------------------------------------- */

/* What the CPU would do: reads what it was told to watch, and asks whether it may sleep. */
static bool
may_sleep(const struct rte_power_monitor_cond *pmc)
{
	assert_int_equal(pmc->size, 1);
	return pmc->fn(*(const volatile uint8_t *)pmc->addr, pmc->opaque) == 0;
}

/* In each lap of the ring: before the frame it may sleep, once the frame is there it may not. */
static void
monitor__next_completion_tells_in_each_lap(void **state)
{
	const struct loop_config config = {
		.devargs = "thread=1,placement=fetch", .rx_depth = 64, .n_rxq = 1};
	struct rte_power_monitor_cond pmc;
	struct rte_mbuf *m;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(rte_eth_get_monitor_addr(l.port_id, 0, &pmc), 0);
		assert_ptr_equal((const volatile uint8_t *)pmc.addr,
				 &loop_rxq(&l, 0)->cq[i % 64].phase);
		assert_true(may_sleep(&pmc));
		m = loop_frame(&l, i, 64, 1);
		loop_send(&l, 0, &m, 1);
		for (uint64_t end = loop_patience_end(); may_sleep(&pmc);)
			assert_true(rte_get_timer_cycles() < end);
		loop_receive(&l, 0, &m, 1);
		loop_frame_check(m, i, 64);
	}
	loop_close(&l);
}

static void
monitor__card_that_bursts_poll_is_refused(void **state)
{
	struct rte_power_monitor_cond pmc;
	struct loop l;

	(void)state;
	loop_open(&l, &(const struct loop_config){0});
	assert_int_equal(rte_eth_get_monitor_addr(l.port_id, 0, &pmc), -ENOTSUP);
	loop_log_has("nothing to monitor", "thread=1", NULL);
	loop_log_clear();
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(read_clock__shows_the_cards_clock_without_a_command),
		LOOP_TEST(timesync__time_is_set_added_to_and_read),
		LOOP_TEST(recovery__time_goes_on_at_the_rate_that_was_set),
		LOOP_TEST(adjust_freq__out_of_range_is_refused_with_what_would_do),
		LOOP_TEST(clock__card_is_gone__is_eio),
		LOOP_TEST(timesync__nothing_was_sent_or_received__has_no_time),
		LOOP_TEST(timesync__ptp_frames_have_their_time_by_number),
		LOOP_TEST(timestamp__each_frame_has_the_cards_time),
		LOOP_TEST(monitor__next_completion_tells_in_each_lap),
		LOOP_TEST(monitor__card_that_bursts_poll_is_refused),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
