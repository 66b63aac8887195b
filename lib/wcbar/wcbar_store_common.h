/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_STORE_COMMON_H
#define WCBAR_STORE_COMMON_H

/* What every architecture's stores share. Included once by each of them. */

#include "wcbar_store.h"

/* Stores `lines` lines, each as eight 8-byte stores in ascending order. `src`: 8-byte aligned. */
static void
store_u64_lines(void *dst, const void *src, size_t lines)
{
	volatile uint64_t *d = dst;
	const uint64_t *s = src;

	for (size_t i = 0; i < lines * (WCBAR_LINE_BYTES / sizeof(*d)); i++)
		d[i] = s[i];
}

#endif /* WCBAR_STORE_COMMON_H */
