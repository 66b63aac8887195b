/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_INTR_H
#define WCNIC_INTR_H

/* Interrupts of Rx queues. */

#include <stdint.h>

#include <ethdev_driver.h>

struct wcnic_hw;

/* Makes an eventfd for every Rx queue if the application asked for interrupts; stop frees them. */
int wcnic_intr_start(struct rte_eth_dev *dev);
void wcnic_intr_stop(struct rte_eth_dev *dev);
/* Tells the card's side about them, before Rx queues are created. */
int wcnic_intr_bind(struct wcnic_hw *hw);
/* Wakes whoever sleeps on the queue as the card's interrupt would. */
void wcnic_intr_raise(struct wcnic_hw *hw, uint16_t qid);
/* The card was lost or found: what was armed will not come. */
void wcnic_intr_wake(struct wcnic_hw *hw);
/* For RXQ_CREATE: a vector, or WCNIC_VECTOR_NONE. */
uint16_t wcnic_intr_vector(const struct wcnic_hw *hw, uint16_t qid);
int wcnic_rx_intr_enable(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_rx_intr_disable(struct rte_eth_dev *dev, uint16_t qid);

#endif /* WCNIC_INTR_H */
