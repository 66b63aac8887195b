/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Single queues are started, stopped and set up anew while the others carry traffic. */

#include <errno.h>

#include "loop.h"

static const struct loop_stream some = {
	.count = 200, .bytes = loop_bytes_random, .arg = 1400, .segs = 3};

/* Frames of no protocol go to Rx queue `qid` from now on. */
static void
frames_to(struct loop *l, uint16_t qid)
{
	struct rte_eth_rss_reta_entry64 reta[2] = {{.mask = 1, .reta[0] = qid}};

	assert_int_equal(rte_eth_dev_rss_reta_update(l->port_id, reta, WCNIC_RETA_ENTRIES), 0);
}

static void
stream_on(struct loop *l, uint16_t txq, uint16_t rxq)
{
	struct loop_stream s = some;

	s.txq = txq;
	s.rxq = rxq;
	frames_to(l, rxq);
	loop_stream_run(l, &s);
}

static uint8_t
rx_state(const struct loop *l, uint16_t qid)
{
	struct rte_eth_rxq_info info;

	assert_int_equal(rte_eth_rx_queue_info_get(l->port_id, qid, &info), 0);
	return info.queue_state;
}

static uint8_t
tx_state(const struct loop *l, uint16_t qid)
{
	struct rte_eth_txq_info info;

	assert_int_equal(rte_eth_tx_queue_info_get(l->port_id, qid, &info), 0);
	return info.queue_state;
}

/* Sends `n` frames through Tx queue 0 of which none is received. */
static void
frames_vanish(struct loop *l, uint16_t n)
{
	const uint64_t sent = loop_xstat(l, "tx_good_packets"),
		       got = loop_xstat(l, "rx_good_packets");
	struct rte_mbuf *m;

	for (uint16_t i = 0; i < n; i++) {
		m = loop_frame(l, i, 200, 1);
		loop_send(l, 0, &m, 1);
	}
	for (uint16_t q = 0; q < l->config.n_rxq; q++)
		loop_receive_none(l, q);
	assert_int_equal(loop_xstat(l, "tx_good_packets"), sent + n);
	assert_int_equal(loop_xstat(l, "rx_good_packets"), got);
}

/* ---- stop and start ---------------------------------------------------------------------- */

static void
rx_stop__others_go_on_and_its_frames_are_dropped(void **state)
{
	struct loop_config config = {.devargs = *state, .n_rxq = 2, .rss = true};
	struct loop l;

	loop_open(&l, &config);
	stream_on(&l, 0, 0);
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rx_state(&l, 0), RTE_ETH_QUEUE_STATE_STOPPED);
	assert_int_equal(rx_state(&l, 1), RTE_ETH_QUEUE_STATE_STARTED);
	assert_int_equal(rte_mempool_in_use_count(l.rx_pool), 256);
	stream_on(&l, 0, 1);
	frames_to(&l, 0);
	frames_vanish(&l, 600);
	stream_on(&l, 0, 1);
	assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
	assert_int_equal(rx_state(&l, 0), RTE_ETH_QUEUE_STATE_STARTED);
	stream_on(&l, 0, 0);
	stream_on(&l, 0, 1);
	assert_int_equal(loop_xstat(&l, "rx_q0_packets"), 2 * some.count);
	loop_close(&l);
}

static void
tx_stop__others_go_on_and_its_bursts_take_nothing(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2, .rss = true};
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	stream_on(&l, 0, 0);
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(tx_state(&l, 0), RTE_ETH_QUEUE_STATE_STOPPED);
	m = loop_frame(&l, 1, 100, 1);
	assert_int_equal(rte_eth_tx_burst(l.port_id, 0, &m, 1), 0);
	rte_pktmbuf_free(m);
	stream_on(&l, 1, 0);
	assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, 0), 0);
	assert_int_equal(tx_state(&l, 0), RTE_ETH_QUEUE_STATE_STARTED);
	stream_on(&l, 0, 0);
	stream_on(&l, 1, 0);
	assert_int_equal(loop_xstat(&l, "tx_q0_packets"), 2 * some.count);
	assert_int_equal(loop_xstat(&l, "tx_lost"), 0);
	loop_close(&l);
}

/* What a queue accepted before its stop goes out, and its mbufs are free. */
static void
tx_stop__frames_in_flight_are_sent(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2};
	struct rte_mbuf *frames[100];
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 200, 2);
	loop_send(&l, 0, frames, RTE_DIM(frames));
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_mempool_in_use_count(l.tx_pool), l.tx_leaked);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), RTE_DIM(frames));
	loop_receive(&l, 0, frames, RTE_DIM(frames));
	rte_pktmbuf_free_bulk(frames, RTE_DIM(frames));
	loop_close(&l);
}

