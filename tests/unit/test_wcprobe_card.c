/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * wcprobe's driver for WINDOW_TEST against the model of the card. The model's windows are memory,
 * so where a test needs a card that counts, it answers in the model's place.
 */

#include <card_test.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <wcnic_card.h>

#define APERTURE (1u << 20)
#define IOVA 0x100000u

struct rig {
	struct wcnic_card *card;
	struct card_memory memory;
	uint8_t *aperture;
	bool gone;     /* the device reads all ones */
	bool counting; /* WINDOW_TEST answers, with this report */
	struct wcnic_window_test_report report;
	uint16_t grant_bytes_off; /* not 0: WINDOW_ALLOC grants a window outside the aperture */
	unsigned int mapped, unmapped;
	uint16_t taken;  /* commands that the rig has looked at */
	uint32_t tagged; /* good lines found in the window at REPORT */
	uint64_t window_off;
};

static uint64_t
now_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

static void *
dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	struct rig *rig = ctx;

	(void)prot;
	if (iova < IOVA || iova - IOVA > sizeof(rig->memory) ||
	    bytes > sizeof(rig->memory) - (iova - IOVA))
		return NULL;
	return (char *)&rig->memory + (iova - IOVA);
}

/* Lines that are as datasheet sections 6 and 10 say. */
static uint32_t
lines_tagged(const struct rig *rig, uint16_t generation, uint32_t lines)
{
	const struct wcnic_push_line *line = (const void *)(rig->aperture + rig->window_off);
	uint32_t good = 0;

	for (uint32_t i = 0; i < lines; i++) {
		struct wcnic_push_line copy = line[i];

		copy.check = 0;
		good += le16toh(line[i].seq) == i && line[i].generation == generation &&
			line[i].line_idx == 0 && line[i].flags == WCNIC_LINEF_LAST &&
			le16toh(line[i].check) == wcnic_line_check(&copy);
	}
	return good;
}

/* After the model did a command: what the rig wants to have answered instead. */
static void
answer_instead(struct rig *rig)
{
	const unsigned int at = rig->taken % (1 << CARD_RING_LOG2);
	const struct wcnic_admin_cmd *cmd = &rig->memory.asq[at];
	struct wcnic_admin_cpl *cpl = &rig->memory.acq[at];
	struct wcnic_cmd_window_test p;
	struct wcnic_window_grant grant;

	memcpy(&p, cmd->params, sizeof(p));
	if (cmd->opcode == WCNIC_OP_WINDOW_ALLOC) {
		memcpy(&grant, rig->memory.answer, sizeof(grant));
		rig->window_off = le64toh(grant.offset);
		if (rig->grant_bytes_off != 0)
			grant.offset = htole64(APERTURE - WCNIC_WINDOW_ALIGN +
					       rig->grant_bytes_off);
		memcpy(rig->memory.answer, &grant, sizeof(grant));
	}
	if (cmd->opcode != WCNIC_OP_WINDOW_TEST || !rig->counting)
		return;
	assert_int_equal(le16toh(cpl->status), WCNIC_ST_NOT_OBSERVABLE);
	cpl->status = WCNIC_ST_OK;
	if (p.step == WCNIC_TEST_REPORT) {
		rig->tagged = lines_tagged(rig, p.generation, 1024);
		memcpy(rig->memory.answer, &rig->report, sizeof(rig->report));
		cpl->data_bytes = htole32(sizeof(rig->report));
	}
}

static uint64_t
reg_read(void *ctx, uint32_t off, unsigned int bytes)
{
	struct rig *rig = ctx;
	uint64_t value = 0;

	if (rig->gone)
		return bytes == 8 ? UINT64_MAX : UINT32_MAX;
	wcnic_card_poll(rig->card);
	assert_int_equal(wcnic_card_bar_read(rig->card, WCNIC_BAR_REGS, off, &value, bytes), 0);
	return le64toh(value);
}

static void
reg_write(void *ctx, uint32_t off, unsigned int bytes, uint64_t value)
{
	struct rig *rig = ctx;
	uint64_t raw = htole64(value);

	assert_int_equal(wcnic_card_bar_write(rig->card, WCNIC_BAR_REGS, off, &raw, bytes), 0);
	if (off != WCNIC_REG_ASQ_TAIL)
		return;
	wcnic_card_poll(rig->card);
	answer_instead(rig);
	rig->taken++;
}

static int
window_map(void *ctx, uint64_t off, size_t bytes, struct wcbar_window *win, enum wcbar_rung *rung)
{
	struct rig *rig = ctx;

	assert_true(off + bytes <= APERTURE);
	*win = (struct wcbar_window){.addr = rig->aperture + off,
				     .bytes = bytes,
				     .type = WCBAR_TYPE_WC,
				     .store = wcbar_stores(WCBAR_TYPE_UC)[0]};
	*rung = WCBAR_RUNG_SYSFS_VFIO;
	rig->mapped++;
	return 0;
}

static void
window_unmap(void *ctx, struct wcbar_window *win)
{
	struct rig *rig = ctx;

	(void)win;
	rig->unmapped++;
}

static void
pause_card(void *ctx)
{
	struct rig *rig = ctx;

	wcnic_card_poll(rig->card);
}

