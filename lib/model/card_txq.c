/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <assert.h>
#include <errno.h>
#include <syslog.h>

#include "card_tx.h"

/* Section 6: entries in, completions out. */

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
	if (p->commit == WCNIC_COMMIT_EXPRESS)
		return WCNIC_ST_UNSUPPORTED;
	if (p->commit != WCNIC_COMMIT_DOORBELL)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, commit);
	if (p->format > WCNIC_FORMAT_PACKED)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, format);
	if (p->format == WCNIC_FORMAT_PACKED && !(card->features & WCNIC_CAP_PUSH_PACKED))
		return WCNIC_ST_UNSUPPORTED;
	if (!card_is_pow2(depth) || depth < CARD_DEPTH_MIN || depth > CARD_DEPTH_MAX)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, depth);
	if (vector != WCNIC_VECTOR_NONE && vector >= card_vectors(card))
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, vector);
	if (le64toh(p->ring_iova) & 63)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, ring_iova);
	if (le64toh(p->cq_iova) & 63)
		return CARD_BAD_FIELD(call, wcnic_cmd_txq_create, cq_iova);
	if (!wcdev_dma_reachable(&card->dev, le64toh(p->ring_iova),
				 depth * sizeof(struct wcnic_tx_desc), WCDEV_DMA_READ) ||
	    !wcdev_dma_reachable(&card->dev, le64toh(p->cq_iova),
				 depth * sizeof(struct wcnic_tx_cpl), WCDEV_DMA_WRITE))
		return WCNIC_ST_BAD_ADDRESS;
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
	q->placement = p->placement;
	q->format = p->format;
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
	card->txq_live |= 1ull << q->qid;
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
	card->txq_live &= ~(1ull << q->qid);
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
	unsigned int i;

	for (i = 0; i < card->n_queues; i++)
		if (card->txqs[i].state != CARD_QUEUE_NONE)
			txq_fini(card, &card->txqs[i]);
}

static void
txq_fail(struct wcnic_card *card, struct card_txq *q, enum wcnic_error error)
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
	unsigned int i;

	for (i = 0; i < card->n_queues; i++) {
		struct card_txq *q = &card->txqs[i];

		if (q->slots != NULL && q->push_window == window_id)
			q->slots = NULL;
		if (q->db != NULL && q->db_window == window_id) {
			q->db = NULL;
			txq_fail(card, q, WCNIC_ERR_DOORBELL);
		}
	}
}

/* ---- the record -------------------------------------------------------------------------- */

static void
epoch_begin(struct card_txq *q, uint8_t placement)
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
	epoch_begin(q, WCNIC_TXDB_GET_PLACEMENT(db));
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

/* Judges a record that runs the queue on. */
WC_MUST_CHECK static bool
record_advance(struct card_txq *q, uint64_t db)
{
	uint16_t in_flight = WCNIC_TXDB_GET_TAIL(db) - q->head;
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
	if (pushed_too_many(q, WCNIC_TXDB_GET_TAIL(db)))
		return false;
	q->tail = WCNIC_TXDB_GET_TAIL(db);
	return true;
}

/* Whether the queue runs after a look at its record. */
static bool
txq_refresh(struct wcnic_card *card, struct card_txq *q)
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
			txq_fail(card, q, WCNIC_ERR_DOORBELL);
	}
	return q->state == CARD_QUEUE_RUN;
}

/* ---- a batch ----------------------------------------------------------------------------- */

/* What came of the entries from the queue's head on; nothing of it is visible yet. */
struct batch {
	struct wcnic_tx_cpl cpls[CARD_BURST + 2];
	unsigned int n_cpls;
	unsigned int frames;
	uint16_t seq;                 /* first entry that is not decided */
	struct card_tx_stream stream; /* packed: what begins there */
	enum wcnic_error fail;
	struct card_tx_burst burst;
};

/* Adds to the last completion what had the same fate. */
static void
batch_add(struct batch *b, const struct card_txq *q, enum wcnic_tx_status status,
	  enum wcnic_error reason, uint16_t entries, uint16_t frames)
{
	struct wcnic_tx_cpl *cpl = b->n_cpls != 0 ? &b->cpls[b->n_cpls - 1] : NULL;

	if (cpl == NULL || entries == 0 || cpl->status != status || cpl->reason != reason ||
	    cpl->epoch != q->epoch) {
		assert(b->n_cpls < CARD_BURST + 2);
		cpl = &b->cpls[b->n_cpls++];
		memset(cpl, 0, sizeof(*cpl));
		cpl->seq = htole16(b->seq);
		cpl->status = status;
		cpl->reason = reason;
		cpl->epoch = q->epoch;
	}
	cpl->count = htole16(le16toh(cpl->count) + entries);
	cpl->frames = htole16(le16toh(cpl->frames) + frames);
	b->frames += frames;
	b->seq += entries;
}