static void
stop__many_times_under_traffic(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2, .rss = true};
	struct loop l;

	loop_open(&l, &config);
	for (uint16_t i = 0; i < 30; i++) {
		assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, i % 2), 0);
		assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, i % 2), 0);
		stream_on(&l, (i + 1) % 2, (i + 1) % 2);
		assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, i % 2), 0);
		assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, i % 2), 0);
		stream_on(&l, i % 2, i % 2);
	}
	assert_int_equal(loop_xstat(&l, "tx_lost"), 0);
	assert_int_equal(loop_xstat(&l, "recoveries"), 0);
	assert_string_equal(loop_log(), "");
	loop_close(&l);
}

static void
stop__lasts_over_a_recovery(void **state)
{
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2, .rss = true};
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	assert_int_equal(rx_state(&l, 0), RTE_ETH_QUEUE_STATE_STOPPED);
	assert_int_equal(tx_state(&l, 0), RTE_ETH_QUEUE_STATE_STOPPED);
	m = loop_frame(&l, 1, 100, 1);
	assert_int_equal(rte_eth_tx_burst(l.port_id, 0, &m, 1), 0);
	rte_pktmbuf_free(m);
	stream_on(&l, 1, 1);
	assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
	assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, 0), 0);
	stream_on(&l, 0, 0);
	/* ... and a restart of the port starts all */
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	stream_on(&l, 0, 0);
	loop_close(&l);
}

struct revocation {
	uint16_t id;
	int ret;
};

static void
window_revoke(struct wcnic_card *card, void *arg)
{
	struct revocation *r = arg;

	r->ret = wcnic_card_window_revoke(card, r->id);
}

/* Whether the queue was only stopped, or is set up anew before its start. */
static void
stop__window_revoked_meanwhile_queue_fetches(void **state)
{
	const bool anew = *(const bool *)*state;
	struct loop_config config = {.devargs = "placement=push", .n_txq = 2, .rss = true};
	struct revocation r;
	struct loop l;

	loop_open(&l, &config);
	r.id = loop_txq(&l, 0)->ctrl.window.grant.id;
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	if (anew)
		assert_int_equal(rte_eth_tx_queue_setup(l.port_id, 0, 64, SOCKET_ID_ANY, NULL), 0);
	loop_card_do(&l, window_revoke, &r);
	assert_int_equal(r.ret, 0);
	loop_wait_u64(&l, &loop_hw(&l)->events, 1);
	loop_log_has("firmware took window", NULL);
	stream_on(&l, 1, 0);
	assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, 0), 0);
	assert_int_equal(loop_txq(&l, 0)->placement, WCNIC_PLACEMENT_FETCH);
	stream_on(&l, 0, 0);
	assert_int_equal(loop_xstat(&l, "tx_fetched"), some.count);
	/* a start of the port asks for a window again */
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(loop_txq(&l, 0)->placement, WCNIC_PLACEMENT_PUSH);
	stream_on(&l, 0, 0);
	loop_close(&l);
}

/* ---- deferred start ---------------------------------------------------------------------- */

static void
deferred__queue_is_started_by_the_application(void **state)
{
	struct loop_config config = {
		.devargs = *state, .n_txq = 2, .n_rxq = 2, .rss = true, .not_started = true};
	struct rte_eth_rxconf rx = {.rx_deferred_start = 1};
	struct rte_eth_txconf tx = {.tx_deferred_start = 1};
	struct rte_eth_rxq_info rxq;
	struct rte_eth_txq_info txq;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, &rx, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_tx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, &tx), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &rxq), 0);
		assert_int_equal(rxq.queue_state, RTE_ETH_QUEUE_STATE_STOPPED);
		assert_int_equal(rxq.conf.rx_deferred_start, 1);
		assert_int_equal(rte_eth_tx_queue_info_get(l.port_id, 0, &txq), 0);
		assert_int_equal(txq.queue_state, RTE_ETH_QUEUE_STATE_STOPPED);
		assert_int_equal(txq.conf.tx_deferred_start, 1);
		stream_on(&l, 1, 1);
		assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
		assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, 0), 0);
		stream_on(&l, 0, 0);
		assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
		assert_int_equal(rx_state(&l, 1), RTE_ETH_QUEUE_STATE_STOPPED);
	}
	loop_close(&l);
}

static void
deferred__all_queues_port_starts_and_drops(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	struct rte_eth_rxconf rx = {.rx_deferred_start = 1};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, &rx, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	frames_vanish(&l, 600);
	assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
	loop_stream_run(&l, &some);
	loop_close(&l);
}

