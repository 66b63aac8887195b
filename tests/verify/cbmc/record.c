/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The card takes exactly the Tx doorbell records that datasheet sections 5 and 6 allow. */

#include "card_tx_record.c"
#include "prove.h"

void
card_tx_packed_begin(struct card_txq *q)
{
	q->line = 0;
	q->n_rest = 0;
}

void
card_txq_fail(struct wcnic_card *card, struct card_txq *q, enum wcnic_error error)
{
	(void)card;
	(void)error;
	q->state = CARD_QUEUE_FAILED;
}

/* Entries from `from` to `to`, which is not before it. */
static uint32_t
span(uint16_t from, uint16_t to)
{
	return (uint16_t)(to - from);
}

/* How many entries before `tail` are pushed. */
static uint32_t
pushed(const struct card_txq *q, bool switching, uint16_t at, uint8_t next, uint16_t tail)
{
	const uint32_t before = switching ? span(q->head, at) : span(q->head, tail);
	const uint32_t behind = switching ? span(at, tail) : 0;

	return (q->placement == WCNIC_PLACEMENT_PUSH ? before : 0) +
	       (next == WCNIC_PLACEMENT_PUSH ? behind : 0);
}

/* What is true of a queue between two polls. */
static bool
sane(const struct card_txq *q)
{
	return prove_power_of_2(q->depth) && q->depth >= CARD_DEPTH_MIN &&
	       q->depth <= CARD_DEPTH_MAX && q->placement <= WCNIC_PLACEMENT_PUSH &&
	       (q->placement == WCNIC_PLACEMENT_FETCH || q->may_push) &&
	       q->format <= WCNIC_FORMAT_PACKED &&
	       span(q->head, q->tail) + q->held.count <= q->depth &&
	       (!q->switching || (span(q->head, q->switch_seq) <= span(q->head, q->tail) &&
				  q->next_placement <= WCNIC_PLACEMENT_PUSH &&
				  (q->next_placement == WCNIC_PLACEMENT_FETCH || q->may_push))) &&
	       (q->format == WCNIC_FORMAT_PACKED ||
		pushed(q, q->switching, q->switch_seq, q->next_placement, q->tail) <= q->n_slots);
}

/* Whether the datasheet allows `db` in a queue that runs. *passed: its tail is one that was passed.
 */
static bool
advance_allowed(const struct card_txq *q, uint64_t db, bool *passed)
{
	const uint16_t tail = (uint16_t)db, at = (uint16_t)(db >> 16);
	const uint8_t epoch = (uint8_t)(db >> 32), placement = db >> 40 & 1;
	const bool express = (q->commit >> (q->placement == WCNIC_PLACEMENT_PUSH ? 0 : 1) & 1) != 0;
	uint32_t in_flight = span(q->head, tail);
	bool switches = epoch == (uint8_t)(q->epoch + 1);

	/* An entry before head, or head: under the express rule it has been passed. */
	*passed = express && (in_flight == 0 || in_flight >= 32768);
	if (*passed)
		in_flight = 0;
	if (in_flight + q->held.count > q->depth || (epoch != q->epoch && !switches))
		return false;
	if (q->switching && (!switches || at != q->switch_seq || placement != q->next_placement))
		return false;
	if (switches && span(q->head, at) > in_flight)
		return false;
	if (switches && !q->switching && placement == WCNIC_PLACEMENT_PUSH &&
	    (!q->may_push ||
	     (q->format == WCNIC_FORMAT_PACKED && q->placement == WCNIC_PLACEMENT_PUSH)))
		return false;
	return q->format == WCNIC_FORMAT_PACKED ||
	       pushed(q, switches, at, placement, (uint16_t)(q->head + in_flight)) <= q->n_slots;
}

/* A record in a queue that runs. */
void
prove_record_advance(void)
{
	struct card_txq q, before;
	uint64_t db;
	bool passed, allowed, ok;

	ASSUME(q.switching <= 1 && q.may_push <= 1);
	ASSUME(sane(&q));
	before = q;
	allowed = advance_allowed(&q, db, &passed);
	ok = record_advance(&q, db);
	PROVE(ok == allowed, "a record is taken if, and only if, the datasheet allows it");
	PROVE(!ok || sane(&q), "the queue stays sane");
	PROVE(!ok || q.tail == (passed ? before.head : (uint16_t)db), "tail is the record's");
	PROVE(q.head == before.head && q.epoch == before.epoch && q.placement == before.placement,
	      "entries are decided by no record");
}

/* A record in a queue that was stopped by INCOMPLETE or DROPPED. */
void
prove_record_resume(void)
{
	struct card_txq q, before;
	uint64_t db;
	bool ok;

	ASSUME(q.switching <= 1 && q.may_push <= 1);
	/* What stops a queue writes all completions, and leaves nothing of a switch. */
	q.state = CARD_QUEUE_STOPPED;
	q.switching = false;
	q.held.count = 0;
	q.tail = q.head;
	ASSUME(sane(&q));
	before = q;
	ok = record_resume(&q, db);
	if (!ok)
		return;
	PROVE(sane(&q), "the queue stays sane");
	PROVE(q.head == before.head, "it goes on at the entry where it was stopped");
	PROVE((q.state == CARD_QUEUE_RUN) == (q.epoch != before.epoch),
	      "it runs again with the next epoch, and only then");
	PROVE(q.epoch == before.epoch ||
		      ((uint8_t)(db >> 32) == (uint8_t)(before.epoch + 1) &&
		       q.epoch == (uint8_t)(before.epoch + 1) && (uint16_t)(db >> 16) == q.head &&
		       q.placement == (db >> 40 & 1) && q.tail == (uint16_t)db),
	      "and by a record that names that entry");
	PROVE(q.state != CARD_QUEUE_RUN || q.placement == WCNIC_PLACEMENT_FETCH || q.may_push,
	      "no push without a window");
}
