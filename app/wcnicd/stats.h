/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_STATS_H
#define WCNICD_STATS_H

#include "wcnic_abi.h"

/* One card's counters, to be written down. */
struct stats_record {
	const char *name;
	const char *socket;
	const char *port;
	struct wcnic_stats since_reset;
	struct wcnic_stats total;
};

/* Adds the counters; of times and states, which have no sum, the newer ones are kept. */
void stats_add(struct wcnic_stats *sum, const struct wcnic_stats *stats);

/* Replaces the file by one that is complete. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int
stats_write(const char *path, const struct stats_record *records, unsigned int n);

#endif /* WCNICD_STATS_H */
