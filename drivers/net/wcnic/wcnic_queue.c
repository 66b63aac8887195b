/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Queues: memory at setup; windows, creation on the card and gates at start. */

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>
#include <rte_malloc.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_learn.h"
#include "wcnic_log.h"
#include "wcnic_queue.h"
#include "wcnic_rx.h"
#include "wcnic_tx.h"
#include "wcnic_window.h"

/* What is published at once in packed push, at most; 255 segments of 16 bytes must fit. */
#define STAGING_LINES 128
#define REAP_AT 64   /* entries in flight, or a quarter of the ring */
#define DRAIN_MS 200 /* how long a stop waits for frames that the card still holds */

/* ---- gates ---------------------------------------------------------------------------------- */

/*
 * Every thread of the process passes a full barrier: a burst that did not see the closed gate has
 * its busy flag visible afterwards. Without membarrier(2), waiting long is the next best thing.
 */
static void
barrier_everywhere(const struct wcnic_hw *hw)
{
	if (hw->membarrier)
		syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	else
		rte_delay_us_sleep(10000);
	atomic_thread_fence(memory_order_seq_cst);
}

void
wcnic_gate_close(struct wcnic_hw *hw, struct wcnic_gate *gate, enum wcnic_queue_state state)
{
	atomic_store_explicit(&gate->state, state, memory_order_release);
	barrier_everywhere(hw);
	while (atomic_load_explicit(&gate->busy, memory_order_acquire) != 0)
		rte_delay_us_sleep(10);
}

void
wcnic_gate_open(struct wcnic_gate *gate)
{
	atomic_store_explicit(&gate->state, WCNIC_QUEUE_UP, memory_order_release);
}

/* ---- setup ---------------------------------------------------------------------------------- */

__rte_warn_unused_result static int
depth_check(const struct wcnic_hw *hw, const char *kind, uint16_t qid, uint16_t depth)
{
	if (rte_is_power_of_2(depth) && depth >= hw->id.min_depth && depth <= hw->id.max_depth)
		return 0;
	WCNIC_LOG(ERR, hw, "%s queue %u: %u descriptors; a power of two from %u to %u is needed",
		  kind, qid, depth, hw->id.min_depth, hw->id.max_depth);
	return -EINVAL;
}

static void
txq_free(struct rte_eth_dev *dev, struct wcnic_txq *txq)
{
	if (txq == NULL)
		return;
	rte_eth_dma_zone_free(dev, "wcnic_tx_ring", txq->qid);
	rte_eth_dma_zone_free(dev, "wcnic_tx_cq", txq->qid);
	rte_free(txq->staging);
	rte_free(txq->marks);
	rte_free(txq->sw);
	rte_free(txq->resend);
	rte_free(txq);
}

/* Lines, and in front of the stream room for a line's tag. */
static void
staging_share(struct wcnic_txq *txq)
{
	txq->lines = txq->staging;
	txq->stream = RTE_PTR_ADD(txq->staging, (STAGING_LINES + 1) * WCNIC_LINE_BYTES);
}

