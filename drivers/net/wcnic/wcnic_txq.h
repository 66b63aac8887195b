/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TXQ_H
#define WCNIC_TXQ_H

/* A Tx queue: what its bursts touch, line by line, and what they do not. */

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>

#include <wcbar.h>
#include <wcnic_abi.h>

#include "wcnic_gate.h"
#include "wcnic_hot.h"
#include "wcnic_queue_stats.h"
#include "wcnic_window.h"

struct wcnic_hw;

/* Beside enum wcnic_placement: the driver decides. */
#define WCNIC_PLACEMENT_AUTO 2u

/* Whether a queue that may push does so. */
enum wcnic_push_state {
	WCNIC_PUSH_ALLOWED = 0, /* it pushes, or will again after a hold-off */
	WCNIC_PUSH_NOT_CHOSEN,  /* it has no window, or placement=auto chose fetch for this start */
	WCNIC_PUSH_REVOKED,     /* firmware revoked the window: fetch until the next start */
};

/* Which requests of frames (ol_flags) the writers of a queue look for. */
enum wcnic_tx_asks {
	WCNIC_ASKS_NOTHING = 0, /* no offload was asked for: ol_flags are not read */
	WCNIC_ASKS_PLAIN,       /* all but UDP segmentation */
	WCNIC_ASKS_ANY,
	WCNIC_ASKS_KINDS,
};

struct wcnic_txq;
struct wcnic_pack;

/*
 * What is chosen for a queue is kept as a number, an entry of a table that each process has: bursts
 * of several processes use the queue, and a pointer to a function holds in one of them alone.
 */

/* Which function writes frames. */
enum wcnic_tx_writer {
	WCNIC_TX_WRITER_FETCH = 0, /* and enum wcnic_tx_asks more */
	WCNIC_TX_WRITER_SLOTS = WCNIC_TX_WRITER_FETCH + WCNIC_ASKS_KINDS,
	WCNIC_TX_WRITER_PACKED,
	WCNIC_TX_WRITER_PACKED_DIRECT,
	WCNIC_TX_WRITER_PACKED_AVX2,
	WCNIC_TX_WRITER_PACKED_AVX2_DIRECT,
	WCNIC_TX_WRITER_PACKED_AVX2_SHARED,
	WCNIC_TX_WRITER_PACKED_AVX512_DIRECT,
	WCNIC_TX_WRITER_PACKED_AVX512_SHARED,
	WCNIC_TX_WRITERS,
};

/* Writes frames from txq->tail on; see wcnic_tx.h. */
typedef uint16_t (*wcnic_tx_write_t)(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n);
/* Packed: adds frames to a stream, up to the first that is not plain; see wcnic_tx_packed.c. */
typedef uint16_t (*wcnic_tx_pack_t)(struct wcnic_txq *txq, struct wcnic_pack *p,
				    struct rte_mbuf **pkts, uint16_t n);

/* What no burst touches: set-up, start and the service own it. */
struct wcnic_txq_ctrl {
	uint16_t port_id;
	uint16_t idle_tail;       /* tail when the service looked last */
	uint16_t idle_head;       /* and head */
	uint8_t idle_looks;       /* in a row that found the queue idle */
	uint64_t events_before;   /* sent by the card before the queue was created */
	bool on_card;             /* TXQ_CREATE succeeded */
	bool stopped;             /* by the application: not started with the port or a recovery */
	const char *push_vectors; /* which variant txq->push_writer is, to print; the primary's */
	struct wcnic_window window;
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
	const struct rte_memzone *requests_mz; /* NULL: the card has no offloads */
	bool offloads;                         /* of the queue: frames may have requests */
	bool offload_udp_tso;
	void *staging;              /* the memory of txq->stream and txq->lines */
	struct rte_eth_txconf conf; /* as set up */
};

/*
 * A Tx queue. Entries are numbered by free-running 16-bit sequence numbers; an array's index is the
 * number masked. Bursts own it while they are inside the gate, else whoever has closed the gate.
 */
struct __rte_cache_aligned wcnic_txq {
	/* First line: what every burst reads and writes. */
	struct wcnic_gate gate;
	uint16_t tail;         /* next entry to write */
	uint16_t head;         /* oldest entry without completion */
	uint16_t cq_head;      /* next completion */
	uint16_t mask;         /* depth - 1 */
	uint16_t depth;        /* entries, a power of two */
	uint16_t limit;        /* entries in flight that the placement allows */
	uint16_t reap_at;      /* entries in flight from which a burst looks for completions */
	uint16_t burst_left;   /* slots until a doorbell is due */
	uint16_t burst_max;    /* slots between two doorbells, as firmware granted */
	uint16_t switch_seq;   /* the entry at which the placement changed last */
	uint16_t resend_count; /* frames in `resend` from resend_head on */
	uint8_t epoch;         /* counts changes of placement */
	uint8_t acked_epoch;   /* of the last completion */
	uint8_t placement;     /* enum wcnic_placement, in force at tail */
	uint8_t wanted;        /* as configured: enum wcnic_placement or AUTO */
	uint8_t push_state;    /* enum wcnic_push_state */
	bool failed;           /* a completion was impossible: wait for recovery */
	bool fast_free;        /* MBUF_FAST_FREE: one segment, one pool, no other references */
	bool chains;           /* ... yet there were frames of several segments */
	uint8_t writer;        /* enum wcnic_tx_writer, by the placement in force */
	bool ring_due;         /* what is published next needs the doorbell */
	uint64_t run;          /* the mark at tail, see wcnic_tx.h */

