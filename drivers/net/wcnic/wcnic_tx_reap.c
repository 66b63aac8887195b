/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx completions (datasheet section 6): checked, counted, their frames freed, refusals handled. */

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_tx.h"

#define FREE_BURST 64
#define RING_ENTRIES 32768 /* after so many without a doorbell one is due */
#define HOLD_OFF_MS 100    /* no push for so long after DROPPED */
#define HOLD_OFF_US 1000   /* ... and after INCOMPLETE */

static void
queue_fail(struct wcnic_txq *txq)
{
	txq->failed = true;
	wcnic_store(&txq->hw->failed, true);
}

/*
 * A card may write anything. This completion must begin `done` entries behind head, where the one
 * before it ended, and end before tail.
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
		return count == 0 && txq->ctrl.window.granted && cpl->epoch == txq->epoch &&
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
	case WCNIC_ERR_OFFLOAD:
		txq->stats.bad_request += frames;
		break;
	default:
		txq->stats.malformed += frames;
		break;
	}
}

/*
 * Returns the frames of `count` entries from index `at` to their pool. All have one segment, and
 * came from one pool. Returns the number of frames.
 */
static uint16_t
frames_put(struct wcnic_txq *txq, uint16_t at, uint16_t count)
{
	struct rte_mbuf **sw = &txq->sw[at];

	rte_mempool_put_bulk(sw[0]->pool, (void **)sw, count);
	return count;
}

/* The same for frames of any kind. Each pool gets its own back, many at a time. */
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

/*
 * The card sees a doorbell by what it says. So one is due long before tail comes round to what was
 * rung last: a tail that is the same again would say nothing.
 */
static void
doorbell_renew(struct wcnic_txq *txq)
{
	txq->ring_due |= (uint16_t)(txq->tail - txq->rung_tail) >= RING_ENTRIES;
}

/* Frees the frames of `count` entries from head. Returns how many, and sets their bytes. */
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
	/* first: a process that is killed in here loses frames, and nobody frees them twice */
	txq->head += count;
	rte_compiler_barrier();
	frames = put ? frames_put(txq, at, first) : frames_return(txq, at, first);
	if (first < count)
		frames += put ? frames_put(txq, 0, count - first)
			      : frames_return(txq, 0, count - first);
	done = txq->marks[(uint16_t)(txq->head - 1) & txq->mask];
	*bytes = wcnic_tx_mark_bytes(done) - wcnic_tx_mark_bytes(txq->done);
	txq->done = done;
	return frames;
}

/*
 * The card stopped at head and sent nothing from there on. The frames move to the resend list in
 * order, and the queue fetches from head on.
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

/* Entries from head on that ended in the same way: they are freed and counted together. */
struct outcome {
	uint16_t count;
	uint8_t status;
	uint8_t reason;
};

static void
outcome_settle(struct wcnic_txq *txq, struct outcome *outcome)
{
	uint32_t bytes;
	uint16_t frames;

	if (outcome->count == 0)
		return;
	frames = frames_free(txq, outcome->count, &bytes);
	outcome->count = 0;
	doorbell_renew(txq);
	if (outcome->status == WCNIC_TX_ERROR) {
		count_errors(txq, outcome->reason, frames);
		return;
	}
	if (outcome->status == WCNIC_TX_PUSHED)
		txq->stats.pushed += frames;
	else
		txq->stats.fetched += frames;
	txq->stats.packets += frames;
	txq->stats.bytes += bytes;
}

/* The card refused the entry at head, and waits for the next epoch. */
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
 * A completion that says that the card has stopped is the last one: the card waits for the next
 * epoch.
 */
void
wcnic_tx_reap_some(struct wcnic_txq *txq, unsigned int entries)
{
	struct outcome outcome = {.count = 0};
	struct wcnic_tx_cpl cpl;
	unsigned int done;

	for (done = 0; done < entries; done += le16toh(cpl.count)) {
		if (!wcnic_completion_take(txq->cq, txq->cq_head, txq->depth, &cpl))
			break;
		txq->cq_head++;
		if (unlikely(!completion_ok(txq, &cpl, outcome.count))) {
			outcome_settle(txq, &outcome);
			completion_bad(txq, &cpl);
			return;
		}
		txq->acked_epoch = cpl.epoch;
		if (cpl.status != outcome.status || cpl.reason != outcome.reason ||
		    outcome.count >= FREE_BURST)
			outcome_settle(txq, &outcome);
		if (cpl.status == WCNIC_TX_INCOMPLETE || cpl.status == WCNIC_TX_DROPPED) {
			card_stopped(txq, cpl.status);
			return;
		}
		outcome.status = cpl.status;
		outcome.reason = cpl.reason;
		outcome.count += le16toh(cpl.count);
	}
	outcome_settle(txq, &outcome);
}

void
wcnic_tx_reap(struct wcnic_txq *txq)
{
	if (!txq->failed)
		wcnic_tx_reap_some(txq, UINT_MAX);
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
