/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Checksums and segments that the ENA card makes, and what it says of frames that come. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"
#include "ip_frame.h"

#define DEPTH 64u
#define L3_SUM ENA_TXD_L3_CSUM
#define L4_SUM ENA_TXD_L4_CSUM

/* Where the descriptors are, and how the header comes. */
static const struct {
	bool llq;
	uint16_t entry_bytes;
} places[] = {{false, 0}, {true, 128}, {true, 256}};
#define PLACES 3u

static void
queue_open(struct ena_rig *r, unsigned int place)
{
	if (places[place].llq)
		ena_rig_tx_llq(r, DEPTH, places[place].entry_bytes, ENA_LLQ_NO_META_CACHING);
	else
		ena_rig_tx_host(r, DEPTH);
}

static void
again(void **state)
{
	ena_rig_again(state);
}

/* What a descriptor says of the protocols. */
static uint32_t
protocols(const struct ip_frame *f)
{
	return (f->v6 ? ENA_L3_IPV6 : ENA_L3_IPV4) | (f->proto == IP_TCP ? ENA_L4_TCP : ENA_L4_UDP)
							     << 8;
}

/* A frame in r->frame + off, as a driver describes it: a meta descriptor and one or two buffers. */
static struct fake_ena_frame
described(struct ena_rig *r, const struct ip_frame *f, uint32_t off, uint32_t offloads)
{
	struct fake_ena_frame frame = {
		.req_id = 5,
		.meta = true,
		.l3_off = (uint8_t)f->l3_off,
		.l3_bytes = (uint8_t)(f->l4_off - f->l3_off),
		.l4_words = (uint8_t)(f->proto == IP_TCP ? 5 + f->tcp_words : 2),
		.offloads = offloads | protocols(f),
	};
	uint32_t pushed = 0, half;

	if (r->tx.llq) {
		pushed = f->bytes < 90 ? f->bytes : 90;
		frame.header = r->frame + off;
		frame.header_bytes = (uint8_t)pushed;
	}
	half = (f->bytes - pushed) / 3;
	for (uint32_t at = pushed; at < f->bytes;) {
		const uint32_t bytes = frame.n_bufs == 0 && half > 0 ? half : f->bytes - at;

		frame.bufs[frame.n_bufs].iova = fake_ena_iova(&r->e, r->frame + off + at);
		frame.bufs[frame.n_bufs].bytes = (uint16_t)bytes;
		frame.n_bufs++;
		at += bytes;
	}
	return frame;
}

/* ---- Tx: checksums ----------------------------------------------------------------------- */

/* With what a driver leaves in the checksum fields, and without. */
static void
sums_spoil(const struct ip_frame *f, uint8_t *frame, bool partial)
{
	const uint32_t at = ip_frame_l4_sum_off(f);
	const uint16_t pseudo = ip_frame_pseudo_sum(f, f->bytes - f->l4_off);

	frame[at] = partial ? (uint8_t)(pseudo >> 8) : 0;
	frame[at + 1] = partial ? (uint8_t)pseudo : 0;
	if (!f->v6)
		memset(frame + f->l3_off + 10, 0, 2);
}

static void
sums__of_each_protocol__as_the_book_has_them(void **state)
{
	uint8_t right[2048];

	for (unsigned int place = 0; place < PLACES; place++) {
		struct ena_rig *r = *state;
		uint32_t n = 0;

		queue_open(r, place);
		for (unsigned int kind = 0; kind < 128; kind++) {
			struct ip_frame f = {.v6 = kind & 1,
					     .proto = (kind & 2) != 0 ? IP_TCP : IP_UDP,
					     .tags = (kind >> 2 & 1),
					     .options = (kind & 1) != 0 ? 0 : (kind >> 3 & 1) * 12,
					     .tcp_words = (kind >> 3 & 1) * 3,
					     .payload_bytes = kind * 11 % 1200};
			const bool partial = kind >> 4 & 1;
			struct fake_ena_frame frame;

			ip_frame_tuple(&f, kind);
			ip_frame_make(&f, right, (uint8_t)kind);
			memcpy(r->frame, right, f.bytes);
			sums_spoil(&f, r->frame, partial);
			frame = described(r, &f, 0,
					  (f.v6 ? 0 : L3_SUM) | L4_SUM |
						  (partial ? ENA_TXD_L4_PARTIAL : 0));
			fake_ena_tx(&r->tx, &frame);
			ena_rig_go(r);
			ena_rig_expect_frame(r, n++, right, f.bytes);
			ena_rig_expect_cpl(r, 5, true);
		}
		ENA_EXPECT_CLEAN(&r->e);
		again(state);
	}
}

