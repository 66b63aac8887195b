/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TX_PACKED_H
#define WCNIC_TX_PACKED_H

/*
 * Tx by packed push. The frames of a burst become a stream of bytes first (plain_pack()), then
 * tagged lines (pack_end(), wcnic_tx_lines.h). Lines go into the window straight from registers, or
 * through staging memory where the window's store is of another kind. The code uses vectors of 32
 * bytes. Each file that includes this compiles it for one kind of CPU.
 */

#include <ethdev_driver.h>
#include <rte_byteorder.h>

#include <wcbase.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"
#include "wcnic_tx_lines.h"

/* The stream of bytes that one doorbell publishes, while it is written. */
struct wcnic_pack {
	uint8_t *at;  /* the next byte */
	bool refers;  /* to host memory */
	uint8_t *end; /* what staging memory, window and the next doorbell have space for */
};

/* ---- the stream ----------------------------------------------------------------------------- */

static __rte_always_inline void
word_put(uint8_t *to, uint64_t word)
{
	word = rte_cpu_to_le_64(word);
	memcpy(to, &word, sizeof(word));
}

static __rte_always_inline uint32_t
aligned(uint32_t bytes)
{
	return (bytes + WCNIC_PACKED_ALIGN - 1) & ~(WCNIC_PACKED_ALIGN - 1);
}

/* Begins a stream, as long as window, staging memory and the next doorbell allow. */
static __rte_always_inline void
pack_begin(struct wcnic_txq *txq, struct wcnic_pack *p)
{
	const uint16_t free_lines = txq->n_lines -
				    (uint16_t)(txq->line_tail - wcnic_tx_mark_lines(txq->done));
	const uint32_t lines = RTE_MIN(free_lines, txq->publish_lines);

	p->at = txq->stream;
	p->refers = false;
	p->end = txq->stream + lines * WCNIC_LINE_PAYLOAD_BYTES;
}

static __rte_always_inline void
chunk_copy(uint8_t *to, const uint8_t *from)
{
	wcbar_half_t chunk;

	wcnic_half_get(&chunk, from);
	memcpy(to, &chunk, sizeof(chunk));
}

/* Not inlined: inlined, its call would take registers from the copies of long frames. */
static __rte_noinline void
short_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	memcpy(to, from, bytes);
}

/*
 * Copies all bytes of the frame, and reads and writes none behind them: in whole chunks, of which
 * the last two may overlap.
 */
static __rte_always_inline void
bytes_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	if (unlikely(bytes < WCNIC_HALF_BYTES)) {
		short_copy(to, from, bytes);
		return;
	}
	chunk_copy(to, from);
	if (unlikely(bytes > 2 * WCNIC_HALF_BYTES)) {
		for (uint32_t at = WCNIC_HALF_BYTES; at + WCNIC_HALF_BYTES < bytes;
		     at += WCNIC_HALF_BYTES)
			chunk_copy(to + at, from + at);
	}
	chunk_copy(to + bytes - WCNIC_HALF_BYTES, from + bytes - WCNIC_HALF_BYTES);
}

/* The header of a frame that is one entry: frame_bytes, inline_bytes, flags. */
static __rte_always_inline uint64_t
header_of(uint64_t bytes)
{
	return (uint64_t)(WCNIC_TXF_SOP | WCNIC_TXF_EOP) << 32 | bytes << 16 | bytes;
}

/* The request behind a header, which gets its flag. */
static __rte_always_inline void
request_put(uint8_t *header, const struct rte_mbuf *m)
{
	header[offsetof(struct wcnic_push_hdr, flags)] |= WCNIC_TXF_OFFLOAD;
	wcnic_tx_request_put_any(header + sizeof(struct wcnic_push_hdr), m);
}

/* Frames of these lengths are two chunks, with the header at most so many bytes of the stream. */
#define SHORT_MIN WCNIC_HALF_BYTES
#define SHORT_MAX (2 * WCNIC_HALF_BYTES)
#define SHORT_STREAM_BYTES (sizeof(struct wcnic_push_hdr) + SHORT_MAX)

/*
 * Adds frames of one segment and of SHORT_MIN to SHORT_MAX bytes without requests to the stream, up
 * to the first frame of another kind, or as many as surely fit. Returns how many.
 */
