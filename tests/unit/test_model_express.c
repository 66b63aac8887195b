/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6, express: entries that are their own doorbell. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

static void
express_open(struct tx_rig *r, enum wcnic_push_format format, enum wcnic_placement placement,
	     uint16_t depth)
{
	assert_int_equal(fake_express_ask(&r->h, format), 0);
	assert_int_equal(fake_txq_open(&r->h, &r->q, 3, depth, placement, 4), 0);
	r->rec.watch = &r->q;
}

/* Writes a frame in the placement in force, without a doorbell. */
static void
frame_write(struct tx_rig *r, const uint8_t *frame, uint16_t bytes)
{
	if (r->q.placement == WCNIC_PLACEMENT_FETCH) {
		fake_tx_fetch(&r->h, &r->q, frame, bytes);
		return;
	}
	fake_tx_push(&r->q, frame, bytes);
	fake_tx_line_end(&r->q);
}

static void
polls(struct tx_rig *r, unsigned int n)
{
	for (; n != 0; n--)
		wcnic_card_poll(r->h.card);
}

static const struct way {
	enum wcnic_push_format format;
	enum wcnic_placement placement;
	enum wcnic_tx_status status;
} ways[] = {
	{WCNIC_FORMAT_SLOTS, WCNIC_PLACEMENT_FETCH, WCNIC_TX_FETCHED},
	{WCNIC_FORMAT_SLOTS, WCNIC_PLACEMENT_PUSH, WCNIC_TX_PUSHED},
	{WCNIC_FORMAT_PACKED, WCNIC_PLACEMENT_PUSH, WCNIC_TX_PUSHED},
};

/* Runs the case in each way, on a card of its own. */
static void
each_way(void **state, uint16_t depth, void (*run)(struct tx_rig *r, const struct way *way))
{
	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (i != 0) {
			assert_int_equal(tx_rig_teardown(state), 0);
			assert_int_equal(tx_rig_setup(state), 0);
		}
		express_open(*state, ways[i].format, ways[i].placement, depth);
		run(*state, &ways[i]);
	}
}

/* ---- entries ----------------------------------------------------------------------------- */

static void
sent_without_doorbell(struct tx_rig *r, const struct way *way)
{
	polls(r, 3);
	assert_int_equal(r->rec.frames, 0); /* a ring of zeroes has no entry 0 */
	for (uint16_t i = 0; i < 500u; i++) {
		frame_write(r, r->frame + i % 64, 60 + i % 4);
		polls(r, 1);
		tx_expect_cpl(r, way->status, i, 1, 1);
		tx_expect_frame(r, i, r->frame + i % 64, 60 + i % 4);
	}
	assert_int_equal(*r->q.db, 0);
}

static void
express__entry_is_written__is_sent_without_a_doorbell(void **state)
{
	each_way(state, 16, sent_without_doorbell);
}

static void
numbers_wrap(struct tx_rig *r, const struct way *way)
{
	struct wcnic_tx_cpl cpl;
	uint32_t done = 0;

	for (uint32_t sent = 0; sent < 140000; sent += 8) {
		for (unsigned int i = 0; i < 8; i++) {
			uint8_t *buf = r->frame + (sent + i) % 16 * 64;
			uint32_t number = sent + i;

			memcpy(buf, &number, sizeof(number));
			frame_write(r, buf, 60);
		}
		polls(r, 1);
		while (fake_tx_reap(&r->q, &cpl)) {
			assert_int_equal(cpl.status, way->status);
			assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
			done += le16toh(cpl.count);
		}
		assert_int_equal(done, sent + 8);
	}
	assert_int_equal(r->rec.frames, done);
	for (uint32_t i = done - SEEN_MAX; i < done; i++)
		assert_memory_equal(r->rec.data[i % SEEN_MAX], &i, sizeof(i));
}

static void
express__sequence_numbers_wrap__each_frame_is_sent_once(void **state)
{
	each_way(state, 16, numbers_wrap);
}

static void
express__frame_of_several_descriptors__is_sent_once_all_are_there(void **state)
{
	struct tx_rig *r = *state;

	express_open(r, WCNIC_FORMAT_SLOTS, WCNIC_PLACEMENT_FETCH, 16);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 100, WCNIC_TXF_SOP, 300);
	polls(r, 2);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 100), 100, 0, 0);
	polls(r, 2);
	assert_int_equal(r->rec.frames, 0);
	tx_expect_no_cpl(r);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame + 200), 100, WCNIC_TXF_EOP, 0);
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 3, 1);
	tx_expect_frame(r, 0, r->frame, 300);
}

