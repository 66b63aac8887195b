/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx: bursts of frames are gathered, offered to the port and completed. Nothing of it is visible to
 * the driver before the end, and what the port does not take now is gathered again.
 */

#include <errno.h>

#include "ena_tx.h"

/* What came of the entries from the queue's head on. */
struct batch {
	struct ena_tx_cpl cpls[ENA_BURST];
	unsigned int n_cpls;
	unsigned int frames; /* decided, sent or not */
	bool sent;
	uint64_t *stop; /* the queue stops */
	const char *why;
	struct ena_tx_burst burst;
};

/* ---- gathering --------------------------------------------------------------------------- */

/* Judges the frame when all of it is here. */
static enum ena_tx_verdict
frame_judge(struct ena_tx_build *b)
{
	struct ena_tx_burst *t = b->t;

	t->frame.frags = b->frags;
	t->frame.n_frags = b->n_frags;
	t->frame.bytes = b->bytes;
	t->frame.flags = 0;
	t->fact.pushed = b->sq->llq && b->bytes == b->header_bytes;
	/* A frame in the LLQ was copied. */
	if (t->fact.pushed)
		t->frame.flags = WCDEV_FRAME_STABLE;
	if (t->drop != NULL)
		return ENA_TX_DROP;
	if (!t->fact.has_id)
		return ena_tx_drop(b, &b->card->stats.tx_bad_chain);
	if (b->bytes < ENA_FRAME_MIN)
		return ena_tx_drop(b, &b->card->stats.tx_bad_length);
	if (b->sq->llq)
		t->copied += b->sq->entry_bytes;
	if ((b->asks & ENA_TXD_OFFLOADS) != 0)
		return ena_tx_offload(b);
	if (b->bytes > ena_bytes_max(b->card))
		return ena_tx_drop(b, &b->card->stats.tx_bad_length);
	return ENA_TX_READY;
}

static enum ena_tx_verdict
frame_build(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t)
{
	struct ena_tx_build b = {.card = card, .sq = sq, .t = t, .frags = card->frags + t->n_frags};
	enum ena_tx_verdict verdict;

	t->fact = (struct ena_tx_frame){0};
	t->drop = NULL;
	wcdev_reader_begin(&card->dev, &sq->reader);
	verdict = sq->llq ? ena_tx_from_llq(&b) : ena_tx_from_ring(&b);
	return verdict == ENA_TX_READY ? frame_judge(&b) : verdict;
}

/* Adds frames to the burst, until there are enough or one is not ready. */
static enum ena_tx_verdict
gather(struct ena_card *card, struct ena_sq *sq, struct ena_tx_burst *t)
{
	enum ena_tx_verdict verdict;

	t->n = 0;
	t->n_frags = 0;
	t->copied = 0;
	t->memo = false;
	t->cached = false;
	while (t->n < t->most && t->seq != sq->tail && t->n_frags < 2 * ENA_BURST &&
	       t->copied < ENA_COPIES_BYTES && !t->memo) {
		if (sq->llq)
			ena_tx_llq_single(card, sq, t);
		else
			ena_tx_ring_single(card, sq, t);
		if (t->n == t->most || t->seq == sq->tail || t->copied >= ENA_COPIES_BYTES)
			break;
		verdict = frame_build(card, sq, t);
		if (verdict != ENA_TX_READY)
			return verdict;
		t->frames[t->n] = t->frame;
		t->facts[t->n] = t->fact;
		t->n_frags += t->frame.n_frags;
		t->n++;
		t->seq += t->fact.entries;
		t->memo = wcdev_reader_has_memo(&card->dev, &sq->reader);
		/* One behind it may store others, and this one may have to be gathered again. */
		if (t->cached)
			break;
	}
	return ENA_TX_READY;
}

/* ---- deciding ---------------------------------------------------------------------------- */

/* The frame is done with, and so are its entries: the queue's head is behind them. */
static inline void
batch_complete(struct batch *b, const struct ena_sq *sq, const struct ena_tx_frame *fact,
	       uint16_t head)
{
	if ((fact->has_id & fact->completes) == 0)
		return;
	b->cpls[b->n_cpls++] = (struct ena_tx_cpl){
		.req_id = htole16(fact->req_id),
		.sub_qid = htole16(sq->idx),
		.sq_head = htole16(head),
	};
}

/* What was waited for at the head has come, or is decided otherwise. */
static void
batch_advance(struct ena_card *card, struct batch *b, struct ena_sq *sq, unsigned int frames)
{
	b->frames += frames;
	card->stats.tx_llq_waits += sq->waiting;
	sq->waiting = false;
}

static void
batch_done(struct ena_card *card, struct batch *b, struct ena_sq *sq,
	   const struct ena_tx_frame *fact)
{
	batch_advance(card, b, sq, 1);
	sq->head += fact->entries;
	batch_complete(b, sq, fact, sq->head);
}

static void
batch_drop(struct ena_card *card, struct batch *b, struct ena_sq *sq, uint64_t *counter,
	   const struct ena_tx_frame *fact)
{
	/* Not what is left of a frame that has been counted. */
	if (fact->endless != ENA_TX_REST || !sq->resync)
		++*counter;
	sq->resync = fact->endless != 0;
	if (counter == &card->stats.tx_llq_torn)
		sq->waiting = false;
	batch_done(card, b, sq, fact);
}

