/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 6, requests: which are served, in which placement, and what becomes of those that do not
 * fit their frame. That sums and segments are right for all kinds of frames is judged by
 * tests/offload, with another's eyes.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tx_rig.h"

#define BOTH (WCNIC_TXF_SOP | WCNIC_TXF_EOP)
#define TCP4 (WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(20) | WCNIC_TXO_L4_BYTES(20))
#define UDP4 (WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(20) | WCNIC_TXO_L4_BYTES(8))
#define TSO(mss) (TCP4 | WCNIC_TXO_TCP | WCNIC_TXO_SEGMENT | WCNIC_TXO_MSS(mss))
#define HEADERS 54u

enum way {
	FETCH,
	SLOTS,
	PACKED
};

/* ---- frames ------------------------------------------------------------------------------ */

static void
be16_put(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned int
be16_get(const uint8_t *at)
{
	return at[0] * 256u + at[1];
}

/* Ethernet and IPv4 of `proto`, without a checksum. */
static void
ipv4_fill(uint8_t *frame, uint32_t bytes, uint8_t proto)
{
	fake_frame_fill(frame, bytes, bytes);
	memset(frame, 2, 12);
	be16_put(frame + 12, 0x0800);
	frame[14] = 0x45;
	be16_put(frame + 16, bytes - 14);
	be16_put(frame + 18, 0xfffe);
	be16_put(frame + 20, 0x4000);
	frame[23] = proto;
}

static void
tcp_fill(uint8_t *frame, uint32_t bytes, uint8_t flags)
{
	ipv4_fill(frame, bytes, 6);
	memset(frame + 38, 0xff, 4); /* the sequence number */
	frame[46] = 0x50;
	frame[47] = flags;
}

static void
udp_fill(uint8_t *frame, uint32_t bytes)
{
	ipv4_fill(frame, bytes, 17);
	be16_put(frame + 38, bytes - 34);
}

/* RFC 1071, as one would by hand: of all bytes with their checksum it is 0xffff. */
static uint32_t
sum_of(const uint8_t *at, uint32_t bytes, uint32_t sum)
{
	for (uint32_t i = 0; i < bytes; i++)
		sum += (uint32_t)at[i] << (i % 2 == 0 ? 8 : 0);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void
expect_sums(const uint8_t *frame, uint32_t bytes)
{
	assert_int_equal(sum_of(frame + 14, 20, 0), 0xffff);
	assert_int_equal(sum_of(frame + 26, bytes - 26, frame[23] + bytes - 34), 0xffff);
}

/* ---- sending ----------------------------------------------------------------------------- */

static void
open_way(struct tx_rig *r, enum way way)
{
	assert_int_equal(
		fake_offload_ask(&r->h, way == PACKED ? WCNIC_FORMAT_PACKED : WCNIC_FORMAT_SLOTS),
		0);
	if (way == FETCH)
		tx_rig_open_fetch(r, 64);
	else
		tx_rig_open_push(r, 64, 4);
}

/* By the queue's placement: inline if it fits, else by two segments. */
static void
send(struct tx_rig *r, const uint8_t *frame, uint16_t bytes, uint64_t request)
{
	struct fake_slot slot = {.flags = BOTH | WCNIC_TXF_OFFLOAD, .frame_bytes = bytes};
	uint64_t iova = fake_iova(&r->h, frame);

	if (r->q.placement == WCNIC_PLACEMENT_FETCH) {
		r->q.requests[r->q.tail % r->q.depth] = htole64(request);
		fake_tx_desc(&r->q, iova, 60, WCNIC_TXF_SOP | WCNIC_TXF_OFFLOAD, bytes);
		fake_tx_desc(&r->q, iova + 60, bytes - 60, WCNIC_TXF_EOP, 0);
		return;
	}
	slot.request = htole64(request);
	if (bytes <= WCNIC_SLOT_INLINE_BYTES(4) - sizeof(struct wcnic_tx_offload)) {
		slot.inline_data = frame;
		slot.inline_bytes = bytes;
	} else {
		fake_slot_seg(&slot, iova, 60);
		fake_slot_seg(&slot, iova + 60, bytes - 60);
	}
	if (r->q.format == WCNIC_FORMAT_PACKED)
		fake_tx_entry(&r->q, &slot);
	else
		fake_tx_slot(&r->q, &slot, 0);
}

static uint16_t
entries_of(const struct tx_rig *r)
{
	return r->q.placement == WCNIC_PLACEMENT_FETCH ? 2 : 1;
}

static enum wcnic_tx_status
sent_of(const struct tx_rig *r)
{
	return r->q.placement == WCNIC_PLACEMENT_FETCH ? WCNIC_TX_FETCHED : WCNIC_TX_PUSHED;
}

static void
expect_sent(struct tx_rig *r)
{
	tx_expect_cpl(r, sent_of(r), r->q.tail - entries_of(r), entries_of(r), 1);
}

static void
expect_refused(struct tx_rig *r, enum wcnic_error reason)
{
	tx_expect_error(r, reason, r->q.tail - entries_of(r), entries_of(r));
}

/* ---- requests that are served ------------------------------------------------------------ */

static void
sums_made(struct tx_rig *r, enum way way)
{
	uint8_t *frame = fake_alloc(&r->h, 2048, 64);
	uint8_t before[2048];
	uint32_t n = 0;

	open_way(r, way);
	for (uint32_t bytes = 61; bytes <= 1500; bytes += bytes < 300 ? 1 : 101) {
		if (bytes % 2 == 0)
			tcp_fill(frame, bytes, 0x18);
		else
			udp_fill(frame, bytes);
		memcpy(before, frame, bytes);
		send(r, frame, (uint16_t)bytes,
		     WCNIC_TXO_IPV4 |
			     (bytes % 2 == 0 ? TCP4 | WCNIC_TXO_TCP : UDP4 | WCNIC_TXO_UDP));
		tx_rig_go(r);
		expect_sent(r);
		assert_int_equal(r->rec.bytes[n % SEEN_MAX], bytes);
		expect_sums(r->rec.data[n % SEEN_MAX], bytes);
		/* Host memory of the sender is not written. */
		assert_memory_equal(frame, before, bytes);
		n++;
	}
}

static void
offload__checksums_by_fetch__are_right(void **state)
{
	sums_made(*state, FETCH);
}

static void
offload__checksums_by_slots__are_right(void **state)
{
	sums_made(*state, SLOTS);
}

static void
offload__checksums_packed__are_right(void **state)
{
	sums_made(*state, PACKED);
}

static void
vlan_inserted(struct tx_rig *r, enum way way)
{
	open_way(r, way);
	tcp_fill(r->frame, 100, 0);
	send(r, r->frame, 100,
	     TCP4 | WCNIC_TXO_TCP | WCNIC_TXO_IPV4 | WCNIC_TXO_VLAN_INSERT |
		     WCNIC_TXO_VLAN_TCI(0xe123));
	tx_rig_go(r);
	expect_sent(r);
	assert_int_equal(r->rec.bytes[0], 104);
	assert_memory_equal(r->rec.data[0], r->frame, 12);
	assert_memory_equal(r->rec.data[0] + 12, "\x81\x00\xe1\x23\x08\x00", 6);
	expect_sums(r->rec.data[0] + 4, 100);
	/* Alone it does not look at what follows the addresses. */
	fake_frame_fill(r->frame, 77, 5);
	send(r, r->frame, 77, WCNIC_TXO_VLAN_INSERT | WCNIC_TXO_VLAN_TCI(1));
	tx_rig_go(r);
	expect_sent(r);
	assert_int_equal(r->rec.bytes[1], 81);
	assert_memory_equal(r->rec.data[1] + 16, r->frame + 12, 65);
	/* No longer than the MTU allows with it. */
	send(r, r->frame, 9020, WCNIC_TXO_VLAN_INSERT);
	tx_rig_go(r);
	expect_refused(r, WCNIC_ERR_OVERSIZE);
}

static void
offload__vlan_by_fetch__is_inserted(void **state)
{
	vlan_inserted(*state, FETCH);
}

static void
offload__vlan_by_slots__is_inserted(void **state)
{
	vlan_inserted(*state, SLOTS);
}

static void
offload__vlan_packed__is_inserted(void **state)
{
	vlan_inserted(*state, PACKED);
}

/* ---- segments ---------------------------------------------------------------------------- */

/* Segments [first, first + n) are those of the frame, which had FIN, PSH, ACK and CWR. */
static void
expect_segments(struct tx_rig *r, const uint8_t *frame, uint32_t bytes, uint32_t mss,
		uint32_t first)
{
	uint32_t payload = bytes - HEADERS, n = (payload + mss - 1) / mss;

	assert_int_equal(r->rec.frames, first + n);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *seg = r->rec.data[(first + i) % SEEN_MAX];
		uint32_t part = payload - i * mss < mss ? payload - i * mss : mss;

		assert_int_equal(r->rec.bytes[(first + i) % SEEN_MAX], HEADERS + part);
		assert_memory_equal(seg + HEADERS, frame + HEADERS + i * mss, part);
		assert_int_equal(be16_get(seg + 16), 40 + part);
		assert_int_equal(be16_get(seg + 18), (0xfffe + i) & 0xffff);
		assert_int_equal(be16_get(seg + 38) << 16 | be16_get(seg + 40),
				 0xffffffff + i * mss);
		assert_int_equal(seg[47], 0x10 | (i == 0 ? 0x80 : 0) | (i == n - 1 ? 0x09 : 0));
		expect_sums(seg, HEADERS + part);
	}
}

static void
segments_made(struct tx_rig *r, enum way way)
{
	static const uint32_t sizes[][2] = {{61, 9},       {200, 9},     {1054, 1000},
					    {1055, 1000},  {2054, 1000}, {65535, 1448},
					    {65535, 8960}, {9000, 100}};
	uint8_t *frame = fake_alloc(&r->h, 65536, 64);
	struct wcnic_stats stats;
	uint32_t first = 0;

	open_way(r, way);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t bytes = sizes[i][0];

		tcp_fill(frame, bytes, 0x99);
		/* TCP is what no word about layer 4 means. */
		send(r, frame, (uint16_t)bytes,
		     TSO(sizes[i][1]) & ~(i % 2 == 0 ? WCNIC_TXO_L4_MASK : 0));
		tx_rig_go(r);
		expect_sent(r);
		expect_segments(r, frame, bytes, sizes[i][1], first);
		first = r->rec.frames;
	}
	fake_stats(&r->h, &stats);
	assert_int_equal(le64toh(stats.tx_segments), first);
	assert_int_equal(le64toh(stats.tx_frames), first);
}

