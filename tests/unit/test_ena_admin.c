/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ENA card's rings of commands: order, phases, buffers, interrupts, and all that may be wrong.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

static union ena_cmd
get_cmd(uint8_t feature)
{
	return (union ena_cmd){.feature = {.common.opcode = 8, .feature = feature}};
}

/* A command and its answer as bytes, as the drivers' public headers have them. */
static void
command__its_bytes_and_those_of_the_answer(void **state)
{
	struct fake_ena *e = *state;
	uint8_t *cmd = (uint8_t *)e->aq, *answer = e->acq[0];

	memset(answer, 0xe0, ENA_ADMIN_BYTES); /* of no lap yet: the phase is 0 */
	memset(cmd, 0, ENA_ADMIN_BYTES);
	cmd[0] = 0x34;
	cmd[1] = 0x02;
	cmd[2] = 8;   /* get a feature */
	cmd[3] = 1;   /* phase */
	cmd[16] = 1;  /* the value of now */
	cmd[17] = 20; /* interrupt moderation */
	fake_ena_reg_set(e, 0x2c, 1);
	fake_ena_poll(e, 1);
	assert_memory_equal(answer, "\x34\x02\x00\x01\x00\x00\x01\x00", 8);
	assert_int_equal(answer[8] | answer[9] << 8, 1); /* us */
	for (unsigned int i = 10; i < ENA_ADMIN_BYTES; i++)
		assert_int_equal(answer[i], 0);
	assert_int_equal(fake_ena_reg(e, 0x30), 1);
	ENA_EXPECT_CLEAN(e);
}

static void
commands__more_than_a_lap__in_order_and_with_phases(void **state)
{
	struct fake_ena *e = *state;
	struct ena_aq_common common;
	uint8_t answer[ENA_ADMIN_BYTES];
	union ena_cmd cmd = get_cmd(ENA_F_DEVICE_ATTRIBUTES);
	struct ena_card_stats stats;
	uint16_t done = 0;

	for (unsigned int burst = 1; burst <= FAKE_AQ_DEPTH; burst++) {
		for (unsigned int i = 0; i < burst; i++)
			fake_ena_submit(e, &cmd);
		fake_ena_poll(e, 1);
		for (unsigned int i = 0; i < burst; i++, done++) {
			assert_true(fake_ena_answer(e, answer));
			memcpy(&common, answer, sizeof(common));
			assert_int_equal(le16toh(common.command_id), (done ^ 0x5a5a) & 0xfff);
		}
		assert_false(fake_ena_answer(e, answer));
	}
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.admin_commands, done);
	assert_int_equal(fake_ena_reg(e, 0x30), done);
	ENA_EXPECT_CLEAN(e);
}

/* The doorbell counts modulo 2^16. */
static void
commands__past_the_end_of_the_count__go_on(void **state)
{
	struct fake_ena *e = *state;
	union ena_cmd cmd = get_cmd(ENA_F_AENQ);

	for (unsigned int i = 0; i < 65536 + 3 * FAKE_AQ_DEPTH; i++)
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
	ENA_EXPECT_CLEAN(e);
}

static void
opcode__unknown__bad_opcode_and_nothing_else(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_stats stats;
	unsigned int unknown = 0;
	uint8_t answer[56];

	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		union ena_cmd cmd = {.common.opcode = (uint8_t)opcode};

		if ((opcode >= 1 && opcode <= 4) || opcode == 8 || opcode == 9 || opcode == 11)
			continue;
		memset(answer, 0xee, sizeof(answer));
		assert_int_equal(fake_ena_cmd(e, &cmd, answer, sizeof(answer)), ENA_ST_BAD_OPCODE);
		for (unsigned int i = 0; i < sizeof(answer); i++)
			assert_int_equal(answer[i], 0);
		unknown++;
	}
	fake_ena_stats(e, &stats);
	assert_int_equal(unknown, 249);
	assert_int_equal(stats.admin_commands, unknown);
	ENA_EXPECT(e, admin_malformed, unknown);
}