/* ---- set-up while the port runs ---------------------------------------------------------- */

static void
setup__of_a_stopped_queue_while_the_port_runs(void **state)
{
	static const uint16_t depths[] = {8, 1024, 100, 256};
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2, .rss = true};
	struct rte_mempool *other;
	struct rte_eth_dev_info info;
	struct rte_eth_rxq_info rxq;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.dev_capa & (RTE_ETH_DEV_CAPA_RUNTIME_RX_QUEUE_SETUP |
					  RTE_ETH_DEV_CAPA_RUNTIME_TX_QUEUE_SETUP),
			 RTE_ETH_DEV_CAPA_RUNTIME_RX_QUEUE_SETUP |
				 RTE_ETH_DEV_CAPA_RUNTIME_TX_QUEUE_SETUP);
	other = rte_pktmbuf_pool_create("other", 2048, 0, 0, 4096, SOCKET_ID_ANY);
	assert_non_null(other);
	/* not while it runs */
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL, other),
			 -EBUSY);
	for (size_t i = 0; i < RTE_DIM(depths); i++) {
		assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
		assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
		assert_int_equal(
			rte_eth_rx_queue_setup(l.port_id, 0, depths[i], SOCKET_ID_ANY, NULL, other),
			0);
		assert_int_equal(
			rte_eth_tx_queue_setup(l.port_id, 0, depths[i], SOCKET_ID_ANY, NULL), 0);
		assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &rxq), 0);
		assert_int_equal(rxq.queue_state, RTE_ETH_QUEUE_STATE_STOPPED);
		assert_ptr_equal(rxq.mp, other);
		stream_on(&l, 1, 1);
		assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
		assert_int_equal(rte_eth_dev_tx_queue_start(l.port_id, 0), 0);
		stream_on(&l, 0, 0);
		assert_int_equal(loop_txq(&l, 0)->placement, loop_txq(&l, 1)->placement);
	}
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_mempool_in_use_count(other), 0);
	loop_close(&l);
	rte_mempool_free(other);
}

/* Buffers that the card cannot reach: in memory that nobody has mapped for it. */
static struct rte_mempool *
pool_out_of_reach(void *area, size_t bytes)
{
	struct rte_pktmbuf_extmem ext = {
		.buf_ptr = area, .buf_iova = (uintptr_t)area, .buf_len = bytes, .elt_size = 4096};
	struct rte_mempool *pool = rte_pktmbuf_pool_create_extbuf("away", 16, 0, 0, 4096,
								  SOCKET_ID_ANY, &ext, 1);

	assert_non_null(pool);
	return pool;
}

/* The port and its recovery go on without a queue whose set-up has failed. */
/* The port's sums do not go back with a queue that counts anew, of a running or a stopped port. */
static void
setup__of_a_queue_keeps_what_the_port_counted(void **state)
{
	struct loop_config config = {.devargs = *state, .rss = true};
	uint64_t frames = some.count;
	struct rte_eth_stats stats;
	struct loop l;

	loop_open(&l, &config);
	stream_on(&l, 0, 0);
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_tx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL), 0);
	assert_int_equal(rte_eth_stats_get(l.port_id, &stats), 0);
	assert_int_equal(stats.ipackets, frames);
	assert_int_equal(stats.opackets, frames);
	assert_int_equal(stats.ibytes, stats.obytes);
	assert_int_not_equal(stats.ibytes, 0);
	assert_int_equal(loop_xstat(&l, "rx_q0_packets"), 0);
	assert_int_equal(loop_xstat(&l, "tx_pushed") + loop_xstat(&l, "tx_fetched"), frames);

	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	loop_configure(&l);
	stream_on(&l, 0, 0);
	assert_int_equal(rte_eth_stats_get(l.port_id, &stats), 0);
	assert_int_equal(stats.ipackets, 2 * frames);
	assert_int_equal(stats.opackets, 2 * frames);
	assert_int_equal(rte_eth_stats_reset(l.port_id), 0);
	assert_int_equal(rte_eth_stats_get(l.port_id, &stats), 0);
	assert_int_equal(stats.ipackets, 0);
	assert_int_equal(stats.obytes, 0);
	loop_close(&l);
}

static void
setup__that_fails_leaves_the_others(void **state)
{
	static uint8_t area[64 * 1024] __rte_aligned(4096);
	struct loop_config config = {.devargs = *state, .n_txq = 2, .n_rxq = 2, .rss = true};
	struct rte_mempool *away;
	struct loop l;

	loop_open(&l, &config);
	away = pool_out_of_reach(area, sizeof(area));
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL, away),
			 -EFAULT);
	assert_null(loop_hw(&l)->rxq[0]);
	stream_on(&l, 0, 1);
	assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), -EINVAL);
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	stream_on(&l, 0, 1);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_dev_rx_queue_start(l.port_id, 0), 0);
	stream_on(&l, 0, 0);
	loop_close(&l);
	rte_mempool_free(away);
}

