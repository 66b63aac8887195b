/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the port tells of its queues and registers between bursts. */

#include <errno.h>

#include <rte_dev_info.h>

#include <wcnic_queue_status.h>

#include "loop.h"

#define RING 256

static void
frames_send(struct loop *l, unsigned int n)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n; i++) {
		m = loop_frame(l, i, 200, 1);
		loop_send(l, 0, &m, 1);
	}
}

static void
nothing_do(struct wcnic_card *card, void *arg)
{
	(void)card;
	(void)arg;
}

/* All that was sent is back in the Rx ring. */
static void
card_finish(struct loop *l)
{
	loop_card_do(l, nothing_do, NULL);
	loop_card_do(l, nothing_do, NULL);
}

/* ---- Rx ---------------------------------------------------------------------------------- */

static void
rx_count__is_what_a_burst_would_take(void **state)
{
	struct loop_config config = {.devargs = *state, .rx_depth = RING};
	struct rte_mbuf *frames[RING];
	struct loop l;

	loop_open(&l, &config);
	for (unsigned int round = 0; round < 5; round++) {
		assert_int_equal(rte_eth_rx_queue_count(l.port_id, 0), 0);
		frames_send(&l, 100);
		card_finish(&l);
		assert_int_equal(rte_eth_rx_queue_count(l.port_id, 0), 100);
		assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 0),
				 RTE_ETH_RX_DESC_DONE);
		assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 99),
				 RTE_ETH_RX_DESC_DONE);
		assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 100),
				 RTE_ETH_RX_DESC_AVAIL);
		assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, RING), -EINVAL);
		assert_int_equal(rte_eth_rx_burst(l.port_id, 0, frames, 70), 70);
		assert_int_equal(rte_eth_rx_queue_count(l.port_id, 0), 30);
		assert_int_equal(rte_eth_rx_burst(l.port_id, 0, frames + 70, 30), 30);
		rte_pktmbuf_free_bulk(frames, 100);
		loop_receive_none(&l, 0);
	}
	assert_int_equal(rte_eth_dev_rx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_rx_queue_count(l.port_id, 0), 0);
	assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 0), RTE_ETH_RX_DESC_UNAVAIL);
	loop_close(&l);
}

/* Entries that no buffer has been posted for are the driver's. */
static void
rx_status__entries_without_buffers_are_unavailable(void **state)
{
	struct loop_config config = {.devargs = *state, .rx_depth = RING, .not_started = true};
	struct rte_mempool *pool;
	struct loop l;

	loop_open(&l, &config);
	pool = rte_pktmbuf_pool_create("small", 64, 0, 0, 2048, SOCKET_ID_ANY);
	assert_non_null(pool);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, RING, SOCKET_ID_ANY, NULL, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 63), RTE_ETH_RX_DESC_AVAIL);
	assert_int_equal(rte_eth_rx_descriptor_status(l.port_id, 0, 64), RTE_ETH_RX_DESC_UNAVAIL);
	loop_close(&l);
	rte_mempool_free(pool);
}

/* ---- Tx ---------------------------------------------------------------------------------- */

