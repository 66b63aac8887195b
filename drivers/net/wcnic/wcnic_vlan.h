/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_VLAN_H
#define WCNIC_VLAN_H

/* VLAN offloads of Rx that may be changed while the port runs. */

#include <ethdev_driver.h>

/*
 * vlan_offload_set of ethdev: `mask` (RTE_ETH_VLAN_*_MASK) says which of the port's Rx offloads
 * have changed. Takes hw->lock. 0 or the command's -errno, and then nothing has changed.
 */
int wcnic_vlan_offload_set(struct rte_eth_dev *dev, int mask);
/* vlan_strip_queue_set of ethdev. Takes hw->lock; an error is logged. */
void wcnic_vlan_strip_queue_set(struct rte_eth_dev *dev, uint16_t qid, int on);

#endif /* WCNIC_VLAN_H */