static void
offload__segments_by_fetch__are_right(void **state)
{
	segments_made(*state, FETCH);
}

static void
offload__segments_by_slots__are_right(void **state)
{
	segments_made(*state, SLOTS);
}

static void
offload__segments_packed__are_right(void **state)
{
	segments_made(*state, PACKED);
}

/* The port takes a few, then none, again and again; frames before and behind are whole too. */
static void
held_in_the_midst(struct tx_rig *r, enum way way)
{
	uint8_t *frame = fake_alloc(&r->h, 32768, 64);
	uint32_t n = (30000 - HEADERS + 99) / 100;

	open_way(r, way);
	tcp_fill(frame, 30000, 0x99);
	for (unsigned int i = 0; i < 3; i++)
		send(r, i == 1 ? frame : r->frame, i == 1 ? 30000 : 100,
		     i == 1 ? TSO(100) : WCNIC_TXO_VLAN_INSERT);
	for (uint32_t hold = 1; hold <= n + 2; hold += 7) {
		r->rec.hold_at = hold;
		tx_rig_go(r);
		assert_int_equal(r->rec.frames, hold);
		assert_int_equal(r->rec.flushed, hold);
	}
	r->rec.hold_at = 0;
	tx_rig_go(r);
	assert_int_equal(r->rec.frames, n + 2);
	assert_int_equal(r->rec.bytes[0], 104);
	assert_int_equal(r->rec.bytes[n + 1], 104);
	r->rec.frames--;
	expect_segments(r, frame, 30000, 100, 1);
}

