/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_QUADS_H
#define WCNIC_RX_QUADS_H

/*
 * Rx of four completions, which are one cache line, at once, with vectors of 16 bytes. Each file
 * that includes this compiles it for one kind of CPU.
 */

#include <assert.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_vect.h>

#include <wcbase.h>

#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"

#define QUAD 4u

static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "words of a completion are those of a vector");

typedef rte_v128u32_t words4_t;
typedef rte_v128u64_t words2_t;

/* In a word of 32 bits: the flags of a frame in one buffer, and which flags are compared. */
#define WHOLE ((uint32_t)(WCNIC_RXF_SOP | WCNIC_RXF_EOP) << 16)
#define WHOLE_MASK ((uint32_t)(uint16_t)~WCNIC_RXF_OL_FLAGS << 16)
/* ptype and phase */
#define LAST_MASK ((uint32_t)WCNIC_PHASE_BIT << 24 | UINT16_MAX)
#define SIGN (1u << 31)

/* What four completions are compared with, and what is written to their mbufs. */
struct quads {
	uint32_t phase;
	words4_t seqs, buf_bytes, last;
	words4_t fields; /* of an mbuf: the packet type */
	words2_t rearm;
};

/* Four completions, and their words: the first, the third and the fourth of each. */
struct four {
	words4_t cpl[4];
	words4_t first, third, fourth;
};

/*
 * Reads four completions, each once; false: they are not all there. The card writes them in order,
 * so all are there if the last one is.
 */
static __rte_always_inline bool
four_read(struct four *f, const uint64_t *words, uint32_t phase)
{
	const uint64_t last = rte_atomic_load_explicit((const RTE_ATOMIC(uint64_t) *)&words[7],
						       rte_memory_order_acquire);
	words4_t a, b;

	if (((uint32_t)(last >> 32 ^ phase) & (uint32_t)WCNIC_PHASE_BIT << 24) != 0)
		return false;
	memcpy(&f->cpl[0], &words[0], sizeof(f->cpl[0]));
	memcpy(&f->cpl[1], &words[2], sizeof(f->cpl[0]));
	memcpy(&f->cpl[2], &words[4], sizeof(f->cpl[0]));
	memcpy(&f->cpl[3], &words[6], sizeof(f->cpl[0]));
	rte_compiler_barrier();
	a = WC_SHUFFLE(f->cpl[0], f->cpl[1], 0, 4, 1, 5);
	b = WC_SHUFFLE(f->cpl[2], f->cpl[3], 0, 4, 1, 5);
	f->first = WC_SHUFFLE(a, b, 0, 1, 4, 5);
	a = WC_SHUFFLE(f->cpl[0], f->cpl[1], 2, 6, 3, 7);
	b = WC_SHUFFLE(f->cpl[2], f->cpl[3], 2, 6, 3, 7);
	f->third = WC_SHUFFLE(a, b, 0, 1, 4, 5);
	f->fourth = WC_SHUFFLE(a, b, 2, 3, 6, 7);
	return true;
}

/*
 * Whether each is for the next buffer, is a whole frame that fits it, and has the packet type that
 * was seen last.
 */
__rte_warn_unused_result static __rte_always_inline bool
four_ok(const struct four *f, const struct quads *q)
{
	const words4_t bytes = f->first & UINT16_MAX;
	const words2_t differs = (words2_t)(((f->first ^ WHOLE) & WHOLE_MASK) |
					    (f->third ^ (bytes << 16 | (q->seqs & UINT16_MAX))) |
					    ((f->fourth ^ q->last) & LAST_MASK) |
					    (((q->buf_bytes - bytes) | (bytes - 1)) & SIGN));

	return (differs[0] | differs[1]) == 0;
}

/* Fills an mbuf with two stores: data_off to ol_flags; packet type, both lengths, hash. */
static __rte_always_inline void
mbuf_put(struct rte_mbuf *m, const words2_t *begin, const words4_t *cpl, const words4_t *fields)
{
	static_assert(offsetof(struct rte_mbuf, ol_flags) ==
			      offsetof(struct rte_mbuf, data_off) + 8,
		      "two vectors hold what is written");
	static const words4_t mask = {0, UINT16_MAX, UINT16_MAX, UINT32_MAX};
	const words4_t moved = WC_SHUFFLE(*cpl, *cpl, 0, 0, 0, 1);
	const words4_t end = (moved & mask) | *fields;

	memcpy(&m->data_off, begin, sizeof(*begin));
	memcpy(&m->packet_type, &end, sizeof(end));
}

