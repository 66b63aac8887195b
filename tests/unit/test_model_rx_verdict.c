/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What the card says of frames: rx_frames.py makes them, judges them by means of its own, and
 * writes both to the standard input, a frame a line.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

#define FRAME_BYTES 2048u
#define LINES_MAX 20000u

struct line {
	uint16_t verdict; /* WCNIC_RXF_* */
	/* by addresses, by ports too, then the same of the symmetric function */
	bool hashed;
	uint32_t hashes[4];
	uint32_t bytes;
	uint8_t frame[FRAME_BYTES];
};

static struct line *lines;
static unsigned int n_lines;

static const uint8_t key[WCNIC_RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static uint16_t
verdict_of(const char *word, uint16_t good, uint16_t bad)
{
	return strcmp(word, "good") == 0 ? good : strcmp(word, "bad") == 0 ? bad : 0;
}

static void
line_parse(struct line *line, char *text)
{
	const char *ip = strtok(text, " "), *l4 = strtok(NULL, " "), *hex;

	line->verdict = verdict_of(ip, WCNIC_RXF_IP_GOOD, WCNIC_RXF_IP_BAD) |
			verdict_of(l4, WCNIC_RXF_L4_GOOD, WCNIC_RXF_L4_BAD);
	for (unsigned int i = 0; i < 4; i++) {
		const char *word = strtok(NULL, " ");

		line->hashed = strcmp(word, "none") != 0;
		line->hashes[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	hex = strtok(NULL, " \n");
	for (; hex[2 * line->bytes] != '\0'; line->bytes++) {
		char byte[3] = {hex[2 * line->bytes], hex[2 * line->bytes + 1], '\0'};

		line->frame[line->bytes] = (uint8_t)strtoul(byte, NULL, 16);
	}
}

static int
lines_read(void **state)
{
	static char text[2 * FRAME_BYTES + 256];

	(void)state;
	lines = calloc(LINES_MAX, sizeof(*lines));
	while (n_lines < LINES_MAX && fgets(text, sizeof(text), stdin) != NULL)
		line_parse(&lines[n_lines++], text);
	return n_lines > 0 ? 0 : -1;
}

static int
lines_free(void **state)
{
	(void)state;
	free(lines);
	return 0;
}

#define VERDICTS (WCNIC_RXF_IP_GOOD | WCNIC_RXF_IP_BAD | WCNIC_RXF_L4_GOOD | WCNIC_RXF_L4_BAD)

static void
verdict__frames_of_scapy__are_judged_as_they_should(void **state)
{
	static const uint32_t pieces[] = {2048, 53, 97, 15};
	struct fake_host *h = *state;
	struct wcnic_rx_cpl sop;
	uint8_t got[FRAME_BYTES];
	struct fake_rxq q;

	assert_int_equal(
		fake_features_set(h, WCNIC_CAP_PUSH | WCNIC_CAP_RX_CHECKSUM | WCNIC_CAP_RX_EXTRA),
		0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 512, WCNIC_RXQ_OFFLOAD_CHECKSUM), 0);
	for (unsigned int i = 0; i < n_lines; i++) {
		const struct line *line = &lines[i];

		fake_rx_post(h, &q, 64u - (uint16_t)(q.tail - q.head));
		assert_int_equal(fake_receive(h, line->frame, line->bytes, pieces[i % 4]), 0);
		assert_int_equal(fake_rx_frame(&q, got, &sop), line->bytes);
		assert_memory_equal(got, line->frame, line->bytes);
		if ((le16toh(sop.flags) & VERDICTS) != line->verdict)
			fail_msg("line %u: verdict 0x%x instead of 0x%x", i + 1,
				 le16toh(sop.flags) & VERDICTS, line->verdict);
	}
}

static void
verdict__tags_stripped__is_the_same(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rx_cpl sop;
	uint8_t got[FRAME_BYTES];
	struct fake_rxq q;

	assert_int_equal(
		fake_features_set(h, WCNIC_CAP_PUSH | WCNIC_CAP_RX_CHECKSUM | WCNIC_CAP_RX_EXTRA),
		0);
	assert_int_equal(fake_rxq_open_offloads(h, &q, 0, 64, 2048,
						WCNIC_RXQ_OFFLOAD_CHECKSUM |
							WCNIC_RXQ_OFFLOAD_VLAN_STRIP |
							WCNIC_RXQ_OFFLOAD_QINQ_STRIP),
			 0);
	for (unsigned int i = 0; i < n_lines; i++) {
		fake_rx_post(h, &q, 1);
		assert_int_equal(fake_receive(h, lines[i].frame, lines[i].bytes, 2048), 0);
		assert_uint_in_range(fake_rx_frame(&q, got, &sop), 14, lines[i].bytes);
		assert_int_equal(le16toh(sop.flags) & VERDICTS, lines[i].verdict);
	}
}

static void
verdict__not_asked_for__is_not_given(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_rx_cpl sop;
	uint8_t got[FRAME_BYTES];
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 64, 2048), 0);
	for (unsigned int i = 0; i < n_lines; i += 7) {
		fake_rx_post(h, &q, 1);
		assert_int_equal(fake_receive(h, lines[i].frame, lines[i].bytes, 2048), 0);
		assert_int_equal(fake_rx_frame(&q, got, &sop), lines[i].bytes);
		assert_int_equal(le16toh(sop.flags) & VERDICTS, 0);
	}
}