/* Each checksum alone; what is not asked for stays as it is. */
static void
sums__not_asked_for__are_left_alone(void **state)
{
	static const uint32_t asks[] = {0, L3_SUM, L4_SUM, L3_SUM | L4_SUM};
	uint8_t expected[512], right[512];

	for (unsigned int i = 0; i < 4; i++) {
		struct ip_frame f = {.proto = IP_UDP, .payload_bytes = 100};
		struct ena_rig *r = *state;
		struct fake_ena_frame frame;
		uint32_t at;

		queue_open(r, 0);
		ip_frame_tuple(&f, i);
		ip_frame_make(&f, right, 0);
		at = ip_frame_l4_sum_off(&f);
		memcpy(r->frame, right, f.bytes);
		memset(r->frame + 24, 0xaa, 2);
		memset(r->frame + at, 0xbb, 2);
		memcpy(expected, r->frame, f.bytes);
		if ((asks[i] & L3_SUM) != 0)
			memcpy(expected + 24, right + 24, 2);
		if ((asks[i] & L4_SUM) != 0)
			memcpy(expected + at, right + at, 2);
		frame = described(r, &f, 0, asks[i]);
		fake_ena_tx(&r->tx, &frame);
		ena_rig_go(r);
		ena_rig_expect_frame(r, 0, expected, f.bytes);
		ENA_EXPECT_CLEAN(&r->e);
		again(state);
	}
}

/* A whole burst whose frames are all copied. */
static void
sums__more_bytes_than_there_is_space_for_copies__all_sent(void **state)
{
	for (unsigned int place = 0; place < PLACES; place++) {
		struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 8900};
		struct ena_rig *r = *state;
		struct fake_ena_frame frame;
		uint8_t right[9022];

		queue_open(r, place);
		ip_frame_tuple(&f, 3);
		ip_frame_make(&f, right, 0);
		memcpy(r->frame, right, f.bytes);
		sums_spoil(&f, r->frame, false);
		frame = described(r, &f, 0, L3_SUM | L4_SUM);
		for (unsigned int i = 0; i < 20; i++)
			fake_ena_tx(&r->tx, &frame);
		fake_ena_tx_ring(&r->e, &r->tx);
		fake_ena_poll(&r->e, 4);
		for (unsigned int i = 0; i < 20; i++) {
			ena_rig_expect_frame(r, i, right, f.bytes);
			ena_rig_expect_cpl(r, 5, i == 19);
		}
		ENA_EXPECT_CLEAN(&r->e);
		again(state);
	}
}

/* ---- Tx: segments ------------------------------------------------------------------------ */

static uint32_t
word_be(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Segments first..n of the port's frames are those of f, whose payload is at `payload`. */
static void
segments_expect(struct ena_rig *r, struct ip_frame f, uint32_t first, uint32_t n, uint16_t mss,
		const uint8_t *payload)
{
	const uint32_t all = f.payload_bytes;
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *data = r->port.data[(first + i) % ENA_SEEN_MAX];
		const uint8_t *tcp = data + f.l4_off;

		f.payload_bytes = all - used < mss ? all - used : mss;
		f.bytes = f.payload_off + f.payload_bytes;
		assert_int_equal(r->port.bytes[(first + i) % ENA_SEEN_MAX], f.bytes);
		assert_true(ip_frame_l3_ok(&f, data));
		assert_true(ip_frame_l4_ok(&f, data));
		assert_memory_equal(data + f.payload_off, payload + used, f.payload_bytes);
		assert_int_equal(word_be(tcp + 4), 0x01020304 + used);
		/* PSH only in the last. */
		assert_int_equal(tcp[13], i + 1 == n ? 0x18 : 0x10);
		if (!f.v6)
			assert_int_equal(data[f.l3_off + 2] << 8 | data[f.l3_off + 3],
					 f.bytes - f.l3_off);
		else
			assert_int_equal(data[f.l3_off + 4] << 8 | data[f.l3_off + 5],
					 f.bytes - f.l4_off);
		used += f.payload_bytes;
	}
	assert_int_equal(used, all);
}

