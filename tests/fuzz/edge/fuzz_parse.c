/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * What card models know of a frame by its first bytes: its kind, its hash, whether its checksums
 * are right. The quick ways must agree with the slow ones.
 */

#include <string.h>

#include <wcdev_parse.h>
#include <wcdev_rss.h>
#include <wcdev_verdict.h>

#include "fuzz_input.h"

#define BYTES_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct wcdev_rss rss;

static void
rss_once(void)
{
	uint8_t key[WCDEV_RSS_KEY_BYTES];

	if (rss.types != 0)
		return;
	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	wcdev_rss_set(&rss, 0xfff, false, key);
}

static void
parse_check(const struct wcdev_parse *p, const uint8_t *head, uint32_t bytes)
{
	MUST(p->n_tags <= 2 && p->l3_off <= bytes && p->l4_off <= bytes);
	if (p->addr_bytes != 0)
		MUST(p->addr >= head && p->addr + p->addr_bytes <= head + bytes);
	if (p->ports != NULL)
		MUST(p->ports >= head && p->ports + 4 <= head + bytes);
}

/* A frame that needs no parser: what is found without must be what the parser finds. */
static void
quick_check(const struct wcdev_frame *frame, const uint8_t *head, const struct wcdev_parse *p)
{
	const uint16_t ptype = wcdev_ptype_of(head, frame->bytes);
	uint32_t slow = 0, quick = 0;
	bool hashed;

	if (ptype == WCDEV_PTYPE_UNKNOWN)
		return;
	MUST(ptype == p->ptype);
	if ((ptype & WCDEV_PTYPE_L3_MASK) != WCDEV_PTYPE_IPV4)
		return;
	hashed = wcdev_rss_hash(&rss, p, &slow);
	MUST(hashed == wcdev_rss_hash_ipv4(&rss, ptype, head + WCDEV_IPV4_TUPLE_OFF, &quick));
	MUST(!hashed || slow == quick);
	if ((ptype & WCDEV_PTYPE_L4_MASK) != WCDEV_PTYPE_SCTP)
		MUST(wcdev_verdict_ipv4(head, frame->bytes, ptype) ==
		     wcdev_verdict(frame, head, p));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct wcdev_frag frags[3];
	struct wcdev_frame frame = {.frags = frags};
	uint8_t copy[WCDEV_HEAD_BYTES];
	struct wcdev_parse parse;
	const uint8_t *head;
	uint32_t cut, hash;

	if (bytes < 15)
		return 0;
	rss_once();
	cut = data[0];
	data++;
	frame.bytes = (uint32_t)(bytes - 1 < BYTES_MAX ? bytes - 1 : BYTES_MAX);
	frame.n_frags = 1;
	frame.flags = cut % 2 == 0 ? WCDEV_FRAME_STABLE : 0;
	frags[0] = (struct wcdev_frag){.base = data, .bytes = frame.bytes};
	if (cut / 2 != 0 && cut / 2 < frame.bytes) {
		frame.n_frags = 2;
		frags[0].bytes = cut / 2;
		frags[1] = (struct wcdev_frag){.base = data + cut / 2,
					       .bytes = frame.bytes - cut / 2};
	}
	head = wcdev_frame_head(&frame, copy);
	wcdev_parse(head, wcdev_frame_head_bytes(&frame), &parse);
	parse_check(&parse, head, wcdev_frame_head_bytes(&frame));
	(void)wcdev_rss_hash(&rss, &parse, &hash);
	(void)wcdev_verdict(&frame, head, &parse);
	if (frame.n_frags == 1)
		quick_check(&frame, data, &parse);
	return 0;
}
