/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* ---- push -------------------------------------------------------------------------------- */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

static void
push__inline_of_every_size__arrives(void **state)
{
	struct tx_rig *r = *state;
	uint16_t most = WCNIC_SLOT_INLINE_BYTES(16);

	tx_rig_open_push(r, 64, 16);
	for (uint16_t bytes = 14; bytes <= most; bytes++) {
		fake_tx_push(&r->q, r->frame + bytes, bytes);
		tx_rig_go(r);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, bytes - 14, 1, 1);
		tx_expect_frame(r, bytes - 14, r->frame + bytes, bytes);
	}
}

static void
push__frame_of_64_bytes__is_two_lines(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.flags = 3, .frame_bytes = 64, .inline_bytes = 64};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];

	tx_rig_open_push(r, 64, 2);
	slot.inline_data = r->frame;
	assert_int_equal(fake_slot_encode(&r->q, 0, &slot, lines), 2);
}

static void
push__chained_slots__are_one_frame(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 128, 2);
	fake_tx_push(&r->q, r->frame, 9022);
	fake_tx_push(&r->q, r->frame + 3, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, (9022 + 103) / 104 + 1, 2);
	tx_expect_frame(r, 0, r->frame, 9022);
	tx_expect_frame(r, 1, r->frame + 3, 60);
}

static void
push__inline_header_then_segments__is_put_together(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot head = {.flags = WCNIC_TXF_SOP, .frame_bytes = 1054, .inline_bytes = 54};
	struct fake_slot tail = {.flags = WCNIC_TXF_EOP};

	tx_rig_open_push(r, 16, 2);
	head.inline_data = r->frame;
	fake_slot_seg(&tail, fake_iova(&r->h, r->frame + 54), 500);
	fake_slot_seg(&tail, fake_iova(&r->h, r->frame + 554), 499);
	fake_slot_seg(&tail, fake_iova(&r->h, r->frame + 1053), 1);
	fake_tx_slot(&r->q, &head, 0);
	fake_tx_slot(&r->q, &tail, 0);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 2, 1);
	tx_expect_frame(r, 0, r->frame, 1054);
}

static void
push__sequence_wraps__nothing_is_lost(void **state)
{
	struct tx_rig *r = *state;
	uint32_t sent = 0;

	tx_rig_open_push(r, 64, 2);
	while (sent < 140000) {
		unsigned int burst;

		for (burst = 0; burst < 48; burst++, sent++) {
			memcpy(r->frame, &sent, sizeof(sent));
			fake_tx_push(&r->q, r->frame, 60);
		}
		tx_rig_go(r);
		tx_expect_pushed(r, sent - burst, sent);
		assert_memory_equal(r->rec.data[(sent - 1) % SEEN_MAX], r->frame, 60);
	}
}

static void
push__line_of_65536_entries_ago__is_not_taken_for_new(void **state)
{
	struct tx_rig *r = *state;
	uint16_t bytes = WCNIC_SLOT_INLINE_BYTES(4);
	struct fake_slot slot = {.flags = 3, .frame_bytes = bytes, .inline_bytes = bytes};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];
	struct wcnic_tx_cpl cpl;
	unsigned int i;

	tx_rig_open_push(r, 64, 4);
	fake_tx_push(&r->q, r->frame, bytes);
	tx_rig_go(r);
	/* A lap of the sequence with short frames: the slot's last line is never written. */
	for (i = 1; i < 65536; i++) {
		fake_tx_push(&r->q, r->frame, 60);
		if (i % 32 == 0 || i == 65535)
			tx_rig_go(r);
	}
	while (fake_tx_reap(&r->q, &cpl))
		assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
	assert_int_equal(r->q.tail, 0);
	slot.inline_data = r->frame + 1000;
	fake_slot_encode(&r->q, 0, &slot, lines);
	memcpy(fake_slot_at(&r->q, 0), lines, 3 * sizeof(lines[0]));
	r->q.tail++;
	i = r->rec.frames;
	tx_rig_go(r);
	assert_int_equal(r->rec.frames, i);
	r->h.m.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
}

