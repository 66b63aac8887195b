/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The control path: what ethdev may ask of a port, and what it may not, with an error that helps.
 */

#include <errno.h>
#include <setjmp.h>
#include <sys/syscall.h>

#include <rte_bus_vdev.h>

#include "loop.h"

static const struct loop_stream some = {
	.count = 100, .bytes = loop_bytes_random, .arg = 1400, .segs = 3};

/* ---- life -------------------------------------------------------------------------------- */

static void
port__stopped_and_started_100_times_forwards(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2};
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int i = 0; i < 100; i++) {
		m = loop_frame(&l, i, 64 + i, 1);
		loop_send(&l, i % 2, &m, 1);
		loop_receive(&l, 0, &m, 1);
		loop_frame_check(m, i, 64 + i);
		assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	}
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 100);
	assert_int_equal(loop_xstat(&l, "tx_lost"), 0);
	assert_string_equal(loop_log(), "");
	loop_close(&l);
}

/* What was accepted before a stop goes out: the stop waits for it. */
static void
stop__frames_in_flight_are_sent(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *frames[100];
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 200, 2);
	loop_send(&l, 0, frames, RTE_DIM(frames));
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), RTE_DIM(frames));
	assert_int_equal(loop_xstat(&l, "rx_discarded"), RTE_DIM(frames));
	assert_int_equal(loop_xstat(&l, "tx_lost"), 0);
	loop_close(&l);
}

/* ... unless no receiver takes the frames. */
static void
stop__frames_that_still_wait_are_counted_as_lost(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 64, .rx_depth = 32};
	struct rte_mbuf *m;
	unsigned int refused = 0;
	uint64_t sent = 0, end;
	struct loop l;

	loop_open(&l, &config);
	end = loop_patience_end();
	/* The service closes the queue for a moment now and then: it is full if it stays so. */
	while (sent < 64 + 32 ? rte_get_timer_cycles() < end : refused < 200) {
		m = loop_frame(&l, sent, 200, 1);
		if (rte_eth_tx_burst(l.port_id, 0, &m, 1) == 1) {
			sent++;
			refused = 0;
			continue;
		}
		rte_pktmbuf_free(m);
		refused++;
	}
	loop_time_is_over();
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(sent, 64 + 32);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 32);
	assert_int_equal(loop_xstat(&l, "rx_discarded"), 32);
	assert_int_equal(loop_xstat(&l, "tx_lost"), 64);
	loop_close(&l);
}

/* ---- a program that ends from a signal handler, within its own burst ----------------------------
 */

static struct {
	struct loop l;
	pthread_t burst;
	jmp_buf out;
	int closed;
	bool in_doorbell;
} ending;

/* What rte_exit() in a signal handler comes to, on top of a burst that never goes on. */
static void
end_here(void)
{
	ending.closed = rte_eth_dev_stop(ending.l.port_id);
	if (ending.closed == 0)
		ending.closed = rte_eth_dev_close(ending.l.port_id);
	longjmp(ending.out, 1);
}

static void
end_in_poll(struct wcnic_card *card, void *arg)
{
	(void)card;
	(void)arg;
	if (pthread_equal(pthread_self(), ending.burst))
		end_here();
}

static void
end_in_doorbell(void *addr, uint64_t value)
{
	(void)addr;
	(void)value;
	ending.in_doorbell = false;
	loop_time_is_over(); /* the frame whose doorbell is lost is not waited for */
	end_here();
}

wcbar_doorbell_fn __real_wcbar_doorbell_select(enum wcbar_type type);
wcbar_doorbell_fn __wrap_wcbar_doorbell_select(enum wcbar_type type);

wcbar_doorbell_fn
__wrap_wcbar_doorbell_select(enum wcbar_type type)
{
	return ending.in_doorbell ? end_in_doorbell : __real_wcbar_doorbell_select(type);
}

static void
port__closed_within_a_poll_of_its_card_ends(void **state)
{
	struct rte_mbuf *m;

	ending.burst = pthread_self();
	loop_open(&ending.l, &(struct loop_config){.devargs = *state});
	loop_stream_run(&ending.l, &some);
	if (setjmp(ending.out) == 0) {
		loop_hook_set(&ending.l, end_in_poll, NULL, NULL);
		for (;;)
			(void)rte_eth_rx_burst(ending.l.port_id, 0, &m, 1);
	}
	loop_hook_left();
	loop_hook_set(&ending.l, NULL, NULL, NULL);
	assert_int_equal(ending.closed, 0);
	loop_log_has("ends within a burst", NULL);
	loop_log_clear();
	loop_closed(&ending.l);
}

