/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Stores of lines for x86-64 CPUs with AVX2. Each line is loaded whole before it is stored. */

#include <immintrin.h>

#include "wcbar_store_x86.h"

#define TARGET WC_TARGET("avx2")

TARGET void
wcbar_store_avx2_lines(void *dst, const void *src, size_t lines)
{
	volatile __m256i *d = dst;
	const __m256i *s = src;

	for (; lines > 0; lines--, d += 2, s += 2) {
		__m256i a = s[0], b = s[1];

		d[0] = a;
		d[1] = b;
	}
}

TARGET void
wcbar_store_avx2nt_lines(void *dst, const void *src, size_t lines)
{
	__m256i *d = dst;
	const __m256i *s = src;

	for (; lines > 0; lines--, d += 2, s += 2) {
		__m256i a = s[0], b = s[1];

		_mm256_stream_si256(&d[0], a);
		_mm256_stream_si256(&d[1], b);
	}
}
