/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TX_H
#define WCNIC_TX_H

/*
 * What the files of Tx share. wcnic_tx.c has bursts, wcnic_tx_reap.c completions and refusals.
 * How frames become entries is in a file for each placement and format, behind txq->writer.
 * All functions are called from a burst, or by whoever has closed the gate.
 */

#include "wcnic_queue.h"
#include "wcnic_tx_request.h"

/*
 * Each wcnic_tx_write_t writes frames from txq->tail on, as many of `pkts` as fit. It returns how
 * many it has finished: written, or freed and counted because they can never be sent. The card sees
 * nothing of them before wcnic_tx_publish(), which a writer calls itself only where the window's
 * max_burst demands it; or sees each as it is written, if entries are their own doorbells.
 *   fetch   a 16-byte descriptor in host memory for each segment; no TLP
 *   slots   lines of its own for each frame, by txq->store: a TLP a line if the window combines
 *   packed  a burst's frames back to back in lines: a TLP a line if the window combines
 */
#define WCNIC_TX_WRITE(name) \
	uint16_t name(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
WCNIC_HOT WCNIC_TX_WRITE(wcnic_tx_fetch_nothing);
WCNIC_HOT WCNIC_TX_WRITE(wcnic_tx_fetch_plain);
WCNIC_HOT WCNIC_TX_WRITE(wcnic_tx_fetch_any);
WCNIC_HOT WCNIC_TX_WRITE(wcnic_tx_slots_write);
WCNIC_TX_WRITE(wcnic_tx_packed_generic);
WCNIC_TX_WRITE(wcnic_tx_packed_generic_direct);
#if defined(RTE_ARCH_X86)
WCNIC_TX_WRITE(wcnic_tx_packed_avx2);
WCNIC_TX_WRITE(wcnic_tx_packed_avx2_direct);
WCNIC_TX_WRITE(wcnic_tx_packed_avx2_shared);
WCNIC_TX_WRITE(wcnic_tx_packed_avx512_direct);
WCNIC_TX_WRITE(wcnic_tx_packed_avx512_shared);
#endif

/* The fetch writer for what the queue's frames may ask for. */
static inline uint8_t
wcnic_tx_fetch_select(const struct wcnic_txq *txq)
{
	return WCNIC_TX_WRITER_FETCH + txq->asks;
}

/*
 * The packed writer with the widest vectors that this CPU has, EAL allows and the window's store
 * permits. *name gets the variant's static name, to print. Control path.
 */
uint8_t wcnic_tx_packed_select(const struct wcnic_txq *txq, const char **name);

/*
 * Whether a packed writer (enum wcnic_tx_writer) stores a line into host memory so that its tag is
 * there last: what a card needs that looks at lines by itself. Control path.
 */
bool wcnic_tx_stores_tag_last(uint8_t writer);

/* Whether entries from tail on are pushed. */
static inline bool
wcnic_tx_pushing(const struct wcnic_txq *txq)
{
	return txq->placement == WCNIC_PLACEMENT_PUSH;
}

/* Whether entries of the placement in force are their own doorbells. */
static inline bool
wcnic_tx_express(const struct wcnic_txq *txq)
{
	return (txq->commit & (wcnic_tx_pushing(txq) ? WCNIC_COMMIT_PUSH_EXPRESS
						     : WCNIC_COMMIT_FETCH_EXPRESS)) != 0;
}

/* Host memory that was written is there before lines that are stored from here on. */
static __rte_always_inline void
wcnic_tx_before_lines(const struct wcnic_txq *txq)
{
	wcbar_before_doorbell();
	wcbar_store_at(txq->store)->drain();
}

/* wcnic_tx_reap(), but no more completions once they are of so many entries. No TLP. */
WCNIC_HOT void wcnic_tx_reap_some(struct wcnic_txq *txq, unsigned int entries);

/*
 * Publishes everything up to tail. Lines are drained first, and host memory that was written before
 * is visible. One TLP, and a write to WAKE if the card sleeps. Fences: a drain if the queue pushes,
 * two more if doorbells are write-combining.
 */
void wcnic_tx_doorbell(struct wcnic_txq *txq);

/*
 * The same where a doorbell is due. Else entries are their own: lines are drained, and a card that
 * sleeps is woken. No TLP but that.
 */
void wcnic_tx_publish(struct wcnic_txq *txq);

/*
 * Rings for entries that are their own doorbells but make no progress: some may have been lost on
 * their way, and the card waits only for what it knows of.
 */
void wcnic_tx_ring_again(struct wcnic_txq *txq);

/*
 * The mark of an entry tells in one word what its completion means. Bits 63:32: bytes of all frames
 * up to this entry, free-running. Bits 15:0, packed push: the first line that is still in use once
 * the entry is done. The calls below read and change the two parts.
 */

/* Adds a frame of `bytes`. */
static __rte_always_inline uint64_t
wcnic_tx_mark_add(uint64_t mark, uint32_t bytes)
{
	return mark + ((uint64_t)bytes << 32);
}

/* Replaces the line. */
static __rte_always_inline uint64_t
wcnic_tx_mark_lines_set(uint64_t mark, uint16_t lines)
{
	return (mark & ~(uint64_t)UINT16_MAX) | lines;
}

/* The line; free-running. */
static __rte_always_inline uint16_t
wcnic_tx_mark_lines(uint64_t mark)
{
	return (uint16_t)mark;
}

/* The bytes; the difference of two marks is what was sent between them. */
static __rte_always_inline uint32_t
wcnic_tx_mark_bytes(uint64_t mark)
{
	return (uint32_t)(mark >> 32);
}

/* How many more entries the placement allows now. */
static __rte_always_inline uint16_t
wcnic_tx_entries_free(const struct wcnic_txq *txq)
{
	return txq->limit - (uint16_t)(txq->tail - txq->head);
}

/* Whether the frame has one segment with data, whose length is the frame's. */
static __rte_always_inline bool
wcnic_tx_plain(const struct rte_mbuf *m)
{
	return likely(m->nb_segs == 1) && likely(m->data_len == m->pkt_len) &&
	       likely(m->data_len != 0);
}

/* The number of segments with data; 0 if their lengths do not add up to the frame's. */
static __rte_always_inline uint16_t
wcnic_tx_segs(const struct rte_mbuf *frame)
{
	uint32_t bytes = 0;
	uint16_t n = 0;

	if (likely(frame->nb_segs == 1))
		return frame->data_len == frame->pkt_len;
	for (const struct rte_mbuf *m = frame; m != NULL; m = m->next) {
		n += m->data_len != 0;
		bytes += m->data_len;
	}
	return bytes == frame->pkt_len ? n : 0;
}

/*
 * How many entries the frame needs in the placement in force; 0: it can never be sent. A frame that
 * is pushed must also be possible as a fetch, because that is how it is sent again if the card
 * refuses it. `segs`: wcnic_tx_segs() of it.
 */
uint16_t wcnic_tx_entries(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs);

/* Counts and frees a frame that can never be sent: too long, no data, wrong lengths. */
static __rte_always_inline void
wcnic_tx_refuse(struct wcnic_txq *txq, struct rte_mbuf *m)
{
	txq->stats.malformed++;
	rte_pktmbuf_free(m);
}

/*
 * Moves tail behind the frame's entries, and records what their completion frees: the last entry
 * has the frame, the others have none.
 */
static __rte_always_inline void
wcnic_tx_frame_record(struct wcnic_txq *txq, struct rte_mbuf *m, uint16_t entries)
{
	for (; entries > 1; entries--) {
		txq->sw[txq->tail & txq->mask] = NULL;
		txq->marks[txq->tail++ & txq->mask] = txq->run;
	}
	txq->run = wcnic_tx_mark_add(txq->run, m->pkt_len);
	txq->chains |= m->nb_segs != 1;
	txq->sw[txq->tail & txq->mask] = m;
	txq->marks[txq->tail++ & txq->mask] = txq->run;
}

#endif /* WCNIC_TX_H */