static void
port__closed_within_a_burst_ends(void **state)
{
	struct rte_mbuf *m;
	char devargs[96];

	/* so that each burst rings */
	snprintf(devargs, sizeof(devargs), "%s,express=0", (const char *)*state);
	loop_open(&ending.l, &(struct loop_config){.devargs = devargs});
	loop_stream_run(&ending.l, &some);
	if (setjmp(ending.out) == 0) {
		ending.in_doorbell = true;
		m = loop_frame(&ending.l, 0, 64, 1);
		(void)rte_eth_tx_burst(ending.l.port_id, 0, &m, 1);
		fail_msg("no doorbell was rung");
	}
	assert_int_equal(ending.closed, 0);
	loop_log_clear();
	loop_closed(&ending.l);
}

static void
port__closed_and_opened_again_leaves_nothing(void **state)
{
	struct loop l;

	for (unsigned int i = 0; i < 20; i++) {
		loop_open(&l, &(struct loop_config){.devargs = *state});
		loop_stream_run(&l, &some);
		loop_close(&l);
		assert_int_equal(rte_eth_dev_count_total(), 0);
	}
	assert_string_equal(loop_log(), "");
}

static void
port__removed_while_started_gives_everything_back(void **state)
{
	struct rte_mbuf *frames[50];
	struct loop l;

	loop_open(&l, &(struct loop_config){.devargs = *state});
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 200, 2);
	loop_send(&l, 0, frames, RTE_DIM(frames));
	assert_int_equal(rte_vdev_uninit(l.name), 0);
	assert_int_equal(rte_mempool_in_use_count(l.rx_pool), 0);
	assert_int_equal(rte_mempool_in_use_count(l.tx_pool), l.tx_leaked);
	rte_mempool_free(l.rx_pool);
	loop_forget(&l);
}

static void
reset__by_application_port_is_as_new(void **state)
{
	struct loop l;

	loop_open(&l, &(struct loop_config){.devargs = *state});
	loop_stream_run(&l, &some);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(rte_eth_dev_reset(l.port_id), 0);
		loop_configure(&l);
		loop_stream_run(&l, &some);
	}
	loop_run_ms(&l, 20);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	assert_int_equal(loop_xstat(&l, "card_tx_frames"), some.count);
	loop_close(&l);
}

static void
configure__fewer_queues_than_before_forwards(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 4, .n_rxq = 4};
	struct loop l;

	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	l.config.n_txq = 1;
	l.config.n_rxq = 2;
	loop_configure(&l);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

/* ---- a barrier that is refused ----------------------------------------------------------- */

static struct {
	bool refused;
	unsigned int refusals, long_waits;
} barriers;

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);

long
__wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (!barriers.refused || number != __NR_membarrier)
		return __real_syscall(number, a, b, c, d, e, f);
	barriers.refusals++;
	errno = EPERM;
	return -1;
}

void __real_rte_delay_us_sleep(unsigned int us);
void __wrap_rte_delay_us_sleep(unsigned int us);

void
__wrap_rte_delay_us_sleep(unsigned int us)
{
	barriers.long_waits += us >= 10000;
	__real_rte_delay_us_sleep(us);
}

/* As by a filter of system calls that the application sets once its ports are there. */
static void
gate__membarrier_is_refused_later_waits_long(void **state)
{
	struct loop l;

	memset(&barriers, 0, sizeof(barriers));
	loop_open(&l, &(struct loop_config){.devargs = *state});
	if (!loop_hw(&l)->membarrier) {
		loop_close(&l);
		skip();
	}
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(barriers.long_waits, 0);
	barriers.refused = true;
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	barriers.refused = false;
	assert_true(barriers.refusals > 0);
	assert_int_equal(barriers.long_waits, barriers.refusals);
	loop_close(&l);
}

/* ---- limits ------------------------------------------------------------------------------ */

