/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TXQ_H
#define WCNIC_TXQ_H

/* A Tx queue: what bursts and the control path know of it. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>

#include <wcbar.h>
#include <wcnic_abi.h>

#include "wcnic_gate.h"
#include "wcnic_hot.h"
#include "wcnic_window.h"

struct wcnic_hw;

/* Beside enum wcnic_placement: the driver decides. */
#define WCNIC_PLACEMENT_AUTO 2u

struct wcnic_txq_stats {
	uint64_t packets; /* sent by the card's word: pushed + fetched */
	uint64_t bytes;
	uint64_t pushed;
	uint64_t fetched;
	uint64_t incomplete; /* INCOMPLETE completions */
	uint64_t dropped;    /* DROPPED completions */
	uint64_t resent;     /* frames written again after one of these */
	uint64_t oversize;
	uint64_t runt;
	uint64_t address;
	uint64_t malformed; /* no data, too many segments, too long, or DESC by the card */
	uint64_t lost;      /* in flight when the card was lost, reset or stopped: fate unknown */
	uint64_t bad_completions;
};

struct wcnic_txq;
/* See wcnic_tx.h. */
typedef uint16_t (*wcnic_tx_write_t)(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n);

struct wcnic_txq {
	/* written by bursts */
	struct wcnic_gate gate;
	uint16_t tail;      /* free-running: next entry to write */
	uint16_t head;      /* oldest entry without completion */
	uint16_t cq_head;   /* free-running */
	uint16_t mask;      /* depth - 1 */
	uint16_t slot_mask; /* of the push window */
	uint16_t limit;     /* entries in flight by placement */
	uint16_t switch_seq;
	uint8_t epoch;
	uint8_t acked_epoch; /* of the last completion */
	uint8_t placement;   /* enum wcnic_placement now in force at tail */
	uint8_t wanted;      /* as configured: enum wcnic_placement or AUTO */
	bool failed;         /* a completion was impossible: wait for recovery */
	bool push_revoked;   /* window taken away: fetch until the next start */
	bool on_card;        /* TXQ_CREATE succeeded */
	bool fast_free;      /* frames are of one segment, one pool, and nobody else's */
	bool chains;         /* ... yet there were some of several segments */
	uint16_t reap_at;    /* entries in flight from which completions are looked for */
	uint16_t burst_left; /* slots until a doorbell is due */
	uint16_t slot_lines;
	uint16_t generation;
	uint16_t inline_max; /* longest frame that goes inline, bytes */
	uint16_t slot_segs;
	struct wcnic_tx_desc *ring;
	struct wcnic_tx_cpl *cq;
	struct rte_mbuf **sw;   /* by entry: the frame whose last entry this is, or NULL */
	uint64_t *marks;        /* by entry: see wcnic_tx.h */
	uint64_t run;           /* at tail */
	uint64_t done;          /* at head */
	wcnic_tx_write_t write; /* by the placement in force */
	wcnic_tx_write_t push_write;
	const char *push_vectors; /* which of its variants that is */
	/* packed push: lines of the window, and the memory where what goes there is put together */
	uint16_t n_lines; /* power of two */
	uint16_t line_tail;
	uint16_t publish_lines; /* with one doorbell */
	uint8_t format;         /* enum wcnic_push_format */
	uint8_t *stream;
	struct wcnic_push_line *lines;
	struct rte_mbuf **resend; /* frames to write again, in order */
	uint16_t resend_head;
	uint16_t resend_count;
	void *doorbell;
	wcbar_doorbell_fn doorbell_ring;
	const wcnic_le32 *sleep; /* the wake record's word; 0: the card is awake */
	const struct wcbar_store *store;
	void *slots;
	uint64_t push_again_tsc; /* no push before this time */
	wcnic_le32 woken;        /* the sleep that the card was woken from last */
	struct wcnic_hw *hw;
	struct wcnic_txq_stats stats;
	/* set up by the control path */
	uint16_t qid;
	uint16_t depth;
	uint16_t port_id;
	uint16_t idle_tail; /* tail when the service looked last */
	struct wcnic_window window;
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
	void *staging; /* of stream and lines */
} __rte_cache_aligned;

WCNIC_HOT uint16_t wcnic_tx_burst(void *txq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_tx_burst_poll(void *txq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_tx_prepare(void *txq, struct rte_mbuf **pkts, uint16_t n);
/* How lines get into the window from now on, and so how frames are written; nothing is in flight.
 */
void wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store);
/* From tail on; with a new epoch, or with nothing in flight. */
void wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement);
/* Takes completions and frees what is done. The caller is the burst, or has closed the gate. */
void wcnic_tx_reap(struct wcnic_txq *txq);
/* Reap and resend without a burst: for a queue that its application has stopped calling. */
void wcnic_tx_kick(struct wcnic_txq *txq);
/* Frees everything in flight or waiting and counts it as lost. */
void wcnic_tx_purge(struct wcnic_txq *txq);

#endif /* WCNIC_TXQ_H */
