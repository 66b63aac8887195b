/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx by packed push (datasheet section 6): the frames of a burst lie back to back in lines. They
 * are put together in three steps: a byte stream, tagged lines, the window. The steps are written
 * once, over vectors of 32 bytes, and compiled for what CPUs have.
 */

#include <ethdev_driver.h>
#include <rte_byteorder.h>
#include <rte_cpuflags.h>
#include <rte_vect.h>

#include "wcnic_tx.h"

#define CHUNK_BYTES 32u
#define WORD_BYTES 8u

typedef uint64_t vec __attribute__((vector_size(CHUNK_BYTES)));
typedef uint64_t half __attribute__((vector_size(CHUNK_BYTES / 2)));
/* A vec anywhere in memory. */
typedef uint64_t vec_at __attribute__((vector_size(CHUNK_BYTES), aligned(1), may_alias));

/* A stream under way: what is published together. */
struct pack {
	uint8_t *at;  /* the next byte */
	uint8_t *end; /* room in the staging memory, the window and up to the next doorbell */
};

/* ---- the stream ----------------------------------------------------------------------------- */

static __rte_always_inline void
word_put(uint8_t *to, uint64_t word)
{
	word = rte_cpu_to_le_64(word);
	memcpy(to, &word, sizeof(word));
}

static __rte_always_inline uint64_t
word_get(const uint8_t *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return rte_le_to_cpu_64(word);
}

static __rte_always_inline uint32_t
aligned(uint32_t bytes)
{
	return (bytes + WCNIC_PACKED_ALIGN - 1) & ~(WCNIC_PACKED_ALIGN - 1);
}

/* Room in window and staging memory for what begins now. */
static __rte_always_inline void
pack_begin(struct wcnic_txq *txq, struct pack *p)
{
	const uint16_t free_lines = txq->n_lines -
				    (uint16_t)(txq->line_tail - wcnic_tx_mark_lines(txq->done));
	const uint32_t lines = RTE_MIN(free_lines, txq->publish_lines);

	p->at = txq->stream;
	p->end = txq->stream + lines * WCNIC_LINE_PAYLOAD_BYTES;
}

static __rte_always_inline void
chunk_copy(uint8_t *to, const uint8_t *from)
{
	*(vec_at *)to = *(const vec_at *)from;
}

/* Apart, as what it takes would be kept in registers for the others. */
static __rte_noinline void
short_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	memcpy(to, from, bytes);
}

/* All bytes of the frame and none behind them; whole chunks, of which the last two may overlap. */
static __rte_always_inline void
bytes_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	if (unlikely(bytes < CHUNK_BYTES)) {
		short_copy(to, from, bytes);
		return;
	}
	chunk_copy(to, from);
	if (unlikely(bytes > 2 * CHUNK_BYTES)) {
		for (uint32_t at = CHUNK_BYTES; at + CHUNK_BYTES < bytes; at += CHUNK_BYTES)
			chunk_copy(to + at, from + at);
	}
	chunk_copy(to + bytes - CHUNK_BYTES, from + bytes - CHUNK_BYTES);
}

/* frame_bytes, inline_bytes, flags: of a frame that is one entry. */
static __rte_always_inline uint64_t
header_of(uint32_t bytes)
{
	return (uint64_t)(WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 32 | bytes * 0x10001u;
}

/*
 * Frames of one segment that go inline, up to the first other one, the end of the room or the
 * ring's end.
 */
static __rte_always_inline uint16_t
plain_pack(struct wcnic_txq *txq, struct pack *p, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t first = txq->tail & txq->mask;
	const uint32_t inline_max = txq->inline_max;
	uint64_t *mark = &txq->marks[first], run = txq->run;
	struct rte_mbuf **sw = &txq->sw[first];
	uint8_t *at = p->at, *const end = p->end;
	uint16_t i;

	n = RTE_MIN(n, RTE_MIN(wcnic_tx_room(txq), (uint16_t)(txq->depth - first)));
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const uint32_t bytes = m->data_len;
		uint8_t *const next = at + sizeof(struct wcnic_push_hdr) + aligned(bytes);

		/* 0 bytes are more than any slot has */
		if (unlikely(m->nb_segs != 1 || bytes != m->pkt_len || bytes - 1 >= inline_max ||
			     next > end))
			break;
		word_put(at, header_of(bytes));
		word_put(next - WORD_BYTES, 0); /* zeroes behind the last byte */
		bytes_copy(at + sizeof(struct wcnic_push_hdr), rte_pktmbuf_mtod(m, uint8_t *),
			   bytes);
		at = next;
		run = wcnic_tx_mark_add(run, bytes);
		mark[i] = run;
		sw[i] = m;
	}
	p->at = at;
	txq->tail += i;
	txq->run = run;
	return i;
}

