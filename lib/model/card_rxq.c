/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 7: buffers in, completions out. */

#include <errno.h>
#include <syslog.h>

#include "card_rx_offload.h"

WC_MUST_CHECK static enum wcnic_admin_status
create_check(struct wcnic_card *card, struct card_admin_call *call,
	     const struct wcnic_cmd_rxq_create *p, const struct card_rx_wish *wish)
{
	uint16_t depth = le16toh(p->depth);
	uint16_t vector = le16toh(p->vector);
	uint32_t buf_bytes = le32toh(p->buf_bytes);

	if (le16toh(p->qid) >= card->n_queues)
		return WCNIC_ST_INVALID_QUEUE;
	if (card->rxqs[le16toh(p->qid)].state != CARD_QUEUE_NONE)
		return WCNIC_ST_BAD_STATE;
	if (!wcdev_is_pow2(depth) || depth < CARD_DEPTH_MIN || depth > CARD_DEPTH_MAX)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, depth);
	if (vector != WCNIC_VECTOR_NONE && vector >= card_vectors(card))
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, vector);
	if (buf_bytes < 64 || buf_bytes > 65535)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, buf_bytes);
	if (p->cqe_log2 != 4)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, cqe_log2);
	if ((p->flags & ~WCNIC_RXQF_DROP) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, flags);
	if ((le64toh(p->ring_iova) & 63) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, ring_iova);
	if ((le64toh(p->cq_iova) & 63) != 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, cq_iova);
	if (!wcdev_dma_reachable(&card->dev, le64toh(p->ring_iova),
				 depth * sizeof(struct wcnic_rx_desc), WCDEV_DMA_READ) ||
	    !wcdev_dma_reachable(&card->dev, le64toh(p->cq_iova),
				 depth * sizeof(struct wcnic_rx_cpl), WCDEV_DMA_WRITE))
		return WCNIC_ST_BAD_ADDRESS;
	return card_rx_wish_check(card, call, wish);
}

enum wcnic_admin_status
card_rxq_create(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_rxq_create *p = call->params;
	const struct card_rx_wish wish = {
		.offloads = le16toh(p->offloads),
		.depth = le16toh(p->depth),
		.extra_iova = le64toh(p->extra_iova),
		.offloads_off = CARD_FIELD(wcnic_cmd_rxq_create, offloads),
		.extra_off = CARD_FIELD(wcnic_cmd_rxq_create, extra_iova),
	};
	enum wcnic_admin_status status = create_check(card, call, p, &wish);
	uint16_t db_window = le16toh(p->db_window);
	struct card_rxq *q;
	uint64_t *db;

	if (status != WCNIC_ST_OK)
		return status;
	status = card_window_record(card, db_window, le32toh(p->db_off), &db);
	if (status == WCNIC_ST_INVALID_FIELD)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_create, db_off);
	if (status != WCNIC_ST_OK)
		return status;
	q = &card->rxqs[le16toh(p->qid)];
	memset(q, 0, sizeof(*q));
	q->state = CARD_QUEUE_RUN;
	q->reader.lane = WCDEV_LANE_IN;
	q->qid = le16toh(p->qid);
	q->depth = le16toh(p->depth);
	q->vector = le16toh(p->vector);
	q->buf_bytes = le32toh(p->buf_bytes);
	q->moderation_ns = le16toh(p->moderation_usecs) * 1000u;
	wcdev_ring_init(&q->ring, le64toh(p->ring_iova), q->depth, sizeof(struct wcnic_rx_desc),
			WCDEV_DMA_READ);
	wcdev_ring_init(&q->cq, le64toh(p->cq_iova), q->depth, sizeof(struct wcnic_rx_cpl),
			WCDEV_DMA_WRITE);
	card_rx_wish_grant(card, q, &wish);
	q->db_window = db_window;
	q->db_off = le32toh(p->db_off);
	q->db = db;
	q->drops = (p->flags & WCNIC_RXQF_DROP) != 0;
	card->windows[db_window].users++;
	card->rxq_live |= 1ull << q->qid;
	card->admin.queue_made = true;
	return WCNIC_ST_OK;
}

static void
rxq_fini(struct wcnic_card *card, struct card_rxq *q)
{
	if (q->db != NULL) {
		__atomic_store_n(q->db, 0, __ATOMIC_RELAXED);
		card->windows[q->db_window].users--;
	}
	wcdev_reader_end(&card->dev, &q->reader);
	card->rxq_live &= ~(1ull << q->qid);
	card->rxq_armed &= ~(1ull << q->qid);
	card->rxq_offload &= ~(1ull << q->qid);
	memset(q, 0, sizeof(*q));
}