static void
tx_status__full_until_the_card_is_done(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = RING};
	struct rte_mbuf *frames[100];
	uint16_t limit, first;
	struct loop l;

	loop_open(&l, &config);
	limit = loop_txq(&l, 0)->limit;
	assert_int_equal(rte_eth_tx_descriptor_status(l.port_id, 0, limit - 1),
			 RTE_ETH_TX_DESC_DONE);
	assert_int_equal(rte_eth_tx_descriptor_status(l.port_id, 0, RING), -EINVAL);
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 100, 1);
	/* by the burst itself, after which no card polls */
	assert_int_equal(wcnic_tx_burst(loop_txq(&l, 0), frames, 32), 32);
	first = limit - (uint16_t)(loop_txq(&l, 0)->tail - loop_txq(&l, 0)->head);
	assert_int_equal(wcnic_tx_descriptor_status(loop_txq(&l, 0), first - 1),
			 RTE_ETH_TX_DESC_DONE);
	assert_int_equal(wcnic_tx_descriptor_status(loop_txq(&l, 0), first), RTE_ETH_TX_DESC_FULL);
	assert_int_equal(wcnic_tx_descriptor_status(loop_txq(&l, 0), limit - 1),
			 RTE_ETH_TX_DESC_FULL);
	rte_pktmbuf_free_bulk(frames + 32, RTE_DIM(frames) - 32);
	card_finish(&l);
	assert_int_equal(rte_eth_tx_descriptor_status(l.port_id, 0, first), RTE_ETH_TX_DESC_DONE);
	assert_int_equal(rte_eth_tx_descriptor_status(l.port_id, 0, limit - 1),
			 RTE_ETH_TX_DESC_DONE);
	loop_receive(&l, 0, frames, 32);
	rte_pktmbuf_free_bulk(frames, 32);
	assert_int_equal(rte_eth_dev_tx_queue_stop(l.port_id, 0), 0);
	assert_int_equal(rte_eth_tx_descriptor_status(l.port_id, 0, 0), RTE_ETH_TX_DESC_UNAVAIL);
	loop_close(&l);
}

/* What a burst frees is about what it takes: so the same mbufs go round, whatever is done with. */
static void
tx_burst__of_a_full_ring__frees_few(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = 1024, .fast_free = true};
	struct rte_mbuf *frames[32];
	uint16_t head, limit, bursts = 0;
	struct wcnic_txq *txq;
	struct loop l;

	loop_open(&l, &config);
	loop_service_hold(true); /* it would poll the card between the bursts */
	txq = loop_txq(&l, 0);
	limit = txq->limit;
	while (true) {
		for (unsigned int i = 0; i < RTE_DIM(frames); i++)
			frames[i] = loop_frame(&l, i, 100, 1);
		/* by the burst itself: no card polls between them */
		if ((uint16_t)(txq->tail - txq->head) + RTE_DIM(frames) > limit)
			break;
		assert_int_equal(wcnic_tx_burst(txq, frames, RTE_DIM(frames)), RTE_DIM(frames));
		bursts++;
	}
	assert_int_equal(txq->head, 0);
	for (unsigned int i = 0; i < bursts; i++)
		card_finish(&l);
	assert_int_equal(wcnic_tx_burst(txq, frames, RTE_DIM(frames)), RTE_DIM(frames));
	head = txq->head;
	assert_uint_in_range(head, 32, 128);
	assert_uint_in_range(bursts, 8, 1024 / RTE_DIM(frames));
	/* the next one finds that the ring has room, and frees some more */
	for (unsigned int i = 0; i < RTE_DIM(frames); i++)
		frames[i] = loop_frame(&l, i, 100, 1);
	assert_int_equal(wcnic_tx_burst(txq, frames, RTE_DIM(frames)), RTE_DIM(frames));
	assert_uint_in_range(txq->head, head + 1, head + 128);
	loop_service_hold(false);
	loop_close(&l);
}

static void
tx_cleanup__frees_what_is_sent(void **state)
{
	struct loop_config config = {.devargs = *state, .tx_depth = RING};
	struct rte_mbuf *frames[40];
	int freed;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_tx_done_cleanup(l.port_id, 0, 0), 0);
	frames_send(&l, 20);
	loop_receive(&l, 0, frames, 20);
	rte_pktmbuf_free_bulk(frames, 20);
	frames_send(&l, 20);
	loop_receive(&l, 0, frames, 20);
	rte_pktmbuf_free_bulk(frames, 20);
	while (rte_mempool_in_use_count(l.tx_pool) != l.tx_leaked) {
		freed = rte_eth_tx_done_cleanup(l.port_id, 0, 10);
		assert_uint_in_range(freed, 0, 40);
	}
	assert_int_equal(rte_eth_tx_done_cleanup(l.port_id, 0, 0), 0);
	assert_int_equal(loop_xstat(&l, "tx_good_packets"), 40);
	loop_close(&l);
}

/* ---- what was set up --------------------------------------------------------------------- */