/* The header and `n` segments of a frame that is too long to go inline, from *m on. */
static void
segments_put(struct pack *p, const struct rte_mbuf **m, uint16_t n, uint16_t flags,
	     uint16_t frame_bytes)
{
	const struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(frame_bytes),
		.flags = htole16(flags),
		.n_segs = n,
	};

	memcpy(p->at, &hdr, sizeof(hdr));
	p->at += sizeof(hdr);
	for (; n > 0; *m = (*m)->next) {
		const struct wcnic_push_seg seg = {
			.iova = rte_cpu_to_le_64(rte_mbuf_data_iova(*m)),
			.bytes = htole32((*m)->data_len),
		};

		if ((*m)->data_len == 0)
			continue;
		memcpy(p->at, &seg, sizeof(seg));
		p->at += sizeof(seg);
		n--;
	}
}

/* Stream bytes of any frame. */
static uint32_t
stream_bytes(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs, uint16_t entries)
{
	if (m->pkt_len <= txq->inline_max)
		return sizeof(struct wcnic_push_hdr) + aligned(m->pkt_len);
	return entries * sizeof(struct wcnic_push_hdr) + segs * sizeof(struct wcnic_push_seg);
}

static void
chain_put(struct wcnic_txq *txq, struct pack *p, const struct rte_mbuf *frame, uint16_t segs)
{
	const struct rte_mbuf *m = frame;
	uint16_t flags = WCNIC_TXF_SOP, frame_bytes = frame->pkt_len;
	uint8_t *end;

	if (frame->pkt_len <= txq->inline_max) {
		end = p->at + sizeof(struct wcnic_push_hdr) + aligned(frame->pkt_len);
		word_put(end - WORD_BYTES, 0);
		word_put(p->at, header_of(frame_bytes));
		for (p->at += sizeof(struct wcnic_push_hdr); m != NULL; m = m->next) {
			memcpy(p->at, rte_pktmbuf_mtod(m, const void *), m->data_len);
			p->at += m->data_len;
		}
		p->at = end;
		return;
	}
	for (; segs > 0; flags = 0, frame_bytes = 0) {
		const uint16_t n = RTE_MIN(segs, txq->slot_segs);

		segs -= n;
		segments_put(p, &m, n, flags | (segs == 0 ? WCNIC_TXF_EOP : 0), frame_bytes);
	}
}

/* ---- lines ---------------------------------------------------------------------------------- */

/*
 * Tags `n` lines of a stream that is zero up to the last line's end. A line begins 8 bytes in front
 * of its part of the stream: what is there goes into the sum and out of it again.
 */
static __rte_always_inline void
lines_encode(struct wcnic_push_line *line, const uint8_t *stream, unsigned int n, uint64_t tag,
	     uint16_t seq)
{
	for (unsigned int i = 0; i < n; i++, line++, stream += WCNIC_LINE_PAYLOAD_BYTES) {
		const vec a = *(const vec_at *)(stream - WORD_BYTES);
		const vec b = *(const vec_at *)(stream + CHUNK_BYTES - WORD_BYTES);
		const uint64_t bare = tag | (uint16_t)(seq + i);
		const vec x = a ^ b;
		const half h = __builtin_shufflevector(x, x, 0, 1) ^
			       __builtin_shufflevector(x, x, 2, 3);
		uint64_t sum = rte_le_to_cpu_64(h[0] ^ h[1]) ^ word_get(stream - WORD_BYTES) ^ bare;

		sum ^= sum >> 32;
		sum ^= sum >> 16;
		((vec *)line)[0] = a;
		((vec *)line)[1] = b;
		word_put((uint8_t *)line, bare | (sum & UINT16_MAX) << 32);
	}
}

static __rte_always_inline void
lines_store(struct wcnic_txq *txq, unsigned int n)
{
	const unsigned int at = txq->line_tail & (txq->n_lines - 1u);
	const unsigned int first = RTE_MIN(n, txq->n_lines - at);

	txq->store->lines(RTE_PTR_ADD(txq->slots, (size_t)at * WCNIC_LINE_BYTES), txq->lines,
			  first);
	if (unlikely(first < n))
		txq->store->lines(txq->slots, txq->lines + first, n - first);
}

