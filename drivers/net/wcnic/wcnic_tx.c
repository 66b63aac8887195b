/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx bursts (datasheet section 6): write each frame into lines or descriptors, then one drain and
 * one doorbell, then reap; before it only for want of room or an epoch's echo. tail is published
 * last, so a frame that does not fit leaves nothing to undo.
 */

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_tx.h"

#define FREE_BURST 64
#define REAP_COMPLETIONS 8 /* after a burst */
#define HOLD_OFF_MS 100    /* no push for so long after DROPPED */
#define HOLD_OFF_US 1000   /* ... and after INCOMPLETE */
#define FRAME_SEGS_MAX 255 /* entries to a frame, datasheet section 6 */

static inline bool
pushing(const struct wcnic_txq *txq)
{
	return txq->placement == WCNIC_PLACEMENT_PUSH;
}

void
wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store)
{
	txq->store = store;
	txq->push_vectors = "";
	txq->push_write = wcnic_tx_slots;
	if (txq->format == WCNIC_FORMAT_PACKED)
		txq->push_write = wcnic_tx_packed(txq, &txq->push_vectors);
	if (pushing(txq))
		txq->write = txq->push_write;
}

void
wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement)
{
	txq->placement = placement;
	txq->limit = txq->depth;
	txq->write = wcnic_tx_fetch;
	/* Lines are numbered anew; there are none in flight. */
	txq->line_tail = 0;
	txq->run = wcnic_tx_mark_lines_set(txq->run, 0);
	txq->done = wcnic_tx_mark_lines_set(txq->done, 0);
	if (placement != WCNIC_PLACEMENT_PUSH)
		return;
	txq->write = txq->push_write;
	if (txq->format == WCNIC_FORMAT_SLOTS)
		txq->limit = RTE_MIN(txq->depth, (uint16_t)(txq->slot_mask + 1));
}

/* ---- completions --------------------------------------------------------------------------- */

static void
queue_fail(struct wcnic_txq *txq)
{
	txq->failed = true;
	atomic_store(&txq->hw->failed, true);
}

/*
 * Completions are hostile: this one must begin `done` entries behind head, where the one before it
 * ended, and stay before tail.
 */
