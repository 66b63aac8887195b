/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_CPU_H
#define WCLAB_CPU_H

/*
 * One of QEMU's CPUs as the walk needs it: registers by name, and walks that are kept as long as
 * the CPU itself may keep them.
 */

#include <wcbase.h>

#include "qemu_api.h"
#include "walk.h"

#define CPU_WALKS 64u

/* What a walk depended on. */
struct cpu_walk {
	bool valid;
	uint64_t page;
	uint64_t invalidations;
	struct walk_regs regs;
	struct walk walk;
};

struct cpu {
	struct qemu_plugin_register *handles[sizeof(struct walk_regs) / sizeof(uint64_t)];
	struct g_array *bytes;       /* that a value is read into */
	struct walk_regs regs;       /* after so many writes of registers: */
	uint64_t regs_writes;        /* UINT64_MAX: never read */
	struct walk_regs store_regs; /* when it last stored */
	struct cpu_walk walks[CPU_WALKS];
	uint64_t walked; /* in full */
	uint64_t kept;
};

/*
 * Finds the CPU's registers. Call it in the CPU's own context. Returns 0 with *cpu, -ENOMEM, or
 * -ENOENT: *missing names the register that this machine does not have.
 */
WC_MUST_CHECK int cpu_create(struct cpu **cpu, const char **missing);

/*
 * Walks the tables for a virtual address, or repeats a walk that the CPU itself could still use.
 * Call it in a callback of that CPU that may read registers. `invalidations` grows whenever any CPU
 * invalidates TLB entries, `writes` whenever this one writes a register that a walk depends on.
 * Returns 0 or -EFAULT, as walk_run().
 */
WC_MUST_CHECK int cpu_walk(struct cpu *cpu, uint64_t va, uint64_t invalidations, uint64_t writes,
			   struct walk *walk, struct walk_fault *fault);

/* Whether the CPU has the tables and the exception level of its last cpu_walk(). */
WC_MUST_CHECK bool cpu_same_context(struct cpu *cpu, uint64_t writes);

/* Reads 8 bytes of physical memory; `ctx` is a struct cpu. False: there is no memory. */
bool cpu_read(void *ctx, uint64_t pa, uint64_t *value);

#endif /* WCLAB_CPU_H */
