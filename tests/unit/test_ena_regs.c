/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Registers of the ENA card, reads by DMA, resets. Offsets and values are written out here as the
 * drivers' public headers have them, apart from the card's own header.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

static void
identity__is_what_drivers_accept(void **state)
{
	struct fake_ena *e = *state;
	uint32_t caps;

	assert_int_equal(fake_ena_reg(e, 0x00), 0x0200); /* 2.0 */
	assert_true((fake_ena_reg(e, 0x04) & 0xffffff) >= 0x000001);
	caps = fake_ena_reg(e, 0x08);
	assert_true((caps >> 1 & 0x1f) != 0);       /* time for a reset, in 100 ms */
	assert_int_equal(caps >> 8 & 0xff, 48);     /* bits of an address */
	assert_int_equal(fake_ena_reg(e, 0x58), 1); /* ready */
	assert_false(ena_card_has_driver(e->card));
	assert_true(ena_card_waits(e->card));
	ENA_EXPECT_CLEAN(e);
}

static void
bar_read__of_what_is_no_register__zeroes(void **state)
{
	static const struct {
		uint64_t off;
		size_t bytes;
	} cases[] = {{0x58, 1}, {0x58, 2},  {0x58, 8},   {0x59, 4},
		     {0x56, 4}, {0x100, 4}, {0x1000, 4}, {0x3ffc, 4}};
	struct fake_ena *e = *state;
	uint8_t data[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(data, 0xee, sizeof(data));
		ena_card_bar_read(e->card, 0, cases[i].off, data, cases[i].bytes);
		for (size_t k = 0; k < sizeof(data); k++)
			assert_int_equal(data[k], k < cases[i].bytes ? 0 : 0xee);
	}
	memset(data, 0xee, sizeof(data));
	ena_card_bar_read(e->card, 4, 0, data, 4);
	assert_memory_equal(data, "\0\0\0\0\xee\xee\xee\xee", 8);
}

static void
bar_write__wrong__counted_and_without_effect(void **state)
{
	static const struct {
		unsigned int bar;
		uint64_t off;
		size_t bytes;
	} cases[] = {
		{0, 0x00, 4},
		{0, 0x04, 4},
		{0, 0x08, 4},
		{0, 0x0c, 4}, /* read-only */
		{0, 0x30, 4},
		{0, 0x44, 4},
		{0, 0x58, 4},
		{0, 0x68, 4},
		{0, 0x6c, 4},
		{0, 0xfc, 4},
		{0, 0x100, 4},
		{0, 0xffc, 4}, /* none */
		{0, 0x10, 8},
		{0, 0x10, 2},
		{0, 0x11, 4},
		{0, 0x54, 1}, /* size, alignment */
		{0, 0x1000, 4},
		{0, 0x1400, 4},
		{0, 0x1800, 4},
		{0, 0x1c00, 4}, /* of no queue */
		{1, 0, 4},
		{2, FAKE_LLQ_BYTES - 4, 8},
		{2, FAKE_LLQ_BYTES, 1},
		{2, UINT64_MAX, 4},
		{4, 0, 4},
	};
	struct fake_ena *e = *state;
	struct ena_card_stats stats;
	uint8_t before[256], after[256];
	const uint64_t value = 0xffffffff;

	for (unsigned int off = 0; off < 256; off += 4)
		memcpy(before + off, &(uint32_t){fake_ena_reg(e, off)}, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ena_card_bar_write(e->card, cases[i].bar, cases[i].off, &value, cases[i].bytes);
		fake_ena_stats(e, &stats);
		if (stats.bad_writes != i + 1)
			fail_msg("case %zu: bad_writes is %llu", i,
				 (unsigned long long)stats.bad_writes);
	}
	for (unsigned int off = 0; off < 256; off += 4)
		memcpy(after + off, &(uint32_t){fake_ena_reg(e, off)}, 4);
	assert_memory_equal(before, after, sizeof(before));
	for (unsigned int i = 0; i < FAKE_LLQ_BYTES; i++)
		assert_int_equal(e->llq[i], 0);
	fake_ena_poll(e, 2);
	assert_false(ena_card_has_driver(e->card));
}

static void
bar_access__of_the_llq__its_bytes(void **state)
{
	const uint8_t data[16] = "0123456789abcde";
	struct fake_ena *e = *state;
	uint8_t got[16];

	ena_card_bar_write(e->card, 2, 40, data, 16);
	ena_card_bar_write(e->card, 2, FAKE_LLQ_BYTES - 16, data, 16);
	assert_memory_equal(e->llq + 40, data, 16);
	assert_memory_equal(e->llq + FAKE_LLQ_BYTES - 16, data, 16);
	assert_int_equal(e->llq[39] | e->llq[56] | e->llq[FAKE_LLQ_BYTES - 17], 0);
	ena_card_bar_read(e->card, 2, FAKE_LLQ_BYTES - 16, got, 16);
	assert_memory_equal(got, data, 16);
	ena_card_bar_read(e->card, 2, FAKE_LLQ_BYTES - 8, got, 16);
	assert_memory_equal(got, (const uint8_t[16]){0}, 16);
	ENA_EXPECT_CLEAN(e);
}