static int
rig_setup(void **state)
{
	static const struct wcdev_ops ops = {.dma = dma, .now_ns = now_ns};
	struct rig *rig = aligned_alloc(64, (sizeof(*rig) + 63) / 64 * 64);
	struct wcnic_card_config config = {.ops = &ops, .aperture_bytes = APERTURE};

	memset(rig, 0, sizeof(*rig));
	rig->aperture = aligned_alloc(65536, APERTURE);
	memset(rig->aperture, 0, APERTURE);
	config.ctx = rig;
	config.aperture = rig->aperture;
	*state = rig;
	return wcnic_card_create(&config, &rig->card);
}

static int
rig_teardown(void **state)
{
	struct rig *rig = *state;

	wcnic_card_destroy(rig->card);
	free(rig->aperture);
	free(rig);
	return 0;
}

static int
run(struct rig *rig, struct card_result *result, char *why, size_t why_bytes)
{
	const struct card_io io = {
		.ctx = rig,
		.reg_read = reg_read,
		.reg_write = reg_write,
		.window_map = window_map,
		.window_unmap = window_unmap,
		.pause = pause_card,
		.memory = &rig->memory,
		.iova = IOVA,
	};

	return card_test_run(&io, result, why, why_bytes);
}

/* The card is as after a reset: it holds no window and no address of the host's. */
static void
assert_left_reset(struct rig *rig, unsigned int resets)
{
	assert_int_equal(reg_read(rig, WCNIC_REG_RESET_COUNT, 4), resets);
	assert_int_equal(reg_read(rig, WCNIC_REG_STATUS, 4), WCNIC_STATUS_READY);
	assert_int_equal(rig->mapped, rig->unmapped);
}

static void
card_test_run__on_plain_memory__is_not_observable(void **state)
{
	struct rig *rig = *state;
	struct card_result r;
	char why[256] = "";

	if (run(rig, &r, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_true(r.done);
	assert_false(r.observable);
	assert_int_equal(r.stores, 0);
	assert_int_equal(r.window_off, rig->window_off);
	assert_int_equal(r.rung, WCBAR_RUNG_SYSFS_VFIO);
	assert_true(strlen(r.model) > 0);
	assert_int_equal(rig->mapped, 1);
	assert_left_reset(rig, 2);
}

static void
card_test_run__a_card_that_counts__is_reported_for_every_safe_store(void **state)
{
	struct rig *rig = *state;
	struct card_result r;
	char why[256] = "";

	rig->counting = true;
	rig->report.arrivals[6] = htole32(1000);
	rig->report.arrivals[3] = htole32(192);
	rig->report.lines_whole = htole32(1000);
	rig->report.lines_partial = htole32(23);
	rig->report.lines_lost = htole32(1);
	rig->report.lines_reordered = htole32(5);
	rig->report.first_ns = htole64(100);
	rig->report.last_ns = htole64(1100);
	if (run(rig, &r, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_true(r.done && r.observable);
	assert_true(r.stores > 0);
	assert_int_equal(r.stores, r.cal.ranks);
	assert_int_equal(rig->tagged, 1024);
	for (size_t i = 0; i < r.stores; i++) {
		assert_int_equal(r.store[i].lines, 1024);
		assert_int_equal(r.store[i].whole, 1000);
		assert_int_equal(r.store[i].partial, 23);
		assert_int_equal(r.store[i].lost, 1);
		assert_int_equal(r.store[i].reordered, 5);
		assert_int_equal(r.store[i].arrivals[6], 1000);
		assert_int_equal(r.store[i].arrivals[3], 192);
		assert_int_equal(r.store[i].ns, 1000);
	}
	assert_left_reset(rig, 2);
}

static void
card_test_run__a_report_that_does_not_add_up__is_refused(void **state)
{
	struct rig *rig = *state;
	struct card_result r;
	char why[256] = "";

	rig->counting = true;
	rig->report.lines_whole = htole32(1025);
	assert_int_equal(run(rig, &r, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "1025 whole"));
	assert_false(r.done);
	assert_left_reset(rig, 2);
}

static void
card_test_run__a_grant_outside_the_aperture__is_refused(void **state)
{
	struct rig *rig = *state;
	struct card_result r;
	char why[256] = "";

	rig->grant_bytes_off = 0x1000;
	assert_int_equal(run(rig, &r, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "WINDOW_ALLOC: a grant"));
	assert_int_equal(rig->mapped, 0);
	assert_left_reset(rig, 2);
}

static void
card_test_run__a_card_that_is_gone__is_said_to_have_vanished(void **state)
{
	struct rig *rig = *state;
	struct card_result r;
	char why[256] = "";

	rig->gone = true;
	assert_int_equal(run(rig, &r, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "MAGIC is 0xffffffff, expected 0x434e4357"));
	rig->gone = false;
	assert_int_equal(reg_read(rig, WCNIC_REG_RESET_COUNT, 4), 0);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		CASE(card_test_run__on_plain_memory__is_not_observable),
		CASE(card_test_run__a_card_that_counts__is_reported_for_every_safe_store),
		CASE(card_test_run__a_report_that_does_not_add_up__is_refused),
		CASE(card_test_run__a_grant_outside_the_aperture__is_refused),
		CASE(card_test_run__a_card_that_is_gone__is_said_to_have_vanished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
