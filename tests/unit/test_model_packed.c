/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6, packed push. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

#define BOTH (WCNIC_TXF_SOP | WCNIC_TXF_EOP)

/* ---- the stream -------------------------------------------------------------------------- */

static void
packed__inline_of_every_size__arrives(void **state)
{
	struct tx_rig *r = *state;
	uint16_t most = WCNIC_SLOT_INLINE_BYTES(16);

	tx_rig_open_packed(r, 64, 16);
	for (uint16_t bytes = 14; bytes <= most; bytes++) {
		fake_tx_push(&r->q, r->frame + bytes, bytes);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, bytes - 14, 1, 1);
		tx_expect_frame(r, bytes - 14, r->frame + bytes, bytes);
	}
}

static void
packed__burst_of_32_frames__is_42_lines(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 64, 2);
	for (unsigned int i = 0; i < 32; i++)
		fake_tx_push(&r->q, r->frame + i, 64);
	tx_rig_go(r);
	assert_int_equal(r->q.line, 42);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 32, 32);
	for (unsigned int i = 0; i < 32; i++)
		tx_expect_frame(r, i, r->frame + i, 64);
}

static void
packed__burst_fills_last_line__next_begins_with_next(void **state)
{
	static const uint16_t bytes[] = {48, 104, 41, 97}; /* 8 + bytes, rounded up: whole lines */
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 64, 2);
	for (unsigned int i = 0; i < 40; i++) {
		fake_tx_push(&r->q, r->frame + i, bytes[i % 4]);
		assert_int_equal(r->q.line_bytes, 0);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, (uint16_t)i, 1, 1);
		tx_expect_frame(r, i, r->frame + i, bytes[i % 4]);
	}
	assert_int_equal(r->q.line, 60);
}

static void
packed__entry_begins_at_each_word__arrives(void **state)
{
	struct tx_rig *r = *state;
	uint32_t n = 0;

	tx_rig_open_packed(r, 64, 4);
	for (unsigned int word = 3; word < 10; word++) {
		/* What comes first moves the second frame to `word`, which may be the last. */
		fake_tx_push(&r->q, r->frame, (uint16_t)((word - 1) * 8));
		assert_int_equal(r->q.line_bytes, word % 7 * 8);
		for (unsigned int i = 0; i < 3; i++)
			fake_tx_push(&r->q, r->frame + word + i, 61);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, (uint16_t)n, 4, 4);
		for (unsigned int i = 0; i < 3; i++)
			tx_expect_frame(r, n + 1 + i, r->frame + word + i, 61);
		n += 4;
	}
}

static void
packed__chained_entries__are_one_frame(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 128, 2);
	fake_tx_push(&r->q, r->frame + 9, 30);
	fake_tx_push(&r->q, r->frame, 9022);
	fake_tx_push(&r->q, r->frame + 3, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, (9022 + 103) / 104 + 2, 3);
	tx_expect_frame(r, 0, r->frame + 9, 30);
	tx_expect_frame(r, 1, r->frame, 9022);
	tx_expect_frame(r, 2, r->frame + 3, 60);
}

static void
packed__burst_of_large_frames__has_room(void **state)
{
	struct tx_rig *r = *state;

	r->h.push_bytes = 512 << 10;
	tx_rig_open_packed(r, 256, 16);
	for (unsigned int i = 0; i < 60; i++)
		fake_tx_push(&r->q, r->frame + i, i >= 57 ? 9022 : 888);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 57 + 3 * 11, 60);
	for (unsigned int i = 0; i < 60; i++)
		tx_expect_frame(r, i, r->frame + i, i >= 57 ? 9022 : 888);
}

static void
packed__inline_header_then_segments__is_put_together(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot head = {.flags = WCNIC_TXF_SOP, .frame_bytes = 1154, .inline_bytes = 54};
	struct fake_slot body = {0};
	struct fake_slot tail = {.flags = WCNIC_TXF_EOP, .inline_bytes = 100};

	tx_rig_open_packed(r, 16, 2);
	head.inline_data = r->frame;
	fake_slot_seg(&body, fake_iova(&r->h, r->frame + 54), 500);
	fake_slot_seg(&body, fake_iova(&r->h, r->frame + 554), 499);
	fake_slot_seg(&body, fake_iova(&r->h, r->frame + 1053), 1);
	tail.inline_data = r->frame + 1054;
	fake_tx_entry(&r->q, &head);
	fake_tx_entry(&r->q, &body);
	fake_tx_entry(&r->q, &tail);
	fake_tx_push(&r->q, r->frame + 1, 64);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 4, 2);
	tx_expect_frame(r, 0, r->frame, 1154);
	tx_expect_frame(r, 1, r->frame + 1, 64);
}

