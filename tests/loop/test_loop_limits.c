/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Limits that the port tells are accepted at their edges; what it cannot do is refused by name. */

#include <errno.h>

#include "loop.h"

static struct rte_eth_dev_info
info_of(const struct loop *l)
{
	struct rte_eth_dev_info info;

	assert_int_equal(rte_eth_dev_info_get(l->port_id, &info), 0);
	return info;
}

/* ---- rings ------------------------------------------------------------------------------- */

/* Sets both rings of the stopped port up, starts it and forwards. */
static void
rings_run(struct loop *l, uint16_t depth)
{
	struct loop_stream s = {.count = 300, .bytes = loop_bytes_random, .arg = 1500, .segs = 2};

	assert_int_equal(rte_eth_tx_queue_setup(l->port_id, 0, depth, SOCKET_ID_ANY, NULL), 0);
	assert_int_equal(
		rte_eth_rx_queue_setup(l->port_id, 0, depth, SOCKET_ID_ANY, NULL, l->rx_pool), 0);
	assert_int_equal(rte_eth_dev_start(l->port_id), 0);
	loop_stream_run(l, &s);
	assert_int_equal(rte_eth_dev_stop(l->port_id), 0);
}

static void
rings__any_depth_that_ethdev_adjusts_forwards(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true, .rx_depth = 4096};
	static const uint16_t asked[] = {1, 7, 8, 9, 12, 63, 100, 1000, 1025, 4095, 4096, 65535};
	struct rte_eth_rxq_info rxq;
	struct rte_eth_txq_info txq;
	struct loop l;

	loop_open(&l, &config);
	for (size_t i = 0; i < RTE_DIM(asked); i++) {
		uint16_t rx = asked[i], tx = asked[i];

		assert_int_equal(rte_eth_dev_adjust_nb_rx_tx_desc(l.port_id, &rx, &tx), 0);
		assert_int_equal(rx, tx);
		rings_run(&l, rx);
		assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &rxq), 0);
		assert_int_equal(rxq.nb_desc, rte_align32pow2(rx));
		assert_int_equal(rte_eth_tx_queue_info_get(l.port_id, 0, &txq), 0);
		assert_int_equal(txq.nb_desc, RTE_MAX(rte_align32pow2(tx), 256u));
	}
	loop_close(&l);
}

static void
rings__defaults_are_taken(void **state)
{
	struct loop_config config = {.not_started = true, .rx_depth = 4096};
	struct rte_eth_dev_info info;
	struct rte_eth_txq_info txq;
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	info = info_of(&l);
	rings_run(&l, 0);
	assert_int_equal(rte_eth_tx_queue_info_get(l.port_id, 0, &txq), 0);
	assert_int_equal(txq.nb_desc, info.default_txportconf.ring_size);
	loop_close(&l);
}

/* ---- queues ------------------------------------------------------------------------------ */

static void
queues__as_many_as_told_start(void **state)
{
	struct loop_config config = {.devargs = *state, .rx_depth = 8, .tx_depth = 8};
	struct loop_stream s = {.count = 20, .bytes = loop_bytes_fixed, .arg = 100};
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	struct loop l;

	loop_open(&l, &config);
	info = info_of(&l);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(
		rte_eth_dev_configure(l.port_id, info.max_rx_queues + 1, info.max_tx_queues, &conf),
		-EINVAL);
	l.config.n_rxq = info.max_rx_queues;
	l.config.n_txq = info.max_tx_queues;
	loop_configure(&l);
	for (s.txq = 0; s.txq < info.max_tx_queues; s.txq++)
		loop_stream_run(&l, &s);
	loop_close(&l);
}

/* ---- frames ------------------------------------------------------------------------------ */