__rte_warn_unused_result static bool
completion_ok(const struct wcnic_txq *txq, const struct wcnic_tx_cpl *cpl, uint16_t done)
{
	const uint16_t count = le16toh(cpl->count), head = txq->head + done;
	const uint16_t in_flight = txq->tail - head;
	const bool stopped = cpl->status == WCNIC_TX_INCOMPLETE || cpl->status == WCNIC_TX_DROPPED;

	if (le16toh(cpl->seq) != head || count > in_flight || in_flight == 0)
		return false;
	if (cpl->epoch != txq->epoch && cpl->epoch != (uint8_t)(txq->epoch - 1))
		return false;
	if (stopped)
		return count == 0 && txq->window.granted && cpl->epoch == txq->epoch &&
		       txq->placement == WCNIC_PLACEMENT_PUSH;
	return count != 0 && cpl->status >= WCNIC_TX_PUSHED && cpl->status <= WCNIC_TX_ERROR &&
	       txq->sw[(uint16_t)(head + count - 1) & txq->mask] != NULL;
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

/* The frames of these entries have one segment each, and all came from one pool. How many. */
static uint16_t
frames_put(struct wcnic_txq *txq, uint16_t at, uint16_t count)
{
	struct rte_mbuf **sw = &txq->sw[at];

	rte_mempool_put_bulk(sw[0]->pool, (void **)sw, count);
	return count;
}

/* The frames of these entries, whatever they are: each pool gets its own back, many at a time. */
static uint16_t
frames_return(struct wcnic_txq *txq, uint16_t at, uint16_t count)
{
	struct rte_mbuf *freed[FREE_BURST], *m;
	uint16_t n = 0, frames = 0;

	for (uint16_t end = at + count; at < end; at++) {
		m = txq->sw[at];
		if (m == NULL)
			continue;
		frames++;
		if (unlikely(m->nb_segs != 1)) {
			rte_pktmbuf_free(m);
			continue;
		}
		m = rte_pktmbuf_prefree_seg(m);
		if (m == NULL)
			continue;
		if (n == FREE_BURST || (n > 0 && m->pool != freed[0]->pool)) {
			rte_mempool_put_bulk(freed[0]->pool, (void **)freed, n);
			n = 0;
		}
		freed[n++] = m;
	}
	if (n > 0)
		rte_mempool_put_bulk(freed[0]->pool, (void **)freed, n);
	return frames;
}

/* Frees the frames of `count` entries from head; how many, and their bytes. */
static uint16_t
frames_free(struct wcnic_txq *txq, uint16_t count, uint32_t *bytes)
{
	const uint16_t at = txq->head & txq->mask;
	const uint16_t first = RTE_MIN(count, (uint16_t)(txq->depth - at));
	const bool put = txq->fast_free && !txq->chains;
	uint64_t done;
	uint16_t frames;

	*bytes = 0;
	if (count == 0)
		return 0;
	frames = put ? frames_put(txq, at, first) : frames_return(txq, at, first);
	if (first < count)
		frames += put ? frames_put(txq, 0, count - first)
			      : frames_return(txq, 0, count - first);
	txq->head += count;
	done = txq->marks[(uint16_t)(txq->head - 1) & txq->mask];
	*bytes = wcnic_tx_mark_bytes(done) - wcnic_tx_mark_bytes(txq->done);
	txq->done = done;
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
		if (m != NULL)
			txq->resend[txq->resend_count++] = m;
	}
	txq->tail = txq->head;
	txq->epoch++;
	txq->switch_seq = txq->head;
	txq->run = txq->done;
	wcnic_tx_placement_set(txq, WCNIC_PLACEMENT_FETCH);
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

/* Entries from head on that have the same fate. */
struct fate {
	uint16_t count;
	uint8_t status;
	uint8_t reason;
};

static void
fate_settle(struct wcnic_txq *txq, struct fate *fate)
{
	uint32_t bytes;
	uint16_t frames;

	if (fate->count == 0)
		return;
	frames = frames_free(txq, fate->count, &bytes);
	fate->count = 0;
	if (fate->status == WCNIC_TX_ERROR) {
		count_errors(txq, fate->reason, frames);
		return;
	}
	if (fate->status == WCNIC_TX_PUSHED)
		txq->stats.pushed += frames;
	else
		txq->stats.fetched += frames;
	txq->stats.packets += frames;
	txq->stats.bytes += bytes;
}

/* The card stopped where the entries with a fate end. */
static void
card_stopped(struct wcnic_txq *txq, uint8_t status)
{
	if (status == WCNIC_TX_INCOMPLETE)
		txq->stats.incomplete++;
	else
		txq->stats.dropped++;
	push_refused(txq, status);
}

/*
 * At most so many completions. What has the same fate is freed together. Ends with one that says
 * that the card has stopped: it waits for the next epoch.
 */
static void
reap(struct wcnic_txq *txq, unsigned int most)
{
	struct fate fate = {.count = 0};
	struct wcnic_tx_cpl cpl;

	for (; most > 0; most--) {
		if (!wcnic_completion_take(txq->cq, txq->cq_head, txq->depth, &cpl))
			break;
		txq->cq_head++;
		if (unlikely(!completion_ok(txq, &cpl, fate.count))) {
			fate_settle(txq, &fate);
			completion_bad(txq, &cpl);
			return;
		}
		txq->acked_epoch = cpl.epoch;
		if (cpl.status != fate.status || cpl.reason != fate.reason ||
		    fate.count >= FREE_BURST)
			fate_settle(txq, &fate);
		if (cpl.status == WCNIC_TX_INCOMPLETE || cpl.status == WCNIC_TX_DROPPED) {
			card_stopped(txq, cpl.status);
			return;
		}
		fate.status = cpl.status;
		fate.reason = cpl.reason;
		fate.count += le16toh(cpl.count);
	}
	fate_settle(txq, &fate);
}

void
wcnic_tx_reap(struct wcnic_txq *txq)
{
	if (!txq->failed)
		reap(txq, UINT_MAX);
}

/* ---- bursts --------------------------------------------------------------------------------- */

/*
 * The card has gone to sleep, and may not see the doorbell. A number that stays is one sleep, and
 * one write is enough for it; with each doorbell there is one at most, whatever the card says.
 */
static __rte_cold __rte_noinline void
card_wake(struct wcnic_txq *txq, wcnic_le32 sleep)
{
	struct wcnic_hw *hw = txq->hw;

	if (sleep == txq->woken || (hw->id.caps & WCNIC_CAP_WAKE) == 0)
		return;
	if (hw->attach->wake(hw) == 0)
		txq->woken = sleep;
}

void
wcnic_tx_doorbell(struct wcnic_txq *txq)
{
	wcnic_le32 sleep;

	if (pushing(txq))
		txq->store->drain();
	wcbar_before_doorbell();
	txq->doorbell_ring(txq->doorbell, WCNIC_TXDB_TAIL(txq->tail) |
						  WCNIC_TXDB_SWITCH_SEQ(txq->switch_seq) |
						  WCNIC_TXDB_EPOCH(txq->epoch) |
						  WCNIC_TXDB_PLACEMENT(txq->placement));
	txq->burst_left = txq->window.grant.max_burst;
	/* No fence: if both miss each other, the frame waits until the card looks again. */
	sleep = __atomic_load_n(txq->sleep, __ATOMIC_RELAXED);
	if (unlikely(sleep != 0))
		card_wake(txq, sleep);
}

uint16_t
wcnic_tx_entries(const struct wcnic_txq *txq, const struct rte_mbuf *m, uint16_t segs)
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
	return entries <= RTE_MIN(txq->limit, txq->window.grant.max_burst) ? entries : 0;
}

