/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_STATS_H
#define WCNIC_STATS_H

/* Counters as ethdev sees them. */

#include <ethdev_driver.h>

#include "wcnic_compat.h"

int wcnic_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats WCNIC_QSTATS_ARG);
int wcnic_stats_reset(struct rte_eth_dev *dev);
int wcnic_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int n);
int
wcnic_xstats_get_names(struct rte_eth_dev *dev, struct rte_eth_xstat_name *names, unsigned int n);

#endif /* WCNIC_STATS_H */
