/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Events of the ENA card: the link, keep-alive, warnings, errors; their ring. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

#define SECOND 1000000000ull
#define ALL 0x1fu

static void
expect_event(struct ena_rig *r, uint16_t group, struct ena_aenq_event *event)
{
	static const uint8_t zeroes[3];

	assert_true(fake_ena_event(&r->e, event));
	assert_int_equal(le16toh(event->group), group);
	assert_int_equal(event->flags & ~1u, 0);
	assert_memory_equal(event->mbz, zeroes, 3);
}

static void
expect_no_event(struct ena_rig *r)
{
	struct ena_aenq_event event;

	assert_false(fake_ena_event(&r->e, &event));
}

static void
groups__only_those_that_are_asked_for(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_groups out;

	r->e.m.now_ns += 5 * SECOND;
	fake_ena_poll(&r->e, 3);
	ena_card_warn(r->e.card, 1);
	expect_no_event(r);
	assert_int_equal(fake_ena_get(&r->e, ENA_F_AENQ, &out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(le32toh(out.supported), ALL);
	assert_int_equal(le32toh(out.enabled), 0);
	for (unsigned int bit = 5; bit < 32; bit++)
		assert_int_equal(fake_ena_aenq_set(&r->e, 1u << bit | 1), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	assert_int_equal(fake_ena_get(&r->e, ENA_F_AENQ, &out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(le32toh(out.enabled), 1u << ENA_AENQ_WARNING);
	r->e.m.now_ns += 5 * SECOND;
	fake_ena_poll(&r->e, 3);
	expect_no_event(r);
	ENA_EXPECT(&r->e, admin_illegal, 27);
}

/* An event's bytes as the drivers' public headers have them. */
static void
link__told_once_and_at_each_change(void **state)
{
	struct ena_rig *r = *state;
	const uint8_t *at = (const uint8_t *)r->e.aenq;
	struct ena_aenq_event event;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1), ENA_ST_OK);
	fake_ena_poll(&r->e, 3);
	assert_memory_equal(at, "\0\0\0\0\1\0\0\0", 8); /* group, syndrome, phase */
	assert_int_equal(at[16], 1);                    /* up */
	expect_event(r, ENA_AENQ_LINK, &event);
	expect_no_event(r);
	r->port.down = true;
	fake_ena_poll(&r->e, 3);
	expect_event(r, ENA_AENQ_LINK, &event);
	assert_int_equal(le32toh(event.data[0]), 0);
	expect_no_event(r);
	r->port.down = false;
	fake_ena_poll(&r->e, 3);
	expect_event(r, ENA_AENQ_LINK, &event);
	assert_int_equal(le32toh(event.data[0]), 1);
	expect_no_event(r);
	/* No port, no link. */
	wcdev_port_set(ena_card_dev(r->e.card), NULL, NULL);
	fake_ena_poll(&r->e, 3);
	expect_event(r, ENA_AENQ_LINK, &event);
	assert_int_equal(le32toh(event.data[0]), 0);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
keep_alive__each_second_with_drops(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;
	uint8_t frame[64];

	ena_rig_tx_host(r, 64);
	ena_rig_rx(r, 64, 128);
	fake_frame_fill(frame, 64, 0);
	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_KEEP_ALIVE), ENA_ST_OK);
	r->e.m.now_ns += SECOND - 1;
	fake_ena_poll(&r->e, 3);
	expect_no_event(r);
	r->e.m.now_ns += 1;
	fake_ena_poll(&r->e, 3);
	expect_event(r, ENA_AENQ_KEEP_ALIVE, &event);
	for (unsigned int i = 0; i < 12; i++)
		assert_int_equal(event.data[i], 0);
	assert_int_equal((uint64_t)le32toh(event.time_hi) << 32 | le32toh(event.time_lo),
			 r->e.m.now_ns);
	expect_no_event(r);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(fake_ena_receive(&r->e, frame, 64, 64), 0); /* no buffers */
	r->port.ret = -5;
	for (unsigned int i = 0; i < 2; i++)
		ena_rig_send(r, (uint16_t)i, 0, 60, 0);
	ena_rig_go(r);
	r->e.m.now_ns += 10 * SECOND; /* one, however late */
	fake_ena_poll(&r->e, 3);
	expect_event(r, ENA_AENQ_KEEP_ALIVE, &event);
	assert_int_equal(le32toh(event.data[0]), 3); /* Rx drops */
	assert_int_equal(event.data[1], 0);
	assert_int_equal(le32toh(event.data[2]), 2); /* Tx drops */
	assert_int_equal(event.data[3], 0);
	expect_no_event(r);
}

static void
fault_keep_alive__is_offered_and_does_not_come(void **state)
{
	const struct ena_card_config config = {.faults = ENA_FAULT_KEEP_ALIVE};
	struct ena_rig *r = ena_rig_open(&config);
	struct ena_aenq_event event;
	void *rig = r;

	(void)state;
	assert_int_equal(fake_ena_aenq_set(&r->e, ALL), ENA_ST_OK);
	for (unsigned int i = 0; i < 5; i++) {
		r->e.m.now_ns += SECOND;
		fake_ena_poll(&r->e, 3);
	}
	expect_event(r, ENA_AENQ_LINK, &event);
	expect_no_event(r);
	ena_rig_teardown(&rig);
}

static void
ring__many_laps__phases_and_credit(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;
	struct ena_card_stats stats;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < 70000; i++) {
		ena_card_warn(r->e.card, (uint16_t)i);
		expect_event(r, ENA_AENQ_WARNING, &event);
		assert_int_equal(le16toh(event.syndrome), (uint16_t)i);
		expect_no_event(r);
	}
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.aenq_events, 70000);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
ring__full__lost_ones_are_counted_and_none_overwritten(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < FAKE_AENQ_DEPTH + 3; i++)
		ena_card_warn(r->e.card, (uint16_t)(100 + i));
	ENA_EXPECT(&r->e, aenq_lost, 3);
	for (unsigned int i = 0; i < FAKE_AENQ_DEPTH; i++) {
		expect_event(r, ENA_AENQ_WARNING, &event);
		assert_int_equal(le16toh(event.syndrome), 100 + i);
	}
	expect_no_event(r);
	ena_card_warn(r->e.card, 7);
	expect_event(r, ENA_AENQ_WARNING, &event);
	assert_int_equal(le16toh(event.syndrome), 7);
}

