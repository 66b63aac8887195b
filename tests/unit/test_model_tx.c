/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_host.h"

#define WAIT_NS 50000u
#define SEEN_MAX 512

/* A port that keeps what it was sent, and refuses when told to. */
struct recorder {
	uint32_t frames;
	uint32_t flushed; /* frames when flush() was last called */
	uint32_t bytes[SEEN_MAX];
	uint8_t data[SEEN_MAX][9300];
	int ret; /* of the next sends */
	const struct fake_txq *watch;
	bool early; /* a completion was visible before its flush */
};

struct rig {
	struct fake_host h;
	struct fake_txq q;
	struct recorder rec;
	uint8_t *frame; /* in host memory: 16 KiB that differ */
};

static bool
completion_visible(const struct recorder *rec)
{
	const struct fake_txq *q = rec->watch;
	uint8_t phase = (q->cq_head / q->depth) % 2 == 0;

	return (q->cq[q->cq_head % q->depth].phase & 1) == phase;
}

static int
rec_send(void *ctx, const struct wcnic_frame *frame)
{
	struct recorder *rec = ctx;
	uint8_t *dst = rec->data[rec->frames % SEEN_MAX];
	uint32_t used = 0;
	uint32_t i;

	if (rec->ret != 0)
		return rec->ret;
	assert_true(frame->bytes <= sizeof(rec->data[0]));
	for (i = 0; i < frame->n_frags; i++) {
		assert_true(used + frame->frags[i].bytes <= sizeof(rec->data[0]));
		memcpy(dst + used, frame->frags[i].base, frame->frags[i].bytes);
		used += frame->frags[i].bytes;
	}
	assert_int_equal(used, frame->bytes);
	rec->bytes[rec->frames % SEEN_MAX] = used;
	rec->frames++;
	return 0;
}

static void
rec_flush(void *ctx)
{
	struct recorder *rec = ctx;

	rec->early |= rec->watch != NULL && completion_visible(rec);
	rec->flushed = rec->frames;
}

static const struct wcnic_port_ops rec_ops = {
	.kind = "recorder",
	.send = rec_send,
	.flush = rec_flush,
};

static int
setup(void **state)
{
	struct wcnic_card_config c = {.seed = 7, .push_wait_ns = WAIT_NS};
	struct rig *r = calloc(1, sizeof(*r));
	unsigned int i;

	*state = r;
	if (r == NULL || fake_host_init(&r->h, &c) != 0)
		return -1;
	wcnic_card_set_port(r->h.card, &rec_ops, &r->rec);
	fake_enable(&r->h);
	r->frame = fake_alloc(&r->h, 16384, 64);
	for (i = 0; i < 16384; i++)
		r->frame[i] = (uint8_t)(i * 7 + i / 256);
	return fake_port_set(&r->h, 9000, WCNIC_PORTF_UP);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	fake_host_fini(&r->h);
	free(r);
	return 0;
}

static void
open_push(struct rig *r, uint16_t depth, uint8_t slot_lines)
{
	assert_int_equal(fake_txq_open(&r->h, &r->q, 3, depth, WCNIC_PLACEMENT_PUSH, slot_lines),
			 0);
	r->rec.watch = &r->q;
}

static void
open_fetch(struct rig *r, uint16_t depth)
{
	assert_int_equal(fake_txq_open(&r->h, &r->q, 2, depth, WCNIC_PLACEMENT_FETCH, 0), 0);
	r->rec.watch = &r->q;
}

static void
go(struct rig *r)
{
	fake_tx_ring(&r->q);
	wcnic_card_poll(r->h.card);
}

static void
expect_cpl(struct rig *r, enum wcnic_tx_status status, uint16_t seq, uint16_t count,
	   uint16_t frames)
{
	struct wcnic_tx_cpl cpl;

	assert_true(fake_tx_reap(&r->q, &cpl));
	assert_int_equal(cpl.status, status);
	assert_int_equal(le16toh(cpl.seq), seq);
	assert_int_equal(le16toh(cpl.count), count);
	assert_int_equal(le16toh(cpl.frames), frames);
}

