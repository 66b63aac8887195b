/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_H
#define WCVMM_H

/*
 * wcvmm: a VMM for one experiment, which maps pieces of one BAR itself; see doc/vmm-mapping.md.
 *
 * Whatever fails ends the program with status 1 and a message, unless a call says otherwise: there
 * is nothing to save, and the card is reset on the way out. One thread, but where a call says so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <app_json.h>
#include <wcbar_pci.h>

#include "guest.h"

/* Prints "wcvmm: text" and ends the program. `error`, if it is not 0, is explained behind it. */
WC_NORETURN WC_PRINTF(2, 3) void vmm_fail(int error, const char *format, ...);

/* ---- the BAR, in machine.c ------------------------------------------------------------------ */

/* How a piece of the BAR is mapped into the VMM. */
enum source {
	SOURCE_VFIO = 0, /* VFIO's mmap: Device, and vfio-pci sets VM_ALLOW_ANY_UNCACHED */
	SOURCE_WC,       /* sysfs resource2_wc: Normal-NC */
	SOURCE_UC,       /* sysfs resource2: Device */
	SOURCES,
};

#define BAR_UNIT 0x10000u /* windows are multiples of it, and so is any page */
#define BAR_UNITS_MAX 1024u

/*
 * The window BAR: one range of addresses in which pieces lie side by side. Not lib/wcbar's ladder:
 * which way a piece is mapped is what is tried, and it is replaced in one step under the guest.
 */
struct bar {
	uint8_t *addr; /* aligned so that blocks of 2 MiB are possible */
	uint64_t bytes;
	uint64_t file_off; /* of the BAR in VFIO's file */
	int files[SOURCES];
	uint8_t source[BAR_UNITS_MAX]; /* enum source of each unit */
	uint64_t mmaps;                /* made since it was opened */
};

/* Opens the files of BAR2, reserves its addresses. `pci` lends VFIO's file and must stay open. */
void bar_open(struct bar *bar, struct wcbar_pci *pci);
/* Maps [off, off + bytes) from `source` over what is there: one mmap, no moment without one. */
void bar_map(struct bar *bar, uint64_t off, uint64_t bytes, enum source source);
/* Bytes from `off` to the end of its piece: as far as the source is the same. */
uint64_t bar_piece_bytes(const struct bar *bar, uint64_t off);

/* ---- the experiment, in main.c ------------------------------------------------------------- */

struct vmm {
	struct wcbar_pci *pci;
	struct wcbar_window regs; /* BAR0, by VFIO */
	struct bar bar;           /* BAR2 */
	uint8_t *ram;      /* GUEST_RAM_BYTES; the card reaches it at the guest's addresses */
	const char *guest; /* file name of the guest's program */
	unsigned int mark;
	struct json_object *ways, *windows; /* a row for each region */
};

/* Begins a region: stores count for it until it ends. Its row, new in `rows`, tells the place. */
struct json_object *
region_begin(struct vmm *v, struct json_object *rows, uint64_t off, uint64_t bytes);
void region_end(struct vmm *v);

/* Windows that the guest's driver has firmware place, and place again elsewhere; in windows.c. */
void windows_run(struct vmm *v);

/* ---- a virtual machine, in machine.c -------------------------------------------------------- */

/* One CPU, by KVM's ioctls alone: no interrupt controller, no device. */
struct vm {
	int fd, vcpu;
	unsigned int slots;
	struct kvm_run *run;
	struct guest_mailbox *mailbox;
	/* An access to what is in no slot, but for the port. NULL: none is expected. */
	void (*mmio)(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write);
	void *ctx;
	uint64_t exits; /* returns of KVM_RUN, but for the ends of jobs */
};

/*
 * A machine with the guest's program in its memory, and the BAR as it is mapped now: in one memory
 * slot, or in one for each piece. `regs`: BAR0 in a slot too; else its accesses come to the VMM.
 */
void vm_create(struct vm *vm, struct vmm *v, bool one_slot, bool regs);
void vm_destroy(struct vm *vm);

/* What GUEST_JOB_STORE stores: so many lines, `step` bytes apart, from `va` on. */
void vm_lines(struct vm *vm, uint64_t va, uint32_t lines, uint64_t step);
/* Runs the guest until its job is done. Any thread, one at a time. */
void vm_do(struct vm *vm, enum guest_job job);
/* The same, but returns 0 or -errno of KVM_RUN. */
int vm_try(struct vm *vm, enum guest_job job);

#endif /* WCVMM_H */