int
wcnic_tx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
		     const struct rte_eth_txconf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_txq *txq;
	int ret = depth_check(hw, "Tx", qid, depth);

	if (ret != 0)
		return ret;
	wcnic_tx_queue_release(dev, qid);
	txq = rte_zmalloc_socket("wcnic_txq", sizeof(*txq), RTE_CACHE_LINE_SIZE, socket);
	if (txq == NULL)
		goto nomem;
	txq->qid = qid;
	txq->hw = hw;
	txq->depth = depth;
	txq->mask = depth - 1;
	txq->port_id = dev->data->port_id;
	txq->wanted = hw->args.placement[qid];
	txq->fast_free = ((conf->offloads | dev->data->dev_conf.txmode.offloads) &
			  RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
	txq->reap_at = RTE_MIN(RTE_MAX(depth / 4, REAP_AT), depth);
	txq->sw = rte_zmalloc_socket("wcnic_tx_sw", depth * sizeof(*txq->sw), 0, socket);
	txq->marks = rte_zmalloc_socket("wcnic_tx_marks", depth * sizeof(*txq->marks), 0, socket);
	txq->staging = rte_zmalloc_socket("wcnic_staging",
					  2 * (STAGING_LINES + 1) * WCNIC_LINE_BYTES,
					  WCNIC_LINE_BYTES, socket);
	txq->resend = rte_zmalloc_socket("wcnic_resend", depth * sizeof(*txq->resend), 0, socket);
	txq->ring_mz = rte_eth_dma_zone_reserve(dev, "wcnic_tx_ring", qid,
						depth * sizeof(*txq->ring), 4096, socket);
	txq->cq_mz = rte_eth_dma_zone_reserve(dev, "wcnic_tx_cq", qid, depth * sizeof(*txq->cq),
					      4096, socket);
	if (txq->sw == NULL || txq->resend == NULL || txq->marks == NULL || txq->staging == NULL ||
	    txq->ring_mz == NULL || txq->cq_mz == NULL)
		goto nomem;
	staging_share(txq);
	txq->ring = txq->ring_mz->addr;
	txq->cq = txq->cq_mz->addr;
	hw->txq[qid] = txq;
	dev->data->tx_queues[qid] = txq;
	return 0;
nomem:
	WCNIC_LOG(ERR, hw, "Tx queue %u: no memory for %u entries", qid, depth);
	txq_free(dev, txq);
	return -ENOMEM;
}

void
wcnic_tx_queue_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	txq_free(dev, hw->txq[qid]);
	hw->txq[qid] = NULL;
	dev->data->tx_queues[qid] = NULL;
}

static void
rxq_free(struct rte_eth_dev *dev, struct wcnic_rxq *rxq)
{
	if (rxq == NULL)
		return;
	rte_eth_dma_zone_free(dev, "wcnic_rx_ring", rxq->qid);
	rte_eth_dma_zone_free(dev, "wcnic_rx_cq", rxq->qid);
	rte_free(rxq->sw);
	rte_free(rxq);
}

/* A frame of the MTU must fit one buffer unless scatter was asked for, and then the ring. */
__rte_warn_unused_result static int
rx_room_check(const struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, uint32_t buf_bytes,
	      uint64_t offloads)
{
	const struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	const uint32_t frame = dev->data->mtu + WCNIC_L2_OVERHEAD;

	offloads |= dev->data->dev_conf.rxmode.offloads;
	if (buf_bytes < 64) {
		WCNIC_LOG(ERR, hw, "Rx queue %u: buffers of %u bytes; at least 64 are needed", qid,
			  buf_bytes);
		return -EINVAL;
	}
	if (frame > buf_bytes && (offloads & RTE_ETH_RX_OFFLOAD_SCATTER) == 0) {
		WCNIC_LOG(ERR, hw,
			  "Rx queue %u: frames of %u bytes (MTU %u) do not fit buffers of "
			  "%u: use larger ones or RTE_ETH_RX_OFFLOAD_SCATTER",
			  qid, frame, dev->data->mtu, buf_bytes);
		return -EINVAL;
	}
	if (frame > (uint64_t)buf_bytes * depth) {
		WCNIC_LOG(ERR, hw, "Rx queue %u: frames of %u bytes do not fit %u buffers of %u",
			  qid, frame, depth, buf_bytes);
		return -EINVAL;
	}
	return 0;
}

/* Buffers get their IOVA from the chunk of memory they lie in. */
__rte_warn_unused_result static int
pool_check(const struct wcnic_hw *hw, const struct rte_mempool *pool)
{
	const struct rte_mempool_memhdr *chunk;
	int ret = 0;

	STAILQ_FOREACH (chunk, &pool->mem_list, next) {
		if (ret == 0)
			ret = wcnic_iova_check(hw, pool->name, chunk->iova);
	}
	return ret;
}