static void
expect_error(struct rig *r, enum wcnic_error reason, uint16_t seq, uint16_t count)
{
	uint8_t idx = r->q.cq_head % r->q.depth;

	expect_cpl(r, WCNIC_TX_ERROR, seq, count, 1);
	assert_int_equal(r->q.cq[idx].reason, reason);
}

static void
expect_no_cpl(struct rig *r)
{
	struct wcnic_tx_cpl cpl;

	assert_false(fake_tx_reap(&r->q, &cpl));
}

static void
expect_queue_error(struct rig *r, enum wcnic_error error)
{
	struct wcnic_event event;

	wcnic_card_poll(r->h.card);
	assert_true(fake_event_find(&r->h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg0), r->q.qid | WCNIC_EV_QUEUE_TX);
	assert_int_equal(le32toh(event.arg1), error);
}

static void
expect_frame(struct rig *r, uint32_t idx, const uint8_t *data, uint32_t bytes)
{
	assert_true(idx < r->rec.frames);
	assert_int_equal(r->rec.bytes[idx % SEEN_MAX], bytes);
	assert_memory_equal(r->rec.data[idx % SEEN_MAX], data, bytes);
}

/* ---- fetch ------------------------------------------------------------------------------- */

static void
fetch__frames_of_one_descriptor__are_sent_in_order(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	open_fetch(r, 16);
	for (i = 0; i < 16; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, (uint16_t)(14 + i * 100));
	go(r);
	expect_cpl(r, WCNIC_TX_FETCHED, 0, 16, 16);
	expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 16);
	assert_int_equal(r->rec.flushed, 16);
	assert_false(r->rec.early);
	for (i = 0; i < 16; i++)
		expect_frame(r, i, r->frame + i, 14 + i * 100);
}

static void
fetch__frame_of_three_segments__is_put_together(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 100, WCNIC_TXF_SOP, 1500);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 100), 1, 0, 0);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 101), 1399, WCNIC_TXF_EOP, 0);
	go(r);
	expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 1);
	expect_frame(r, 0, r->frame, 1500);
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
	struct rig *r = *state;
	struct wcnic_stats stats;
	unsigned int i;

	open_fetch(r, 8);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint16_t seq = r->q.tail;

		fake_tx_fetch(&r->h, &r->q, r->frame, 60);
		fake_tx_desc(&r->q, bad[i].iova, bad[i].bytes, bad[i].flags, bad[i].frame_bytes);
		fake_tx_fetch(&r->h, &r->q, r->frame, 60);
		go(r);
		expect_cpl(r, WCNIC_TX_FETCHED, seq, 1, 1);
		expect_error(r, bad[i].reason, seq + 1, 1);
		expect_cpl(r, WCNIC_TX_FETCHED, seq + 2, 1, 1);
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
	struct rig *r = *state;
	unsigned int i;

	open_fetch(r, 512);
	for (i = 0; i < 256; i++)
		fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + i), 1,
			     (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 255 ? WCNIC_TXF_EOP : 0),
			     i == 0 ? 256 : 0);
	for (i = 0; i < 255; i++)
		fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + i), 1,
			     (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 254 ? WCNIC_TXF_EOP : 0),
			     i == 0 ? 255 : 0);
	go(r);
	expect_error(r, WCNIC_ERR_DESC, 0, 256);
	expect_cpl(r, WCNIC_TX_FETCHED, 256, 255, 1);
	expect_frame(r, 0, r->frame, 255);
}

static void
fetch__wrong_seq__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	r->q.ring[1].seq = htole16(17);
	go(r);
	expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	expect_error(r, WCNIC_ERR_DESC, 1, 1);
	expect_queue_error(r, WCNIC_ERR_DESC);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	go(r);
	expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 1);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
fetch__no_eop_before_tail__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 64, WCNIC_TXF_SOP, 128);
	go(r);
	expect_error(r, WCNIC_ERR_DESC, 0, 1);
	expect_queue_error(r, WCNIC_ERR_DESC);
}