static void
offload__port_holds_back_within_frame_by_fetch__none_lost_or_repeated(void **state)
{
	held_in_the_midst(*state, FETCH);
}

static void
offload__port_holds_back_within_frame_by_slots__none_lost_or_repeated(void **state)
{
	held_in_the_midst(*state, SLOTS);
}

static void
offload__port_holds_back_within_frame_packed__none_lost_or_repeated(void **state)
{
	held_in_the_midst(*state, PACKED);
}

/* The window goes when half of the segments are out: the driver fetches, and the rest follows. */
static void
offload__window_revoked_within_frame__rest_is_fetched(void **state)
{
	uint8_t *frame;
	struct tx_rig *r = *state;

	open_way(r, PACKED);
	frame = fake_alloc(&r->h, 32768, 64);
	tcp_fill(frame, 3054, 0x99);
	send(r, frame, 3054, TSO(100));
	r->rec.hold_at = 13;
	tx_rig_go(r);
	assert_int_equal(wcnic_card_window_revoke(r->h.card, le16toh(r->q.push_grant.id)), 0);
	wcnic_card_poll(r->h.card);
	tx_expect_cpl(r, WCNIC_TX_DROPPED, 0, 0, 0);
	r->rec.hold_at = 0;
	r->q.tail = 0;
	r->q.requests[0] = htole64(TSO(100));
	fake_tx_desc(&r->q, fake_iova(&r->h, frame), 3054, BOTH | WCNIC_TXF_OFFLOAD, 3054);
	tx_rig_switch(r, 0, WCNIC_PLACEMENT_FETCH);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	expect_segments(r, frame, 3054, 100, 0);
}