static void
express__descriptor_of_another_number__is_not_there(void **state)
{
	struct tx_rig *r = *state;

	express_open(r, WCNIC_FORMAT_SLOTS, WCNIC_PLACEMENT_FETCH, 16);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	r->q.ring[0].seq = htole16(16);
	polls(r, 3);
	r->q.ring[0].seq = htole16(0);
	r->q.ring[0].bytes = 0;
	polls(r, 3);
	assert_int_equal(r->rec.frames, 0);
	r->q.ring[0].bytes = htole16(60);
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
}

static void
express__malformed_descriptor__stops_the_queue(void **state)
{
	struct tx_rig *r = *state;

	express_open(r, WCNIC_FORMAT_SLOTS, WCNIC_PLACEMENT_FETCH, 16);
	for (unsigned int i = 0; i < 16; i++)
		fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 10, i == 0 ? WCNIC_TXF_SOP : 0,
			     i == 0 ? 160 : 0); /* no EOP in the whole ring */
	polls(r, 1);
	tx_expect_error(r, WCNIC_ERR_DESC, 0, 16);
	tx_expect_queue_error(r, WCNIC_ERR_DESC);
}

/* ---- what is not whole --------------------------------------------------------------------- */

static void
line_in_pieces(struct tx_rig *r, const struct way *way)
{
	uint8_t line[WCNIC_LINE_BYTES], *at;

	if (way->placement == WCNIC_PLACEMENT_FETCH)
		return;
	frame_write(r, r->frame, 90);
	at = r->q.push + WCNIC_LINE_BYTES; /* the second line */
	memcpy(line, at, sizeof(line));
	memset(at + 32, 0, 32);
	polls(r, 3);
	r->h.m.now_ns += 100 * WAIT_NS; /* the record does not name it: no time is too long */
	polls(r, 3);
	assert_int_equal(r->rec.frames, 0);
	tx_expect_no_cpl(r);
	memcpy(at, line, sizeof(line));
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_expect_frame(r, 0, r->frame, 90);
}

static void
express__line_in_pieces__is_waited_for(void **state)
{
	each_way(state, 16, line_in_pieces);
}

static void
line_lost(struct tx_rig *r, const struct way *way)
{
	if (way->placement == WCNIC_PLACEMENT_FETCH)
		return;
	frame_write(r, r->frame, 60);
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	frame_write(r, r->frame, 60);
	memset(r->q.push + (way->format == WCNIC_FORMAT_SLOTS ? 4 : 2) * WCNIC_LINE_BYTES, 0,
	       WCNIC_LINE_BYTES);
	frame_write(r, r->frame + 1, 60);
	tx_rig_wait(r);
	tx_expect_no_cpl(r);
	fake_tx_ring(&r->q); /* the driver sees no progress: it names what it has written */
	tx_rig_wait(r);
	tx_expect_cpl(r, WCNIC_TX_INCOMPLETE, 1, 0, 0);
	/* From there on by fetch, express again. */
	r->q.tail = 1;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 1, 1, 1);
	frame_write(r, r->frame + 1, 60);
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 2, 1, 1);
	assert_int_equal(r->rec.frames, 3);
}

static void
express__line_lost_and_rung__is_incomplete(void **state)
{
	each_way(state, 16, line_lost);
}

/* ---- the record ---------------------------------------------------------------------------- */

static void
record_lags(struct tx_rig *r, const struct way *way)
{
	uint64_t late;

	for (uint16_t i = 0; i < 10; i++)
		frame_write(r, r->frame + i, 60);
	late = WCNIC_TXDB_TAIL(4) | WCNIC_TXDB_PLACEMENT(way->placement);
	polls(r, 1);
	tx_expect_cpl(r, way->status, 0, 10, 10);
	*r->q.db = htole64(late);
	polls(r, 2);
	frame_write(r, r->frame, 60);
	polls(r, 1);
	tx_expect_cpl(r, way->status, 10, 1, 1);
	/* A doorbell of another CPU may be later than many entries. */
	*r->q.db = htole64(WCNIC_TXDB_TAIL(11 - 4178) | WCNIC_TXDB_PLACEMENT(way->placement));
	polls(r, 2);
	frame_write(r, r->frame, 60);
	polls(r, 1);
	tx_expect_cpl(r, way->status, 11, 1, 1);
	*r->q.db = htole64(WCNIC_TXDB_TAIL(12 + 17) | WCNIC_TXDB_PLACEMENT(way->placement));
	tx_expect_queue_error(r, WCNIC_ERR_DOORBELL);
}

static void
express__tail_behind_head__is_nothing_new(void **state)
{
	each_way(state, 16, record_lags);
}

