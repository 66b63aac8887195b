/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx of the ENA card out of its own memory: entries, headers, lines that are missing. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"

#define DEPTH 64u
#define WAIT_NS 50000u

static const uint16_t sizes[] = {128, 256};

static struct ena_rig *
open_waiting(void)
{
	const struct ena_card_config config = {
		.seed = 5, .llq_entries = 3, .llq_wait = true, .push_wait_ns = WAIT_NS};

	return ena_rig_open(&config);
}

/* An entry as bytes, as the drivers' public headers have them. */
static void
entry__its_bytes(void **state)
{
	struct ena_rig *r = *state;
	const uint64_t iova = fake_ena_iova(&r->e, r->frame + 500);
	uint8_t entry[128] = {0};

	ena_rig_tx_llq(r, DEPTH, 128, 1);
	entry[0] = 30;   /* bytes of the buffer */
	entry[3] = 0x1d; /* phase, first, last, completion */
	entry[6] = 0xc0; /* request 7 */
	entry[7] = 0x01;
	memcpy(entry + 8, &iova, 6);
	entry[15] = 96; /* bytes of the header */
	memcpy(entry + 32, r->frame, 96);
	fake_ena_llq_raw(&r->tx, entry, 0);
	ena_rig_go(r);
	assert_int_equal(r->port.bytes[0], 126);
	assert_memory_equal(r->port.data[0], r->frame, 96);
	assert_memory_equal(r->port.data[0] + 96, r->frame + 500, 30);
	ena_rig_expect_cpl(r, 7, true);
	ENA_EXPECT_CLEAN(&r->e);
}

static void
header__every_length__pushed_or_with_a_buffer(void **state)
{
	for (unsigned int s = 0; s < 2; s++) {
		const unsigned int most = sizes[s] - 32u;
		struct ena_rig *r = *state;
		struct ena_card_stats stats;
		uint32_t n = 0, pushed = 0;

		ena_rig_tx_llq(r, DEPTH, sizes[s], 1);
		for (unsigned int header = 0; header <= most; header++) {
			for (unsigned int rest = 0; rest <= 1500; rest += 300, n++) {
				if (header + rest < 14)
					rest = 14 - header;
				ena_rig_send(r, (uint16_t)(n % DEPTH), n % 5000,
					     (uint16_t)(header + rest), (uint8_t)header);
				ena_rig_go(r);
				ena_rig_expect_frame(r, n, r->frame + n % 5000, header + rest);
				ena_rig_expect_cpl(r, (uint16_t)(n % DEPTH), true);
				pushed += rest == 0;
			}
		}
		fake_ena_stats(&r->e, &stats);
		assert_int_equal(stats.tx_frames, n);
		assert_int_equal(stats.tx_pushed, pushed);
		assert_int_equal(stats.tx_llq_entries, n);
		ENA_EXPECT_CLEAN(&r->e);
		ena_rig_again(state);
	}
}

static void
header__longer_than_its_space__dropped_and_completed(void **state)
{
	for (unsigned int s = 0; s < 2; s++) {
		struct ena_rig *r = *state;
		struct fake_ena_frame frame = {.req_id = 9,
					       .header_bytes = (uint8_t)(sizes[s] - 31)};
		struct ena_tx_desc descs[FAKE_TX_DESCS_MAX];
		unsigned int n = fake_ena_tx_descs(&frame, descs);

		ena_rig_tx_llq(r, DEPTH, sizes[s], 1);
		fake_ena_tx_write(&r->tx, descs, n, NULL, 0);
		ena_rig_send(r, 2, 200, 70, 70);
		ena_rig_go(r);
		assert_int_equal(r->port.frames, 1);
		ena_rig_expect_frame(r, 0, r->frame + 200, 70);
		ena_rig_expect_cpl(r, 9, false);
		ena_rig_expect_cpl(r, 2, true);
		ENA_EXPECT(&r->e, tx_bad_length, 1);
		ena_rig_again(state);
	}
}

