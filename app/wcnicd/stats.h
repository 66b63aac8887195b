/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_STATS_H
#define WCNICD_STATS_H

/* The counters of cards, and the file that they are written to. */

#include <wcbase.h>
#include <wcnic_abi.h>

/* The counters of a card with its name. Texts are borrowed. */
struct stats_record {
	const char *name;
	const char *socket;
	const char *port;
	struct wcnic_stats since_reset;
	struct wcnic_stats total;
};

/* *sum += *stats. Times and states have no sum: those of `stats` replace them unless they are 0. */
void stats_add(struct wcnic_stats *sum, const struct wcnic_stats *stats);

/* Writes n records as JSON and replaces the file in one step. Returns 0 or -errno. */
WC_MUST_CHECK int stats_write(const char *path, const struct stats_record *records, unsigned int n);

#endif /* WCNICD_STATS_H */