/* What can wait for a place in the ring is not lost. */
static void
ring__full__link_is_told_later(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < FAKE_AENQ_DEPTH; i++)
		ena_card_warn(r->e.card, 1);
	assert_int_equal(fake_ena_aenq_set(&r->e, ALL), ENA_ST_OK);
	r->e.m.now_ns += 3 * SECOND;
	fake_ena_poll(&r->e, 5);
	for (unsigned int i = 0; i < FAKE_AENQ_DEPTH; i++)
		expect_event(r, ENA_AENQ_WARNING, &event);
	expect_no_event(r);
	fake_ena_poll(&r->e, 5);
	expect_event(r, ENA_AENQ_LINK, &event);
	expect_event(r, ENA_AENQ_KEEP_ALIVE, &event);
	expect_no_event(r);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
ring__no_credit_at_first__nothing_is_written(void **state)
{
	struct ena_rig *r = *state;
	static const uint8_t zeroes[FAKE_AENQ_DEPTH * 64];

	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, FAKE_AENQ_DEPTH | 64u << 16); /* anew */
	assert_int_equal(fake_ena_aenq_set(&r->e, ALL), ENA_ST_OK);
	r->e.m.now_ns += 3 * SECOND;
	fake_ena_poll(&r->e, 3);
	assert_memory_equal(r->e.aenq, zeroes, sizeof(zeroes));
}

static void
ring__credit_beyond_it__lost_and_nothing_outside(void **state)
{
	static const uint16_t credits[] = {FAKE_AENQ_DEPTH + 1, 1000, 0x8000, 0xffff};
	struct ena_rig *r = *state;
	static const uint8_t zeroes[FAKE_AENQ_DEPTH * 64];

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < sizeof(credits) / sizeof(credits[0]); i++) {
		fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, credits[i]);
		ena_card_warn(r->e.card, 1);
		ENA_EXPECT(&r->e, aenq_lost, i + 1);
	}
	assert_memory_equal(r->e.aenq, zeroes, sizeof(zeroes));
}

static void
ring__wrong_or_not_mapped__no_event(void **state)
{
	static const uint32_t wrong[] = {15 | 64u << 16, 16 | 32u << 16, 2048 | 64u << 16};
	struct ena_rig *r = *state;
	struct ena_card_stats stats;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, wrong[i]);
		fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, 16);
		ena_card_warn(r->e.card, 1);
	}
	ENA_EXPECT(&r->e, bad_writes, 3);
	/* Beyond the last address. */
	fake_ena_reg_set64(&r->e, ENA_REG_AENQ_BASE_LO, 0ull - 64);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, 16 | 64u << 16);
	ENA_EXPECT(&r->e, bad_writes, 4);
	fake_ena_reg_set64(&r->e, ENA_REG_AENQ_BASE_LO, FAKE_IOVA_RO);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, 16 | 64u << 16);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, 16);
	ena_card_warn(r->e.card, 1);
	expect_no_event(r);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.aenq_lost, 1);
	assert_int_equal(stats.aenq_events, 0);
}

