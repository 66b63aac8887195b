/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The write-combining buffers of one CPU: which line is open in which, and how lines leave. */

#include <assert.h>

#include "pcielink_internal.h"

#define FULL UINT64_MAX
#define RATIO_ONE 1000000u

static uint64_t
bytes_mask(unsigned int first, unsigned int bytes)
{
	return bytes == 64 ? FULL : ((UINT64_C(1) << bytes) - 1) << first;
}

/* The largest aligned power of two that starts at `first`, is all in the mask, and is allowed. */
static unsigned int
piece_bytes(uint64_t mask, unsigned int first, unsigned int most)
{
	unsigned int bytes = 1;

	while (bytes < most && first % (bytes * 2) == 0 &&
	       (mask & bytes_mask(first, bytes * 2)) == bytes_mask(first, bytes * 2))
		bytes *= 2;
	return bytes;
}

static void
buffer_evict(struct pcielink *link, struct cpu *c, struct buffer *b, enum pcielink_cause cause)
{
	unsigned int most = PCIELINK_LINE_BYTES, first, bytes;
	uint64_t mask = b->mask;
	struct pcielink_tlp tlp;

	assert(mask != 0);
	if (mask == FULL) {
		link->totals.lines_whole++;
	} else {
		link->totals.lines_partial++;
		most = (unsigned int)link->value[PCIELINK_PARTIAL_MAX_BYTES];
	}
	for (; mask != 0; mask &= ~bytes_mask(first, bytes)) {
		first = (unsigned int)__builtin_ctzll(mask);
		bytes = piece_bytes(mask, first, most);
		tlp = (struct pcielink_tlp){
			.addr = b->line + first,
			.bytes = bytes,
			.cpu = (uint32_t)(c - link->cpu),
			.type = b->type,
			.cause = cause,
		};
		c->last_accept_ps = pcielink_wire_send(link, &tlp, later(c->now_ps, c->wc_next_ps));
		c->wc_next_ps = c->last_accept_ps + link->value[PCIELINK_WC_SPACING_NS];
	}
	b->mask = 0;
	b->free_ps = c->last_accept_ps + link->value[PCIELINK_WC_RELEASE_NS];
}

static struct buffer *
buffer_of_line(const struct pcielink *link, struct cpu *c, uint64_t line)
{
	for (unsigned int i = 0; i < link->value[PCIELINK_WC_BUFFERS]; i++) {
		if (c->buffers[i].mask != 0 && c->buffers[i].line == line)
			return &c->buffers[i];
	}
	return NULL;
}

static struct buffer *
buffer_oldest(const struct pcielink *link, struct cpu *c)
{
	struct buffer *oldest = NULL;

	for (unsigned int i = 0; i < link->value[PCIELINK_WC_BUFFERS]; i++) {
		struct buffer *b = &c->buffers[i];

		if (b->mask != 0 && (oldest == NULL || b->age_seq < oldest->age_seq))
			oldest = b;
	}
	return oldest;
}

/* The one that is free, or will be first; NULL: all are open. */
static struct buffer *
buffer_first_free(const struct pcielink *link, struct cpu *c)
{
	struct buffer *first = NULL;

	for (unsigned int i = 0; i < link->value[PCIELINK_WC_BUFFERS]; i++) {
		struct buffer *b = &c->buffers[i];

		if (b->mask == 0 && (first == NULL || b->free_ps < first->free_ps))
			first = b;
	}
	return first;
}

/* A free buffer: an open line makes way only if no other one is about to. */
static struct buffer *
buffer_take(struct pcielink *link, struct cpu *c)
{
	struct buffer *b = buffer_first_free(link, c);

	if (b == NULL) {
		b = buffer_oldest(link, c);
		buffer_evict(link, c, b, PCIELINK_BY_PRESSURE);
	}
	if (b->free_ps > c->now_ps) {
		link->totals.stall_pressure_ps += b->free_ps - c->now_ps;
		c->now_ps = b->free_ps;
	}
	return b;
}

/* splitmix64 (Steele, Lea, Flood 2014), scaled to 0 .. RATIO_ONE - 1. */
static uint64_t
random_below_one(struct cpu *c)
{
	uint64_t x = c->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return ((x >> 32) * RATIO_ONE) >> 32;
}

static bool
joins(const struct pcielink *link, struct cpu *c, enum pcielink_type type)
{
	return type == PCIELINK_WC || random_below_one(c) < link->value[PCIELINK_GATHER];
}

void
pcielink_buffer_store(struct pcielink *link, struct cpu *c, const struct piece *piece)
{
	struct buffer *b = buffer_of_line(link, c, piece->line);

	if (b != NULL && !joins(link, c, piece->type)) {
		buffer_evict(link, c, b, PCIELINK_BY_NO_GATHER);
		b = NULL;
	}
	if (b == NULL) {
		b = buffer_take(link, c);
		b->line = piece->line;
		b->type = piece->type;
		b->age_seq = c->age_seq++;
	}
	link->totals.overwritten_bytes += (uint64_t)__builtin_popcountll(b->mask & piece->mask);
	b->mask |= piece->mask;
	if (b->mask == FULL)
		buffer_evict(link, c, b, PCIELINK_BY_FILL);
}

void
pcielink_buffers_evict(struct pcielink *link, struct cpu *c, enum pcielink_cause cause)
{
	for (struct buffer *b = buffer_oldest(link, c); b != NULL; b = buffer_oldest(link, c))
		buffer_evict(link, c, b, cause);
}

void
pcielink_buffers_evict_line(struct pcielink *link, struct cpu *c, uint64_t line)
{
	struct buffer *b = buffer_of_line(link, c, line);

	if (b != NULL)
		buffer_evict(link, c, b, PCIELINK_BY_ORDER);
}