static void
packed__ring_and_line_numbers_wrap__nothing_is_lost(void **state)
{
	struct tx_rig *r = *state;
	uint32_t sent = 0, lines = 0;

	tx_rig_open_packed(r, 64, 2);
	while (lines < 3 * 65536) {
		uint16_t line = r->q.line;
		uint16_t bytes = 0;
		unsigned int burst;

		for (burst = 0; burst < 1 + sent % 47; burst++, sent++) {
			bytes = 14 + sent * 31 % 200;
			memcpy(r->frame, &sent, sizeof(sent));
			fake_tx_push(&r->q, r->frame, bytes < 104 ? bytes : 104);
		}
		tx_rig_go(r);
		lines += (uint16_t)(r->q.line - line);
		tx_expect_pushed(r, sent - burst, sent);
		tx_expect_frame(r, sent - 1, r->frame, bytes < 104 ? bytes : 104);
	}
}

static void
packed__large_window__has_no_more_lines_than_the_most(void **state)
{
	struct tx_rig *r = *state;
	uint32_t i;

	r->h.push_bytes = 1 << 20;
	tx_rig_open_packed(r, 64, 16);
	assert_int_equal(le16toh(r->q.push_grant.slots) * 16, WCNIC_PACKED_LINES_MAX);
	for (i = 0; i < WCNIC_PACKED_LINES_MAX + 100; i++) {
		fake_tx_push(&r->q, r->frame, 48);
		if (i % 32 == 31)
			tx_rig_go(r);
	}
	tx_rig_go(r);
	assert_int_equal(r->rec.frames, i);
}

/* ---- lines that are not whole ------------------------------------------------------------ */

/* Writes anew from `seq` on, by push in the next epoch. */
static void
push_again(struct tx_rig *r, uint16_t seq, const uint8_t *frame, uint16_t bytes)
{
	r->q.tail = seq;
	fake_tx_epoch(&r->q);
	fake_tx_push(&r->q, frame, bytes);
	tx_rig_switch(r, seq, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, seq, 1, 1);
}

static void
packed__each_byte_of_a_line_wrong__is_not_whole(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_stats stats;

	tx_rig_open_packed(r, 16, 2);
	for (unsigned int byte = 0; byte < 128; byte++) {
		uint16_t seq = r->q.tail;
		uint16_t line = r->q.line;

		fake_tx_push(&r->q, r->frame, 100);
		fake_tx_line_end(&r->q);
		fake_line_at(&r->q, line + byte / 64)[byte % 64] ^= 0x10;
		tx_rig_go(r);
		tx_rig_wait(r);
		tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		push_again(r, seq, r->frame + byte, 100);
		tx_expect_frame(r, byte, r->frame + byte, 100);
	}
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_incomplete, 128);
	assert_int_equal(stats.stale_lines, 128);
}

static void
forge_seq(struct wcnic_push_line *line)
{
	line->seq = htole16(le16toh(line->seq) - 1024); /* of the lap before */
}

static void
forge_epoch(struct wcnic_push_line *line)
{
	line->line_idx--;
}

static void
forge_flags(struct wcnic_push_line *line)
{
	line->flags = WCNIC_LINEF_LAST;
}

static void
packed__line_of_other_owner_or_time__is_refused(void **state)
{
	static void (*const forges[])(struct wcnic_push_line *) = {tx_forge_generation, forge_seq,
								   forge_epoch, forge_flags};
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	for (unsigned int i = 0; i < 8; i++) {
		uint16_t seq = r->q.tail;
		uint16_t line = r->q.line;

		fake_tx_push(&r->q, r->frame, 100);
		fake_tx_line_end(&r->q);
		tx_line_forge(fake_line_at(&r->q, line + i % 2), forges[i / 2]);
		tx_rig_go(r);
		tx_rig_wait(r);
		tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		push_again(r, seq, r->frame, 64);
	}
	assert_int_equal(r->rec.frames, 8);
}