static void
frames__as_long_as_told_and_no_longer(void **state)
{
	struct loop_config config = {
		.devargs = *state, .mtu = 9216, .buf_bytes = 9238, .rx_depth = 64};
	struct rte_mbuf *frames[2], *got;
	struct rte_eth_dev_info info;
	struct loop l;

	loop_open(&l, &config);
	info = info_of(&l);
	assert_int_equal(info.max_mtu, 9216);
	assert_int_equal(info.max_rx_pktlen, 9238);
	frames[0] = loop_frame(&l, 1, info.max_rx_pktlen + 1, 1);
	frames[1] = loop_frame(&l, 2, info.max_rx_pktlen, 1);
	loop_send(&l, 0, frames, 2);
	loop_receive(&l, 0, &got, 1);
	loop_frame_check(got, 2, info.max_rx_pktlen);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, info.max_mtu + 1), -EINVAL);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, info.min_mtu - 1), -EINVAL);
	assert_int_equal(rte_eth_dev_set_mtu(l.port_id, info.min_mtu), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	frames[0] = loop_frame(&l, 3, info.min_mtu + WCNIC_L2_OVERHEAD, 1);
	loop_send(&l, 0, frames, 1);
	loop_receive(&l, 0, &got, 1);
	loop_frame_check(got, 3, info.min_mtu + WCNIC_L2_OVERHEAD);
	loop_close(&l);
}

static void
buffers__as_short_as_told_receive(void **state)
{
	struct loop_config config = {.devargs = *state, .scatter = true, .buf_bytes = 64};
	struct loop_stream s = {.count = 300, .bytes = loop_bytes_random, .arg = 1500};
	struct rte_mempool *shorter;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(info_of(&l).min_rx_bufsize, 64);
	loop_stream_run(&l, &s);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	shorter = rte_pktmbuf_pool_create("shorter", 512, 0, 0, 63 + RTE_PKTMBUF_HEADROOM,
					  SOCKET_ID_ANY);
	assert_non_null(shorter);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 256, SOCKET_ID_ANY, NULL, shorter),
			 -EINVAL);
	loop_close(&l);
	rte_mempool_free(shorter);
}

static void
segments__as_many_as_told_are_sent_from_any_ring(void **state)
{
	static const uint16_t depths[] = {8, 64, 100, 1024};
	struct loop_config config = {.devargs = *state, .mtu = 4096, .not_started = true};
	struct rte_mbuf *frame, *last = NULL;
	uint16_t segs;
	struct loop l;

	loop_open(&l, &config);
	segs = info_of(&l).tx_desc_lim.nb_seg_max;
	assert_int_equal(segs, 255);
	assert_int_equal(info_of(&l).tx_desc_lim.nb_mtu_seg_max, segs);
	for (size_t i = 0; i < RTE_DIM(depths); i++) {
		assert_int_equal(
			rte_eth_tx_queue_setup(l.port_id, 0, depths[i], SOCKET_ID_ANY, NULL), 0);
		assert_int_equal(rte_eth_dev_start(l.port_id), 0);
		frame = NULL;
		for (uint32_t at = 0; at < segs * 16u; at += 16) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(l.tx_pool);

			assert_non_null(m);
			loop_fill((uint8_t *)rte_pktmbuf_append(m, 16), 5, at, 16);
			if (frame == NULL) {
				frame = m;
			} else {
				last->next = m;
				frame->nb_segs++;
				frame->pkt_len += 16;
			}
			last = m;
		}
		assert_int_equal(rte_eth_tx_prepare(l.port_id, 0, &frame, 1), 1);
		loop_send(&l, 0, &frame, 1);
		loop_receive(&l, 0, &frame, 1);
		loop_frame_check(frame, 5, segs * 16);
		assert_int_equal(loop_xstat(&l, "tx_malformed"), 0);
		assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	}
	loop_close(&l);
}

/* ---- what is not possible ---------------------------------------------------------------- */

