/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROVE_IMMINTRIN_H
#define PROVE_IMMINTRIN_H

/*
 * In place of the compiler's header, which takes CBMC ten times as long as all the rest: what
 * DPDK's headers name. Nothing that is proved calls it; a call would return any value.
 */

typedef long long __m128i __attribute__((vector_size(16), may_alias));
typedef long long __m256i __attribute__((vector_size(32), may_alias));
typedef float __m128 __attribute__((vector_size(16), may_alias));
typedef double __m128d __attribute__((vector_size(16), may_alias));

__m128i _mm_loadu_si128(const void *at);
void _mm_storeu_si128(void *at, __m128i value);
__m128i _mm_alignr_epi8(__m128i high, __m128i low, int bytes);
void _mm_mfence(void);
void _mm_pause(void);

#endif /* PROVE_IMMINTRIN_H */