static void
push__late_line_within_wait__is_sent_as_if_never_late(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.flags = 3, .frame_bytes = 100, .inline_bytes = 100};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];

	tx_rig_open_push(r, 16, 2);
	slot.inline_data = r->frame;
	fake_slot_encode(&r->q, 0, &slot, lines);
	fake_tx_slot(&r->q, &slot, 1);
	tx_rig_go(r);
	r->h.m.now_ns += WAIT_NS - 1;
	wcnic_card_poll(r->h.card);
	tx_expect_no_cpl(r);
	memcpy(fake_slot_at(&r->q, 0), lines, sizeof(lines[0]));
	r->h.m.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_frame(r, 0, r->frame, 100);
}

static void
push__piece_of_line_missing__is_incomplete_after_wait(void **state)
{
	struct tx_rig *r = *state;
	struct wcnic_stats stats;

	tx_rig_open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_push(&r->q, r->frame + 100, 100);
	for (unsigned int byte = 64; byte < 72; byte++)
		fake_slot_at(&r->q, 1)[byte + 32] = 0;
	fake_tx_push(&r->q, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_no_cpl(r);
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 1, 0, 0);
	tx_expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 1);
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_incomplete, 1);
	assert_int_equal(stats.stale_lines, 1);
}

static void
push__each_tag_field_wrong__is_not_whole(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	for (unsigned int byte = 0; byte < 128; byte++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		fake_slot_at(&r->q, seq)[byte] ^= 0x10;
		tx_rig_go(r);
		r->h.m.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		r->q.tail = seq;
		fake_tx_push(&r->q, r->frame, 100);
		tx_rig_switch(r, seq, WCNIC_PLACEMENT_PUSH);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, seq, 1, 1);
	}
	assert_int_equal(r->rec.frames, 128);
}

static void
forge_seq(struct wcnic_push_line *line)
{
	line->seq = htole16(le16toh(line->seq) + 1);
}

static void
forge_idx(struct wcnic_push_line *line)
{
	line->line_idx ^= 1;
}

static void
forge_last(struct wcnic_push_line *line)
{
	line->flags ^= WCNIC_LINEF_LAST;
}

static void
push__line_of_other_owner_or_place__is_refused(void **state)
{
	static void (*const forges[])(struct wcnic_push_line *) = {tx_forge_generation, forge_seq,
								   forge_idx, forge_last};
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	for (unsigned int i = 0; i < 8; i++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		tx_line_forge(fake_slot_at(&r->q, seq) + (i % 2) * 64, forges[i / 2]);
		tx_rig_go(r);
		r->h.m.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		r->q.tail = seq;
		fake_tx_fetch(&r->h, &r->q, r->frame, 100);
		tx_rig_switch(r, seq, WCNIC_PLACEMENT_FETCH);
		tx_expect_cpl(r, WCNIC_TX_FETCHED, seq, 1, 1);
		tx_rig_switch(r, r->q.tail, WCNIC_PLACEMENT_PUSH);
	}
	assert_int_equal(r->rec.frames, 8);
}

static void
forge_no_lines(struct wcnic_push_line *line)
{
	line->payload[6] = 0;
}

static void
forge_many_lines(struct wcnic_push_line *line)
{
	line->payload[6] = 3;
}

static void
forge_both(struct wcnic_push_line *line)
{
	line->payload[7] = 1;
}

static void
forge_inline_long(struct wcnic_push_line *line)
{
	line->payload[0] = 105;
	line->payload[2] = 105;
}

static void
forge_inline_none(struct wcnic_push_line *line)
{
	line->payload[2] = 0;
}

static void
forge_segs_long(struct wcnic_push_line *line)
{
	line->payload[2] = 0;
	line->payload[7] = 255;
}

static void
forge_frame_bytes(struct wcnic_push_line *line)
{
	line->payload[0]++;
}

