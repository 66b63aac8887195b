/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Most received frames take a short way through the ENA card, others the general one: both must say
 * the same. Frames that are whole, wrong in any byte or cut off are given to three equal cards: in
 * one piece that nobody changes, in one that may change, and in pieces, which is the general way.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"
#include "ip_frame.h"

#define DEPTH 64u
#define QUEUES 4u
#define FRAMES 20000u
#define WAYS 3u
#define SEED 0x5eed0001u
#define GENERAL_PIECE 9u

struct way {
	struct ena_rig *r;
	struct fake_ena_rxq qs[QUEUES];
};

struct ways {
	struct way way[WAYS];
	uint64_t random;
};

static uint32_t
random_below(struct ways *w, uint32_t end)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->random >> 33) % end;
}

static int
setup(void **state)
{
	struct ways *w = calloc(1, sizeof(*w));
	const uint8_t key[4 * ENA_RSS_KEY_WORDS] = {0x6d, 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9};

	assert_non_null(w);
	w->random = SEED;
	for (unsigned int i = 0; i < WAYS; i++) {
		struct way *way = &w->way[i];
		void *rig;

		ena_rig_setup(&rig);
		way->r = rig;
		for (unsigned int q = 0; q < QUEUES; q++) {
			assert_int_equal(fake_ena_rxq_open(&way->r->e, &way->qs[q], DEPTH,
							   q == 3 ? 256 : 2048, FAKE_NO_VECTOR),
					 ENA_ST_OK);
			fake_ena_rx_post(&way->r->e, &way->qs[q], DEPTH);
		}
		assert_int_equal(fake_ena_rss_table(&way->r->e, way->qs, QUEUES), ENA_ST_OK);
		assert_int_equal(fake_ena_rss_key(&way->r->e, key, 0x1234), ENA_ST_OK);
	}
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct ways *w = *state;

	for (unsigned int i = 0; i < WAYS; i++) {
		void *rig = w->way[i].r;

		ena_rig_teardown(&rig);
	}
	free(w);
	return 0;
}

/* Any kind of frame, most of them of the kinds that take the short way; then a few wrong bytes. */
static uint32_t
frame_make(struct ways *w, uint8_t *out)
{
	struct ip_frame f = {
		.v6 = random_below(w, 8) == 0,
		.proto = random_below(w, 8) == 0   ? 1
			 : random_below(w, 2) == 0 ? IP_TCP
						   : IP_UDP,
		.tags = random_below(w, 8) == 0,
		.options = random_below(w, 8) == 0 ? 4 : 0,
		.fragment = random_below(w, 16) == 0 ? 0x2000 : 0,
		.payload_bytes = random_below(w, 400),
	};
	uint32_t bytes;

	ip_frame_tuple(&f, random_below(w, 1u << 30));
	bytes = ip_frame_make(&f, out, (uint8_t)w->random);
	if (random_below(w, 4) == 0)
		for (uint32_t n = 1 + random_below(w, 3); n != 0; n--)
			out[random_below(w, bytes < 60 ? bytes : 60)] ^= (uint8_t)(1u
										   << random_below(
											      w,
											      8));
	/* Lengths of IPv4 and UDP that are few, or next to the right ones. */
	if (!f.v6 && random_below(w, 8) == 0)
		out[f.l3_off + 3] = (uint8_t)random_below(w, 64);
	if (f.proto == IP_UDP && random_below(w, 8) == 0)
		out[f.l4_off + 5] = (uint8_t)random_below(w, 24);
	if (f.proto == IP_UDP && random_below(w, 8) == 0)
		out[f.l4_off + 5] += (uint8_t)(random_below(w, 3) - 1);
	if (f.proto == IP_UDP && random_below(w, 8) == 0)
		memset(out + f.l4_off + 6, 0, 2); /* no checksum */
	if (random_below(w, 8) == 0)              /* the lengths of its headers are wrong, then */
		bytes = 14 + random_below(w, bytes - 13);
	return bytes;
}

static void
offer(struct way *way, const uint8_t *frame, uint32_t bytes, uint32_t flags, uint32_t piece)
{
	struct wcdev_frag frags[128];
	struct wcdev_frame offered = {.frags = frags, .bytes = bytes, .flags = flags};

	for (uint32_t at = 0; at < bytes; at += piece)
		frags[offered.n_frags++] = (struct wcdev_frag){
			frame + at, bytes - at < piece ? bytes - at : piece};
	assert_int_equal(wcdev_receive(ena_card_dev(way->r->e.card), &offered), 0);
}

/* The completions and frames of queue `q` are alike. Returns how many frames. */
static unsigned int
expect_same(struct ways *w, unsigned int q)
{
	static uint8_t want[20000], got[20000];
	struct ena_rx_cpl want_last, got_last;
	unsigned int n, frames = 0, want_n, got_n;
	uint32_t bytes;

	for (;; frames++) {
		bytes = fake_ena_rx_frame(&w->way[2].qs[q], want, &want_last, &want_n);
		for (n = 0; n < 2; n++) {
			assert_int_equal(
				fake_ena_rx_frame(&w->way[n].qs[q], got, &got_last, &got_n), bytes);
			if (bytes == 0)
				continue;
			assert_memory_equal(got, want, bytes);
			assert_memory_equal(&got_last, &want_last, sizeof(got_last));
			assert_int_equal(got_n, want_n);
		}
		if (bytes == 0)
			return frames;
		for (n = 0; n < WAYS; n++)
			fake_ena_rx_post(&w->way[n].r->e, &w->way[n].qs[q], want_n);
	}
}

static void
ways__any_frame__say_the_same(void **state)
{
	struct ways *w = *state;
	struct ena_card_stats want, got;
	static uint8_t frame[IP_FRAME_BYTES_MAX];
	unsigned int frames = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		const uint32_t bytes = frame_make(w, frame);

		offer(&w->way[0], frame, bytes, WCDEV_FRAME_STABLE, bytes);
		offer(&w->way[1], frame, bytes, 0, bytes);
		offer(&w->way[2], frame, bytes, WCDEV_FRAME_STABLE, GENERAL_PIECE);
		for (unsigned int q = 0; q < QUEUES; q++)
			frames += expect_same(w, q);
	}
	assert_int_equal(frames, FRAMES);
	ena_card_stats(w->way[2].r->e.card, &want);
	assert_int_equal(want.rx_frames, FRAMES);
	for (unsigned int i = 0; i < 2; i++) {
		ena_card_stats(w->way[i].r->e.card, &got);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ways__any_frame__say_the_same, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