static __rte_always_inline uint16_t
short_pack(struct wcnic_txq *txq, struct wcnic_pack *p, struct rte_mbuf **pkts, uint16_t n,
	   enum wcnic_tx_asks asks)
{
	const uint16_t first = txq->tail & txq->mask;
	const uint32_t most = RTE_MIN(txq->inline_max, SHORT_MAX);
	uint64_t *mark = &txq->marks[first], run = txq->run;
	struct rte_mbuf **sw = &txq->sw[first];
	uint8_t *at = p->at;
	intptr_t i;

	n = RTE_MIN(n, wcnic_tx_entries_free(txq));
	n = RTE_MIN(n, (uint16_t)(txq->depth - first));
	n = RTE_MIN(n, (uint32_t)(p->end - at) / SHORT_STREAM_BYTES);
	/* up to 0: one comparison less for each frame */
	for (i = -(intptr_t)n; i < 0; i++) {
		struct rte_mbuf *m = pkts[n + i];
		const uint32_t bytes = m->data_len;
		uint8_t *data = at + sizeof(struct wcnic_push_hdr);
		const uint8_t *from;

		if (unlikely(m->nb_segs != 1 || bytes != m->pkt_len ||
			     bytes - SHORT_MIN > most - SHORT_MIN || wcnic_tx_asks(m, asks)))
			break;
		from = rte_pktmbuf_mtod(m, const uint8_t *);
		word_put(at, header_of(bytes));
		word_put(data + aligned(bytes) - WCNIC_WORD_BYTES, 0); /* behind the last byte */
		chunk_copy(data, from);
		chunk_copy(data + bytes - WCNIC_HALF_BYTES, from + bytes - WCNIC_HALF_BYTES);
		run = wcnic_tx_mark_add(run, bytes);
		mark[n + i] = run;
		sw[n + i] = m;
		at = data + aligned(bytes);
	}
	p->at = at;
	txq->tail += n + i;
	txq->run = run;
	return n + i;
}

/*
 * Adds frames of one segment that go inline to the stream, up to the first frame of another kind,
 * the end of the stream or the ring's end. Returns how many.
 */
static __rte_always_inline uint16_t
plain_pack(struct wcnic_txq *txq, struct wcnic_pack *p, struct rte_mbuf **pkts, uint16_t n,
	   enum wcnic_tx_asks asks)
{
	const uint16_t first = txq->tail & txq->mask;
	const uint32_t inline_max = txq->inline_max;
	uint64_t *mark = &txq->marks[first], run = txq->run;
	struct rte_mbuf **sw = &txq->sw[first];
	uint8_t *at = p->at, *const end = p->end;
	uint16_t i;

	n = RTE_MIN(n, wcnic_tx_entries_free(txq));
	n = RTE_MIN(n, (uint16_t)(txq->depth - first));
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const uint32_t bytes = m->data_len;
		uint64_t header = header_of(bytes);
		uint8_t *data = at + sizeof(struct wcnic_push_hdr), *next;