static void
mtu__limits_are_the_datasheets(void **state)
{
	struct rte_eth_dev_info info;
	struct loop_config config = {.mtu = WCNIC_MTU_MAX, .not_started = true};
	struct loop_stream longest = {
		.count = 3, .bytes = loop_bytes_fixed, .arg = WCNIC_MTU_MAX + WCNIC_L2_OVERHEAD};
	struct loop_stream shortest = {
		.count = 3, .bytes = loop_bytes_fixed, .arg = WCNIC_MTU_MIN + WCNIC_L2_OVERHEAD};
	struct rte_mbuf *m;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.min_mtu, WCNIC_MTU_MIN);
	assert_int_equal(info.max_mtu, WCNIC_MTU_MAX);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, WCNIC_MTU_MIN - 1), -EINVAL);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, WCNIC_MTU_MAX + 1), -EINVAL);
	loop_log_clear();
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &longest);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, WCNIC_MTU_MIN), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &shortest);
	m = loop_frame(&l, 1, shortest.arg + 1, 1);
	loop_send(&l, 0, &m, 1);
	loop_receive_none(&l, 0);
	assert_int_equal(loop_xstat(&l, "tx_oversize"), 1);
	loop_close(&l);
}

static void
mtu__outgrows_buffers_refused_unless_scattered(void **state)
{
	struct loop_config config = {.buf_bytes = 2048, .not_started = true};
	struct loop_stream large = {.count = 20, .bytes = loop_bytes_random, .arg = 9022};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, 9000), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), -EINVAL);
	loop_log_has("Rx queue 0", "9022 bytes (MTU 9000)", "2048", "RTE_ETH_RX_OFFLOAD_SCATTER",
		     NULL);
	l.config.scatter = true;
	l.config.mtu = 9000;
	l.config.not_started = false;
	loop_configure(&l);
	loop_stream_run(&l, &large);
	loop_close(&l);
}

/* As ixgbe and others do, for programs that set a large MTU and ask for nothing. */
static void
queue__set_up_for_large_mtu_scatters_unasked(void **state)
{
	struct loop_config config = {.buf_bytes = 2048, .mtu = 9000};
	struct loop_stream large = {.count = 20, .bytes = loop_bytes_random, .arg = 9022};
	struct rte_eth_rxq_info info;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &info), 0);
	assert_int_equal(info.scattered_rx, 1);
	loop_stream_run(&l, &large);
	loop_close(&l);
}

static void
queue__bad_depth_refused_by_name(void **state)
{
	static const uint16_t depths[] = {1, 4, 7, 4097, 8192};
	struct loop_config config = {.not_started = true};
	struct wcnic_hw *hw;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	hw = loop_hw(&l);
	for (size_t i = 0; i < RTE_DIM(depths); i++) {
		char text[32];

		assert_int_equal(rte_eth_tx_queue_setup(l.port_id, 0, depths[i], 0, NULL), -EINVAL);
		assert_int_equal(
			rte_eth_rx_queue_setup(l.port_id, 0, depths[i], 0, NULL, l.rx_pool),
			-EINVAL);
		/* ethdev refuses most of these itself; the driver is the last to ask */
		loop_log_clear();
		assert_int_equal(wcnic_tx_queue_setup(&rte_eth_devices[l.port_id], 0, depths[i], 0,
						      &(struct rte_eth_txconf){0}),
				 -EINVAL);
		snprintf(text, sizeof(text), "Tx queue 0: %u descriptors", depths[i]);
		loop_log_has(text, "8 to 4096 are possible", NULL);
	}
	assert_non_null(hw->txq[0]);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

static void
start__queue_not_set_up_refused_by_name(void **state)
{
	struct rte_eth_conf conf = {0};
	struct loop_config config = {.not_started = true};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_configure(l.port_id, 2, 1, &conf), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), -EINVAL);
	loop_log_has("Rx queue 1 of 2 has not been set up", NULL);
	assert_int_equal(rte_eth_dev_configure(l.port_id, 1, 2, &conf), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), -EINVAL);
	loop_log_has("Tx queue 1 of 2 has not been set up", NULL);
	loop_close(&l);
}

