/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Frames that a port hands over together. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define BURST 24

/* Frames of many kinds: short, longer than a buffer, in pieces, tagged, IPv6, fragments. */
struct burst {
	uint8_t data[BURST][400];
	struct wcdev_frag frags[BURST][2];
	struct wcdev_frame frames[BURST];
};

static void
burst_make(struct burst *b, unsigned int salt, uint32_t flags)
{
	static const uint8_t plain[] = {0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64};
	static const uint8_t six[] = {0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64};

	for (unsigned int i = 0; i < BURST; i++) {
		uint32_t bytes = 14 + (i * 29 + salt * 17) % 370;
		uint32_t first = (i + salt) % 4 == 3 ? bytes / 2 : bytes;

		fake_frame_fill(b->data[i], sizeof(b->data[i]), (uint8_t)(i + salt));
		if ((i + salt) % 5 == 4)
			memcpy(b->data[i] + 12, six, sizeof(six));
		else
			memcpy(b->data[i] + 12, plain, sizeof(plain));
		if ((i + salt) % 5 != 4)
			b->data[i][23] = i % 4 == 0 ? 6 : i % 4 == 1 ? 17 : i % 4 == 2 ? 1 : 99;
		if ((i + salt) % 7 == 6)
			b->data[i][20] = 0x20; /* more fragments */
		if ((i + salt) % 11 == 10)
			b->data[i][14] = 0x46; /* options */
		if ((i + salt) % 13 == 12)
			b->data[i][12] = i % 2 == 0 ? 0x81 : 0x88; /* a tag, or nothing known */
		b->frags[i][0] = (struct wcdev_frag){b->data[i], first};
		b->frags[i][1] = (struct wcdev_frag){b->data[i] + first, bytes - first};
		b->frames[i] = (struct wcdev_frame){
			.frags = b->frags[i], .n_frags = 1 + (first != bytes), .bytes = bytes};
		b->frames[i].flags = flags;
	}
}

/* Every frame of the burst, in order, with the same completion as when it comes alone. */
static void
burst_expect(struct fake_host *h, struct fake_rxq *q, const struct burst *b, unsigned int first,
	     unsigned int end)
{
	struct wcnic_rx_cpl sop[BURST], alone;
	uint8_t got[512];

	for (unsigned int i = first; i < end; i++) {
		assert_int_equal(fake_rx_frame(q, got, &sop[i]), b->frames[i].bytes);
		assert_memory_equal(got, b->data[i], b->frames[i].bytes);
	}
	for (unsigned int i = first; i < end; i++) {
		uint32_t bytes = b->frames[i].bytes;

		/* Of two fragments, so that it does not go the short way. */
		assert_int_equal(fake_receive(h, b->data[i], bytes, (bytes + 1) / 2), 0);
		assert_int_equal(fake_rx_frame(q, got, &alone), bytes);
		assert_int_equal(sop[i].ptype, alone.ptype);
		assert_int_equal(sop[i].hash, alone.hash);
		assert_int_equal(sop[i].flags, alone.flags);
		assert_int_equal(sop[i].bytes, alone.bytes);
	}
}

static void
burst_rounds(struct fake_host *h, unsigned int rounds)
{
	struct burst *b = malloc(sizeof(*b));
	struct fake_rxq q;

	assert_non_null(b);
	assert_int_equal(fake_rxq_open(h, &q, 0, 128, 256), 0);
	fake_rx_post(h, &q, 128);
	wcnic_card_poll(h->card);
	for (unsigned int salt = 0; salt < rounds; salt++) {
		unsigned int cut = salt % (BURST + 1);
		int ret = 0;

		burst_make(b, salt, salt % 2 != 0 ? WCDEV_FRAME_STABLE : 0);
		assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), b->frames, cut, &ret),
				 cut);
		burst_expect(h, &q, b, 0, cut);
		fake_rx_post(h, &q, 128u - (uint16_t)(q.tail - q.head));
		wcnic_card_poll(h->card);
		assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), b->frames + cut,
						     BURST - cut, &ret),
				 BURST - cut);
		burst_expect(h, &q, b, cut, BURST);
		fake_rx_post(h, &q, 128u - (uint16_t)(q.tail - q.head));
	}
	free(b);
}

static void
burst__frames_of_all_kinds__are_as_if_each_came_alone(void **state)
{
	burst_rounds(*state, 300);
}

static void
burst__not_promiscuous__the_same_frames_pass(void **state)
{
	static const uint8_t own[6] = {2, 0, 0, 0, 0, 9};
	struct fake_host *h = *state;
	struct wcnic_cmd_port_set p = {
		.valid = htole16(WCNIC_PORT_SET_FLAGS | WCNIC_PORT_SET_MAC),
		.flags = htole16(WCNIC_PORTF_UP),
	};
	static const uint8_t to[][6] = {{2, 0, 0, 0, 0, 9},
					{2, 0, 0, 0, 0, 8},
					{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
					{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe},
					{2, 0, 0, 0, 0, 9}};
	struct wcdev_frame frames[5];
	struct wcdev_frag frags[5];
	struct wcnic_stats stats;
	uint8_t data[5][64], got[512];
	struct fake_rxq q;
	int ret = 0;

	memcpy(p.mac, own, sizeof(own));
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, NULL), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 16, 128), 0);
	fake_rx_post(h, &q, 16);
	for (unsigned int i = 0; i < 5; i++) {
		fake_frame_fill(data[i], 64, (uint8_t)i);
		memcpy(data[i], to[i], 6);
		frags[i] = (struct wcdev_frag){data[i], 64};
		frames[i] = (struct wcdev_frame){.frags = &frags[i], .n_frags = 1, .bytes = 64};
	}
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, 5, &ret), 5);
	for (unsigned int i = 0; i < 5; i += 2) {
		assert_int_equal(fake_rx_frame(&q, got, NULL), 64);
		assert_memory_equal(got, data[i], 64);
	}
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_filtered, 2);
}