		/* In its place behind the header, though it is not yet known whether there is one.
		 */
		if (unlikely(wcnic_tx_asks(m, asks))) {
			if (asks == WCNIC_ASKS_ANY && (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0)
				break;
			wcnic_tx_request_put(data, m, m->ol_flags >> 32);
			data += WCNIC_REQUEST_BYTES;
			header |= (uint64_t)WCNIC_TXF_OFFLOAD << 32;
		}
		next = data + aligned(bytes);

		/* bytes - 1: so that 0 bytes count as too many */
		if (unlikely(m->nb_segs != 1 || bytes != m->pkt_len || bytes - 1 >= inline_max ||
			     next > end))
			break;
		word_put(at, header);
		word_put(next - WCNIC_WORD_BYTES, 0); /* zeroes behind the last byte */
		bytes_copy(data, rte_pktmbuf_mtod(m, uint8_t *), bytes);
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

/*
 * The header and `n` segments of a frame that is too long to go inline, from *m on. `asking`: the
 * frame, if it begins here and has a request.
 */
static void
segments_put(struct wcnic_pack *p, const struct rte_mbuf **m, uint16_t n, uint16_t flags,
	     uint16_t frame_bytes, const struct rte_mbuf *asking)
{
	const struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(frame_bytes),
		.flags = htole16(flags),
		.n_segs = n,
	};

	p->refers = true;
	memcpy(p->at, &hdr, sizeof(hdr));
	if (asking != NULL)
		request_put(p->at, asking);
	p->at += sizeof(hdr) + (asking != NULL ? WCNIC_REQUEST_BYTES : 0);
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

/* How many bytes of the stream the frame takes. */
static uint32_t
stream_bytes(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs, uint16_t entries)
{
	const uint32_t request = wcnic_tx_asks(m, txq->asks) ? WCNIC_REQUEST_BYTES : 0;

	if (m->pkt_len <= txq->inline_max)
		return sizeof(struct wcnic_push_hdr) + request + aligned(m->pkt_len);
	return entries * sizeof(struct wcnic_push_hdr) + request +
	       segs * sizeof(struct wcnic_push_seg);
}

/* Adds a frame of any kind to the stream, which has space for it. */
static void
chain_put(struct wcnic_txq *txq, struct wcnic_pack *p, const struct rte_mbuf *frame, uint16_t segs)
{
	const struct rte_mbuf *m = frame;
	const struct rte_mbuf *asking = wcnic_tx_asks(frame, txq->asks) ? frame : NULL;
	uint16_t flags = WCNIC_TXF_SOP, frame_bytes = frame->pkt_len;
	uint8_t *end;

	if (frame->pkt_len <= txq->inline_max) {
		end = p->at + stream_bytes(txq, frame, segs, 1);
		word_put(end - WCNIC_WORD_BYTES, 0);
		word_put(p->at, header_of(frame_bytes));
		if (asking != NULL)
			request_put(p->at, frame);
		p->at += sizeof(struct wcnic_push_hdr) + (asking != NULL ? WCNIC_REQUEST_BYTES : 0);
		for (; m != NULL; m = m->next) {
			memcpy(p->at, rte_pktmbuf_mtod(m, const void *), m->data_len);
			p->at += m->data_len;
		}
		p->at = end;
		return;
	}
	for (; segs > 0; flags = 0, frame_bytes = 0, asking = NULL) {
		const uint16_t n = RTE_MIN(segs, txq->slot_segs);

		segs -= n;
		segments_put(p, &m, n, flags | (segs == 0 ? WCNIC_TXF_EOP : 0), frame_bytes,
			     asking);
	}
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* What the tags of all lines have in common. */
static __rte_always_inline uint64_t
lines_tag(const struct wcnic_txq *txq)
{
	return (uint64_t)txq->generation << 16 | (uint64_t)txq->epoch << 48;
}

/* Makes `n` lines of `stream` at `to`, of which the first has number `seq`. */
typedef void (*lines_put_t)(void *to, const uint8_t *stream, unsigned int n, uint64_t tag,
			    uint16_t seq);

/*
 * Stores `n` lines of the stream from index `at` of the window on. Direct: from registers, by
 * stores that do the same as the window's own. Staged: made in memory, then copied by the window's
 * store.
 */
static __rte_always_inline void
lines_store(const struct wcnic_txq *txq, unsigned int at, const uint8_t *stream, unsigned int n,
	    uint16_t seq, lines_put_t put, bool staged)
{
	void *dst = RTE_PTR_ADD(txq->slots, (size_t)at * WCNIC_LINE_BYTES);

	put(staged ? (void *)txq->lines : dst, stream, n, lines_tag(txq), seq);
	if (staged)
		wcbar_store_at(txq->store)->lines(dst, txq->lines, n);
}

/* Stores the stream into the window as lines. The last is filled up with zeroes. */
static __rte_always_inline void
pack_end(struct wcnic_txq *txq, struct wcnic_pack *p, lines_put_t put, bool staged)
{
	const uint32_t used = p->at - txq->stream;
	const unsigned int n = (used + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES;
	const unsigned int at = txq->line_tail & (txq->n_lines - 1u);
	const unsigned int first = RTE_MIN(n, txq->n_lines - at);

	if (n == 0)
		return;
	memset(p->at, 0, n * WCNIC_LINE_PAYLOAD_BYTES - used);
	/* A card that looks by itself may follow a line as soon as it is there. */
	if (unlikely(p->refers) && wcnic_tx_express(txq))
		wcnic_tx_before_lines(txq);
	lines_store(txq, at, txq->stream, first, txq->line_tail, put, staged);
	if (unlikely(first < n))
		lines_store(txq, 0, txq->stream + first * WCNIC_LINE_PAYLOAD_BYTES, n - first,
			    txq->line_tail + first, put, staged);
	txq->line_tail += n;
	/* All of these lines are free once the last entry is done. */
	txq->run = wcnic_tx_mark_lines_set(txq->run, txq->line_tail);
	txq->marks[(uint16_t)(txq->tail - 1) & txq->mask] = txq->run;
}

/* ---- bursts --------------------------------------------------------------------------------- */

enum packed {
	PACKED_DONE, /* it is in the stream, or was freed because it can never be sent */
	PACKED_FULL, /* it fits once the stream has been published */
	PACKED_WAIT, /* it fits once earlier entries are done */
};

/* Adds a frame of any kind to the stream, if it fits. */
static enum packed
chain_pack(struct wcnic_txq *txq, struct wcnic_pack *p, struct rte_mbuf *m)
{
	const uint16_t segs = wcnic_tx_segs(m);
	const uint16_t entries = wcnic_tx_entries(txq, m, segs);

	if (entries == 0) {
		wcnic_tx_refuse(txq, m);
		return PACKED_DONE;
	}
	if (entries > wcnic_tx_entries_free(txq))
		return PACKED_WAIT;
	if (stream_bytes(txq, m, segs, entries) > (size_t)(p->end - p->at))
		return p->at != txq->stream ? PACKED_FULL : PACKED_WAIT;
	chain_put(txq, p, m, segs);
	wcnic_tx_frame_record(txq, m, entries);
	return PACKED_DONE;
}

/* Compiled for each kind of CPU, as plain_pack() is. */
typedef void (*end_t)(struct wcnic_txq *, struct wcnic_pack *);

/* Writes a burst: a stream, and one more after a doorbell each time that one is full. */
static __rte_always_inline uint16_t
packed_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n, wcnic_tx_pack_t pack,
	     end_t end)
{
	enum packed packed;
	struct wcnic_pack p;
	uint16_t i = 0;

	pack_begin(txq, &p);
	for (;;) {
		i += pack(txq, &p, pkts + i, n - i);
		if (i == n)
			break;
		packed = chain_pack(txq, &p, pkts[i]);
		i += packed == PACKED_DONE;
		if (packed == PACKED_WAIT)
			break;
		if (packed != PACKED_FULL)
			continue;
		end(txq, &p);
		wcnic_tx_publish(txq);
		pack_begin(txq, &p);
	}
	end(txq, &p);
	return i;
}

/* Frames of a burst into the stream, those that the fast ways can do; how many. */
static __rte_always_inline uint16_t
frames_pack(struct wcnic_txq *txq, struct wcnic_pack *p, struct rte_mbuf **pkts, uint16_t n,
	    enum wcnic_tx_asks asks)
{
	const uint16_t i = short_pack(txq, p, pkts, n, asks);

	return i == n ? i : i + plain_pack(txq, p, pkts + i, n - i, asks);
}

#define WCNIC_TX_PLAIN_OF(name, kind, attribute, asks)                                           \
	attribute WCNIC_HOT static __rte_noinline uint16_t name##_##kind(                        \
		struct wcnic_txq *txq, struct wcnic_pack *p, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                        \
		return frames_pack(txq, p, pkts, n, asks);                                       \
	}
/* How frames become a stream, by enum wcnic_tx_asks. AVX-512 has nothing to add to AVX2 there. */
extern const wcnic_tx_pack_t wcnic_tx_plain_generic[WCNIC_ASKS_KINDS];
extern const wcnic_tx_pack_t wcnic_tx_plain_avx2[WCNIC_ASKS_KINDS];

#define WCNIC_TX_PLAIN(name, attribute)                                 \
	WCNIC_TX_PLAIN_OF(name, nothing, attribute, WCNIC_ASKS_NOTHING) \
	WCNIC_TX_PLAIN_OF(name, plain, attribute, WCNIC_ASKS_PLAIN)     \
	WCNIC_TX_PLAIN_OF(name, any, attribute, WCNIC_ASKS_ANY)         \
	const wcnic_tx_pack_t name[WCNIC_ASKS_KINDS] = {                \
		[WCNIC_ASKS_NOTHING] = name##_nothing,                  \
		[WCNIC_ASKS_PLAIN] = name##_plain,                      \
		[WCNIC_ASKS_ANY] = name##_any,                          \
	}

#define WCNIC_TX_WRITER(name, attribute, loops, put, staged)                                       \
	attribute WCNIC_HOT static __rte_noinline void end_##name(struct wcnic_txq *txq,           \
								  struct wcnic_pack *p)            \
	{                                                                                          \
		pack_end(txq, p, put, staged);                                                     \
	}                                                                                          \
	uint16_t wcnic_tx_packed_##name(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n) \
	{                                                                                          \
		return packed_write(txq, pkts, n, loops[txq->asks], end_##name);                   \
	}

#endif /* WCNIC_TX_PACKED_H */
