/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_TXQ_H
#define CARD_TXQ_H

/* Section 6: a Tx queue. */

#include <stdbool.h>
#include <stdint.h>

#include <wcdev_cut.h>
#include <wcdev_ring.h>

#include "card_admin_call.h"
#include "card_core.h"

struct card_txq {
	enum card_queue_state state;
	struct wcdev_reader reader;
	uint16_t qid;
	uint16_t depth;
	uint16_t vector;
	uint16_t db_window;
	uint16_t push_window;
	uint32_t db_off;
	struct wcdev_ring ring;
	struct wcdev_ring cq;
	struct wcdev_ring requests; /* struct wcnic_tx_offload by entry; no entries: none */
	struct wcdev_dma_cache segs;

	uint64_t *db;   /* the record, in the aperture */
	uint8_t *slots; /* the push window, in the aperture; NULL: none or revoked */
	bool may_push;  /* was created with a push window */
	uint8_t format; /* enum wcnic_push_format */
	uint8_t commit; /* WCNIC_COMMIT_* */
	uint16_t n_slots;
	uint16_t generation;
	uint8_t slot_lines;

	/* Packed: what is behind the last frame that is decided. */
	uint16_t n_lines;
	uint16_t line;    /* the first that has not been copied */
	uint8_t n_rest;   /* words of the line before it that are to come */
	uint64_t rest[6]; /* these words */

	uint64_t db_seen; /* the record when it was looked at last */
	uint16_t head;    /* first entry that is not decided */
	uint16_t tail;    /* as the record says, but not before head */
	uint16_t cq_tail;
	uint16_t expired_seq; /* head when old lines were last forgotten */
	uint8_t epoch;
	uint8_t placement;
	bool switching;
	uint8_t next_placement;
	uint16_t switch_seq;

	/* A completion that is held back: entries before head; count 0: there is none. */
	struct wcnic_tx_cpl held;
	uint16_t hold;     /* of so many entries at most */
	uint8_t cpl_epoch; /* of the last completion that was written */
	uint8_t quiet;     /* polls in a row that found nothing */

	bool undecided; /* the last poll found something, and decided none of it */
	bool waiting;   /* for a slot to become whole, at head */
	bool port_busy; /* it refused the frame at head, which is offered again */

	/* Segments of the frame that begins at cut_seq. */
	uint16_t cut_seq;
	struct wcdev_cut cut;
	uint64_t wait_since_ns;
};

/* Whether entries of the placement in force are their own doorbells. */
static inline bool
card_txq_express(const struct card_txq *q)
{
	return (q->commit & (q->placement == WCNIC_PLACEMENT_PUSH ? WCNIC_COMMIT_PUSH_EXPRESS
								  : WCNIC_COMMIT_FETCH_EXPRESS)) !=
	       0;
}

/* Whether the record says that entry `seq`, at or behind head, has been written. */
static inline bool
card_txq_rung(const struct card_txq *q, uint16_t seq)
{
	uint16_t undecided = q->tail - q->head;

	return (uint16_t)(seq - q->head) < undecided;
}

/* The first entry that the driver cannot have written: none before it waits for a completion. */
static inline uint16_t
card_txq_bound(const struct card_txq *q)
{
	return q->head - le16toh(q->held.count) + q->depth;
}

/* These do the command of their name. */
enum wcnic_admin_status card_txq_create(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_txq_destroy(struct wcnic_card *card, struct card_admin_call *call);
/* Destroys all. */
void card_txq_reset_all(struct wcnic_card *card);
/* A window is taken away: queues that push there are stopped with DROPPED, those whose record is
 * there fail. */
void card_txq_window_gone(struct wcnic_card *card, uint16_t window_id);
/* The queue stops for good, with an event and a line of log. */
void card_txq_fail(struct wcnic_card *card, struct card_txq *q, enum wcnic_error error);
/* Reads the record once. Whether the queue runs now; a record that breaks the rules makes it fail.
 */
bool card_txq_refresh(struct wcnic_card *card, struct card_txq *q);
/* The next epoch: entries from here on are placed so. */
void card_txq_epoch_begin(struct card_txq *q, uint8_t placement);
/* Writes the completion that is held back, if there is one. */
void card_txq_hold_end(struct wcnic_card *card, struct card_txq *q);
/* Sends at most CARD_BURST frames and completes them. Returns how many were decided. */
unsigned int card_txq_poll(struct wcnic_card *card, struct card_txq *q);

#endif /* CARD_TXQ_H */