static void
packed__late_line_within_wait__is_sent_as_if_never_late(void **state)
{
	struct tx_rig *r = *state;
	uint8_t line[WCNIC_LINE_BYTES];

	tx_rig_open_packed(r, 16, 4);
	for (unsigned int i = 0; i < 6; i++)
		fake_tx_push(&r->q, r->frame + i, 90);
	fake_tx_line_end(&r->q);
	/* Frame 2 begins in line 3, which frame 1 shares, and goes on in line 4. */
	memcpy(line, fake_line_at(&r->q, 4), sizeof(line));
	memset(fake_line_at(&r->q, 4), 0, sizeof(line));
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 2, 2);
	wcnic_card_poll(r->h.card);
	r->h.m.now_ns += WAIT_NS - 1;
	wcnic_card_poll(r->h.card);
	tx_expect_no_cpl(r);
	/* What is in line 3 is looked at once: it was whole when frame 1 was sent. */
	memset(fake_line_at(&r->q, 3), 0xee, sizeof(line));
	memcpy(fake_line_at(&r->q, 4), line, sizeof(line));
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 2, 4, 4);
	for (unsigned int i = 0; i < 6; i++)
		tx_expect_frame(r, i, r->frame + i, 90);
}

static void
packed__refused_frame_waits_for_its_last_line__is_one_error(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.inline_bytes = 800};
	uint8_t line[WCNIC_LINE_BYTES];

	tx_rig_open_packed(r, 64, 16);
	slot.inline_data = r->frame;
	fake_tx_push(&r->q, r->frame + 1, 70);
	for (unsigned int i = 0; i < 12; i++) {
		slot.flags = i == 0 ? BOTH & ~WCNIC_TXF_EOP : i == 11 ? BOTH : 0;
		slot.frame_bytes = i == 0 ? 300 : 0;
		fake_tx_entry(&r->q, &slot);
	}
	fake_tx_push(&r->q, r->frame + 2, 70);
	fake_tx_line_end(&r->q);
	memcpy(line, fake_line_at(&r->q, 172), sizeof(line));
	memset(fake_line_at(&r->q, 172), 0, sizeof(line));
	for (unsigned int i = 0; i < 3; i++)
		tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_no_cpl(r);
	memcpy(fake_line_at(&r->q, 172), line, sizeof(line));
	wcnic_card_poll(r->h.card);
	tx_expect_error(r, WCNIC_ERR_DESC, 1, 12);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 13, 1, 1);
	tx_expect_frame(r, 0, r->frame + 1, 70);
	tx_expect_frame(r, 1, r->frame + 2, 70);
}

static void
packed__segments_wait_for_their_last_line__are_one_frame(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot head = {.flags = WCNIC_TXF_SOP, .frame_bytes = 102};
	struct fake_slot tail = {.flags = WCNIC_TXF_EOP, .inline_bytes = 100};
	uint8_t line[WCNIC_LINE_BYTES];

	tx_rig_open_packed(r, 64, 4);
	fake_slot_seg(&head, fake_iova(&r->h, r->frame), 2);
	tail.inline_data = r->frame + 2;
	fake_tx_push(&r->q, r->frame + 1, 15); /* three words: the segments begin in its line */
	fake_tx_entry(&r->q, &head);
	fake_tx_entry(&r->q, &tail);
	fake_tx_line_end(&r->q);
	memcpy(line, fake_line_at(&r->q, 1), sizeof(line));
	memset(fake_line_at(&r->q, 1), 0, sizeof(line));
	tx_rig_go(r);
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_no_cpl(r);
	memcpy(fake_line_at(&r->q, 1), line, sizeof(line));
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 1, 2, 1);
	tx_expect_frame(r, 1, r->frame, 102);
}

static void
packed__waiting_frames__come_when_the_port_lets_them(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_stats stats;

	tx_rig_open_packed(r, 128, 4);
	for (unsigned int i = 0; i < 40; i++)
		fake_tx_push(&r->q, r->frame + i, (uint16_t)(20 + i * 11));
	for (unsigned int hold = 1; hold <= 40; hold++) {
		r->rec.hold_at = hold;
		tx_rig_go(r);
		wcnic_card_poll(r->h.card);
		assert_int_equal(r->rec.frames, hold);
	}
	for (unsigned int i = 0; i < 40; i++)
		tx_expect_frame(r, i, r->frame + i, (uint16_t)(20 + i * 11));
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_held, 39);
	assert_int_equal(stats.tx_frames, 40);
}

static void
packed__waiting_in_fetch__then_pushes(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 128, 4);
	fake_tx_push(&r->q, r->frame, 100);
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_FETCH);
	for (unsigned int i = 1; i < 5; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, 100);
	r->rec.hold_at = 3;
	tx_rig_go(r);
	assert_int_equal(r->rec.frames, 3);
	r->rec.hold_at = 0;
	wcnic_card_poll(r->h.card);
	fake_tx_switch(&r->q, 5, WCNIC_PLACEMENT_PUSH);
	fake_tx_push(&r->q, r->frame + 5, 100);
	tx_rig_go(r);
	assert_int_equal(r->rec.frames, 6);
	for (unsigned int i = 0; i < 6; i++)
		tx_expect_frame(r, i, r->frame + i, 100);
}