static void
fetch__rings_unmapped_later__stops_with_address(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	fake_tx_fetch(&r->h, &r->q, r->frame, 64);
	r->h.unmap_from = (size_t)((uint8_t *)r->q.ring - r->h.mem);
	go(r);
	r->h.unmap_from = FAKE_MEM_BYTES;
	expect_no_cpl(r);
	expect_queue_error(r, WCNIC_ERR_ADDRESS);
}

/* ---- push -------------------------------------------------------------------------------- */

static void
push__inline_of_every_size__arrives(void **state)
{
	struct rig *r = *state;
	uint16_t most = WCNIC_SLOT_INLINE_BYTES(16);
	uint16_t bytes;

	open_push(r, 64, 16);
	for (bytes = 14; bytes <= most; bytes++) {
		fake_tx_push(&r->q, r->frame + bytes, bytes);
		go(r);
		expect_cpl(r, WCNIC_TX_PUSHED, bytes - 14, 1, 1);
		expect_frame(r, bytes - 14, r->frame + bytes, bytes);
	}
}

static void
push__frame_of_64_bytes__is_two_lines(void **state)
{
	struct rig *r = *state;
	struct fake_slot slot = {.flags = 3, .frame_bytes = 64, .inline_bytes = 64};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];

	open_push(r, 64, 2);
	slot.inline_data = r->frame;
	assert_int_equal(fake_slot_encode(&r->q, 0, &slot, lines), 2);
}

static void
push__chained_slots__are_one_frame(void **state)
{
	struct rig *r = *state;

	open_push(r, 128, 2);
	fake_tx_push(&r->q, r->frame, 9022);
	fake_tx_push(&r->q, r->frame + 3, 60);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, (9022 + 103) / 104 + 1, 2);
	expect_frame(r, 0, r->frame, 9022);
	expect_frame(r, 1, r->frame + 3, 60);
}

static void
push__inline_header_then_segments__is_put_together(void **state)
{
	struct rig *r = *state;
	struct fake_slot head = {.flags = WCNIC_TXF_SOP, .frame_bytes = 1054, .inline_bytes = 54};
	struct fake_slot tail = {.flags = WCNIC_TXF_EOP, .n_segs = 3};

	open_push(r, 16, 2);
	head.inline_data = r->frame;
	tail.segs[0].iova = htole64(fake_iova(&r->h, r->frame + 54));
	tail.segs[0].bytes = htole32(500);
	tail.segs[1].iova = htole64(fake_iova(&r->h, r->frame + 554));
	tail.segs[1].bytes = htole32(499);
	tail.segs[2].iova = htole64(fake_iova(&r->h, r->frame + 1053));
	tail.segs[2].bytes = htole32(1);
	fake_tx_slot(&r->q, &head, 0);
	fake_tx_slot(&r->q, &tail, 0);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 2, 1);
	expect_frame(r, 0, r->frame, 1054);
}

static void
push__sequence_wraps__nothing_is_lost(void **state)
{
	struct rig *r = *state;
	uint32_t sent = 0;
	uint32_t done = 0;
	struct wcnic_tx_cpl cpl;

	open_push(r, 64, 2);
	while (sent < 140000) {
		unsigned int burst;

		for (burst = 0; burst < 48; burst++, sent++) {
			memcpy(r->frame, &sent, sizeof(sent));
			fake_tx_push(&r->q, r->frame, 60);
		}
		go(r);
		while (fake_tx_reap(&r->q, &cpl)) {
			assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
			assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
			done += le16toh(cpl.count);
		}
		assert_int_equal(done, sent);
		assert_int_equal(r->rec.frames, sent);
		assert_memory_equal(r->rec.data[(sent - 1) % SEEN_MAX], r->frame, 60);
	}
}

