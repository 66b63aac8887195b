/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Set-up of queues: checks what the application asks for, and allocates. Nothing is on the
 * card yet.
 */

#include <errno.h>

#include <ethdev_driver.h>
#include <rte_malloc.h>

#include "wcnic_admin.h"
#include "wcnic_conf.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_pool.h"
#include "wcnic_queue.h"
#include "wcnic_rx.h"
#include "wcnic_rx_offload.h"
#include "wcnic_share.h"
#include "wcnic_stats.h"

#define REAP_AT 64 /* entries in flight, or a quarter of the ring */

static void
txq_free(struct rte_eth_dev *dev, struct wcnic_txq *txq)
{
	if (txq == NULL)
		return;
	rte_eth_dma_zone_free(dev, "wcnic_tx_ring", txq->qid);
	rte_eth_dma_zone_free(dev, "wcnic_tx_cq", txq->qid);
	rte_eth_dma_zone_free(dev, "wcnic_tx_requests", txq->qid);
	rte_free(txq->ctrl.staging);
	rte_free(txq->marks);
	rte_free(txq->sw);
	rte_free(txq->resend);
	rte_free(txq);
}

/* The ring of requests, if the card has any. False: no memory. */
static bool
requests_reserve(struct rte_eth_dev *dev, struct wcnic_txq *txq, unsigned int socket)
{
	if ((txq->hw->id.caps & WCNIC_CAP_TX_OFFLOAD) == 0)
		return true;
	txq->ctrl.requests_mz = rte_eth_dma_zone_reserve(dev, "wcnic_tx_requests", txq->qid,
							 txq->depth * sizeof(*txq->requests), 4096,
							 socket);
	if (txq->ctrl.requests_mz == NULL)
		return false;
	txq->requests = txq->ctrl.requests_mz->addr;
	return true;
}

/* Divides the staging memory: lines first, then a line that the stream's first tag reaches into. */
static void
staging_share(struct wcnic_txq *txq)
{
	txq->lines = txq->ctrl.staging;
	txq->stream = RTE_PTR_ADD(txq->ctrl.staging, (WCNIC_STAGING_LINES + 1) * WCNIC_LINE_BYTES);
}

/* The queue's window outlives it while the port runs: a mapping that came later may be worse. */
static void
txq_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	if (hw->txq[qid] != NULL && hw->txq[qid]->ctrl.window.granted)
		wcnic_window_move(hw, &hw->txq[qid]->ctrl.window, &hw->parked[qid]);
	if (hw->txq[qid] != NULL) {
		wcnic_share_bursts(hw, false);
		wcnic_stats_add(&hw->tx_gone, &hw->txq[qid]->stats, sizeof(hw->tx_gone));
	}
	txq_free(dev, hw->txq[qid]);
	hw->txq[qid] = NULL;
	dev->data->tx_queues[qid] = NULL;
}

