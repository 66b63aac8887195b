/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Section 6: entries in, completions out. Bursts of frames are gathered, offered to the port and
 * completed; nothing of it is visible to the host before the end.
 */

#include <assert.h>
#include <errno.h>

#include "card_tx.h"

/* A completion is held back for so many polls in a row that find nothing. */
#define HOLD_POLLS 64u

/* What came of the entries from the queue's head on; nothing of it is visible yet. */
struct batch {
	struct wcnic_tx_cpl cpls[CARD_BURST + 3];
	unsigned int n_cpls;
	unsigned int frames;
	uint16_t seq;                 /* first entry that is not decided */
	struct card_tx_stream stream; /* packed: what begins there */
	enum wcnic_error fail;
	struct card_tx_burst burst;
};

/* Adds to the last completion, if that has the same status, reason and epoch. */
static void
batch_add(struct batch *b, const struct card_txq *q, enum wcnic_tx_status status,
	  enum wcnic_error reason, uint16_t entries, uint16_t frames)
{
	struct wcnic_tx_cpl *cpl = b->n_cpls != 0 ? &b->cpls[b->n_cpls - 1] : NULL;

	if (cpl == NULL || entries == 0 || cpl->status != status || cpl->reason != reason ||
	    cpl->epoch != q->epoch) {
		assert(b->n_cpls < CARD_BURST + 3);
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
	return (t->built_frames & 1ull << frame) != 0 ? t->marks[frame].entries : 1;
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

	if (first == end)
		return;
	for (unsigned int i = first; i < end; i++)
		bytes += t->frames[i].bytes;
	if (t->built_frames == 0)
		entries = (uint16_t)(end - first);
	for (unsigned int i = first; i < end && t->built_frames != 0; i++)
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

/* The port takes the next frame later. */
static void
batch_held(struct wcnic_card *card, struct card_txq *q)
{
	if (!q->port_busy)
		card->stats.tx_held++;
	q->port_busy = true;
}

/* Offers one frame to the port. Its time is before the far end can have it. As wcdev_port_send().
 */
static unsigned int
timed_send(struct wcnic_card *card, const struct wcdev_frame *frame, int *ret)
{
	uint64_t at_ns = wcdev_now_ns(&card->dev);

	if (wcdev_port_send(&card->dev, frame, 1, ret) == 0)
		return 0;
	card_clock_sent(card, at_ns);
	return 1;
}

/*
 * Offers frames from `first` on: all, up to one whose time is wanted; or that one alone. Returns
 * how many the port took; *offered: of how many.
 */
static unsigned int
batch_offer(struct wcnic_card *card, const struct card_tx_burst *t, unsigned int first,
	    unsigned int *offered, int *ret)
{
	uint64_t timed = t->timed_frames >> first;

	*offered = t->n - first;
	if (timed & 1) {
		*offered = 1;
		return timed_send(card, &t->frames[first], ret);
	}
	if (timed != 0)
		*offered = (unsigned int)__builtin_ctzll(timed);
	return wcdev_port_send(&card->dev, t->frames + first, *offered, ret);
}

/* Offers the burst to the port. Returns false if the port holds a frame back. */
static bool
batch_send(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	const struct card_tx_burst *t = &b->burst;
	unsigned int end = 0;

	while (end < t->n) {
		unsigned int first = end, offered;
		int ret = 0;

		end += batch_offer(card, t, first, &offered, &ret);
		batch_sent(card, b, q, first, end);
		if (end == first + offered)
			continue;
		if (ret == -EAGAIN) {
			batch_held(card, q);
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
	const struct card_tx_frame *f = &b->burst.built;

	/* The clock runs from the poll in which nothing lay before the slot. */
	if (b->seq != q->head || q->placement != WCNIC_PLACEMENT_PUSH)
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

/* A frame to be segmented. Returns false if the port holds back. */
static bool
batch_cut(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	const struct card_tx_frame *f = &b->burst.built;
	bool pushed = q->placement == WCNIC_PLACEMENT_PUSH;
	enum wcnic_error reason;

	if (!card_tx_cut_send(card, q, f, b->seq, &reason)) {
		batch_held(card, q);
		return false;
	}
	q->port_busy = false;
	b->stream = f->after;
	if (reason != WCNIC_ERR_NONE) {
		batch_error(card, b, q, reason, f->entries);
	} else {
		*(pushed ? &card->stats.tx_pushed : &card->stats.tx_fetched) += 1;
		batch_add(b, q, pushed ? WCNIC_TX_PUSHED : WCNIC_TX_FETCHED, WCNIC_ERR_NONE,
			  f->entries, 1);
	}
	wcdev_reader_end(&card->dev, &q->reader);
	return true;
}

/* What comes of a frame that is not ready. Returns false if the batch ends here. */
static bool
batch_not_ready(struct wcnic_card *card, struct batch *b, struct card_txq *q,
		enum card_tx_verdict verdict)
{
	const struct card_tx_frame *f = &b->burst.built;
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
	case CARD_TX_CUT:
		return batch_cut(card, b, q) && !memo;
	default:
		return false;
	}
}

static bool
window_is_gone(const struct card_txq *q)
{
	return q->placement == WCNIC_PLACEMENT_PUSH && q->slots == NULL;
}

/* Entries from here on are not written. Where nobody can look, the record alone tells. */
static uint16_t
batch_end(const struct card_txq *q)
{
	return card_txq_express(q) && !window_is_gone(q) ? card_txq_bound(q) : q->tail;
}

static enum card_tx_verdict
batch_gather(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	uint16_t limit = q->switching ? q->switch_seq : batch_end(q);
	unsigned int most = CARD_BURST - b->frames;
	struct card_tx_burst *t = &b->burst;

	if (q->format == WCNIC_FORMAT_PACKED)
		card_tx_packed_rewind(card, &b->stream);
	else
		b->stream.at = 0;
	t->n = 0;
	t->n_frags = 0;
	t->copied = 0;
	t->seq = b->seq;
	t->memo = false;
	t->built_frames = 0;
	t->timed_frames = 0;
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

	if (window_is_gone(q)) {
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
	if (verdict == CARD_TX_WAIT && card_tx_may_lack(q, b->seq))
		return false;
	return verdict == CARD_TX_READY || batch_not_ready(card, b, q, verdict);
}

static void
batch_run(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	bool more = true;

	for (;;) {
		if (q->switching && b->seq == q->switch_seq) {
			q->switching = false;
			card_txq_epoch_begin(q, q->next_placement);
			card_tx_packed_open(card, q, &b->stream);
		}
		if (!more || b->seq == batch_end(q) || b->frames == CARD_BURST)
			return;
		more = batch_step(card, b, q);
	}
}

/* Express: whether there is something at head. */
static bool
entry_there(struct wcnic_card *card, struct card_txq *q)
{
	if (q->placement == WCNIC_PLACEMENT_FETCH)
		return card_tx_fetch_there(card, q, q->head);
	if (q->format == WCNIC_FORMAT_SLOTS)
		return card_tx_slot_there(q, q->head);
	return card_tx_packed_there(q, q->rest[0], q->n_rest, q->line);
}

/* Writes completions; false: there is no place for them any more. */
static bool
completions_write(struct wcnic_card *card, struct card_txq *q, struct wcnic_tx_cpl *cpls,
		  unsigned int n)
{
	bool good = true;

	for (unsigned int i = 0; i < n; i++, q->cq_tail++) {
		cpls[i].phase = wcdev_ring_phase(q->cq_tail, q->depth);
		q->cpl_epoch = cpls[i].epoch;
		if (wcdev_ring_publish(&card->dev, &q->cq, q->cq_tail, &cpls[i], sizeof(cpls[i])) !=
		    0)
			good = false;
	}
	if (n != 0)
		wcdev_irq(&card->dev, q->vector);
	return good;
}

/*
 * Whether the last completion of a batch may wait for more of its kind: the driver waits for none
 * but those that say something new. Not for long if the queue makes no progress.
 */
static bool
batch_holds(const struct batch *b, const struct card_txq *q)
{
	const struct wcnic_tx_cpl *last;

	if (b->n_cpls == 0 || b->fail != WCNIC_ERR_NONE || q->quiet >= HOLD_POLLS)
		return false;
	last = &b->cpls[b->n_cpls - 1];
	return le16toh(last->count) != 0 && le16toh(last->count) < q->hold &&
	       last->reason == WCNIC_ERR_NONE && last->epoch == q->cpl_epoch;
}

/* What the port holds is out before the host reads that it is. */
static void
batch_publish(struct wcnic_card *card, struct batch *b, struct card_txq *q)
{
	bool sent = b->frames != 0 || q->cut.sent != 0;
	bool holds;

	q->quiet = b->seq != q->head ? 0 : q->quiet + 1;
	holds = batch_holds(b, q);
	if (sent)
		wcdev_port_flush(&card->dev);
	if (sent) {
		if (card->stats.first_tx_ns == 0)
			card->stats.first_tx_ns = card->now_ns;
		card->sent = true;
		q->waiting = false;
	}
	if (!completions_write(card, q, b->cpls, b->n_cpls - holds))
		b->fail = WCNIC_ERR_ADDRESS;
	q->held.count = 0;
	if (holds)
		q->held = b->cpls[b->n_cpls - 1];
	if (!card_txq_rung(q, b->seq))
		q->tail = b->seq;
	q->head = b->seq;
	card_tx_slots_expire(q, q->head);
}

void
card_txq_hold_end(struct wcnic_card *card, struct card_txq *q)
{
	q->quiet = 0;
	if (q->held.count == 0 || q->state == CARD_QUEUE_FAILED)
		return;
	if (!completions_write(card, q, &q->held, 1))
		card_txq_fail(card, q, WCNIC_ERR_ADDRESS);
	q->held.count = 0;
}

/* Nothing is there: what is held back has waited long enough after some such polls. */
static void
txq_quiet(struct wcnic_card *card, struct card_txq *q)
{
	if (q->held.count != 0 && ++q->quiet >= HOLD_POLLS)
		card_txq_hold_end(card, q);
}

/*
 * Whether an entry has been written, or the record asks for something. The record is looked at each
 * time: a tail that has fallen behind by more than the ring could not be told from one ahead.
 */
static bool
txq_has_work(struct wcnic_card *card, struct card_txq *q)
{
	return card_txq_refresh(card, q) && (q->head != q->tail || q->switching ||
					     (card_txq_express(q) && entry_there(card, q)));
}

unsigned int
card_txq_poll(struct wcnic_card *card, struct card_txq *q)
{
	struct batch b;

	q->undecided = false;
	if (!txq_has_work(card, q) || card->dev.port_ops == NULL ||
	    !card_port_is_open(&card->port)) {
		txq_quiet(card, q);
		return 0;
	}
	if (!wcdev_ring_ready(&card->dev, &q->cq, q->cq_tail)) {
		card_txq_fail(card, q, WCNIC_ERR_ADDRESS);
		return 0;
	}
	b.cpls[0] = q->held;
	b.n_cpls = q->held.count != 0;
	b.frames = 0;
	b.seq = q->head;
	b.fail = WCNIC_ERR_NONE;
	card_tx_packed_open(card, q, &b.stream);
	batch_run(card, &b, q);
	card_tx_packed_close(card, q, &b.stream);
	batch_publish(card, &b, q);
	if (b.fail != WCNIC_ERR_NONE)
		card_txq_fail(card, q, b.fail);
	q->undecided = b.frames == 0;
	return b.frames;
}
