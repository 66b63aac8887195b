/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WALK_RIG_H
#define WALK_RIG_H

/* Page tables that tests make up, a descriptor at a time, and the walk over them. */

#include <stdbool.h>
#include <stdint.h>
#include <walk.h>

#define HCR_VM (1ull << 0)
#define HCR_DC (1ull << 12)
#define HCR_TGE (1ull << 27)
#define HCR_E2H (1ull << 34)
#define HCR_FWB (1ull << 46)
#define EL0 0x0ull
#define EL1 0x5ull
#define EL2 0x9ull
#define TABLE 3ull
#define PAGE 3ull
#define BLOCK 1ull
#define ATTR(idx) ((uint64_t)(idx) << 2)
#define MEM_ATTR(attr) ((uint64_t)(attr) << 2)
/* Attributes 0 to 3: Device-nGnRnE, Device-nGnRE, Normal-NC, write-back. */
#define MAIR 0xff440400ull
#define NC 2

/* How many descriptors there are; a test may go back to fewer. */
extern unsigned int n_memory;

/* The registers and the result of the next walk. */
extern struct walk_regs regs;
extern struct walk walk;
extern struct walk_fault fault;

/* Before each test: no descriptors, no faults, and registers with both stages' MMUs on. */
int walk_setup(void **state);

/* Puts a descriptor at a physical address. A later one at the same address replaces it. */
void put(uint64_t pa, uint64_t desc);

/* Puts the entry of a table for an address: `low` is the lowest bit that selects, of `n`. */
void entry(uint64_t table, uint64_t address, unsigned int low, unsigned int n, uint64_t desc);

/* Maps a page of 4 KiB through four levels, whose tables are at root, + 0x1000, ... */
void map_4k(uint64_t root, uint64_t address, uint64_t leaf);

/* Walks for `va` into `walk` or `fault`; what walk_run() returned. */
int run(uint64_t va);

/* The walk must end in this fault; `why` is part of its text. */
void assert_fault(uint64_t va, unsigned int stage, int level, const char *why);

#endif /* WALK_RIG_H */
