/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of the card's clock, of the times of frames that are sent, and of moderated interrupts. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

#define SECOND_NS 1000000000ull
#define BAD(field) \
	(offsetof(struct wcnic_admin_cmd, params) + offsetof(struct wcnic_cmd_clock_set, field))

static int
features_set(struct fake_host *h, uint64_t features)
{
	struct wcnic_cmd_features p = {.features = htole64(features)};

	return fake_cmd(h, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL);
}

static int
clock_set(struct fake_host *h, uint8_t step, int64_t ns, uint32_t *result)
{
	struct wcnic_cmd_clock_set p = {.ns = htole64((uint64_t)ns), .step = step};

	return fake_cmd(h, WCNIC_OP_CLOCK_SET, &p, NULL, 0, result);
}

static uint64_t
clock_read(struct fake_host *h)
{
	return fake_reg64(h, WCNIC_REG_CLOCK);
}

/* ---- the clock --------------------------------------------------------------------------- */

static void
clock__at_power_on__is_the_oscillator(void **state)
{
	struct fake_host *h = *state;

	assert_int_equal(clock_read(h), h->m.now_ns);
	h->m.now_ns = 0x123456789abcull;
	assert_int_equal(clock_read(h), h->m.now_ns);
	assert_int_equal(fake_reg32(h, WCNIC_REG_CLOCK), 0x56789abc);
	assert_int_equal(fake_reg32(h, WCNIC_REG_CLOCK + 4), 0x1234);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), 0);
}

static void
clock__set_and_added_to__goes_on_from_there(void **state)
{
	struct fake_host *h = *state;

	assert_int_equal(features_set(h, WCNIC_CAP_CLOCK), 0);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_SET, 5000, NULL), 0);
	assert_int_equal(clock_read(h), 5000);
	h->m.now_ns += 70;
	assert_int_equal(clock_read(h), 5070);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_ADD, -1070, NULL), 0);
	assert_int_equal(clock_read(h), 4000);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_ADD, 1 << 30, NULL), 0);
	assert_int_equal(clock_read(h), 4000 + (1 << 30));
}

static void
clock__rate__changes_no_time_and_each_second_after(void **state)
{
	struct fake_host *h = *state;
	uint64_t at;

	assert_int_equal(features_set(h, WCNIC_CAP_CLOCK), 0);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_SET, 0, NULL), 0);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, 1000, NULL), 0); /* 1 ppm */
	assert_int_equal(clock_read(h), 0);
	h->m.now_ns += 10 * SECOND_NS;
	assert_int_equal(clock_read(h), 10 * SECOND_NS + 10000);
	h->m.now_ns += SECOND_NS / 2;
	assert_int_equal(clock_read(h), 10 * SECOND_NS + SECOND_NS / 2 + 10500);
	/* a rate holds from when it was set; the one before counts up to then */
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, -WCNIC_CLOCK_RATE_MAX, NULL), 0);
	at = clock_read(h);
	assert_int_equal(at, 10 * SECOND_NS + SECOND_NS / 2 + 10500);
	h->m.now_ns += 4 * SECOND_NS;
	assert_int_equal(clock_read(h), at + 2 * SECOND_NS);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, WCNIC_CLOCK_RATE_MAX, NULL), 0);
	at = clock_read(h);
	h->m.now_ns += 250ull * 365 * 86400 * SECOND_NS; /* years */
	assert_int_equal(clock_read(h), at + 375ull * 365 * 86400 * SECOND_NS);
}

static void
clock__any_rate__never_goes_back(void **state)
{
	static const int64_t rates[] = {-WCNIC_CLOCK_RATE_MAX, -999999, -1, 1, 333333333};
	struct fake_host *h = *state;

	assert_int_equal(features_set(h, WCNIC_CAP_CLOCK), 0);
	for (unsigned int i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t before;

		assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, rates[i], NULL), 0);
		before = clock_read(h);
		h->m.now_ns += SECOND_NS - 1000;
		for (unsigned int n = 0; n < 2000; n++, h->m.now_ns++) {
			uint64_t now = clock_read(h);

			assert_true(now >= before);
			before = now;
		}
	}
}