static void
placement_changes(struct tx_rig *r, const struct way *way)
{
	struct wcnic_tx_cpl cpl;
	uint32_t done = 0, sent = 0;

	if (way->placement == WCNIC_PLACEMENT_FETCH)
		return;
	while (sent < 4000) {
		for (unsigned int i = 0; i < 32; i++, sent++) {
			uint8_t *buf = r->frame + sent % 64 * 64;

			/* The record says what comes, then nothing until the next change. */
			if (i == 16) {
				if (r->q.placement == WCNIC_PLACEMENT_PUSH)
					memset(r->q.ring, 0, r->q.depth * sizeof(*r->q.ring));
				fake_tx_switch(&r->q, r->q.tail, r->q.placement == 0);
			}
			memcpy(buf, &sent, sizeof(sent));
			frame_write(r, buf, 60);
		}
		polls(r, 3); /* the record is looked at where nothing is */
		while (fake_tx_reap(&r->q, &cpl)) {
			assert_int_equal(le16toh(cpl.seq), (uint16_t)done);
			done += le16toh(cpl.count);
		}
		assert_int_equal(done, sent);
	}
	for (done = sent - SEEN_MAX; done < sent; done++)
		assert_memory_equal(r->rec.data[done % SEEN_MAX], &done, sizeof(done));
}

static void
express__placement_changes__order_is_kept(void **state)
{
	each_way(state, 64, placement_changes);
}

static void
window_revoked(struct tx_rig *r, const struct way *way)
{
	if (way->placement == WCNIC_PLACEMENT_FETCH)
		return;
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	frame_write(r, r->frame, 60);
	polls(r, 3);
	tx_expect_no_cpl(r);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 0, 0, 0);
	r->q.tail = 0;
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	tx_rig_switch(r, 0, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
}

static void
express__window_revoked_and_rung__is_dropped(void **state)
{
	each_way(state, 16, window_revoked);
}

/* The change of placement names no entry in the window that is gone: there is nothing to drop. */
static void
express__switch_to_a_revoked_window__drops_no_entry_that_is_not_there(void **state)
{
	struct tx_rig *r = *state;

	express_open(r, WCNIC_FORMAT_PACKED, WCNIC_PLACEMENT_FETCH, 16);
	frame_write(r, r->frame, 60);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_PUSH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	polls(r, 3);
	tx_expect_no_cpl(r);
	frame_write(r, r->frame, 60);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 1, 0, 0);
}

static void
push_alone(struct tx_rig *r, const struct way *way)
{
	if (way->placement == WCNIC_PLACEMENT_FETCH)
		return;
	/* The other placement still needs its doorbell. */
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
	r->h.commit = WCNIC_COMMIT_PUSH_EXPRESS;
	assert_int_equal(fake_txq_create(&r->h, &r->q), 0);
	frame_write(r, r->frame, 60);
	polls(r, 1);
	tx_expect_cpl(r, WCNIC_TX_PUSHED, 0, 1, 1);
	tx_rig_switch(r, 1, WCNIC_PLACEMENT_FETCH);
	fake_tx_fetch(&r->h, &r->q, r->frame, 60);
	polls(r, 3);
	tx_expect_no_cpl(r);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 1, 1, 1);
}

static void
express__of_push_alone__descriptors_need_a_doorbell(void **state)
{
	each_way(state, 16, push_alone);
}

static void
express__port_holds_back__nothing_is_lost(void **state)
{
	struct tx_rig *r = *state;

	express_open(r, WCNIC_FORMAT_PACKED, WCNIC_PLACEMENT_PUSH, 64);
	for (unsigned int i = 0; i < 12; i++)
		frame_write(r, r->frame + i, 61);
	for (unsigned int taken = 1; taken <= 12; taken++) {
		r->rec.hold_at = taken;
		polls(r, 2);
		assert_int_equal(r->rec.frames, taken);
	}
	for (unsigned int i = 0; i < 12; i++)
		tx_expect_frame(r, i, r->frame + i, 61);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tx_rig_setup, tx_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(express__entry_is_written__is_sent_without_a_doorbell),
		TEST(express__sequence_numbers_wrap__each_frame_is_sent_once),
		TEST(express__frame_of_several_descriptors__is_sent_once_all_are_there),
		TEST(express__descriptor_of_another_number__is_not_there),
		TEST(express__malformed_descriptor__stops_the_queue),
		TEST(express__line_in_pieces__is_waited_for),
		TEST(express__line_lost_and_rung__is_incomplete),
		TEST(express__tail_behind_head__is_nothing_new),
		TEST(express__placement_changes__order_is_kept),
		TEST(express__window_revoked_and_rung__is_dropped),
		TEST(express__switch_to_a_revoked_window__drops_no_entry_that_is_not_there),
		TEST(express__of_push_alone__descriptors_need_a_doorbell),
		TEST(express__port_holds_back__nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
