/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Page tables that tests make up. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "walk_rig.h"

static struct {
	uint64_t pa, desc;
} memory[64];
unsigned int n_memory;
struct walk_regs regs;
struct walk walk;
struct walk_fault fault;

void
put(uint64_t pa, uint64_t desc)
{
	assert_true(n_memory < 64);
	memory[n_memory].pa = pa;
	memory[n_memory++].desc = desc;
}

void
entry(uint64_t table, uint64_t address, unsigned int low, unsigned int n, uint64_t desc)
{
	put(table + (address >> low & ((1ull << n) - 1)) * 8, desc);
}

static bool
read_memory(void *ctx, uint64_t pa, uint64_t *desc)
{
	(void)ctx;
	for (unsigned int i = n_memory; i-- > 0;) {
		if (memory[i].pa == pa) {
			*desc = memory[i].desc;
			return true;
		}
	}
	return false;
}

int
walk_setup(void **state)
{
	(void)state;
	n_memory = 0;
	memset(&regs, 0, sizeof(regs));
	memset(&fault, 0, sizeof(fault));
	regs.mair_el1 = MAIR;
	regs.mair_el2 = MAIR;
	regs.sctlr_el1 = 1;
	regs.sctlr_el2 = 1;
	return 0;
}

int
run(uint64_t va)
{
	return walk_run(&regs, va, read_memory, NULL, &walk, &fault);
}

void
assert_fault(uint64_t va, unsigned int stage, int level, const char *why)
{
	assert_int_equal(run(va), -EFAULT);
	assert_int_equal(fault.stage, stage);
	assert_int_equal(fault.level, level);
	assert_non_null(strstr(fault.why, why));
}

void
map_4k(uint64_t root, uint64_t address, uint64_t leaf)
{
	entry(root, address, 39, 9, (root + 0x1000) | TABLE);
	entry(root + 0x1000, address, 30, 9, (root + 0x2000) | TABLE);
	entry(root + 0x2000, address, 21, 9, (root + 0x3000) | TABLE);
	entry(root + 0x3000, address, 12, 9, leaf | PAGE);
}