static void
configure__more_queues_than_the_card_has_refused(void **state)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	struct loop_config config = {.devargs = "queues=3", .n_txq = 3, .n_rxq = 3};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.max_rx_queues, 3);
	assert_int_equal(info.max_tx_queues, 3);
	loop_stream_run(&l, &some);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_configure(l.port_id, 4, 1, &conf), -EINVAL);
	assert_int_equal(rte_eth_dev_configure(l.port_id, 1, 4, &conf), -EINVAL);
	loop_close(&l);
}

/* ---- addresses --------------------------------------------------------------------------- */

static struct rte_mbuf *
frame_to(struct loop *l, const struct rte_ether_addr *dst)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->tx_pool);

	assert_non_null(m);
	m->pkt_len = m->data_len = 60;
	loop_fill(rte_pktmbuf_mtod(m, uint8_t *), 1, 0, 60);
	memcpy(rte_pktmbuf_mtod(m, void *), dst, sizeof(*dst));
	return m;
}

static void
expect_passes(struct loop *l, const struct rte_ether_addr *dst, bool passes)
{
	struct rte_mbuf *m = frame_to(l, dst);

	loop_send(l, 0, &m, 1);
	if (!passes) {
		loop_receive_none(l, 0);
		return;
	}
	loop_receive(l, 0, &m, 1);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), dst, sizeof(*dst));
	rte_pktmbuf_free(m);
}

static void
filter__modes_and_address_decide(void **state)
{
	static const struct rte_ether_addr other = {{2, 9, 9, 9, 9, 9}};
	static const struct rte_ether_addr group = {{1, 0, 0x5e, 0, 0, 1}};
	static const struct rte_ether_addr all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct rte_ether_addr own, taken = other, none = {{0}};
	struct loop_config config = {.devargs = *state, .not_promiscuous = true};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_macaddr_get(l.port_id, &own), 0);
	expect_passes(&l, &own, true);
	expect_passes(&l, &all, true);
	expect_passes(&l, &other, false);
	expect_passes(&l, &group, false);
	assert_int_equal(loop_xstat(&l, "card_rx_filtered"), 2);
	assert_int_equal(rte_eth_allmulticast_enable(l.port_id), 0);
	expect_passes(&l, &group, true);
	expect_passes(&l, &other, false);
	assert_int_equal(rte_eth_promiscuous_enable(l.port_id), 0);
	expect_passes(&l, &other, true);
	assert_int_equal(rte_eth_allmulticast_disable(l.port_id), 0);
	expect_passes(&l, &group, true);
	assert_int_equal(rte_eth_promiscuous_disable(l.port_id), 0);
	expect_passes(&l, &group, false);
	expect_passes(&l, &other, false);

	assert_int_equal(rte_eth_dev_default_mac_addr_set(l.port_id, &taken), 0);
	expect_passes(&l, &other, true);
	expect_passes(&l, &own, false);
	taken = group;
	assert_int_not_equal(rte_eth_dev_default_mac_addr_set(l.port_id, &taken), 0);
	assert_int_not_equal(rte_eth_dev_default_mac_addr_set(l.port_id, &none), 0);
	expect_passes(&l, &other, true);

	/* all of it outlives a restart and a lost card */
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	expect_passes(&l, &other, true);
	expect_passes(&l, &own, false);
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	expect_passes(&l, &other, true);
	expect_passes(&l, &own, false);
	loop_close(&l);
}

/* ---- link -------------------------------------------------------------------------------- */

static uint64_t lsc_events;

static int
lsc_callback(uint16_t port, enum rte_eth_event_type type, void *arg, void *out)
{
	(void)port;
	(void)type;
	(void)arg;
	(void)out;
	__atomic_fetch_add(&lsc_events, 1, __ATOMIC_RELEASE);
	return 0;
}

static const struct wcdev_port_ops *far_side;

static void
far_link(void *port, struct wcdev_link *link)
{
	(void)port;
	link->speed_mbps = 25000;
}

static int
far_send(void *port, const struct wcdev_frame *frame)
{
	(void)port;
	(void)frame;
	return 0;
}

static void
plug(struct wcnic_card *card, void *arg)
{
	wcdev_port_set(wcnic_card_dev(card), far_side, arg);
}

