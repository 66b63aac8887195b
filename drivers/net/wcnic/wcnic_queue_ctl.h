/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_QUEUE_CTL_H
#define WCNIC_QUEUE_CTL_H

/* Single queues of a port that runs: started and stopped by the application, and their states. */

#include <ethdev_driver.h>

/*
 * rte_eth_dev_rx_queue_start() and its siblings: the other queues go on. A queue that is stopped
 * stays so over a recovery; one that is started while the card is away comes with it. 0, or -errno,
 * logged, with the state as it was. Each takes hw->lock; a stop takes up to 200 ms.
 */
int wcnic_tx_queue_start(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_tx_queue_stop(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_rx_queue_start(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_rx_queue_stop(struct rte_eth_dev *dev, uint16_t qid);

/* Before a start of the port: queues with deferred start are left out of it. With hw->lock. */
void wcnic_queues_defer(struct rte_eth_dev *dev);
/* After a start of the port, or a stop: tells ethdev which queues run. With hw->lock. */
void wcnic_queues_state_set(struct rte_eth_dev *dev, bool started);

/* rte_eth_dev_set_mtu(), also while the port runs, if all of its Rx buffers are large enough. */
int wcnic_mtu_set(struct rte_eth_dev *dev, uint16_t mtu);

#endif /* WCNIC_QUEUE_CTL_H */