static const struct {
	struct rte_eth_conf conf;
	const char *named;
} impossible[] = {
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_DCB}, "rxmode.mq_mode"},
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_DCB_RSS}, "rxmode.mq_mode"},
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_VMDQ_ONLY}, "rxmode.mq_mode"},
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_VMDQ_RSS}, "rxmode.mq_mode"},
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_VMDQ_DCB}, "rxmode.mq_mode"},
	{{.rxmode.mq_mode = RTE_ETH_MQ_RX_VMDQ_DCB_RSS}, "rxmode.mq_mode"},
	{{.txmode.mq_mode = RTE_ETH_MQ_TX_DCB}, "txmode.mq_mode"},
	{{.txmode.mq_mode = RTE_ETH_MQ_TX_VMDQ_DCB}, "txmode.mq_mode"},
	{{.txmode.mq_mode = RTE_ETH_MQ_TX_VMDQ_ONLY}, "txmode.mq_mode"},
	{{.txmode.hw_vlan_insert_pvid = 1}, "txmode.hw_vlan_insert_pvid"},
	{{.txmode.hw_vlan_reject_tagged = 1}, "txmode.hw_vlan_reject_tagged"},
	{{.txmode.hw_vlan_reject_untagged = 1}, "txmode.hw_vlan_reject_untagged"},
	{{.lpbk_mode = 1}, "lpbk_mode"},
	{{.dcb_capability_en = RTE_ETH_DCB_PG_SUPPORT}, "dcb_capability_en"},
	{{.dcb_capability_en = RTE_ETH_DCB_PFC_SUPPORT}, "dcb_capability_en"},
};

static void
configure__impossible_modes_refused_by_name(void **state)
{
	struct loop_config config = {.not_started = true};
	struct rte_eth_conf removal = {.intr_conf.rmv = 1};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	for (size_t i = 0; i < RTE_DIM(impossible); i++) {
		loop_log_clear();
		if (rte_eth_dev_configure(l.port_id, 1, 1, &impossible[i].conf) != -ENOTSUP)
			fail_msg("%s was taken", impossible[i].named);
		loop_log_has(impossible[i].named, "is not possible", NULL);
	}
	/* a vdev is not unplugged; ethdev knows */
	assert_int_equal(rte_eth_dev_configure(l.port_id, 1, 1, &removal), -EINVAL);
	loop_configure(&l);
	loop_close(&l);
}

#define PUSH "placement=push"
#define SLOTS "placement=push,packed=0"
#define FETCH "placement=fetch"
/* Windows of so many queues are 64 MiB, more than the card has: the log says what would fit. */
static void
windows__more_than_the_card_has__refused_with_what_helps(void **state)
{
	struct loop_config config = {.devargs = "queues=64,placement=push,slot_lines=16",
				     .n_txq = 64,
				     .tx_depth = 1024,
				     .not_started = true};
	struct loop l;

	(void)state;
	loop_open(&l, &config);
	assert_int_equal(rte_eth_dev_start(l.port_id), -ENOSPC);
	loop_log_has("no space for a PUSH window of 1048576 bytes",
		     "use fewer queues, descriptors or slot_lines, or placement=auto", NULL);
	loop_log_clear();
	loop_close(&l);
}

#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(rings__any_depth_that_ethdev_adjusts_forwards, PUSH),
		ARGS(rings__any_depth_that_ethdev_adjusts_forwards, FETCH),
		LOOP_TEST(rings__defaults_are_taken),
		ARGS(queues__as_many_as_told_start, "queues=64"),
		ARGS(queues__as_many_as_told_start, "queues=1"),
		ARGS(frames__as_long_as_told_and_no_longer, PUSH),
		ARGS(frames__as_long_as_told_and_no_longer, FETCH),
		ARGS(buffers__as_short_as_told_receive, FETCH),
		ARGS(segments__as_many_as_told_are_sent_from_any_ring, PUSH),
		ARGS(segments__as_many_as_told_are_sent_from_any_ring, SLOTS),
		ARGS(segments__as_many_as_told_are_sent_from_any_ring, FETCH),
		LOOP_TEST(windows__more_than_the_card_has__refused_with_what_helps),
		LOOP_TEST(configure__impossible_modes_refused_by_name),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