static void
link__changes_are_reported_by_callback(void **state)
{
	static const struct wcdev_port_ops slow = {
		.kind = "slow", .send = far_send, .link = far_link};
	struct loop_config config = {.devargs = *state, .lsc = true};
	struct rte_eth_link link;
	struct loop l;

	loop_open(&l, &config);
	lsc_events = 0;
	assert_int_equal(rte_eth_dev_callback_register(l.port_id, RTE_ETH_EVENT_INTR_LSC,
						       lsc_callback, NULL),
			 0);
	assert_int_equal(rte_eth_link_get_nowait(l.port_id, &link), 0);
	assert_int_equal(link.link_status, RTE_ETH_LINK_UP);
	assert_int_equal(link.link_speed, 100000);
	far_side = NULL;
	loop_card_do(&l, plug, NULL);
	loop_wait_u64(&l, &lsc_events, 1);
	assert_int_equal(rte_eth_link_get_nowait(l.port_id, &link), 0);
	assert_int_equal(link.link_status, RTE_ETH_LINK_DOWN);
	far_side = &slow;
	loop_card_do(&l, plug, NULL);
	loop_wait_u64(&l, &lsc_events, 2);
	assert_int_equal(rte_eth_link_get_nowait(l.port_id, &link), 0);
	assert_int_equal(link.link_status, RTE_ETH_LINK_UP);
	assert_int_equal(link.link_speed, 25000);
	assert_int_equal(rte_eth_dev_callback_unregister(l.port_id, RTE_ETH_EVENT_INTR_LSC,
							 lsc_callback, NULL),
			 0);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_link_get_nowait(l.port_id, &link), 0);
	assert_int_equal(link.link_status, RTE_ETH_LINK_DOWN);
	loop_close(&l);
}

/* ---- what the port tells ----------------------------------------------------------------- */

static void
xstats__names_are_unique_and_sums_agree(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2};
	struct rte_eth_xstat_name names[256];
	struct rte_eth_stats stats;
	struct rte_mbuf *m;
	struct loop l;
	int n;

	loop_open(&l, &config);
	loop_stream_run(&l, &some);
	m = loop_frame(&l, 9, 13, 1);
	loop_send(&l, 1, &m, 1);
	loop_receive_none(&l, 0);
	n = rte_eth_xstats_get_names(l.port_id, names, RTE_DIM(names));
	assert_uint_in_range(n, 40, RTE_DIM(names));
	for (int i = 0; i < n; i++) {
		assert_true(names[i].name[0] != '\0');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(names[i].name, names[j].name);
	}
	assert_int_equal(rte_eth_stats_get(l.port_id, &stats), 0);
	assert_int_equal(stats.opackets, some.count);
	assert_int_equal(stats.ipackets, some.count);
	assert_int_equal(stats.obytes, stats.ibytes);
	assert_int_equal(stats.oerrors, 1);
	assert_int_equal(stats.opackets,
			 loop_xstat(&l, "tx_pushed") + loop_xstat(&l, "tx_fetched"));
	assert_int_equal(stats.opackets,
			 loop_xstat(&l, "tx_q0_packets") + loop_xstat(&l, "tx_q1_packets"));
	assert_int_equal(stats.ipackets,
			 loop_xstat(&l, "rx_q0_packets") + loop_xstat(&l, "rx_q1_packets"));
	assert_int_equal(stats.opackets, loop_xstat(&l, "card_tx_frames"));
	assert_int_equal(stats.obytes, loop_xstat(&l, "card_tx_bytes"));
	assert_int_equal(stats.ipackets, loop_xstat(&l, "card_rx_frames"));
	assert_int_equal(loop_xstat(&l, "tx_pushed"), loop_xstat(&l, "card_tx_pushed"));
	assert_int_equal(loop_xstat(&l, "tx_runt"), 1);

	assert_int_equal(rte_eth_xstats_reset(l.port_id), 0);
	assert_int_equal(rte_eth_stats_get(l.port_id, &stats), 0);
	assert_int_equal(stats.opackets | stats.ipackets | stats.oerrors | stats.obytes, 0);
	assert_int_equal(loop_xstat(&l, "card_tx_frames"), 0);
	loop_stream_run(&l, &some);
	assert_int_equal(loop_xstat(&l, "card_tx_frames"), some.count);
	loop_close(&l);
}