static int
txq_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
	  const struct rte_eth_txconf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	const uint64_t offloads = conf->offloads | dev->data->dev_conf.txmode.offloads;
	struct wcnic_txq *txq;

	depth = wcnic_tx_depth(hw, qid, depth, offloads);
	if (depth == 0)
		return -EINVAL;
	txq_release(dev, qid);
	txq = rte_zmalloc_socket("wcnic_txq", sizeof(*txq), RTE_CACHE_LINE_SIZE, socket);
	if (txq == NULL)
		goto nomem;
	txq->qid = qid;
	txq->hw = hw;
	txq->depth = depth;
	txq->mask = depth - 1;
	txq->ctrl.port_id = dev->data->port_id;
	txq->ctrl.conf = *conf;
	txq->ctrl.stopped = hw->started;
	txq->wanted = hw->args.placement[qid];
	txq->fast_free = (offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
	txq->ctrl.offloads = (offloads & WCNIC_TX_OFFLOADS) != 0;
	txq->ctrl.offload_udp_tso = (offloads & RTE_ETH_TX_OFFLOAD_UDP_TSO) != 0;
	txq->reap_at = RTE_MIN(RTE_MAX(depth / 4, REAP_AT), depth);
	txq->sw = rte_zmalloc_socket("wcnic_tx_sw", depth * sizeof(*txq->sw), 0, socket);
	txq->marks = rte_zmalloc_socket("wcnic_tx_marks", depth * sizeof(*txq->marks), 0, socket);
	txq->ctrl.staging = rte_zmalloc_socket("wcnic_staging",
					       2 * (WCNIC_STAGING_LINES + 1) * WCNIC_LINE_BYTES,
					       WCNIC_LINE_BYTES, socket);
	txq->resend = rte_zmalloc_socket("wcnic_resend", depth * sizeof(*txq->resend), 0, socket);
	txq->ctrl.ring_mz = rte_eth_dma_zone_reserve(dev, "wcnic_tx_ring", qid,
						     depth * sizeof(*txq->ring), 4096, socket);
	txq->ctrl.cq_mz = rte_eth_dma_zone_reserve(dev, "wcnic_tx_cq", qid,
						   depth * sizeof(*txq->cq), 4096, socket);
	if (txq->sw == NULL || txq->resend == NULL || txq->marks == NULL ||
	    txq->ctrl.staging == NULL || txq->ctrl.ring_mz == NULL || txq->ctrl.cq_mz == NULL ||
	    !requests_reserve(dev, txq, socket))
		goto nomem;
	staging_share(txq);
	txq->ring = txq->ctrl.ring_mz->addr;
	txq->cq = txq->ctrl.cq_mz->addr;
	hw->txq[qid] = txq;
	dev->data->tx_queues[qid] = txq;
	return 0;
nomem:
	WCNIC_LOG(ERR, hw, "Tx queue %u: no memory for %u entries", qid, depth);
	txq_free(dev, txq);
	return -ENOMEM;
}

int
wcnic_tx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
		     const struct rte_eth_txconf *conf)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = txq_setup(dev, qid, depth, socket, conf);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

void
wcnic_tx_queue_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	pthread_mutex_lock(&hw->lock);
	txq_release(dev, qid);
	pthread_mutex_unlock(&hw->lock);
}

static void
rxq_free(struct rte_eth_dev *dev, struct wcnic_rxq *rxq)
{
	if (rxq == NULL)
		return;
	rte_eth_dma_zone_free(dev, "wcnic_rx_ring", rxq->qid);
	rte_eth_dma_zone_free(dev, "wcnic_rx_cq", rxq->qid);
	wcnic_rx_extra_free(dev, rxq);
	rte_free(rxq->sw);
	rte_free(rxq);
}

/* A frame of the MTU must fit one buffer unless frames are scattered, and then the ring. */
int
wcnic_rx_buffers_check(const struct rte_eth_dev *dev, uint16_t qid, uint16_t depth,
		       uint32_t buf_bytes, uint64_t offloads, uint16_t mtu)
{
	const struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	const uint32_t frame = mtu + WCNIC_L2_OVERHEAD;

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
			  qid, frame, mtu, buf_bytes);
		return -EINVAL;
	}
	if (frame > (uint64_t)buf_bytes * depth) {
		WCNIC_LOG(ERR, hw, "Rx queue %u: frames of %u bytes do not fit %u buffers of %u",
			  qid, frame, depth, buf_bytes);
		return -EINVAL;
	}
	return 0;
}

int
wcnic_rx_mtu_check(const struct wcnic_hw *hw, uint16_t qid, uint16_t mtu)
{
	const struct wcnic_rxq *rxq = hw->rxq[qid];

	if (rxq == NULL)
		return 0;
	return wcnic_rx_buffers_check(&rte_eth_devices[hw->port_id], qid, rxq->depth,
				      rxq->buf_bytes, rxq->conf.offloads, mtu);
}

/* An older card drops by itself, or not at all. */
__rte_warn_unused_result static int
drop_check(const struct wcnic_hw *hw, uint16_t qid, const struct rte_eth_rxconf *conf)
{
	if (conf->rx_drop_en == 0 || wcnic_card_since_1_1(hw))
		return 0;
	WCNIC_LOG(ERR, hw, "Rx queue %u: rx_drop_en needs a card of ABI 1.1; use rx_drop_en=0",
		  qid);
	return -ENOTSUP;
}

