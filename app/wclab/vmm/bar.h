/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_BAR_H
#define WCVMM_BAR_H

/*
 * The window BAR in the VMM: one reserved range in which pieces lie side by side, each mapped
 * with MAP_FIXED from VFIO or from sysfs. Not lib/wcbar's ladder: which way a piece comes is what
 * is being tried here, and a piece must be replaced in one step, under a guest that runs.
 * All return 0 or -errno and say on stderr what was wrong.
 */

#include <stdint.h>

#include <wcbar_pci.h>

#include "layout.h"

struct bar {
	uint8_t *addr; /* aligned so that blocks of 2 MiB are possible */
	uint64_t bytes;
	uint64_t file_off; /* of the BAR in VFIO's file */
	int files[SOURCES];
	struct layout layout;
	uint64_t mmaps; /* made with MAP_FIXED since it was opened */
};

int bar_open(struct bar *bar, struct wcbar_pci *pci);
void bar_close(struct bar *bar);

/* Maps all pieces of a layout. */
int bar_map(struct bar *bar, const struct layout *layout);
/* Puts a piece over what is there: one mmap, and no moment without a mapping. */
int bar_replace(struct bar *bar, uint64_t off, uint64_t bytes, enum source source);

/* Takes a piece away and puts nothing in its place. */
int bar_hole(struct bar *bar, uint64_t off, uint64_t bytes);

/* The VmFlags that /proc/self/smaps shows of the mapping at addr. */
int bar_vm_flags(const void *addr, char *flags, size_t bytes);

#endif /* WCVMM_BAR_H */
