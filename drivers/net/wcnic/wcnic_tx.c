/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx bursts (datasheet section 6): reap, then encode each frame into slots or descriptors, then one
 * drain and one doorbell. tail is published last, so a frame that does not fit leaves nothing to
 * undo.
 */

#include <stdalign.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic.h"

#define REAP_BELOW 64      /* free entries under which completions are looked for */
#define HOLD_OFF_MS 100    /* no push for so long after DROPPED */
#define HOLD_OFF_US 1000   /* ... and after INCOMPLETE */
#define FRAME_SEGS_MAX 255 /* entries to a frame, datasheet section 6 */

static inline uint16_t
room(const struct wcnic_txq *txq)
{
	return txq->limit - (uint16_t)(txq->tail - txq->head);
}

/* ---- completions --------------------------------------------------------------------------- */

static void
queue_fail(struct wcnic_txq *txq)
{
	txq->failed = true;
	atomic_store(&txq->hw->failed, true);
}

/* Completions are hostile: this one must begin at head and stay before tail. */
__rte_warn_unused_result static bool
completion_ok(const struct wcnic_txq *txq, const struct wcnic_tx_cpl *cpl)
{
	const uint16_t count = le16toh(cpl->count);
	const uint16_t in_flight = txq->tail - txq->head;
	const bool stopped = cpl->status == WCNIC_TX_INCOMPLETE || cpl->status == WCNIC_TX_DROPPED;

	if (le16toh(cpl->seq) != txq->head || count > in_flight || in_flight == 0)
		return false;
	if (cpl->epoch != txq->epoch && cpl->epoch != (uint8_t)(txq->epoch - 1))
		return false;
	if (stopped)
		return count == 0 && txq->window.held && cpl->epoch == txq->epoch &&
		       txq->placement == WCNIC_PLACEMENT_PUSH;
	return count != 0 && cpl->status >= WCNIC_TX_PUSHED && cpl->status <= WCNIC_TX_ERROR &&
	       txq->sw[(uint16_t)(txq->head + count - 1) & txq->mask] != NULL;
}

static void
count_errors(struct wcnic_txq *txq, uint8_t reason, uint16_t frames)
{
	switch (reason) {
	case WCNIC_ERR_OVERSIZE:
		txq->stats.oversize += frames;
		break;
	case WCNIC_ERR_RUNT:
		txq->stats.runt += frames;
		break;
	case WCNIC_ERR_ADDRESS:
		txq->stats.address += frames;
		break;
	default:
		txq->stats.malformed += frames;
		break;
	}
}

/* Frees the frames of `count` entries from head; returns how many, and their bytes. */
static inline uint16_t
frames_free(struct wcnic_txq *txq, uint16_t count, uint64_t *bytes)
{
	struct rte_mbuf *m;
	uint16_t frames = 0;

	for (; count > 0; count--, txq->head++) {
		m = txq->sw[txq->head & txq->mask];
		if (m == NULL)
			continue;
		txq->sw[txq->head & txq->mask] = NULL;
		*bytes += m->pkt_len;
		frames++;
		rte_pktmbuf_free(m);
	}
	return frames;
}

/*
 * The card stopped at head: everything from there on was not sent. The frames move to the resend
 * list in order, and the sequence goes on from head by fetch.
 */
static void
push_refused(struct wcnic_txq *txq, uint8_t status)
{
	const uint64_t hz = rte_get_timer_hz();
	const uint64_t hold = status == WCNIC_TX_DROPPED ? hz / 1000 * HOLD_OFF_MS
							 : hz / 1000000 * HOLD_OFF_US;
	struct rte_mbuf *m;

	RTE_ASSERT(txq->resend_head == 0 || txq->resend_count == 0);
	for (uint16_t seq = txq->head; seq != txq->tail; seq++) {
		m = txq->sw[seq & txq->mask];
		txq->sw[seq & txq->mask] = NULL;
		if (m != NULL)
			txq->resend[txq->resend_count++] = m;
	}
	txq->tail = txq->head;
	txq->epoch++;
	txq->switch_seq = txq->head;
	txq->placement = WCNIC_PLACEMENT_FETCH;
	txq->limit = txq->depth;
	txq->push_again_tsc = rte_get_timer_cycles() + hold;
}