/* ---- MTU --------------------------------------------------------------------------------- */

static void
mtu__of_a_running_port_if_buffers_allow(void **state)
{
	struct loop_config config = {.devargs = *state, .buf_bytes = 4096, .n_rxq = 2, .rss = true};
	struct loop_stream s = {.count = 50, .bytes = loop_bytes_fixed};
	struct rte_mbuf *m;
	struct loop l;

	loop_open(&l, &config);
	frames_to(&l, 0);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, 4096 - WCNIC_L2_OVERHEAD), 0);
	s.arg = 4096;
	loop_stream_run(&l, &s);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, 4097 - WCNIC_L2_OVERHEAD), -EINVAL);
	loop_log_has("Rx queue 0", "4097 bytes", "buffers of 4096", "SCATTER", NULL);
	loop_stream_run(&l, &s);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, 1000), 0);
	m = loop_frame(&l, 1, 1000 + WCNIC_L2_OVERHEAD + 1, 1);
	loop_send(&l, 0, &m, 1);
	loop_receive_none(&l, 0);
	assert_int_equal(loop_xstat(&l, "tx_oversize"), 1);
	s.arg = 1000 + WCNIC_L2_OVERHEAD;
	loop_stream_run(&l, &s);
	/* it lasts */
	wcnic_store(&loop_hw(&l)->failed, true);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	frames_to(&l, 0);
	loop_stream_run(&l, &s);
	m = loop_frame(&l, 1, 1000 + WCNIC_L2_OVERHEAD + 1, 1);
	loop_send(&l, 0, &m, 1);
	loop_receive_none(&l, 0);
	loop_close(&l);
}

static void
mtu__of_a_running_port_that_scatters(void **state)
{
	struct loop_config config = {.devargs = *state, .buf_bytes = 1024, .scatter = true};
	struct loop_stream s = {.count = 50, .bytes = loop_bytes_random, .arg = 9022};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, 9000), 0);
	loop_stream_run(&l, &s);
	loop_close(&l);
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define THREAD "placement=push,thread=1"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	static bool no = false, yes = true;
	const struct CMUnitTest tests[] = {
		ARGS(rx_stop__others_go_on_and_its_frames_are_dropped, PUSH),
		ARGS(rx_stop__others_go_on_and_its_frames_are_dropped, THREAD),
		ARGS(tx_stop__others_go_on_and_its_bursts_take_nothing, PUSH),
		ARGS(tx_stop__others_go_on_and_its_bursts_take_nothing, FETCH),
		ARGS(tx_stop__others_go_on_and_its_bursts_take_nothing, THREAD),
		ARGS(tx_stop__frames_in_flight_are_sent, PUSH),
		ARGS(tx_stop__frames_in_flight_are_sent, FETCH),
		ARGS(stop__many_times_under_traffic, PUSH),
		ARGS(stop__many_times_under_traffic, PUSH ",packed=0"),
		ARGS(stop__many_times_under_traffic, FETCH ",thread=1"),
		ARGS(stop__lasts_over_a_recovery, PUSH),
		ARGS(stop__lasts_over_a_recovery, THREAD),
		ARGS(deferred__queue_is_started_by_the_application, PUSH),
		ARGS(deferred__queue_is_started_by_the_application, FETCH),
		ARGS(deferred__all_queues_port_starts_and_drops, PUSH),
		ARGS(setup__of_a_stopped_queue_while_the_port_runs, PUSH),
		ARGS(setup__of_a_stopped_queue_while_the_port_runs, FETCH),
		ARGS(setup__of_a_stopped_queue_while_the_port_runs, THREAD),
		ARGS(setup__of_a_queue_keeps_what_the_port_counted, PUSH),
		ARGS(setup__of_a_queue_keeps_what_the_port_counted, FETCH),
		ARGS(setup__that_fails_leaves_the_others, PUSH),
		ARGS(mtu__of_a_running_port_if_buffers_allow, PUSH),
		ARGS(mtu__of_a_running_port_if_buffers_allow, FETCH ",thread=1"),
		ARGS(mtu__of_a_running_port_that_scatters, PUSH),
		LOOP_TEST_ARG("stop__window_revoked_meanwhile_queue_fetches",
			      stop__window_revoked_meanwhile_queue_fetches, &no),
		LOOP_TEST_ARG("setup__window_revoked_meanwhile_queue_fetches",
			      stop__window_revoked_meanwhile_queue_fetches, &yes),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