/* Tools mark a moment there, and the card has nothing to do with it. */
static void
mark__keeps_what_was_written(void **state)
{
	struct fake_ena *e = *state;

	fake_ena_reg_set(e, 0xf0, 0x12345678);
	assert_int_equal(fake_ena_reg(e, 0xf0), 0x12345678);
	ENA_EXPECT_CLEAN(e);
}

/* ---- reads by DMA ------------------------------------------------------------------------ */

static void
readless__every_register__as_it_is_read(void **state)
{
	struct fake_ena *e = *state;
	uint32_t value;

	e->readless = fake_ena_alloc(e, 8, 8);
	for (uint32_t off = 0; off < 0x100; off += 4) {
		if (off == 0x5c || off == 0x60 || off == 0x64)
			continue; /* those of the read itself */
		assert_true(fake_ena_readless(e, off, &value));
		assert_int_equal(value, fake_ena_reg(e, off));
	}
	ENA_EXPECT_CLEAN(e);
}

/* The answer is 8 bytes: number, offset, value. */
static void
readless__answer__its_bytes_and_no_other(void **state)
{
	struct fake_ena *e = *state;
	uint8_t *at = fake_ena_alloc(e, 24, 8);

	memset(at, 0xee, 24);
	fake_ena_reg_set64(e, 0x60, fake_ena_iova(e, at + 8));
	fake_ena_reg_set(e, 0x5c, 0x00000000 | 0xa55a);
	assert_memory_equal(at,
			    "\xee\xee\xee\xee\xee\xee\xee\xee\x5a\xa5\x00\x00\x00\x02\x00\x00"
			    "\xee\xee\xee\xee\xee\xee\xee\xee",
			    24);
	fake_ena_reg_set(e, 0x5c, 0x00580000 | 0xa55b);
	assert_memory_equal(at + 8, "\x5b\xa5\x58\x00\x01\x00\x00\x00", 8);
	assert_memory_equal(at + 16, "\xee\xee\xee\xee\xee\xee\xee\xee", 8);
}

static void
readless__wrong__counted_and_not_answered(void **state)
{
	static const struct {
		uint64_t iova;
		uint32_t request;
	} cases[] = {
		{FAKE_IOVA_NONE, 0x00000001}, {0, 0x00000001},
		{FAKE_IOVA_RO, 0x00000001},   {FAKE_IOVA + FAKE_MEM_BYTES, 0x00000001},
		{FAKE_IOVA + 4, 0x00000001}, /* not aligned */
		{FAKE_IOVA, 0x00010001},     /* no register begins there */
		{FAKE_IOVA, 0x01000001},     /* none at all */
		{FAKE_IOVA, 0xfffc0001},
	};
	struct fake_ena *e = *state;
	struct ena_card_stats stats;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_ena_reg_set64(e, 0x60, cases[i].iova);
		fake_ena_reg_set(e, 0x5c, cases[i].request);
		fake_ena_stats(e, &stats);
		assert_int_equal(stats.bad_reads, i + 1);
	}
	for (unsigned int i = 0; i < FAKE_MEM_BYTES; i++)
		assert_int_equal(e->m.at[i], 0);
}

/* ---- resets ------------------------------------------------------------------------------ */

static void
reset__handshake__as_drivers_wait_for_it(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_stats stats;

	fake_ena_reg_set(e, 0x54, 0x1 | 3u << 28);
	assert_int_equal(fake_ena_reg(e, 0x58) & 0x8, 0x8); /* in progress */
	assert_int_equal(fake_ena_reg(e, 0x58) & 0x1, 0x1); /* ready */
	fake_ena_poll(e, 3);
	assert_int_equal(fake_ena_reg(e, 0x58) & 0x8, 0x8);
	fake_ena_reg_set(e, 0x54, 0);
	assert_int_equal(fake_ena_reg(e, 0x58) & 0x8, 0);
	assert_int_equal(fake_ena_reg(e, 0x58) & 0x1, 0x1);
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.resets, 1);
	assert_int_equal(stats.reset_reason, 3);
}

static void
reset__every_reason__is_told(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_stats stats;

	for (unsigned int reason = 0; reason <= 20; reason++) {
		assert_true(fake_ena_reset(e, reason));
		fake_ena_stats(e, &stats);
		assert_int_equal(stats.resets, reason + 1);
		assert_int_equal(stats.reset_reason, reason);
	}
	ENA_EXPECT_CLEAN(e);
}

