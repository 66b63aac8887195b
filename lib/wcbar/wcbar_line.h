/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBAR_LINE_H
#define WCBAR_LINE_H

/*
 * A line into a window straight from registers, for who puts lines together with vectors: what
 * wcbar_store.lines() does, without the way through memory. The stores are as wide as the caller is
 * compiled for, so each is the twin of one store of wcbar_stores(), and is for windows for which
 * that one was chosen:
 *
 *   wcbar_line_put()     x86-64: "sse2", with target avx2 "avx2"; arm64: none, for host memory
 *   wcbar_line_put512()  "avx512"
 *
 * In host memory any of them will do where a plain store was chosen: wcbar_store_is_plain(). dst is
 * 64-byte aligned. Any thread; TLPs, order and drain as of the twin.
 */

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wcbar_half_t __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) void
wcbar_line_put(void *dst, const wcbar_half_t *low, const wcbar_half_t *high)
{
	volatile wcbar_half_t *d = (volatile wcbar_half_t *)dst;

	d[0] = *low;
	d[1] = *high;
}

#if defined(__x86_64__)
static inline __attribute__((always_inline, target("avx512f"))) void
wcbar_line_put512(void *dst, const __m512i *line)
{
	*(volatile __m512i *)dst = *line;
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* WCBAR_LINE_H */