/* ---- changing placement ------------------------------------------------------------------ */

static void
packed__placement_changed_in_mid_stream__nothing_is_lost_or_overtaken(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 64, 2);
	tx_expect_order_kept(r, 20000);
}

static void
packed__incomplete_then_fetch_then_push__keeps_order(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	for (uint16_t i = 0; i < 6; i++)
		fake_tx_push(&r->q, r->frame + i, 60);
	fake_tx_line_end(&r->q);
	memset(fake_line_at(&r->q, 5), 0, 64); /* frame 3 ends there, frame 4 begins */
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 3, 0, 0);
	r->q.tail = 3;
	for (uint16_t i = 3; i < 6; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, 60);
	tx_rig_switch(r, 3, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 3, 3, 3);
	fake_tx_epoch(&r->q);
	fake_tx_push(&r->q, r->frame + 6, 60);
	tx_rig_switch(r, 6, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 6, 1, 1);
	for (uint16_t i = 0; i < 7; i++)
		tx_expect_frame(r, i, r->frame + i, 60);
	assert_int_equal(r->rec.frames, 7);
}

static void
packed__window_revoked__drops_and_goes_on_by_fetch(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	r->q.tail++;
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	r->q.tail = 1;
	fake_tx_fetch(&r->h, &r->q, r->frame + 1, 60);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 1, 1, 1);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
packed__line_of_256_epochs_ago__is_not_taken_for_new(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	for (unsigned int i = 1; i < 256; i++) {
		tx_rig_switch(r, r->q.tail, WCNIC_PLACEMENT_FETCH);
	}
	fake_tx_epoch(&r->q);
	assert_int_equal(r->q.line_epoch, 0);
	r->q.tail++;
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_PUSH);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 1, 0, 0);
	assert_int_equal(r->rec.frames, 1);
}

static void
packed__lines_from_before_the_queue__are_forgotten(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
	assert_int_equal(fake_txq_create(&r->h, &r->q), 0);
	r->q.tail++;
	tx_rig_go(r);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
	assert_int_equal(r->rec.frames, 1);
}

static void
packed__push_after_push__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_PUSH);
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
packed__more_entries_than_slots__are_taken(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_packed(r, 256, 16);
	assert_true(le16toh(r->q.push_grant.slots) < 128);
	for (unsigned int i = 0; i < 128; i++)
		fake_tx_push(&r->q, r->frame + i, 60);
	tx_rig_go(r);
	wcnic_card_poll(r->h.card);
	assert_int_equal(r->rec.frames, 128);
	for (unsigned int i = 0; i < 128; i++)
		tx_expect_frame(r, i, r->frame + i, 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)
		CASE(packed__inline_of_every_size__arrives),
		CASE(packed__burst_of_32_frames__is_42_lines),
		CASE(packed__burst_fills_last_line__next_begins_with_next),
		CASE(packed__entry_begins_at_each_word__arrives),
		CASE(packed__chained_entries__are_one_frame),
		CASE(packed__burst_of_large_frames__has_room),
		CASE(packed__inline_header_then_segments__is_put_together),
		CASE(packed__ring_and_line_numbers_wrap__nothing_is_lost),
		CASE(packed__large_window__has_no_more_lines_than_the_most),
		CASE(packed__each_byte_of_a_line_wrong__is_not_whole),
		CASE(packed__line_of_other_owner_or_time__is_refused),
		CASE(packed__late_line_within_wait__is_sent_as_if_never_late),
		CASE(packed__refused_frame_waits_for_its_last_line__is_one_error),
		CASE(packed__segments_wait_for_their_last_line__are_one_frame),
		CASE(packed__waiting_frames__come_when_the_port_lets_them),
		CASE(packed__waiting_in_fetch__then_pushes),
		CASE(packed__placement_changed_in_mid_stream__nothing_is_lost_or_overtaken),
		CASE(packed__incomplete_then_fetch_then_push__keeps_order),
		CASE(packed__window_revoked__drops_and_goes_on_by_fetch),
		CASE(packed__line_of_256_epochs_ago__is_not_taken_for_new),
		CASE(packed__lines_from_before_the_queue__are_forgotten),
		CASE(packed__push_after_push__stops_the_queue),
		CASE(packed__more_entries_than_slots__are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
