/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of windows: allocation, generations, accesses to the aperture. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define SEEDS 60
#define ROUNDS 400
#define WINDOWS 64

static void
host_open(struct fake_host *h, uint64_t seed, uint64_t aperture_bytes)
{
	struct wcnic_card_config c = {.seed = seed, .aperture_bytes = aperture_bytes};

	assert_int_equal(fake_host_init(h, &c), 0);
	fake_enable(h);
}

static int
setup(void **state)
{
	*state = malloc(sizeof(struct fake_host));
	if (*state == NULL)
		return -1;
	host_open(*state, 5, 0);
	return 0;
}

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Everything that a driver relies on, against the windows that are granted already. */
static void
grant_check(const struct fake_host *h, const struct wcnic_window_grant *g, uint32_t asked,
	    uint32_t align, const struct wcnic_window_grant *grants, const bool *used)
{
	uint64_t off = le64toh(g->offset);
	uint32_t bytes = le32toh(g->bytes);

	assert_true(off + bytes <= h->aperture_bytes);
	assert_int_equal(off % align, 0);
	assert_int_equal(bytes % align, 0);
	assert_true(bytes >= align);
	assert_true(bytes < (uint64_t)asked + align);
	assert_int_not_equal(g->generation, 0);
	if (g->type == WCNIC_WINDOW_PUSH) {
		uint32_t slots = le16toh(g->slots);

		assert_true(slots != 0 && (slots & (slots - 1)) == 0);
		assert_true((uint64_t)slots * g->slot_lines * 64 <= bytes);
		assert_true(le16toh(g->max_burst) <= slots);
	}
	for (unsigned int i = 0; i < WINDOWS; i++) {
		uint64_t other = le64toh(grants[i].offset);

		if (used[i])
			assert_true(off + bytes <= other ||
				    other + le32toh(grants[i].bytes) <= off);
	}
}

static void
alloc_and_free(struct fake_host *h, uint32_t *rnd)
{
	struct wcnic_window_grant grants[WINDOWS] = {0};
	bool used[WINDOWS] = {false};
	uint16_t last_generation = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int i = random_next(rnd) % WINDOWS;
		uint32_t align = 65536u << random_next(rnd) % 4;
		struct wcnic_cmd_window_alloc p = {.type = 1 + random_next(rnd) % 2};
		int ret;

		if (used[i]) {
			assert_int_equal(fake_window_free(h, &grants[i]), 0);
			used[i] = false;
			continue;
		}
		if (p.type == WCNIC_WINDOW_PUSH)
			p.slot_lines = 1u << random_next(rnd) % 5;
		p.qid = htole16(p.type == WCNIC_WINDOW_PUSH ? random_next(rnd) % 16 : 0xffff);
		p.bytes = htole32(1 + random_next(rnd) % 400000);
		p.align = htole32(align > 65536 ? align : random_next(rnd) % 2 * 4096);
		ret = fake_cmd(h, WCNIC_OP_WINDOW_ALLOC, &p, &grants[i], sizeof(grants[i]), NULL);
		if (ret == WCNIC_ST_NO_SPACE)
			continue;
		assert_int_equal(ret, 0);
		grant_check(h, &grants[i], le32toh(p.bytes), align, grants, used);
		assert_int_not_equal(le16toh(grants[i].generation), last_generation);
		last_generation = le16toh(grants[i].generation);
		used[i] = true;
	}
}

static void
alloc__many_seeds__never_overlaps_and_keeps_alignment(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct fake_host h;
		uint32_t rnd = seed;

		print_message("seed %u\n", seed);
		host_open(&h, seed, 0);
		alloc_and_free(&h, &rnd);
		fake_host_fini(&h);
	}
}

static void
alloc__whole_aperture__can_be_handed_out(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	uint8_t seen[FAKE_APERTURE_BYTES / 65536] = {0};

	for (unsigned int i = 0; i < sizeof(seen); i++) {
		assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant), 0);
		seen[le64toh(grant.offset) / 65536]++;
	}
	for (unsigned int i = 0; i < sizeof(seen); i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant),
			 WCNIC_ST_NO_SPACE);
}

static void
alloc__other_seed__gives_other_places(void **state)
{
	uint64_t firsts[32];
	unsigned int distinct = 0;
	unsigned int j;

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		struct wcnic_window_grant grant;
		struct fake_host h;

		host_open(&h, i, 0);
		assert_int_equal(fake_window(&h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant), 0);
		firsts[i] = le64toh(grant.offset);
		fake_host_fini(&h);
		for (j = 0; j < i && firsts[j] != firsts[i]; j++)
			;
		distinct += j == i;
	}
	assert_true(distinct > 16);
}

static void
alloc__more_than_there_is__grants_less(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	struct wcnic_identity id;

	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_PUSH, 4, 0, 0xffffffff, &grant), 0);
	assert_int_equal(le32toh(grant.bytes), le32toh(id.max_window_bytes));
	assert_int_equal(le16toh(grant.slots), 4096);
}

