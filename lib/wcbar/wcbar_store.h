/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_STORE_H
#define WCBAR_STORE_H

#include <stdbool.h>

#include "wcbar.h"

/* A way to store lines, and whether this CPU has it. */
struct wcbar_store_probe {
	const struct wcbar_store *store;
	bool (*supported)(void);
};

/* Eight 8-byte stores a line: works everywhere. */
extern const struct wcbar_store wcbar_store_u64;

/* Wider than 8 bytes, best first; ends with a NULL store. */
extern const struct wcbar_store_probe wcbar_store_probes[];

/* x86: mappings of one physical range share a memory type, that of the first. */
extern const bool wcbar_cpu_shares_types;

#endif /* WCBAR_STORE_H */
