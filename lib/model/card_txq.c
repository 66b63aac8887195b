/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 6: Tx queues are created, fail and are destroyed. */

#include <syslog.h>

#include "card_tx.h"

/* Without the feature the field is reserved. */
static uint64_t
requests_iova(const struct wcnic_card *card, const struct wcnic_cmd_txq_create *p)
{
	return (card->features & WCNIC_CAP_TX_OFFLOAD) != 0 ? le64toh(p->offload_iova) : 0;
}

/* Whether all descriptors have an address here. */
static bool
ring_is_here(struct wcnic_card *card, uint64_t iova, uint16_t depth)
{
	struct wcdev_ring ring;

	wcdev_ring_init(&ring, iova, depth, sizeof(struct wcnic_tx_desc), WCDEV_DMA_READ);
	for (uint32_t i = 0; i < depth; i += ring.n)
		if (wcdev_ring_map(&card->dev, &ring, (uint16_t)i) == NULL)
			return false;
	return true;
}

/* The commit rules that the driver may choose. */
static uint8_t
commits(const struct wcnic_card *card)
{
	return ((card->features & WCNIC_CAP_PUSH_EXPRESS) != 0 ? WCNIC_COMMIT_PUSH_EXPRESS : 0) |
	       ((card->features & WCNIC_CAP_FETCH_EXPRESS) != 0 ? WCNIC_COMMIT_FETCH_EXPRESS : 0);
}

WC_MUST_CHECK static enum wcnic_admin_status
create_check(struct wcnic_card *card, struct card_admin_call *call,
	     const struct wcnic_cmd_txq_create *p)
{
	uint16_t depth = le16toh(p->depth);
	uint16_t vector = le16toh(p->vector);

	if (le16toh(p->qid) >= card->n_queues)
		return WCNIC_ST_INVALID_QUEUE;
	if (card->txqs[le16toh(p->qid)].state != CARD_QUEUE_NONE)
		return WCNIC_ST_BAD_STATE;
	if (p->placement > WCNIC_PLACEMENT_PUSH ||
	    (p->placement == WCNIC_PLACEMENT_PUSH && le16toh(p->push_window) == WCNIC_WINDOW_NONE))
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, placement);
	if ((p->commit & ~WCNIC_COMMIT_ALL) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, commit);
	if ((p->commit & ~commits(card)) != 0)
		return WCNIC_ST_UNSUPPORTED;
	if (p->format > WCNIC_FORMAT_PACKED)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, format);
	if (p->format == WCNIC_FORMAT_PACKED && (card->features & WCNIC_CAP_PUSH_PACKED) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (!wcdev_is_pow2(depth) || depth < CARD_DEPTH_MIN || depth > CARD_DEPTH_MAX)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, depth);
	if (vector != WCNIC_VECTOR_NONE && vector >= card_vectors(card))
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, vector);
	if ((le64toh(p->ring_iova) & 63) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, ring_iova);
	if ((le64toh(p->cq_iova) & 63) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, cq_iova);
	if ((requests_iova(card, p) & 63) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, offload_iova);
	if (!wcdev_dma_reachable(&card->dev, le64toh(p->ring_iova),
				 depth * sizeof(struct wcnic_tx_desc), WCDEV_DMA_READ) ||
	    !wcdev_dma_reachable(&card->dev, le64toh(p->cq_iova),
				 depth * sizeof(struct wcnic_tx_cpl), WCDEV_DMA_WRITE) ||
	    (requests_iova(card, p) != 0 &&
	     !wcdev_dma_reachable(&card->dev, requests_iova(card, p),
				  depth * sizeof(struct wcnic_tx_offload), WCDEV_DMA_READ)))
		return WCNIC_ST_BAD_ADDRESS;
	/* What is reached by messages alone is not polled. */
	if ((p->commit & WCNIC_COMMIT_FETCH_EXPRESS) != 0 &&
	    !ring_is_here(card, le64toh(p->ring_iova), depth))
		return WCNIC_ST_UNSUPPORTED;
	return WCNIC_ST_OK;
}

static uint16_t
packed_lines(const struct card_window *w)
{
	uint32_t lines = (uint32_t)w->slots * w->slot_lines;

	return (uint16_t)(lines < WCNIC_PACKED_LINES_MAX ? lines : WCNIC_PACKED_LINES_MAX);
}

