/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_WALK_H
#define WCLAB_WALK_H

/*
 * Walks the page tables of an arm64 machine as the CPU would for one data access: which physical
 * address, and which memory type each stage gives. Pure: registers and memory come from the caller.
 *
 * Granules of 4, 16 and 64 KiB, blocks, 52-bit addresses (LVA, LPA, LPA2), EL1&0, EL2 and EL2&0
 * (E2H), stage 2 with and without FWB. Non-secure AArch64 with little-endian 64-bit descriptors
 * only; what is else is named as a fault, never guessed.
 */

#include <stdbool.h>
#include <stdint.h>

#include <wcbase.h>

#include "memtype.h"

struct walk_regs {
	/* 0 on a machine without EL2 */
	uint64_t hcr_el2, sctlr_el2, ttbr0_el2, ttbr1_el2, tcr_el2, mair_el2, vttbr_el2, vtcr_el2;
	uint64_t sctlr_el1, ttbr0_el1, ttbr1_el1, tcr_el1, mair_el1;
	uint64_t tcr2_el1, tcr2_el2; /* 0 where there are none */
	uint64_t pstate;
};

/* A descriptor, 8 bytes at a physical address. Returns false if there is no memory. */
typedef bool (*walk_read_fn)(void *ctx, uint64_t pa, uint64_t *desc);

struct walk_stage {
	bool on;
	uint8_t attr;     /* stage 1: the byte of MAIR; stage 2: MemAttr */
	int8_t level;     /* of the descriptor that maps: -1 to 3 */
	uint64_t desc;    /* it */
	uint64_t desc_pa; /* where it is */
};

struct walk {
	uint64_t ipa, pa;
	unsigned int el;
	bool host; /* EL2's own tables: a host kernel or its programs */
	bool fwb;
	enum memtype stage1;    /* what stage 1 alone asks for */
	enum memtype effective; /* of both */
	struct walk_stage s1, s2;
};

struct walk_fault {
	unsigned int stage; /* 0: before any table */
	int level;
	const char *why; /* static */
};

/*
 * Walks both stages for virtual address `va`. Returns 0 with *walk, or -EFAULT with *fault; *walk
 * then has el and what was found before.
 */
WC_MUST_CHECK int walk_run(const struct walk_regs *regs, uint64_t va, walk_read_fn read, void *ctx,
			   struct walk *walk, struct walk_fault *fault);

/* Changes the result as if stage 2 had this type: to see what follows from it. */
void walk_override_stage2(struct walk *walk, enum memtype type);

/*
 * "gathers", "cacheable", or which stage makes each store a TLP of its own: "stage 1 is Device",
 * "stage 2 is Device", "stage 1 and stage 2 are Device". A static string.
 */
const char *walk_verdict(const struct walk *walk);

#endif /* WCLAB_WALK_H */
