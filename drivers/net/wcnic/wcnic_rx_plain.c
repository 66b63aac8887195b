/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Rx of frames of one buffer each (datasheet section 7): one by one, or four completions, which are
 * one cache line, at once. The latter uses vectors of 16 bytes, and is compiled once for each kind
 * of CPU.
 */

#include <ethdev_driver.h>
#include <rte_cpuflags.h>
#include <rte_vect.h>

#include <wcbase.h>

#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"

/* ---- one by one ----------------------------------------------------------------------------- */

/* Packet type, lengths and hash of a frame in one buffer: two words of the mbuf. */
static inline void
mbuf_fill(struct rte_mbuf *m, uint32_t packet_type, uint16_t bytes, uint32_t hash)
{
	static_assert(offsetof(struct rte_mbuf, pkt_len) ==
				      offsetof(struct rte_mbuf, packet_type) + 4 &&
			      offsetof(struct rte_mbuf, data_len) ==
				      offsetof(struct rte_mbuf, packet_type) + 8 &&
			      offsetof(struct rte_mbuf, hash) ==
				      offsetof(struct rte_mbuf, packet_type) + 12,
		      "two words hold these, and a VLAN that is not stripped");
	const uint64_t words[2] = {
		htole64((uint64_t)packet_type | (uint64_t)bytes << 32),
		htole64((uint64_t)bytes | (uint64_t)hash << 32),
	};

	memcpy(&m->packet_type, words, sizeof(words));
}

/* In the second word of a completion: phase, frame_bytes and seq. */
#define PLAIN_MASK ((uint64_t)WCNIC_PHASE_BIT << 56 | UINT32_MAX)

/* One by one. The completion's two words are read once each, the one with the phase first. */
__rte_noinline uint16_t
wcnic_rx_take_scalar(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = rxq->head & rxq->mask;
	const uint64_t *words = (const uint64_t *)(const void *)&rxq->cq[first];
	const uint64_t phase = (uint64_t)((rxq->head & rxq->depth) == 0) << 56;
	struct rte_mbuf **sw = &rxq->sw[first];
	const uint64_t rearm = rxq->rearm;
	const uint32_t buf_bytes = rxq->buf_bytes;
	uint16_t head = rxq->head, i;
	uint64_t total = 0;

	n = RTE_MIN(n, (uint16_t)(rxq->posted - head));
	n = RTE_MIN(n, (uint16_t)(rxq->depth - first));
	for (i = 0; i < n; i++, head++, words += 2) {
		const uint64_t high = le64toh(__atomic_load_n(&words[1], __ATOMIC_ACQUIRE));
		const uint64_t low = le64toh(__atomic_load_n(&words[0], __ATOMIC_RELAXED));
		const uint32_t bytes = (uint16_t)low, flags = (uint32_t)low >> 16;
		struct rte_mbuf *m = sw[i];

		/* bytes - 1: so that 0 bytes count as too many */
		if (unlikely(((high ^ (phase | bytes << 16 | head)) & PLAIN_MASK) != 0 ||
			     (flags & ~WCNIC_RXF_OL_FLAGS) != (WCNIC_RXF_SOP | WCNIC_RXF_EOP) ||
			     bytes - 1 >= buf_bytes))
			break;
		if (unlikely((uint16_t)(high >> 32) != rxq->ptype_seen)) {
			rxq->ptype_seen = (uint16_t)(high >> 32);
			rxq->packet_type = wcnic_rx_ptype(rxq->ptype_seen);
		}
		wcnic_rx_mbuf_rearm(m, rearm);
		m->ol_flags = (flags & WCNIC_RXF_OL_FLAGS) >> 1;
		mbuf_fill(m, rxq->packet_type, bytes, (uint32_t)(low >> 32));
		total += bytes;
		pkts[i] = m;
	}
	rxq->head = head;
	rxq->stats.packets += i;
	rxq->stats.bytes += total;
	return i;
}

/* ---- four at once --------------------------------------------------------------------------- */

#define QUAD 4u

static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "words of a completion are those of a vector");