static void
tso__of_each_kind__segments_by_the_book(void **state)
{
	static const uint16_t msses[] = {536, 1448, 8900, 1, 9};

	for (unsigned int place = 0; place < PLACES; place++) {
		struct ena_rig *r = *state;
		uint32_t sent = 0;

		queue_open(r, place);
		for (unsigned int kind = 0; kind < 40; kind++) {
			struct ip_frame f = {.v6 = kind & 1,
					     .proto = IP_TCP,
					     .tags = kind >> 1 & 1,
					     .tcp_words = (kind >> 2 & 1) * 3};
			const uint16_t mss = msses[kind % 5];
			struct fake_ena_frame frame;
			uint32_t n;

			f.payload_bytes = mss < 10 ? 100 : 10000 + kind * 1000;
			n = (f.payload_bytes + mss - 1) / mss;
			ip_frame_tuple(&f, kind);
			ip_frame_make(&f, r->frame, (uint8_t)kind);
			frame = described(r, &f, 0, (f.v6 ? 0 : L3_SUM) | L4_SUM | ENA_TXD_TSO);
			frame.mss = mss;
			fake_ena_tx(&r->tx, &frame);
			fake_ena_tx_ring(&r->e, &r->tx);
			fake_ena_poll(&r->e, 2);
			assert_int_equal(r->port.frames, sent + n);
			segments_expect(r, f, sent, n, mss, r->frame + f.payload_off);
			ena_rig_expect_cpl(r, 5, true);
			sent += n;
		}
		ENA_EXPECT_CLEAN(&r->e);
		again(state);
	}
}

/* The port takes some now and some later; the frame is completed once, with the last. */
static void
tso__port_busy__goes_on_where_it_was(void **state)
{
	struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 60000};
	struct ena_rig *r = *state;
	struct fake_ena_frame frame;
	struct ena_card_stats stats;

	queue_open(r, 1);
	ip_frame_tuple(&f, 1);
	ip_frame_make(&f, r->frame, 0);
	frame = described(r, &f, 0, L3_SUM | L4_SUM | ENA_TXD_TSO);
	frame.mss = 1000;
	fake_ena_tx(&r->tx, &frame);
	for (uint32_t hold = 1; hold < 60; hold += 7) {
		r->port.hold_at = hold;
		ena_rig_go(r);
		assert_int_equal(r->port.frames, hold);
		ena_rig_expect_no_cpl(r);
	}
	r->port.hold_at = 0;
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 60);
	segments_expect(r, f, 0, 60, 1000, r->frame + f.payload_off);
	ena_rig_expect_cpl(r, 5, true);
	fake_ena_stats(&r->e, &stats);
	assert_int_equal(stats.tx_frames, 60);
	assert_int_equal(stats.tx_bytes, 60 * (f.payload_off + 1000));
	ENA_EXPECT_CLEAN(&r->e);
}

static void
tso__a_segment_is_refused__counted_and_completed(void **state)
{
	struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 10000};
	struct ena_rig *r = *state;
	struct fake_ena_frame frame;

	queue_open(r, 0);
	ip_frame_tuple(&f, 1);
	ip_frame_make(&f, r->frame, 0);
	frame = described(r, &f, 0, L3_SUM | L4_SUM | ENA_TXD_TSO);
	frame.mss = 1000;
	fake_ena_tx(&r->tx, &frame);
	r->port.fail_at = 4;
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 9);
	ena_rig_expect_cpl(r, 5, true);
	ENA_EXPECT(&r->e, tx_refused, 1);
}

/* ---- Tx: what is wrong ------------------------------------------------------------------- */

/* A frame of 100 bytes of TCP over IPv4, described otherwise by `change`; it is not sent. */
static void
wrong(void **state, void (*change)(struct fake_ena_frame *frame), size_t counter)
{
	for (unsigned int place = 0; place < PLACES; place++) {
		struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 3000};
		struct ena_rig *r = *state;
		struct fake_ena_frame frame;

		queue_open(r, place);
		ip_frame_tuple(&f, 1);
		ip_frame_make(&f, r->frame, 0);
		frame = described(r, &f, 0, L3_SUM | L4_SUM);
		frame.mss = 1000;
		change(&frame);
		fake_ena_tx(&r->tx, &frame);
		ena_rig_send(r, 6, 0, 60, 0);
		ena_rig_go(r);
		assert_int_equal(r->port.frames, 1);
		ena_rig_expect_frame(r, 0, r->frame, 60);
		ena_rig_expect_cpl(r, 5, false);
		ena_rig_expect_cpl(r, 6, true);
		ena_expect_only(&r->e, counter, 1);
		again(state);
	}
}

