/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RSS_H
#define WCNIC_RSS_H

/* Receive-side scaling as ethdev sees it. */

#include <stdint.h>

#include <ethdev_driver.h>
#include <rte_flow.h>

struct wcnic_hw;

/*
 * Operations of ethdev on the indirection table and the hash. All take hw->lock; changes go to a
 * card that runs at once, else with the next start. 0, -ENOTSUP, -EINVAL, or the command's -errno.
 */
int
wcnic_reta_update(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_reta_query(struct rte_eth_dev *dev, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int wcnic_rss_hash_update(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
int wcnic_rss_hash_conf_get(struct rte_eth_dev *dev, struct rte_eth_rss_conf *conf);
/*
 * Takes over the key and types that dev_configure asked for, and spreads the table over n_rxq
 * queues; sent to the card by wcnic_queues_start(). -EINVAL after logging what is wrong.
 */
int wcnic_rss_configure(struct wcnic_hw *hw, const struct rte_eth_rss_conf *conf, uint16_t n_rxq);
/* The card's words for kinds of packets, RTE_ETH_RSS_*; others are left out. */
uint32_t wcnic_rss_types_to_card(uint64_t rte);
/* RTE_ETH_RSS_* of packets that the card can hash. */
uint64_t wcnic_rss_offloads(const struct wcnic_hw *hw);
/* The card's word (enum wcnic_rss_function) for a hash function. -ENOTSUP: it has none. */
int wcnic_rss_function(enum rte_eth_hash_function rte);

#endif /* WCNIC_RSS_H */
