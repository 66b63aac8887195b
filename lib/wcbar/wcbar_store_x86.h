/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_STORE_X86_H
#define WCBAR_STORE_X86_H

/*
 * Stores of x86-64 that not every CPU has: each file is for one kind of CPU, and DPDK's tree
 * compiles it with that kind's option. As wcbar_store.lines(); `nt`: non-temporal.
 */

#include "wcbar_store.h"

void wcbar_store_avx2_lines(void *dst, const void *src, size_t lines);
void wcbar_store_avx2nt_lines(void *dst, const void *src, size_t lines);
void wcbar_store_avx512_lines(void *dst, const void *src, size_t lines);
void wcbar_store_avx512nt_lines(void *dst, const void *src, size_t lines);

#endif /* WCBAR_STORE_X86_H */