static void
completion_bad(struct wcnic_txq *txq, const struct wcnic_tx_cpl *cpl)
{
	txq->stats.bad_completions++;
	queue_fail(txq);
	WCNIC_LOG(ERR, txq->hw,
		  "Tx queue %u: impossible completion: entries %u + %u (in flight: %u "
		  "to %u), status %u, epoch %u (now %u)",
		  txq->qid, le16toh(cpl->seq), le16toh(cpl->count), txq->head, txq->tail,
		  cpl->status, cpl->epoch, txq->epoch);
}

static void
completion_done(struct wcnic_txq *txq, const struct wcnic_tx_cpl *cpl)
{
	uint64_t bytes = 0;
	uint16_t frames;

	txq->acked_epoch = cpl->epoch;
	switch (cpl->status) {
	case WCNIC_TX_PUSHED:
	case WCNIC_TX_FETCHED:
		frames = frames_free(txq, le16toh(cpl->count), &bytes);
		if (cpl->status == WCNIC_TX_PUSHED)
			txq->stats.pushed += frames;
		else
			txq->stats.fetched += frames;
		txq->stats.packets += frames;
		txq->stats.bytes += bytes;
		break;
	case WCNIC_TX_ERROR:
		frames = frames_free(txq, le16toh(cpl->count), &bytes);
		count_errors(txq, cpl->reason, frames);
		break;
	case WCNIC_TX_INCOMPLETE:
		txq->stats.incomplete++;
		push_refused(txq, cpl->status);
		break;
	case WCNIC_TX_DROPPED:
		txq->stats.dropped++;
		push_refused(txq, cpl->status);
		break;
	}
}

void
wcnic_tx_reap(struct wcnic_txq *txq)
{
	struct wcnic_tx_cpl cpl;

	while (!txq->failed && wcnic_completion_take(txq->cq, txq->cq_head, txq->depth, &cpl)) {
		txq->cq_head++;
		if (unlikely(!completion_ok(txq, &cpl))) {
			completion_bad(txq, &cpl);
			return;
		}
		completion_done(txq, &cpl);
		if (cpl.status == WCNIC_TX_INCOMPLETE || cpl.status == WCNIC_TX_DROPPED)
			return; /* the card waits for the next epoch */
	}
}

/* ---- encoding: fetch ------------------------------------------------------------------------ */

/* Segments with data; 0 if their lengths do not add up to the frame's. */
static inline uint16_t
data_segs(const struct rte_mbuf *frame)
{
	uint32_t bytes = 0;
	uint16_t n = 0;

	if (likely(frame->nb_segs == 1))
		return frame->data_len == frame->pkt_len;
	for (const struct rte_mbuf *m = frame; m != NULL; m = m->next) {
		n += m->data_len != 0;
		bytes += m->data_len;
	}
	return bytes == frame->pkt_len ? n : 0;
}

/* Writes descriptors from tail on; the caller has seen to the room. */
static inline void
fetch_encode(struct wcnic_txq *txq, const struct rte_mbuf *frame, uint16_t segs)
{
	uint16_t flags = WCNIC_TXF_SOP, frame_bytes = frame->pkt_len;
	uint16_t seq = txq->tail;

	for (const struct rte_mbuf *m = frame; segs > 0; m = m->next) {
		if (m->data_len == 0)
			continue;
		if (--segs == 0)
			flags |= WCNIC_TXF_EOP;
		txq->ring[seq & txq->mask] = (struct wcnic_tx_desc){
			.iova = htole64(rte_mbuf_data_iova(m)),
			.bytes = htole16(m->data_len),
			.flags = htole16(flags),
			.seq = htole16(seq),
			.frame_bytes = htole16(frame_bytes),
		};
		seq++;
		flags = 0;
		frame_bytes = 0;
	}
}

/* ---- encoding: push ------------------------------------------------------------------------- */