	/* Second line: where things are. */
	alignas(WCNIC_CACHE_LINE) uint8_t store; /* wcbar_store_number() */
	uint8_t doorbell_type;                   /* enum wcbar_type: how it is rung */
	struct wcnic_tx_desc *ring;
	struct wcnic_tx_cpl *cq;
	struct rte_mbuf **sw; /* by entry: the frame whose last entry this is, or NULL */
	uint64_t *marks;      /* by entry: see wcnic_tx.h */
	void *doorbell;
	const RTE_ATOMIC(wcnic_le32) * sleep; /* the wake record's word; 0: the card is awake */

	/* Third line: push, and completions. */
	alignas(WCNIC_CACHE_LINE) uint64_t done; /* the mark at head */
	void *slots;                             /* the push window */
	uint8_t *stream; /* packed: the bytes of the frames, before they become lines */
	struct wcnic_push_line *lines; /* packed, staged: the lines, before they are stored */
	uint16_t n_lines;              /* packed: of the window, a power of two */
	uint16_t line_tail;            /* packed: next line to write, free-running */
	uint16_t publish_lines;        /* packed: at most, with one doorbell */
	uint16_t inline_max;           /* longest frame that goes inline, bytes */
	uint16_t generation;
	uint16_t slot_mask; /* of the window's slots */
	uint16_t slot_lines;
	uint16_t slot_segs; /* segments that fit one slot */
	uint8_t format;     /* enum wcnic_push_format */
	uint16_t resend_head;
	uint8_t commit;     /* WCNIC_COMMIT_* */
	uint16_t rung_tail; /* tail when the doorbell was rung last */
	uint16_t full_head; /* head when the queue was found full last */
	wcnic_le32 woken;   /* value of *sleep for which the card was woken last */

	/* Refusals and statistics. */
	alignas(WCNIC_CACHE_LINE) uint8_t push_writer; /* `writer` while pushing */
	uint64_t *requests;       /* by entry: struct wcnic_tx_offload of the frame at it */
	uint64_t served;          /* RTE_MBUF_F_TX_*: requests that a frame may have */
	uint8_t asks;             /* enum wcnic_tx_asks */
	uint64_t push_again_tsc;  /* no push before this time */
	struct rte_mbuf **resend; /* frames to write again, in order */
	struct wcnic_hw *hw;
	uint16_t qid;
	struct wcnic_txq_stats stats;

	alignas(RTE_CACHE_LINE_SIZE) struct wcnic_txq_ctrl ctrl;
};

static_assert(offsetof(struct wcnic_txq, store) == WCNIC_CACHE_LINE, "a burst's state is one line");
static_assert(offsetof(struct wcnic_txq, done) == 2 * WCNIC_CACHE_LINE, "so are its pointers");
static_assert(offsetof(struct wcnic_txq, push_writer) == 3 * WCNIC_CACHE_LINE,
	      "and what pushing takes");

/*
 * rte_eth_tx_burst(). One doorbell, so one TLP; none if entries are their own doorbells. If it
 * pushes, the TLPs of the lines and one drain. More doorbells only where the ring is short or the
 * burst longer than max_burst.
 */
WCNIC_HOT uint16_t wcnic_tx_burst(void *txq, struct rte_mbuf **pkts, uint16_t n);
/* The same for a card without a thread of its own: it works when a burst polls it. */
uint16_t wcnic_tx_burst_poll(void *txq, struct rte_mbuf **pkts, uint16_t n);
/* rte_eth_tx_prepare(): stops at the first frame that cannot be sent, with rte_errno. No TLP. */
uint16_t wcnic_tx_prepare(void *txq, struct rte_mbuf **pkts, uint16_t n);

/* The calls below: from the burst itself, or by whoever has closed the gate. */

/*
 * How lines get into the window from now on, and so which writer pushes. Nothing may be in flight.
 */
void wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store);
/*
 * Which requests the writers look for from now on: by the queue's offloads and hw->tx_time. Frames
 * in flight are as they were.
 */
void wcnic_tx_asks_set(struct wcnic_txq *txq);
/*
 * The placement from tail on. The caller has begun a new epoch, or nothing is in flight. The card
 * learns of it with the next doorbell.
 */
void wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement);
/* Which entries are their own doorbells from now on. Nothing may be in flight. */
void wcnic_tx_commit_set(struct wcnic_txq *txq, uint8_t commit);
/* Takes all completions that are there, and frees the mbufs of what is done. No TLP. */
void wcnic_tx_reap(struct wcnic_txq *txq);
/*
 * Reaps, and writes refused frames again with a doorbell: for a queue that its application has
 * stopped calling.
 */
void wcnic_tx_kick(struct wcnic_txq *txq);
/* Frees every frame in flight or refused, and counts it as lost. The card must not read them. */
void wcnic_tx_purge(struct wcnic_txq *txq);

#endif /* WCNIC_TXQ_H */