enum wcnic_admin_status
card_rxq_destroy(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_queue *p = call->params;
	uint16_t qid = le16toh(p->qid);

	if (qid >= card->n_queues || card->rxqs[qid].state == CARD_QUEUE_NONE)
		return WCNIC_ST_INVALID_QUEUE;
	rxq_fini(card, &card->rxqs[qid]);
	return WCNIC_ST_OK;
}

enum wcnic_admin_status
card_rxq_stats_query(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_rxq_stats *p = call->params;
	const unsigned int first = le16toh(p->first), count = le16toh(p->count);

	if (count == 0)
		return CARD_BAD_FIELD(call, wcnic_cmd_rxq_stats, count);
	if (first + count > card->n_queues)
		return WCNIC_ST_INVALID_QUEUE;
	for (unsigned int i = 0; i < count; i++) {
		const struct wcnic_rxq_counters *counts = &card->rxqs[first + i].counts;

		call->answer.rxqs[i] = (struct wcnic_rxq_counters){
			.frames = htole64(counts->frames),
			.bytes = htole64(counts->bytes),
			.missed = htole64(counts->missed),
		};
	}
	return WCNIC_ST_OK;
}

void
card_rxq_reset_all(struct wcnic_card *card)
{
	for (unsigned int i = 0; i < card->n_queues; i++)
		if (card->rxqs[i].state != CARD_QUEUE_NONE)
			rxq_fini(card, &card->rxqs[i]);
}

void
card_rxq_window_gone(struct wcnic_card *card, uint16_t window_id)
{
	for (unsigned int i = 0; i < card->n_queues; i++) {
		struct card_rxq *q = &card->rxqs[i];

		if (q->db == NULL || q->db_window != window_id)
			continue;
		q->db = NULL;
		card_rxq_fail(card, q, WCNIC_ERR_DOORBELL);
	}
}

/* Whether the interrupt that is due has to wait. Time is that of the last poll. */
static bool
irq_moderated(const struct wcnic_card *card, const struct card_rxq *q)
{
	return q->moderation_ns != 0 && q->irq_seen && card->now_ns - q->irq_ns < q->moderation_ns;
}

/* Looks at the record; raises the interrupt that it asks for. */
void
card_rxq_poll(struct wcnic_card *card, struct card_rxq *q)
{
	uint64_t db;
	uint16_t ready;

	if (q->state != CARD_QUEUE_RUN)
		return;
	db = le64toh(__atomic_load_n(q->db, __ATOMIC_ACQUIRE));
	if ((uint16_t)(WCNIC_RXDB_GET_TAIL(db) - q->head) > q->depth) {
		card_rxq_fail(card, q, WCNIC_ERR_DOORBELL);
		return;
	}
	q->tail = WCNIC_RXDB_GET_TAIL(db);
	q->irq_held = false;
	if (q->db_fired != db)
		q->fired = false; /* the same record may come again, 65536 completions later */
	if ((db & WCNIC_RXDB_ARM) == 0 || q->fired) {
		card->rxq_armed &= ~(1ull << q->qid);
		return;
	}
	card->rxq_armed |= 1ull << q->qid;
	ready = (uint16_t)(q->head - WCNIC_RXDB_GET_CQ_HEAD(db));
	if (ready == 0 || ready > q->depth)
		return;
	q->irq_held = irq_moderated(card, q);
	if (q->irq_held)
		return;
	q->irq_seen = true;
	q->irq_ns = card->now_ns;
	q->fired = true;
	q->db_fired = db;
	wcdev_irq(&card->dev, q->vector);
}

