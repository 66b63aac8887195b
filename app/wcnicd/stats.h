/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_STATS_H
#define WCNICD_STATS_H

/* The counters of cards, and the file that they are written to. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ena_card.h>
#include <wcbase.h>
#include <wcnic_abi.h>

/* The counters of a card, of whichever kind. */
union stats_values {
	struct wcnic_stats wcnic;
	struct ena_card_stats ena;
};

/* A counter of 64 bits. */
struct stats_field {
	const char *name; /* in the file */
	size_t off;       /* in union stats_values */
	bool newest;      /* a time or a state: it has no sum */
};

/* The counters that a kind of card has. */
struct stats_fields {
	const struct stats_field *at;
	size_t n;
};

/* The counters of a card with its name. Texts are borrowed. */
struct stats_record {
	const char *name;
	const char *card; /* its kind */
	const char *socket;
	const char *port;
	const struct stats_fields *fields;
	union stats_values since_reset;
	union stats_values total;
};

/* *sum += *values. Times and states have no sum: those of `values` replace them unless they are 0.
 */
void stats_add(const struct stats_fields *fields, union stats_values *sum,
	       const union stats_values *values);

/*
 * Writes n records as JSON and replaces the file in one step. A device or a pipe is written to; it
 * is given up if it takes nothing for a moment: -ETIMEDOUT. Returns 0 or -errno.
 */
WC_MUST_CHECK int stats_write(const char *path, const struct stats_record *records, unsigned int n);

#endif /* WCNICD_STATS_H */
