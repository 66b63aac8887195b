/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* ---- changing placement ------------------------------------------------------------------ */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

static void
placement__changed_in_mid_stream__nothing_is_lost_or_overtaken(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 64, 2);
	tx_expect_order_kept(r, 3000);
}

static void
placement__incomplete_then_fetch_then_push__keeps_order(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	for (uint16_t i = 0; i < 6; i++)
		fake_tx_push(&r->q, r->frame + i, 60);
	memset(fake_slot_at(&r->q, 3), 0, 64);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 3, 0, 0);
	/* Stopped: whatever arrives now, nothing moves. */
	r->q.tail = 3;
	fake_tx_push(&r->q, r->frame + 3, 60);
	r->q.tail = 8;
	tx_rig_go(r);
	tx_expect_no_cpl(r);
	r->q.tail = 3;
	for (uint16_t i = 3; i < 6; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, 60);
	tx_rig_switch(r, 3, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 3, 3, 3);
	fake_tx_push(&r->q, r->frame + 6, 60);
	tx_rig_switch(r, 6, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 6, 1, 1);
	for (uint16_t i = 0; i < 7; i++)
		tx_expect_frame(r, i, r->frame + i, 60);
	assert_int_equal(r->rec.frames, 7);
}

static void
placement__switch_crosses_incomplete__waits_for_the_driver(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_push(&r->q, r->frame, 60);
	memset(fake_slot_at(&r->q, 0), 0, 64);
	tx_rig_go(r);
	r->h.m.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	/* The driver has not looked yet, and goes over to fetch from entry 2 on. */
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_switch(r, 2, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
	tx_expect_no_cpl(r);
	r->q.epoch--;
	r->q.tail = 0;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_switch(r, 0, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 3);
}

static void
placement__window_revoked__drops_and_goes_on_by_fetch(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;

	tx_rig_open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), -ENOENT);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, 0xffff), -ENOENT);
	assert_true(fake_event_find(&r->h, WCNIC_EV_WINDOW_REVOKED, &event));
	assert_int_equal(le32toh(event.arg0), le16toh(r->q.push_grant.id));
	assert_int_equal(le32toh(event.arg1), le16toh(r->q.push_grant.generation));
	wcnic_card_poll(r->h.card);
	tx_expect_no_cpl(r);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	/* Pushing again is refused again. */
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	r->q.tail = 1;
	fake_tx_fetch(&r->h, &r->q, r->frame + 1, 60);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 1, 1, 1);
	tx_expect_frame(r, 1, r->frame + 1, 60);
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_dropped, 2);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
doorbell_window__revoked__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.db_grant.id)), 0);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
	wcnic_card_poll(r->h.card);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
placement__same_again__completions_part_at_the_switch(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	for (unsigned int i = 0; i < 4; i++)
		fake_tx_push(&r->q, r->frame, 60);
	tx_rig_switch(r, 3, WCNIC_PLACEMENT_PUSH);
	assert_int_equal(r->q.cq[0].epoch, 0);
	assert_int_equal(r->q.cq[1].epoch, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 3, 1, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)
		CASE(placement__changed_in_mid_stream__nothing_is_lost_or_overtaken),
		CASE(placement__incomplete_then_fetch_then_push__keeps_order),
		CASE(placement__switch_crosses_incomplete__waits_for_the_driver),
		CASE(placement__window_revoked__drops_and_goes_on_by_fetch),
		CASE(doorbell_window__revoked__stops_the_queue),
		CASE(placement__same_again__completions_part_at_the_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