static void
clock_set__what_cannot_be__is_refused_and_changes_nothing(void **state)
{
	struct fake_host *h = *state;
	uint32_t result = 0;

	assert_int_equal(clock_set(h, WCNIC_CLOCK_SET, 1, NULL), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(features_set(h, WCNIC_CAP_CLOCK), 0);
	assert_int_equal(clock_set(h, 0, 1, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, BAD(step));
	assert_int_equal(clock_set(h, 4, 1, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, WCNIC_CLOCK_RATE_MAX + 1, &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, BAD(ns));
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, INT64_MIN, &result),
			 WCNIC_ST_INVALID_FIELD);
	h->m.now_ns += SECOND_NS;
	assert_int_equal(clock_read(h), h->m.now_ns);
}

static void
reset__clock_goes_on_and_its_rate_is_the_oscillators(void **state)
{
	struct fake_host *h = *state;

	assert_int_equal(features_set(h, WCNIC_CAP_CLOCK), 0);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_SET, 0, NULL), 0);
	assert_int_equal(clock_set(h, WCNIC_CLOCK_RATE, 1000000, NULL), 0);
	h->m.now_ns += SECOND_NS;
	wcnic_card_reset(h->card);
	assert_int_equal(clock_read(h), SECOND_NS + 1000000);
	h->m.now_ns += SECOND_NS;
	assert_int_equal(clock_read(h), 2 * SECOND_NS + 1000000);
}

/* ---- times of frames that are sent --------------------------------------------------------- */

#define PORT_NS 1000 /* how long the port takes */

/* A far side that takes its time. */
static struct slow_port {
	struct fake_host *h;
	unsigned int frames;
	int ret;
} slow;

static int
slow_send(void *ctx, const struct wcdev_frame *frame)
{
	struct slow_port *s = ctx;

	(void)frame;
	s->h->m.now_ns += PORT_NS;
	s->frames += s->ret == 0;
	return s->ret;
}

static const struct wcdev_port_ops slow_ops = {.kind = "slow", .send = slow_send};

static void
slow_open(struct tx_rig *r, uint64_t features)
{
	slow = (struct slow_port){.h = &r->h};
	wcdev_port_set(wcnic_card_dev(r->h.card), &slow_ops, &slow);
	assert_int_equal(features_set(&r->h, WCNIC_CAP_PUSH | WCNIC_CAP_PUSH_PACKED |
						     WCNIC_CAP_TX_OFFLOAD | features),
			 0);
	r->h.tx_offload = true;
}

static uint64_t
tx_time(struct tx_rig *r)
{
	return fake_reg64(&r->h, WCNIC_REG_TX_TIME);
}

/* A frame whose request is `word`; 0: it has none. */
static void
fetch_frame(struct tx_rig *r, uint64_t word)
{
	r->q.requests[r->q.tail % r->q.depth] = htole64(word);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 64,
		     WCNIC_TXF_SOP | WCNIC_TXF_EOP | (word != 0 ? WCNIC_TXF_OFFLOAD : 0), 64);
}

static void
push_frame(struct tx_rig *r, uint64_t word)
{
	const struct fake_slot slot = {
		.flags = WCNIC_TXF_SOP | WCNIC_TXF_EOP | (word != 0 ? WCNIC_TXF_OFFLOAD : 0),
		.frame_bytes = 64,
		.inline_data = r->frame,
		.inline_bytes = 64,
		.request = htole64(word),
	};

	if (r->q.format == WCNIC_FORMAT_PACKED)
		fake_tx_entry(&r->q, &slot);
	else
		fake_tx_slot(&r->q, &slot, 0);
}

/* Three frames with their time wanted of the second: it is the one before the port has it. */
static void
three_go(struct tx_rig *r, void (*frame)(struct tx_rig *r, uint64_t word))
{
	uint64_t at = r->h.m.now_ns;

	frame(r, 0);
	frame(r, WCNIC_TXO_TIME);
	frame(r, 0);
	tx_rig_go(r);
	assert_int_equal(slow.frames, 3);
	assert_int_equal(tx_time(r), at + PORT_NS);
}

static void
tx_time__fetched_frame__is_when_the_port_was_offered_it(void **state)
{
	struct tx_rig *r = *state;

	slow_open(r, WCNIC_CAP_CLOCK);
	tx_rig_open_fetch(r, 16);
	three_go(r, fetch_frame);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 3);
}

static void
tx_time__frame_in_a_slot__is_when_the_port_was_offered_it(void **state)
{
	struct tx_rig *r = *state;

	slow_open(r, WCNIC_CAP_CLOCK);
	tx_rig_open_push(r, 16, 4);
	three_go(r, push_frame);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
}

