/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Mbufs of the ethdev port: nothing of a former use remains in them, each is freed once, and none
 * waits longer than it must.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <port_ethdev_internal.h>

#include "port_ethdev_rig.h"

#define FRAMES 40u /* that a ring holds */

static struct rte_mempool *
port_pool(const struct rig *r)
{
	return ((const struct port_ethdev *)r->end.port)->pool;
}

/* Sends frames of the numbers from `first` on, of 60 bytes and more. */
static void
frames_send(struct rig *r, unsigned int first, struct rte_mbuf *sent[FRAMES])
{
	void *taken = NULL;

	for (unsigned int i = 0; i < FRAMES; i++) {
		fake_frame_fill(r->end.frame, 60 + i, first + i);
		fake_tx_push(&r->end.tx, r->end.frame, (uint16_t)(60 + i));
	}
	end_go(&r->end);
	assert_int_equal(end_reap(&r->end), FRAMES);
	for (unsigned int i = 0; i < FRAMES; i++) {
		assert_int_equal(rte_ring_dequeue(r->out, &taken), 0);
		sent[i] = taken;
	}
}

/* As a device or its peer may leave an mbuf behind. */
static void
mbuf_use(struct rte_mbuf *m)
{
	m->ol_flags = RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_TX_IP_CKSUM |
		      RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_RX_RSS_HASH;
	m->vlan_tci = 5;
	m->vlan_tci_outer = 6;
	m->tx_offload = ~0ull;
	m->packet_type = RTE_PTYPE_L4_TCP;
	m->port = 3;
	m->data_off = 7;
	m->data_len = 9;
	m->pkt_len = 18;
}

static void
mbuf_expect_plain(const struct rte_mbuf *m, uint32_t bytes, unsigned int number)
{
	static uint8_t expected[128];

	assert_int_equal(m->ol_flags, 0);
	assert_int_equal(m->vlan_tci, 0);
	assert_int_equal(m->vlan_tci_outer, 0);
	assert_int_equal(m->packet_type, 0);
	assert_int_equal(m->port, RTE_MBUF_PORT_INVALID);
	assert_int_equal(m->data_off, RTE_PKTMBUF_HEADROOM);
	assert_int_equal(m->nb_segs, 1);
	assert_null(m->next);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(m->pkt_len, bytes);
	assert_int_equal(m->data_len, bytes);
	fake_frame_fill(expected, bytes, number);
	assert_memory_equal(rte_pktmbuf_mtod(m, const void *), expected, bytes);
}

static bool
is_among(const struct rte_mbuf *m, struct rte_mbuf *const *mbufs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (mbufs[i] == m)
			return true;
	return false;
}

static void
send__mbufs_that_were_used__ask_for_nothing(void **state)
{
	struct rte_mbuf *before[FRAMES], *after[FRAMES];
	struct rig *r = *state;
	unsigned int again = 0;

	frames_send(r, 0, before);
	for (unsigned int i = 0; i < FRAMES; i++)
		mbuf_use(before[i]);
	for (unsigned int i = 0; i < FRAMES / 2; i += 2) {
		assert_int_equal(rte_pktmbuf_chain(before[i], before[i + 1]), 0);
		rte_pktmbuf_free(before[i]);
	}
	/* As a device may free the first of several that were one frame. */
	for (unsigned int i = FRAMES / 2; i < FRAMES; i++)
		before[i]->nb_segs = 3;
	rte_mempool_put_bulk(port_pool(r), (void **)&before[FRAMES / 2], FRAMES - FRAMES / 2);
	frames_send(r, 1000, after);
	for (unsigned int i = 0; i < FRAMES; i++) {
		again += is_among(after[i], before, FRAMES);
		mbuf_expect_plain(after[i], 60 + i, 1000 + i);
	}
	rte_pktmbuf_free_bulk(after, FRAMES);
	/* These are the ones that were used. */
	assert_int_equal(again, FRAMES);
}

/* An mbuf of the port's pool, with 60 bytes. */
static struct rte_mbuf *
own_make(struct rig *r, unsigned int number)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(port_pool(r));

	assert_non_null(m);
	fake_frame_fill((uint8_t *)rte_pktmbuf_append(m, 60), 60, number);
	return m;
}

/* Lets the card receive frames of 60 bytes. */
static void
card_receive(struct rig *r, struct rte_mbuf *const *mbufs, unsigned int n)
{
	static uint8_t data[16384];

	fake_rx_post(&r->end.h, &r->end.rx, 64u - (uint16_t)(r->end.rx.tail - r->end.rx.head));
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(rte_ring_enqueue(r->in, mbufs[i]), 0);
	wcnic_card_poll(r->end.h.card);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(fake_rx_frame(&r->end.rx, data, NULL), 60);
}

static void
receive__mbufs_of_the_ports_pool__are_back_in_it(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	struct rte_mbuf *mbufs[FRAMES];

	for (unsigned int turn = 0; turn < 100; turn++) {
		for (unsigned int i = 0; i < FRAMES; i++)
			mbufs[i] = own_make(r, i);
		assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs - FRAMES);
		card_receive(r, mbufs, FRAMES);
		assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
	}
}