/* The stream becomes lines, of which the last is filled up with zeroes, and goes into the window.
 */
static __rte_always_inline void
pack_end(struct wcnic_txq *txq, struct pack *p)
{
	const uint32_t used = p->at - txq->stream;
	const unsigned int n = (used + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES;

	if (n == 0)
		return;
	memset(p->at, 0, n * WCNIC_LINE_PAYLOAD_BYTES - used);
	lines_encode(txq->lines, txq->stream, n,
		     (uint64_t)txq->generation << 16 | (uint64_t)txq->epoch << 48, txq->line_tail);
	lines_store(txq, n);
	txq->line_tail += n;
	/* All of these lines are free once the last entry is done. */
	txq->run = wcnic_tx_mark_lines_set(txq->run, txq->line_tail);
	txq->marks[(uint16_t)(txq->tail - 1) & txq->mask] = txq->run;
}

/* ---- bursts --------------------------------------------------------------------------------- */

enum packed {
	PACKED_DONE, /* it is in the stream, or can never be sent */
	PACKED_FULL, /* not before what is there has been published */
	PACKED_WAIT, /* not before earlier entries are done */
};

/* Any frame. */
static enum packed
chain_pack(struct wcnic_txq *txq, struct pack *p, struct rte_mbuf *m)
{
	const uint16_t segs = wcnic_tx_segs(m);
	const uint16_t entries = wcnic_tx_entries(txq, m, segs);

	if (entries == 0) {
		wcnic_tx_refuse(txq, m);
		return PACKED_DONE;
	}
	if (entries > wcnic_tx_room(txq))
		return PACKED_WAIT;
	if (stream_bytes(txq, m, segs, entries) > (size_t)(p->end - p->at))
		return p->at != txq->stream ? PACKED_FULL : PACKED_WAIT;
	chain_put(txq, p, m, segs);
	wcnic_tx_note(txq, m, entries);
	return PACKED_DONE;
}

/* The two steps that are compiled for each kind of CPU. */
typedef uint16_t (*plain_t)(struct wcnic_txq *, struct pack *, struct rte_mbuf **, uint16_t);
typedef void (*end_t)(struct wcnic_txq *, struct pack *);

static __rte_always_inline uint16_t
packed_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n, plain_t plain, end_t end)
{
	enum packed packed;
	struct pack p;
	uint16_t i = 0;

	pack_begin(txq, &p);
	for (;;) {
		i += plain(txq, &p, pkts + i, n - i);
		if (i == n)
			break;
		packed = chain_pack(txq, &p, pkts[i]);
		i += packed == PACKED_DONE;
		if (packed == PACKED_WAIT)
			break;
		if (packed != PACKED_FULL)
			continue;
		end(txq, &p);
		wcnic_tx_doorbell(txq);
		pack_begin(txq, &p);
	}
	end(txq, &p);
	return i;
}

#define VARIANT(name, attribute)                                                                 \
	attribute static __rte_noinline uint16_t plain_##name(                                   \
		struct wcnic_txq *txq, struct pack *p, struct rte_mbuf **pkts, uint16_t n)       \
	{                                                                                        \
		return plain_pack(txq, p, pkts, n);                                              \
	}                                                                                        \
	attribute static __rte_noinline void end_##name(struct wcnic_txq *txq, struct pack *p)   \
	{                                                                                        \
		pack_end(txq, p);                                                                \
	}                                                                                        \
	static uint16_t packed_##name(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                        \
		return packed_write(txq, pkts, n, plain_##name, end_##name);                     \
	}

VARIANT(scalar, )
#if defined(RTE_ARCH_X86)
VARIANT(avx2, __attribute__((target("avx2,tune=haswell"))))
#endif

wcnic_tx_write_t
wcnic_tx_packed(const char **name)
{
#if defined(RTE_ARCH_X86)
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0 &&
	    rte_vect_get_max_simd_bitwidth() >= RTE_VECT_SIMD_256) {
		*name = "avx2";
		return packed_avx2;
	}
#endif
#if defined(RTE_ARCH_ARM64)
	*name = "neon"; /* which every such CPU has, and every compiler uses */
#else
	*name = "scalar";
#endif
	return packed_scalar;
}