/* What a driver has set is gone, apart from where reads are answered. */
static void
state_expect_new(struct ena_rig *r)
{
	struct ena_aenq_event event;
	uint8_t answer[ENA_ADMIN_BYTES];

	for (uint32_t off = 0x10; off <= 0x50; off += 4)
		assert_int_equal(fake_ena_reg(&r->e, off), 0);
	assert_int_equal(fake_ena_reg(&r->e, 0x58) & ~0x10u, 1);
	assert_false(ena_card_has_driver(r->e.card));
	assert_true(ena_card_waits(r->e.card));
	/* Commands and doorbells reach nothing. */
	fake_ena_submit(&r->e, &(union ena_cmd){.common.opcode = ENA_GET_FEATURE});
	r->e.m.now_ns += 5000000000;
	fake_ena_poll(&r->e, 3);
	assert_false(fake_ena_answer(&r->e, answer));
	assert_false(fake_ena_event(&r->e, &event));
	/* A new driver has the same card as the first. */
	fake_ena_enable(&r->e);
	r->frame = fake_ena_alloc(&r->e, ENA_RIG_BYTES, 4096);
	fake_frame_fill(r->frame, ENA_RIG_BYTES, 0);
	ena_rig_tx_host(r, 64);
	ena_rig_rx(r, 64, 2048);
	/* The MTU is 9216 again, and was 9000: 22 bytes of headers of layer 2 more. */
	ena_rig_send(r, 0, 0, 9238, 0);
	ena_rig_send(r, 1, 0, 9239, 0);
	ena_rig_go(r);
	ena_rig_expect_cpl(r, 0, false);
	ena_rig_expect_cpl(r, 1, true);
}

static void
queues_use(struct ena_rig *r)
{
	assert_int_equal(fake_ena_aenq_set(&r->e, 1 << ENA_AENQ_KEEP_ALIVE), 0);
	ena_rig_tx_llq(r, 64, 256, 1);
	ena_rig_rx(r, 64, 512);
	ena_rig_send(r, 9, 0, 60, 60);
	ena_rig_go(r);
	ena_rig_expect_cpl(r, 9, true);
}

static void
reset__with_queues__all_but_counters_is_new(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats stats;
	uint32_t old_doorbell;

	queues_use(r);
	old_doorbell = r->tx.doorbell_off;
	/* What is under way is gone too. */
	ena_rig_send(r, 10, 0, 60, 60);
	fake_ena_tx_ring(&r->e, &r->tx);
	assert_true(fake_ena_reset(&r->e, 0));
	fake_ena_reg_set(&r->e, old_doorbell, 2);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, 1);
	assert_int_equal(stats.bad_writes, 1);
	state_expect_new(r);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, 2);
	assert_int_equal(stats.tx_bad_length, 1);
	ena_rig_expect_frame(r, 0, r->frame, 60);
	ena_rig_expect_frame(r, 1, r->frame, 9238);
	assert_int_equal(r->port.frames, 2);
}

static void
function_level_reset__counters_too(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats stats, none;

	queues_use(r);
	assert_true(fake_ena_reset(&r->e, 4));
	ena_card_reset(r->e.card);
	memset(&none, 0, sizeof(none));
	fake_ena_stats(&r->e, &stats);
	assert_memory_equal(&stats, &none, sizeof(stats));
	assert_int_equal(fake_ena_reg(&r->e, 0x60), 0);
	assert_int_equal(fake_ena_reg(&r->e, 0x58), 1);
	state_expect_new(r);
}

/* Drivers set it once and reset the card with it. */
static void
reset__address_of_reads__is_kept(void **state)
{
	struct fake_ena *e = *state;
	uint8_t *at = fake_ena_alloc(e, 8, 8);

	fake_ena_reg_set64(e, 0x60, fake_ena_iova(e, at));
	assert_true(fake_ena_reset(e, 0));
	fake_ena_reg_set(e, 0x5c, 0x00040007);
	assert_memory_equal(at, "\x07\x00\x04\x00", 4);
	assert_memory_equal(at + 4, &(uint32_t){fake_ena_reg(e, 4)}, 4);
}

static void
reset__ends_before_it_begins__nothing(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_stats stats;

	fake_ena_reg_set(e, 0x54, 0);
	fake_ena_reg_set(e, 0x54, 0xfffffffe);
	assert_int_equal(fake_ena_reg(e, 0x58), 1);
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.resets, 0);
	ENA_EXPECT_CLEAN(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_ena_setup_off, fake_ena_teardown)
#define RIG(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(identity__is_what_drivers_accept),
		TEST(bar_read__of_what_is_no_register__zeroes),
		TEST(bar_write__wrong__counted_and_without_effect),
		TEST(bar_access__of_the_llq__its_bytes),
		TEST(mark__keeps_what_was_written),
		TEST(readless__every_register__as_it_is_read),
		TEST(readless__answer__its_bytes_and_no_other),
		TEST(readless__wrong__counted_and_not_answered),
		TEST(reset__handshake__as_drivers_wait_for_it),
		TEST(reset__every_reason__is_told),
		RIG(reset__with_queues__all_but_counters_is_new),
		RIG(function_level_reset__counters_too),
		TEST(reset__address_of_reads__is_kept),
		TEST(reset__ends_before_it_begins__nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