static void
push__line_of_65536_entries_ago__is_not_taken_for_new(void **state)
{
	struct rig *r = *state;
	uint16_t bytes = WCNIC_SLOT_INLINE_BYTES(4);
	struct fake_slot slot = {.flags = 3, .frame_bytes = bytes, .inline_bytes = bytes};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];
	struct wcnic_tx_cpl cpl;
	unsigned int i;

	open_push(r, 64, 4);
	fake_tx_push(&r->q, r->frame, bytes);
	go(r);
	/* A lap of the sequence with short frames: the slot's last line is never written. */
	for (i = 1; i < 65536; i++) {
		fake_tx_push(&r->q, r->frame, 60);
		if (i % 32 == 0 || i == 65535)
			go(r);
	}
	while (fake_tx_reap(&r->q, &cpl))
		assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
	assert_int_equal(r->q.tail, 0);
	slot.inline_data = r->frame + 1000;
	fake_slot_encode(&r->q, 0, &slot, lines);
	memcpy(fake_slot_at(&r->q, 0), lines, 3 * sizeof(lines[0]));
	r->q.tail++;
	i = r->rec.frames;
	go(r);
	assert_int_equal(r->rec.frames, i);
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
}

static void
push__late_line_within_wait__is_sent_as_if_never_late(void **state)
{
	struct rig *r = *state;
	struct fake_slot slot = {.flags = 3, .frame_bytes = 100, .inline_bytes = 100};
	struct wcnic_push_line lines[WCNIC_SLOT_LINES_MAX];

	open_push(r, 16, 2);
	slot.inline_data = r->frame;
	fake_slot_encode(&r->q, 0, &slot, lines);
	fake_tx_slot(&r->q, &slot, 1);
	go(r);
	r->h.now_ns += WAIT_NS - 1;
	wcnic_card_poll(r->h.card);
	expect_no_cpl(r);
	memcpy(fake_slot_at(&r->q, 0), lines, sizeof(lines[0]));
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	expect_frame(r, 0, r->frame, 100);
}

static void
push__piece_of_line_missing__is_incomplete_after_wait(void **state)
{
	struct rig *r = *state;
	struct wcnic_stats stats;
	unsigned int byte;

	open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_push(&r->q, r->frame + 100, 100);
	for (byte = 64; byte < 72; byte++)
		fake_slot_at(&r->q, 1)[byte + 32] = 0;
	fake_tx_push(&r->q, r->frame, 60);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	expect_no_cpl(r);
	wcnic_card_poll(r->h.card);
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_INCOMPLETE, 1, 0, 0);
	expect_no_cpl(r);
	assert_int_equal(r->rec.frames, 1);
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_incomplete, 1);
	assert_int_equal(stats.stale_lines, 1);
}

static void
push__each_tag_field_wrong__is_not_whole(void **state)
{
	struct rig *r = *state;
	unsigned int byte;

	open_push(r, 16, 2);
	for (byte = 0; byte < 128; byte++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		fake_slot_at(&r->q, seq)[byte] ^= 0x10;
		go(r);
		r->h.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		r->q.tail = seq;
		fake_tx_push(&r->q, r->frame, 100);
		fake_tx_switch(&r->q, seq, WCNIC_PLACEMENT_PUSH);
		wcnic_card_poll(r->h.card);
		expect_cpl(r, WCNIC_TX_PUSHED, seq, 1, 1);
	}
	assert_int_equal(r->rec.frames, 128);
}

/* A line whose check is right although the field is wrong. */
static void
line_forge(uint8_t *at, void (*change)(struct wcnic_push_line *))
{
	struct wcnic_push_line line;
	uint64_t words[8];

	memcpy(&line, at, sizeof(line));
	change(&line);
	line.check = 0;
	memcpy(words, &line, sizeof(words));
	line.check = htole16(wcnic_line_check(words));
	memcpy(at, &line, sizeof(line));
}

