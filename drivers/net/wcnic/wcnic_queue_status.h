/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_QUEUE_STATUS_H
#define WCNIC_QUEUE_STATUS_H

/*
 * What is in a queue, without a burst. All but wcnic_tx_done_cleanup() only read memory that
 * secondary processes share: no TLP, no lock. They are exact for the thread that polls the queue.
 */

#include <stdint.h>

#include <ethdev_driver.h>

#include "wcnic_compat.h"

/*
 * rte_eth_rx_queue_count(): how many completions wait. Reads the words of as many as a binary
 * search over the ring takes.
 */
wcnic_rx_count_t wcnic_rx_queue_count(void *rxq);
/* rte_eth_rx_descriptor_status(): DONE, AVAIL, UNAVAIL, or -EINVAL beyond the ring. */
int wcnic_rx_descriptor_status(void *rxq, uint16_t offset);
/*
 * rte_eth_tx_descriptor_status(): FULL, DONE, UNAVAIL, or -EINVAL beyond the ring. Reads the
 * completions that no burst has taken yet.
 */
int wcnic_tx_descriptor_status(void *txq, uint16_t offset);

/* The same for a card without a thread of its own: it works when it is polled. Primary process. */
wcnic_rx_count_t wcnic_rx_queue_count_poll(void *rxq);
int wcnic_rx_descriptor_status_poll(void *rxq, uint16_t offset);
int wcnic_tx_descriptor_status_poll(void *txq, uint16_t offset);

/*
 * rte_eth_tx_done_cleanup(): frees frames that the card has done with, whole completions until
 * there are `most`; 0: all. Returns how many. As a burst of the queue: its thread, its gate.
 */
int wcnic_tx_done_cleanup(void *txq, uint32_t most);

/* rte_eth_rx_queue_info_get() and its siblings: what was set up, and how bursts do it. */
void wcnic_rxq_info_get(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_rxq_info *info);
void wcnic_txq_info_get(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_txq_info *info);
int wcnic_rx_burst_mode(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_burst_mode *mode);
int wcnic_tx_burst_mode(struct rte_eth_dev *dev, uint16_t qid, struct rte_eth_burst_mode *mode);

#endif /* WCNIC_QUEUE_STATUS_H */
