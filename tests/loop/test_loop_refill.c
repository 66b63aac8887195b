/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx queues whose pool runs out of buffers. */

#include "loop.h"

#define RING 256
#define BUFFERS 100

static uint64_t
nombuf(const struct loop *l)
{
	struct rte_eth_stats stats;

	assert_int_equal(rte_eth_stats_get(l->port_id, &stats), 0);
	return stats.rx_nombuf;
}

static uint16_t
posted(const struct loop *l)
{
	const struct wcnic_rxq *rxq = loop_rxq(l, 0);

	return rxq->posted - rxq->head;
}

/* Sends `n` frames and receives them. */
static void
frames_take(struct loop *l, struct rte_mbuf **frames, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		frames[i] = loop_frame(l, i, 100, 1);
	loop_send(l, 0, frames, n);
	loop_receive(l, 0, frames, n);
}

/* Entries without a buffer count once, and the pool's last buffers are used. */
static void
rx__pool_too_small_counts_each_missing_buffer_once(void **state)
{
	struct loop_config config = {.devargs = *state, .not_started = true, .rx_depth = RING};
	struct rte_mbuf *held[BUFFERS];
	struct rte_mempool *pool;
	struct loop l;

	loop_open(&l, &config);
	pool = rte_pktmbuf_pool_create("small", BUFFERS, 0, 0, 2048, SOCKET_ID_ANY);
	assert_non_null(pool);
	assert_int_equal(rte_eth_rx_queue_setup(l.port_id, 0, RING, SOCKET_ID_ANY, NULL, pool), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	assert_int_equal(posted(&l), BUFFERS);
	assert_int_equal(nombuf(&l), RING - BUFFERS);
	loop_receive_none(&l, 0);
	assert_int_equal(nombuf(&l), RING - BUFFERS);

	frames_take(&l, held, BUFFERS);
	loop_receive_none(&l, 0);
	assert_int_equal(posted(&l), 0);
	assert_int_equal(nombuf(&l), RING);
	loop_receive_none(&l, 0);
	assert_int_equal(nombuf(&l), RING);

	/* fewer than a burst of buffers: all of them are posted */
	rte_pktmbuf_free_bulk(held, 7);
	loop_receive_none(&l, 0);
	assert_int_equal(posted(&l), 7);
	assert_int_equal(nombuf(&l), RING);
	frames_take(&l, held, 7);
	loop_receive_none(&l, 0);
	assert_int_equal(nombuf(&l), RING + 7);

	rte_pktmbuf_free_bulk(held, BUFFERS);
	loop_receive_none(&l, 0);
	assert_int_equal(posted(&l), BUFFERS);
	assert_int_equal(nombuf(&l), RING + 7);
	assert_int_equal(rte_eth_stats_reset(l.port_id), 0);
	loop_receive_none(&l, 0);
	assert_int_equal(nombuf(&l), 0);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	loop_close(&l);
	rte_mempool_free(pool);
}

#define PUSH "placement=push"
#define FETCH "placement=fetch"
#define ARGS(fn, args) LOOP_TEST_ARG(#fn " " args, fn, (void *)(uintptr_t)args)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ARGS(rx__pool_too_small_counts_each_missing_buffer_once, PUSH),
		ARGS(rx__pool_too_small_counts_each_missing_buffer_once, FETCH ",thread=1"),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
