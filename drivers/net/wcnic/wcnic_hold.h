/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_HOLD_H
#define WCNIC_HOLD_H

/*
 * Ports that threads of others look at: ethdev's and the driver's telemetry, statistics. These run
 * whenever somebody asks, also while the application closes the port. Held, it is not freed.
 */

#include <stdint.h>

struct rte_eth_dev;
struct wcnic_hw;

/* From now on the port can be held. */
void wcnic_hold_allow(struct wcnic_hw *hw);
/* Waits until nobody holds the port, and nobody will again. Without hw->lock. */
void wcnic_hold_end(struct wcnic_hw *hw);

/*
 * The port of that number if it is one of this driver in this process and not being closed; else
 * NULL. Its memory stays until wcnic_hold_release(). Any thread; taken before hw->lock.
 */
struct wcnic_hw *wcnic_hold(uint16_t port_id);
void wcnic_hold_release(struct wcnic_hw *hw);

/*
 * For calls of ethdev that only look: the port of `dev`, held and with hw->lock; NULL: it is being
 * closed. In a secondary process, which can do neither, it is only looked up.
 */
struct wcnic_hw *wcnic_hold_locked(const struct rte_eth_dev *dev);
void wcnic_unlock_release(struct wcnic_hw *hw);

#endif /* WCNIC_HOLD_H */