int
wcnic_rx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
		     const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint32_t buf_bytes = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
	struct wcnic_rxq *rxq;
	int ret = depth_check(hw, "Rx", qid, depth);

	if (ret == 0)
		ret = rx_room_check(dev, qid, depth, buf_bytes, conf->offloads);
	if (ret == 0)
		ret = pool_check(hw, pool);
	if (ret != 0)
		return ret;
	wcnic_rx_queue_release(dev, qid);
	rxq = rte_zmalloc_socket("wcnic_rxq", sizeof(*rxq), RTE_CACHE_LINE_SIZE, socket);
	if (rxq == NULL)
		goto nomem;
	rxq->qid = qid;
	rxq->hw = hw;
	rxq->depth = depth;
	rxq->mask = depth - 1;
	rxq->port_id = dev->data->port_id;
	rxq->pool = pool;
	rxq->buf_bytes = RTE_MIN(buf_bytes, (uint32_t)UINT16_MAX);
	rxq->rearm = wcnic_rx_rearm(rxq->port_id);
	rxq->take = wcnic_rx_plain(&rxq->take_vectors);
	rxq->ptype_seen = UINT16_MAX; /* none */
	rxq->sw = rte_zmalloc_socket("wcnic_rx_sw", depth * sizeof(*rxq->sw), 0, socket);
	rxq->ring_mz = rte_eth_dma_zone_reserve(dev, "wcnic_rx_ring", qid,
						depth * sizeof(*rxq->ring), 4096, socket);
	rxq->cq_mz = rte_eth_dma_zone_reserve(dev, "wcnic_rx_cq", qid, depth * sizeof(*rxq->cq),
					      4096, socket);
	if (rxq->sw == NULL || rxq->ring_mz == NULL || rxq->cq_mz == NULL)
		goto nomem;
	rxq->ring = rxq->ring_mz->addr;
	rxq->cq = rxq->cq_mz->addr;
	hw->rxq[qid] = rxq;
	dev->data->rx_queues[qid] = rxq;
	return 0;
nomem:
	WCNIC_LOG(ERR, hw, "Rx queue %u: no memory for %u entries", qid, depth);
	rxq_free(dev, rxq);
	return -ENOMEM;
}

void
wcnic_rx_queue_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	rxq_free(dev, hw->rxq[qid]);
	hw->rxq[qid] = NULL;
	dev->data->rx_queues[qid] = NULL;
}

/* ---- start ---------------------------------------------------------------------------------- */

static void *
doorbell_at(const struct wcnic_hw *hw, uint32_t off)
{
	return RTE_PTR_ADD(hw->doorbells.win.addr, off);
}

/* Tx records first, then Rx: record i is at i * WCNIC_DOORBELL_STRIDE. */
static uint32_t
tx_doorbell_off(const struct wcnic_txq *txq)
{
	return txq->qid * WCNIC_DOORBELL_STRIDE;
}

static uint32_t
rx_doorbell_off(const struct wcnic_hw *hw, const struct wcnic_rxq *rxq)
{
	return (hw->n_txq + rxq->qid) * WCNIC_DOORBELL_STRIDE;
}

static bool
txq_may_push(const struct wcnic_txq *txq)
{
	return txq->wanted != WCNIC_PLACEMENT_FETCH && !txq->hw->windows_lost &&
	       (txq->hw->id.caps & WCNIC_CAP_PUSH) != 0;
}

static void
format_choose(struct wcnic_txq *txq)
{
	const struct wcnic_window *w = &txq->window;

	txq->format = WCNIC_FORMAT_SLOTS;
	if ((txq->hw->id.caps & WCNIC_CAP_PUSH_PACKED) == 0)
		return;
	txq->format = WCNIC_FORMAT_PACKED;
	txq->n_lines = RTE_MIN((uint32_t)w->grant.slots * txq->slot_lines, WCNIC_PACKED_LINES_MAX);
	txq->publish_lines = RTE_MIN((uint32_t)w->grant.max_burst * txq->slot_lines, STAGING_LINES);
}

