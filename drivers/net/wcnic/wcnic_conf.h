/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_CONF_H
#define WCNIC_CONF_H

/* What an application may configure: limits that are told, and settings that are refused. */

#include <ethdev_driver.h>

struct wcnic_hw;

/*
 * Checks what rte_eth_dev_configure() was given. 0; -ENOTSUP: a mode that neither the driver nor
 * the card has, after a log that names the field and what would be right. Any process; no TLP.
 */
__rte_warn_unused_result int
wcnic_conf_check(const struct wcnic_hw *hw, const struct rte_eth_conf *conf);

/* What a Tx queue can be asked to let the card do to frames. */
#define WCNIC_TX_OFFLOADS                                                 \
	(RTE_ETH_TX_OFFLOAD_VLAN_INSERT | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | \
	 RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |    \
	 RTE_ETH_TX_OFFLOAD_SCTP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_UDP_TSO)

/* Which of WCNIC_TX_OFFLOADS the card that is attached has. */
uint64_t wcnic_tx_offload_capa(const struct wcnic_hw *hw);

/*
 * Fills in limits of queues, rings and buffers, and defaults. Each value is accepted by set-up:
 * limits are those of the card that is attached.
 */
void wcnic_limits_get(const struct wcnic_hw *hw, struct rte_eth_dev_info *info);

/*
 * The entries that a ring gets for `depth` descriptors: a power of two, as the card needs. A Tx
 * ring with MULTI_SEGS among its offloads has space for a frame of as many segments as
 * wcnic_limits_get() tells. 0: out of range, logged with the range.
 */
uint16_t wcnic_tx_depth(const struct wcnic_hw *hw, uint16_t qid, uint16_t depth, uint64_t offloads);
uint16_t wcnic_rx_depth(const struct wcnic_hw *hw, uint16_t qid, uint16_t depth);

#endif /* WCNIC_CONF_H */
