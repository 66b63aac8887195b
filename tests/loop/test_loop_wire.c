/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the wire does: drops for want of buffers, flow control, link and speed. */

#include <errno.h>

#include "loop.h"

#define FLOWS 16

static struct rte_eth_stats
stats_of(const struct loop *l)
{
	struct rte_eth_stats stats;

	assert_int_equal(rte_eth_stats_get(l->port_id, &stats), 0);
	return stats;
}

/* An IPv4/UDP frame: the flow is its source port, its number is in the payload. */
static struct rte_mbuf *
flow_frame(struct loop *l, uint16_t flow, uint32_t number)
{
	struct rte_mbuf *m = loop_frame(l, 1, 64, 1);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	static const uint8_t ip[] = {0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17};

	memcpy(data + 12, ip, sizeof(ip));
	memset(data + 24, 0, 18);
	data[35] = (uint8_t)flow;
	data[37] = 9;
	memcpy(data + 42, &number, sizeof(number));
	return m;
}

/* ---- drops ------------------------------------------------------------------------------- */

/* Receives what is in the queue; notes the flows. Each flow's frames are there from the first on.
 */
static uint32_t
flows_receive(struct loop *l, uint16_t qid, uint32_t next[FLOWS])
{
	struct rte_mbuf *m[32];
	uint32_t got = 0, number;
	uint16_t n;

	while ((n = rte_eth_rx_burst(l->port_id, qid, m, RTE_DIM(m))) != 0) {
		for (uint16_t i = 0; i < n; i++) {
			const uint8_t *data = rte_pktmbuf_mtod(m[i], const uint8_t *);

			memcpy(&number, data + 42, sizeof(number));
			assert_true(number >= next[data[35]]);
			next[data[35]] = number + 1;
			rte_pktmbuf_free(m[i]);
		}
		got += n;
	}
	return got;
}

static void
rx__queue_not_polled_stops_no_other_and_counts_what_it_drops(void **state)
{
	struct loop_config config = {.devargs = *state, .n_rxq = 2, .rx_depth = 64, .rss = true};
	uint32_t next[FLOWS] = {0}, other[FLOWS] = {0}, sent[FLOWS] = {0}, got = 0, total = 0;
	struct rte_eth_stats stats;
	struct rte_mbuf *m[FLOWS];
	struct loop l;

	loop_open(&l, &config);
	for (uint32_t i = 0; i < 200; i++, total += FLOWS) {
		for (uint16_t f = 0; f < FLOWS; f++)
			m[f] = flow_frame(&l, f, sent[f]++);
		loop_send(&l, 0, m, FLOWS);
		/* A burst does not poll a card that another thread polls: all must be sent first.
		 */
		for (uint64_t end = loop_patience_end();
		     loop_txq(&l, 0)->head != loop_txq(&l, 0)->tail;) {
			rte_eth_tx_burst(l.port_id, 0, NULL, 0);
			got += flows_receive(&l, 0, next);
			assert_true(rte_get_timer_cycles() < end);
		}
		got += flows_receive(&l, 0, next);
	}
	/* Statistics say when all has been sent; until then queue 0 is polled. */
	for (uint64_t end = loop_patience_end(); stats_of(&l).opackets < total;) {
		got += flows_receive(&l, 0, next);
		assert_true(rte_get_timer_cycles() < end);
	}
	got += flows_receive(&l, 0, next);
	stats = stats_of(&l);
	assert_int_equal(stats.opackets, total);
	assert_int_equal(loop_xstat(&l, "card_tx_held"), 0);
	if (strstr(*state, "thread=1") == NULL) {
		/* A flow of queue 0 is whole, and queue 1 has its ring full and no more. */
		assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 0);
		for (uint16_t f = 0; f < FLOWS; f++)
			assert_true(next[f] == 0 || next[f] == sent[f]);
		assert_int_equal(stats.imissed, total - got - 64);
	}
	assert_true(got > 0 && got < total);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed") + loop_xstat(&l, "rx_q1_missed"),
			 stats.imissed);
	assert_int_equal(loop_xstat(&l, "card_rx_missed"), stats.imissed);
	assert_int_equal(loop_xstat(&l, "rx_missed_errors"), stats.imissed);
	got += flows_receive(&l, 1, other);
	assert_int_equal(got + stats.imissed, total);
	loop_close(&l);
}

