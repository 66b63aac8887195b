/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Page tables, and registers of an arm64 CPU, of a guest that may have anything in them. */

#include <errno.h>
#include <string.h>
#include <walk.h>

#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The descriptors come in the order in which they are asked for. */
static bool
desc_read(void *ctx, uint64_t pa, uint64_t *desc)
{
	struct fuzz_input *in = ctx;

	MUST(pa % 8 == 0);
	if (in->left == 0)
		return false;
	*desc = fuzz_take64(in);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	struct walk_fault fault = {0};
	struct walk_regs regs;
	struct walk walk;
	uint64_t va;
	int ret;

	fuzz_take(&in, &regs, sizeof(regs));
	va = fuzz_take64(&in);
	ret = walk_run(&regs, va, desc_read, &in, &walk, &fault);
	MUST(ret == 0 || (ret == -EFAULT && fault.why != NULL));
	if (ret != 0)
		return 0;
	MUST(walk.stage1 < MEMTYPES && walk.effective < MEMTYPES);
	MUST(walk_verdict(&walk)[0] != '\0');
	walk_override_stage2(&walk, va % MEMTYPES);
	MUST(walk.effective < MEMTYPES && walk_verdict(&walk)[0] != '\0');
	return 0;
}