static void
feature__unknown__unsupported(void **state)
{
	static const uint8_t known[] = {1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28};
	struct fake_ena *e = *state;
	unsigned int n = 0;

	for (unsigned int id = 0; id < 256; id++) {
		if (memchr(known, (int)id, sizeof(known)) != NULL)
			continue;
		assert_int_equal(fake_ena_get(e, (uint8_t)id, NULL, 0, NULL, 0),
				 ENA_ST_UNSUPPORTED);
		assert_int_equal(fake_ena_set(e, (uint8_t)id, NULL, 0, NULL, 0),
				 ENA_ST_UNSUPPORTED);
		n += 2;
	}
	ENA_EXPECT(e, admin_unsupported, n);
}

/* ---- what is wrong with rings ------------------------------------------------------------ */

static void
phase__of_another_lap__malformed(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_stats stats;
	uint8_t answer[ENA_ADMIN_BYTES];

	e->aq[0] = get_cmd(ENA_F_AENQ); /* with the phase of the second lap */
	e->aq[0].common.command_id = htole16(77);
	e->aq_tail = 1;
	fake_ena_reg_set(e, 0x2c, 1);
	fake_ena_poll(e, 1);
	assert_true(fake_ena_answer(e, answer));
	assert_int_equal(answer[0], 77);
	assert_int_equal(answer[2], ENA_ST_MALFORMED);
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.admin_bad_phase, 1);
	assert_int_equal(stats.admin_malformed, 1);
	/* The ring is as usable as before. */
	assert_int_equal(fake_ena_cmd(e, &(union ena_cmd){.common.opcode = 0}, NULL, 0),
			 ENA_ST_BAD_OPCODE);
}

static void
doorbell__beyond_the_ring__taken_for_nothing(void **state)
{
	struct fake_ena *e = *state;
	union ena_cmd cmd = get_cmd(ENA_F_AENQ);
	uint8_t answer[ENA_ADMIN_BYTES];
	struct ena_card_stats stats;

	fake_ena_reg_set(e, 0x2c, FAKE_AQ_DEPTH + 1);
	fake_ena_poll(e, 3);
	assert_false(fake_ena_answer(e, answer));
	ENA_EXPECT(e, admin_malformed, 1);
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.admin_commands, 0);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
	/* One before the head is 65535 commands. */
	fake_ena_reg_set(e, 0x2c, 0);
	fake_ena_poll(e, 3);
	assert_false(fake_ena_answer(e, answer));
	ENA_EXPECT(e, admin_malformed, 2);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
}

static void
rings__wrong_size_or_place__not_taken(void **state)
{
	static const uint32_t wrong[] = {
		16 | 32u << 16,
		16 | 128u << 16,
		15 | 64u << 16,
		0 | 64u << 16,
		2048 | 64u << 16,
		0xffff | 64u << 16,
		1,
	};
	struct fake_ena *e = *state;
	struct ena_card_stats stats;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fake_ena_reg_set(e, 0x18, wrong[i]);
		fake_ena_stats(e, &stats);
		assert_int_equal(stats.bad_writes, i + 1);
		assert_false(ena_card_has_driver(e->card));
	}
	/* Of the largest size, and of the smallest. */
	fake_ena_reg_set(e, 0x18, 1024 | 64u << 16);
	assert_true(ena_card_has_driver(e->card));
	fake_ena_reg_set(e, 0x18, 1 | 64u << 16);
	assert_true(ena_card_has_driver(e->card));
	/* Not aligned. */
	fake_ena_reg_set(e, 0x10, (uint32_t)fake_ena_iova(e, e->aq) + 32);
	fake_ena_reg_set(e, 0x18, 16 | 64u << 16);
	assert_false(ena_card_has_driver(e->card));
	fake_ena_stats(e, &stats);
	/* Beyond the last address. */
	fake_ena_reg_set64(e, 0x10, 0ull - 64);
	fake_ena_reg_set(e, 0x18, 16 | 64u << 16);
	assert_false(ena_card_has_driver(e->card));
	ENA_EXPECT(e, bad_writes, sizeof(wrong) / sizeof(wrong[0]) + 2);
}

