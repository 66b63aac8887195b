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
#include "wcnic_tx.h"

#define REAP_COMPLETIONS 8 /* after a burst */
#define FRAME_SEGS_MAX 255 /* entries to a frame, datasheet section 6 */

void
wcnic_tx_store_set(struct wcnic_txq *txq, const struct wcbar_store *store)
{
	txq->store = store;
	txq->push_vectors = "";
	txq->push_write = wcnic_tx_slots_write;
	if (txq->format == WCNIC_FORMAT_PACKED)
		txq->push_write = wcnic_tx_packed_select(txq, &txq->push_vectors);
	if (wcnic_tx_pushing(txq))
		txq->write = txq->push_write;
}

void
wcnic_tx_placement_set(struct wcnic_txq *txq, enum wcnic_placement placement)
{
	txq->placement = placement;
	txq->limit = txq->depth;
	txq->write = wcnic_tx_fetch_write;
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

	if (wcnic_tx_pushing(txq))
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
	if (!wcnic_tx_pushing(txq))
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
	if (txq->failed || !wcnic_tx_pushing(txq))
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
	reaped = wcnic_tx_entries_free(txq) < n || n == 0 || txq->acked_epoch != txq->epoch;
	if (reaped)
		wcnic_tx_reap(txq);
	if (unlikely(txq->push_revoked && wcnic_tx_pushing(txq)) && !revoked_leave(txq))
		goto out;
	if (unlikely(txq->failed) || (unlikely(txq->resend_count != 0) && !resend_drain(txq)))
		goto out;
	if (unlikely(!wcnic_tx_pushing(txq) && txq->wanted != WCNIC_PLACEMENT_FETCH))
		push_again(txq);
	if (n > 0) {
		const uint16_t before = txq->tail;

		sent = tx_burst(txq, pkts, n);
		if (txq->tail != before && !txq->failed)
			wcnic_tx_doorbell(txq);
	}
	/* The card is at work meanwhile, and no frame waits for much of it. */
	if (!reaped && (uint16_t)(txq->tail - txq->head) >= txq->reap_at && !txq->failed)
		wcnic_tx_reap_some(txq, REAP_COMPLETIONS);
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
