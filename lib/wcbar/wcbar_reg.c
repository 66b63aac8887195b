/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Single registers. A relaxed atomic access is one instruction of its width, which the compiler
 * neither merges nor repeats; the fences keep the program's order, as Device and UC memory do on
 * the bus. What was read must not be overtaken by what is read after it: hence acquire.
 */

#include <endian.h>

#include "wcbar.h"

uint32_t
wcbar_read32(const void *reg)
{
	return le32toh(WC_LOAD_ACQUIRE(uint32_t, reg));
}

uint64_t
wcbar_read64(const void *reg)
{
	return le64toh(WC_LOAD_ACQUIRE(uint64_t, reg));
}

void
wcbar_write32(void *reg, uint32_t value)
{
	WC_STORE_RELEASE(uint32_t, reg, htole32(value));
}

void
wcbar_write64(void *reg, uint64_t value)
{
	WC_STORE_RELEASE(uint64_t, reg, htole64(value));
}

void
wcbar_write64_wc(void *reg, uint64_t value)
{
	wcbar_order_lines();
	wcbar_write64(reg, value);
	wcbar_store_u64.drain();
}