/* A slot under construction on the stack: a byte stream that skips the lines' tags. */
struct slot {
	alignas(WCNIC_LINE_BYTES) struct wcnic_push_line line[WCNIC_SLOT_LINES_MAX];
	unsigned int used; /* bytes of the stream */
};

static inline void
slot_append(struct slot *slot, const void *data, unsigned int bytes)
{
	unsigned int line = slot->used / WCNIC_LINE_PAYLOAD_BYTES;
	unsigned int at = slot->used % WCNIC_LINE_PAYLOAD_BYTES;
	const uint8_t *from = data;

	slot->used += bytes;
	while (bytes > 0) {
		unsigned int n = RTE_MIN(bytes, WCNIC_LINE_PAYLOAD_BYTES - at);

		memcpy(&slot->line[line].payload[at], from, n);
		from += n;
		bytes -= n;
		line++;
		at = 0;
	}
}

static inline unsigned int
slot_lines_of(unsigned int stream_bytes)
{
	return (stream_bytes + WCNIC_LINE_PAYLOAD_BYTES - 1) / WCNIC_LINE_PAYLOAD_BYTES;
}

/* Tags the lines and stores them into the window as slot `seq`. */
static inline void
slot_store(struct wcnic_txq *txq, struct slot *slot, unsigned int lines, uint16_t seq)
{
	const unsigned int tail = slot->used % WCNIC_LINE_PAYLOAD_BYTES;
	const size_t stride = (size_t)txq->slot_lines * WCNIC_LINE_BYTES;
	void *dst = RTE_PTR_ADD(txq->slots, (seq & txq->slot_mask) * stride);

	if (tail != 0) /* nothing of the stack leaves the host */
		memset(&slot->line[lines - 1].payload[tail], 0, WCNIC_LINE_PAYLOAD_BYTES - tail);
	for (unsigned int i = 0; i < lines; i++) {
		struct wcnic_push_line *line = &slot->line[i];

		line->seq = htole16(seq);
		line->generation = htole16(txq->generation);
		line->check = 0;
		line->line_idx = i;
		line->flags = i == lines - 1 ? WCNIC_LINEF_LAST : 0;
		/* the fold of little-endian words has the same bytes on any host */
		line->check = wcnic_line_check(line);
	}
	txq->store->lines(dst, slot->line, lines);
}

static inline void
push_inline(struct wcnic_txq *txq, const struct rte_mbuf *frame)
{
	const unsigned int stream = sizeof(struct wcnic_push_hdr) + frame->pkt_len;
	const unsigned int lines = slot_lines_of(stream);
	struct wcnic_push_hdr hdr = {
		.frame_bytes = htole16(frame->pkt_len),
		.inline_bytes = htole16(frame->pkt_len),
		.flags = htole16(WCNIC_TXF_SOP | WCNIC_TXF_EOP),
		.n_lines = lines,
	};
	struct slot slot;

	slot.used = 0;
	slot_append(&slot, &hdr, sizeof(hdr));
	for (const struct rte_mbuf *m = frame; m != NULL; m = m->next)
		slot_append(&slot, rte_pktmbuf_mtod(m, const void *), m->data_len);
	slot_store(txq, &slot, lines, txq->tail);
}

/* A frame too long to go inline: its segments' addresses, in as many slots as they need. */
static void
push_segments(struct wcnic_txq *txq, const struct rte_mbuf *frame, uint16_t segs)
{
	const struct rte_mbuf *m = frame;
	uint16_t seq = txq->tail, frame_bytes = frame->pkt_len;
	uint16_t flags = WCNIC_TXF_SOP;
	struct slot slot;

	while (segs > 0) {
		const uint16_t n = RTE_MIN(segs, txq->slot_segs);
		const unsigned int lines = slot_lines_of(sizeof(struct wcnic_push_hdr) +
							 n * sizeof(struct wcnic_push_seg));
		struct wcnic_push_hdr hdr = {
			.frame_bytes = htole16(frame_bytes),
			.flags = htole16(flags | (n == segs ? WCNIC_TXF_EOP : 0)),
			.n_lines = lines,
			.n_segs = n,
		};

		slot.used = 0;
		slot_append(&slot, &hdr, sizeof(hdr));
		for (uint16_t i = 0; i < n; m = m->next) {
			struct wcnic_push_seg seg = {
				.iova = htole64(rte_mbuf_data_iova(m)),
				.bytes = htole32(m->data_len),
			};

			if (m->data_len == 0)
				continue;
			slot_append(&slot, &seg, sizeof(seg));
			i++;
		}
		slot_store(txq, &slot, lines, seq++);
		segs -= n;
		frame_bytes = 0;
		flags = 0;
	}
}