/* Link and keep-alive wait for a ring that can be written, however often they are tried. */
static void
ring__not_mapped_for_a_while__told_later_and_once(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;

	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, 0);
	assert_int_equal(fake_ena_aenq_set(&r->e, ALL), ENA_ST_OK);
	fake_ena_reg_set64(&r->e, ENA_REG_AENQ_BASE_LO, FAKE_IOVA_RO);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, FAKE_AENQ_DEPTH | 64u << 16);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, FAKE_AENQ_DEPTH);
	r->e.m.now_ns += 3 * SECOND;
	fake_ena_poll(&r->e, 100);
	fake_ena_reg_set64(&r->e, ENA_REG_AENQ_BASE_LO, fake_ena_iova(&r->e, r->e.aenq));
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, FAKE_AENQ_DEPTH | 64u << 16);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, 1000); /* no space */
	fake_ena_poll(&r->e, 100);
	expect_no_event(r);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_HEAD_DB, FAKE_AENQ_DEPTH);
	fake_ena_poll(&r->e, 100);
	expect_event(r, ENA_AENQ_LINK, &event);
	expect_event(r, ENA_AENQ_KEEP_ALIVE, &event);
	expect_no_event(r);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
ring__taken_away__no_event(void **state)
{
	struct ena_rig *r = *state;

	assert_int_equal(fake_ena_aenq_set(&r->e, ALL & ~1u), ENA_ST_OK);
	fake_ena_reg_set(&r->e, ENA_REG_AENQ_CAPS, 0);
	r->e.m.now_ns += 3 * SECOND;
	fake_ena_poll(&r->e, 3);
	ena_card_warn(r->e.card, 1);
	expect_no_event(r);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
events__interrupt_the_first_vector_unless_masked(void **state)
{
	struct ena_rig *r = *state;
	unsigned int before;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	before = r->e.m.irqs[0];
	ena_card_warn(r->e.card, 1);
	assert_int_equal(r->e.m.irqs[0], before + 1);
	fake_ena_reg_set(&r->e, ENA_REG_INTR_MASK, 1);
	ena_card_warn(r->e.card, 2);
	assert_int_equal(r->e.m.irqs[0], before + 1);
	/* What came in the meantime is told of at once, and once. */
	fake_ena_reg_set(&r->e, ENA_REG_INTR_MASK, 1);
	assert_int_equal(r->e.m.irqs[0], before + 1);
	fake_ena_reg_set(&r->e, ENA_REG_INTR_MASK, 0);
	assert_int_equal(r->e.m.irqs[0], before + 2);
	fake_ena_reg_set(&r->e, ENA_REG_INTR_MASK, 0);
	assert_int_equal(r->e.m.irqs[0], before + 2);
}

/* A queue that stops is told of, once. */
static void
fatal__a_queue_stops__its_number(void **state)
{
	struct ena_rig *r = *state;
	struct ena_aenq_event event;

	assert_int_equal(fake_ena_aenq_set(&r->e, 1u << ENA_AENQ_FATAL), ENA_ST_OK);
	ena_rig_rx(r, 64, 2048);
	ena_rig_tx_host(r, 64);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 65);
	fake_ena_poll(&r->e, 2);
	expect_event(r, ENA_AENQ_FATAL, &event);
	assert_int_equal(le16toh(event.syndrome), r->tx.idx);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 70);
	fake_ena_poll(&r->e, 2);
	expect_no_event(r);
	ENA_EXPECT(&r->e, tx_bad_doorbell, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(groups__only_those_that_are_asked_for),
		TEST(link__told_once_and_at_each_change),
		TEST(keep_alive__each_second_with_drops),
		cmocka_unit_test(fault_keep_alive__is_offered_and_does_not_come),
		TEST(ring__many_laps__phases_and_credit),
		TEST(ring__full__lost_ones_are_counted_and_none_overwritten),
		TEST(ring__full__link_is_told_later),
		TEST(ring__no_credit_at_first__nothing_is_written),
		TEST(ring__credit_beyond_it__lost_and_nothing_outside),
		TEST(ring__wrong_or_not_mapped__no_event),
		TEST(ring__not_mapped_for_a_while__told_later_and_once),
		TEST(ring__taken_away__no_event),
		TEST(events__interrupt_the_first_vector_unless_masked),
		TEST(fatal__a_queue_stops__its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
