/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What cards share about frames: parser, verdicts, checksums, segments, RSS, rules. */

#include <errno.h>
#include <string.h>

#include <wcdev_flow.h>
#include <wcdev_offload.h>
#include <wcdev_parse.h>
#include <wcdev_rss.h>
#include <wcdev_verdict.h>

#include "fuzz_input.h"

#define FRAME_BYTES 400u
#define PIECES 4u
#define RULES 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A frame in pieces of its exact size, so that a read past one is seen. */
struct pieces {
	struct wcdev_frame frame;
	struct wcdev_frag frags[PIECES];
	uint8_t all[FRAME_BYTES];
};

static void
pieces_make(struct pieces *p, struct fuzz_input *in)
{
	static const uint8_t types[][2] = {{0x08, 0}, {0x86, 0xdd}, {0x81, 0}, {0x88, 0xa8}};
	const uint8_t how = fuzz_take8(in);
	uint32_t bytes = 14 + fuzz_take8(in) * 3u / 2, used = 0, piece;

	fuzz_take(in, p->all, bytes);
	if (how % 8 != 0)
		memcpy(p->all + 12, types[how / 8 % 4], 2);
	if (how % 8 >= 6)
		memcpy(p->all + 16, types[how / 32 % 4], 2);
	p->frame = (struct wcdev_frame){.frags = p->frags, .bytes = bytes};
	while (used < bytes) {
		piece = how < 0x80 || p->frame.n_frags == PIECES - 1
				? bytes - used
				: 1 + fuzz_take8(in) % (bytes - used);
		p->frags[p->frame.n_frags].base = malloc(piece);
		MUST(p->frags[p->frame.n_frags].base != NULL);
		memcpy((void *)(uintptr_t)p->frags[p->frame.n_frags].base, p->all + used, piece);
		p->frags[p->frame.n_frags++].bytes = piece;
		used += piece;
	}
	if ((how & 0x40) != 0)
		p->frame.flags = WCDEV_FRAME_STABLE;
}

static void
pieces_free(struct pieces *p)
{
	for (uint32_t i = 0; i < p->frame.n_frags; i++)
		free((void *)(uintptr_t)p->frags[i].base);
}

/* Whatever is said of a frame lies within it: in its first bytes, or their copy in `buf`. */
static void
frame_judge(const struct wcdev_frame *frame, uint8_t *buf, struct wcdev_parse *parse)
{
	const uint8_t *head = wcdev_frame_head(frame, buf);
	const uint32_t bytes = wcdev_frame_head_bytes(frame);
	uint32_t verdict;
	uint16_t ptype;

	wcdev_parse(head, bytes, parse);
	MUST(parse->l3_off < bytes && parse->l4_off < bytes);
	MUST(parse->addr_bytes == 0 ||
	     (parse->addr >= head && parse->addr + parse->addr_bytes <= head + bytes));
	MUST(parse->ports == NULL || (parse->ports >= head && parse->ports + 4 <= head + bytes));
	ptype = wcdev_ptype_of(head, bytes);
	MUST(ptype == WCDEV_PTYPE_UNKNOWN || ptype == parse->ptype);
	verdict = wcdev_verdict(frame, head, parse);
	MUST((~verdict & (WCDEV_VERDICT_L4_BAD | WCDEV_VERDICT_L4_GOOD)) != 0);
	MUST((~verdict & (WCDEV_VERDICT_IP_BAD | WCDEV_VERDICT_IP_GOOD)) != 0);
}

static void
frame_hash(struct fuzz_input *in, const struct wcdev_parse *parse)
{
	static struct wcdev_rss rss[2];
	static bool made;
	uint8_t key[WCDEV_RSS_KEY_BYTES];
	uint32_t hash;

	for (unsigned int i = 0; !made && i < 2; i++) {
		memset(key, 0x6d, sizeof(key));
		wcdev_rss_set(&rss[i], 0xfff, i, key);
	}
	made = true;
	(void)wcdev_rss_hash(&rss[fuzz_take8(in) & 1], parse, &hash);
}

