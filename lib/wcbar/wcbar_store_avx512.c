/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Stores of lines for x86-64 CPUs with AVX-512. Each line is loaded whole before it is stored. */

#include <immintrin.h>

#include "wcbar_store_x86.h"

#define TARGET WC_TARGET("avx512f")

TARGET void
wcbar_store_avx512_lines(void *dst, const void *src, size_t lines)
{
	volatile __m512i *d = dst;
	const __m512i *s = src;

	for (; lines > 0; lines--)
		*d++ = *s++;
}

TARGET void
wcbar_store_avx512nt_lines(void *dst, const void *src, size_t lines)
{
	__m512i *d = dst;
	const __m512i *s = src;

	for (; lines > 0; lines--)
		_mm512_stream_si512(d++, *s++);
}
