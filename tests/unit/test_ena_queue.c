/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Queues of the ENA card as objects: made, refused, destroyed; their interrupts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

#define US 1000u

/* ---- creation ---------------------------------------------------------------------------- */

static union ena_cmd
cq_cmd(uint64_t iova)
{
	return (union ena_cmd){.create_cq = {.common.opcode = ENA_CREATE_CQ,
					     .caps = ENA_CQ_INTERRUPTS,
					     .entry_words = 4,
					     .depth = htole16(64),
					     .vector = htole32(1),
					     .base = {.lo = htole32((uint32_t)iova),
						      .hi = htole16((uint16_t)(iova >> 32))}}};
}

static union ena_cmd
sq_cmd(uint64_t iova, uint16_t cq, uint8_t direction)
{
	return (union ena_cmd){
		.create_sq = {.common.opcode = ENA_CREATE_SQ,
			      .identity = (uint8_t)(direction << ENA_SQ_DIRECTION_SHIFT),
			      .caps = ENA_PLACEMENT_HOST | ENA_COMPLETE_ASKED << 4,
			      .contiguous = 1,
			      .cq_idx = htole16(cq),
			      .depth = htole16(64),
			      .base = {.lo = htole32((uint32_t)iova),
				       .hi = htole16((uint16_t)(iova >> 32))}}};
}

static void
cq_create__each_wrong_field__refused(void **state)
{
	struct fake_ena *e = *state;
	const uint64_t iova = fake_ena_iova(e, fake_ena_alloc(e, 64 * 32, 4096));
	union ena_cmd good = cq_cmd(iova), cmd;
	unsigned int refused = 0;

#define REFUSED(cmd_is)                                                           \
	do {                                                                      \
		cmd = good;                                                       \
		cmd_is;                                                           \
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_ILLEGAL); \
		refused++;                                                        \
	} while (0)
	REFUSED(cmd.create_cq.depth = 0);
	REFUSED(cmd.create_cq.depth = htole16(63));
	REFUSED(cmd.create_cq.depth = htole16(2048)); /* deeper than the card's queues */
	REFUSED(cmd.create_cq.depth = htole16(0x8000));
	REFUSED(cmd.create_cq.entry_words = 0);
	REFUSED(cmd.create_cq.entry_words = 1);
	REFUSED(cmd.create_cq.entry_words = 3);
	REFUSED(cmd.create_cq.entry_words = 16);
	REFUSED(cmd.create_cq.vector = htole32(9));
	REFUSED(cmd.create_cq.vector = htole32(0x10001));
	REFUSED(cmd.create_cq.base.lo |= htole32(8));
	REFUSED(cmd = cq_cmd(FAKE_IOVA_NONE));
	REFUSED(cmd = cq_cmd(FAKE_IOVA_RO));
	REFUSED(cmd = cq_cmd(FAKE_IOVA + FAKE_MEM_BYTES - 64 * 15));
	ENA_EXPECT(e, admin_illegal, refused);
	assert_int_equal(fake_ena_cmd(e, &good, NULL, 0), ENA_ST_OK);
}

static void
sq_create__each_wrong_field__refused(void **state)
{
	struct fake_ena *e = *state;
	const uint64_t iova = fake_ena_iova(e, fake_ena_alloc(e, 64 * 16, 4096));
	struct fake_ena_cq cq, narrow;
	union ena_cmd good, cmd;
	unsigned int refused = 0;

	assert_int_equal(fake_ena_cq_open(e, &cq, 64, 4, FAKE_NO_VECTOR), ENA_ST_OK);
	assert_int_equal(fake_ena_cq_open(e, &narrow, 64, 2, FAKE_NO_VECTOR), ENA_ST_OK);
	good = sq_cmd(iova, cq.idx, ENA_SQ_RX);
	REFUSED(cmd.create_sq.identity = 0);
	REFUSED(cmd.create_sq.identity = 3 << ENA_SQ_DIRECTION_SHIFT);
	REFUSED(cmd.create_sq.caps = 0);
	REFUSED(cmd.create_sq.caps = 2);
	REFUSED(cmd.create_sq.caps = ENA_PLACEMENT_LLQ); /* for Rx */
	REFUSED(cmd.create_sq.caps = ENA_PLACEMENT_HOST | 2 << 4);
	REFUSED(cmd.create_sq.caps = ENA_PLACEMENT_HOST | 3 << 4);
	REFUSED(cmd.create_sq.depth = 0);
	REFUSED(cmd.create_sq.depth = htole16(65));
	REFUSED(cmd.create_sq.depth = htole16(2048));
	REFUSED(cmd.create_sq.cq_idx = htole16(5)); /* there is none */
	REFUSED(cmd.create_sq.cq_idx = htole16(64));
	REFUSED(cmd.create_sq.cq_idx = htole16(0xffff));
	REFUSED(cmd.create_sq.cq_idx = htole16(narrow.idx)); /* too small for Rx */
	REFUSED(cmd.create_sq.base.lo |= htole32(16));
	REFUSED(cmd = sq_cmd(FAKE_IOVA_NONE, cq.idx, ENA_SQ_RX));
	REFUSED(cmd = sq_cmd(FAKE_IOVA_WO, cq.idx, ENA_SQ_RX));
	REFUSED(cmd = sq_cmd(FAKE_IOVA + FAKE_MEM_BYTES - 960, cq.idx, ENA_SQ_RX));
	ENA_EXPECT(e, admin_illegal, refused);
	/* None of them holds the completion queue. */
	assert_int_equal(fake_ena_cmd(e, &good, NULL, 0), ENA_ST_OK);
	assert_int_equal(fake_ena_cq_close(e, &cq), ENA_ST_BUSY);
	assert_int_equal(fake_ena_cq_close(e, &narrow), ENA_ST_OK);
}