/* ---- bursts --------------------------------------------------------------------------------- */

static inline bool
pushing(const struct wcnic_txq *txq)
{
	return txq->placement == WCNIC_PLACEMENT_PUSH;
}

/* Publishes tail: the lines are drained first, and host memory written before is visible. */
static inline void
tx_doorbell(struct wcnic_txq *txq)
{
	if (pushing(txq))
		txq->store->drain();
	wcbar_before_doorbell();
	txq->store->doorbell(txq->doorbell, WCNIC_TXDB_TAIL(txq->tail) |
						    WCNIC_TXDB_SWITCH_SEQ(txq->switch_seq) |
						    WCNIC_TXDB_EPOCH(txq->epoch) |
						    WCNIC_TXDB_PLACEMENT(txq->placement));
	txq->burst_left = txq->window.max_burst;
}

/*
 * How many entries the frame needs in the placement in force; 0: it cannot be sent at all. What is
 * pushed must also do as a fetch, which it becomes if the card refuses it.
 */
static inline uint16_t
entries_needed(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs)
{
	uint16_t entries;

	if (unlikely(segs == 0 || m->pkt_len == 0 || m->pkt_len > UINT16_MAX ||
		     segs > RTE_MIN(txq->depth, FRAME_SEGS_MAX)))
		return 0;
	if (!pushing(txq))
		return segs;
	if (m->pkt_len <= txq->inline_max)
		return 1;
	entries = (segs + txq->slot_segs - 1) / txq->slot_segs;
	return entries <= RTE_MIN(txq->limit, txq->window.max_burst) ? entries : 0;
}

/* 1: written, 0: no room now, -1: can never be sent (freed and counted). */
static inline int
frame_write(struct wcnic_txq *txq, struct rte_mbuf *m)
{
	const uint16_t segs = data_segs(m);
	const uint16_t entries = entries_needed(txq, m, segs);

	if (unlikely(entries == 0)) {
		txq->stats.malformed++;
		rte_pktmbuf_free(m);
		return -1;
	}
	if (entries > room(txq))
		return 0;
	if (!pushing(txq)) {
		fetch_encode(txq, m, segs);
	} else {
		if (entries > txq->burst_left)
			tx_doorbell(txq);
		if (m->pkt_len <= txq->inline_max)
			push_inline(txq, m);
		else
			push_segments(txq, m, segs);
		txq->burst_left -= RTE_MIN(entries, txq->burst_left);
	}
	txq->tail += entries;
	txq->sw[(uint16_t)(txq->tail - 1) & txq->mask] = m;
	return 1;
}

/* The card refused pushes before: the frames it did not send go first. True if all are written. */
static bool
resend_drain(struct wcnic_txq *txq)
{
	const uint16_t before = txq->tail;

	while (txq->resend_count > 0) {
		int ret = frame_write(txq, txq->resend[txq->resend_head]);

		if (ret == 0)
			break;
		txq->stats.resent += ret > 0;
		txq->resend_head++;
		txq->resend_count--;
	}
	if (txq->resend_count == 0)
		txq->resend_head = 0;
	if (txq->tail != before)
		tx_doorbell(txq);
	return txq->resend_count == 0;
}

/*
 * Firmware took the window: nothing is stored there any more. DROPPED brings back what is in
 * flight, with nothing in flight there is none, and the queue goes on by fetch. False: DROPPED is
 * yet to come.
 */
static bool
revoked_leave(struct wcnic_txq *txq)
{
	wcnic_tx_reap(txq);
	if (txq->failed || !pushing(txq))
		return true;
	if (txq->head != txq->tail)
		return false;
	if (txq->acked_epoch == txq->epoch) { /* else the card may not be told of another switch */
		txq->epoch++;
		txq->switch_seq = txq->tail;
		txq->placement = WCNIC_PLACEMENT_FETCH;
		txq->limit = txq->depth;
	}
	return true;
}