static void
rss__table_and_key_are_kept_and_used(void **state)
{
	struct loop_config config = {.devargs = *state, .n_rxq = 4, .rss = true};
	struct rte_eth_rss_reta_entry64 reta[2] = {{.mask = ~0ull}, {.mask = ~0ull}};
	uint8_t key[WCNIC_RSS_KEY_BYTES], back[WCNIC_RSS_KEY_BYTES];
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = sizeof(key)};
	struct rte_eth_dev_info info;
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.reta_size, WCNIC_RETA_ENTRIES);
	assert_int_equal(info.hash_key_size, WCNIC_RSS_KEY_BYTES);
	assert_int_equal(rte_eth_dev_rss_reta_query(l.port_id, reta, info.reta_size), 0);
	for (unsigned int i = 0; i < info.reta_size; i++)
		assert_int_equal(reta[i / 64].reta[i % 64], i % 4);

	/* entry 0 is where frames without a hash go; entries that are not masked stay */
	reta[0].mask = 1;
	reta[1].mask = 0;
	reta[0].reta[0] = 3;
	reta[0].reta[1] = 3;
	assert_int_equal(rte_eth_dev_rss_reta_update(l.port_id, reta, info.reta_size), 0);
	reta[0].mask = 3;
	assert_int_equal(rte_eth_dev_rss_reta_query(l.port_id, reta, info.reta_size), 0);
	assert_int_equal(reta[0].reta[0], 3);
	assert_int_equal(reta[0].reta[1], 1);
	m = loop_frame(&l, 1, 64, 1);
	loop_send(&l, 0, &m, 1);
	loop_receive(&l, 3, &m, 1);
	assert_int_equal(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH, 0);
	loop_frame_check(m, 1, 64);
	reta[0].reta[0] = 4;
	assert_int_not_equal(rte_eth_dev_rss_reta_update(l.port_id, reta, info.reta_size), 0);

	memset(key, 0x5a, sizeof(key));
	conf.rss_hf = RTE_ETH_RSS_IPV4;
	assert_int_equal(rte_eth_dev_rss_hash_update(l.port_id, &conf), 0);
	conf.rss_key = back;
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(l.port_id, &conf), 0);
	assert_memory_equal(back, key, sizeof(key));
	assert_int_equal(conf.rss_hf, RTE_ETH_RSS_IPV4);
	conf.rss_key_len = 39;
	assert_int_not_equal(rte_eth_dev_rss_hash_update(l.port_id, &conf), 0);
	loop_close(&l);
}

static void
info__tells_what_was_set_up(void **state)
{
	struct loop_config config = {.devargs = "placement=fetch", .tx_depth = 64, .rx_depth = 128};
	struct rte_eth_txq_info tx;
	struct rte_eth_rxq_info rx;
	struct rte_eth_burst_mode mode;
	uint32_t ptypes[16];
	char fw[64];
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_tx_queue_info_get(l.port_id, 0, &tx), 0);
	assert_int_equal(tx.nb_desc, 64);
	assert_int_equal(tx.queue_state, RTE_ETH_QUEUE_STATE_STARTED);
	assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &rx), 0);
	assert_int_equal(rx.nb_desc, 128);
	assert_ptr_equal(rx.mp, l.rx_pool);
	assert_int_equal(rx.rx_buf_size, RTE_ETHER_MTU + WCNIC_L2_OVERHEAD);
	assert_int_equal(rx.scattered_rx, 0);
	assert_int_equal(rte_eth_tx_burst_mode_get(l.port_id, 0, &mode), 0);
	assert_string_equal(mode.info, "fetch express");
	assert_int_equal(rte_eth_rx_burst_mode_get(l.port_id, 0, &mode), 0);
	assert_int_equal(rte_eth_dev_fw_version_get(l.port_id, fw, sizeof(fw)), 0);
	assert_string_equal(fw, "wcnic model 1.0");
	assert_int_equal(rte_eth_dev_fw_version_get(l.port_id, fw, 5), sizeof("wcnic model 1.0"));
	assert_true(rte_eth_dev_get_supported_ptypes(l.port_id, RTE_PTYPE_ALL_MASK, ptypes, 16) >
		    5);
	loop_close(&l);
}

/* ---- driver arguments -------------------------------------------------------------------- */

#define ARGUMENTS                                                                             \
	" placement slot_lines store timeout_ms self_test packed express mark rx_intr_usecs " \
	"socket port "                                                                        \
	"queues thread seed push_wait_us"

