/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef INTER_DEVICE_H
#define INTER_DEVICE_H

/* The devices that the program has opened with VFIO. Not thread-safe: the caller has the lock. */

#include <stdbool.h>

#include <wcbar_pci.h>
#include <wcbase.h>

#include "inter.h"

#define INTER_DEVICES 64u

struct inter_device {
	int fd; /* as the program got it; -1: a free entry */
	/* Its file, so that another file with this number is not taken for it. */
	dev_t dev;
	ino_t ino;
	unsigned int bars; /* that are wanted, a bit each */
	unsigned int held; /* of these, those that were held while it was opened */
	unsigned int said; /* of these, those that a line was printed for */
	char hold_why[WCBAR_WHY_BYTES];
	struct wcbar_pci *pci; /* adopts fd */
	struct wcbar_bar *bar[WCBAR_PCI_BARS];
};

/* Whether any device is open: one load, without the lock. */
bool inter_device_any(void);

/*
 * Adds a device behind `fd`, in place of what had that number. The struct is the table's. NULL with
 * a reason: no entry is free, or lib/wcbar does not take it.
 */
WC_MUST_CHECK struct inter_device *
inter_device_add(const struct inter_calls *calls, int fd, const char *root, const char *bdf,
		 char *why, size_t why_bytes);

/*
 * The device behind `fd`, which may be a duplicate of what the program got; NULL: none, or it is
 * not certain which. Forgets an entry whose number belongs to another file by now.
 */
struct inter_device *inter_device_find(const struct inter_calls *calls, int fd);

void inter_device_forget(struct inter_device *device);
void inter_device_forget_all(void);

#endif /* INTER_DEVICE_H */