static void
push__malformed_header__is_discarded_and_queue_goes_on(void **state)
{
	static void (*const forges[])(struct wcnic_push_line *) = {
		forge_no_lines,    forge_many_lines, forge_both,       forge_inline_long,
		forge_inline_none, forge_segs_long,  forge_frame_bytes};
	struct tx_rig *r = *state;

	tx_rig_open_push(r, 16, 2);
	for (unsigned int i = 0; i < sizeof(forges) / sizeof(forges[0]); i++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		tx_line_forge(fake_slot_at(&r->q, seq), forges[i]);
		fake_tx_push(&r->q, r->frame, 60);
		tx_rig_go(r);
		tx_expect_error(r, WCNIC_ERR_DESC, seq, 1);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, seq + 1, 1, 1);
	}
}

static void
push__hostile_chain__fills_no_more_than_there_is(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {0};

	/* 64 slots of 888 bytes: over 56 KB that claim to be a frame. */
	tx_rig_open_push(r, 64, 16);
	slot.inline_data = r->frame;
	slot.inline_bytes = WCNIC_SLOT_INLINE_BYTES(16);
	for (unsigned int i = 0; i < 64; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 63 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? 9000 : 0;
		fake_tx_slot(&r->q, &slot, 0);
	}
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 64);
	fake_tx_push(&r->q, r->frame, 800);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 64, 1, 1);
	tx_expect_frame(r, 0, r->frame, 800);
}

static void
push__one_byte_segments__fill_no_more_than_there_is(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {0};

	tx_rig_open_push(r, 256, 4);
	while (slot.n_segs < WCNIC_SLOT_SEGS(4))
		fake_slot_seg(&slot, fake_iova(&r->h, r->frame), 1);
	for (unsigned int i = 0; i < 255; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 254 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? (uint16_t)(255 * slot.n_segs) : 0;
		fake_tx_slot(&r->q, &slot, 0);
	}
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 255, 1);
	assert_int_equal(r->rec.bytes[0], 255 * slot.n_segs);
}

static void
push__more_segments_than_bytes_in_any_frame__is_one_error(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {0};

	while (slot.n_segs < 55)
		fake_slot_seg(&slot, fake_iova(&r->h, r->frame), 1);
	r->h.push_bytes = 512 << 10;
	tx_rig_open_push(r, 256, 16);
	for (unsigned int i = 0; i < 250; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 249 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? 250 * 55 : 0;
		fake_tx_slot(&r->q, &slot, 0);
	}
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 250);
}

static void
push__second_late_slot__has_a_wait_of_its_own(void **state)
{
	struct tx_rig *r = *state;
	struct fake_slot slot = {.flags = 3, .frame_bytes = 100, .inline_bytes = 100};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];

	tx_rig_open_push(r, 16, 2);
	slot.inline_data = r->frame;
	for (uint16_t seq = 0; seq < 2; seq++) {
		fake_slot_encode(&r->q, seq, &slot, lines);
		fake_tx_slot(&r->q, &slot, 1);
		tx_rig_go(r);
		tx_expect_no_cpl(r);
		r->h.m.now_ns += WAIT_NS;
		memcpy(fake_slot_at(&r->q, seq), lines, sizeof(lines[0]));
		wcnic_card_poll(r->h.card);
		tx_expect_cpl(r, WCNIC_TX_PUSHED, seq, 1, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)
		CASE(push__inline_of_every_size__arrives),
		CASE(push__frame_of_64_bytes__is_two_lines),
		CASE(push__chained_slots__are_one_frame),
		CASE(push__inline_header_then_segments__is_put_together),
		CASE(push__sequence_wraps__nothing_is_lost),
		CASE(push__line_of_65536_entries_ago__is_not_taken_for_new),
		CASE(push__late_line_within_wait__is_sent_as_if_never_late),
		CASE(push__piece_of_line_missing__is_incomplete_after_wait),
		CASE(push__each_tag_field_wrong__is_not_whole),
		CASE(push__line_of_other_owner_or_place__is_refused),
		CASE(push__malformed_header__is_discarded_and_queue_goes_on),
		CASE(push__hostile_chain__fills_no_more_than_there_is),
		CASE(push__one_byte_segments__fill_no_more_than_there_is),
		CASE(push__more_segments_than_bytes_in_any_frame__is_one_error),
		CASE(push__second_late_slot__has_a_wait_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
