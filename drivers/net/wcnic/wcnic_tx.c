/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx bursts (datasheet section 6). A burst writes each frame into lines or descriptors, then drains
 * once, rings one doorbell if entries need one, and reaps completions. It reaps first only if the
 * queue lacks entries, or waits for the card to answer a change of placement. A frame that does not
 * fit leaves nothing to undo: tail is published last.
 *
 * A pushed burst, in order: wcnic_tx_burst(), packed_write(), plain_pack(), pack_end(),
 * wcnic_lines_put(), wcnic_tx_publish().
 */

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_tx.h"

/*
 * Entries that a burst of `n` frees: more than it takes, but few. What is freed is taken next, so
 * that the same mbufs go round, which are in the cache; more than the pool's cache would go back to
 * the pool, and others would come that are not.
 */
#define REAP_ENTRIES(n) (2u * RTE_MAX(n, 32u))

/* By enum wcnic_tx_writer. */
static const wcnic_tx_write_t writers[WCNIC_TX_WRITERS] = {
	[WCNIC_TX_WRITER_FETCH + WCNIC_ASKS_NOTHING] = wcnic_tx_fetch_nothing,
	[WCNIC_TX_WRITER_FETCH + WCNIC_ASKS_PLAIN] = wcnic_tx_fetch_plain,
	[WCNIC_TX_WRITER_FETCH + WCNIC_ASKS_ANY] = wcnic_tx_fetch_any,
	[WCNIC_TX_WRITER_SLOTS] = wcnic_tx_slots_write,
	[WCNIC_TX_WRITER_PACKED] = wcnic_tx_packed_generic,
	[WCNIC_TX_WRITER_PACKED_DIRECT] = wcnic_tx_packed_generic_direct,
#if defined(RTE_ARCH_X86)
	[WCNIC_TX_WRITER_PACKED_AVX2] = wcnic_tx_packed_avx2,
	[WCNIC_TX_WRITER_PACKED_AVX2_DIRECT] = wcnic_tx_packed_avx2_direct,
	[WCNIC_TX_WRITER_PACKED_AVX2_SHARED] = wcnic_tx_packed_avx2_shared,
	[WCNIC_TX_WRITER_PACKED_AVX512_DIRECT] = wcnic_tx_packed_avx512_direct,
	[WCNIC_TX_WRITER_PACKED_AVX512_SHARED] = wcnic_tx_packed_avx512_shared,
#endif
};

static __rte_always_inline uint16_t
frames_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n)
{
	return writers[txq->writer](txq, pkts, n);
}

/*
 * Writes the frames of refused pushes again, before any other, and rings the doorbell. True if all
 * are written.
 */
static bool
resend_drain(struct wcnic_txq *txq)
{
	const uint16_t before = txq->tail;
	const uint64_t malformed = txq->stats.malformed;
	uint16_t done;

	done = frames_write(txq, &txq->resend[txq->resend_head], txq->resend_count);
	txq->stats.resent += done - (txq->stats.malformed - malformed);
	txq->resend_head += done;
	txq->resend_count -= done;
	if (txq->resend_count == 0)
		txq->resend_head = 0;
	if (txq->tail != before)
		wcnic_tx_publish(txq);
	return txq->resend_count == 0;
}

/*
 * Firmware revoked the window while the queue was pushing: nothing may be stored there any more.
 * For entries in flight the card answers DROPPED, which makes the queue fetch. Without any the
 * queue starts to fetch by itself. False: wait for DROPPED.
 */
static bool
revoked_leave(struct wcnic_txq *txq)
{
	wcnic_tx_reap(txq);
	if (txq->failed || !wcnic_tx_pushing(txq))
		return true;
	if (txq->head != txq->tail) {
		wcnic_tx_ring_again(txq);
		return false;
	}
	if (txq->acked_epoch == txq->epoch) {
		txq->epoch++;
		txq->switch_seq = txq->tail;
	} else {
		txq->epoch--; /* a switch without entries, which was not rung: there was none */
	}
	wcnic_tx_placement_set(txq, WCNIC_PLACEMENT_FETCH);
	return true;
}

/* Switches back to push once the hold-off is over and the card has seen the last switch. */
static void
push_again(struct wcnic_txq *txq)
{
	if (txq->push_state != WCNIC_PUSH_ALLOWED || txq->acked_epoch != txq->epoch ||
	    rte_get_timer_cycles() < txq->push_again_tsc)
		return;
	/* There are fewer slots than descriptors, and all entries in flight must fit. */
	if (txq->format == WCNIC_FORMAT_SLOTS && (uint16_t)(txq->tail - txq->head) > txq->slot_mask)
		return;
	txq->epoch++;
	txq->switch_seq = txq->tail;
	wcnic_tx_placement_set(txq, WCNIC_PLACEMENT_PUSH);
}

/*
 * Not all frames of a burst fitted: publishes those that did, frees what is done, and tries the
 * rest once more. A refusal in between ends the burst, because it changes the placement.
 */
static uint16_t
rest_write(struct wcnic_txq *txq, struct rte_mbuf **pkts, uint16_t n, bool publish)
{
	const uint8_t epoch = txq->epoch;
	uint16_t sent;

	if (publish)
		wcnic_tx_publish(txq);
	wcnic_tx_reap_some(txq, REAP_ENTRIES(n));
	if (txq->epoch != epoch || txq->failed)
		return 0;
	sent = frames_write(txq, pkts, n);
	if (sent == 0 && txq->head == txq->full_head)
		wcnic_tx_ring_again(txq);
	txq->full_head = txq->head;
	return sent;
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
	if (reaped && !txq->failed)
		wcnic_tx_reap_some(txq, n == 0 ? UINT_MAX : REAP_ENTRIES(n));
	if (unlikely(txq->push_state == WCNIC_PUSH_REVOKED && wcnic_tx_pushing(txq)) &&
	    !revoked_leave(txq))
		goto out;
	if (unlikely(txq->failed) || (unlikely(txq->resend_count != 0) && !resend_drain(txq)))
		goto out;
	if (unlikely(!wcnic_tx_pushing(txq) && txq->wanted != WCNIC_PLACEMENT_FETCH))
		push_again(txq);
	if (n > 0) {
		const uint16_t before = txq->tail;

		sent = frames_write(txq, pkts, n);
		if (unlikely(sent != n))
			sent += rest_write(txq, pkts + sent, n - sent, txq->tail != before);
		if (txq->tail != before && !txq->failed)
			wcnic_tx_publish(txq);
	}
	/* After the doorbell: the card works meanwhile. */
	if (!reaped && (uint16_t)(txq->tail - txq->head) >= txq->reap_at && !txq->failed)
		wcnic_tx_reap_some(txq, REAP_ENTRIES(n));
out:
	wcnic_gate_leave(&txq->gate);
	return sent;
}

uint16_t
wcnic_tx_burst_poll(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct wcnic_txq *txq = queue;
	uint16_t sent = wcnic_tx_burst(queue, pkts, n);

	if (likely(rte_atomic_load_explicit(&txq->gate.state, rte_memory_order_acquire) ==
		   WCNIC_QUEUE_UP))
		txq->hw->attach->poll(txq->hw);
	return sent;
}

void
wcnic_tx_kick(struct wcnic_txq *txq)
{
	if (txq->failed)
		return;
	wcnic_tx_reap(txq);
	if (txq->resend_count != 0 && !txq->failed)
		(void)resend_drain(txq);
	if (!txq->failed)
		wcnic_tx_ring_again(txq);
}