/* A queue that may push gets a window; `auto` does without when firmware has none left. */
static int
txq_window_start(struct wcnic_txq *txq)
{
	struct wcnic_hw *hw = txq->hw;
	const uint16_t lines = RTE_MIN(hw->args.slot_lines, hw->id.max_slot_lines);
	const uint32_t bytes = RTE_MIN((uint32_t)txq->depth * lines * WCNIC_LINE_BYTES,
				       hw->id.max_window_bytes);
	int ret;

	memset(&txq->window, 0, sizeof(txq->window));
	if (!txq_may_push(txq)) {
		if (txq->wanted != WCNIC_PLACEMENT_PUSH || hw->windows_lost)
			return 0;
		WCNIC_LOG(ERR, hw,
			  "Tx queue %u: placement=push, but the card has no PUSH windows; "
			  "use placement=fetch or auto",
			  txq->qid);
		return -ENOTSUP;
	}
	ret = wcnic_window_alloc(hw, WCNIC_WINDOW_PUSH, txq->qid, lines, bytes, &txq->window);
	if (ret == -ENOSPC && txq->wanted == WCNIC_PLACEMENT_AUTO) {
		WCNIC_LOG(NOTICE, hw, "Tx queue %u: no PUSH window left, it will fetch", txq->qid);
		return 0;
	}
	if (ret != 0)
		return ret;
	txq->slot_lines = lines;
	txq->slots = txq->window.win.addr;
	txq->slot_mask = txq->window.grant.slots - 1;
	txq->generation = txq->window.grant.generation;
	txq->inline_max = WCNIC_SLOT_INLINE_BYTES(lines);
	txq->slot_segs = WCNIC_SLOT_SEGS(lines);
	format_choose(txq);
	return 0;
}

/*
 * Whether pushing pays where the driver may choose: an uncached window costs one transaction for
 * every store, a trapped one an exit to the hypervisor, so there the card fetches; and where the
 * card has seen that lines come in pieces, whatever the mapping promised. A window in shared memory
 * is no nearer to the card than the frames themselves: fetching saves the copy
 * (doc/performance.md).
 */
static uint8_t
placement_choose(const struct wcnic_txq *txq)
{
	enum wcbar_type type = txq->window.win.type;

	if (!txq->window.granted)
		return WCNIC_PLACEMENT_FETCH;
	if (txq->wanted == WCNIC_PLACEMENT_PUSH)
		return WCNIC_PLACEMENT_PUSH;
	if (!txq->window.win.direct || !wcnic_window_gathers(txq->hw, &txq->window))
		return WCNIC_PLACEMENT_FETCH;
	return type == WCBAR_TYPE_WC ? WCNIC_PLACEMENT_PUSH : WCNIC_PLACEMENT_FETCH;
}

static void
txq_reset(struct wcnic_txq *txq)
{
	memset(txq->cq_mz->addr, 0, txq->cq_mz->len);
	memset(txq->sw, 0, txq->depth * sizeof(*txq->sw));
	txq->run = 0;
	txq->done = 0;
	txq->chains = false;
	txq->tail = 0;
	txq->head = 0;
	txq->cq_head = 0;
	txq->on_card = false;
	txq->epoch = 0;
	txq->acked_epoch = 0;
	txq->switch_seq = 0;
	txq->failed = false;
	txq->push_revoked = false;
	txq->push_again_tsc = 0;
	wcnic_tx_store_set(txq,
			   (txq->window.granted ? &txq->window : &txq->hw->doorbells)->win.store);
	wcnic_tx_placement_set(txq, placement_choose(txq));
	if (txq->wanted != WCNIC_PLACEMENT_FETCH && txq->placement == WCNIC_PLACEMENT_FETCH)
		txq->push_revoked = true; /* decided: do not try again before the next start */
	txq->burst_left = txq->window.grant.max_burst;
	txq->doorbell = doorbell_at(txq->hw, tx_doorbell_off(txq));
	txq->doorbell_ring = wcbar_doorbell_select(txq->hw->doorbells.win.type);
	txq->sleep = &txq->hw->admin.wake->sleep;
	txq->woken = 0;
}