#define WRONG(state, change, member) wrong(state, change, offsetof(struct ena_card_stats, member))

static void
no_protocol(struct fake_ena_frame *frame)
{
	frame->offloads &= ~0xfu;
}

static void
other_l4(struct fake_ena_frame *frame)
{
	frame->offloads = (frame->offloads & ~0x1f00u) | 23u << 8;
}

static void
tso_of_udp(struct fake_ena_frame *frame)
{
	frame->offloads = (frame->offloads & ~0x1f00u) | ENA_L4_UDP << 8 | ENA_TXD_TSO;
}

static void
no_meta(struct fake_ena_frame *frame)
{
	frame->meta = false;
}

static void
fields__contradict_or_are_missing__bad_meta(void **state)
{
	WRONG(state, no_protocol, tx_bad_meta);
	WRONG(state, other_l4, tx_bad_meta);
	WRONG(state, tso_of_udp, tx_bad_meta);
	WRONG(state, no_meta, tx_bad_meta);
}

static void
says_v6(struct fake_ena_frame *frame)
{
	frame->offloads = (frame->offloads & ~(0xfu | L3_SUM)) | ENA_L3_IPV6;
}

static void
tso_says_v6(struct fake_ena_frame *frame)
{
	says_v6(frame);
	frame->offloads |= ENA_TXD_TSO;
}

static void
says_udp(struct fake_ena_frame *frame)
{
	frame->offloads = (frame->offloads & ~0x1f00u) | ENA_L4_UDP << 8;
}

static void
l3_elsewhere(struct fake_ena_frame *frame)
{
	frame->l3_off += 2;
}

static void
l3_too_long(struct fake_ena_frame *frame)
{
	frame->l3_bytes = 60;
}

static void
l3_empty(struct fake_ena_frame *frame)
{
	frame->l3_bytes = 0;
}

static void
tso_l4_too_long(struct fake_ena_frame *frame)
{
	frame->offloads |= ENA_TXD_TSO;
	frame->l4_words = 8;
}

static void
tso_l4_empty(struct fake_ena_frame *frame)
{
	frame->offloads |= ENA_TXD_TSO;
	frame->l4_words = 0;
}

static void
tso_without_mss(struct fake_ena_frame *frame)
{
	frame->offloads |= ENA_TXD_TSO;
	frame->mss = 0;
}

static void
tso_of_too_many(struct fake_ena_frame *frame)
{
	frame->offloads |= ENA_TXD_TSO;
	frame->mss = 1; /* 3000 segments */
}

static void
frame__is_not_what_its_fields_say__bad_offload(void **state)
{
	WRONG(state, says_v6, tx_bad_offload);
	WRONG(state, tso_says_v6, tx_bad_offload);
	WRONG(state, says_udp, tx_bad_offload);
	WRONG(state, l3_elsewhere, tx_bad_offload);
	WRONG(state, l3_too_long, tx_bad_offload);
	WRONG(state, l3_empty, tx_bad_offload);
	WRONG(state, tso_l4_too_long, tx_bad_offload);
	WRONG(state, tso_l4_empty, tx_bad_offload);
	WRONG(state, tso_without_mss, tx_bad_offload);
	WRONG(state, tso_of_too_many, tx_bad_offload);
}

static void
mss_beyond_the_mtu(struct fake_ena_frame *frame)
{
	frame->offloads |= ENA_TXD_TSO;
	frame->mss = 16383;
}

static void
tso__segments_beyond_the_mtu__bad_length(void **state)
{
	struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 20000};
	struct ena_rig *r = *state;
	struct fake_ena_frame frame;

	queue_open(r, 0);
	ip_frame_tuple(&f, 1);
	ip_frame_make(&f, r->frame, 0);
	frame = described(r, &f, 0, L3_SUM | L4_SUM);
	mss_beyond_the_mtu(&frame);
	fake_ena_tx(&r->tx, &frame);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 0);
	ena_rig_expect_cpl(r, 5, true);
	ENA_EXPECT(&r->e, tx_bad_length, 1);
}