static uint16_t
least(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* The buffers of `n` descriptors from q->head on. Returns how many are all here. */
static uint16_t
buffers_find(struct wcnic_card *card, struct card_rxq *q, const uint8_t *desc, uint16_t n)
{
	struct wcdev_dma_cache span = q->bufs;
	uint64_t good_bytes = 0; /* where in the piece a buffer may begin, for which `span` is good
				  */
	uint16_t i;

	if (span.map_id == card->dev.map_id && span.bytes >= q->buf_bytes)
		good_bytes = span.bytes - q->buf_bytes + 1;
	for (i = 0; i < n; i++, desc += sizeof(struct wcnic_rx_desc)) {
		const uint64_t iova = le64toh(wcdev_load64(desc));
		const uint64_t off = iova - span.iova;
		uint8_t *at;

		if (off < good_bytes) {
			at = span.at + off;
		} else {
			at = wcdev_dma_find(&card->dev, &q->bufs, iova, q->buf_bytes,
					    WCDEV_DMA_WRITE);
			if (at == NULL)
				break;
		}
		__builtin_prefetch(at, 1);
		q->ahead[(q->head + i) % CARD_RX_AHEAD] = at;
	}
	return i;
}

/* Looks up the next buffers, and brings near what will be written. */
bool
card_rxq_look_ahead(struct wcnic_card *card, struct card_rxq *q)
{
	uint16_t n = (uint16_t)(CARD_RX_AHEAD - q->head % CARD_RX_AHEAD);
	const uint8_t *desc, *cpl;

	if (card_rxq_has_ahead(card, q))
		return true;
	q->ahead_end = q->head;
	if (q->state != CARD_QUEUE_RUN || q->tail == q->head)
		return false;
	desc = wcdev_ring_find(&card->dev, &q->ring, q->head);
	cpl = wcdev_ring_find(&card->dev, &q->cq, q->head);
	if (desc == NULL || cpl == NULL)
		return false;
	n = least(n, (uint16_t)(q->tail - q->head));
	n = least(n, least(wcdev_ring_run(&q->ring, q->head), wcdev_ring_run(&q->cq, q->head)));
	q->ahead_map_id = card->dev.map_id;
	q->ahead_phase = card_rx_phase(q->head, q->depth);
	__builtin_prefetch(cpl, 1);
	q->ahead_end += buffers_find(card, q, desc, n);
	return q->ahead_end != q->head;
}

/* Whether the frame may go into the next buffer at once: the buffer and what else is needed is
 * here. */
static bool
frame_is_short(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
	       unsigned int count, const struct card_rx_result *result)
{
	return count == 1 && frame->n_frags == 1 && card_rxq_look_ahead(card, q) &&
	       ((result->flags & WCNIC_RXF_EXTRA) == 0 ||
		wcdev_ring_find(&card->dev, &q->extra, q->head) != NULL);
}

/* Puts a frame of which frame_is_short() is true. */
static void
frame_put(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
	  const struct card_rx_result *result)
{
	const uint32_t bytes = frame->bytes - result->cut_bytes;
	const struct card_rx_kind kind = card_rx_kind_of(result);
	const uint8_t *src = frame->frags[0].base;
	uint8_t *dst = q->ahead[q->head % CARD_RX_AHEAD];
	uint8_t addrs[CARD_RX_ADDRS_BYTES];

	if (card_rxq_is_full(q))
		card_rxq_publish(card, q);
	if ((result->flags & WCNIC_RXF_EXTRA) != 0 && card_rx_extra_publish(card, q, result) != 0) {
		card->stats.rx_errors++;
		card_rxq_fail(card, q, WCNIC_ERR_ADDRESS);
		return;
	}
	/* The frame may be in host memory, and so where it goes. */
	memcpy(addrs, src, sizeof(addrs));
	memmove(dst + sizeof(addrs), src + sizeof(addrs) + result->cut_bytes,
		bytes - sizeof(addrs));
	memcpy(dst, addrs, sizeof(addrs));
	(void)card_rxq_complete(q, q->head, bytes, kind);
	card_rxq_count(card, q, frame);
}

/* Whether `count` buffers are posted. Those that the host has posted lately may not be known yet.
 */
static bool
has_buffers(struct wcnic_card *card, struct card_rxq *q, unsigned int count)
{
	if ((uint16_t)(q->tail - q->head) >= count)
		return true;
	card_rxq_publish(card, q);
	card_rxq_poll(card, q);
	return (uint16_t)(q->tail - q->head) >= count;
}

bool
card_rxq_has_buffers(struct wcnic_card *card, struct card_rxq *q)
{
	return has_buffers(card, q, 1);
}

bool
card_rxq_drop(struct wcnic_card *card, struct card_rxq *q)
{
	if (q->state != CARD_QUEUE_RUN) {
		card->stats.rx_no_queue++;
		return true;
	}
	if (card->port.waits && !q->drops)
		return false;
	card->stats.rx_missed++;
	q->counts.missed++;
	return true;
}

int
card_rxq_deliver(struct wcnic_card *card, struct card_rxq *q, const struct wcdev_frame *frame,
		 const struct card_rx_result *given)
{
	struct card_rx_result result = *given;
	const uint32_t bytes = frame->bytes - result.cut_bytes;
	unsigned int count = 1;

	if (q->state != CARD_QUEUE_RUN)
		return card_rxq_drop(card, q) ? 0 : -EAGAIN;
	if (!q->has_extra)
		result.flags &= ~WCNIC_RXF_EXTRA;
	if (bytes > q->buf_bytes)
		count = (bytes + q->buf_bytes - 1) / q->buf_bytes;
	if (count > q->depth) { /* would never fit */
		card->stats.rx_oversize++;
		return 0;
	}
	if (!has_buffers(card, q, count) || q->state != CARD_QUEUE_RUN)
		return card_rxq_drop(card, q) ? 0 : -EAGAIN;
	if (!frame_is_short(card, q, frame, count, &result))
		return card_rx_spread(card, q, frame, count, &result);
	frame_put(card, q, frame, &result);
	return 0;
}