static void
burst__with_hash__is_as_if_each_came_alone(void **state)
{
	static const uint32_t types[] = {WCNIC_RSS_ALL, WCNIC_RSS_IPV4, WCNIC_RSS_IPV4_TCP,
					 WCNIC_RSS_IPV4_UDP | WCNIC_RSS_IPV6_UDP};
	struct fake_host *h = *state;

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct wcnic_cmd_queue p = {0};
		struct wcnic_rss rss = {.types = htole32(types[i])};

		for (unsigned int k = 0; k < WCNIC_RSS_KEY_BYTES; k++)
			rss.key[k] = (uint8_t)(k * 37 + 11);
		assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
		burst_rounds(h, 80);
		assert_int_equal(fake_cmd(h, WCNIC_OP_RXQ_DESTROY, &p, NULL, 0, NULL), 0);
	}
}

static void
burst__buffers_end_in_the_middle__the_rest_waits(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats stats;
	struct wcdev_frame frames[12];
	struct wcdev_frag frag;
	struct wcnic_rx_cpl cpl;
	struct fake_rxq q;
	uint8_t frame[64];
	int ret = 0;

	fake_frame_fill(frame, sizeof(frame), 0);
	frag = (struct wcdev_frag){frame, sizeof(frame)};
	for (unsigned int i = 0; i < 12; i++)
		frames[i] = (struct wcdev_frame){.frags = &frag, .n_frags = 1, .bytes = 64};
	assert_int_equal(fake_rxq_open(h, &q, 0, 16, 128), 0);
	fake_port_waits(h);
	fake_rx_post(h, &q, 5);
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, 12, &ret), 5);
	assert_int_equal(ret, -EAGAIN);
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames + 5, 7, &ret), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_held, 1);
	for (unsigned int i = 0; i < 5; i++)
		assert_true(fake_rx_reap(&q, &cpl, NULL));
	fake_rx_post(h, &q, 16);
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames + 5, 7, &ret), 7);
	for (unsigned int i = 0; i < 7; i++)
		assert_true(fake_rx_reap(&q, &cpl, NULL));
	/* Behind the tail are descriptors of the lap before. */
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, 12, &ret), 9);
	for (unsigned int i = 0; i < 9; i++)
		assert_true(fake_rx_reap(&q, &cpl, NULL));
	assert_false(fake_rx_reap(&q, &cpl, NULL));
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_frames, 21);
	assert_int_equal(stats.rx_bytes, 21 * 64);
}

static void
burst__port_down__is_enetdown_for_all(void **state)
{
	struct fake_host *h = *state;
	struct wcdev_frame frames[3] = {{0}};
	struct wcnic_stats stats;
	int ret = 0;

	assert_int_equal(fake_port_set(h, 1500, 0), 0);
	assert_int_equal(wcdev_receive_burst(wcnic_card_dev(h->card), frames, 3, &ret), 0);
	assert_int_equal(ret, -ENETDOWN);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_down, 3);
}

static void
generation__stays__memory_is_looked_up_once(void **state)
{
	struct wcnic_card_config c = {.ops = &fake_mem_generation_ops};
	struct wcnic_rx_cpl cpl;
	struct fake_host h;
	struct fake_rxq q;
	uint8_t frame[64];
	unsigned int before = 0;

	(void)state;
	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_host_init(&h, &c), 0);
	fake_enable(&h);
	assert_int_equal(fake_port_set(&h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_rxq_open(&h, &q, 0, 64, 128), 0);
	fake_rx_post(&h, &q, 64);
	for (unsigned int i = 0; i < 100; i++) {
		wcnic_card_poll(h.card);
		assert_int_equal(fake_receive(&h, frame, 64, 64), 0);
		assert_true(fake_rx_reap(&q, &cpl, NULL));
		fake_rx_post(&h, &q, 1);
		if (i == 10)
			before = h.m.lookups;
	}
	assert_int_equal(h.m.lookups, before);
	/* It is not touched any more once the host has said so. */
	h.m.unmap_from = (size_t)(q.bufs - h.m.at);
	h.m.generation++;
	wcnic_card_poll(h.card);
	assert_int_equal(fake_receive(&h, frame, 64, 64), 0);
	assert_false(fake_rx_reap(&q, &cpl, NULL));
	fake_host_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup_up, fake_teardown)
		CASE(burst__frames_of_all_kinds__are_as_if_each_came_alone),
		CASE(burst__not_promiscuous__the_same_frames_pass),
		CASE(burst__with_hash__is_as_if_each_came_alone),
		CASE(burst__buffers_end_in_the_middle__the_rest_waits),
		CASE(burst__port_down__is_enetdown_for_all),
		CASE(generation__stays__memory_is_looked_up_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
