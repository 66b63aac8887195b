/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_STORE_H
#define WCBAR_STORE_H

#include <stdbool.h>

#include "wcbar.h"

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

/* Faults where the memory or the device does not take it: never tried without being named. */
bool wcbar_store_may_fault(const struct wcbar_store *store);

/* x86: mappings of one physical range share a memory type, that of the first. */
extern const bool wcbar_cpu_shares_types;

#endif /* WCBAR_STORE_H */