/* A whole ring at a time, for more laps than the count has numbers. */
static void
frames__whole_rings__in_order_over_65536_entries(void **state)
{
	struct ena_rig *r = *state;
	uint32_t sent = 0, done = 0;

	ena_rig_tx_llq(r, DEPTH, 128, 1);
	while (sent < 70000) {
		for (unsigned int i = 0; i < DEPTH; i++, sent++) {
			memcpy(r->frame + 14, &sent, sizeof(sent));
			ena_rig_send(r, (uint16_t)(sent % DEPTH), 0, 60, 60);
		}
		fake_ena_tx_ring(&r->e, &r->tx);
		for (unsigned int i = 0; i < 3 && ena_card_poll_frames(r->e.card) != 0; i++)
			;
		for (; done < sent; done++) {
			ena_rig_expect_cpl(r, (uint16_t)(done % DEPTH), done + 1 == sent);
			assert_memory_equal(r->port.data[done % ENA_SEEN_MAX] + 14, &done,
					    sizeof(done));
		}
	}
	ENA_EXPECT_CLEAN(&r->e);
}

/* A frame of `n` buffers behind a header; in `whole`, whose length is returned. */
static uint32_t
many_buffers(struct ena_rig *r, struct fake_ena_frame *frame, unsigned int n, uint8_t *whole)
{
	uint32_t used = 40;

	frame->header = r->frame;
	frame->header_bytes = 40;
	memcpy(whole, r->frame, 40);
	frame->n_bufs = n;
	for (unsigned int i = 0; i < n; i++) {
		const uint32_t off = (i * 4093 + n) % 60000;

		frame->bufs[i].bytes = (uint16_t)(1 + i * 29 % 500);
		frame->bufs[i].iova = fake_ena_iova(&r->e, r->frame + off);
		memcpy(whole + used, r->frame + off, frame->bufs[i].bytes);
		used += frame->bufs[i].bytes;
	}
	return used;
}

/* Every way to lay descriptors out in entries. */
static void
layouts__any_number_of_buffers__put_together(void **state)
{
	static const struct {
		uint16_t size, before, stride;
	} layouts[] = {{1, 1, 1}, {1, 1, 2}, {1, 2, 1}, {1, 2, 2}, {1, 4, 1}, {1, 4, 2},
		       {4, 1, 2}, {4, 2, 1}, {4, 2, 2}, {4, 4, 2}, {4, 8, 1}, {4, 8, 2}};
	uint8_t whole[9022];

	for (size_t l = 0; l < sizeof(layouts) / sizeof(layouts[0]); l++) {
		struct ena_rig *r = *state;
		const unsigned int per = layouts[l].stride == 1 ? 1 : layouts[l].size == 4 ? 16 : 8;
		struct ena_card_stats stats;
		uint32_t frames = 0, entries = 0;

		r->e.llq_set = (struct ena_llq){
			.header_enabled = htole16(1),
			.entry_enabled = htole16(layouts[l].size),
			.before_header_enabled = htole16(layouts[l].before),
			.stride_enabled = htole16(layouts[l].stride),
			.accel_flags = htole16(1),
		};
		assert_int_equal(fake_ena_set(&r->e, ENA_F_LLQ, &r->e.llq_set, sizeof(r->e.llq_set),
					      NULL, 0),
				 ENA_ST_OK);
		assert_int_equal(fake_ena_txq_open(&r->e, &r->tx, DEPTH, true, FAKE_NO_VECTOR), 0);
		for (unsigned int n = 1; n <= 17; n++) {
			for (unsigned int meta = 0; meta < 2; meta++, frames++) {
				struct fake_ena_frame frame = {.req_id = (uint16_t)n,
							       .meta = meta == 1};
				const uint32_t bytes = many_buffers(r, &frame, n, whole);
				const unsigned int descs = n + meta;

				fake_ena_tx(&r->tx, &frame);
				ena_rig_go(r);
				ena_rig_expect_frame(r, frames, whole, bytes);
				ena_rig_expect_cpl(r, (uint16_t)n, true);
				entries++;
				if (descs > layouts[l].before)
					entries += (descs - layouts[l].before + per - 1) / per;
			}
		}
		assert_int_equal((uint16_t)entries, r->tx.tail);
		fake_ena_stats(&r->e, &stats);
		assert_int_equal(stats.tx_llq_entries, entries);
		ENA_EXPECT_CLEAN(&r->e);
		ena_rig_again(state);
	}
}

