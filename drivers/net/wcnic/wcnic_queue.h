/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_QUEUE_H
#define WCNIC_QUEUE_H

/* Queues of both directions: set-up, start and stop, and the completions that they share. */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <ethdev_driver.h>

#include <wcnic_abi.h>

#include "wcnic_rxq.h"
#include "wcnic_txq.h"

struct wcnic_hw;

/*
 * rte_eth_tx_queue_setup() and its sibling: check what was asked for, allocate rings and arrays.
 * The queue belongs to `hw` until it is released; one that was there is released first. The port is
 * stopped. 0; -EINVAL: a depth or buffer size that is logged with what would do; -ENOTSUP: memory
 * without IOVA; -ENOMEM.
 */
int wcnic_tx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
			 const struct rte_eth_txconf *conf);
int wcnic_rx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
			 const struct rte_eth_rxconf *conf, struct rte_mempool *pool);
/* Frees the queue, if there is one. It is not on the card. */
void wcnic_tx_queue_release(struct rte_eth_dev *dev, uint16_t qid);
void wcnic_rx_queue_release(struct rte_eth_dev *dev, uint16_t qid);

/*
 * Whether a frame of `mtu` fits one buffer, or the ring if scatter was asked for; `offloads` are
 * the queue's beside the port's. 0, or -EINVAL after a log of what would fit.
 */
__rte_warn_unused_result int
wcnic_rx_buffers_check(const struct rte_eth_dev *dev, uint16_t qid, uint16_t depth,
		       uint32_t buf_bytes, uint64_t offloads, uint16_t mtu);
/* The same for a queue that is set up; 0 also if it is not. */
__rte_warn_unused_result int
wcnic_rx_mtu_check(const struct wcnic_hw *hw, uint16_t qid, uint16_t mtu);

/* What packed push publishes at once, at most, in lines; 255 segments of 16 bytes must fit. */
#define WCNIC_STAGING_LINES 128

/*
 * Allocates windows, creates all queues on the card but those that the application has stopped,
 * posts buffers and opens the gates. The caller holds hw->lock. 0, or -errno after a log, with
 * everything undone: -EINVAL: a queue is not set up, or not for this MTU; -ENOTSUP: placement=push
 * without PUSH windows; -ENOSPC: no window for doorbells; else what firmware answered.
 */
int wcnic_queues_start(struct wcnic_hw *hw);
/*
 * Before all else of a stop or a close, without hw->lock: takes out of their gates the bursts of
 * the calling thread, which may be in a signal handler above them, and the card that such a burst
 * was polling.
 */
void wcnic_queues_abandon(struct wcnic_hw *hw);
/* Closes the gates of all queues: no burst stores anything any more. With hw->lock. */
void wcnic_queues_close(struct wcnic_hw *hw);
/*
 * Closes the gates, waits up to 200 ms for frames in flight, destroys the queues on the card, and
 * frees buffers and windows. Frames still in flight are counted as lost. `card_present` false: says
 * nothing to the card, which can no longer reach host memory. The caller holds hw->lock.
 */
void wcnic_queues_stop(struct wcnic_hw *hw, bool card_present);

/*
 * Start one queue of a port that runs, or stop it, while the others go on. A stop waits up to
 * 200 ms for frames in flight, and frees buffers; statistics go on where they were. The caller
 * holds hw->lock. 0, or -errno by lib/wcadmin, logged. A stop that fails leaves the queue on the
 * card with its gate closed, and hw->failed set, which resets the card.
 */
int wcnic_txq_start(struct wcnic_txq *txq);
int wcnic_rxq_start(struct wcnic_rxq *rxq);
int wcnic_txq_stop(struct wcnic_txq *txq);
int wcnic_rxq_stop(struct wcnic_rxq *rxq);

/*
 * Whether frames may ask for the time when they are sent (RTE_MBUF_F_TX_IEEE1588_TMST): Tx queues
 * look for it from now on, also after later starts. Pauses their bursts meanwhile. The caller holds
 * hw->lock.
 */
void wcnic_queues_tx_time(struct wcnic_hw *hw, bool on);

/*
 * Reaps completions and resends refused frames for Tx queues, as their next burst would do: for
 * all, or only for queues that some calls in a row found idle. Pauses their bursts meanwhile. The
 * caller holds hw->lock.
 */
void wcnic_queues_kick(struct wcnic_hw *hw, bool all);

/*
 * Copies the 16-byte completion of entry `seq` to `cpl`; false: it is not there yet. The card
 * writes the last word, which holds the phase, last. So it is read first, with acquire, and each
 * word is read once. No TLP.
 */
static inline bool
wcnic_completion_take(const void *ring, uint16_t seq, uint16_t depth, void *cpl)
{
	const RTE_ATOMIC(uint64_t) *words = (const RTE_ATOMIC(uint64_t) *)ring +
					    2 * (seq & (depth - 1));
	const uint8_t phase = (seq & depth) == 0;
	uint64_t copy[2];

	copy[1] = rte_atomic_load_explicit(&words[1], rte_memory_order_acquire);
	if ((le64toh(copy[1]) >> 56 & WCNIC_PHASE_BIT) != phase)
		return false;
	copy[0] = rte_atomic_load_explicit(&words[0], rte_memory_order_relaxed);
	memcpy(cpl, copy, sizeof(copy));
	return true;
}

#endif /* WCNIC_QUEUE_H */
