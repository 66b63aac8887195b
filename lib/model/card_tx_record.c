/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Sections 5 and 6: the doorbell record of a Tx queue, and what it asks for. */

#include "card_tx.h"

void
card_txq_epoch_begin(struct card_txq *q, uint8_t placement)
{
	q->epoch++;
	q->placement = placement;
	card_tx_packed_begin(q);
}

/* How many of the entries up to `tail` are slots: no more than the window has may be in flight. */
static bool
pushed_too_many(const struct card_txq *q, uint16_t tail)
{
	uint16_t first = q->head;
	uint16_t end = tail;

	if (q->format == WCNIC_FORMAT_PACKED)
		return false;
	if (q->placement == WCNIC_PLACEMENT_FETCH) {
		if (!q->switching || q->next_placement == WCNIC_PLACEMENT_FETCH)
			return false;
		first = q->switch_seq;
	} else if (q->switching && q->next_placement == WCNIC_PLACEMENT_FETCH) {
		end = q->switch_seq;
	}
	return (uint16_t)(end - first) > q->n_slots;
}

/* After INCOMPLETE or DROPPED only the next epoch, from the very entry, sets the queue going. */
WC_MUST_CHECK static bool
record_resume(struct card_txq *q, uint64_t db)
{
	uint8_t epoch = WCNIC_TXDB_GET_EPOCH(db);

	if (epoch == q->epoch)
		return true;
	if (epoch != (uint8_t)(q->epoch + 1))
		return false;
	/* A switch that crossed the completion on its way: the driver is yet to see that. */
	if (WCNIC_TXDB_GET_SWITCH_SEQ(db) != q->head)
		return true;
	if ((uint16_t)(WCNIC_TXDB_GET_TAIL(db) - q->head) > q->depth)
		return false;
	if (WCNIC_TXDB_GET_PLACEMENT(db) == WCNIC_PLACEMENT_PUSH && !q->may_push)
		return false;
	card_txq_epoch_begin(q, WCNIC_TXDB_GET_PLACEMENT(db));
	q->tail = WCNIC_TXDB_GET_TAIL(db);
	q->state = CARD_QUEUE_RUN;
	return !pushed_too_many(q, q->tail);
}

/*
 * Packed, a push must not follow a push: were the switch void, its lines would be there as if they
 * had been pushed after the resume, which uses its epoch again.
 */
static bool
switch_allowed(const struct card_txq *q, uint8_t placement)
{
	if (placement == WCNIC_PLACEMENT_FETCH)
		return true;
	return q->may_push && (q->format != WCNIC_FORMAT_PACKED || q->placement != placement);
}

/*
 * How many entries from head on a tail covers; more than `depth`: there is no such tail. Entries
 * that are their own doorbells may have been decided before their tail is seen, and many more: a
 * doorbell of another CPU is not ordered with them.
 */
static uint16_t
tail_covers(const struct card_txq *q, uint16_t tail)
{
	uint16_t entries = tail - q->head;

	if (card_txq_express(q) && (int16_t)entries <= 0)
		return 0;
	return entries <= (uint16_t)(card_txq_bound(q) - q->head) ? entries : UINT16_MAX;
}

/* Judges a record that runs the queue on. */
WC_MUST_CHECK static bool
record_advance(struct card_txq *q, uint64_t db)
{
	uint16_t in_flight = tail_covers(q, WCNIC_TXDB_GET_TAIL(db));
	uint16_t switch_seq = WCNIC_TXDB_GET_SWITCH_SEQ(db);
	uint8_t epoch = WCNIC_TXDB_GET_EPOCH(db);
	uint8_t placement = WCNIC_TXDB_GET_PLACEMENT(db);

	if (in_flight > q->depth)
		return false;
	if (q->switching) {
		if (epoch != (uint8_t)(q->epoch + 1) || switch_seq != q->switch_seq ||
		    placement != q->next_placement || (uint16_t)(switch_seq - q->head) > in_flight)
			return false;
	} else if (epoch == (uint8_t)(q->epoch + 1)) {
		if ((uint16_t)(switch_seq - q->head) > in_flight || !switch_allowed(q, placement))
			return false;
		q->switching = true;
		q->switch_seq = switch_seq;
		q->next_placement = placement;
	} else if (epoch != q->epoch) {
		return false;
	}
	if (pushed_too_many(q, q->head + in_flight))
		return false;
	q->tail = q->head + in_flight;
	return true;
}

bool
card_txq_refresh(struct wcnic_card *card, struct card_txq *q)
{
	uint64_t db;
	bool valid;

	if (q->state == CARD_QUEUE_FAILED)
		return false;
	db = le64toh(__atomic_load_n(q->db, __ATOMIC_ACQUIRE));
	if (db != q->db_seen) {
		q->db_seen = db;
		valid = q->state == CARD_QUEUE_STOPPED ? record_resume(q, db)
						       : record_advance(q, db);
		if (!valid)
			card_txq_fail(card, q, WCNIC_ERR_DOORBELL);
	}
	return q->state == CARD_QUEUE_RUN;
}