static __rte_always_inline void
four_put(const struct four *f, const struct quads *q, struct rte_mbuf **sw)
{
	const words4_t flags = f->first >> 17 & WCNIC_RXF_OL_FLAGS >> 1, none = {0};
	const words2_t low = (words2_t)WC_SHUFFLE(flags, none, 0, 4, 1, 5);
	const words2_t high = (words2_t)WC_SHUFFLE(flags, none, 2, 4, 3, 5);
	const words2_t begin[4] = {
		WC_SHUFFLE(q->rearm, low, 0, 2),
		WC_SHUFFLE(q->rearm, low, 0, 3),
		WC_SHUFFLE(q->rearm, high, 0, 2),
		WC_SHUFFLE(q->rearm, high, 0, 3),
	};

	mbuf_put(sw[0], &begin[0], &f->cpl[0], &q->fields);
	mbuf_put(sw[1], &begin[1], &f->cpl[1], &q->fields);
	mbuf_put(sw[2], &begin[2], &f->cpl[2], &q->fields);
	mbuf_put(sw[3], &begin[3], &f->cpl[3], &q->fields);
}

static __rte_always_inline struct quads
quads_make(const struct wcnic_rxq *rxq)
{
	const uint32_t head = rxq->head, buf_bytes = rxq->buf_bytes;
	const uint32_t phase = (uint32_t)((head & rxq->depth) == 0) << 24;
	const uint32_t last = phase | rxq->ptype_seen;

	return (struct quads){
		.phase = phase,
		.seqs = {head, head + 1, head + 2, head + 3},
		.buf_bytes = {buf_bytes, buf_bytes, buf_bytes, buf_bytes},
		.last = {last, last, last, last},
		.fields = {rxq->packet_type},
		.rearm = {rxq->rearm},
	};
}

/* Takes whole lines of four completions; head is at the start of a line. */
static __rte_always_inline uint16_t
quads_take(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = rxq->head & rxq->mask;
	const uint64_t *words = (const uint64_t *)(const void *)&rxq->cq[first];
	struct rte_mbuf **sw = &rxq->sw[first];
	struct quads q = quads_make(rxq);
	words4_t total = {0};
	struct four f;
	uint16_t i;

	n = RTE_MIN(n, (uint16_t)(rxq->posted - rxq->head));
	n = RTE_MIN(n, (uint16_t)(rxq->depth - first));
	for (i = 0; i + QUAD <= n; i += QUAD, words += 2 * QUAD) {
		if (!four_read(&f, words, q.phase) || unlikely(!four_ok(&f, &q)))
			break;
		four_put(&f, &q, &sw[i]);
		memcpy(&pkts[i], &sw[i], QUAD * sizeof(sw[0]));
		total += f.first & UINT16_MAX;
		q.seqs += QUAD;
	}
	rxq->head += i;
	rxq->stats.packets += i;
	rxq->stats.bytes += (uint64_t)total[0] + total[1] + total[2] + total[3];
	return i;
}

typedef uint16_t (*quads_take_t)(struct wcnic_rxq *, struct rte_mbuf **, uint16_t);

/* Takes up to `n` frames: one by one up to a line's start and after the last whole line. */
static __rte_always_inline uint16_t
take_lines(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n, quads_take_t quads)
{
	const uint16_t past_line = rxq->head % QUAD;
	uint16_t got = 0;

	if (n < QUAD)
		return wcnic_rx_take_scalar(rxq, pkts, n);
	if (unlikely(past_line != 0)) {
		const uint16_t rest = RTE_MIN(n, (uint16_t)(QUAD - past_line));

		got = wcnic_rx_take_scalar(rxq, pkts, rest);
		if (got != rest)
			return got;
	}
	got += quads(rxq, pkts + got, n - got);
	if (got != n)
		got += wcnic_rx_take_scalar(rxq, pkts + got, n - got);
	return got;
}

/* The functions of one kind of CPU. */
#define WCNIC_RX_QUADS_VARIANT(name, attribute)                                                  \
	attribute WCNIC_HOT static __rte_noinline uint16_t quads_##name(                         \
		struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)                       \
	{                                                                                        \
		return quads_take(rxq, pkts, n);                                                 \
	}                                                                                        \
	uint16_t wcnic_rx_take_##name(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                        \
		return take_lines(rxq, pkts, n, quads_##name);                                   \
	}

#endif /* WCNIC_RX_QUADS_H */