static void
port_busy__entries_wait(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_llq(r, DEPTH, 256, 1);
	for (unsigned int i = 0; i < 40; i++)
		ena_rig_send(r, (uint16_t)i, i, 200, 180);
	for (uint32_t hold = 3; hold <= 45; hold += 3) {
		r->port.hold_at = hold;
		ena_rig_go(r);
	}
	for (unsigned int i = 0; i < 40; i++) {
		ena_rig_expect_frame(r, i, r->frame + i, 200);
		ena_rig_expect_cpl(r, (uint16_t)i, i == 39);
	}
	ENA_EXPECT_CLEAN(&r->e);
}

static void
burst__more_than_permitted__counted_and_sent(void **state)
{
	const struct ena_card_config config = {
		.seed = 5, .llq_entries = ENA_LLQ_ENTRY_128, .tx_burst_bytes = 512};
	struct ena_rig *r = ena_rig_open(&config);
	void *rig = r;

	(void)state;
	ena_rig_tx_llq(r, DEPTH, 128, 3);
	for (unsigned int i = 0; i < 4; i++)
		ena_rig_send(r, (uint16_t)i, 0, 60, 60);
	ena_rig_go(r);
	ENA_EXPECT_CLEAN(&r->e);
	for (unsigned int i = 0; i < 5; i++)
		ena_rig_send(r, (uint16_t)i, 0, 60, 60);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 9);
	ENA_EXPECT(&r->e, tx_over_burst, 1);
	ena_rig_teardown(&rig);
}

/* ---- what is wrong ----------------------------------------------------------------------- */

static void
phase__of_another_lap__queue_stops(void **state)
{
	struct ena_rig *r = *state;
	uint8_t entry[256] = {0};

	ena_rig_tx_llq(r, DEPTH, 256, 1);
	for (unsigned int i = 0; i < DEPTH; i++) {
		ena_rig_send(r, 1, 0, 60, 60);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, 1, true);
	}
	entry[0] = 60;
	entry[3] = 0x1d; /* of the first lap, in the second */
	fake_ena_llq_raw(&r->tx, entry, 0);
	ena_rig_go(r);
	ENA_RIG_EXPECT_STOPPED(r, tx_bad_phase);
}

/* An entry that nobody wrote, as after the lap before, is not sent again. */
static void
entry__not_written__torn_and_not_sent(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_llq(r, DEPTH, 128, 1);
	for (unsigned int i = 0; i < 2 * DEPTH + 3; i++) {
		ena_rig_send(r, 1, 0, 60, 60);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, 1, true);
	}
	r->tx.tail += 2;
	ena_rig_send(r, 2, 0, 60, 60);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 2 * DEPTH + 4);
	ena_rig_expect_cpl(r, 2, true);
	ENA_EXPECT(&r->e, tx_llq_torn, 1); /* both: nobody knows how many frames it was */
}

static void
chains__wrong__dropped_once_and_the_next_is_sent(void **state)
{
	static const struct {
		uint32_t flags[5];
		unsigned int n;
	} chains[] = {
		{{ENA_TXD_COMPLETE, 0, ENA_TXD_LAST}, 3},          /* no first */
		{{ENA_TXD_FIRST, 0}, 2},                           /* no last */
		{{ENA_TXD_FIRST, ENA_TXD_FIRST, ENA_TXD_LAST}, 3}, /* two */
		{{ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_META | ENA_TXM_VALID | ENA_TXM_EXTENDED},
		 1},
	};

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		struct ena_rig *r = *state;
		struct ena_tx_desc descs[5];

		for (unsigned int k = 0; k < chains[i].n; k++)
			descs[k] = (struct ena_tx_desc){
				.ctrl = htole32(60 | chains[i].flags[k]),
				.addr_lo = htole32((uint32_t)fake_ena_iova(&r->e, r->frame)),
				.addr_hi_header = htole32((uint32_t)(FAKE_IOVA >> 32)),
			};
		ena_rig_tx_llq(r, DEPTH, 128, 1);
		ena_rig_send(r, 1, 100, 60, 60);
		fake_ena_tx_write(&r->tx, descs, chains[i].n, NULL, 0);
		ena_rig_send(r, 2, 200, 70, 70);
		ena_rig_go(r);
		if (r->port.frames != 2)
			fail_msg("case %zu: %u frames", i, r->port.frames);
		ena_rig_expect_frame(r, 1, r->frame + 200, 70);
		ENA_EXPECT(&r->e, tx_bad_chain, 1);
		ena_rig_again(state);
	}
}