/* ---- requests that do not fit ------------------------------------------------------------ */

static void
request_refused(struct tx_rig *r, uint64_t request, enum wcnic_error reason)
{
	uint32_t frames = r->rec.frames;

	send(r, r->frame, 1500, request);
	send(r, r->frame, 100, WCNIC_TXO_VLAN_INSERT);
	tx_rig_go(r);
	tx_expect_error(r, reason, r->q.tail - 2 * entries_of(r), entries_of(r));
	expect_sent(r);
	assert_int_equal(r->rec.frames, frames + 1);
}

static void
bad_requests_refused(struct tx_rig *r, enum way way)
{
	static const uint64_t bad[] = {
		/* lengths that are not those of the headers, or lie outside the frame */
		WCNIC_TXO_IPV4,
		WCNIC_TXO_IPV4 | WCNIC_TXO_L2_BYTES(14),
		WCNIC_TXO_IPV4 | WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(24),
		WCNIC_TXO_IPV4 | WCNIC_TXO_L2_BYTES(18) | WCNIC_TXO_L3_BYTES(20),
		WCNIC_TXO_IPV4 | WCNIC_TXO_L2_BYTES(13) | WCNIC_TXO_L3_BYTES(20),
		WCNIC_TXO_TCP | WCNIC_TXO_L2_BYTES(127) | WCNIC_TXO_L3_BYTES(511),
		/* another protocol than the frame's */
		WCNIC_TXO_UDP | UDP4,
		WCNIC_TXO_SCTP | UDP4,
		/* segments without TCP or UDP, of nothing, with other headers, too many */
		WCNIC_TXO_SEGMENT | TCP4 | WCNIC_TXO_SCTP | WCNIC_TXO_MSS(100),
		WCNIC_TXO_SEGMENT | UDP4 | WCNIC_TXO_UDP | WCNIC_TXO_MSS(100),
		TSO(0),
		TSO(1),
		WCNIC_TXO_SEGMENT | UDP4 | WCNIC_TXO_TCP | WCNIC_TXO_MSS(100),
		WCNIC_TXO_SEGMENT | WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(20) |
			WCNIC_TXO_L4_BYTES(24) | WCNIC_TXO_TCP | WCNIC_TXO_MSS(100),
		WCNIC_TXO_SEGMENT | WCNIC_TXO_L2_BYTES(127) | WCNIC_TXO_L3_BYTES(511) |
			WCNIC_TXO_L4_BYTES(255) | WCNIC_TXO_TCP | WCNIC_TXO_MSS(100),
	};

	open_way(r, way);
	tcp_fill(r->frame, 1500, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		request_refused(r, bad[i], WCNIC_ERR_OFFLOAD);
	assert_int_equal(fake_port_set(&r->h, 1000, WCNIC_PORTF_UP), 0);
	request_refused(r, TSO(969), WCNIC_ERR_OVERSIZE);
	assert_int_equal(fake_port_set(&r->h, 9000, WCNIC_PORTF_UP), 0);
	/* What the headers say contradicts the frame. */
	be16_put(r->frame + 16, 1487);
	request_refused(r, TCP4 | WCNIC_TXO_IPV4, WCNIC_ERR_OFFLOAD);
	be16_put(r->frame + 16, 39);
	request_refused(r, TCP4 | WCNIC_TXO_TCP, WCNIC_ERR_OFFLOAD);
	tcp_fill(r->frame, 1500, 0);
	be16_put(r->frame + 20, 0x2000);
	request_refused(r, TCP4 | WCNIC_TXO_TCP, WCNIC_ERR_OFFLOAD);
	request_refused(r, TSO(100), WCNIC_ERR_OFFLOAD);
	udp_fill(r->frame, 1500);
	be16_put(r->frame + 38, 1467);
	request_refused(r, UDP4 | WCNIC_TXO_UDP, WCNIC_ERR_OFFLOAD);
	be16_put(r->frame + 38, 7);
	request_refused(r, UDP4 | WCNIC_TXO_UDP, WCNIC_ERR_OFFLOAD);
	tcp_fill(r->frame, 1500, 0);
	be16_put(r->frame + 12, 0x86dd);
	request_refused(r, TSO(100), WCNIC_ERR_OFFLOAD);
}

static void
offload__bad_request_by_fetch__discards_its_frame_alone(void **state)
{
	bad_requests_refused(*state, FETCH);
}

static void
offload__bad_request_by_slots__discards_its_frame_alone(void **state)
{
	bad_requests_refused(*state, SLOTS);
}

static void
offload__bad_request_packed__discards_its_frame_alone(void **state)
{
	bad_requests_refused(*state, PACKED);
}

/* ---- IPv6 -------------------------------------------------------------------------------- */

/* The checksum covers what follows the extension headers, which end where the request says. */
static void
offload__ipv6_extension_headers__are_walked(void **state)
{
	static const uint8_t nexts[][3] = {{0, 60, 6}, {43, 0, 6}, {51, 60, 6}, {44, 60, 6}};
	struct tx_rig *r = *state;
	uint8_t *ip = r->frame + 14;

	open_way(r, FETCH);
	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		const uint8_t *seen = r->rec.data[i];

		memset(ip, 0, 160);
		be16_put(r->frame + 12, 0x86dd);
		ip[0] = 0x60;
		be16_put(ip + 4, 40 + 20);
		memset(ip + 8, 0x5a, 32);
		ip[6] = nexts[i][0];
		ip[40] = nexts[i][1];
		/* 16 bytes: of an authentication header 4 words, of others 2 of 8; a fragment's 8.
		 */
		ip[41] = nexts[i][0] == 51 ? 2 : nexts[i][0] == 44 ? 0 : 1;
		ip[nexts[i][0] == 44 ? 48 : 56] = nexts[i][2];
		ip[nexts[i][0] == 44 ? 49 : 57] = nexts[i][0] == 44 ? 3 : 2;
		ip[80 + 12] = 0x50;
		send(r, r->frame, 14 + 100,
		     WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(80) | WCNIC_TXO_TCP);
		tx_rig_go(r);
		expect_sent(r);
		assert_int_equal(sum_of(seen + 22, 32, sum_of(seen + 94, 20, 6 + 20)), 0xffff);
	}
	/* A routing header with a way to go: the sum is that of another address. */
	ip[6] = 43;
	ip[41] = 1;
	ip[43] = 1;
	send(r, r->frame, 114, WCNIC_TXO_L2_BYTES(14) | WCNIC_TXO_L3_BYTES(80) | WCNIC_TXO_TCP);
	tx_rig_go(r);
	expect_refused(r, WCNIC_ERR_OFFLOAD);
}

