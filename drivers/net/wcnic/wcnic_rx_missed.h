/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RX_MISSED_H
#define WCNIC_RX_MISSED_H

/* Frames that the card dropped for want of buffers. */

struct wcnic_hw;

/*
 * Adds what the card has counted since the last call to the queues' statistics. Also before queues
 * are destroyed on the card, which forgets its counters with them. Does nothing where no queues
 * run. With hw->lock. Cost: a command for each 16 queues.
 */
void wcnic_rx_missed_update(struct wcnic_hw *hw);

#endif /* WCNIC_RX_MISSED_H */