/* The doorbell stands in the midst of a frame; what comes later is a part of what was counted. */
static void
chain__ends_with_the_ring__dropped_once(void **state)
{
	struct ena_rig *r = *state;
	struct fake_ena_frame frame = {.req_id = 9};
	uint8_t whole[9022];

	ena_rig_tx_llq(r, DEPTH, 128, 1);
	many_buffers(r, &frame, 12, whole);
	fake_ena_tx(&r->tx, &frame);
	assert_int_equal(r->tx.tail, 3);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, 2);
	fake_ena_poll(&r->e, 2);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
	ena_rig_send(r, 2, 200, 70, 70);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 1);
	ena_rig_expect_frame(r, 0, r->frame + 200, 70);
	ENA_EXPECT(&r->e, tx_bad_chain, 1);
}

static void
doorbell__beyond__queue_stops(void **state)
{
	struct ena_rig *r = *state;

	ena_rig_tx_llq(r, DEPTH, 128, 1);
	fake_ena_reg_set(&r->e, r->tx.doorbell_off, DEPTH + 1);
	ENA_RIG_EXPECT_STOPPED(r, tx_bad_doorbell);
}

/* The queue's place and no other: guards around it. */
static void
memory_outside_the_queue__is_left_alone(void **state)
{
	struct ena_rig *r = *state;
	uint8_t *before = malloc(FAKE_LLQ_BYTES);
	size_t from, to;

	assert_non_null(before);
	ena_rig_tx_llq(r, DEPTH, 256, 1);
	from = (size_t)(r->tx.ring - r->e.llq);
	to = from + (size_t)DEPTH * 256;
	for (size_t i = 0; i < FAKE_LLQ_BYTES; i++)
		if (i < from || i >= to)
			r->e.llq[i] = (uint8_t)(i * 3 + 1);
	memcpy(before, r->e.llq, FAKE_LLQ_BYTES);
	for (unsigned int i = 0; i < 3 * DEPTH; i++) {
		ena_rig_send(r, (uint16_t)(i % DEPTH), i, 224, 224);
		ena_rig_go(r);
		ena_rig_expect_cpl(r, (uint16_t)(i % DEPTH), true);
	}
	assert_memory_equal(before, r->e.llq, from);
	assert_memory_equal(before + to, r->e.llq + to, FAKE_LLQ_BYTES - to);
	free(before);
	ENA_EXPECT_CLEAN(&r->e);
}

/* ---- lines that are missing -------------------------------------------------------------- */

/* A frame of one entry, of which the words in `leave_out` do not arrive; returns the entry. */
static uint8_t *
torn_send(struct ena_rig *r, uint16_t req_id, uint64_t leave_out, uint8_t entry[256])
{
	const uint32_t phase = fake_ena_tx_phase(&r->tx);
	const struct ena_tx_desc desc = {
		.ctrl = htole32(ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_COMPLETE | phase),
		.meta = htole32((uint32_t)req_id << 22),
		.addr_hi_header = htole32(90u << 24),
	};

	memset(entry, 0, 256);
	memcpy(entry, &desc, sizeof(desc));
	memcpy(entry + 32, r->frame + req_id, 90);
	return fake_ena_llq_raw(&r->tx, entry, leave_out);
}

/* Each word, each line, and some of several. */
static uint64_t
torn_mask(unsigned int turn, unsigned int words)
{
	if (turn < words)
		return 1ull << turn;
	if (turn < words + words / 8)
		return 0xffull << (turn - words) * 8;
	return (0x5555555555555555ull << (turn & 1)) & ((1ull << words) - 1);
}