/* What is asked for: mostly what the parser found. */
static struct wcdev_offload
offload_make(struct fuzz_input *in, const struct wcdev_parse *parse)
{
	const uint8_t how = fuzz_take8(in);
	struct wcdev_offload o = {.l4 = how % 4,
				  .ipv4 = (how & 4) != 0,
				  .vlan = (how & 8) != 0,
				  .segment = (how & 16) != 0,
				  .vlan_tci = 0x1123};

	o.l2_bytes = parse->l3_off;
	o.l3_bytes = parse->l4_off > parse->l3_off ? parse->l4_off - parse->l3_off : 20;
	o.l4_bytes = o.l4 == WCDEV_OFFLOAD_UDP ? 8 : 20;
	o.mss = 1u + fuzz_take8(in);
	if ((how & 0x60) == 0x60) {
		o.l2_bytes = fuzz_take8(in) % 128;
		o.l3_bytes = fuzz_take16(in) % 512;
		o.l4_bytes = fuzz_take8(in);
	}
	return o;
}

static void
frame_offload(struct fuzz_input *in, const struct pieces *p, const struct wcdev_parse *parse)
{
	struct wcdev_offload o = offload_make(in, parse);
	struct wcdev_segmenter s;
	uint8_t *to;
	int ret;

	if (!o.segment) {
		to = malloc(wcdev_offload_bytes(&o, p->frame.bytes));
		MUST(to != NULL);
		ret = wcdev_offload_copy(&o, &p->frame, to);
		MUST(ret <= 0);
		free(to);
		return;
	}
	if (wcdev_segmenter_init(&s, &o, &p->frame, fuzz_take8(in) % 4) != 0)
		return;
	MUST(s.n != 0);
	while (s.next < s.n) {
		to = malloc(wcdev_segment_bytes(&s, s.next));
		MUST(to != NULL);
		wcdev_segment_make(&s, to);
		free(to);
	}
}

/* Rules of few priorities and masks, so that groups grow and go. */
static void
rules_run(struct fuzz_input *in)
{
	struct wcdev_flow_table table = {0};
	struct wcdev_flow_rule rules[RULES] = {0};
	bool there[RULES] = {false};
	struct wcdev_flow_key key = {0}, mask;
	const struct wcdev_flow_group *group;
	struct wcdev_flow_rule *hit;
	unsigned int n = 0;

	for (unsigned int steps = fuzz_take8(in) % 64; steps != 0; steps--) {
		const uint8_t what = fuzz_take8(in), i = what % RULES;

		key.words[what % 8] = fuzz_take8(in) % 4;
		if (there[i]) {
			wcdev_flow_remove(&table, &rules[i]);
			there[i] = false;
			n--;
			continue;
		}
		memset(&mask, 0, sizeof(mask));
		mask.words[what / 64] = 0xff;
		rules[i] = (struct wcdev_flow_rule){.key = key, .priority = what % 3, .id = i};
		there[i] = wcdev_flow_add(&table, &rules[i], &mask) == 0;
		n += there[i];
		for (group = table.groups; group != NULL;)
			for (hit = wcdev_flow_hits(&group, &key); hit != NULL; hit = hit->hit)
				MUST(there[hit->id]);
	}
	MUST(table.n_rules == n);
	for (unsigned int i = 0; i < RULES; i++)
		if (there[i])
			wcdev_flow_remove(&table, &rules[i]);
	MUST(table.groups == NULL && table.n_rules == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	uint8_t buf[WCDEV_HEAD_BYTES];
	struct wcdev_parse parse;
	struct pieces p = {.all = {0}};

	if ((fuzz_take8(&in) & 7) == 7) {
		rules_run(&in);
		return 0;
	}
	pieces_make(&p, &in);
	frame_judge(&p.frame, buf, &parse);
	frame_hash(&in, &parse);
	frame_offload(&in, &p, &parse);
	pieces_free(&p);
	return 0;
}