static void
rings__not_mapped__counted_and_nothing_answered(void **state)
{
	const uint64_t places[][2] = {
		{FAKE_IOVA_NONE, FAKE_IOVA},
		{FAKE_IOVA_WO, FAKE_IOVA},
		{FAKE_IOVA, FAKE_IOVA_NONE},
		{FAKE_IOVA, FAKE_IOVA_RO},
		{FAKE_IOVA, FAKE_IOVA + FAKE_MEM_BYTES},
		{0xfffffffffffff000, 0xfffffffffffff000},
	};
	struct fake_ena *e = *state;
	uint8_t *before = malloc(FAKE_MEM_BYTES);

	assert_non_null(before);
	memcpy(before, e->m.at, FAKE_MEM_BYTES);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		fake_ena_reg_set64(e, 0x10, places[i][0]);
		fake_ena_reg_set64(e, 0x20, places[i][1]);
		fake_ena_reg_set(e, 0x18, 16 | 64u << 16);
		fake_ena_reg_set(e, 0x28, 16 | 64u << 16);
		fake_ena_reg_set(e, 0x2c, 3);
		fake_ena_poll(e, 5);
		ENA_EXPECT(e, admin_unmapped, i + 1);
		assert_true(ena_card_waits(e->card));
	}
	assert_memory_equal(before, e->m.at, FAKE_MEM_BYTES);
	free(before);
}

/* The map may change at any time. */
static void
rings__unmapped_later__counted(void **state)
{
	struct fake_ena *e = *state;
	union ena_cmd cmd = get_cmd(ENA_F_AENQ);

	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
	e->m.unmap_from = 64;
	fake_ena_submit(e, &cmd);
	fake_ena_poll(e, 2);
	ENA_EXPECT(e, admin_unmapped, 1);
	e->m.unmap_from = e->m.bytes;
}

static void
no_rings__doorbell__nothing(void **state)
{
	struct fake_ena *e = *state;

	ena_card_reset(e->card);
	fake_ena_reg_set(e, 0x2c, 5);
	fake_ena_poll(e, 2);
	fake_ena_reg_set(e, 0x18, 16 | 64u << 16);
	fake_ena_poll(e, 2);
	ENA_EXPECT_CLEAN(e);
}

/* ---- buffers ----------------------------------------------------------------------------- */

/* A key of 48 bytes. */
static union ena_cmd
key_cmd(uint8_t opcode, uint64_t iova, uint32_t bytes, uint8_t flags)
{
	return (union ena_cmd){
		.feature = {.common = {.opcode = opcode, .flags = flags},
			    .feature = ENA_F_RSS_FUNCTION,
			    .buffer = {.bytes = htole32(bytes),
				       .addr = {.lo = htole32((uint32_t)iova),
						.hi = htole16((uint16_t)(iova >> 32))}},
			    .data[1] = htole32(ENA_RSS_TOEPLITZ)}};
}

static void
buffer__either_flag__is_read(void **state)
{
	struct fake_ena *e = *state;
	union ena_cmd cmd;

	for (uint8_t flags = 2; flags <= 6; flags += 2) {
		memset(e->bounce, flags, 48);
		memcpy(e->bounce, "\x0a\0\0\0\0\0\0\0", 8);
		cmd = key_cmd(ENA_SET_FEATURE, fake_ena_iova(e, e->bounce), 48, flags);
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
		memset(e->bounce, 0, 64);
		cmd = key_cmd(ENA_GET_FEATURE, fake_ena_iova(e, e->bounce), 64, flags);
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
		assert_memory_equal(e->bounce, "\x0a\0\0\0\0\0\0\0", 8);
		for (unsigned int i = 8; i < 64; i++)
			assert_int_equal(e->bounce[i], i < 48 ? flags : 0);
	}
	ENA_EXPECT_CLEAN(e);
}

static void
buffer__to_read__wrong_ones_refused(void **state)
{
	struct fake_ena *e = *state;
	const uint64_t good = fake_ena_iova(e, e->bounce);
	const struct {
		uint64_t iova;
		uint32_t bytes;
		uint8_t flags;
		enum ena_admin_status status;
	} cases[] = {
		{good, 48, 0, ENA_ST_MALFORMED},
		{good, 47, 2, ENA_ST_MALFORMED},
		{good, 0, 4, ENA_ST_MALFORMED},
		{FAKE_IOVA_NONE, 48, 4, ENA_ST_ILLEGAL},
		{FAKE_IOVA_WO, 48, 4, ENA_ST_ILLEGAL},
		{FAKE_IOVA + FAKE_MEM_BYTES - 47, 48, 4, ENA_ST_ILLEGAL},
		{0xffffffffffff, UINT32_MAX, 4, ENA_ST_ILLEGAL},
	};
	uint8_t key[48], after[48];

	assert_int_equal(fake_ena_get(e, ENA_F_RSS_FUNCTION, NULL, 0, key, 48), ENA_ST_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union ena_cmd cmd = key_cmd(ENA_SET_FEATURE, cases[i].iova, cases[i].bytes,
					    cases[i].flags);

		memset(e->bounce, 0x77, 48);
		memcpy(e->bounce, "\x0a\0\0\0\0\0\0\0", 8);
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), cases[i].status);
	}
	assert_int_equal(fake_ena_get(e, ENA_F_RSS_FUNCTION, NULL, 0, after, 48), ENA_ST_OK);
	assert_memory_equal(key, after, 48);
}

