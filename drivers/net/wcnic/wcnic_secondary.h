/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SECONDARY_H
#define WCNIC_SECONDARY_H

/* A port in a secondary process: it sends and receives, looks, and asks the primary for the rest.
 */

struct rte_dev_reg_info;
struct rte_eth_dev;

/*
 * Makes the port of an ethdev that shares the data of the primary and has its operations. Where
 * the card's windows cannot be had, which is logged, its bursts do nothing. Once the primary closes
 * the port or ends, bursts do nothing any more, operations are refused, and the application gets
 * RTE_ETH_EVENT_INTR_RMV. Control path of the secondary.
 */
void wcnic_secondary_start(struct rte_eth_dev *dev);
/* Gives the port back. No thread is in a burst. */
void wcnic_secondary_stop(struct rte_eth_dev *dev);

/*
 * Operations of ethdev that the primary does: as wcnic_stats_reset() and wcnic_reg_dump() there.
 * They wait for it, 5 s at most. -ETIMEDOUT, or an error of EAL: it does not answer.
 */
int wcnic_secondary_stats_reset(struct rte_eth_dev *dev);
int wcnic_secondary_reg_dump(struct rte_eth_dev *dev, struct rte_dev_reg_info *info);

#endif /* WCNIC_SECONDARY_H */