static void
rxq_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	if (hw->rxq[qid] != NULL) {
		wcnic_share_bursts(hw, false);
		wcnic_stats_add(&hw->rx_gone, &hw->rxq[qid]->stats, sizeof(hw->rx_gone));
	}
	rxq_free(dev, hw->rxq[qid]);
	hw->rxq[qid] = NULL;
	dev->data->rx_queues[qid] = NULL;
}

/*
 * The offloads of a queue. One that is set up for an MTU which its buffers do not hold gets frames
 * in chains of buffers even where scatter was not asked for: programs expect that of a NIC.
 */
static uint64_t
rx_offloads(const struct rte_eth_dev *dev, uint16_t qid, uint32_t buf_bytes, uint64_t asked)
{
	const uint32_t frame = dev->data->mtu + WCNIC_L2_OVERHEAD;

	if (frame <= buf_bytes ||
	    ((asked | dev->data->dev_conf.rxmode.offloads) & RTE_ETH_RX_OFFLOAD_SCATTER) != 0)
		return asked;
	WCNIC_LOG(NOTICE, wcnic_hw_get(dev->data),
		  "Rx queue %u: frames of up to %u bytes come in chains of buffers of %u bytes",
		  qid, frame, buf_bytes);
	return asked | RTE_ETH_RX_OFFLOAD_SCATTER;
}

static int
rxq_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
	  const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint32_t buf_bytes = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
	const uint64_t offloads = rx_offloads(dev, qid, buf_bytes, conf->offloads);
	struct wcnic_rxq *rxq;
	int ret;

	depth = wcnic_rx_depth(hw, qid, depth);
	ret = depth == 0 ? -EINVAL : 0;
	if (ret == 0)
		ret = wcnic_rx_buffers_check(dev, qid, depth, buf_bytes, offloads, dev->data->mtu);
	if (ret == 0)
		ret = wcnic_pool_check(hw, qid, pool);
	if (ret == 0)
		ret = drop_check(hw, qid, conf);
	if (ret != 0)
		return ret;
	rxq_release(dev, qid);
	rxq = rte_zmalloc_socket("wcnic_rxq", sizeof(*rxq), RTE_CACHE_LINE_SIZE, socket);
	if (rxq == NULL)
		goto nomem;
	rxq->qid = qid;
	rxq->hw = hw;
	rxq->depth = depth;
	rxq->mask = depth - 1;
	rxq->port_id = dev->data->port_id;
	rxq->pool = pool;
	rxq->conf = *conf;
	rxq->conf.offloads = offloads;
	rxq->conf.rx_seg = NULL; /* the application's memory */
	rxq->conf.rx_mempools = NULL;
	rxq->stopped = hw->started;
	rxq->buf_bytes = RTE_MIN(buf_bytes, (uint32_t)UINT16_MAX);
	rxq->rearm = wcnic_rx_rearm(rxq->port_id);
	rxq->taker = wcnic_rx_plain_select(&rxq->take_vectors);
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
	if (wcnic_rx_offloads_set(rxq, conf->offloads | dev->data->dev_conf.rxmode.offloads) != 0)
		goto nomem;
	if (hw->rx_extra && wcnic_rx_extra_add(rxq) != 0)
		goto nomem;
	hw->rxq[qid] = rxq;
	dev->data->rx_queues[qid] = rxq;
	return 0;
nomem:
	WCNIC_LOG(ERR, hw, "Rx queue %u: no memory for %u entries", qid, depth);
	rxq_free(dev, rxq);
	return -ENOMEM;
}

int
wcnic_rx_queue_setup(struct rte_eth_dev *dev, uint16_t qid, uint16_t depth, unsigned int socket,
		     const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = rxq_setup(dev, qid, depth, socket, conf, pool);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

void
wcnic_rx_queue_release(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	pthread_mutex_lock(&hw->lock);
	rxq_release(dev, qid);
	pthread_mutex_unlock(&hw->lock);
}
