/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of how often the card looks at queues without work, while another has some. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wcdev_turns.h>

#include "fake_host.h"

#define QUEUES 8u
#define BUSY 0u
#define IDLE 5u
#define DEPTH 64u
#define FRAME_BYTES 60u
#define VECTOR 3u

static struct rig {
	struct fake_host h;
	struct fake_txq txqs[QUEUES];
	struct fake_rxq rxqs[2];
	struct wcnic_wake_record *record;
	uint8_t *frame;
	int verdict; /* of the port */
	unsigned int from_port;
} rig;

static int
port_send(void *ctx, const struct wcdev_frame *frame)
{
	struct rig *r = ctx;

	(void)frame;
	return r->verdict;
}

/* A port that may bring a frame in each turn. */
static unsigned int
port_poll(void *ctx, unsigned int budget)
{
	struct rig *r = ctx;

	(void)budget;
	if (r->from_port == 0)
		return 0;
	r->from_port--;
	return fake_receive(&r->h, r->frame, FRAME_BYTES, FRAME_BYTES) == 0;
}

static const struct wcdev_port_ops port_ops = {
	.kind = "test", .send = port_send, .poll = port_poll};

static int
setup(void **state)
{
	static const struct wcnic_card_config config = {.seed = 3, .sleeps = true};
	struct wcnic_cmd_wake_set wake;
	struct rig *r = &rig;

	memset(r, 0, sizeof(*r));
	*state = r;
	if (fake_host_init(&r->h, &config) != 0)
		return -1;
	wcdev_port_set(wcnic_card_dev(r->h.card), &port_ops, r);
	fake_enable(&r->h);
	r->record = fake_alloc(&r->h, sizeof(*r->record), 64);
	r->frame = fake_alloc(&r->h, FRAME_BYTES, 64);
	fake_frame_fill(r->frame, FRAME_BYTES, 0);
	wake.iova = htole64(fake_iova(&r->h, r->record));
	assert_int_equal(fake_features_set(&r->h, WCNIC_CAP_PUSH | WCNIC_CAP_RSS | WCNIC_CAP_WAKE),
			 0);
	assert_int_equal(fake_cmd(&r->h, WCNIC_OP_WAKE_SET, &wake, NULL, 0, NULL), 0);
	for (uint16_t i = 0; i < QUEUES; i++)
		assert_int_equal(
			fake_txq_open(&r->h, &r->txqs[i], i, DEPTH, WCNIC_PLACEMENT_FETCH, 0), 0);
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(fake_rxq_open(&r->h, &r->rxqs[i], i, DEPTH, 2048), 0);
	return fake_port_set(&r->h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	fake_host_fini(&r->h);
	return 0;
}

static void
ring(struct rig *r, unsigned int queue)
{
	fake_tx_fetch(&r->h, &r->txqs[queue], r->frame, FRAME_BYTES);
	fake_tx_ring(&r->txqs[queue]);
}

static bool
done(struct rig *r, unsigned int queue)
{
	struct wcnic_tx_cpl cpl;

	return fake_tx_reap(&r->txqs[queue], &cpl);
}

/* A turn in which the busy queue has a frame. */
static void
busy_turn(struct rig *r)
{
	ring(r, BUSY);
	wcnic_card_poll_frames(r->h.card);
	assert_true(done(r, BUSY));
}

/* How many turns it takes until the frame of the idle queue is out. */
static unsigned int
turns_until_seen(struct rig *r, void (*turn)(struct rig *r))
{
	unsigned int turns = 0;

	ring(r, IDLE);
	do {
		turn(r);
		turns++;
		assert_true(turns <= 4 * WCDEV_TURNS_ALL);
	} while (!done(r, IDLE));
	return turns;
}

/* All others become idle. */
static void
settle(struct rig *r)
{
	for (unsigned int i = 0; i < 2 * WCDEV_TURNS_ALL; i++)
		busy_turn(r);
}

static void
idle_queue__another_is_busy__is_seen_in_time(void **state)
{
	struct rig *r = *state;
	unsigned int turns, most = 0;

	for (unsigned int at = 0; at <= WCDEV_TURNS_ALL; at++) {
		settle(r);
		for (unsigned int i = 0; i < at; i++)
			busy_turn(r);
		turns = turns_until_seen(r, busy_turn);
		most = turns > most ? turns : most;
	}
	/* Not in each turn, which would cost; and never later than this. */
	assert_int_equal(most, WCDEV_TURNS_ALL);
}

/* A turn with a frame for the host, and none from it. */
static void
port_turn(struct rig *r)
{
	struct wcnic_rx_cpl cpl;
	uint8_t *buf;

	fake_rx_post(&r->h, &r->rxqs[0], 1);
	r->from_port = 1;
	assert_int_not_equal(wcnic_card_poll_frames(r->h.card), 0);
	assert_true(fake_rx_reap(&r->rxqs[0], &cpl, &buf));
}

static void
idle_queue__the_port_is_busy__is_seen_in_time(void **state)
{
	struct rig *r = *state;
	unsigned int turns, most = 0;

	for (unsigned int at = 0; at <= WCDEV_TURNS_ALL; at++) {
		for (unsigned int i = 0; i < 2 * WCDEV_TURNS_ALL + at; i++)
			port_turn(r);
		turns = turns_until_seen(r, port_turn);
		most = turns > most ? turns : most;
	}
	assert_int_equal(most, WCDEV_TURNS_ALL);
}

static void
idle_queue__nothing_else_to_do__is_seen_at_once(void **state)
{
	struct rig *r = *state;

	for (unsigned int at = 0; at <= WCDEV_TURNS_ALL; at++) {
		settle(r);
		for (unsigned int i = 0; i < at; i++)
			busy_turn(r);
		ring(r, IDLE);
		wcnic_card_poll_frames(r->h.card);
		assert_true(done(r, IDLE));
	}
}

static void
idle_queue__seen_once__is_seen_in_each_turn(void **state)
{
	struct rig *r = *state;

	settle(r);
	(void)turns_until_seen(r, busy_turn);
	for (unsigned int i = 0; i < WCDEV_TURNS_ALL; i++)
		assert_int_equal(turns_until_seen(r, busy_turn), 1);
}

/* What the port holds back is offered in each turn, as long as that takes. */
static void
idle_queue__frame_is_held_back__is_offered_in_each_turn(void **state)
{
	struct rig *r = *state;

	settle(r);
	r->verdict = -EAGAIN;
	ring(r, IDLE);
	wcnic_card_poll_frames(r->h.card);
	for (unsigned int at = 0; at < WCDEV_TURNS_ALL; at++) {
		for (unsigned int i = 0; i < 2 * WCDEV_TURNS_ALL + at; i++)
			port_turn(r);
		r->verdict = 0;
		port_turn(r);
		assert_true(done(r, IDLE));
		r->verdict = -EAGAIN;
		ring(r, IDLE);
	}
}

static void
sleep__last_look__is_at_all_queues(void **state)
{
	struct rig *r = *state;

	settle(r);
	assert_true(wcnic_card_sleep(r->h.card));
	ring(r, IDLE);
	ring(r, BUSY);
	wcnic_card_poll(r->h.card);
	assert_true(done(r, IDLE));
}

static void
wake_register__next_look__is_at_all_queues(void **state)
{
	struct rig *r = *state;

	settle(r);
	ring(r, IDLE);
	fake_reg32_set(&r->h, WCNIC_REG_WAKE, 1);
	busy_turn(r);
	assert_true(done(r, IDLE));
}

/* The queue again, with an interrupt. */
static void
interrupt_open(struct rig *r, struct fake_rxq *q)
{
	struct wcnic_cmd_rxq_create p = {.depth = htole16(DEPTH),
					 .vector = htole16(VECTOR),
					 .buf_bytes = htole32(2048),
					 .cqe_log2 = 4};

	assert_int_equal(fake_rxq_close(&r->h, q), 0);
	p.db_window = q->db_grant.id;
	p.ring_iova = htole64(fake_iova(&r->h, q->ring));
	p.cq_iova = htole64(fake_iova(&r->h, q->cq));
	assert_int_equal(fake_cmd(&r->h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL), 0);
}

static void
armed_queue__another_is_busy__interrupt_comes_in_time(void **state)
{
	struct rig *r = *state;
	const uint64_t armed = WCNIC_RXDB_TAIL(8) | WCNIC_RXDB_ARM;
	unsigned int turns = 0;

	interrupt_open(r, &r->rxqs[0]);
	fake_rx_post(&r->h, &r->rxqs[0], 8);
	r->from_port = 1;
	wcnic_card_poll(r->h.card);
	for (unsigned int i = 0; i < 2 * WCDEV_TURNS_ALL; i++) {
		ring(r, BUSY);
		wcnic_card_poll(r->h.card);
		assert_true(done(r, BUSY));
	}
	/* The driver has not taken the frame, and wants to be told. */
	__atomic_store_n(r->rxqs[0].db, htole64(armed), __ATOMIC_RELEASE);
	do {
		ring(r, BUSY);
		wcnic_card_poll(r->h.card);
		assert_true(done(r, BUSY));
		assert_true(++turns <= WCDEV_TURNS_ALL);
	} while (r->h.m.irqs[VECTOR] == 0);
	assert_int_equal(r->h.m.irqs[VECTOR], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(idle_queue__another_is_busy__is_seen_in_time),
		TEST(idle_queue__the_port_is_busy__is_seen_in_time),
		TEST(idle_queue__nothing_else_to_do__is_seen_at_once),
		TEST(idle_queue__seen_once__is_seen_in_each_turn),
		TEST(idle_queue__frame_is_held_back__is_offered_in_each_turn),
		TEST(sleep__last_look__is_at_all_queues),
		TEST(wake_register__next_look__is_at_all_queues),
		TEST(armed_queue__another_is_busy__interrupt_comes_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
