/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_INTR_H
#define WCNIC_INTR_H

/* Interrupts of Rx queues. */

#include <stdint.h>

#include <ethdev_driver.h>

struct wcnic_hw;

/*
 * Makes an eventfd for every Rx queue if the application asked for interrupts. 0, or -errno after
 * logging why there are none. Called with hw->lock, as all but raise().
 */
int wcnic_intr_start(struct rte_eth_dev *dev);
/* Frees them. */
void wcnic_intr_stop(struct rte_eth_dev *dev);
/* Gives them to the attach as the card's vectors, before Rx queues are created. 0 or -errno. */
int wcnic_intr_bind(struct wcnic_hw *hw);
/* Wakes whoever sleeps on the queue as the card's interrupt would. Any thread. */
void wcnic_intr_raise(struct wcnic_hw *hw, uint16_t qid);
/*
 * Adds 1 to an eventfd, or leaves it full, without waiting, whatever another process has made of
 * its flags: wcnic_intr_raise.c. Any thread. 0 or -errno.
 */
int wcnic_intr_signal(int fd);
/* Wakes all sleepers: the card was lost or found, and what was armed will not come. */
void wcnic_intr_wake(struct wcnic_hw *hw);
/* For RXQ_CREATE: a vector, or WCNIC_VECTOR_NONE. */
uint16_t wcnic_intr_vector(const struct wcnic_hw *hw, uint16_t qid);

#endif /* WCNIC_INTR_H */