static void
llq__deeper_than_its_place__refused(void **state)
{
	struct fake_ena *e = *state;
	struct fake_ena_txq q;

	/* 8 queues share 1 MiB: 1024 entries of 128 bytes, or 512 of 256. */
	assert_int_equal(fake_ena_llq_set(e, 256, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(e, &q, 1024, true, FAKE_NO_VECTOR), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_txq_open(e, &q, 512, true, FAKE_NO_VECTOR), ENA_ST_OK);
	assert_int_equal(fake_ena_llq_set(e, 128, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(e, &q, 1024, true, FAKE_NO_VECTOR), ENA_ST_OK);
}

static void
no_llq__is_refused(void **state)
{
	const struct ena_card_config config = {.seed = 3};
	struct fake_ena_txq q;
	struct fake_ena e;

	(void)state;
	assert_int_equal(fake_ena_init(&e, &config), 0);
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_txq_open(&e, &q, 64, true, FAKE_NO_VECTOR), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_txq_open(&e, &q, 64, false, FAKE_NO_VECTOR), ENA_ST_OK);
	fake_ena_fini(&e);
}

/* All queues of the largest card: offsets are in BAR 0 below the MSI-X table, and all differ. */
static void
queues__as_many_as_there_are__each_apart_from_the_others(void **state)
{
	const struct ena_card_config config = {.seed = 0x1234567,
					       .queue_pairs = 32,
					       .llq_bytes = 4 << 20,
					       .llq_entries = ENA_LLQ_ENTRY_128};
	static struct fake_ena_txq txqs[33];
	static struct fake_ena_rxq rxqs[33];
	static uint8_t seen[0x2000];
	struct fake_ena_cq cq;
	struct fake_ena e;

	(void)state;
	assert_int_equal(fake_ena_init_sized(&e, &config, 32 << 20), 0);
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_llq_set(&e, 128, 1), ENA_ST_OK);
	for (unsigned int i = 0; i < 32; i++) {
		assert_int_equal(fake_ena_txq_open(&e, &txqs[i], 1024, true, i + 1), ENA_ST_OK);
		assert_int_equal(fake_ena_rxq_open(&e, &rxqs[i], 64, 64, i + 1), ENA_ST_OK);
		const uint32_t offs[] = {txqs[i].doorbell_off, rxqs[i].doorbell_off,
					 txqs[i].cq.unmask_off, rxqs[i].cq.unmask_off};

		for (unsigned int k = 0; k < 4; k++) {
			assert_true(offs[k] % 4 == 0 && offs[k] >= 0x100 && offs[k] < 0x2000);
			assert_int_equal(seen[offs[k]]++, 0);
		}
		for (unsigned int k = 0; k < i; k++)
			assert_true(txqs[k].ring + 1024 * 128 <= txqs[i].ring ||
				    txqs[i].ring + 1024 * 128 <= txqs[k].ring);
		assert_int_equal((txqs[i].ring - e.llq) % 4096, 0);
	}
	assert_int_equal(fake_ena_cq_open(&e, &cq, 64, 4, FAKE_NO_VECTOR), ENA_ST_NO_RESOURCES);
	/* The place of one that went is the next one's. */
	assert_int_equal(fake_ena_txq_close(&e, &txqs[5]), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(&e, &txqs[32], 1024, true, 6), ENA_ST_OK);
	assert_ptr_equal(txqs[32].ring, txqs[5].ring);
	ENA_EXPECT(&e, admin_illegal, 1);
	fake_ena_fini(&e);
}