static void
batch_sent(struct ena_card *card, struct batch *b, struct ena_sq *sq, unsigned int first,
	   unsigned int end)
{
	const struct ena_tx_burst *t = &b->burst;
	unsigned int pushed = 0;
	uint16_t head = sq->head;
	uint64_t bytes = 0;

	if (first == end)
		return;
	for (unsigned int i = first; i < end; i++) {
		const struct ena_tx_frame fact = t->facts[i];

		bytes += t->frames[i].bytes;
		pushed += fact.pushed;
		head += fact.entries;
		batch_complete(b, sq, &fact, head);
	}
	if (sq->llq)
		card->stats.tx_llq_entries += (uint16_t)(head - sq->head);
	sq->head = head;
	batch_advance(card, b, sq, end - first);
	card->stats.tx_frames += end - first;
	card->stats.tx_bytes += bytes;
	card->stats.tx_pushed += pushed;
	sq->port_busy = false;
	sq->resync = false;
	b->sent = true;
}

/* Offers the burst to the port. Returns false if the port holds a frame back. */
static bool
batch_send(struct ena_card *card, struct batch *b, struct ena_sq *sq)
{
	const struct ena_tx_burst *t = &b->burst;
	unsigned int end = 0;

	while (end < t->n) {
		unsigned int first = end;
		int ret = 0;

		end += wcdev_port_send(&card->dev, t->frames + first, t->n - first, &ret);
		batch_sent(card, b, sq, first, end);
		if (end == t->n)
			break;
		if (ret == -EAGAIN) {
			sq->port_busy = true;
			return false;
		}
		batch_drop(card, b, sq, &card->stats.tx_refused, &t->facts[end]);
		end++;
	}
	return true;
}

/* What comes of a frame that is not ready. Returns false if the batch ends here. */
static bool
batch_not_ready(struct ena_card *card, struct batch *b, struct ena_sq *sq,
		enum ena_tx_verdict verdict)
{
	struct ena_tx_burst *t = &b->burst;
	uint64_t *drop = t->drop;

	switch (verdict) {
	case ENA_TX_CUT:
		if (!ena_tx_cut_send(card, sq, t, &drop)) {
			sq->port_busy = true;
			b->sent = true;
			return false;
		}
		if (drop != NULL)
			break;
		b->sent = true;
		sq->resync = false;
		if (sq->llq)
			card->stats.tx_llq_entries += t->fact.entries;
		batch_done(card, b, sq, &t->fact);
		wcdev_reader_end(&card->dev, &sq->reader);
		return true;
	case ENA_TX_DROP:
		break;
	case ENA_TX_STOP:
		b->stop = t->drop;
		b->why = t->why;
		return false;
	default:
		return false;
	}
	batch_drop(card, b, sq, drop, &t->fact);
	wcdev_reader_end(&card->dev, &sq->reader);
	return true;
}

static void
batch_run(struct ena_card *card, struct batch *b, struct ena_sq *sq)
{
	struct ena_tx_burst *t = &b->burst;
	enum ena_tx_verdict verdict;

	while (sq->head != sq->tail && b->frames < ENA_BURST) {
		t->most = ENA_BURST - b->frames;
		t->seq = sq->head;
		verdict = gather(card, sq, t);
		if (!batch_send(card, b, sq))
			return;
		/* A frame that came by message: let other queues have their turn at messages. */
		if (t->memo) {
			wcdev_reader_end(&card->dev, &sq->reader);
			return;
		}
		if (verdict != ENA_TX_READY && !batch_not_ready(card, b, sq, verdict))
			return;
	}
}

/* What the port holds is out before the driver reads that it is. */
static void
batch_publish(struct ena_card *card, struct batch *b, struct ena_sq *sq)
{
	if (b->sent)
		wcdev_port_flush(&card->dev);
	if ((card->config.faults & ENA_FAULT_TX_COMPLETIONS) != 0)
		b->n_cpls = 0;
	if (!ena_cq_put_tx(card, sq->cq, b->cpls, b->n_cpls)) {
		b->stop = &card->stats.ring_unmapped;
		b->why = "its completions cannot be written";
	}
	if (b->n_cpls != 0)
		ena_cq_signal(card, sq->cq, true);
	if (b->stop != NULL)
		ena_sq_stop(card, sq, b->stop, b->why);
}

unsigned int
ena_tx_poll(struct ena_card *card, struct ena_sq *sq)
{
	struct batch b;
	uint16_t head;

	if (sq->state != ENA_SQ_RUN || sq->head == sq->tail || card->dev.port_ops == NULL)
		return 0;
	if (!ena_cq_ready(card, sq->cq)) {
		ena_sq_stop(card, sq, &card->stats.ring_unmapped,
			    "its completions cannot be written");
		return 0;
	}
	b.n_cpls = 0;
	b.frames = 0;
	b.sent = false;
	b.stop = NULL;
	head = sq->head;
	batch_run(card, &b, sq);
	if (sq->llq)
		ena_tx_llq_free(card, sq, head, sq->head);
	batch_publish(card, &b, sq);
	return b.frames;
}