static void
sums__of_a_frame_beyond_the_mtu__bad_length(void **state)
{
	for (unsigned int place = 0; place < PLACES; place++) {
		struct ip_frame f = {.proto = IP_TCP, .payload_bytes = 9000};
		struct ena_rig *r = *state;
		struct fake_ena_frame frame;

		queue_open(r, place);
		ip_frame_tuple(&f, 1);
		ip_frame_make(&f, r->frame, 0);
		frame = described(r, &f, 0, L3_SUM | L4_SUM);
		fake_ena_tx(&r->tx, &frame);
		ena_rig_go(r);
		assert_int_equal(r->port.frames, 0);
		ena_rig_expect_cpl(r, 5, true);
		ENA_EXPECT(&r->e, tx_bad_length, 1);
		again(state);
	}
}

/* Fields of any value: what is sent is never longer than the MTU permits, and nothing is lost
 * uncounted. */
static void
fields__of_any_value__sent_or_counted(void **state)
{
	struct ena_rig *r = *state;
	struct ena_card_stats before, after;
	uint64_t random = 5;

	queue_open(r, 0);
	for (unsigned int i = 0; i < 20000; i++) {
		struct ip_frame f = {.v6 = i & 1,
				     .proto = (i & 2) != 0 ? IP_TCP : IP_UDP,
				     .payload_bytes = i % 200};
		struct fake_ena_frame frame;
		struct ena_tx_cpl cpl;
		uint64_t bits;

		random = random * 6364136223846793005u + 1442695040888963407u;
		bits = random >> 16;
		ip_frame_make(&f, r->frame, 0);
		frame = described(r, &f, 0, 0);
		frame.offloads = (uint32_t)bits & 0x3ffff;
		if (i % 2 == 0)
			frame.offloads = (frame.offloads & ~0x1f0fu) | protocols(&f);
		if (i % 3 == 0)
			frame.l3_off = (uint8_t)(bits >> 20);
		if (i % 5 == 0)
			frame.l3_bytes = (uint8_t)(bits >> 28);
		if (i % 7 == 0)
			frame.l4_words = bits >> 36 & 0x3f;
		frame.mss = bits >> 42 & 0x3fff;
		frame.req_id = 5;
		fake_ena_stats(&r->e, &before);
		fake_ena_tx(&r->tx, &frame);
		fake_ena_tx_ring(&r->e, &r->tx);
		fake_ena_poll(&r->e, 1);
		fake_ena_stats(&r->e, &after);
		assert_int_equal((after.tx_frames > before.tx_frames) +
					 (after.tx_bad_meta - before.tx_bad_meta) +
					 (after.tx_bad_offload - before.tx_bad_offload) +
					 (after.tx_bad_length - before.tx_bad_length),
				 1);
		assert_true(fake_ena_tx_reap(&r->tx, &cpl));
	}
}

/* ---- fields of the frame before ---------------------------------------------------------- */

static void
meta_caching__on__the_stored_fields_are_used(void **state)
{
	for (unsigned int place = 0; place < PLACES; place++) {
		const struct ena_card_config config = {
			.seed = 7, .llq_entries = 3, .meta_caching = true};
		struct ena_rig *r = ena_rig_open(&config);
		struct ip_frame f = {.proto = IP_UDP, .payload_bytes = 40};
		struct fake_ena_frame frame;
		uint8_t right[512];
		void *rig = r;

		(void)state;
		if (places[place].llq)
			ena_rig_tx_llq(r, DEPTH, places[place].entry_bytes, 0);
		else
			ena_rig_tx_host(r, DEPTH);
		ip_frame_tuple(&f, 3);
		ip_frame_make(&f, right, 0);
		memcpy(r->frame, right, f.bytes);
		sums_spoil(&f, r->frame, false);
		frame = described(r, &f, 0, L3_SUM | L4_SUM);
		/* Nothing is stored yet. */
		frame.meta = false;
		fake_ena_tx(&r->tx, &frame);
		ena_rig_go(r);
		ENA_EXPECT(&r->e, tx_bad_meta, 1);
		ena_rig_expect_cpl(r, 5, true);
		/* One that is not to be stored. */
		frame.meta = true;
		frame.no_store = true;
		fake_ena_tx(&r->tx, &frame);
		frame.meta = false;
		fake_ena_tx(&r->tx, &frame);
		ena_rig_go(r);
		ENA_EXPECT(&r->e, tx_bad_meta, 2);
		assert_int_equal(r->port.frames, 1);
		/* One that is. */
		frame.meta = true;
		frame.no_store = false;
		fake_ena_tx(&r->tx, &frame);
		frame.meta = false;
		for (unsigned int i = 0; i < 5; i++)
			fake_ena_tx(&r->tx, &frame);
		ena_rig_go(r);
		assert_int_equal(r->port.frames, 7);
		for (unsigned int i = 0; i < 7; i++)
			ena_rig_expect_frame(r, i, right, f.bytes);
		ENA_EXPECT(&r->e, tx_bad_meta, 2);
		ena_rig_teardown(&rig);
	}
}