static void
queues__more_of_one_direction_than_pairs__no_resources(void **state)
{
	const struct ena_card_config config = {.seed = 9, .queue_pairs = 2};
	struct fake_ena_rxq rxqs[2];
	struct fake_ena_cq cq;
	union ena_cmd cmd;
	struct fake_ena e;

	(void)state;
	assert_int_equal(fake_ena_init(&e, &config), 0);
	fake_ena_enable(&e);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(fake_ena_rxq_open(&e, &rxqs[i], 64, 64, FAKE_NO_VECTOR),
				 ENA_ST_OK);
	assert_int_equal(fake_ena_cq_open(&e, &cq, 64, 4, FAKE_NO_VECTOR), ENA_ST_OK);
	cmd = sq_cmd(fake_ena_iova(&e, fake_ena_alloc(&e, 1024, 4096)), cq.idx, ENA_SQ_RX);
	assert_int_equal(fake_ena_cmd(&e, &cmd, NULL, 0), ENA_ST_NO_RESOURCES);
	cmd.create_sq.identity = ENA_SQ_TX << ENA_SQ_DIRECTION_SHIFT;
	assert_int_equal(fake_ena_cmd(&e, &cmd, NULL, 0), ENA_ST_OK);
	fake_ena_fini(&e);
}

/* Another seed, other offsets: a driver must use what it is given. */
static void
offsets__depend_on_the_seed(void **state)
{
	struct ena_card_config config = {.llq_entries = ENA_LLQ_ENTRY_128};
	unsigned int doorbells = 0, places = 0;
	uint32_t doorbell = 0, place = 0;
	struct fake_ena_txq q;
	struct fake_ena e;

	(void)state;
	for (config.seed = 1000; config.seed < 3000; config.seed += 201) {
		assert_int_equal(fake_ena_init(&e, &config), 0);
		fake_ena_enable(&e);
		assert_int_equal(fake_ena_llq_set(&e, 128, 1), ENA_ST_OK);
		assert_int_equal(fake_ena_txq_open(&e, &q, 64, true, FAKE_NO_VECTOR), ENA_ST_OK);
		doorbells += q.doorbell_off != doorbell;
		places += q.ring != e.llq + place;
		doorbell = q.doorbell_off;
		place = (uint32_t)(q.ring - e.llq);
		fake_ena_fini(&e);
	}
	assert_true(doorbells > 5 && places > 5);
}