/* Sends `n` frames to a queue that nobody polls. */
static void
frames_send(struct loop *l, unsigned int n)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n; i++) {
		m = loop_frame(l, i, 64, 1);
		loop_send(l, 0, &m, 1);
	}
	for (uint64_t end = loop_patience_end(); loop_txq(l, 0)->head != loop_txq(l, 0)->tail;) {
		rte_eth_tx_burst(l->port_id, 0, NULL, 0);
		(void)stats_of(l);
		assert_true(rte_get_timer_cycles() < end);
	}
}

static void
recover(struct loop *l)
{
	const uint64_t before = loop_hw(l)->recoveries;

	wcnic_store(&loop_hw(l)->failed, true);
	loop_wait_u64(l, &loop_hw(l)->recoveries, before + 1);
}

static void
missed__totals_only_grow_over_stop_start_and_recovery(void **state)
{
	struct loop_config config = {.devargs = *state, .rx_depth = 64};
	struct loop l;

	loop_open(&l, &config);
	frames_send(&l, 100);
	assert_int_equal(stats_of(&l).imissed, 36);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	/* what lay in the buffers is lost as well */
	assert_int_equal(stats_of(&l).imissed, 100);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 36);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(stats_of(&l).imissed, 100);
	frames_send(&l, 74);
	assert_int_equal(stats_of(&l).imissed, 110);
	assert_int_equal(rte_eth_stats_reset(l.port_id), 0);
	assert_int_equal(stats_of(&l).imissed, 0);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 0);
	frames_send(&l, 5);
	assert_int_equal(stats_of(&l).imissed, 5);
	recover(&l);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 5);
	(void)loop_drop_received(&l);
	frames_send(&l, 66);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 7);
	assert_int_equal(rte_eth_xstats_reset(l.port_id), 0);
	assert_int_equal(loop_xstat(&l, "rx_q0_missed"), 0);
	loop_close(&l);
}

/* ---- flow control ------------------------------------------------------------------------ */

static enum rte_eth_fc_mode
fc_mode(const struct loop *l)
{
	struct rte_eth_fc_conf conf;

	assert_int_equal(rte_eth_dev_flow_ctrl_get(l->port_id, &conf), 0);
	assert_int_equal(conf.autoneg, 0);
	return conf.mode;
}

static int
fc_set(const struct loop *l, enum rte_eth_fc_mode mode)
{
	struct rte_eth_fc_conf conf = {.mode = mode};

	return rte_eth_dev_flow_ctrl_set(l->port_id, &conf);
}

/* The flags of the card itself. */
static uint16_t
card_pause(const struct loop *l)
{
	struct wcnic_port_info info;

	assert_int_equal(wcadmin_port_query(&loop_hw(l)->admin.client, &info), 0);
	return info.flags & (WCNIC_PORTF_PAUSE_TX | WCNIC_PORTF_PAUSE_RX);
}

static void
flow_control__of_a_wire_without_pauses_is_refused(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(fc_mode(&l), RTE_ETH_FC_NONE);
	assert_int_equal(fc_set(&l, RTE_ETH_FC_NONE), 0);
	loop_log_clear();
	assert_int_equal(fc_set(&l, RTE_ETH_FC_FULL), -ENOTSUP);
	loop_log_has("carries no pauses", "flow_control=on", NULL);
	assert_int_equal(fc_mode(&l), RTE_ETH_FC_NONE);
	loop_close(&l);
}