static void
txq_init(struct wcnic_card *card, struct card_txq *q, const struct wcnic_cmd_txq_create *p,
	 uint64_t *db, struct card_window *push)
{
	memset(q, 0, sizeof(*q));
	q->state = CARD_QUEUE_RUN;
	q->reader.lane = WCDEV_LANE_OUT;
	q->qid = le16toh(p->qid);
	q->depth = le16toh(p->depth);
	q->vector = le16toh(p->vector);
	wcdev_ring_init(&q->ring, le64toh(p->ring_iova), q->depth, sizeof(struct wcnic_tx_desc),
			WCDEV_DMA_READ);
	wcdev_ring_init(&q->cq, le64toh(p->cq_iova), q->depth, sizeof(struct wcnic_tx_cpl),
			WCDEV_DMA_WRITE);
	if (requests_iova(card, p) != 0)
		wcdev_ring_init(&q->requests, requests_iova(card, p), q->depth,
				sizeof(struct wcnic_tx_offload), WCDEV_DMA_READ);
	q->placement = p->placement;
	q->format = p->format;
	q->commit = p->commit;
	q->hold = le16toh(p->hold);
	q->db_window = le16toh(p->db_window);
	q->db_off = le32toh(p->db_off);
	q->db = db;
	card->windows[q->db_window].users++;
	q->push_window = le16toh(p->push_window);
	if (push != NULL) {
		q->may_push = true;
		q->slots = card->aperture + push->off;
		q->n_slots = push->slots;
		q->slot_lines = push->slot_lines;
		q->n_lines = packed_lines(push);
		q->generation = push->generation;
		push->users++;
		card_tx_lines_clear(q);
	}
	wcdev_turn_add(&card->tx_turns, q->qid);
	card->admin.queue_made = true;
}

enum wcnic_admin_status
card_txq_create(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_txq_create *p = call->params;
	enum wcnic_admin_status status = create_check(card, call, p);
	uint16_t push_window = le16toh(p->push_window);
	struct card_window *push = NULL;
	uint64_t *db;

	if (status != WCNIC_ST_OK)
		return status;
	status = card_window_record(card, le16toh(p->db_window), le32toh(p->db_off), &db);
	if (status == WCNIC_ST_INVALID_FIELD)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, db_off);
	if (status != WCNIC_ST_OK)
		return status;
	if (push_window != WCNIC_WINDOW_NONE) {
		push = card_window_find(card, push_window, WCNIC_WINDOW_PUSH);
		if (push == NULL || push->qid != le16toh(p->qid))
			return WCNIC_ST_INVALID_WINDOW;
	}
	txq_init(card, &card->txqs[le16toh(p->qid)], p, db, push);
	return WCNIC_ST_OK;
}

static void
txq_fini(struct wcnic_card *card, struct card_txq *q)
{
	if (q->db != NULL) {
		__atomic_store_n(q->db, 0, __ATOMIC_RELAXED);
		card->windows[q->db_window].users--;
	}
	if (q->slots != NULL)
		card->windows[q->push_window].users--;
	wcdev_reader_end(&card->dev, &q->reader);
	wcdev_turn_remove(&card->tx_turns, q->qid);
	memset(q, 0, sizeof(*q));
}

enum wcnic_admin_status
card_txq_destroy(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_queue *p = call->params;
	uint16_t qid = le16toh(p->qid);

	if (qid >= card->n_queues || card->txqs[qid].state == CARD_QUEUE_NONE)
		return WCNIC_ST_INVALID_QUEUE;
	txq_fini(card, &card->txqs[qid]);
	return WCNIC_ST_OK;
}

void
card_txq_reset_all(struct wcnic_card *card)
{
	for (unsigned int i = 0; i < card->n_queues; i++)
		if (card->txqs[i].state != CARD_QUEUE_NONE)
			txq_fini(card, &card->txqs[i]);
}

void
card_txq_fail(struct wcnic_card *card, struct card_txq *q, enum wcnic_error error)
{
	if (q->state == CARD_QUEUE_FAILED)
		return;
	q->state = CARD_QUEUE_FAILED;
	wcdev_log(&card->dev, LOG_WARNING, "tx queue %u stops: error %d at entry %u, record 0x%llx",
		  q->qid, error, q->head, (unsigned long long)q->db_seen);
	card_event_post(card, WCNIC_EV_QUEUE_ERROR, q->qid | WCNIC_EV_QUEUE_TX, error, 0);
}

void
card_txq_window_gone(struct wcnic_card *card, uint16_t window_id)
{
	for (unsigned int i = 0; i < card->n_queues; i++) {
		struct card_txq *q = &card->txqs[i];

		if (q->slots != NULL && q->push_window == window_id)
			q->slots = NULL;
		if (q->db != NULL && q->db_window == window_id) {
			q->db = NULL;
			card_txq_fail(card, q, WCNIC_ERR_DOORBELL);
		}
	}
}
