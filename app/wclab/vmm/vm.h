/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCVMM_VM_H
#define WCVMM_VM_H

/*
 * A virtual machine of one CPU, by KVM's ioctls alone: no interrupt controller, no device. Its
 * memory is the caller's and is written anew from the guest's image each time. All return 0 or
 * -errno and say on stderr what was wrong.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest.h"

struct kvm_run;

/* The guest's program, an ELF file. */
struct vm_image {
	uint8_t *data;
	size_t bytes;
};

int vm_image_load(struct vm_image *image, const char *path);
void vm_image_free(struct vm_image *image);

/* What it took, since the machine was made. */
struct vm_counts {
	uint64_t exits;  /* returns of KVM_RUN, but for the ends of jobs */
	uint64_t faults; /* stage-2 faults that KVM resolved by itself */
};

struct vm {
	int fd, vcpu, faults;
	struct kvm_run *run;
	size_t run_bytes;
	uint8_t *ram;
	unsigned int slots;
	/* An access to nothing but the port; NULL: none is expected. 0 or -errno. */
	int (*mmio)(void *ctx, uint64_t ipa, void *data, size_t bytes, bool write);
	void *ctx;
	uint64_t jobs, exits;
};

/* ram: GUEST_RAM_BYTES. Makes slot 0 of it. */
int vm_create(struct vm *vm, const struct vm_image *image, uint8_t *ram);
void vm_destroy(struct vm *vm);

/* One more memory slot. */
int vm_slot(struct vm *vm, uint64_t ipa, void *addr, uint64_t bytes);

/* What the guest is told, and what it tells. Its own while it runs, but for `stop` and `rounds`. */
struct guest_mailbox *vm_mailbox(const struct vm *vm);
/* Runs the guest until its job is done; -EIO if it failed. */
int vm_job(struct vm *vm, enum guest_job job);

int vm_counts(const struct vm *vm, struct vm_counts *counts);

#endif /* WCVMM_VM_H */