static void
forge_generation(struct wcnic_push_line *line)
{
	line->generation = htole16(le16toh(line->generation) - 1);
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
	static void (*const forges[])(struct wcnic_push_line *) = {forge_generation, forge_seq,
								   forge_idx, forge_last};
	struct rig *r = *state;
	unsigned int i;

	open_push(r, 16, 2);
	for (i = 0; i < 8; i++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		line_forge(fake_slot_at(&r->q, seq) + (i % 2) * 64, forges[i / 2]);
		go(r);
		r->h.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		expect_cpl(r, WCNIC_TX_INCOMPLETE, seq, 0, 0);
		r->q.tail = seq;
		fake_tx_fetch(&r->h, &r->q, r->frame, 100);
		fake_tx_switch(&r->q, seq, WCNIC_PLACEMENT_FETCH);
		wcnic_card_poll(r->h.card);
		expect_cpl(r, WCNIC_TX_FETCHED, seq, 1, 1);
		fake_tx_switch(&r->q, r->q.tail, WCNIC_PLACEMENT_PUSH);
		wcnic_card_poll(r->h.card);
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
	struct rig *r = *state;
	unsigned int i;

	open_push(r, 16, 2);
	for (i = 0; i < sizeof(forges) / sizeof(forges[0]); i++) {
		uint16_t seq = r->q.tail;

		fake_tx_push(&r->q, r->frame, 100);
		line_forge(fake_slot_at(&r->q, seq), forges[i]);
		fake_tx_push(&r->q, r->frame, 60);
		go(r);
		expect_error(r, WCNIC_ERR_DESC, seq, 1);
		expect_cpl(r, WCNIC_TX_PUSHED, seq + 1, 1, 1);
	}
}

static void
push__hostile_chain__fills_no_more_than_there_is(void **state)
{
	struct rig *r = *state;
	struct fake_slot slot = {0};
	unsigned int i;

	/* 64 slots of 888 bytes: over 56 KB that claim to be a frame. */
	open_push(r, 64, 16);
	slot.inline_data = r->frame;
	slot.inline_bytes = WCNIC_SLOT_INLINE_BYTES(16);
	for (i = 0; i < 64; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 63 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? 9000 : 0;
		fake_tx_slot(&r->q, &slot, 0);
	}
	go(r);
	expect_error(r, WCNIC_ERR_DESC, 0, 64);
	fake_tx_push(&r->q, r->frame, 800);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 64, 1, 1);
	expect_frame(r, 0, r->frame, 800);
}

static void
push__one_byte_segments__fill_no_more_than_there_is(void **state)
{
	struct rig *r = *state;
	struct fake_slot slot = {.n_segs = 55};
	unsigned int i;

	for (i = 0; i < 55; i++) {
		slot.segs[i].iova = htole64(fake_iova(&r->h, r->frame));
		slot.segs[i].bytes = htole32(1);
	}
	open_push(r, 256, 4);
	slot.n_segs = WCNIC_SLOT_SEGS(4);
	for (i = 0; i < 255; i++) {
		slot.flags = (i == 0 ? WCNIC_TXF_SOP : 0) | (i == 254 ? WCNIC_TXF_EOP : 0);
		slot.frame_bytes = i == 0 ? (uint16_t)(255 * slot.n_segs) : 0;
		fake_tx_slot(&r->q, &slot, 0);
	}
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 255, 1);
	assert_int_equal(r->rec.bytes[0], 255 * slot.n_segs);
}

/* ---- changing placement ------------------------------------------------------------------ */

static void
placement__changed_in_mid_stream__nothing_is_lost_or_overtaken(void **state)
{
	struct rig *r = *state;
	struct wcnic_tx_cpl cpl;
	uint32_t sent = 0;
	uint32_t done = 0;
	uint8_t *bufs = fake_alloc(&r->h, 64 * 64, 64);

	open_push(r, 64, 2);
	while (sent < 3000) {
		unsigned int half, i;

		for (half = 0; half < 2; half++) {
			for (i = 0; i < 16; i++, sent++) {
				uint8_t *buf = bufs + (sent % 64) * 64;

				memcpy(buf, &sent, sizeof(sent));
				if (r->q.placement == WCNIC_PLACEMENT_PUSH)
					fake_tx_push(&r->q, buf, 60);
				else
					fake_tx_fetch(&r->h, &r->q, buf, 60);
			}
			if (half == 0)
				fake_tx_switch(&r->q, r->q.tail, !r->q.placement);
		}
		go(r);
		while (fake_tx_reap(&r->q, &cpl)) {
			uint16_t n = le16toh(cpl.count);

			assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
			assert_int_equal(cpl.epoch,
					 done + n == sent ? r->q.epoch : (uint8_t)(r->q.epoch - 1));
			done += n;
		}
		assert_int_equal(done, sent);
	}
	for (done = sent - SEEN_MAX; done < sent; done++)
		assert_memory_equal(r->rec.data[done % SEEN_MAX], &done, sizeof(done));
}

