/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What the ENA card says it can do, what a driver may choose, and what it may not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

/* A card of this configuration, with its driver. */
static void
open_with(struct fake_ena *e, const struct ena_card_config *config)
{
	assert_int_equal(fake_ena_init(e, config), 0);
	fake_ena_enable(e);
}

static uint32_t
word(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static unsigned int
half(const uint8_t *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

/* The answer's bytes as the drivers' public headers have them. */
static void
attributes__as_drivers_read_them(void **state)
{
	struct fake_ena *e = *state;
	struct ena_card_config config = {.mac = {2, 3, 5, 7, 11, 13}};
	struct fake_ena other;
	uint8_t out[56];

	assert_int_equal(fake_ena_get(e, 1, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(word(out + 8), 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 7 | 1u << 10 |
						1u << 11 | 1u << 12 | 1u << 14 | 1u << 18 |
						1u << 20 | 1u << 26 | 1u << 27 | 1u << 28);
	assert_int_equal(word(out + 12) & 1u, 1); /* statistics of allowances */
	assert_int_equal(word(out + 16), 48);
	assert_int_equal(word(out + 20), 48);
	assert_int_equal(out[24] & 3, 2); /* local, to one receiver */
	assert_int_equal(word(out + 32), 9216);
	open_with(&other, &config);
	assert_int_equal(fake_ena_get(&other, 1, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_memory_equal(out + 24, config.mac, 6);
	assert_int_equal(word(out + 8) & 1u << 4, 0); /* no LLQ */
	assert_int_equal(fake_ena_get(&other, 4, NULL, 0, NULL, 0), ENA_ST_UNSUPPORTED);
	assert_int_equal(fake_ena_llq_set(&other, 128, 0), ENA_ST_UNSUPPORTED);
	fake_ena_fini(&other);
}

static void
mac__from_the_seed__same_for_the_same(void **state)
{
	struct ena_card_config config = {0};
	uint8_t macs[3][56];
	struct fake_ena e;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		config.seed = i == 2 ? 6 : 5;
		open_with(&e, &config);
		assert_int_equal(fake_ena_get(&e, 1, macs[i], 56, NULL, 0), ENA_ST_OK);
		fake_ena_fini(&e);
	}
	assert_memory_equal(macs[0] + 24, macs[1] + 24, 6);
	assert_memory_not_equal(macs[0] + 24, macs[2] + 24, 6);
}

static void
max_queues__both_versions__as_configured(void **state)
{
	static const struct ena_card_config configs[] = {
		{.queue_pairs = 1, .queue_depth = 64},
		{.queue_pairs = 32, .queue_depth = 4096},
		{.llq_entries = ENA_LLQ_ENTRY_128},
	};
	static const uint32_t expected[][2] = {{1, 64}, {32, 4096}, {8, 1024}};
	struct fake_ena e;
	uint8_t out[56];

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		open_with(&e, &configs[i]);
		assert_int_equal(ena_card_vectors(e.card), expected[i][0] + 1);
		assert_int_equal(fake_ena_get(&e, 7, out, sizeof(out), NULL, 0), ENA_ST_OK);
		assert_int_equal(out[0], 1); /* version */
		for (unsigned int k = 0; k < 4; k++) {
			assert_int_equal(word(out + 4 + 4 * k), expected[i][0]);
			assert_int_equal(word(out + 20 + 4 * k), expected[i][1]);
		}
		assert_int_equal(word(out + 36), 96);
		assert_true(half(out + 40) >= 17 && half(out + 42) >= 1);
		assert_int_equal(fake_ena_get(&e, 2, out, sizeof(out), NULL, 0), ENA_ST_OK);
		assert_int_equal(word(out), expected[i][0]);
		assert_int_equal(word(out + 4), expected[i][1]);
		assert_int_equal(word(out + 12), expected[i][1]);
		ENA_EXPECT_CLEAN(&e);
		fake_ena_fini(&e);
	}
}

static void
hints__patience_or_nothing(void **state)
{
	struct ena_card_config config = {.patience_ms = 250};
	uint8_t zeroes[32] = {0};
	struct fake_ena e;
	uint8_t out[32];

	assert_int_equal(fake_ena_get(*state, 3, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_memory_equal(out, zeroes, sizeof(out));
	open_with(&e, &config);
	assert_int_equal(fake_ena_get(&e, 3, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(half(out), 250);     /* registers */
	assert_int_equal(half(out + 2), 250); /* keep-alive */
	assert_int_equal(half(out + 4), 250); /* completions */
	assert_int_equal(half(out + 8), 250); /* commands */
	fake_ena_fini(&e);
}

static void
moderation_and_offloads__as_drivers_read_them(void **state)
{
	uint8_t out[56];

	assert_int_equal(fake_ena_get(*state, 20, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(half(out), 1); /* us */
	assert_int_equal(fake_ena_get(*state, 11, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(word(out), 0x7f);    /* Tx checksums, TSO of both versions */
	assert_int_equal(word(out + 4), 0xf); /* Rx checksums, hash */
}

static void
link__speeds_of_the_port(void **state)
{
	static const uint32_t speeds[] = {1000,  2500,  5000,   10000,  25000,
					  40000, 50000, 100000, 200000, 400000};
	struct ena_rig *r = *state;
	uint8_t out[56];

	for (unsigned int i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		r->port.speed_mbps = speeds[i];
		assert_int_equal(fake_ena_get(&r->e, 27, out, sizeof(out), NULL, 0), ENA_ST_OK);
		assert_int_equal(word(out), speeds[i]);
		assert_int_equal(word(out + 4), 1u << i);
		assert_int_equal(word(out + 8), 2); /* full duplex */
	}
	r->port.speed_mbps = 10;
	assert_int_equal(fake_ena_get(&r->e, 27, out, sizeof(out), NULL, 0), ENA_ST_OK);
	assert_int_equal(word(out), 10);
	assert_int_equal(word(out + 4), 0);
}

static void
mtu__its_bounds(void **state)
{
	static const uint32_t wrong[] = {0, 67, 9217, 65536, UINT32_MAX};
	struct fake_ena *e = *state;

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(fake_ena_mtu_set(e, wrong[i]), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_mtu_set(e, 68), ENA_ST_OK);
	assert_int_equal(fake_ena_mtu_set(e, 9216), ENA_ST_OK);
	assert_int_equal(fake_ena_get(e, ENA_F_MTU, NULL, 0, NULL, 0), ENA_ST_UNSUPPORTED);
}

static void
fixed_features__cannot_be_set(void **state)
{
	static const uint8_t fixed[] = {1, 2, 3, 7, 11, 20, 27};
	struct fake_ena *e = *state;

	for (unsigned int i = 0; i < sizeof(fixed); i++)
		assert_int_equal(fake_ena_set(e, fixed[i], NULL, 0, NULL, 0), ENA_ST_UNSUPPORTED);
	ENA_EXPECT(e, admin_unsupported, sizeof(fixed));
}

/* ---- LLQ --------------------------------------------------------------------------------- */

static void
llq__offer__as_configured(void **state)
{
	static const struct {
		struct ena_card_config config;
		uint32_t num, depth;
		unsigned int sizes, recommended, wide, flags, burst;
	} cases[] = {
		{{.llq_entries = 3}, 8, 1024, 5, 0, 512, 1, 0},
		{{.llq_entries = 3, .llq_recommended = 1}, 8, 1024, 5, 1, 512, 1, 0},
		{{.llq_entries = 3, .llq_recommended = 2}, 8, 1024, 5, 4, 512, 1, 0},
		{{.llq_entries = 1}, 8, 1024, 1, 0, 0, 1, 0},
		{{.llq_entries = 2}, 8, 512, 4, 0, 512, 1, 0},
		{{.llq_entries = 1, .queue_pairs = 32}, 32, 256, 1, 0, 0, 1, 0},
		{{.llq_entries = 1, .queue_pairs = 1}, 1, 1024, 1, 0, 0, 1, 0},
		{{.llq_entries = 1, .llq_depth = 128}, 8, 128, 1, 0, 0, 1, 0},
		{{.llq_entries = 1, .meta_caching = true}, 8, 1024, 1, 0, 0, 0, 0},
		{{.llq_entries = 1, .tx_burst_bytes = 2048}, 8, 1024, 1, 0, 0, 3, 2048},
		{{.llq_entries = 1, .meta_caching = true, .tx_burst_bytes = 512},
		 8,
		 1024,
		 1,
		 0,
		 0,
		 2,
		 512},
	};
	struct fake_ena e;
	uint8_t out[56];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_with(&e, &cases[i].config);
		assert_int_equal(fake_ena_get(&e, 4, out, sizeof(out), NULL, 0), ENA_ST_OK);
		assert_int_equal(word(out), cases[i].num);
		assert_int_equal(word(out + 4), cases[i].depth);
		assert_int_equal(half(out + 8) & 1, 1); /* headers in the entries */
		assert_int_equal(half(out + 12), cases[i].sizes);
		assert_int_equal(half(out + 16) & 2, 2); /* two descriptors before them */
		assert_int_equal(half(out + 20) & 2, 2); /* several in an entry */
		assert_int_equal(out[24], 1);
		assert_int_equal(out[25], cases[i].recommended);
		assert_int_equal(half(out + 26), cases[i].wide);
		assert_int_equal(half(out + 28), cases[i].flags);
		assert_int_equal(half(out + 30), cases[i].burst);
		fake_ena_fini(&e);
	}
}

static void
llq_set__wrong__refused_and_the_old_stays(void **state)
{
	static const struct {
		uint16_t header, size, before, stride;
	} cases[] = {
		{0, 1, 2, 2}, {2, 1, 2, 2}, {3, 1, 2, 2},                /* header elsewhere */
		{1, 0, 2, 2}, {1, 2, 2, 2}, {1, 5, 2, 2},  {1, 8, 2, 2}, /* sizes */
		{1, 1, 0, 2}, {1, 1, 3, 2}, {1, 1, 16, 2}, {1, 1, 8, 2}, /* 8 leave no header */
		{1, 1, 2, 0}, {1, 1, 2, 3}, {1, 1, 2, 4},
	};
	struct ena_rig *r = *state;

	assert_int_equal(fake_ena_llq_set(&r->e, 256, 1), ENA_ST_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ena_llq llq = {
			.header_enabled = htole16(cases[i].header),
			.entry_enabled = htole16(cases[i].size),
			.before_header_enabled = htole16(cases[i].before),
			.stride_enabled = htole16(cases[i].stride),
		};

		if (fake_ena_set(&r->e, ENA_F_LLQ, &llq, sizeof(llq), NULL, 0) != ENA_ST_ILLEGAL)
			fail_msg("case %zu", i);
	}
	ENA_EXPECT(&r->e, admin_illegal, sizeof(cases) / sizeof(cases[0]));
	/* Entries have 256 bytes, as set before. */
	assert_int_equal(fake_ena_txq_open(&r->e, &r->tx, 64, true, FAKE_NO_VECTOR), ENA_ST_OK);
	for (unsigned int i = 0; i < 3; i++)
		ena_rig_send(r, (uint16_t)i, 100 * i, 200, 200);
	ena_rig_go(r);
	for (unsigned int i = 0; i < 3; i++)
		ena_rig_expect_frame(r, i, r->frame + 100ul * i, 200);
}

static void
llq_set__size_that_is_not_offered__refused(void **state)
{
	struct ena_card_config config = {.llq_entries = ENA_LLQ_ENTRY_128};
	struct fake_ena e;

	(void)state;
	open_with(&e, &config);
	assert_int_equal(fake_ena_llq_set(&e, 256, 0), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_llq_set(&e, 128, 0), ENA_ST_OK);
	fake_ena_fini(&e);
	config.llq_entries = ENA_LLQ_ENTRY_256;
	open_with(&e, &config);
	assert_int_equal(fake_ena_llq_set(&e, 128, 0), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_llq_set(&e, 256, 0), ENA_ST_OK);
	fake_ena_fini(&e);
}

/* ---- host attributes --------------------------------------------------------------------- */

static int
host_set(struct fake_ena *e, uint64_t iova)
{
	const struct ena_host_attributes data = {
		.info = {.lo = htole32((uint32_t)iova), .hi = htole16((uint16_t)(iova >> 32))}};

	return fake_ena_set(e, ENA_F_HOST_ATTRIBUTES, &data, sizeof(data), NULL, 0);
}

static void
host_attributes__are_logged_and_may_be_missing(void **state)
{
	struct fake_ena *e = *state;
	uint8_t *info = fake_ena_alloc(e, 4096, 4096);

	info[0] = 3;   /* DPDK */
	info[172] = 2; /* 2.6.0 */
	info[173] = 6;
	assert_int_equal(host_set(e, fake_ena_iova(e, info)), ENA_ST_OK);
	assert_non_null(strstr(e->m.log, "2.6.0"));
	assert_int_equal(host_set(e, 0), ENA_ST_OK);
	ENA_EXPECT_CLEAN(e);
	assert_int_equal(host_set(e, FAKE_IOVA_NONE), ENA_ST_ILLEGAL);
	assert_int_equal(host_set(e, FAKE_IOVA_WO), ENA_ST_ILLEGAL);
	assert_int_equal(host_set(e, FAKE_IOVA + FAKE_MEM_BYTES - 100), ENA_ST_ILLEGAL);
	assert_int_equal(fake_ena_get(e, ENA_F_HOST_ATTRIBUTES, NULL, 0, NULL, 0),
			 ENA_ST_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_ena_setup, fake_ena_teardown)
#define RIG(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(attributes__as_drivers_read_them),
		cmocka_unit_test(mac__from_the_seed__same_for_the_same),
		cmocka_unit_test(max_queues__both_versions__as_configured),
		TEST(hints__patience_or_nothing),
		TEST(moderation_and_offloads__as_drivers_read_them),
		RIG(link__speeds_of_the_port),
		TEST(mtu__its_bounds),
		TEST(fixed_features__cannot_be_set),
		cmocka_unit_test(llq__offer__as_configured),
		RIG(llq_set__wrong__refused_and_the_old_stays),
		cmocka_unit_test(llq_set__size_that_is_not_offered__refused),
		TEST(host_attributes__are_logged_and_may_be_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