static void
tx_time__packed_frame__is_when_the_port_was_offered_it(void **state)
{
	struct tx_rig *r = *state;

	slow_open(r, WCNIC_CAP_CLOCK);
	r->h.push_format = WCNIC_FORMAT_PACKED;
	tx_rig_open_push(r, 16, 4);
	three_go(r, push_frame);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
}

static void
tx_time__by_the_clock_that_was_set(void **state)
{
	struct tx_rig *r = *state;

	slow_open(r, WCNIC_CAP_CLOCK);
	tx_rig_open_fetch(r, 16);
	assert_int_equal(clock_set(&r->h, WCNIC_CLOCK_SET, 0, NULL), 0);
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	assert_int_equal(tx_time(r), 1); /* 0 would be none */
}

static void
tx_time__first_one_stays_until_it_was_taken(void **state)
{
	struct tx_rig *r = *state;
	uint64_t first;

	slow_open(r, WCNIC_CAP_CLOCK);
	tx_rig_open_fetch(r, 16);
	first = r->h.m.now_ns;
	fetch_frame(r, WCNIC_TXO_TIME);
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	assert_int_equal(slow.frames, 2);
	assert_int_equal(tx_time(r), first);
	fake_reg64_set(&r->h, WCNIC_REG_TX_TIME, 0);
	assert_int_equal(tx_time(r), 0);
	first = r->h.m.now_ns;
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	assert_int_equal(tx_time(r), first);
	fake_reg32_set(&r->h, WCNIC_REG_TX_TIME + 4, 0); /* either half takes it */
	assert_int_equal(tx_time(r), 0);
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	wcnic_card_reset(r->h.card);
	assert_int_equal(tx_time(r), 0);
}

static void
tx_time__port_that_refuses__has_no_time_and_the_next_offer_counts(void **state)
{
	struct tx_rig *r = *state;
	uint64_t at;

	slow_open(r, WCNIC_CAP_CLOCK);
	tx_rig_open_fetch(r, 16);
	slow.ret = -EAGAIN;
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	assert_int_equal(tx_time(r), 0);
	at = r->h.m.now_ns;
	slow.ret = 0;
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	assert_int_equal(tx_time(r), at);
	fake_reg64_set(&r->h, WCNIC_REG_TX_TIME, 0);
	slow.ret = -EIO;
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_FIRMWARE, 1, 1);
	assert_int_equal(tx_time(r), 0);
}

static void
tx_time__without_the_feature__is_not_noted(void **state)
{
	struct tx_rig *r = *state;

	slow_open(r, 0);
	tx_rig_open_fetch(r, 16);
	fetch_frame(r, WCNIC_TXO_TIME);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	assert_int_equal(tx_time(r), 0);
}

/* ---- interrupts ---------------------------------------------------------------------------- */

#define VECTOR 3
#define MODERATION_US 50

/* A queue of 8 buffers, all posted, whose interrupts are moderated. */
static void
moderated_open(struct fake_host *h, struct fake_rxq *q)
{
	struct wcnic_cmd_rxq_create p = {.depth = htole16(8),
					 .vector = htole16(VECTOR),
					 .buf_bytes = htole32(128),
					 .moderation_usecs = htole16(MODERATION_US),
					 .cqe_log2 = 4};

	assert_int_equal(fake_rxq_open(h, q, 0, 8, 128), 0);
	assert_int_equal(fake_rxq_close(h, q), 0);
	p.db_window = q->db_grant.id;
	p.ring_iova = htole64(fake_iova(h, q->ring));
	p.cq_iova = htole64(fake_iova(h, q->cq));
	assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL), 0);
	fake_rx_post(h, q, 8);
}

static void
arm(struct fake_rxq *q, uint16_t cq_head, uint8_t number)
{
	uint64_t db = WCNIC_RXDB_TAIL(8) | WCNIC_RXDB_ARM | WCNIC_RXDB_CQ_HEAD(cq_head) |
		      WCNIC_RXDB_ARM_NUMBER(number);

	__atomic_store_n(q->db, htole64(db), __ATOMIC_RELEASE);
}

static void
receive(struct fake_host *h)
{
	uint8_t frame[64];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
}