static void
destroy__wrong__refused(void **state)
{
	struct ena_rig *r = *state;
	union ena_cmd cmd = {.destroy_sq = {.common.opcode = ENA_DESTROY_SQ}};
	unsigned int refused = 0;

	ena_rig_tx_host(r, 64);
	ena_rig_rx(r, 64, 64);
	for (unsigned int i = 0; i < 3; i++) { /* none, no direction, the other one */
		const unsigned int idx = i == 0 ? 50u : i == 1 ? r->tx.idx : r->rx.idx;

		cmd.destroy_sq.sq_idx = htole16((uint16_t)idx);
		cmd.destroy_sq.identity = i == 1 ? 0 : ENA_SQ_TX << ENA_SQ_DIRECTION_SHIFT;
		assert_int_equal(fake_ena_cmd(&r->e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
		refused++;
	}
	cmd.destroy_sq.sq_idx = htole16(0xffff);
	assert_int_equal(fake_ena_cmd(&r->e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
	cmd = (union ena_cmd){.destroy_cq = {.common.opcode = ENA_DESTROY_CQ}};
	for (unsigned int idx = 60; idx <= 300; idx += 60, refused++) {
		cmd.destroy_cq.cq_idx = htole16((uint16_t)idx);
		assert_int_equal(fake_ena_cmd(&r->e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
	}
	/* A completion queue goes after its submission queue. */
	cmd.destroy_cq.cq_idx = htole16(r->tx.cq.idx);
	assert_int_equal(fake_ena_cmd(&r->e, &cmd, NULL, 0), ENA_ST_BUSY);
	ENA_EXPECT(&r->e, admin_illegal, refused + 2);
	assert_int_equal(fake_ena_txq_close(&r->e, &r->tx), ENA_ST_OK);
	assert_int_equal(fake_ena_rxq_close(&r->e, &r->rx), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_close(&r->e, &r->tx), ENA_ST_ILLEGAL);
}

/* Made and destroyed more often than there are numbers, and used each time. */
static void
queues__again_and_again__begin_anew(void **state)
{
	struct ena_rig *r = *state;
	const size_t used = r->e.m.used;
	struct ena_card_stats stats;

	for (unsigned int life = 0; life < 200; life++) {
		r->e.m.used = used;
		if (life % 3 == 0)
			ena_rig_tx_host(r, 64);
		else
			ena_rig_tx_llq(r, 64, life % 3 == 1 ? 128 : 256, 1);
		for (unsigned int i = 0; i < 70; i++) {
			ena_rig_send(r, (uint16_t)(i % 64), i, 60, r->tx.llq ? 60 : 0);
			ena_rig_go(r);
			ena_rig_expect_cpl(r, (uint16_t)(i % 64), true);
		}
		assert_int_equal(fake_ena_txq_close(&r->e, &r->tx), ENA_ST_OK);
	}
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, 200 * 70);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
doorbell__of_a_queue_that_went__bad_write(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_host(r, 64);
	assert_int_equal(fake_ena_txq_close(&r->e, &r->tx), ENA_ST_OK);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 1);
	fake_ena_reg_set(&r->e, r->tx.cq.unmask_off, ENA_INTR_UNMASK);
	ENA_EXPECT(&r->e, bad_writes, 2);
}

/* ---- interrupts -------------------------------------------------------------------------- */

static void
tx_with_vector(struct ena_rig *r, struct fake_ena_txq *q, uint32_t vector)
{
	assert_int_equal(fake_ena_txq_open(&r->e, q, 64, false, vector), ENA_ST_OK);
}

static void
send_one(struct ena_rig *r, struct fake_ena_txq *q)
{
	struct fake_ena_frame frame = {.n_bufs = 1};
	struct ena_tx_cpl cpl;

	frame.bufs[0].iova = fake_ena_iova(&r->e, r->frame);
	frame.bufs[0].bytes = 60;
	fake_ena_tx(q, &frame);
	fake_ena_tx_ring(&r->e, q);
	ena_card_poll(r->e.card);
	assert_true(fake_ena_tx_reap(q, &cpl));
}

static void
interrupt__first_at_once_next_when_unmasked(void **state)
{
	struct ena_rig *r = *state;

	tx_with_vector(r, &r->tx, 3);
	fake_ena_poll(&r->e, 2);
	assert_int_equal(r->e.m.irqs[3], 0);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[3], 1);
	send_one(r, &r->tx);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[3], 1);
	/* What has come meanwhile is told of at once. */
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	assert_int_equal(r->e.m.irqs[3], 2);
	/* Nothing has come: the next completion interrupts. */
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	fake_ena_poll(&r->e, 2);
	assert_int_equal(r->e.m.irqs[3], 2);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[3], 3);
	/* Masked by a write without the bit. */
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	fake_ena_reg_set(&r->e, r->tx.cq.unmask_off, 0);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[3], 3);
	for (unsigned int i = 1; i < 256; i++)
		assert_int_equal(r->e.m.irqs[i], i == 3 ? 3 : 0);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
interrupt__one_for_a_burst(void **state)
{
	struct ena_rig *r = *state;

	tx_with_vector(r, &r->tx, 1);
	for (unsigned int i = 0; i < 20; i++)
		ena_rig_send(r, (uint16_t)i, 0, 60, 0);
	ena_rig_go(r);
	assert_int_equal(r->e.m.irqs[1], 1);
}

static void
interrupt__polled_queue__none(void **state)
{
	struct ena_rig *r = *state;

	tx_with_vector(r, &r->tx, FAKE_NO_VECTOR);
	send_one(r, &r->tx);
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	send_one(r, &r->tx);
	for (unsigned int i = 1; i < 256; i++)
		assert_int_equal(r->e.m.irqs[i], 0);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
interrupt__delay__so_long_after_the_first(void **state)
{
	struct ena_rig *r = *state;

	tx_with_vector(r, &r->tx, 2);
	fake_ena_unmask(&r->e, &r->tx.cq, 7, 50);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[2], 0);
	assert_false(ena_card_waits(r->e.card));
	r->e.m.now_ns += 30 * US;
	send_one(r, &r->tx); /* does not put it off */
	assert_int_equal(r->e.m.irqs[2], 0);
	r->e.m.now_ns += 20 * US - 1;
	fake_ena_poll(&r->e, 2);
	assert_int_equal(r->e.m.irqs[2], 0);
	r->e.m.now_ns += 1;
	fake_ena_poll(&r->e, 2);
	assert_int_equal(r->e.m.irqs[2], 1);
	assert_true(ena_card_waits(r->e.card));
	/* The delays stay if the driver says so. */
	fake_ena_reg_set(&r->e, r->tx.cq.unmask_off, ENA_INTR_UNMASK | ENA_INTR_NO_DELAY_UPDATE);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[2], 1);
	r->e.m.now_ns += 50 * US;
	fake_ena_poll(&r->e, 1);
	assert_int_equal(r->e.m.irqs[2], 2);
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[2], 3);
}

