/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_EXPERIMENT_H
#define WCVMM_EXPERIMENT_H

/*
 * The card, the guest's memory that the card reaches too, and what is written down of each marked
 * stretch. All return 0 or -errno and say on stderr what was wrong.
 */

#include <stdbool.h>
#include <stdint.h>

#include <wcbar_pci.h>

#include "bar.h"
#include "options.h"
#include "vm.h"

struct json_object;

struct experiment {
	struct wcbar_pci *pci;
	struct wcbar_bar *regs_bar;
	struct wcbar_window regs; /* BAR0, by VFIO */
	struct bar bar;           /* BAR2 */
	struct vm_image image;
	uint8_t *ram;
	bool dma; /* the card reaches ram */
	unsigned int mark;
	struct json_object *ways, *windows;
};

int experiment_open(struct experiment *e, const struct options *options);
void experiment_close(struct experiment *e);
int experiment_write(const struct experiment *e, const char *path);

/* Begins the next stretch; its number. */
unsigned int experiment_mark(struct experiment *e);
void experiment_unmark(struct experiment *e);

/*
 * A machine with the BAR as it is put together now, in one memory slot or in one for each piece;
 * the registers in a slot of their own, so that the guest reaches them without the VMM, or in none.
 */
int experiment_vm(struct experiment *e, struct vm *vm, bool one_slot, bool regs);

/* The guest stores so many lines, `step` bytes apart, from BAR2 + off on. */
int guest_store(struct vm *vm, uint64_t base_va, uint64_t off, uint32_t lines, uint64_t step);

/* A number into a row. */
void row_number(struct json_object *row, const char *key, uint64_t value);

/* ---- the two experiments ------------------------------------------------------------------- */

/* The BAR whole, in pieces, in one slot and in several, and with a piece replaced. */
int ways_run(struct experiment *e, const struct layout *pieces);
/* Windows that the guest's driver has the firmware place, and place again elsewhere. */
int windows_run(struct experiment *e);

#endif /* WCVMM_EXPERIMENT_H */
