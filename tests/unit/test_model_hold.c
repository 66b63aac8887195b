/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6: completions that the card may hold back. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

#define POLLS 64u /* that find nothing, after which the card holds nothing back */

static void
hold_open(struct tx_rig *r, uint16_t depth, uint16_t hold)
{
	r->h.hold = hold;
	tx_rig_open_packed(r, depth, 4);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
}

static void
frames(struct tx_rig *r, unsigned int n)
{
	for (; n != 0; n--)
		fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
}

static void
hold__entries_of_one_kind__are_one_completion(void **state)
{
	struct tx_rig *r = *state;

	hold_open(r, 256, 20);
	tx_expect_no_cpl(r);
	for (unsigned int i = 0; i < 4; i++)
		frames(r, 4);
	tx_expect_no_cpl(r);
	frames(r, 4); /* 21 with the first */
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 21, 21);
	frames(r, 7);
	tx_expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 28);
}

static void
hold__nothing_comes__is_written_after_some_polls(void **state)
{
	struct tx_rig *r = *state;

	hold_open(r, 64, 32);
	frames(r, 3);
	for (unsigned int i = 0; i < POLLS - 1; i++)
		assert_int_equal(wcnic_card_poll_frames(r->h.card), 0);
	tx_expect_no_cpl(r);
	wcnic_card_poll_frames(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 4, 4);
}

static void
hold__other_queues_are_busy__ends_all_the_same(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_tx_cpl cpl;
	struct fake_txq busy;
	unsigned int turns;

	hold_open(r, 64, 32);
	r->h.push_format = WCNIC_FORMAT_SLOTS;
	assert_int_equal(fake_txq_open(&r->h, &busy, 5, 64, WCNIC_PLACEMENT_FETCH, 0), 0);
	for (turns = 0; turns < POLLS && !fake_tx_reap(&r->q, &cpl); turns++) {
		fake_tx_fetch(&r->h, &busy, r->frame, 60);
		fake_tx_ring(&busy);
		assert_int_equal(wcnic_card_poll_frames(r->h.card), 1);
		while (fake_tx_reap(&busy, &cpl))
			;
	}
	assert_true(turns < POLLS || fake_tx_reap(&r->q, &cpl));
}

static void
hold__port_holds_back__is_written_all_the_same(void **state)
{
	struct tx_rig *r = *state;

	hold_open(r, 64, 32);
	r->rec.hold_at = 3;
	frames(r, 9);
	assert_int_equal(r->rec.frames, 3);
	tx_expect_no_cpl(r);
	for (unsigned int i = 0; i < POLLS; i++)
		wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
}

static void
hold__another_outcome__is_written_at_once(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot bad = {
		.flags = WCNIC_TXF_SOP | WCNIC_TXF_EOP, .frame_bytes = 8, .inline_bytes = 8};

	hold_open(r, 64, 32);
	frames(r, 3);
	bad.inline_data = r->frame;
	fake_tx_entry(&r->q, &bad);
	frames(r, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 4, 4);
	tx_expect_error(r, WCNIC_ERR_RUNT, 4, 1);
	tx_expect_no_cpl(r);
}

static void
hold__line_is_lost__incomplete_follows_what_was_held(void **state)
{
	struct tx_rig *r = *state;

	hold_open(r, 64, 32);
	r->q.tail++; /* rung, and never written */
	tx_rig_go(r);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 1, 0, 0);
}

static void
hold__epoch_changes__its_first_completion_is_written_at_once(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_tx_cpl cpl;

	hold_open(r, 64, 32);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	r->q.tail--;
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_FETCH);
	r->q.tail++;
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_true(fake_tx_reap(&r->q, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_FETCHED);
	assert_int_equal(cpl.epoch, 1);
}

static void
hold__tail_of_a_whole_ring__is_none_too_many(void **state)
{
	struct tx_rig *r = *state;

	hold_open(r, 16, 16);
	frames(r, 5);
	tx_expect_no_cpl(r);
	frames(r, 10); /* 16 without a completion */
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 16, 16);
	frames(r, 6);
	r->q.tail += 11; /* 17 in flight */
	fake_tx_ring(&r->q);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hold__entries_of_one_kind__are_one_completion),
		TEST(hold__nothing_comes__is_written_after_some_polls),
		TEST(hold__port_holds_back__is_written_all_the_same),
		TEST(hold__other_queues_are_busy__ends_all_the_same),
		TEST(hold__another_outcome__is_written_at_once),
		TEST(hold__line_is_lost__incomplete_follows_what_was_held),
		TEST(hold__epoch_changes__its_first_completion_is_written_at_once),
		TEST(hold__tail_of_a_whole_ring__is_none_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