static int
txq_start(struct wcnic_txq *txq)
{
	struct wcnic_hw *hw = txq->hw;
	struct wcnic_cmd_txq_create cmd;
	int ret;

	txq_reset(txq);
	cmd = (struct wcnic_cmd_txq_create){
		.qid = txq->qid,
		.placement = txq->placement,
		.commit = WCNIC_COMMIT_DOORBELL,
		.depth = txq->depth,
		.vector = WCNIC_VECTOR_NONE,
		.db_window = hw->doorbells.grant.id,
		.push_window = txq->window.granted ? txq->window.grant.id : WCNIC_WINDOW_NONE,
		.db_off = tx_doorbell_off(txq),
		.ring_iova = txq->ring_mz->iova,
		.cq_iova = txq->cq_mz->iova,
		.format = txq->window.granted ? txq->format : WCNIC_FORMAT_SLOTS,
	};
	ret = wcadmin_txq_create(&hw->admin.client, &cmd);
	txq->on_card = ret == 0;
	return ret; /* queues_stop() frees the window */
}

static int
rxq_start(struct wcnic_rxq *rxq)
{
	struct wcnic_hw *hw = rxq->hw;
	const uint32_t db_off = rx_doorbell_off(hw, rxq);
	struct wcnic_cmd_rxq_create cmd = {
		.qid = rxq->qid,
		.depth = rxq->depth,
		.db_window = hw->doorbells.grant.id,
		.vector = wcnic_intr_vector(hw, rxq->qid),
		.db_off = db_off,
		.buf_bytes = rxq->buf_bytes,
		.ring_iova = rxq->ring_mz->iova,
		.cq_iova = rxq->cq_mz->iova,
		.cqe_log2 = 4,
	};
	int ret;

	memset(rxq->cq_mz->addr, 0, rxq->cq_mz->len);
	rxq->head = 0;
	rxq->posted = 0;
	rxq->first = NULL;
	rxq->failed = false;
	rxq->on_card = false;
	rxq->doorbell = doorbell_at(hw, db_off);
	rxq->doorbell_ring = wcbar_doorbell_select(hw->doorbells.win.type);
	ret = wcadmin_rxq_create(&hw->admin.client, &cmd);
	rxq->on_card = ret == 0;
	return ret;
}

static int
doorbells_start(struct wcnic_hw *hw)
{
	const uint32_t bytes = (hw->n_txq + hw->n_rxq) * WCNIC_DOORBELL_STRIDE;
	int ret;

	ret = wcnic_window_alloc(hw, WCNIC_WINDOW_DOORBELL, WCNIC_QUEUE_NONE, 0, bytes,
				 &hw->doorbells);
	if (ret == 0 && hw->doorbells.win.bytes < bytes) {
		WCNIC_LOG(ERR, hw, "firmware granted %zu bytes for doorbells, %u are needed",
			  hw->doorbells.win.bytes, bytes);
		wcnic_window_free(hw, &hw->doorbells);
		ret = -ENOSPC;
	}
	return ret;
}

/* All must have been set up, and for the MTU of now. */
__rte_warn_unused_result static int
queues_check(const struct wcnic_hw *hw)
{
	int ret = 0;

	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] == NULL) {
			WCNIC_LOG(ERR, hw, "Tx queue %u of %u has not been set up", i, hw->n_txq);
			return -EINVAL;
		}
	}
	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++) {
		if (hw->rxq[i] == NULL) {
			WCNIC_LOG(ERR, hw, "Rx queue %u of %u has not been set up", i, hw->n_rxq);
			return -EINVAL;
		}
		ret = rx_room_check(&rte_eth_devices[hw->port_id], i, hw->rxq[i]->depth,
				    hw->rxq[i]->buf_bytes, 0);
	}
	return ret;
}