static void
batch_error(struct wcnic_card *card, struct batch *b, const struct card_txq *q,
	    enum wcnic_error reason, uint16_t entries)
{
	card->stats.tx_errors++;
	if (reason == WCNIC_ERR_OVERSIZE)
		card->stats.tx_oversize++;
	batch_add(b, q, WCNIC_TX_ERROR, reason, entries, 1);
}

static void
batch_stop(struct batch *b, struct card_txq *q, enum wcnic_tx_status status)
{
	batch_add(b, q, status, WCNIC_ERR_NONE, 0, 0);
	q->state = CARD_QUEUE_STOPPED;
	q->switching = false;
	q->tail = b->seq;
	q->waiting = false;
}

static uint16_t
frame_entries(const struct card_tx_burst *t, unsigned int frame)
{
	return t->odd_frames & 1ull << frame ? t->marks[frame].entries : 1;
}

/* The port has taken frames [first, end) of the burst. */
static void
batch_sent(struct wcnic_card *card, struct batch *b, struct card_txq *q, unsigned int first,
	   unsigned int end)
{
	const struct card_tx_burst *t = &b->burst;
	bool pushed = q->placement == WCNIC_PLACEMENT_PUSH;
	uint16_t entries = 0;
	uint64_t bytes = 0;
	unsigned int i;

	if (first == end)
		return;
	for (i = first; i < end; i++)
		bytes += t->frames[i].bytes;
	if (t->odd_frames == 0)
		entries = (uint16_t)(end - first);
	for (i = first; i < end && t->odd_frames != 0; i++)
		entries += frame_entries(t, i);
	q->port_busy = false;
	card->stats.tx_frames += end - first;
	card->stats.tx_bytes += bytes;
	*(pushed ? &card->stats.tx_pushed : &card->stats.tx_fetched) += end - first;
	batch_add(b, q, pushed ? WCNIC_TX_PUSHED : WCNIC_TX_FETCHED, WCNIC_ERR_NONE, entries,
		  (uint16_t)(end - first));
}

static bool
pushes_packed(const struct card_txq *q)
{
	return q->placement == WCNIC_PLACEMENT_PUSH && q->format == WCNIC_FORMAT_PACKED;
}

/* Offers the burst to the port. Returns false if the port holds a frame back. */
static bool
batch_send(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	const struct card_tx_burst *t = &b->burst;
	unsigned int end = 0;

	while (end < t->n) {
		unsigned int first = end;
		int ret = 0;

		end += wcdev_port_send(&card->dev, t->frames + first, t->n - first, &ret);
		batch_sent(card, b, q, first, end);
		if (end == t->n)
			break;
		if (ret == -EAGAIN) {
			if (!q->port_busy)
				card->stats.tx_held++;
			q->port_busy = true;
			if (end != 0 && pushes_packed(q))
				b->stream = card_tx_packed_after(card, t, end - 1);
			return false; /* to be offered again: what was read is still good */
		}
		q->port_busy = false;
		batch_error(card, b, q, WCNIC_ERR_FIRMWARE, frame_entries(t, end));
		end++;
	}
	b->stream = t->stream;
	return true;
}

/* A slot at the head is not whole: it has until push_wait_ns to become so. */
static void
batch_wait(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	const struct card_tx_frame *f = &b->burst.odd;

	/* The clock runs from the poll in which nothing lay before the slot. */
	if (b->n_cpls != 0)
		return;
	if (!q->waiting) {
		q->waiting = true;
		q->wait_since_ns = card->now_ns;
		return;
	}
	if (card->now_ns - q->wait_since_ns < card->push_wait_ns)
		return;
	card->stats.stale_lines += q->format == WCNIC_FORMAT_PACKED
					   ? card_tx_packed_stale(q, f->after.line)
					   : card_tx_slot_stale(q, b->seq + f->entries - 1);
	card->stats.tx_incomplete++;
	batch_stop(b, q, WCNIC_TX_INCOMPLETE);
}

/* What comes of a frame that is not ready. Returns false if the batch ends here. */
static bool
batch_odd(struct wcnic_card *card, struct batch *b, struct card_txq *q,
	  enum card_tx_verdict verdict)
{
	const struct card_tx_frame *f = &b->burst.odd;
	bool memo = wcdev_reader_has_memo(&card->dev, &q->reader);