static void
hashes_expect(struct fake_host *h, struct fake_rxq *q, uint32_t types, uint8_t function,
	      unsigned int which)
{
	struct wcnic_rss rss = {.types = htole32(types), .function = function};
	struct wcnic_rx_cpl sop;
	uint8_t got[FRAME_BYTES];

	memcpy(rss.key, key, sizeof(key));
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	for (unsigned int i = 0; i < n_lines; i++) {
		const struct line *line = &lines[i];

		fake_rx_post(h, q, 1);
		assert_int_equal(fake_receive(h, line->frame, line->bytes, i % 2 ? 2048 : 60), 0);
		assert_int_equal(fake_rx_frame(q, got, &sop), line->bytes);
		assert_int_equal((le16toh(sop.flags) & WCNIC_RXF_HASH) != 0, line->hashed);
		if (line->hashed && le32toh(sop.hash) != line->hashes[which])
			fail_msg("line %u: hash 0x%08x instead of 0x%08x", i + 1, le32toh(sop.hash),
				 line->hashes[which]);
	}
}

/* Every frame has its hash: with tags, options, extension headers, of fragments and others. */
static void
rss__frames_of_scapy__are_hashed_as_they_should(void **state)
{
	struct fake_host *h = *state;
	struct fake_rxq q;

	assert_int_equal(fake_rxq_open(h, &q, 0, 64, 2048), 0);
	hashes_expect(h, &q, WCNIC_RSS_IPV4 | WCNIC_RSS_IPV6, WCNIC_RSS_TOEPLITZ, 0);
	hashes_expect(h, &q, WCNIC_RSS_ALL, WCNIC_RSS_TOEPLITZ, 1);
	hashes_expect(h, &q, WCNIC_RSS_IPV4 | WCNIC_RSS_IPV6, WCNIC_RSS_SYMMETRIC, 2);
	hashes_expect(h, &q, WCNIC_RSS_ALL, WCNIC_RSS_SYMMETRIC, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_setup_up, fake_teardown)
		CASE(verdict__frames_of_scapy__are_judged_as_they_should),
		CASE(verdict__tags_stripped__is_the_same),
		CASE(verdict__not_asked_for__is_not_given),
		CASE(rss__frames_of_scapy__are_hashed_as_they_should),
	};

	return cmocka_run_group_tests(tests, lines_read, lines_free);
}