/* Goes back to push when the time has come and the last switch has been seen by the card. */
static void
push_again(struct wcnic_txq *txq)
{
	if (txq->push_revoked || txq->acked_epoch != txq->epoch ||
	    rte_get_timer_cycles() < txq->push_again_tsc)
		return;
	/* slots are fewer than descriptors: all in flight must fit */
	if ((uint16_t)(txq->tail - txq->head) > txq->slot_mask)
		return;
	txq->epoch++;
	txq->switch_seq = txq->tail;
	txq->placement = WCNIC_PLACEMENT_PUSH;
	txq->limit = RTE_MIN(txq->depth, (uint16_t)(txq->slot_mask + 1));
}

static uint16_t
tx_burst(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t before = txq->tail;
	uint16_t i;

	for (i = 0; i < n; i++) {
		if (unlikely(frame_write(txq, pkts[i]) == 0)) {
			/* room may have come meanwhile; a refusal in between changes the placement
			 */
			uint8_t epoch = txq->epoch;

			if (txq->tail != before)
				tx_doorbell(txq);
			wcnic_tx_reap(txq);
			if (txq->epoch != epoch || txq->failed || frame_write(txq, pkts[i]) == 0)
				break;
		}
	}
	return i;
}

uint16_t
wcnic_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_txq *txq = queue;
	uint16_t sent = 0;

	if (unlikely(!wcnic_gate_enter(&txq->gate)))
		return 0;
	if (room(txq) < RTE_MAX(n, REAP_BELOW) || n == 0 || txq->acked_epoch != txq->epoch)
		wcnic_tx_reap(txq);
	if (unlikely(txq->push_revoked && pushing(txq)) && !revoked_leave(txq))
		goto out;
	if (unlikely(txq->failed) || (unlikely(txq->resend_count != 0) && !resend_drain(txq)))
		goto out;
	if (unlikely(!pushing(txq) && txq->wanted != WCNIC_PLACEMENT_FETCH))
		push_again(txq);
	if (n > 0) {
		const uint16_t before = txq->tail;

		sent = tx_burst(txq, pkts, n);
		if (txq->tail != before && !txq->failed)
			tx_doorbell(txq);
	}
out:
	wcnic_gate_leave(&txq->gate);
	return sent;
}

/* For a card that works only when it is polled. */
uint16_t
wcnic_tx_burst_poll(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_txq *txq = queue;
	uint16_t sent = wcnic_tx_burst(queue, pkts, n);

	if (likely(atomic_load_explicit(&txq->gate.state, memory_order_acquire) == WCNIC_QUEUE_UP))
		txq->hw->attach->poll(txq->hw);
	return sent;
}

uint16_t
wcnic_tx_prepare(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	const struct wcnic_txq *txq = queue;

	for (uint16_t i = 0; i < n; i++) {
		if (entries_needed(txq, pkts[i], data_segs(pkts[i])) == 0 ||
		    pkts[i]->pkt_len > txq->hw->mtu + WCNIC_L2_OVERHEAD) {
			rte_errno = EINVAL;
			return i;
		}
		if ((pkts[i]->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK) != 0) {
			rte_errno = ENOTSUP;
			return i;
		}
	}
	return n;
}

void
wcnic_tx_kick(struct wcnic_txq *txq)
{
	if (txq->failed)
		return;
	wcnic_tx_reap(txq);
	if (txq->resend_count != 0 && !txq->failed)
		(void)resend_drain(txq);
}

void
wcnic_tx_purge(struct wcnic_txq *txq)
{
	const uint16_t in_flight = txq->tail - txq->head;
	uint64_t bytes = 0;

	txq->stats.lost += frames_free(txq, in_flight, &bytes);
	for (; txq->resend_count > 0; txq->resend_count--, txq->stats.lost++)
		rte_pktmbuf_free(txq->resend[txq->resend_head++]);
	txq->resend_head = 0;
}