static void
buffer__to_write__no_byte_beyond_it(void **state)
{
	struct fake_ena *e = *state;
	const uint64_t good = fake_ena_iova(e, e->bounce);
	union ena_cmd cmd;
	uint8_t whole[48];

	assert_int_equal(fake_ena_get(e, ENA_F_RSS_FUNCTION, NULL, 0, whole, 48), ENA_ST_OK);
	for (uint32_t bytes = 0; bytes <= 60; bytes++) {
		memset(e->bounce, 0xee, 64);
		cmd = key_cmd(ENA_GET_FEATURE, good, bytes, 4);
		assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
		for (unsigned int i = 0; i < 64; i++)
			assert_int_equal(e->bounce[i], i < bytes && i < 48 ? whole[i] : 0xee);
	}
	/* None at all. */
	cmd = key_cmd(ENA_GET_FEATURE, FAKE_IOVA_NONE, 48, 0);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_OK);
	ENA_EXPECT_CLEAN(e);
	cmd = key_cmd(ENA_GET_FEATURE, FAKE_IOVA_NONE, 48, 4);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
	cmd = key_cmd(ENA_GET_FEATURE, FAKE_IOVA_RO, 48, 4);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
	cmd = key_cmd(ENA_GET_FEATURE, FAKE_IOVA + FAKE_MEM_BYTES - 47, 48, 4);
	assert_int_equal(fake_ena_cmd(e, &cmd, NULL, 0), ENA_ST_ILLEGAL);
	ENA_EXPECT(e, admin_illegal, 3);
}

/* ---- interrupts, faults ------------------------------------------------------------------ */

static void
interrupt__once_for_a_burst_and_none_when_masked(void **state)
{
	struct fake_ena *e = *state;
	union ena_cmd cmd = get_cmd(ENA_F_AENQ);
	struct ena_card_stats stats;

	fake_ena_poll(e, 3);
	assert_int_equal(e->m.irqs[0], 0);
	for (unsigned int i = 0; i < 5; i++)
		fake_ena_submit(e, &cmd);
	fake_ena_poll(e, 3);
	assert_int_equal(e->m.irqs[0], 1);
	fake_ena_reg_set(e, 0x4c, 1);
	fake_ena_submit(e, &cmd);
	fake_ena_poll(e, 3);
	assert_int_equal(e->m.irqs[0], 1);
	fake_ena_reg_set(e, 0x4c, 0);
	fake_ena_submit(e, &cmd);
	fake_ena_poll(e, 3);
	assert_int_equal(e->m.irqs[0], 2);
	fake_ena_stats(e, &stats);
	assert_int_equal(stats.irqs, 2);
	for (unsigned int i = 1; i < 256; i++)
		assert_int_equal(e->m.irqs[i], 0);
}

static void
fault_admin__nothing_is_answered(void **state)
{
	const struct ena_card_config config = {.seed = 1, .faults = ENA_FAULT_ADMIN};
	union ena_cmd cmd = get_cmd(ENA_F_AENQ);
	struct ena_card_stats stats;
	struct fake_ena e;

	(void)state;
	assert_int_equal(fake_ena_init(&e, &config), 0);
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_cmd(&e, &cmd, NULL, 0), -1);
	fake_ena_poll(&e, 5);
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.admin_commands, 1);
	assert_int_equal(e.m.irqs[0], 0);
	assert_true(fake_ena_reset(&e, 2));
	fake_ena_fini(&e);
}