static const struct {
	const char *text;
	const char *named[3];
} bad_devargs[] = {
	{"plcement=push", {"unknown argument 'plcement'", "valid are:" ARGUMENTS}},
	{"placement=psh", {"placement=psh", "push, fetch or auto"}},
	{"placement=", {"placement=", "push, fetch or auto"}},
	{"placement=push:", {"placement=push:", "push, fetch or auto"}},
	{"placement=push,placement=fetch", {"placement is given twice"}},
	{"placement", {"placement=", "followed by a value"}},
	{"slot_lines=3", {"slot_lines=3", "1, 2, 4, 8 or 16"}},
	{"self_test=2", {"self_test=2", "from 0 to 1"}},
	{"slot_lines=0", {"slot_lines=0", "from 1 to 16"}},
	{"slot_lines=32", {"slot_lines=32", "from 1 to 16"}},
	{"slot_lines=4x", {"slot_lines=4x", "a number"}},
	{"slot_lines=010", {"slot_lines=010", "1, 2, 4, 8 or 16"}}, /* ten, not eight */
	{"slot_lines= 4", {"slot_lines= 4", "a number"}},
	{"slot_lines=+4", {"slot_lines=+4", "a number"}},
	{"queues=0", {"queues=0", "from 1 to 64"}},
	{"queues=65", {"queues=65", "from 1 to 64"}},
	{"queues=-1", {"queues=-1", "from 1 to 64"}},
	{"queues=", {"queues=", "a number"}},
	{"thread=2", {"thread=2", "from 0 to 1"}},
	{"seed=abc", {"seed=abc", "a number"}},
	{"seed=99999999999999999999", {"seed=99999999999999999999", "a number"}},
	{"timeout_ms=1", {"timeout_ms=1", "from 10 to 60000"}},
	{"rx_intr_usecs=65536", {"rx_intr_usecs=65536", "from 0 to 65535"}},
	{"push_wait_us=0", {"push_wait_us=0", "from 1 to 1000000"}},
	{"store=mmx", {"store=mmx", "one of", "u64"}},
	{"port=lopback",
	 {"port=lopback", "unknown kind of port 'lopback'", "loopback, sink, wire"}},
	{"port=", {"port=", "characters"}},
	{"port=pcap:in=/nowhere/at/all.pcap", {"/nowhere/at/all.pcap"}},
	{"port=generator:bytes=7", {"bytes=7"}},
	{"port=loopback:x=1", {"unknown key 'x'"}},
	{"socket=/tmp/x,port=sink", {"port=", "socket="}},
	{"port=sink,socket=/tmp/x", {"port=", "socket="}},
	{"socket=/tmp/x,thread=1", {"thread=", "socket="}},
	{"socket=", {"socket=", "characters"}},
	{"socket=/nowhere/at/all.sock", {"/nowhere/at/all.sock", "does not exist"}},
	{"socket=/etc/passwd", {"/etc/passwd"}},
};

static void
devargs__bad_refused_by_name(void **state)
{
	char longest[1200] = "port=";

	(void)state;
	for (size_t i = 0; i < RTE_DIM(bad_devargs); i++) {
		loop_log_clear();
		if (loop_probe(bad_devargs[i].text) == 0)
			fail_msg("%s was taken", bad_devargs[i].text);
		for (unsigned int j = 0; j < 3 && bad_devargs[i].named[j] != NULL; j++)
			loop_log_has(bad_devargs[i].named[j], NULL);
		assert_int_equal(rte_eth_dev_count_total(), 0);
	}
	memset(longest + 5, 'x', sizeof(longest) - 6);
	assert_int_not_equal(loop_probe(longest), 0);
	loop_log_has("1 to 1023 characters", NULL);
}

static void
devargs__placement_of_too_many_queues_refused(void **state)
{
	char text[WCNIC_QUEUES_MAX * 6 + 32] = "placement=push";

	(void)state;
	for (unsigned int i = 1; i <= WCNIC_QUEUES_MAX; i++)
		strcat(text, ":push");
	assert_int_not_equal(loop_probe(text), 0);
	loop_log_has("at most 64 queues", NULL);
	assert_int_equal(rte_eth_dev_count_total(), 0);
}