static void
torn__any_word_missing__dropped(void **state)
{
	for (unsigned int s = 0; s < 2; s++) {
		struct ena_rig *r = *state;
		const unsigned int words = sizes[s] / 8u, turns = words + words / 8 + 2;
		uint32_t frames = 0;
		uint8_t entry[256];

		ena_rig_tx_llq(r, DEPTH, sizes[s], 1);
		/* In the first lap and in later ones. */
		for (unsigned int turn = 0; turn < 4 * turns; turn++) {
			const uint64_t mask = torn_mask(turn % turns, words);
			const bool known = (mask & 3) == 0; /* the descriptor is there */

			torn_send(r, 5, mask, entry);
			ena_rig_send(r, 6, turn, 60, 60);
			ena_rig_go(r);
			if (known)
				ena_rig_expect_cpl(r, 5, false);
			ena_rig_expect_cpl(r, 6, true);
			ena_rig_expect_frame(r, frames++, r->frame + turn, 60);
			ENA_EXPECT(&r->e, tx_llq_torn, turn + 1);
		}
		assert_int_equal(r->port.frames, frames);
		ena_rig_again(state);
	}
}

/* What came is what was written: no word of the entry is another's. */
static void
torn__waits__comes_in_time_and_is_sent(void **state)
{
	struct ena_rig *r = open_waiting();
	void *rig = r;
	uint8_t entry[256], *at;

	(void)state;
	ena_rig_tx_llq(r, DEPTH, 256, 1);
	for (unsigned int turn = 0; turn < 38; turn++) {
		at = torn_send(r, (uint16_t)turn, torn_mask(turn, 32), entry);
		ena_rig_go(r);
		r->e.m.now_ns += WAIT_NS - 1;
		fake_ena_poll(&r->e, 2);
		assert_int_equal(r->port.frames, turn);
		assert_false(ena_card_waits(r->e.card));
		memcpy(at, entry, 256);
		fake_ena_poll(&r->e, 1);
		ena_rig_expect_frame(r, turn, r->frame + turn, 90);
		ena_rig_expect_cpl(r, (uint16_t)turn, true);
		ENA_EXPECT(&r->e, tx_llq_waits, turn + 1);
	}
	ena_rig_teardown(&rig);
}

static void
torn__waits__does_not_come_and_is_dropped(void **state)
{
	struct ena_rig *r = open_waiting();
	void *rig = r;
	uint8_t entry[256];

	(void)state;
	ena_rig_tx_llq(r, DEPTH, 256, 1);
	for (unsigned int turn = 0; turn < 100; turn++) {
		ena_rig_send(r, 1, 0, 60, 60);
		torn_send(r, 2, 0xffull << 8, entry);
		ena_rig_send(r, 3, 0, 70, 70);
		ena_rig_go(r);
		fake_ena_poll(&r->e, 1);
		r->e.m.now_ns += WAIT_NS - 1;
		fake_ena_poll(&r->e, 1);
		assert_int_equal(r->port.frames, 2 * turn + 1);
		ena_rig_expect_cpl(r, 1, false);
		ena_rig_expect_no_cpl(r);
		r->e.m.now_ns += 1;
		fake_ena_poll(&r->e, 1);
		assert_int_equal(r->port.frames, 2 * turn + 2);
		ena_rig_expect_cpl(r, 2, false);
		ena_rig_expect_cpl(r, 3, true);
		ENA_EXPECT(&r->e, tx_llq_torn, turn + 1);
	}
	ena_rig_teardown(&rig);
}

/* An entry that did not come whole is that before all else, and was waited for in vain. */
static void
torn__waits__with_another_fault__counted_as_torn(void **state)
{
	struct ena_rig *r = open_waiting();
	struct ena_card_stats stats;
	void *rig = r;
	uint8_t entry[256];

	(void)state;
	ena_rig_tx_llq(r, DEPTH, 256, 1);
	torn_send(r, DEPTH + 2, 0xffull << 8, entry);
	ena_rig_go(r);
	r->e.m.now_ns += WAIT_NS;
	fake_ena_poll(&r->e, 1);
	ENA_EXPECT(&r->e, tx_llq_torn, 1);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_llq_waits, 0);
	assert_int_equal(r->port.frames, 0);
	ena_rig_teardown(&rig);
}

