/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RSS_H
#define WCNIC_RSS_H

/* Receive-side scaling as ethdev sees it. */

#include <stdint.h>

#include <ethdev_driver.h>

struct wcnic_hw;

int
wcnic_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
int wcnic_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
/* The table and key that dev_configure asked for; sent to the card by queues_start. */
int wcnic_rss_configure(struct wcnic_hw *hw, const struct rte_eth_rss_conf *conf, uint16_t n_rxq);
#define WCNIC_RSS_OFFLOADS                                                                \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | \
	 RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

#endif /* WCNIC_RSS_H */