static void
info__has_the_configuration_of_queues(void **state)
{
	const struct rte_eth_rxconf rx = {.rx_drop_en = 1, .rx_deferred_start = 1};
	const struct rte_eth_txconf tx = {.tx_deferred_start = 1};
	struct loop_config config = {.devargs = *state, .not_started = true};
	struct rte_eth_rxq_info rxq;
	struct rte_eth_txq_info txq;
	struct loop l;

	loop_open(&l, &config);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, 300, SOCKET_ID_ANY, &rx, l.rx_pool),
			 0);
	assert_int_equal(rte_eth_tx_queue_setup(l.port_id, 0, 300, SOCKET_ID_ANY, &tx), 0);
	assert_int_equal(rte_eth_rx_queue_info_get(l.port_id, 0, &rxq), 0);
	assert_ptr_equal(rxq.mp, l.rx_pool);
	assert_int_equal(rxq.nb_desc, 512);
	assert_int_equal(rxq.conf.rx_drop_en, 1);
	assert_int_equal(rxq.conf.rx_deferred_start, 1);
	assert_int_equal(rxq.conf.rx_free_thresh, 32);
	assert_int_equal(rte_eth_tx_queue_info_get(l.port_id, 0, &txq), 0);
	assert_int_equal(txq.nb_desc, 512);
	assert_int_equal(txq.conf.tx_deferred_start, 1);
	assert_int_equal(txq.conf.tx_free_thresh, 512 - 128);
	assert_int_equal(txq.conf.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
			 RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	loop_close(&l);
}

/* ---- registers --------------------------------------------------------------------------- */

static void
regs__are_those_of_bar0(void **state)
{
	struct rte_dev_reg_info info = {0};
	uint32_t words[64];
	struct loop l;

	loop_open(&l, &(struct loop_config){.devargs = *state});
	assert_int_equal(rte_eth_dev_get_reg_info(l.port_id, &info), 0);
	assert_int_equal(info.length, RTE_DIM(words));
	assert_int_equal(info.width, sizeof(words[0]));
	assert_int_equal(info.version, WCNIC_ABI_VERSION);
	memset(words, 0xee, sizeof(words));
	info.data = words;
	assert_int_equal(rte_eth_dev_get_reg_info(l.port_id, &info), 0);
	assert_int_equal(words[WCNIC_REG_MAGIC / 4], WCNIC_MAGIC);
	assert_int_equal(words[WCNIC_REG_STATUS / 4], WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED);
	assert_int_equal(words[WCNIC_REG_ASQ_TAIL / 4], 0);
	assert_int_equal(words[WCNIC_REG_MARK / 4], 0);
	/* a part */
	info.offset = WCNIC_REG_RESET_COUNT / 4;
	info.length = 1;
	assert_int_equal(rte_eth_dev_get_reg_info(l.port_id, &info), 0);
	assert_int_equal(words[0], loop_hw(&l)->reset_count);
	info.length = 64;
	assert_int_equal(rte_eth_dev_get_reg_info(l.port_id, &info), -EINVAL);
	loop_close(&l);
}

#define PUSH "placement=push"
#define SLOTS "placement=push,packed=0"
#define FETCH "placement=fetch"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(rx_count__is_what_a_burst_would_take, PUSH),
		ARGS(rx_count__is_what_a_burst_would_take, FETCH),
		ARGS(rx_status__entries_without_buffers_are_unavailable, PUSH),
		ARGS(tx_status__full_until_the_card_is_done, PUSH),
		ARGS(tx_status__full_until_the_card_is_done, SLOTS),
		ARGS(tx_status__full_until_the_card_is_done, FETCH),
		ARGS(tx_burst__of_a_full_ring__frees_few, PUSH ",port=sink"),
		ARGS(tx_burst__of_a_full_ring__frees_few, SLOTS ",port=sink"),
		ARGS(tx_burst__of_a_full_ring__frees_few, FETCH ",port=sink"),
		ARGS(tx_cleanup__frees_what_is_sent, PUSH),
		ARGS(tx_cleanup__frees_what_is_sent, FETCH ",thread=1"),
		ARGS(info__has_the_configuration_of_queues, PUSH),
		ARGS(regs__are_those_of_bar0, PUSH),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