int
wcnic_queues_start(struct wcnic_hw *hw)
{
	int ret = queues_check(hw);

	if (ret == 0)
		ret = wcnic_intr_bind(hw);
	if (ret != 0)
		return ret;
	wcnic_windows_learn(hw);
	/* before the doorbells: write combining may be had only of a BAR that is not mapped yet */
	for (uint16_t i = 0; ret == 0 && i < hw->n_txq; i++)
		ret = txq_window_start(hw->txq[i]);
	if (ret == 0)
		ret = doorbells_start(hw);
	for (uint16_t i = 0; ret == 0 && i < hw->n_txq; i++)
		ret = txq_start(hw->txq[i]);
	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++)
		ret = rxq_start(hw->rxq[i]);
	if (ret == 0 && (hw->id.caps & WCNIC_CAP_RSS) != 0)
		ret = wcadmin_rss_set(&hw->admin.client, &hw->rss);
	if (ret == 0) {
		hw->port_flags |= WCNIC_PORTF_UP;
		ret = wcnic_port_set(hw, WCNIC_PORT_SET_MTU | WCNIC_PORT_SET_MAC |
						 WCNIC_PORT_SET_FLAGS);
	}
	hw->running = true; /* also to unwind */
	if (ret != 0) {
		wcnic_queues_stop(hw, hw->admin.client.up);
		return ret;
	}
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		wcnic_rx_refill(hw->rxq[i]);
		wcnic_gate_open(&hw->rxq[i]->gate);
	}
	for (uint16_t i = 0; i < hw->n_txq; i++)
		wcnic_gate_open(&hw->txq[i]->gate);
	wcnic_intr_wake(hw);
	return 0;
}

/* ---- stop ----------------------------------------------------------------------------------- */

static bool
tx_idle(const struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		const struct wcnic_txq *txq = hw->txq[i];

		if (!txq->failed && (txq->head != txq->tail || txq->resend_count != 0))
			return false;
	}
	return true;
}

/* Frames that were accepted should go out: as long as that takes, within reason. */
static void
tx_drain(struct wcnic_hw *hw)
{
	uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * DRAIN_MS / 1000;

	while (!tx_idle(hw) && rte_get_timer_cycles() < end) {
		for (uint16_t i = 0; i < hw->n_txq; i++)
			wcnic_tx_kick(hw->txq[i]);
		if (hw->attach->poll != NULL)
			hw->attach->poll(hw);
		else
			rte_delay_us_sleep(100);
	}
}

static void
gates_close(struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_txq; i++)
		wcnic_gate_close(hw, &hw->txq[i]->gate, WCNIC_QUEUE_DOWN);
	for (uint16_t i = 0; i < hw->n_rxq; i++)
		wcnic_gate_close(hw, &hw->rxq[i]->gate, WCNIC_QUEUE_DOWN);
}

/* Also after a start that failed half-way: only what the card has is destroyed. */
static void
queues_destroy(struct wcnic_hw *hw)
{
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i]->on_card)
			(void)wcadmin_rxq_destroy(&hw->admin.client, i);
		hw->rxq[i]->on_card = false;
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i]->on_card)
			(void)wcadmin_txq_destroy(&hw->admin.client, i);
		hw->txq[i]->on_card = false;
	}
}

void
wcnic_queues_stop(struct wcnic_hw *hw, bool card_present)
{
	if (!hw->running)
		return;
	hw->running = false;
	gates_close(hw);
	if (card_present)
		tx_drain(hw);
	hw->port_flags &= ~WCNIC_PORTF_UP;
	if (card_present && hw->admin.client.up) {
		(void)wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
		queues_destroy(hw);
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (!hw->txq[i]->failed)
			wcnic_tx_reap(hw->txq[i]);
		wcnic_tx_purge(hw->txq[i]);
		wcnic_window_free(hw, &hw->txq[i]->window);
	}
	for (uint16_t i = 0; i < hw->n_rxq; i++)
		wcnic_rx_purge(hw->rxq[i]);
	wcnic_window_free(hw, &hw->doorbells);
	if (hw->intr != NULL && card_present)
		(void)hw->attach->irq_bind(hw, 0, NULL);
	wcnic_intr_wake(hw);
}

void
wcnic_queues_kick(struct wcnic_hw *hw, bool all)
{
	for (uint16_t i = 0; hw->running && i < hw->n_txq; i++) {
		struct wcnic_txq *txq = hw->txq[i];
		const bool idle = txq->idle_tail == txq->tail;

		txq->idle_tail = txq->tail;
		if ((!all && !idle) || (txq->head == txq->tail && txq->resend_count == 0))
			continue;
		wcnic_gate_close(hw, &txq->gate, WCNIC_QUEUE_PAUSED);
		wcnic_tx_kick(txq);
		wcnic_gate_open(&txq->gate);
	}
}