/* What somebody else has too is not free because the card has taken it. */
static void
receive__mbuf_that_another_holds__stays_with_that(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	struct rte_mbuf *mbufs[3] = {own_make(r, 1), own_make(r, 2), own_make(r, 3)};

	rte_mbuf_refcnt_update(mbufs[1], 1);
	card_receive(r, mbufs, 3);
	assert_int_equal(rte_mbuf_refcnt_read(mbufs[1]), 1);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs - 1);
	rte_pktmbuf_free(mbufs[1]);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
}

/* A clone's buffer is another mbuf's, which is freed with it. */
static void
receive__clone_of_an_mbuf__both_are_free(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	struct rte_mbuf *first = own_make(r, 1);
	struct rte_mbuf *mbufs[2] = {own_make(r, 2), rte_pktmbuf_clone(first, port_pool(r))};

	assert_non_null(mbufs[1]);
	rte_pktmbuf_free(first);
	card_receive(r, mbufs, 2);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
}

static void
receive__mbuf_in_pieces__all_are_free(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	struct rte_mbuf *mbufs[3] = {own_make(r, 1), own_make(r, 2), own_make(r, 3)};
	struct rte_mbuf *tail = rte_pktmbuf_alloc(port_pool(r));

	assert_non_null(tail);
	assert_int_equal(rte_pktmbuf_trim(mbufs[1], 20), 0);
	assert_non_null(rte_pktmbuf_append(tail, 20));
	assert_int_equal(rte_pktmbuf_chain(mbufs[1], tail), 0);
	card_receive(r, mbufs, 3);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
}

static void
receive__mbuf_of_another_pool__is_back_in_that(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	const unsigned int free_others = rte_mempool_avail_count(rig_pool);
	struct rte_mbuf *mbufs[3] = {own_make(r, 1), rte_pktmbuf_alloc(rig_pool), own_make(r, 3)};

	assert_non_null(mbufs[1]);
	assert_non_null(rte_pktmbuf_append(mbufs[1], 60));
	card_receive(r, mbufs, 3);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
	assert_int_equal(rte_mempool_avail_count(rig_pool), free_others);
}

/* Frames that the card cannot take any more, as its queue is gone, are counted and not kept. */
static void
receive__queue_closed_while_it_sends__counted_and_free(void **state)
{
	struct rig *r = *state;
	const unsigned int free_mbufs = rte_mempool_avail_count(port_pool(r));
	struct rte_mbuf *mbufs[2] = {own_make(r, 1), own_make(r, 2)}, *sent = NULL;
	struct wcnic_stats stats;

	assert_int_equal(rte_ring_enqueue_bulk(r->in, (void **)mbufs, 2, NULL), 2);
	fake_tx_push(&r->end.tx, r->end.frame, 60);
	fake_tx_ring(&r->end.tx);
	/* One poll does all: the queue is closed, and then the frame is sent. */
	assert_int_equal(fake_rxq_close(&r->end.h, &r->end.rx), 0);
	assert_int_equal(end_reap(&r->end), 1);
	assert_int_equal(rte_ring_count(r->in), 0);
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.rx_down, 2);
	assert_int_equal(stats.rx_frames, 0);
	assert_int_equal(rte_ring_dequeue(r->out, (void **)&sent), 0);
	rte_pktmbuf_free(sent);
	assert_int_equal(rte_mempool_avail_count(port_pool(r)), free_mbufs);
}

struct asked {
	struct rig *r;
	bool before; /* the device was asked for frames when one was sent and not completed */
	unsigned int completed;
};

static uint16_t
on_rx(uint16_t id, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n, uint16_t most, void *ctx)
{
	struct asked *a = ctx;

	(void)id;
	(void)queue;
	(void)mbufs;
	(void)most;
	a->completed += end_reap(&a->r->end);
	a->before |= rte_ring_count(a->r->out) == 1 && a->completed == 0;
	return n;
}

/* An answer that is there at once does not wait until it is said that the frame was sent. */
static void
send__device_is_asked_before_the_completion(void **state)
{
	struct asked asked = {.r = *state};
	const struct rte_eth_rxtx_callback *callback;
	struct rte_mbuf *sent = NULL;

	callback = rte_eth_add_rx_callback(asked.r->id, 0, on_rx, &asked);
	assert_non_null(callback);
	fake_tx_push(&asked.r->end.tx, asked.r->end.frame, 60);
	end_go(&asked.r->end);
	assert_int_equal(rte_eth_remove_rx_callback(asked.r->id, 0, callback), 0);
	assert_true(asked.before);
	assert_int_equal(asked.completed + end_reap(&asked.r->end), 1);
	assert_int_equal(rte_ring_dequeue(asked.r->out, (void **)&sent), 0);
	rte_pktmbuf_free(sent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		TEST(send__mbufs_that_were_used__ask_for_nothing),
		TEST(receive__mbufs_of_the_ports_pool__are_back_in_it),
		TEST(receive__mbuf_that_another_holds__stays_with_that),
		TEST(receive__clone_of_an_mbuf__both_are_free),
		TEST(receive__mbuf_in_pieces__all_are_free),
		TEST(receive__mbuf_of_another_pool__is_back_in_that),
		TEST(receive__queue_closed_while_it_sends__counted_and_free),
		TEST(send__device_is_asked_before_the_completion),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, NULL);
}
