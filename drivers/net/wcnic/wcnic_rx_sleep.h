/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_SLEEP_H
#define WCNIC_RX_SLEEP_H

/* How a thread sleeps until an Rx queue has a frame. */

#include <stdint.h>

#include <ethdev_driver.h>

struct rte_power_monitor_cond;
struct wcnic_rxq;

/*
 * Asks for an interrupt: at once if there is a completion, else with the next one; with moderation
 * no sooner than that allows. One doorbell, and with moderation a write to WAKE if the card sleeps.
 * Any thread: enters the gate.
 */
void wcnic_rx_arm(struct wcnic_rxq *rxq);
/* No interrupts are asked for from the next doorbell on. No TLP. Any thread: enters the gate. */
void wcnic_rx_disarm(struct wcnic_rxq *rxq);
/* The same as operations of ethdev. -ENOTSUP, after a log: the port was started without. */
int wcnic_rx_intr_enable(struct rte_eth_dev *dev, uint16_t qid);
int wcnic_rx_intr_disable(struct rte_eth_dev *dev, uint16_t qid);
/* Either, in a secondary process: -ENOTSUP after a log. */
int wcnic_rx_intr_secondary(struct rte_eth_dev *dev, uint16_t qid);

/*
 * rte_eth_get_monitor_addr(): the last byte of the next completion, which changes with its phase.
 * By the thread that receives from the queue. No TLP. -ENOTSUP, after a log: a card that only
 * bursts poll.
 */
int wcnic_rx_monitor_get(void *rxq, struct rte_power_monitor_cond *pmc);

#endif /* WCNIC_RX_SLEEP_H */