typedef uint32_t words4_t WC_VECTOR(16);
typedef uint64_t words2_t WC_VECTOR(16);
/* The same anywhere in memory. */
typedef uint32_t words4_at_t WC_VECTOR(16) WC_ALIGNED(1) WC_MAY_ALIAS;
typedef uint64_t words2_at_t WC_VECTOR(16) WC_ALIGNED(1) WC_MAY_ALIAS;

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
	const uint64_t last = __atomic_load_n(&words[7], __ATOMIC_ACQUIRE);
	words4_t a, b;

	if (((uint32_t)(last >> 32 ^ phase) & (uint32_t)WCNIC_PHASE_BIT << 24) != 0)
		return false;
	f->cpl[0] = *(const words4_at_t *)&words[0];
	f->cpl[1] = *(const words4_at_t *)&words[2];
	f->cpl[2] = *(const words4_at_t *)&words[4];
	f->cpl[3] = *(const words4_at_t *)&words[6];
	rte_compiler_barrier();
	a = __builtin_shufflevector(f->cpl[0], f->cpl[1], 0, 4, 1, 5);
	b = __builtin_shufflevector(f->cpl[2], f->cpl[3], 0, 4, 1, 5);
	f->first = __builtin_shufflevector(a, b, 0, 1, 4, 5);
	a = __builtin_shufflevector(f->cpl[0], f->cpl[1], 2, 6, 3, 7);
	b = __builtin_shufflevector(f->cpl[2], f->cpl[3], 2, 6, 3, 7);
	f->third = __builtin_shufflevector(a, b, 0, 1, 4, 5);
	f->fourth = __builtin_shufflevector(a, b, 2, 3, 6, 7);
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
	const words4_t moved = __builtin_shufflevector(*cpl, *cpl, 0, 0, 0, 1);

	*(words2_at_t *)(void *)&m->data_off = *begin;
	*(words4_at_t *)(void *)&m->packet_type = (moved & mask) | *fields;
}

static __rte_always_inline void
four_put(const struct four *f, const struct quads *q, struct rte_mbuf **sw)
{
	const words4_t flags = f->first >> 17 & WCNIC_RXF_OL_FLAGS >> 1, none = {0};
	const words2_t low = (words2_t)__builtin_shufflevector(flags, none, 0, 4, 1, 5);
	const words2_t high = (words2_t)__builtin_shufflevector(flags, none, 2, 4, 3, 5);
	const words2_t begin[4] = {
		__builtin_shufflevector(q->rearm, low, 0, 2),
		__builtin_shufflevector(q->rearm, low, 0, 3),
		__builtin_shufflevector(q->rearm, high, 0, 2),
		__builtin_shufflevector(q->rearm, high, 0, 3),
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

#define VARIANT(name, attribute)                                                                 \
	attribute WCNIC_HOT static __rte_noinline uint16_t quads_##name(                         \
		struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n)                       \
	{                                                                                        \
		return quads_take(rxq, pkts, n);                                                 \
	}                                                                                        \
	uint16_t wcnic_rx_take_##name(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                        \
		return take_lines(rxq, pkts, n, quads_##name);                                   \
	}

VARIANT(generic, )
#if defined(RTE_ARCH_X86)
VARIANT(avx2, WC_TARGET("avx2,tune=haswell"))
#endif

uint8_t
wcnic_rx_plain_select(const char **name)
{
	const uint16_t bits = rte_vect_get_max_simd_bitwidth();

#if defined(RTE_ARCH_X86)
	if (bits >= RTE_VECT_SIMD_256 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0) {
		*name = "avx2";
		return WCNIC_RX_TAKER_AVX2;
	}
#endif
	*name = "scalar";
	if (bits < RTE_VECT_SIMD_128)
		return WCNIC_RX_TAKER_SCALAR;
#if defined(RTE_ARCH_ARM64)
	*name = "neon";
#elif defined(RTE_ARCH_X86)
	*name = "sse";
#endif
	return WCNIC_RX_TAKER_GENERIC;
}
