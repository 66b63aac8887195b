/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* VLAN offloads of Rx as ethdev changes them. */

#include <ethdev_driver.h>

#include "wcnic_filter.h"
#include "wcnic_hw.h"
#include "wcnic_vlan.h"

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
	pthread_mutex_unlock(&hw->lock);
	return ret;
}