/* The card refused pushes before: the frames it did not send go first. True if all are written. */
static bool
resend_drain(struct wcnic_txq *txq)
{
	const uint16_t before = txq->tail;
	const uint64_t malformed = txq->stats.malformed;
	uint16_t done;

	done = txq->write(txq, &txq->resend[txq->resend_head], txq->resend_count);
	txq->stats.resent += done - (txq->stats.malformed - malformed);
	txq->resend_head += done;
	txq->resend_count -= done;
	if (txq->resend_count == 0)
		txq->resend_head = 0;
	if (txq->tail != before)
		wcnic_tx_doorbell(txq);
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
		wcnic_tx_placement_set(txq, WCNIC_PLACEMENT_FETCH);
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
	if (txq->format == WCNIC_FORMAT_SLOTS && (uint16_t)(txq->tail - txq->head) > txq->slot_mask)
		return;
	txq->epoch++;
	txq->switch_seq = txq->tail;
	wcnic_tx_placement_set(txq, WCNIC_PLACEMENT_PUSH);
}

static uint16_t
tx_burst(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t before = txq->tail;
	const uint8_t epoch = txq->epoch;
	uint16_t done = txq->write(txq, pkts, n);

	if (likely(done == n))
		return done;
	/* room may have come meanwhile; a refusal in between changes the placement */
	if (txq->tail != before)
		wcnic_tx_doorbell(txq);
	wcnic_tx_reap(txq);
	if (txq->epoch != epoch || txq->failed)
		return done;
	return done + txq->write(txq, pkts + done, n - done);
}

uint16_t
wcnic_tx_burst(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_txq *txq = queue;
	uint16_t sent = 0;
	bool reaped;

	if (unlikely(!wcnic_gate_enter(&txq->gate)))
		return 0;
	reaped = wcnic_tx_room(txq) < n || n == 0 || txq->acked_epoch != txq->epoch;
	if (reaped)
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
			wcnic_tx_doorbell(txq);
	}
	/* The card is at work meanwhile, and no frame waits for much of it. */
	if (!reaped && (uint16_t)(txq->tail - txq->head) >= txq->reap_at && !txq->failed)
		reap(txq, REAP_COMPLETIONS);
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
		if (wcnic_tx_entries(txq, pkts[i], wcnic_tx_segs(pkts[i])) == 0 ||
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
	uint32_t bytes;

	txq->stats.lost += frames_free(txq, txq->tail - txq->head, &bytes);
	for (; txq->resend_count > 0; txq->resend_count--, txq->stats.lost++)
		rte_pktmbuf_free(txq->resend[txq->resend_head++]);
	txq->resend_head = 0;
}