	switch (verdict) {
	case CARD_TX_WAIT:
		batch_wait(card, b, q);
		return false;
	case CARD_TX_FAULT:
		b->fail = WCNIC_ERR_ADDRESS;
		return false;
	case CARD_TX_LOST:
		b->fail = WCNIC_ERR_DESC;
		/* fallthrough */
	case CARD_TX_BAD:
		b->stream = f->after;
		batch_error(card, b, q, f->reason, f->entries);
		wcdev_reader_end(&card->dev, &q->reader);
		return verdict == CARD_TX_BAD && !memo;
	default:
		return false;
	}
}

static enum card_tx_verdict
batch_gather(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	uint16_t limit = q->switching ? q->switch_seq : q->tail;
	unsigned int most = CARD_BURST - b->frames;
	struct card_tx_burst *t = &b->burst;

	if (q->format == WCNIC_FORMAT_PACKED)
		card_tx_packed_rewind(card, &b->stream);
	else
		b->stream.at = 0;
	t->n = 0;
	t->n_frags = 0;
	t->seq = b->seq;
	t->memo = false;
	t->odd_frames = 0;
	t->start = b->stream;
	t->stream = b->stream;
	if (q->placement == WCNIC_PLACEMENT_FETCH)
		return card_tx_gather_fetch(card, q, t, limit, most);
	if (q->format == WCNIC_FORMAT_SLOTS)
		return card_tx_gather_slots(card, q, t, limit, most);
	return card_tx_gather_packed(card, q, t, limit, most);
}

/* Decides some frames. Returns false if the batch ends here. */
static bool
batch_step(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	enum card_tx_verdict verdict;

	if (q->placement == WCNIC_PLACEMENT_PUSH && q->slots == NULL) {
		card->stats.tx_dropped++;
		batch_stop(b, q, WCNIC_TX_DROPPED);
		return false;
	}
	verdict = batch_gather(card, b, q);
	if (!batch_send(card, b, q))
		return false;
	/* A frame that came by message: let other queues have their turn at messages. */
	if (b->burst.memo) {
		wcdev_reader_end(&card->dev, &q->reader);
		return false;
	}
	return verdict == CARD_TX_READY || batch_odd(card, b, q, verdict);
}

static void
batch_run(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	bool more = true;

	for (;;) {
		if (q->switching && b->seq == q->switch_seq) {
			q->switching = false;
			epoch_begin(q, q->next_placement);
			card_tx_packed_open(card, q, &b->stream);
		}
		if (!more || b->seq == q->tail || b->frames == CARD_BURST)
			return;
		more = batch_step(card, b, q);
	}
}

/* What the port holds is out before the host reads that it is. */
static void
batch_publish(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	unsigned int i;

	if (b->frames != 0)
		wcdev_port_flush(&card->dev);
	if (b->frames != 0) {
		if (card->stats.first_tx_ns == 0)
			card->stats.first_tx_ns = card->now_ns;
		card->sent = true;
		q->waiting = false;
	}
	for (i = 0; i < b->n_cpls; i++, q->cq_tail++) {
		b->cpls[i].phase = wcdev_ring_phase(q->cq_tail, q->depth);
		if (wcdev_ring_publish(&card->dev, &q->cq, q->cq_tail, &b->cpls[i],
				       sizeof(b->cpls[i])) != 0)
			b->fail = WCNIC_ERR_ADDRESS;
	}
	q->head = b->seq;
	card_tx_slots_expire(q, q->head);
	if (b->n_cpls != 0)
		wcdev_irq(&card->dev, q->vector);
}

unsigned int
card_txq_poll(struct wcnic_card *card, struct card_txq *q)
{
	struct batch b;

	if (!txq_refresh(card, q) || card->dev.port_ops == NULL ||
	    !(card->port.flags & WCNIC_PORTF_UP))
		return 0;
	if (q->head == q->tail && !q->switching)
		return 0;
	if (!wcdev_ring_ready(&card->dev, &q->cq, q->cq_tail)) {
		txq_fail(card, q, WCNIC_ERR_ADDRESS);
		return 0;
	}
	b.n_cpls = 0;
	b.frames = 0;
	b.seq = q->head;
	b.fail = WCNIC_ERR_NONE;
	card_tx_packed_open(card, q, &b.stream);
	batch_run(card, &b, q);
	card_tx_packed_close(card, q, &b.stream);
	batch_publish(card, &b, q);
	if (b.fail != WCNIC_ERR_NONE)
		txq_fail(card, q, b.fail);
	return b.frames;
}
