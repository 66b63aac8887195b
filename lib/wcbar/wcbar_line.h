/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_LINE_H
#define WCBAR_LINE_H

/*
 * Stores one line straight from registers, for callers that build lines with vectors: the same as
 * wcbar_store.lines() without a copy in memory. The stores are as wide as the caller is compiled
 * for, so each function does what one store of wcbar_stores() does. Use it for windows for which
 * that store was chosen:
 *
 *   wcbar_line_put()     x86-64: "sse2", with target avx2 "avx2"; arm64: none, for host memory
 *   wcbar_line_put512()  "avx512"
 *
 * In host memory any of them works where a plain store was chosen: wcbar_store_is_plain(). `dst` is
 * 64-byte aligned. Any thread. TLPs, order and drain are those of that store. No fence.
 */

#include <stdint.h>

#include <wcbase.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Half a line: 32 bytes. */
typedef wc_u64x4_t wcbar_half_t;

/* A line of two halves. */
static WC_ALWAYS_INLINE void
wcbar_line_put(void *dst, const wcbar_half_t *low, const wcbar_half_t *high)
{
	volatile wcbar_half_t *d = (volatile wcbar_half_t *)dst;

	d[0] = *low;
	d[1] = *high;
}

#if defined(__x86_64__)
/*
 * The same into host memory that another CPU watches: the first 16 bytes last, and at once. A CPU
 * stores no more than these at once for certain: Intel SDM volume 3, 9.1.1, AMD APM volume
 * 2, 7.3.2, for CPUs with AVX. Who loads them, and the rest afterwards, has the whole line.
 */
static WC_ALWAYS_INLINE void
wcbar_line_put_shared(void *dst, const wcbar_half_t *low, const wcbar_half_t *high)
{
	const __m128i *from = (const __m128i *)low;
	volatile __m128i *d = (volatile __m128i *)dst;

	*(volatile wcbar_half_t *)(d + 2) = *high;
	d[1] = from[1];
	d[0] = from[0];
}

/* A line in one register. The caller is compiled for avx512f. */
WC_TARGET("avx512f") static WC_ALWAYS_INLINE void wcbar_line_put512(void *dst, const __m512i *line)
{
	*(volatile __m512i *)dst = *line;
}

/* As wcbar_line_put_shared(). */
WC_TARGET("avx512f")
static WC_ALWAYS_INLINE void
wcbar_line_put512_shared(void *dst, const __m512i *line)
{
	volatile __m128i *d = (volatile __m128i *)dst;

	*(volatile __m256i *)(d + 2) = _mm512_extracti64x4_epi64(*line, 1);
	d[1] = _mm512_extracti32x4_epi32(*line, 1);
	d[0] = _mm512_castsi512_si128(*line);
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_LINE_H */
