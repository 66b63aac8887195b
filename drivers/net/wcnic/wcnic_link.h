/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_LINK_H
#define WCNIC_LINK_H

/* The wire: link, speeds, flow control. */

#include <ethdev_driver.h>

#include <wcnic_abi.h>

struct wcnic_hw;

/* Gives the link to ethdev: up if the card says so, is there, and queues run. With hw->lock. */
void wcnic_link_publish(struct wcnic_hw *hw);

/* RTE_ETH_LINK_SPEED_* of the wire; 0: it is not known. */
uint32_t wcnic_link_speed_capa(const struct wcnic_hw *hw);
/*
 * Whether the wire has what rte_eth_conf.link_speeds asks for. 0; -EINVAL or, if nothing is known
 * of the wire, -ENOTSUP after a log of what it has.
 */
__rte_warn_unused_result int wcnic_link_configure(const struct wcnic_hw *hw, uint32_t link_speeds);

/*
 * Operations of ethdev. They take hw->lock, and what they set is sent to the card, now or with the
 * next start, and again after a recovery. 0; -ENOTSUP after a log of what would do; or the
 * command's -errno, and nothing has changed.
 */
int wcnic_dev_set_link_up(struct rte_eth_dev *dev);
int wcnic_dev_set_link_down(struct rte_eth_dev *dev);
int wcnic_flow_ctrl_get(struct rte_eth_dev *dev, struct rte_eth_fc_conf *conf);
int wcnic_flow_ctrl_set(struct rte_eth_dev *dev, struct rte_eth_fc_conf *conf);

#endif /* WCNIC_LINK_H */