static void
placement__incomplete_then_fetch_then_push__keeps_order(void **state)
{
	struct rig *r = *state;
	uint16_t i;

	open_push(r, 16, 2);
	for (i = 0; i < 6; i++)
		fake_tx_push(&r->q, r->frame + i, 60);
	memset(fake_slot_at(&r->q, 3), 0, 64);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 3, 3);
	wcnic_card_poll(r->h.card);
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_INCOMPLETE, 3, 0, 0);
	/* Stopped: whatever arrives now, nothing moves. */
	r->q.tail = 3;
	fake_tx_push(&r->q, r->frame + 3, 60);
	r->q.tail = 8;
	go(r);
	expect_no_cpl(r);
	r->q.tail = 3;
	for (i = 3; i < 6; i++)
		fake_tx_fetch(&r->h, &r->q, r->frame + i, 60);
	fake_tx_switch(&r->q, 3, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_FETCHED, 3, 3, 3);
	fake_tx_push(&r->q, r->frame + 6, 60);
	fake_tx_switch(&r->q, 6, WCNIC_PLACEMENT_PUSH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_PUSHED, 6, 1, 1);
	for (i = 0; i < 7; i++)
		expect_frame(r, i, r->frame + i, 60);
	assert_int_equal(r->rec.frames, 7);
}

static void
placement__switch_crosses_incomplete__waits_for_the_driver(void **state)
{
	struct rig *r = *state;

	open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_push(&r->q, r->frame, 60);
	memset(fake_slot_at(&r->q, 0), 0, 64);
	go(r);
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	/* The driver has not looked yet, and goes over to fetch from entry 2 on. */
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_switch(&r->q, 2, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
	expect_no_cpl(r);
	r->q.epoch--;
	r->q.tail = 0;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_switch(&r->q, 0, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 3);
}

static void
placement__window_revoked__drops_and_goes_on_by_fetch(void **state)
{
	struct rig *r = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;

	open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 60);
	go(r);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), -ENOENT);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, 0xffff), -ENOENT);
	assert_true(fake_event_find(&r->h, WCNIC_EV_WINDOW_REVOKED, &event));
	assert_int_equal(le32toh(event.arg0), le16toh(r->q.push_grant.id));
	assert_int_equal(le32toh(event.arg1), le16toh(r->q.push_grant.generation));
	wcnic_card_poll(r->h.card);
	expect_no_cpl(r);
	fake_tx_push(&r->q, r->frame, 60);
	go(r);
	expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	/* Pushing again is refused again. */
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_PUSH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
	r->q.tail = 1;
	fake_tx_fetch(&r->h, &r->q, r->frame + 1, 60);
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_FETCHED, 1, 1, 1);
	expect_frame(r, 1, r->frame + 1, 60);
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_dropped, 2);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
}

static void
doorbell_window__revoked__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_push(r, 16, 2);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.db_grant.id)), 0);
	expect_queue_error(r, WCNIC_ERR_DOORBELL);
	wcnic_card_poll(r->h.card);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
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
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_fetch(r, 16);
		__atomic_store_n(r->q.db, htole64(bad[i]), __ATOMIC_RELEASE);
		expect_queue_error(r, WCNIC_ERR_DOORBELL);
		expect_no_cpl(r);
		assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
		assert_int_equal(fake_window_free(&r->h, &r->q.db_grant), 0);
	}
	assert_int_equal(r->rec.frames, 0);
}

static void
record__more_slots_than_the_window_has__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_push(r, 256, 8);
	assert_int_equal(le16toh(r->q.push_grant.slots), 128);
	r->q.tail = 129;
	fake_tx_ring(&r->q);
	expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
record__second_switch_before_the_first__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_push(r, 16, 2);
	r->rec.ret = -EAGAIN;
	fake_tx_push(&r->q, r->frame, 60);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	fake_tx_switch(&r->q, 2, WCNIC_PLACEMENT_PUSH);
	expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