/* In an LLQ whose driver has agreed to no caching, each frame has its own. */
/* What a frame stores is for those behind it, also when the port makes both wait. */
static void
meta_caching__port_busy__a_frame_has_the_fields_before_it(void **state)
{
	for (unsigned int place = 0; place < PLACES; place++) {
		const struct ena_card_config config = {
			.seed = 7, .llq_entries = 3, .meta_caching = true};
		struct ena_rig *r = ena_rig_open(&config);
		struct ip_frame plain = {.proto = IP_UDP, .payload_bytes = 40};
		struct ip_frame tagged = {.proto = IP_UDP, .tags = 1, .payload_bytes = 50};
		const uint32_t off[] = {0, 1024};
		uint8_t right[2][512];
		struct fake_ena_frame frame;
		void *rig = r;

		(void)state;
		if (places[place].llq)
			ena_rig_tx_llq(r, DEPTH, places[place].entry_bytes, 0);
		else
			ena_rig_tx_host(r, DEPTH);
		ip_frame_make(&plain, right[0], 0);
		ip_frame_make(&tagged, right[1], 0);
		memcpy(r->frame + off[0], right[0], plain.bytes);
		memcpy(r->frame + off[1], right[1], tagged.bytes);
		sums_spoil(&plain, r->frame + off[0], false);
		sums_spoil(&tagged, r->frame + off[1], false);
		r->port.hold_at = 1;
		/* Stores; has the same; stores other fields; has these. */
		for (unsigned int i = 0; i < 4; i++) {
			const struct ip_frame *f = i < 2 ? &plain : &tagged;

			frame = described(r, f, off[i / 2], L3_SUM | L4_SUM);
			frame.meta = i % 2 == 0;
			fake_ena_tx(&r->tx, &frame);
		}
		ena_rig_go(r);
		fake_ena_poll(&r->e, 3);
		r->port.hold_at = 0;
		fake_ena_poll(&r->e, 4);
		assert_int_equal(r->port.frames, 4);
		for (unsigned int i = 0; i < 4; i++)
			ena_rig_expect_frame(r, i, right[i / 2],
					     i < 2 ? plain.bytes : tagged.bytes);
		ENA_EXPECT_CLEAN(&r->e);
		ena_rig_teardown(&rig);
	}
}

static void
meta_caching__off__each_frame_needs_its_own(void **state)
{
	struct ena_rig *r = *state;
	struct ip_frame f = {.proto = IP_UDP, .payload_bytes = 40};
	struct fake_ena_frame frame;

	queue_open(r, 1);
	ip_frame_tuple(&f, 3);
	ip_frame_make(&f, r->frame, 0);
	frame = described(r, &f, 0, L3_SUM | L4_SUM);
	fake_ena_tx(&r->tx, &frame);
	frame.meta = false;
	fake_ena_tx(&r->tx, &frame);
	ena_rig_go(r);
	assert_int_equal(r->port.frames, 1);
	ENA_EXPECT(&r->e, tx_bad_meta, 1);
}

/* ---- Rx ---------------------------------------------------------------------------------- */

static uint32_t
status_of(struct ena_rig *r, const uint8_t *frame, uint32_t bytes)
{
	struct ena_rx_cpl last;
	static uint8_t got[9300];

	assert_int_equal(fake_ena_receive(&r->e, frame, bytes, 50), 0);
	assert_int_equal(fake_ena_rx_frame(&r->rx, got, &last, NULL), bytes);
	assert_memory_equal(got, frame, bytes);
	fake_ena_rx_post(&r->e, &r->rx, 1);
	return le32toh(last.status) &
	       ~(ENA_RXC_PHASE | ENA_RXC_FIRST | ENA_RXC_LAST | ENA_RXC_BUFFER);
}