static void
has_driver__from_the_rings_to_the_reset(void **state)
{
	struct fake_ena *e = *state;

	assert_true(ena_card_has_driver(e->card));
	assert_true(ena_card_waits(e->card));
	fake_ena_submit(e, &(union ena_cmd){.common.opcode = 8});
	assert_false(ena_card_waits(e->card));
	fake_ena_poll(e, 1);
	assert_true(ena_card_waits(e->card));
	assert_true(fake_ena_reset(e, 0));
	assert_false(ena_card_has_driver(e->card));
	fake_ena_enable(e);
	assert_true(ena_card_has_driver(e->card));
	/* Polls for frames alone leave commands alone. */
	fake_ena_submit(e, &(union ena_cmd){.common.opcode = 8});
	assert_int_equal(ena_card_poll_frames(e->card), 0);
	assert_int_equal(ena_card_poll(e->card), 1);
	assert_int_equal(ena_card_poll(e->card), 0);
}

/* ---- statistics -------------------------------------------------------------------------- */

static int
stats_get(struct fake_ena *e, uint8_t type, uint64_t values[7])
{
	union ena_cmd cmd = {.stats = {.common.opcode = ENA_GET_STATS, .type = type}};

	return fake_ena_cmd(e, &cmd, values, 56);
}

static void
stats__basic_and_of_allowances__as_drivers_ask(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena *e = &r->e;
	uint8_t frame[2048];
	uint64_t v[7];

	ena_rig_tx_host(r, 64);
	ena_rig_rx(r, 64, 2048);
	ena_rig_send(r, 1, 0, 60, 0);
	ena_rig_send(r, 2, 0, 100, 0);
	ena_rig_send(r, 99, 0, 100, 0); /* no request */
	ena_rig_go(r);
	fake_ena_rx_post(e, &r->rx, 3);
	fake_frame_fill(frame, 500, 0);
	for (unsigned int i = 0; i < 4; i++) /* the last finds no buffer */
		assert_int_equal(fake_ena_receive(e, frame, 500, 500), 0);
	/* Tx bytes, frames, Rx bytes, frames, Rx drops, Tx drops, Rx overruns. */
	assert_int_equal(stats_get(e, 0, v), ENA_ST_OK);
	assert_memory_equal(v, ((uint64_t[7]){160, 2, 1500, 3, 1, 1, 1}), 56);
	/* Nothing was ever held back. */
	assert_int_equal(stats_get(e, 2, v), ENA_ST_OK);
	assert_memory_equal(v, ((uint64_t[7]){0}), 56);
}

static void
stats__of_other_kinds__unsupported(void **state)
{
	static const uint8_t types[] = {1, 3, 4, 5, 255};
	struct fake_ena *e = *state;
	uint64_t v[7];

	for (unsigned int i = 0; i < sizeof(types); i++) {
		assert_int_equal(stats_get(e, types[i], v), ENA_ST_UNSUPPORTED);
		assert_memory_equal(v, ((uint64_t[7]){0}), 56);
	}
	ENA_EXPECT(e, admin_unsupported, sizeof(types));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_ena_setup, fake_ena_teardown)
#define RIG(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(command__its_bytes_and_those_of_the_answer),
		TEST(commands__more_than_a_lap__in_order_and_with_phases),
		TEST(commands__past_the_end_of_the_count__go_on),
		TEST(opcode__unknown__bad_opcode_and_nothing_else),
		TEST(feature__unknown__unsupported),
		TEST(phase__of_another_lap__malformed),
		TEST(doorbell__beyond_the_ring__taken_for_nothing),
		TEST(rings__wrong_size_or_place__not_taken),
		TEST(rings__not_mapped__counted_and_nothing_answered),
		TEST(rings__unmapped_later__counted),
		TEST(no_rings__doorbell__nothing),
		TEST(buffer__either_flag__is_read),
		TEST(buffer__to_read__wrong_ones_refused),
		TEST(buffer__to_write__no_byte_beyond_it),
		TEST(interrupt__once_for_a_burst_and_none_when_masked),
		cmocka_unit_test(fault_admin__nothing_is_answered),
		TEST(has_driver__from_the_rings_to_the_reset),
		RIG(stats__basic_and_of_allowances__as_drivers_ask),
		TEST(stats__of_other_kinds__unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
