/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_BARS_H
#define WCLAB_BARS_H

/*
 * Where a PCI function's BAR0 and the BAR of its windows are. After each store to its configuration
 * space, by a guest's kernel or firmware, the function's registers are read again. Knows nothing of
 * QEMU.
 */

#include <stdbool.h>
#include <stdint.h>

/* Eight aligned bytes at a physical address; false if there is nothing. */
typedef bool (*bars_read_fn)(void *ctx, uint64_t pa, uint64_t *value);

struct bar_range {
	uint64_t pa;
	uint64_t bytes; /* 0: not there, or not decoded now */
};

struct bars {
	uint16_t vendor, device;
	unsigned int window_bar; /* which BAR has the windows: 1 to 5 */
	bool found;
	uint64_t config;         /* physical address of the function's configuration space */
	uint64_t sizes[2];       /* of BAR0 and window_bar; 0: not known yet */
	struct bar_range regs;   /* BAR0 */
	struct bar_range window; /* window_bar */
};

/*
 * A store into somebody's configuration space at `pa`; its low 32 bits were `value`. Returns true
 * if a range changed. The first function with vendor and device is the one.
 */
bool
bars_config_store(struct bars *bars, uint64_t pa, uint32_t value, bars_read_fn read, void *ctx);

#endif /* WCLAB_BARS_H */