static void
flow_control__each_mode_is_done_and_survives_recovery(void **state)
{
	static const struct {
		enum rte_eth_fc_mode mode;
		uint16_t flags;
	} modes[] = {
		{RTE_ETH_FC_NONE, 0},
		{RTE_ETH_FC_RX_PAUSE, WCNIC_PORTF_PAUSE_RX},
		{RTE_ETH_FC_TX_PAUSE, WCNIC_PORTF_PAUSE_TX},
		{RTE_ETH_FC_FULL, WCNIC_PORTF_PAUSE_TX | WCNIC_PORTF_PAUSE_RX},
	};
	struct loop_config config = {.devargs = *state, .rx_depth = 64};
	struct rte_eth_fc_conf odd = {.mode = RTE_ETH_FC_FULL};
	struct rte_mbuf *got[128];
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(fc_mode(&l), RTE_ETH_FC_FULL);
	for (size_t i = 0; i < RTE_DIM(modes); i++) {
		assert_int_equal(fc_set(&l, modes[i].mode), 0);
		assert_int_equal(fc_mode(&l), modes[i].mode);
		assert_int_equal(card_pause(&l), modes[i].flags);
		recover(&l);
		assert_int_equal(fc_mode(&l), modes[i].mode);
		assert_int_equal(card_pause(&l), modes[i].flags);
	}
	loop_log_clear();
	odd.autoneg = 1;
	assert_int_equal(rte_eth_dev_flow_ctrl_set(l.port_id, &odd), -ENOTSUP);
	loop_log_has("autoneg=0", NULL);
	odd.autoneg = 0;
	odd.mac_ctrl_frame_fwd = 1;
	assert_int_equal(rte_eth_dev_flow_ctrl_set(l.port_id, &odd), -ENOTSUP);
	loop_log_has("mac_ctrl_frame_fwd=0", NULL);

	(void)loop_drop_received(&l);
	assert_int_equal(rte_eth_stats_reset(l.port_id), 0);
	for (unsigned int i = 0; i < 100; i++)
		got[i] = loop_frame(&l, i, 64, 1);
	loop_send(&l, 0, got, 100);
	loop_receive(&l, 0, got, 100);
	for (unsigned int i = 0; i < 100; i++)
		loop_frame_check(got[i], i, 64);
	assert_int_equal(stats_of(&l).imissed, 0);
	assert_int_equal(fc_set(&l, RTE_ETH_FC_NONE), 0);
	frames_send(&l, 100);
	assert_true(stats_of(&l).imissed >= 36);
	assert_int_equal(stats_of(&l).imissed + loop_drop_received(&l), 100);
	loop_close(&l);
}

/* Set while the port is stopped, it holds from the start on. */
static void
flow_control__set_before_the_start_is_sent_with_it(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true};
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(fc_set(&l, RTE_ETH_FC_RX_PAUSE), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(card_pause(&l), WCNIC_PORTF_PAUSE_RX);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(card_pause(&l), WCNIC_PORTF_PAUSE_RX);
	loop_close(&l);
}

static void
drop_en__of_a_queue_drops_where_the_wire_could_wait(void **state)
{
	struct loop_config config = {.devargs = *state, .rx_depth = 64, .not_started = true};
	struct rte_eth_dev_info info;
	struct rte_eth_rxq_info queue;
	struct rte_eth_rxconf conf;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	conf = info.default_rxconf;
	assert_int_equal(conf.rx_drop_en, 0);
	assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &queue), 0);
	assert_int_equal(queue.conf.rx_drop_en, 0);
	conf.rx_drop_en = 1;
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 64, SOCKET_ID_ANY, &conf, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &queue), 0);
	assert_int_equal(queue.conf.rx_drop_en, 1);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	frames_send(&l, 100);
	assert_int_equal(stats_of(&l).imissed, 36);
	assert_int_equal(loop_drop_received(&l), 64);
	loop_close(&l);
}

/* ---- link and speed ---------------------------------------------------------------------- */

static struct rte_eth_link
link_of(const struct loop *l)
{
	struct rte_eth_link link;

	assert_int_equal(rte_eth_link_get_nowait(l->port_id, &link), 0);
	return link;
}

