/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* ---- fetch ------------------------------------------------------------------------------- */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

static void
fetch__frames_of_one_descriptor__are_sent_in_order(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	for (unsigned int i = 0; i < 16; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, (uint16_t)(14 + i * 100));
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 16, 16);
	tx_expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 16);
	assert_int_equal(r->rec.flushed, 16);
	assert_false(r->rec.early);
	for (unsigned int i = 0; i < 16; i++)
		tx_expect_frame(r, i, r->frame + i, 14 + i * 100);
}

static void
fetch__frame_of_three_segments__is_put_together(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 100, WCNIC_TXF_SOP, 1500);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 100), 1, 0, 0);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 101), 1399, WCNIC_TXF_EOP, 0);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 1);
	tx_expect_frame(r, 0, r->frame, 1500);
}

static void
fetch__bad_frame_of_known_extent__is_discarded_and_queue_goes_on(void **state)
{
	static const struct {
		uint64_t iova;
		uint16_t bytes, frame_bytes;
		uint16_t flags;
		enum wcnic_error reason;
	} bad[] = {
		{FAKE_IOVA, 13, 13, 3, WCNIC_ERR_RUNT},
		{FAKE_IOVA, 9023, 9023, 3, WCNIC_ERR_OVERSIZE},
		{FAKE_IOVA_WO, 64, 64, 3, WCNIC_ERR_ADDRESS},
		{FAKE_IOVA_NONE, 64, 64, 3, WCNIC_ERR_ADDRESS},
		{FAKE_IOVA + FAKE_MEM_BYTES - 63, 64, 64, 3, WCNIC_ERR_ADDRESS},
		{UINT64_MAX - 10, 64, 64, 3, WCNIC_ERR_ADDRESS},
		{FAKE_IOVA, 64, 65, 3, WCNIC_ERR_DESC},
		{FAKE_IOVA, 0, 0, 3, WCNIC_ERR_DESC},
		{FAKE_IOVA, 64, 64, WCNIC_TXF_EOP, WCNIC_ERR_DESC},
	};
	struct tx_rig *r = *state;
	struct wcnic_stats stats;
	unsigned int i;

	tx_rig_open_fetch(r, 8);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint16_t seq = r->q.tail;

		fake_tx_fetch(&r->h, &r->q, r->frame, 60);
		fake_tx_desc(&r->q, bad[i].iova, bad[i].bytes, bad[i].flags, bad[i].frame_bytes);
		fake_tx_fetch(&r->h, &r->q, r->frame, 60);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_FETCHED, seq, 1, 1);
		tx_expect_error(r, bad[i].reason, seq + 1, 1);
		tx_expect_cpl(r, WCNIC_TX_FETCHED, seq + 2, 1, 1);
		assert_int_equal(r->rec.frames, 2 * i + 2);
	}
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_errors, i);
	assert_int_equal(stats.tx_oversize, 1);
	assert_int_equal(stats.tx_frames, 2 * i);
}

static void
fetch__more_than_255_entries__are_one_error(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 512);
	for (unsigned int i = 0; i < 256; i++)
		fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + i), 1,
			     (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 255 ? WCNIC_TXF_EOP : 0),
			     i == 0 ? 256 : 0);
	for (unsigned int i = 0; i < 255; i++)
		fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + i), 1,
			     (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 254 ? WCNIC_TXF_EOP : 0),
			     i == 0 ? 255 : 0);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 256);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 256, 255, 1);
	tx_expect_frame(r, 0, r->frame, 255);
}

static void
fetch__wrong_seq__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	r->q.ring[1].seq = htole16(17);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	tx_expect_error(r, WCNIC_ERR_DESC, 1, 1);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	tx_rig_go(r);
	tx_expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 1);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
fetch__no_eop_before_tail__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 64, WCNIC_TXF_SOP, 128);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 1);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
}

static void
fetch__rings_unmapped_later__stops_with_address(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	r->h.m.unmap_from = (size_t)((uint8_t *)r->q.ring - r->h.m.at);
	tx_rig_go(r);
	r->h.m.unmap_from = FAKE_MEM_BYTES;
	tx_expect_no_cpl(r);
	tx_expect_queue_error(r, WCNIC_ERR_ADDRESS);
}

/* ---- hostile records --------------------------------------------------------------------- */

