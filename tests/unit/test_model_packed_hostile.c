/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6, packed push: what a driver must not write. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

#define BOTH (WCNIC_TXF_SOP | WCNIC_TXF_EOP)

static void
header_put(struct tx_rig *r, const struct wcnic_push_hdr *hdr)
{
	fake_tx_stream(&r->q, hdr, sizeof(*hdr));
	r->q.tail++;
}

static void
packed__header_without_extent__stops_the_queue(void **state)
{
	static const struct wcnic_push_hdr bad[] = {
		{.frame_bytes = 60, .flags = BOTH, .inline_bytes = 60, .n_segs = 1},
		{.frame_bytes = 60, .flags = BOTH},
		{.frame_bytes = 60, .flags = BOTH, .inline_bytes = 60, .n_lines = 2},
		{.frame_bytes = 105, .flags = BOTH, .inline_bytes = 105},
		{.frame_bytes = 60, .flags = BOTH, .inline_bytes = 65535},
		{.frame_bytes = 60, .flags = BOTH, .n_segs = 7},
		{.frame_bytes = 60, .flags = BOTH, .n_segs = 255},
	};
	struct tx_rig *r = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r->rec.frames = 0;
		if (i == 0)
			tx_rig_open_packed(r, 16, 2);
		else
			assert_int_equal(fake_txq_create(&r->h, &r->q), 0);
		fake_tx_push(&r->q, r->frame, 60);
		header_put(r, &bad[i]);
		fake_tx_stream(&r->q, r->frame, 200);
		fake_tx_push(&r->q, r->frame, 60);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
		tx_expect_error(r, WCNIC_ERR_DESC, 1, 1);
		tx_expect_queue_error(r, WCNIC_ERR_DESC);
		assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
	}
}

static void
packed__empty_line__stops_the_queue(void **state)
{
	static const uint8_t zeroes[WCNIC_LINE_PAYLOAD_BYTES];
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	fake_tx_stream(&r->q, zeroes, sizeof(zeroes));
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 1);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
}

static void
packed__frame_without_end__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.flags = WCNIC_TXF_SOP, .frame_bytes = 60, .inline_bytes = 60};

	tx_rig_open_packed(r, 16, 2);
	slot.inline_data = r->frame;
	fake_tx_entry(&r->q, &slot);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 1);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
}

static void
packed__faults_of_known_extent__are_discarded_and_queue_goes_on(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.flags = BOTH, .frame_bytes = 61, .inline_bytes = 60};
	struct fake_slot seg = {.flags = BOTH, .frame_bytes = 60};

	tx_rig_open_packed(r, 16, 2);
	slot.inline_data = r->frame;
	fake_tx_entry(&r->q, &slot); /* does not add up */
	slot.frame_bytes = 60;
	slot.flags = WCNIC_TXF_EOP;
	fake_tx_entry(&r->q, &slot); /* no SOP */
	slot.flags = BOTH;
	slot.frame_bytes = 13;
	slot.inline_bytes = 13;
	fake_tx_entry(&r->q, &slot);
	fake_slot_seg(&seg, fake_iova(&r->h, r->frame), 0);
	fake_tx_entry(&r->q, &seg);
	seg.segs[0].iova = htole64(FAKE_IOVA_NONE);
	seg.segs[0].bytes = htole32(60);
	fake_tx_entry(&r->q, &seg);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_ERROR, 0, 2, 2);
	tx_expect_error(r, WCNIC_ERR_RUNT, 2, 1);
	tx_expect_error(r, WCNIC_ERR_DESC, 3, 1);
	tx_expect_error(r, WCNIC_ERR_ADDRESS, 4, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 5, 1, 1);
}

static void
packed__hostile_chain__fills_no_more_than_there_is(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {0};

	r->h.push_bytes = 512 << 10;
	tx_rig_open_packed(r, 512, 16);
	slot.inline_data = r->frame;
	fake_tx_push(&r->q, r->frame, 60);
	for (unsigned int i = 0; i < 400; i++) {
		slot.inline_bytes = i % 3 == 0 ? WCNIC_SLOT_INLINE_BYTES(16) : 20;
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 399 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? 9000 : 0;
		fake_tx_entry(&r->q, &slot);
	}
	fake_tx_push(&r->q, r->frame, 800);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_error(r, WCNIC_ERR_DESC, 1, 400);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 401, 1, 1);
	tx_expect_frame(r, 1, r->frame, 800);
}

static void
packed__one_byte_segments__fill_no_more_than_there_is(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {0};

	tx_rig_open_packed(r, 256, 4);
	while (slot.n_segs < 13)
		fake_slot_seg(&slot, fake_iova(&r->h, r->frame + slot.n_segs), 1);
	fake_tx_push(&r->q, r->frame, 60);
	for (unsigned int i = 0; i < 255; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 254 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? (uint16_t)(255 * slot.n_segs) : 0;
		fake_tx_entry(&r->q, &slot);
	}
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 256, 2);
	assert_int_equal(r->rec.bytes[1], 255 * slot.n_segs);
	assert_memory_equal(r->rec.data[1] + 26, r->frame, 13);
}

static void
packed__format_that_is_none_or_not_asked_for__is_refused(void **state)
{
	struct tx_rig *r = *state;

	r->h.push_format = WCNIC_FORMAT_PACKED;
	assert_int_equal(fake_txq_open(&r->h, &r->q, 0, 16, WCNIC_PLACEMENT_PUSH, 2),
			 WCNIC_ST_UNSUPPORTED);
	r->h.push_format = 2;
	assert_int_equal(fake_txq_open(&r->h, &r->q, 1, 16, WCNIC_PLACEMENT_PUSH, 2),
			 WCNIC_ST_INVALID_FIELD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)
		CASE(packed__header_without_extent__stops_the_queue),
		CASE(packed__empty_line__stops_the_queue),
		CASE(packed__frame_without_end__stops_the_queue),
		CASE(packed__faults_of_known_extent__are_discarded_and_queue_goes_on),
		CASE(packed__hostile_chain__fills_no_more_than_there_is),
		CASE(packed__one_byte_segments__fill_no_more_than_there_is),
		CASE(packed__format_that_is_none_or_not_asked_for__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