static void
devargs__good_ones_are_taken(void **state)
{
	static const char *const good[] = {
		"",
		"placement=push:fetch:auto",
		"slot_lines=16,seed=0xffffffff,thread=1,queues=64",
		"port=sink",
		"port=generator:bytes=64;count=5;flows=2",
		"timeout_ms=60000,push_wait_us=1000000,store=u64",
	};

	struct wcnic_devargs args;

	(void)state;
	/* no card need be so quick */
	assert_int_equal(wcnic_devargs_parse("x", "timeout_ms=10", false, &args), 0);
	for (size_t i = 0; i < RTE_DIM(good); i++) {
		loop_log_clear();
		if (loop_probe(good[i]) != 0)
			fail_msg("%s was refused:\n%s", good[i], loop_log());
		assert_int_equal(rte_vdev_uninit(LOOP_PROBE_NAME), 0);
	}
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define THREAD "placement=push,thread=1"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

/* What EAL and dpdk-pmdinfo show of arguments is what is taken. */
static void
devargs__shown_keys_are_the_valid_ones(void **state)
{
	char keys[512] = " ";
	size_t n = 1;
	bool key = true;

	(void)state;
	for (const char *c = WCNIC_DEVARGS_VDEV; *c != '\0'; c++) {
		key = (key && *c != '=') || *c == ' ';
		if (key)
			keys[n++] = *c;
	}
	assert_string_equal(keys, ARGUMENTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(port__stopped_and_started_100_times_forwards, PUSH),
		ARGS(port__stopped_and_started_100_times_forwards, FETCH),
		ARGS(port__stopped_and_started_100_times_forwards, THREAD),
		ARGS(stop__frames_in_flight_are_sent, PUSH),
		ARGS(stop__frames_in_flight_are_sent, FETCH),
		ARGS(stop__frames_in_flight_are_sent, THREAD),
		ARGS(stop__frames_that_still_wait_are_counted_as_lost, PUSH),
		ARGS(stop__frames_that_still_wait_are_counted_as_lost, FETCH),
		ARGS(port__closed_and_opened_again_leaves_nothing, PUSH),
		ARGS(port__closed_and_opened_again_leaves_nothing, THREAD),
		ARGS(port__removed_while_started_gives_everything_back, PUSH),
		ARGS(port__removed_while_started_gives_everything_back, THREAD),
		ARGS(reset__by_application_port_is_as_new, PUSH),
		ARGS(reset__by_application_port_is_as_new, THREAD),
		ARGS(configure__fewer_queues_than_before_forwards, PUSH),
		ARGS(gate__membarrier_is_refused_later_waits_long, PUSH),
		LOOP_TEST(mtu__limits_are_the_datasheets),
		LOOP_TEST(mtu__outgrows_buffers_refused_unless_scattered),
		LOOP_TEST(queue__set_up_for_large_mtu_scatters_unasked),
		LOOP_TEST(queue__bad_depth_refused_by_name),
		LOOP_TEST(start__queue_not_set_up_refused_by_name),
		LOOP_TEST(devargs__shown_keys_are_the_valid_ones),
		LOOP_TEST(configure__more_queues_than_the_card_has_refused),
		ARGS(filter__modes_and_address_decide, PUSH),
		ARGS(filter__modes_and_address_decide, THREAD),
		ARGS(link__changes_are_reported_by_callback, PUSH),
		ARGS(link__changes_are_reported_by_callback, THREAD),
		ARGS(xstats__names_are_unique_and_sums_agree, PUSH),
		ARGS(xstats__names_are_unique_and_sums_agree, FETCH ",thread=1"),
		ARGS(rss__table_and_key_are_kept_and_used, PUSH),
		LOOP_TEST(info__tells_what_was_set_up),
		ARGS(port__closed_within_a_poll_of_its_card_ends, PUSH),
		ARGS(port__closed_within_a_poll_of_its_card_ends, FETCH),
		ARGS(port__closed_within_a_burst_ends, PUSH),
		ARGS(port__closed_within_a_burst_ends, THREAD),
		LOOP_TEST(devargs__bad_refused_by_name),
		LOOP_TEST(devargs__placement_of_too_many_queues_refused),
		LOOP_TEST(devargs__good_ones_are_taken),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