/* The second entry of a frame of three, when the others are there. */
static void
torn__later_entry__dropped_once_or_waited_for(void **state)
{
	for (unsigned int wait = 0; wait < 2; wait++) {
		struct ena_rig *r = wait == 1 ? open_waiting() : *state;
		void *rig = r;
		struct fake_ena_frame frame = {.req_id = 4};
		uint8_t whole[9022], missing[64], written[64], *line;
		uint32_t bytes;

		ena_rig_tx_llq(r, DEPTH, 128, 1);
		bytes = many_buffers(r, &frame, 12, whole);
		line = r->tx.ring + 128 + 64;
		memcpy(missing, line, 64);
		fake_ena_tx(&r->tx, &frame);
		memcpy(written, line, 64);
		memcpy(line, missing, 64);
		ena_rig_send(r, 6, 0, 60, 60);
		ena_rig_go(r);
		if (wait == 1) {
			assert_int_equal(r->port.frames, 0);
			memcpy(line, written, 64);
			fake_ena_poll(&r->e, 1);
			ena_rig_expect_frame(r, 0, whole, bytes);
			ENA_EXPECT(&r->e, tx_llq_waits, 1);
		} else {
			ENA_EXPECT(&r->e, tx_llq_torn, 1);
		}
		assert_int_equal(r->port.frames, 1 + wait);
		ena_rig_expect_frame(r, wait, r->frame, 60);
		ena_rig_expect_cpl(r, 4, false);
		ena_rig_expect_cpl(r, 6, true);
		if (wait == 1)
			ena_rig_teardown(&rig);
	}
}

/* The driver writes what happens to be in memory: zeroes, ones, what was there before. */
static void
whole_entries__of_any_bytes__are_not_taken_for_torn(void **state)
{
	static const uint8_t fills[] = {0x00, 0xff, 0x5a, 0x01, 0x80};
	struct ena_rig *r = *state;
	uint8_t entry[256];

	ena_rig_tx_llq(r, DEPTH, 256, 1);
	for (unsigned int i = 0; i < 5 * DEPTH; i++) {
		const struct ena_tx_desc desc = {
			.ctrl = htole32(ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_COMPLETE |
					fake_ena_tx_phase(&r->tx)),
			.addr_hi_header = htole32(224u << 24),
		};

		memset(entry, fills[i % 5], sizeof(entry));
		memcpy(entry, &desc, sizeof(desc));
		fake_ena_llq_raw(&r->tx, entry, 0);
		ena_rig_go(r);
		ena_rig_expect_frame(r, i, entry + 32, 224);
		ena_rig_expect_cpl(r, 0, true);
	}
	ENA_EXPECT_CLEAN(&r->e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(entry__its_bytes),
		TEST(header__every_length__pushed_or_with_a_buffer),
		TEST(header__longer_than_its_space__dropped_and_completed),
		TEST(frames__whole_rings__in_order_over_65536_entries),
		TEST(layouts__any_number_of_buffers__put_together),
		TEST(port_busy__entries_wait),
		cmocka_unit_test(burst__more_than_permitted__counted_and_sent),
		TEST(phase__of_another_lap__queue_stops),
		TEST(entry__not_written__torn_and_not_sent),
		TEST(chains__wrong__dropped_once_and_the_next_is_sent),
		TEST(chain__ends_with_the_ring__dropped_once),
		TEST(doorbell__beyond__queue_stops),
		TEST(memory_outside_the_queue__is_left_alone),
		TEST(torn__any_word_missing__dropped),
		cmocka_unit_test(torn__waits__comes_in_time_and_is_sent),
		cmocka_unit_test(torn__waits__does_not_come_and_is_dropped),
		cmocka_unit_test(torn__waits__with_another_fault__counted_as_torn),
		TEST(torn__later_entry__dropped_once_or_waited_for),
		TEST(whole_entries__of_any_bytes__are_not_taken_for_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
