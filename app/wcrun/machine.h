/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef MACHINE_H
#define MACHINE_H

/* The BARs of this machine that are wanted, and what is to be expected of each. */

#include <stdbool.h>

#include <wcbar_hold.h>
#include <wcbar_pci.h>
#include <wcbase.h>

#include "choice.h"
#include "table.h"

#define MACHINE_WHY_BYTES 512u

struct machine_bar {
	struct wcbar_pci_facts facts; /* of its device */
	unsigned int bar;
	bool named; /* by the user; else by a table */
	char note[TABLE_NOTE_BYTES];
	/* choice_check(); if it is not 0, the forecasts are not made */
	int refused;
	char why[WCBAR_WHY_BYTES];
	struct wcbar_forecast inplace, hold;
};

/* Belongs to the caller; zeroes are an empty one. */
struct machine {
	struct machine_bar *bars;
	unsigned int n;
	struct wcbar_kernel_config config; /* of its kernel; read with the first device */
};

/*
 * Whether a program may use the BAR's device, as far as can be seen: a device that a table knows
 * and a kernel driver has, such as the machine's own network card, is not meant.
 */
bool machine_bar_is_meant(const struct machine_bar *bar);

/*
 * The BARs that the user named, then those that a table has. -ENODEV, -EINVAL: a named device or
 * BAR does not exist; -errno: sysfs has no list of devices.
 */
WC_MUST_CHECK int machine_read(struct machine *machine, const char *root, const struct table *table,
			       const struct choices *choices, char *why, size_t why_bytes);
void machine_free(struct machine *machine);

#endif /* MACHINE_H */