/* ---- queues ------------------------------------------------------------------------------ */

static void
offload__queue_without_ring__refuses_when_it_fetches(void **state)
{
	struct tx_rig *r = *state;

	assert_int_equal(fake_offload_ask(&r->h, WCNIC_FORMAT_SLOTS), 0);
	r->h.tx_offload = false;
	tx_rig_open_fetch(r, 64);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 100, BOTH | WCNIC_TXF_OFFLOAD, 100);
	tx_rig_go(r);
	tx_expect_error(r, WCNIC_ERR_OFFLOAD, 0, 1);
}

/* A request that changes nothing: the frame may be anything. */
static void
offload__time_or_hints_alone__frame_is_sent_as_it_is(void **state)
{
	struct tx_rig *r = *state;

	open_way(r, PACKED);
	send(r, r->frame, 100, WCNIC_TXO_TIME | WCNIC_TXO_HINTS | ((1ull << 56) - 1));
	tx_rig_go(r);
	expect_sent(r);
	tx_expect_frame(r, 0, r->frame, 100);
}

/* A driver of ABI 1.0: the flag is reserved. */
static void
offload__feature_not_asked_for__flag_is_ignored(void **state)
{
	struct tx_rig *r = *state;

	tx_rig_open_fetch(r, 64);
	fake_tx_desc(&r->q, fake_iova(&r->h, r->frame), 100, BOTH | WCNIC_TXF_OFFLOAD, 100);
	tx_rig_go(r);
	tx_expect_cpl(r, WCNIC_TX_FETCHED, 0, 1, 1);
	tx_expect_frame(r, 0, r->frame, 100);
}

