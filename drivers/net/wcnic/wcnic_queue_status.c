/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What is in a queue, without a burst: counts and states of descriptors. */

#include <errno.h>

#include <ethdev_driver.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_queue.h"
#include "wcnic_queue_status.h"
#include "wcnic_tx.h"

static bool
is_up(const struct wcnic_gate *gate)
{
	return rte_atomic_load_explicit(&gate->state, rte_memory_order_acquire) != WCNIC_QUEUE_DOWN;
}

/* Lets a card work that has no thread. */
static void
card_poll(struct wcnic_hw *hw, const struct wcnic_gate *gate)
{
	if (is_up(gate))
		hw->attach->poll(hw);
}

/* ---- Rx ------------------------------------------------------------------------------------- */

static bool
rx_ready(const struct wcnic_rxq *rxq, uint16_t seq)
{
	struct wcnic_rx_cpl cpl;

	return wcnic_completion_take(rxq->cq, seq, rxq->depth, &cpl);
}

/* Buffers that are posted and not taken. Another thread may be in a burst: never more than all. */
static uint16_t
rx_posted(const struct wcnic_rxq *rxq, uint16_t head)
{
	const uint16_t n = rxq->posted - head;

	return is_up(&rxq->gate) && n <= rxq->depth ? n : 0;
}

/* Completions become visible in order. */
wcnic_rx_count_t
wcnic_rx_queue_count(void *queue)
{
	const struct wcnic_rxq *rxq = queue;
	const uint16_t head = rxq->head;
	uint16_t ready = 0, end = rx_posted(rxq, head);

	while (ready < end) {
		const uint16_t middle = (ready + end) / 2;

		if (rx_ready(rxq, head + middle))
			ready = middle + 1;
		else
			end = middle;
	}
	return ready;
}

int
wcnic_rx_descriptor_status(void *queue, uint16_t offset)
{
	const struct wcnic_rxq *rxq = queue;
	const uint16_t head = rxq->head;

	if (offset >= rxq->depth)
		return -EINVAL;
	if (offset >= rx_posted(rxq, head))
		return RTE_ETH_RX_DESC_UNAVAIL;
	return rx_ready(rxq, head + offset) ? RTE_ETH_RX_DESC_DONE : RTE_ETH_RX_DESC_AVAIL;
}

wcnic_rx_count_t
wcnic_rx_queue_count_poll(void *queue)
{
	const struct wcnic_rxq *rxq = queue;

	card_poll(rxq->hw, &rxq->gate);
	return wcnic_rx_queue_count(queue);
}

int
wcnic_rx_descriptor_status_poll(void *queue, uint16_t offset)
{
	const struct wcnic_rxq *rxq = queue;

	card_poll(rxq->hw, &rxq->gate);
	return wcnic_rx_descriptor_status(queue, offset);
}

/* ---- Tx ------------------------------------------------------------------------------------- */

/* Entries from head on that the card has done with, and no burst has freed. */
static uint16_t
tx_done(const struct wcnic_txq *txq, uint16_t in_flight)
{
	uint16_t done = 0, cq_head = txq->cq_head;
	struct wcnic_tx_cpl cpl;

	while (done < in_flight && wcnic_completion_take(txq->cq, cq_head++, txq->depth, &cpl)) {
		if (cpl.count == 0)
			break; /* refused: what follows is written again */
		done += RTE_MIN(le16toh(cpl.count), (uint16_t)(in_flight - done));
	}
	return done;
}

/*
 * Offsets count from tail, where the next entry goes. So the entries in flight, from the oldest on,
 * are the last ones of the ring.
 */
int
wcnic_tx_descriptor_status(void *queue, uint16_t offset)
{
	const struct wcnic_txq *txq = queue;
	const uint16_t in_flight = txq->tail - txq->head;
	uint16_t unused;

	if (offset >= txq->depth)
		return -EINVAL;
	if (!is_up(&txq->gate) || offset >= txq->limit || in_flight > txq->limit)
		return RTE_ETH_TX_DESC_UNAVAIL;
	unused = txq->limit - in_flight;
	if (offset < unused || offset - unused < tx_done(txq, in_flight))
		return RTE_ETH_TX_DESC_DONE;
	return RTE_ETH_TX_DESC_FULL;
}

int
wcnic_tx_descriptor_status_poll(void *queue, uint16_t offset)
{
	const struct wcnic_txq *txq = queue;

	card_poll(txq->hw, &txq->gate);
	return wcnic_tx_descriptor_status(queue, offset);
}

/* Frames that left the queue, by whatever way. */
static uint64_t
frames_done(const struct wcnic_txq *txq)
{
	const struct wcnic_txq_stats *s = &txq->stats;

	return s->packets + s->oversize + s->runt + s->address + s->malformed;
}

int
wcnic_tx_done_cleanup(void *queue, uint32_t most)
{
	struct wcnic_txq *txq = queue;
	uint16_t cq_head;
	uint64_t before, freed;

	if (txq->hw->attach->poll != NULL)
		card_poll(txq->hw, &txq->gate);
	if (!wcnic_gate_enter(&txq->gate))
		return 0;
	before = frames_done(txq);
	do {
		cq_head = txq->cq_head;
		if (!txq->failed)
			wcnic_tx_reap_some(txq, 1);
		freed = frames_done(txq) - before;
	} while (txq->cq_head != cq_head && (most == 0 || freed < most));
	wcnic_gate_leave(&txq->gate);
	return (int)freed;
}

/* ---- what was set up ------------------------------------------------------------------------ */

void
wcnic_rxq_info_get(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_rxq_info *info)
{
	const struct wcnic_rxq *rxq = dev->data->rx_queues[qid];

	info->mp = rxq->pool;
	info->nb_desc = rxq->depth;
	info->scattered_rx = dev->data->mtu + WCNIC_L2_OVERHEAD > rxq->buf_bytes;
	info->conf = rxq->conf;
	info->conf.offloads = rxq->offloads;
	info->conf.rx_free_thresh = WCNIC_RX_REFILL;
	info->rx_buf_size = rxq->buf_bytes;
}

void
wcnic_txq_info_get(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_txq_info *info)
{
	const struct wcnic_txq *txq = dev->data->tx_queues[qid];

	info->nb_desc = txq->depth;
	info->conf = txq->ctrl.conf;
	info->conf.offloads |= dev->data->dev_conf.txmode.offloads;
	info->conf.tx_free_thresh = txq->depth - txq->reap_at;
}

int
wcnic_rx_burst_mode(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_burst_mode *mode)
{
	const struct wcnic_rxq *rxq = dev->data->rx_queues[qid];

	snprintf(mode->info, sizeof(mode->info), "%s", rxq->take_vectors);
	return 0;
}

/* What testpmd's `show txq info` shows: placement, window type, store, format and vectors. */
int
wcnic_tx_burst_mode(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_burst_mode *mode)
{
	const struct wcnic_txq *txq = dev->data->tx_queues[qid];

	if (txq->placement == WCNIC_PLACEMENT_PUSH)
		snprintf(mode->info, sizeof(mode->info), "push %s %s%s%s%s",
			 wcbar_type_name(txq->ctrl.window.win.type),
			 wcbar_store_at(txq->store)->name,
			 txq->format == WCNIC_FORMAT_PACKED ? " packed " : "",
			 txq->ctrl.push_vectors, wcnic_tx_express(txq) ? " express" : "");
	else
		snprintf(mode->info, sizeof(mode->info), "fetch%s",
			 wcnic_tx_express(txq) ? " express" : "");
	return 0;
}
