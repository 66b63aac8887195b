/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The self test of a window: stores one by one, arrivals that a link tells of, reports. */

#include <string.h>

#include "fuzz_rig.h"
#include "fuzz_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct wcnic_window_grant grant;

static void
test_step(struct fuzz_rig *r, uint8_t test, uint32_t lines)
{
	struct wcnic_cmd_window_test p = {.id = grant.id,
					  .generation = grant.generation,
					  .step = test,
					  .lines = htole32(lines)};
	struct wcnic_window_test_report report;
	uint32_t sum;

	memset(&report, 0, sizeof(report));
	if (fake_cmd(&r->h, WCNIC_OP_WINDOW_TEST, &p, &report, sizeof(report), NULL) !=
		    WCNIC_ST_OK ||
	    test != WCNIC_TEST_REPORT)
		return;
	sum = le32toh(report.lines_whole) + le32toh(report.lines_partial) +
	      le32toh(report.lines_lost);
	MUST(sum >= 1 && le64toh(report.first_ns) <= le64toh(report.last_ns));
	MUST(le32toh(report.lines_reordered) <= sum);
}

/* Mostly within the first lines of the window. */
static uint64_t
place(struct fuzz_input *in)
{
	const uint16_t raw = fuzz_take16(in);

	if (raw >= 0xff00)
		return raw * 64ull;
	return le64toh(grant.offset) + raw % 1024;
}

static void
store(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint64_t off = place(in);
	const uint8_t how = fuzz_take8(in);
	const size_t bytes = (how & 0x80) != 0 ? how % 66u : 1u << how % 7;
	uint8_t data[66];

	memset(data, how, sizeof(data));
	fuzz_state_touch(r->h.aperture + off, bytes);
	(void)wcnic_card_bar_write(r->h.card, WCNIC_BAR_WINDOWS, off, data, bytes);
}

/* As often as an input likes: the memory of its rings is used again. */
static void
queue_open(struct fuzz_rig *r)
{
	const size_t used = r->h.m.used;

	(void)fake_txq_open(&r->h, &r->tx, 1, 32, WCNIC_PLACEMENT_PUSH, 1);
	grant = r->tx.push_grant;
	r->h.m.used = used;
}

static void
window_change(struct fuzz_rig *r, struct fuzz_input *in)
{
	switch (fuzz_take8(in) % 8) {
	case 0:
		(void)wcnic_card_window_revoke(r->h.card, le16toh(grant.id));
		break;
	case 1:
		(void)fake_window_free(&r->h, &grant);
		break;
	case 2:
		(void)fake_window(&r->h, WCNIC_WINDOW_PUSH, 1u << fuzz_take8(in) % 3, 0,
				  4096u * fuzz_take8(in), &grant);
		break;
	case 3:
		queue_open(r);
		break;
	case 4:
		wcnic_card_reset(r->h.card);
		fake_enable(&r->h);
		break;
	case 5:
		wcnic_card_arrivals_lost(r->h.card);
		break;
	default:
		grant.generation ^= htole16(1);
		break;
	}
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);
	uint64_t off;

	r->h.m.now_ns += 100;
	switch (what % 8) {
	case 0:
		test_step(r, WCNIC_TEST_START, what == 0x80 ? 1u << 20 : fuzz_take8(in));
		break;
	case 1:
		test_step(r, WCNIC_TEST_REPORT, 0);
		break;
	case 2:
		off = place(in);
		(void)!wcnic_card_arrival(r->h.card, off, fuzz_take8(in) % 66u, r->h.m.now_ns);
		break;
	case 3:
		if (what == 3)
			window_change(r, in);
		else if (what == 11)
			test_step(r, fuzz_take8(in), fuzz_take8(in));
		break;
	default:
		store(r, in);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL) {
		r = fuzz_rig_new(NULL);
		MUST(fake_window(&r->h, WCNIC_WINDOW_PUSH, 2, 0, 65536, &grant) == 0);
		fuzz_state_add(&grant, sizeof(grant));
		fuzz_rig_keep(r);
	}
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	wcnic_card_poll(r->h.card);
	return 0;
}