static void
link__set_down_frames_wait_until_it_is_up(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_mbuf *m[4];
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_set_link_down(l.port_id), 0);
	assert_int_equal(link_of(&l).link_status, RTE_ETH_LINK_DOWN);
	assert_int_equal(link_of(&l).link_speed, RTE_ETH_SPEED_NUM_NONE);
	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = loop_frame(&l, i, 64, 1);
	loop_send(&l, 0, m, RTE_DIM(m));
	loop_receive_none(&l, 0);
	/* It is what the application said until it says otherwise: also after a recovery. */
	recover(&l);
	assert_int_equal(link_of(&l).link_status, RTE_ETH_LINK_DOWN);
	assert_int_equal(loop_xstat(&l, "tx_lost"), RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		m[i] = loop_frame(&l, i, 64, 1);
	loop_send(&l, 0, m, RTE_DIM(m));
	loop_receive_none(&l, 0);
	assert_int_equal(rte_eth_dev_set_link_up(l.port_id), 0);
	assert_int_equal(link_of(&l).link_status, RTE_ETH_LINK_UP);
	assert_int_equal(link_of(&l).link_speed, 100000);
	loop_receive(&l, 0, m, RTE_DIM(m));
	for (unsigned int i = 0; i < RTE_DIM(m); i++)
		loop_frame_check(m[i], i, 64);
	loop_close(&l);
}

static int
speeds_configure(struct loop *l, uint32_t speeds)
{
	struct rte_eth_conf conf = {.link_speeds = speeds};
	int ret;

	(void)rte_eth_dev_stop(l->port_id);
	ret = rte_eth_dev_configure(l->port_id, 1, 1, &conf);
	if (ret != 0)
		return ret;
	assert_int_equal(rte_eth_rx_queue_setup(l->port_id, 0, 64, SOCKET_ID_ANY, NULL, l->rx_pool),
			 0);
	assert_int_equal(rte_eth_tx_queue_setup(l->port_id, 0, 64, SOCKET_ID_ANY, NULL), 0);
	return rte_eth_dev_start(l->port_id);
}

static void
speed__other_than_the_wires_is_refused(void **state)
{
	struct loop_config config = {.devargs = *state};
	struct rte_eth_dev_info info;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_int_equal(info.speed_capa, RTE_ETH_LINK_SPEED_25G);
	assert_int_equal(link_of(&l).link_speed, 25000);
	assert_int_equal(link_of(&l).link_autoneg, RTE_ETH_LINK_AUTONEG);
	assert_int_equal(link_of(&l).link_duplex, RTE_ETH_LINK_FULL_DUPLEX);
	loop_log_clear();
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_FIXED | RTE_ETH_LINK_SPEED_10G),
			 -EINVAL);
	loop_log_has("25000 Mbit/s", "RTE_ETH_LINK_SPEED_AUTONEG", NULL);
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_10G | RTE_ETH_LINK_SPEED_100G),
			 -EINVAL);
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_FIXED), -EINVAL);
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_FIXED | RTE_ETH_LINK_SPEED_25G |
						      RTE_ETH_LINK_SPEED_10G),
			 -EINVAL);
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_10G | RTE_ETH_LINK_SPEED_25G), 0);
	assert_int_equal(link_of(&l).link_autoneg, RTE_ETH_LINK_AUTONEG);
	assert_int_equal(speeds_configure(&l, RTE_ETH_LINK_SPEED_FIXED | RTE_ETH_LINK_SPEED_25G),
			 0);
	assert_int_equal(link_of(&l).link_autoneg, RTE_ETH_LINK_FIXED);
	assert_int_equal(link_of(&l).link_speed, 25000);
	loop_close(&l);
}

#define DROPS ",port=loopback"
#define PAUSES ",port=loopback:flow_control=on"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)
#define ALL(fn, port)                                                      \
	ARGS(fn, "placement=push" port), ARGS(fn, "placement=fetch" port), \
		ARGS(fn, "placement=push,thread=1" port),                  \
		ARGS(fn, "placement=fetch,thread=1" port)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(rx__queue_not_polled_stops_no_other_and_counts_what_it_drops, DROPS),
		ALL(missed__totals_only_grow_over_stop_start_and_recovery, DROPS),
		ARGS(flow_control__of_a_wire_without_pauses_is_refused, "placement=push" DROPS),
		ALL(flow_control__each_mode_is_done_and_survives_recovery, PAUSES),
		ARGS(flow_control__set_before_the_start_is_sent_with_it, "placement=push" PAUSES),
		ALL(drop_en__of_a_queue_drops_where_the_wire_could_wait, PAUSES),
		ALL(link__set_down_frames_wait_until_it_is_up, DROPS),
		ARGS(speed__other_than_the_wires_is_refused, "port=loopback:speed=25000"),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