/* Drivers give the two queues of a pair one vector; each has its own delay. */
static void
interrupt__vector_of_a_pair__delay_of_each_direction(void **state)
{
	struct ena_rig *r = *state;
	uint8_t frame[64];

	tx_with_vector(r, &r->tx, 4);
	assert_int_equal(fake_ena_rxq_open(&r->e, &r->rx, 64, 128, 4), ENA_ST_OK);
	fake_ena_rx_post(&r->e, &r->rx, 8);
	fake_frame_fill(frame, 64, 0);
	fake_ena_unmask(&r->e, &r->rx.cq, 10, 100);
	send_one(r, &r->tx);
	assert_int_equal(fake_ena_receive(&r->e, frame, 64, 64), 0);
	fake_ena_poll(&r->e, 1);
	assert_int_equal(r->e.m.irqs[4], 0);
	r->e.m.now_ns += 10 * US;
	fake_ena_poll(&r->e, 1);
	assert_int_equal(r->e.m.irqs[4], 1); /* one for both */
	fake_ena_unmask(&r->e, &r->rx.cq, 10, 100);
	fake_ena_poll(&r->e, 1);
	r->e.m.now_ns += 200 * US;
	fake_ena_poll(&r->e, 1);
	assert_int_equal(r->e.m.irqs[4], 1);
}

static void
fault_interrupts__none_of_a_queue(void **state)
{
	const struct ena_card_config config = {.seed = 2, .faults = ENA_FAULT_INTERRUPTS};
	struct ena_rig *r = ena_rig_open(&config);
	void *rig = r;
	unsigned int admin;

	(void)state;
	tx_with_vector(r, &r->tx, 1);
	admin = r->e.m.irqs[0];
	assert_true(admin > 0);
	send_one(r, &r->tx);
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 0);
	send_one(r, &r->tx);
	fake_ena_poll(&r->e, 3);
	assert_int_equal(r->e.m.irqs[1], 0);
	assert_int_equal(r->e.m.irqs[0], admin);
	ena_rig_teardown(&rig);
}

/* An interrupt that is due when its queue goes does not come to the next one. */
static void
interrupt__queue_destroyed_or_reset__does_not_come(void **state)
{
	struct ena_rig *r = *state;

	tx_with_vector(r, &r->tx, 2);
	fake_ena_unmask(&r->e, &r->tx.cq, 0, 50);
	send_one(r, &r->tx);
	assert_true(fake_ena_reset(&r->e, 0));
	fake_ena_enable(&r->e);
	r->frame = fake_ena_alloc(&r->e, ENA_RIG_BYTES, 4096);
	tx_with_vector(r, &r->tx, 2);
	r->e.m.now_ns += 100 * US;
	fake_ena_poll(&r->e, 2);
	assert_int_equal(r->e.m.irqs[2], 0);
	send_one(r, &r->tx);
	assert_int_equal(r->e.m.irqs[2], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_ena_setup, fake_ena_teardown)
#define RIG(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(cq_create__each_wrong_field__refused),
		TEST(sq_create__each_wrong_field__refused),
		TEST(llq__deeper_than_its_place__refused),
		cmocka_unit_test(no_llq__is_refused),
		cmocka_unit_test(queues__as_many_as_there_are__each_apart_from_the_others),
		cmocka_unit_test(queues__more_of_one_direction_than_pairs__no_resources),
		cmocka_unit_test(offsets__depend_on_the_seed),
		RIG(destroy__wrong__refused),
		RIG(queues__again_and_again__begin_anew),
		RIG(doorbell__of_a_queue_that_went__bad_write),
		RIG(interrupt__first_at_once_next_when_unmasked),
		RIG(interrupt__one_for_a_burst),
		RIG(interrupt__polled_queue__none),
		RIG(interrupt__delay__so_long_after_the_first),
		RIG(interrupt__vector_of_a_pair__delay_of_each_direction),
		cmocka_unit_test(fault_interrupts__none_of_a_queue),
		RIG(interrupt__queue_destroyed_or_reset__does_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