static void
rx__each_protocol_and_checksum__status_by_the_book(void **state)
{
	struct ena_rig *r = *state;
	uint8_t frame[2048];

	ena_rig_rx(r, DEPTH, 2048);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	for (unsigned int kind = 0; kind < 256; kind++) {
		struct ip_frame f = {.v6 = kind & 1,
				     .proto = (kind & 2) != 0 ? IP_TCP : IP_UDP,
				     .tags = kind >> 2 & 1,
				     .options = (kind & 1) != 0 ? 0 : (kind >> 3 & 1) * 8,
				     .payload_bytes = kind * 3};
		const bool l3_bad = (kind & 0x10) != 0 && !f.v6, l4_bad = (kind & 0x20) != 0;
		uint32_t expected;

		ip_frame_tuple(&f, kind);
		ip_frame_make(&f, frame, (uint8_t)kind);
		if (l3_bad)
			frame[f.l3_off + 10] ^= 0x40;
		if (l4_bad)
			frame[f.payload_off - (f.payload_bytes == 0 ? 4 : 0)] ^= 0x01;
		expected = (f.v6 ? 11u : 8u) | f.tags << 5 | (f.proto == IP_TCP ? 12u : 13u) << 8 |
			   (l3_bad ? 1u << 13 : 0) | (l4_bad ? 1u << 14 : 0) | 1u << 16;
		/* A header that is wrong says nothing of what follows. */
		if (l3_bad)
			assert_int_equal(status_of(r, frame, f.bytes) & 0x20ff, expected & 0x20ff);
		else
			assert_int_equal(status_of(r, frame, f.bytes), expected);
	}
	ENA_EXPECT_CLEAN(&r->e);
}

static void
rx__without_checksum_or_protocol__not_checked(void **state)
{
	struct ena_rig *r = *state;
	struct ip_frame udp = {.proto = IP_UDP, .payload_bytes = 30};
	struct ip_frame other = {.proto = 47, .payload_bytes = 30};
	struct ip_frame part = {.proto = IP_UDP, .fragment = 0x2000, .payload_bytes = 40};
	struct ip_frame late = {.proto = IP_UDP, .fragment = 0x0002, .payload_bytes = 40};
	uint8_t frame[256];

	ena_rig_rx(r, DEPTH, 2048);
	fake_ena_rx_post(&r->e, &r->rx, DEPTH);
	ip_frame_make(&udp, frame, 0);
	memset(frame + ip_frame_l4_sum_off(&udp), 0, 2); /* none was made */
	assert_int_equal(status_of(r, frame, udp.bytes) & (1u << 14), 0);
	ip_frame_make(&other, frame, 0);
	assert_int_equal(status_of(r, frame, other.bytes), 8);
	ip_frame_make(&part, frame, 0);
	assert_int_equal(status_of(r, frame, part.bytes), 8 | 1u << 15);
	ip_frame_make(&late, frame, 0);
	assert_int_equal(status_of(r, frame, late.bytes), 8 | 1u << 15);
	fake_frame_fill(frame, 100, 0);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	assert_int_equal(status_of(r, frame, 100), 0);
	/* Cut behind the addresses. */
	assert_int_equal(status_of(r, frame, 14), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ena_rig_setup, ena_rig_teardown)
		TEST(sums__of_each_protocol__as_the_book_has_them),
		TEST(sums__not_asked_for__are_left_alone),
		TEST(sums__more_bytes_than_there_is_space_for_copies__all_sent),
		TEST(tso__of_each_kind__segments_by_the_book),
		TEST(tso__port_busy__goes_on_where_it_was),
		TEST(tso__a_segment_is_refused__counted_and_completed),
		TEST(fields__contradict_or_are_missing__bad_meta),
		TEST(frame__is_not_what_its_fields_say__bad_offload),
		TEST(tso__segments_beyond_the_mtu__bad_length),
		TEST(sums__of_a_frame_beyond_the_mtu__bad_length),
		TEST(fields__of_any_value__sent_or_counted),
		cmocka_unit_test(meta_caching__on__the_stored_fields_are_used),
		cmocka_unit_test(meta_caching__port_busy__a_frame_has_the_fields_before_it),
		TEST(meta_caching__off__each_frame_needs_its_own),
		TEST(rx__each_protocol_and_checksum__status_by_the_book),
		TEST(rx__without_checksum_or_protocol__not_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