record__stopped_and_wrong_epoch__stops_for_good(void **state)
{
	struct rig *r = *state;

	open_push(r, 16, 2);
	r->q.tail = 1;
	go(r);
	r->h.now_ns += WAIT_NS;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_INCOMPLETE, 0, 0, 0);
	r->q.epoch++;
	fake_tx_switch(&r->q, 0, WCNIC_PLACEMENT_FETCH);
	expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
frame__across_a_switch__stops_the_queue(void **state)
{
	struct rig *r = *state;

	open_push(r, 16, 2);
	fake_tx_push(&r->q, r->frame, 150);
	assert_int_equal(r->q.tail, 2);
	fake_tx_switch(&r->q, 1, WCNIC_PLACEMENT_FETCH);
	wcnic_card_poll(r->h.card);
	expect_error(r, WCNIC_ERR_DESC, 0, 1);
	expect_queue_error(r, WCNIC_ERR_DESC);
}

/* ---- the port ---------------------------------------------------------------------------- */

static void
port__holds_back__frame_stays_at_the_head(void **state)
{
	struct rig *r = *state;
	struct wcnic_stats stats;
	int i;

	open_push(r, 16, 2);
	r->rec.ret = -EAGAIN;
	fake_tx_push(&r->q, r->frame, 60);
	go(r);
	for (i = 0; i < 5; i++) {
		r->h.now_ns += WAIT_NS;
		wcnic_card_poll(r->h.card);
		expect_no_cpl(r);
	}
	fake_stats(&r->h, &stats);
	assert_int_equal(stats.tx_held, 1);
	r->rec.ret = 0;
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	assert_int_equal(r->rec.frames, 1);
}

static void
port__fails__frame_is_discarded_and_counted(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	r->rec.ret = -ENOSPC;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	go(r);
	expect_error(r, WCNIC_ERR_FIRMWARE, 0, 1);
}

static void
port__down__entries_wait(void **state)
{
	struct rig *r = *state;

	open_fetch(r, 16);
	assert_int_equal(fake_port_set(&r->h, 1500, 0), 0);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	go(r);
	expect_no_cpl(r);
	assert_int_equal(fake_port_set(&r->h, 1500, WCNIC_PORTF_UP), 0);
	wcnic_card_poll(r->h.card);
	expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
}

static void
completions__ring_wraps_with_single_fates__phase_tells(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	open_fetch(r, 8);
	for (i = 0; i < 1000; i++) {
		fake_tx_fetch(&r->h, &r->q, r->frame, i % 3 == 1 ? 13 : 60);
		go(r);
		if (i % 3 == 1)
			expect_error(r, WCNIC_ERR_RUNT, (uint16_t)i, 1);
		else
			expect_cpl(r, WCNIC_TX_FETCHED, (uint16_t)i, 1, 1);
		expect_no_cpl(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(fetch__frames_of_one_descriptor__are_sent_in_order),
		CASE(fetch__frame_of_three_segments__is_put_together),
		CASE(fetch__bad_frame_of_known_extent__is_discarded_and_queue_goes_on),
		CASE(fetch__more_than_255_entries__are_one_error),
		CASE(fetch__wrong_seq__stops_the_queue),
		CASE(fetch__no_eop_before_tail__stops_the_queue),
		CASE(fetch__rings_unmapped_later__stops_with_address),
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
		CASE(placement__changed_in_mid_stream__nothing_is_lost_or_overtaken),
		CASE(placement__incomplete_then_fetch_then_push__keeps_order),
		CASE(placement__switch_crosses_incomplete__waits_for_the_driver),
		CASE(placement__window_revoked__drops_and_goes_on_by_fetch),
		CASE(doorbell_window__revoked__stops_the_queue),
		CASE(record__out_of_range__stops_the_queue),
		CASE(record__more_slots_than_the_window_has__stops_the_queue),
		CASE(record__second_switch_before_the_first__stops_the_queue),
		CASE(record__stopped_and_wrong_epoch__stops_for_good),
		CASE(frame__across_a_switch__stops_the_queue),
		CASE(port__holds_back__frame_stays_at_the_head),
		CASE(port__fails__frame_is_discarded_and_counted),
		CASE(port__down__entries_wait),
		CASE(completions__ring_wraps_with_single_fates__phase_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
