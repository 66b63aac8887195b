/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What Rx queues ask for: the extras ring, stripping of tags. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define FEATURES (WCNIC_CAP_PUSH | WCNIC_CAP_RSS | WCNIC_CAP_RX_EXTRA)

/* Addresses, then so many tags of 0x8100 with TCIs 0x2001, 0x2002, ..., then bytes that differ. */
static uint32_t
tagged_make(uint8_t *frame, uint32_t bytes, unsigned int tags, uint32_t salt)
{
	fake_frame_fill(frame, bytes, salt);
	for (unsigned int i = 0; i < tags; i++) {
		const uint8_t tag[4] = {i == 0 && tags == 2 ? 0x88 : 0x81,
					i == 0 && tags == 2 ? 0xa8 : 0x00, 0x20, (uint8_t)(i + 1)};

		memcpy(frame + 12 + i * 4, tag, sizeof(tag));
	}
	frame[12 + tags * 4] = 0x88;
	frame[13 + tags * 4] = 0xb5;
	return bytes;
}

/* What is left of a frame of which `cut` bytes behind the addresses are gone. */
static void
expect_cut(struct fake_rxq *q, const uint8_t *frame, uint32_t bytes, uint32_t cut, uint16_t flags,
	   struct wcnic_rx_cpl *sop)
{
	uint8_t got[2048];

	assert_int_equal(fake_rx_frame(q, got, sop), bytes - cut);
	assert_memory_equal(got, frame, 12);
	assert_memory_equal(got + 12, frame + 12 + cut, bytes - cut - 12);
	assert_int_equal(le16toh(sop->frame_bytes), bytes - cut);
	assert_int_equal(le16toh(sop->flags) & WCNIC_RXF_EXTRA, flags);
}

static void
strip__any_length_and_pieces__tag_is_in_the_extra(void **state)
{
	static const uint32_t pieces[] = {13, 14, 40, 2000};
	struct fake_host *h = *state;
	uint8_t frame[1500];
	struct wcnic_rx_cpl sop;
	struct fake_rxq q;

	assert_int_equal(fake_features_set(h, FEATURES), 0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, WCNIC_RXQ_OFFLOAD_VLAN_STRIP),
			 0);
	fake_rx_post(h, &q, 64);
	for (uint32_t bytes = 18; bytes <= 1500; bytes += 1 + bytes / 100) {
		const uint16_t at = q.head % q.depth;

		memset(q.extra, 0xee, 64 * sizeof(*q.extra));
		tagged_make(frame, bytes, 1, bytes);
		assert_int_equal(fake_receive(h, frame, bytes, pieces[bytes % 4]), 0);
		expect_cut(&q, frame, bytes, 4, WCNIC_RXF_VLAN, &sop);
		assert_int_equal(le16toh(sop.ptype), WCNIC_PTYPE_L2);
		assert_int_equal(le16toh(q.extra[at].vlan_tci), 0x2001);
		for (unsigned int i = 0; i < 64; i++)
			if (i != at)
				assert_int_equal(q.extra[i].vlan_tci, 0xeeee);
		fake_rx_post(h, &q, 64u - (uint16_t)(q.tail - q.head));
	}
}

static void
strip__tags_and_settings__strip_what_they_say(void **state)
{
	static const struct {
		uint16_t offloads;
		unsigned int tags;
		uint32_t cut;
		uint16_t flags;
		uint16_t tci, outer;
	} cases[] = {
		{0, 1, 0, 0, 0, 0},
		{0, 2, 0, 0, 0, 0},
		{WCNIC_RXQ_OFFLOAD_VLAN_STRIP, 0, 0, 0, 0, 0},
		{WCNIC_RXQ_OFFLOAD_VLAN_STRIP, 1, 4, WCNIC_RXF_VLAN, 0x2001, 0},
		{WCNIC_RXQ_OFFLOAD_VLAN_STRIP, 2, 4, WCNIC_RXF_VLAN, 0x2001, 0},
		{WCNIC_RXQ_OFFLOAD_QINQ_STRIP, 1, 0, 0, 0, 0},
		{WCNIC_RXQ_OFFLOAD_QINQ_STRIP, 2, 8, WCNIC_RXF_VLAN | WCNIC_RXF_QINQ, 0x2002,
		 0x2001},
		{WCNIC_RXQ_OFFLOAD_QINQ_STRIP | WCNIC_RXQ_OFFLOAD_VLAN_STRIP, 1, 4, WCNIC_RXF_VLAN,
		 0x2001, 0},
		{WCNIC_RXQ_OFFLOAD_QINQ_STRIP | WCNIC_RXQ_OFFLOAD_VLAN_STRIP, 2, 8,
		 WCNIC_RXF_VLAN | WCNIC_RXF_QINQ, 0x2002, 0x2001},
	};
	struct fake_host *h = *state;
	struct wcnic_rx_cpl sop;
	struct fake_rxq q;
	uint8_t frame[100];

	assert_int_equal(fake_features_set(h, FEATURES), 0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, 0), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct wcnic_rx_extra *extra = &q.extra[q.head % q.depth];

		fake_rx_post(h, &q, 1);
		assert_int_equal(fake_rxq_set(h, &q, cases[i].offloads, 0), 0);
		tagged_make(frame, sizeof(frame), cases[i].tags, (uint32_t)i);
		assert_int_equal(fake_receive(h, frame, sizeof(frame), 2000), 0);
		expect_cut(&q, frame, sizeof(frame), cases[i].cut, cases[i].flags, &sop);
		assert_int_equal(le16toh(sop.ptype) & WCNIC_PTYPE_VLAN,
				 cases[i].tags * 4 > cases[i].cut ? WCNIC_PTYPE_VLAN : 0);
		if (cases[i].flags != 0)
			assert_int_equal(le16toh(extra->vlan_tci), cases[i].tci);
		if ((cases[i].flags & WCNIC_RXF_QINQ) != 0)
			assert_int_equal(le16toh(extra->outer_vlan_tci), cases[i].outer);
	}
}

