/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* VLAN offloads of Rx as ethdev changes them. */

#include <errno.h>

#include <ethdev_driver.h>

#include "wcnic_filter.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_rx_offload.h"
#include "wcnic_vlan.h"

#define STRIP_MASK (RTE_ETH_VLAN_STRIP_MASK | RTE_ETH_QINQ_STRIP_MASK)
#define STRIP_OFFLOADS (RTE_ETH_RX_OFFLOAD_VLAN_STRIP | RTE_ETH_RX_OFFLOAD_QINQ_STRIP)

/* Gives all queues the port's setting; a queue that cannot have it leaves the rest as they are. */
static int
strip_set(struct wcnic_hw *hw, uint64_t strip)
{
	int ret = 0;

	for (uint16_t i = 0; ret == 0 && i < hw->n_rxq; i++) {
		if (hw->rxq[i] != NULL)
			ret = wcnic_rx_offloads_set(
				hw->rxq[i], (hw->rxq[i]->offloads & ~STRIP_OFFLOADS) | strip);
	}
	return ret;
}

int
wcnic_vlan_offload_set(struct rte_eth_dev *dev, int mask)
{
	const uint64_t offloads = dev->data->dev_conf.rxmode.offloads;
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	if ((mask & RTE_ETH_VLAN_FILTER_MASK) != 0)
		ret = wcnic_filter_vlan_enable(hw,
					       (offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER) != 0);
	if (ret == 0 && (mask & STRIP_MASK) != 0)
		ret = strip_set(hw, offloads & STRIP_OFFLOADS);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

void
wcnic_vlan_strip_queue_set(struct rte_eth_dev *dev, uint16_t qid, int on)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint64_t offloads;
	int ret = -EINVAL;

	pthread_mutex_lock(&hw->lock);
	if (hw->rxq[qid] != NULL) {
		offloads = hw->rxq[qid]->offloads & ~RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
		ret = wcnic_rx_offloads_set(hw->rxq[qid],
					    offloads | (on ? RTE_ETH_RX_OFFLOAD_VLAN_STRIP : 0));
	}
	pthread_mutex_unlock(&hw->lock);
	/* ethdev has no way to hand an error on */
	if (ret != 0)
		WCNIC_LOG(ERR, hw, "Rx queue %u: VLAN stripping is as it was: %s", qid,
			  rte_strerror(-ret));
}
