/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Single queues of a port that runs: started and stopped by the application, and their states. */

#include <errno.h>
#include <string.h>

#include <ethdev_driver.h>

#include "wcnic_admin.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_queue.h"
#include "wcnic_queue_ctl.h"

/* Else there is no card that could be told: the next recovery does as the queues say. */
static bool
on_card(const struct wcnic_hw *hw)
{
	return hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT;
}

static int
failed(const struct wcnic_hw *hw, const char *what, uint16_t qid, int ret)
{
	WCNIC_LOG(ERR, hw, "%s queue %u: %s", what, qid, strerror(-ret));
	return ret;
}

int
wcnic_tx_queue_start(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_txq *txq;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	txq = hw->txq[qid];
	if (txq == NULL)
		ret = -EINVAL;
	else if (on_card(hw))
		ret = wcnic_txq_start(txq);
	if (ret == 0) {
		txq->ctrl.stopped = false;
		dev->data->tx_queue_state[qid] = RTE_ETH_QUEUE_STATE_STARTED;
	}
	pthread_mutex_unlock(&hw->lock);
	return ret == 0 ? 0 : failed(hw, "cannot start Tx", qid, ret);
}

int
wcnic_tx_queue_stop(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_txq *txq;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	txq = hw->txq[qid];
	if (txq == NULL)
		ret = -EINVAL;
	else if (on_card(hw) && txq->ctrl.on_card)
		ret = wcnic_txq_stop(txq);
	if (ret == 0) {
		txq->ctrl.stopped = true;
		dev->data->tx_queue_state[qid] = RTE_ETH_QUEUE_STATE_STOPPED;
	}
	pthread_mutex_unlock(&hw->lock);
	return ret == 0 ? 0 : failed(hw, "cannot stop Tx", qid, ret);
}

int
wcnic_rx_queue_start(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_rxq *rxq;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	rxq = hw->rxq[qid];
	if (rxq == NULL)
		ret = -EINVAL;
	else
		ret = wcnic_rx_mtu_check(hw, qid, hw->mtu);
	if (ret == 0 && on_card(hw))
		ret = wcnic_rxq_start(rxq);
	if (ret == 0) {
		rxq->stopped = false;
		dev->data->rx_queue_state[qid] = RTE_ETH_QUEUE_STATE_STARTED;
	}
	pthread_mutex_unlock(&hw->lock);
	return ret == 0 ? 0 : failed(hw, "cannot start Rx", qid, ret);
}

int
wcnic_rx_queue_stop(struct rte_eth_dev *dev, uint16_t qid)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_rxq *rxq;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	rxq = hw->rxq[qid];
	if (rxq == NULL)
		ret = -EINVAL;
	else if (on_card(hw) && rxq->on_card)
		ret = wcnic_rxq_stop(rxq);
	if (ret == 0) {
		rxq->stopped = true;
		dev->data->rx_queue_state[qid] = RTE_ETH_QUEUE_STATE_STOPPED;
	}
	pthread_mutex_unlock(&hw->lock);
	return ret == 0 ? 0 : failed(hw, "cannot stop Rx", qid, ret);
}

void
wcnic_queues_defer(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			hw->rxq[i]->stopped = hw->rxq[i]->conf.rx_deferred_start != 0;
	}
	for (uint16_t i = 0; i < hw->n_txq; i++) {
		if (hw->txq[i] != NULL)
			hw->txq[i]->ctrl.stopped = hw->txq[i]->ctrl.conf.tx_deferred_start != 0;
	}
}

void
wcnic_queues_state_set(struct rte_eth_dev *dev, bool started)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	for (uint16_t i = 0; i < hw->n_rxq; i++)
		dev->data->rx_queue_state[i] = started && !hw->rxq[i]->stopped
						       ? RTE_ETH_QUEUE_STATE_STARTED
						       : RTE_ETH_QUEUE_STATE_STOPPED;
	for (uint16_t i = 0; i < hw->n_txq; i++)
		dev->data->tx_queue_state[i] = started && !hw->txq[i]->ctrl.stopped
						       ? RTE_ETH_QUEUE_STATE_STARTED
						       : RTE_ETH_QUEUE_STATE_STOPPED;
}

int
wcnic_mtu_set(struct rte_eth_dev *dev, uint16_t mtu)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t old;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	old = hw->mtu;
	/* of a stopped port a start checks it: queues may be set up anew before */
	for (uint16_t i = 0; ret == 0 && hw->started && i < hw->n_rxq; i++)
		ret = wcnic_rx_mtu_check(hw, i, mtu);
	if (ret == 0)
		hw->mtu = mtu;
	if (ret == 0 && on_card(hw))
		ret = wcnic_port_set(hw, WCNIC_PORT_SET_MTU);
	if (ret != 0)
		hw->mtu = old;
	pthread_mutex_unlock(&hw->lock);
	return ret;
}
