/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

#include <immintrin.h>

#include "wcbar_store_common.h"

/*
 * Ordinary stores of a register's width: in a WC mapping they gather like any other, in host memory
 * they stay in the cache where a polling card finds them. The source may be in any state, so each
 * line is loaded whole before it is stored.
 */
static void
store_sse2_lines(void *dst, const void *src, size_t lines)
{
	volatile __m128i *d = dst;
	const __m128i *s = src;

	for (; lines > 0; lines--, d += 4, s += 4) {
		__m128i a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a;
		d[1] = b;
		d[2] = c;
		d[3] = e;
	}
}

__attribute__((target("avx2"))) static void
store_avx2_lines(void *dst, const void *src, size_t lines)
{
	volatile __m256i *d = dst;
	const __m256i *s = src;

	for (; lines > 0; lines--, d += 2, s += 2) {
		__m256i a = s[0], b = s[1];

		d[0] = a;
		d[1] = b;
	}
}

__attribute__((target("avx512f"))) static void
store_avx512_lines(void *dst, const void *src, size_t lines)
{
	volatile __m512i *d = dst;
	const __m512i *s = src;

	for (; lines > 0; lines--)
		*d++ = *s++;
}

static void
store_drain(void)
{
	_mm_sfence();
}

static bool
has_sse2(void)
{
	return __builtin_cpu_supports("sse2");
}

static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool
has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

#define STORE(id)                                                               \
	{                                                                       \
		.name = #id, .lines = store_##id##_lines, .drain = store_drain, \
		.doorbell = store_doorbell,                                     \
	}

const struct wcbar_store wcbar_store_u64 = STORE(u64);
static const struct wcbar_store store_sse2 = STORE(sse2);
static const struct wcbar_store store_avx2 = STORE(avx2);
static const struct wcbar_store store_avx512 = STORE(avx512);

const struct wcbar_store_probe wcbar_store_probes[] = {
	{&store_avx512, has_avx512},
	{&store_avx2, has_avx2},
	{&store_sse2, has_sse2},
	{NULL, NULL},
};

const bool wcbar_cpu_shares_types = true;