static void
generation__every_alloc_and_reset__changes(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	uint16_t before = 0;

	for (unsigned int i = 0; i < 70000; i++) {
		assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant), 0);
		assert_int_not_equal(le16toh(grant.generation), 0);
		assert_int_equal((uint16_t)(le16toh(grant.generation) - before - 1) < 2 || i == 0,
				 1);
		before = le16toh(grant.generation);
		assert_int_equal(fake_window_free(h, &grant), 0);
	}
	wcnic_card_reset(h->card);
	fake_enable(h);
	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 1, &grant), 0);
	assert_true((uint16_t)(le16toh(grant.generation) - before) >= 2);
}

static void
grant__of_memory_once_used__reads_zero(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_window_grant grant;
	uint64_t off;

	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 65536, &grant),
				 0);
		off = le64toh(grant.offset);
		assert_int_equal(h->aperture[off + 64], 0);
		assert_int_equal(h->aperture[off + 65535], 0);
		h->aperture[off + 64] = 1;
		h->aperture[off + 65535] = 1;
		assert_int_equal(fake_window_free(h, &grant), 0);
	}
	for (uint32_t i = 0; i < FAKE_APERTURE_BYTES; i += 4096)
		h->aperture[i] = 1; /* strays that have not been found */
	assert_int_equal(fake_window(h, WCNIC_WINDOW_DOORBELL, 0, 0xffff, 65536, &grant), 0);
	for (uint32_t i = 0; i < 65536; i += 4096)
		assert_int_equal(h->aperture[le64toh(grant.offset) + i], 0);
}

static void
bar2__malformed_access__is_refused(void **state)
{
	static const struct {
		uint64_t off;
		size_t bytes;
	} bad[] = {
		{0, 0},
		{0, 65},
		{FAKE_APERTURE_BYTES, 4},
		{FAKE_APERTURE_BYTES - 4, 8},
		{UINT64_MAX - 3, 8},
	};
	struct fake_host *h = *state;
	uint8_t data[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wcnic_card_reset(h->card);
		assert_int_equal(wcnic_card_bar_write(h->card, WCNIC_BAR_WINDOWS, bad[i].off, data,
						      bad[i].bytes),
				 -EINVAL);
		assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_REGISTER);
		assert_int_equal(wcnic_card_bar_read(h->card, WCNIC_BAR_WINDOWS, bad[i].off, data,
						     bad[i].bytes),
				 -EINVAL);
	}
	assert_int_equal(wcnic_card_bar_write(h->card, 1, 0, data, 4), -EINVAL);
	assert_int_equal(wcnic_card_bar_read(h->card, 4, 0, data, 4), -EINVAL);
}

static void
push__of_an_earlier_owner__is_refused_as_stale(void **state)
{
	struct fake_host h;
	struct fake_txq q;
	struct wcnic_push_line old[WCNIC_SLOT_LINES_MAX];
	struct fake_slot slot = {.flags = 3, .frame_bytes = 60, .inline_bytes = 60};
	struct wcnic_stats stats;
	struct wcnic_tx_cpl cpl;
	uint8_t frame[60] = {2};
	static const struct wcdev_port_ops port = {.kind = "none"};

	(void)state;
	/* Two owners, one after the other, of the same bytes: there is room for no other place. */
	host_open(&h, 3, 1 << 20);
	wcdev_port_set(wcnic_card_dev(h.card), &port, NULL);
	assert_int_equal(fake_port_set(&h, 1500, WCNIC_PORTF_UP), 0);
	assert_int_equal(fake_txq_open(&h, &q, 0, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	slot.inline_data = frame;
	fake_slot_encode(&q, 0, &slot, old);
	wcnic_card_reset(h.card);
	fake_enable(&h);
	assert_int_equal(fake_port_set(&h, 1500, WCNIC_PORTF_UP), 0);
	assert_int_equal(fake_txq_open(&h, &q, 0, 16, WCNIC_PLACEMENT_PUSH, 2), 0);
	memcpy(fake_slot_at(&q, 0), old, 128); /* the late stores */
	q.tail = 1;
	fake_tx_ring(&q);
	wcnic_card_poll(h.card);
	h.m.now_ns += 100000;
	wcnic_card_poll(h.card);
	assert_true(fake_tx_reap(&q, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_INCOMPLETE);
	fake_stats(&h, &stats);
	assert_int_equal(stats.stale_lines, 1);
	fake_host_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
		cmocka_unit_test(alloc__many_seeds__never_overlaps_and_keeps_alignment),
		CASE(alloc__whole_aperture__can_be_handed_out),
		cmocka_unit_test(alloc__other_seed__gives_other_places),
		CASE(alloc__more_than_there_is__grants_less),
		CASE(generation__every_alloc_and_reset__changes),
		CASE(grant__of_memory_once_used__reads_zero),
		CASE(bar2__malformed_access__is_refused),
		cmocka_unit_test(push__of_an_earlier_owner__is_refused_as_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