static void
record__out_of_range__stops_the_queue(void **state)
{
	static const uint64_t bad[] = {
		WCNIC_TXDB_TAIL(17),
		WCNIC_TXDB_TAIL(0xffff),
		WCNIC_TXDB_TAIL(1) | WCNIC_TXDB_EPOCH(2),
		WCNIC_TXDB_TAIL(1) | WCNIC_TXDB_EPOCH(255),
		WCNIC_TXDB_TAIL(1) | WCNIC_TXDB_EPOCH(1) | WCNIC_TXDB_SWITCH_SEQ(2),
		WCNIC_TXDB_TAIL(1) | WCNIC_TXDB_EPOCH(1) | WCNIC_TXDB_SWITCH_SEQ(0xffff),
		WCNIC_TXDB_TAIL(0) | WCNIC_TXDB_EPOCH(1) | WCNIC_TXDB_PLACEMENT(1),
	};
	struct tx_rig *r = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tx_rig_open_fetch(r, 16);
		__atomic_store_n(r->q.db, htole64(bad[i]), __ATOMIC_RELEASE);
		tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
		tx_expect_no_cpl(r);
		assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
		assert_int_equal(fake_window_free(&r->h, &r->q.db_grant), 0);
	}
	assert_int_equal(r->rec.frames, 0);
}

static void
record__more_slots_than_the_window_has__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 256, 8);
	assert_int_equal(le16toh(r->q.push_grant.slots), 128);
	r->q.tail = 129;
	fake_tx_ring(&r->q);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
record__second_switch_before_the_first__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	r->rec.ret = -EAGAIN;
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	fake_tx_switch(&r->q, 2, WCNIC_PLACEMENT_PUSH);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
record__stopped_and_wrong_epoch__stops_for_good(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	r->q.tail = 1;
	tx_rig_go(r);
	r->h.m.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
	r->q.epoch++;
	fake_tx_switch(&r->q, 0, WCNIC_PLACEMENT_FETCH);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
frame__across_a_switch__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 150);
	assert_int_equal(r->q.tail, 2);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 1);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
}

/* ---- the port ---------------------------------------------------------------------------- */

static void
port__holds_back__frame_stays_at_the_head(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_stats stats;

	tx_rig_open_push(r, 16, 2);
	r->rec.ret = -EAGAIN;
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	for (int i = 0; i < 5; i++) {
		r->h.m.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		tx_expect_no_cpl(r);
	}
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_held, 1);
	r->rec.ret = 0;
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(r->rec.frames, 1);
}

static void
port__fails__frame_is_discarded_and_counted(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	r->rec.ret = -ENOSPC;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_FIRMWARE, 0, 1);
}

static void
port__down__entries_wait(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 16);
	assert_int_equal(fake_port_set(&r->h, 1500, 0), 0);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_no_cpl(r);
	assert_int_equal(fake_port_set(&r->h, 1500, WCNIC_PORTF_UP), 0);
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
}

static void
completions__ring_wraps_with_single_outcomes__phase_tells(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 8);
	for (unsigned int i = 0; i < 1000; i++) {
		fake_tx_fetch(&r->h, &r->q, r->frame, i % 3 == 1 ? 13 : 60);
		tx_rig_go(r);
		if (i % 3 == 1)
			tx_expect_error(r, WCNIC_ERR_RUNT, (uint16_t)i, 1);
		else
			tx_expect_cpl(r, WCNIC_TX_FETCHED, (uint16_t)i, 1, 1);
		tx_expect_no_cpl(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)
		CASE(fetch__frames_of_one_descriptor__are_sent_in_order),
		CASE(fetch__frame_of_three_segments__is_put_together),
		CASE(fetch__bad_frame_of_known_extent__is_discarded_and_queue_goes_on),
		CASE(fetch__more_than_255_entries__are_one_error),
		CASE(fetch__wrong_seq__stops_the_queue),
		CASE(fetch__no_eop_before_tail__stops_the_queue),
		CASE(fetch__rings_unmapped_later__stops_with_address),
		CASE(record__out_of_range__stops_the_queue),
		CASE(record__more_slots_than_the_window_has__stops_the_queue),
		CASE(record__second_switch_before_the_first__stops_the_queue),
		CASE(record__stopped_and_wrong_epoch__stops_for_good),
		CASE(frame__across_a_switch__stops_the_queue),
		CASE(port__holds_back__frame_stays_at_the_head),
		CASE(port__fails__frame_is_discarded_and_counted),
		CASE(port__down__entries_wait),
		CASE(completions__ring_wraps_with_single_outcomes__phase_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
