/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_TIME_H
#define WCNIC_TIME_H

/* The card's clock (datasheet section 14), and the times of PTP frames. */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <rte_mbuf.h>

#include "wcnic_compat.h"

struct rte_eth_dev;
struct wcnic_hw;

/* The times of so many PTP frames are kept; mbuf.timesync says which is a frame's. */
#define WCNIC_TIME_SLOTS 4u

struct wcnic_time {
	RTE_ATOMIC(bool) timesync; /* between rte_eth_timesync_enable() and _disable() */
	int64_t rate_ppb;          /* which a reset takes back */
	RTE_ATOMIC(uint32_t) next_slot;
	RTE_ATOMIC(uint64_t) rx_ns[WCNIC_TIME_SLOTS]; /* 0: none, or it was read */
};

/*
 * Operations of ethdev. Any thread; they take hw->lock. The clock is read by one register read,
 * and changed by an admin command. 0; -ENOTSUP: the card has no clock; -EIO: it is gone; -EINVAL:
 * as ethdev says; or what the card answered.
 */
int wcnic_read_clock(struct rte_eth_dev *dev, uint64_t *clock);
int wcnic_timesync_enable(struct rte_eth_dev *dev);
int wcnic_timesync_disable(struct rte_eth_dev *dev);
int wcnic_timesync_read_rx(struct rte_eth_dev *dev, struct timespec *time, uint32_t slot);
int wcnic_timesync_read_tx(struct rte_eth_dev *dev, struct timespec *time);
int wcnic_timesync_adjust_time(struct rte_eth_dev *dev, int64_t ns);
/* `ppm`: parts per million, with 16 bits behind the binary point. */
int wcnic_timesync_adjust_freq(struct rte_eth_dev *dev, int64_t ppm);
int wcnic_timesync_read_time(struct rte_eth_dev *dev, struct timespec *time);
int wcnic_timesync_write_time(struct rte_eth_dev *dev, const struct timespec *time);

/* What the clock shows, ns. The caller holds hw->lock. Errors as above. */
int wcnic_clock_get(struct wcnic_hw *hw, uint64_t *ns);
/* After a reset of the card: its clock gets the rate that it had. 0, or what the card answered. */
int wcnic_time_restore(struct wcnic_hw *hw);

/*
 * A PTP frame has come, and its time: keeps it for rte_eth_timesync_read_rx_timestamp(), and marks
 * the mbuf. From a burst of any queue; nothing without timesync.
 */
void wcnic_time_ptp_note(struct wcnic_hw *hw, struct rte_mbuf *m, uint64_t ns);

#endif /* WCNIC_TIME_H */