static void
strip__a_burst__laps_of_the_ring_are_right(void **state)
{
	struct fake_host *h = *state;
	uint8_t data[16][100];
	struct wcdev_frag frags[16];
	struct wcdev_frame frames[16];
	struct wcnic_rx_cpl sop;
	struct fake_rxq q;
	int ret = 0;

	assert_int_equal(fake_features_set(h, FEATURES), 0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 32, 128, WCNIC_RXQ_OFFLOAD_VLAN_STRIP),
			 0);
	for (unsigned int round = 0; round < 20; round++) {
		const unsigned int n = 1 + round % 16;

		for (unsigned int i = 0; i < n; i++) {
			tagged_make(data[i], 100, (round + i) % 3 != 0, round * 16 + i);
			data[i][14] = (uint8_t)round;
			data[i][15] = (uint8_t)i;
			frags[i] = (struct wcdev_frag){data[i], 100};
			frames[i] = (struct wcdev_frame){
				.frags = &frags[i], .n_frags = 1, .bytes = 100};
		}
		fake_rx_post(h, &q, n);
		assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, n, &ret), n);
		for (unsigned int i = 0; i < n; i++) {
			const struct wcnic_rx_extra *extra = &q.extra[q.head % q.depth];
			const bool tag = (round + i) % 3 != 0;

			expect_cut(&q, data[i], 100, tag ? 4 : 0, tag ? WCNIC_RXF_VLAN : 0, &sop);
			if (tag)
				assert_int_equal(le16toh(extra->vlan_tci), round << 8 | i);
		}
	}
}

static void
extra__not_writable_any_more__stops_the_queue(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_rx_cpl sop;
	struct fake_rxq q;
	uint8_t frame[100];

	assert_int_equal(fake_features_set(h, FEATURES), 0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, WCNIC_RXQ_OFFLOAD_VLAN_STRIP),
			 0);
	fake_rx_post(h, &q, 8);
	h->m.unmap_from = (size_t)((uint8_t *)q.extra - h->m.at);
	/* a frame without a tag needs no extra */
	tagged_make(frame, sizeof(frame), 0, 1);
	assert_int_equal(fake_receive(h, frame, sizeof(frame), 2000), 0);
	expect_cut(&q, frame, sizeof(frame), 0, 0, &sop);
	tagged_make(frame, sizeof(frame), 1, 1);
	assert_int_equal(fake_receive(h, frame, sizeof(frame), 2000), 0);
	assert_false(fake_rx_reap(&q, &sop, NULL));
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
}

static void
commands__bad_offloads__are_named(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_cmd_rxq_set p = {0};
	struct fake_rxq q, bare;
	uint32_t result;

	assert_int_equal(fake_features_set(h, FEATURES), 0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, 0), 0);
	assert_int_equal(fake_rxq_open(h, &bare, 1, 64, 128), 0);
#define EXPECT(status, result_)                                                                \
	do {                                                                                   \
		assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_SET, &p, NULL, 0, &result), status); \
		assert_int_equal(result, result_);                                             \
	} while (0)
#define FIELD(field) \
	(offsetof(struct wcnic_admin_cmd, params) + offsetof(struct wcnic_cmd_rxq_set, field))
	p.offloads = htole16(0x0020);
	EXPECT(WCNIC_ST_INVALID_FIELD, FIELD(offloads));
	p.offloads = htole16(WCNIC_RXQ_OFFLOAD_TIME); /* the feature is not set */
	EXPECT(WCNIC_ST_UNSUPPORTED, FIELD(offloads));
	p.offloads = htole16(WCNIC_RXQ_OFFLOAD_VLAN_STRIP);
	p.qid = htole16(1); /* it has no extras */
	EXPECT(WCNIC_ST_INVALID_FIELD, FIELD(extra_iova));
	p.extra_iova = htole64(FAKE_IOVA + 8);
	EXPECT(WCNIC_ST_INVALID_FIELD, FIELD(extra_iova));
	p.extra_iova = htole64(FAKE_IOVA_RO);
	EXPECT(WCNIC_ST_BAD_ADDRESS, FIELD(extra_iova));
	p.qid = htole16(2);
	EXPECT(WCNIC_ST_INVALID_QUEUE, 0);
	p.qid = htole16(0xffff);
	EXPECT(WCNIC_ST_INVALID_QUEUE, 0);
	p.qid = htole16(1);
	p.extra_iova = htole64(fake_iova(h, fake_alloc(h, 64 * sizeof(*q.extra), 64)));
	EXPECT(WCNIC_ST_OK, 0);
#undef FIELD
#undef EXPECT
}

static void
create__feature_not_set__is_unsupported(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, 0), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 128, WCNIC_RXQ_OFFLOAD_VLAN_STRIP),
			 WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_rxq_open(h, &q, 0, 64, 128), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup_up, fake_teardown)
		CASE(strip__any_length_and_pieces__tag_is_in_the_extra),
		CASE(strip__tags_and_settings__strip_what_they_say),
		CASE(strip__a_burst__laps_of_the_ring_are_right),
		CASE(extra__not_writable_any_more__stops_the_queue),
		CASE(commands__bad_offloads__are_named),
		CASE(create__feature_not_set__is_unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
