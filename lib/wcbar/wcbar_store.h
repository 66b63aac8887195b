/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_STORE_H
#define WCBAR_STORE_H

/* What each architecture says about its stores. */

#include <stdbool.h>
#include <stdint.h>

#include "wcbar.h"

/* Where a store may be used. */
enum store_kind {
	STORE_PLAIN = 0,
	STORE_AROUND_CACHE, /* in host memory worse than any plain one */
	STORE_DEVICE_ONLY,  /* faults in host memory, and where the device's side lacks it */
};

/* A way to store lines, and whether this CPU has it. */
struct wcbar_store_probe {
	const struct wcbar_store *store;
	bool (*supported)(void);
	enum store_kind kind;
};

/* Wider than 8 bytes, the best guess for WC first; ends with a NULL store. */
extern const struct wcbar_store_probe wcbar_store_probes[];
/* How many there are before the NULL. */
extern const uint8_t wcbar_store_count;

/* Whether it faults where memory or device does not accept it: tried only if the user names it. */
bool wcbar_store_may_fault(const struct wcbar_store *store);

/* True on x86: all mappings of one physical range have the memory type of the first. */
extern const bool wcbar_cpu_shares_types;

#endif /* WCBAR_STORE_H */