static void
offload__ring_that_cannot_be_read__queue_is_refused(void **state)
{
	struct tx_rig *r = *state;

	assert_int_equal(fake_offload_ask(&r->h, WCNIC_FORMAT_SLOTS), 0);
	tx_rig_open_fetch(r, 64);
	assert_int_equal(fake_txq_close(&r->h, &r->q), 0);
	r->q.requests++;
	assert_int_equal(fake_txq_create(&r->h, &r->q), WCNIC_ST_INVALID_FIELD);
	r->q.requests = (uint64_t *)(void *)(r->h.m.at + FAKE_MEM_BYTES - 256);
	assert_int_equal(fake_txq_create(&r->h, &r->q), WCNIC_ST_BAD_ADDRESS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, tx_rig_setup, tx_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offload__checksums_by_fetch__are_right),
		TEST(offload__checksums_by_slots__are_right),
		TEST(offload__checksums_packed__are_right),
		TEST(offload__vlan_by_fetch__is_inserted),
		TEST(offload__vlan_by_slots__is_inserted),
		TEST(offload__vlan_packed__is_inserted),
		TEST(offload__segments_by_fetch__are_right),
		TEST(offload__segments_by_slots__are_right),
		TEST(offload__segments_packed__are_right),
		TEST(offload__port_holds_back_within_frame_by_fetch__none_lost_or_repeated),
		TEST(offload__port_holds_back_within_frame_by_slots__none_lost_or_repeated),
		TEST(offload__port_holds_back_within_frame_packed__none_lost_or_repeated),
		TEST(offload__window_revoked_within_frame__rest_is_fetched),
		TEST(offload__bad_request_by_fetch__discards_its_frame_alone),
		TEST(offload__bad_request_by_slots__discards_its_frame_alone),
		TEST(offload__bad_request_packed__discards_its_frame_alone),
		TEST(offload__ipv6_extension_headers__are_walked),
		TEST(offload__queue_without_ring__refuses_when_it_fetches),
		TEST(offload__time_or_hints_alone__frame_is_sent_as_it_is),
		TEST(offload__feature_not_asked_for__flag_is_ignored),
		TEST(offload__ring_that_cannot_be_read__queue_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
