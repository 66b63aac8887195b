/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_STATS_H
#define WCNIC_STATS_H

/* Counters as ethdev sees them. */

#include <ethdev_driver.h>

#include "wcnic_compat.h"

/*
 * Operations of ethdev. The card is asked for its counters where it can be reached; else its last
 * answer stands. Queues' counters are read while bursts run. They return what ethdev says: 0, or
 * for xstats the number of counters.
 */
int wcnic_stats_get(WCNIC_STATS_ARGS(dev, stats));
/* Only asks the card, and settles what queues have not: for a secondary process that looks next. */
int wcnic_stats_fresh(struct rte_eth_dev *dev);
int wcnic_stats_reset(struct rte_eth_dev *dev);
int wcnic_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int n);
int
wcnic_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int n);
/* Adds counters, `bytes` of uint64_t, to sums of the same layout. */
void wcnic_stats_add(void *sums, const void *more, size_t bytes);

#endif /* WCNIC_STATS_H */