static void
interrupt__moderated__first_comes_at_once_and_next_when_time_is_over(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;

	moderated_open(h, &q);
	arm(&q, 0, 1);
	receive(h);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 1);
	arm(&q, 1, 2);
	receive(h);
	h->m.now_ns += MODERATION_US * 1000 - 1;
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 1);
	h->m.now_ns++;
	wcnic_card_poll(h->card);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 2);
	/* frames that came long after are told at once */
	h->m.now_ns += SECOND_NS;
	arm(&q, 2, 3);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 2);
	receive(h);
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 3);
}

static void
interrupt__moderated_and_disarmed_meanwhile__does_not_come(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;

	moderated_open(h, &q);
	arm(&q, 0, 1);
	receive(h);
	wcnic_card_poll(h->card);
	arm(&q, 1, 2);
	receive(h);
	wcnic_card_poll(h->card);
	__atomic_store_n(q.db, htole64(WCNIC_RXDB_TAIL(8) | WCNIC_RXDB_CQ_HEAD(2)),
			 __ATOMIC_RELEASE);
	h->m.now_ns += SECOND_NS;
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 1);
}

/* The same buffers and completions, asked for again: only the number says so. */
static void
interrupt__armed_again_with_another_number__comes_again(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;

	moderated_open(h, &q);
	receive(h);
	for (uint8_t number = 1; number <= 4; number++) {
		arm(&q, 0, number);
		h->m.now_ns += SECOND_NS;
		wcnic_card_poll(h->card);
		wcnic_card_poll(h->card);
		assert_int_equal(h->m.irqs[VECTOR], number);
	}
}

static void
interrupt__held_back__card_does_not_sleep(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_wake_set p = {0};
	struct fake_rxq q;

	assert_int_equal(features_set(h, WCNIC_CAP_WAKE), 0);
	p.iova = htole64(fake_iova(h, fake_alloc(h, 64, 64)));
	assert_int_equal(fake_cmd(h, WCNIC_OP_WAKE_SET, &p, NULL, 0, NULL), 0);
	moderated_open(h, &q);
	arm(&q, 0, 1);
	receive(h);
	wcnic_card_poll(h->card);
	assert_true(wcnic_card_waits(h->card));
	arm(&q, 1, 2);
	receive(h);
	wcnic_card_poll(h->card);
	assert_false(wcnic_card_waits(h->card));
	h->m.now_ns += MODERATION_US * 1000;
	wcnic_card_poll(h->card);
	assert_int_equal(h->m.irqs[VECTOR], 2);
	assert_true(wcnic_card_waits(h->card));
}

static int
setup_sleeps(void **state)
{
	static const struct wcnic_card_config config = {.seed = 7, .sleeps = true};
	struct fake_host *h = calloc(1, sizeof(*h));

	*state = h;
	if (h == NULL || fake_host_init(h, &config) != 0)
		return -1;
	fake_enable(h);
	return fake_port_set(h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC);
}

#define CLOCK(fn) cmocka_unit_test_setup_teardown(fn, fake_setup, fake_teardown)
#define TX(fn) cmocka_unit_test_setup_teardown(fn, tx_rig_setup, tx_rig_teardown)
#define RX(fn) cmocka_unit_test_setup_teardown(fn, fake_setup_up, fake_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLOCK(clock__at_power_on__is_the_oscillator),
		CLOCK(clock__set_and_added_to__goes_on_from_there),
		CLOCK(clock__rate__changes_no_time_and_each_second_after),
		CLOCK(clock__any_rate__never_goes_back),
		CLOCK(clock_set__what_cannot_be__is_refused_and_changes_nothing),
		CLOCK(reset__clock_goes_on_and_its_rate_is_the_oscillators),
		TX(tx_time__fetched_frame__is_when_the_port_was_offered_it),
		TX(tx_time__frame_in_a_slot__is_when_the_port_was_offered_it),
		TX(tx_time__packed_frame__is_when_the_port_was_offered_it),
		TX(tx_time__by_the_clock_that_was_set),
		TX(tx_time__first_one_stays_until_it_was_taken),
		TX(tx_time__port_that_refuses__has_no_time_and_the_next_offer_counts),
		TX(tx_time__without_the_feature__is_not_noted),
		RX(interrupt__moderated__first_comes_at_once_and_next_when_time_is_over),
		RX(interrupt__moderated_and_disarmed_meanwhile__does_not_come),
		RX(interrupt__armed_again_with_another_number__comes_again),
		cmocka_unit_test_setup_teardown(interrupt__held_back__card_does_not_sleep,
						setup_sleeps, fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
