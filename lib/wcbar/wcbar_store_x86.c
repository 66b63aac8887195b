/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Stores of lines for x86-64. */

#include <cpuid.h>
#include <immintrin.h>

#include "wcbar_store_common.h"
#include "wcbar_store_x86.h"

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

/*
 * Non-temporal stores gather in the same buffers whatever the type of the mapping is. Into host
 * memory they go around the cache, which costs a poller a miss; the drain makes them visible.
 */
static void
store_sse2nt_lines(void *dst, const void *src, size_t lines)
{
	__m128i *d = dst;
	const __m128i *s = src;

	for (; lines > 0; lines--, d += 4, s += 4) {
		__m128i a = s[0], b = s[1], c = s[2], e = s[3];

		_mm_stream_si128(&d[0], a);
		_mm_stream_si128(&d[1], b);
		_mm_stream_si128(&d[2], c);
		_mm_stream_si128(&d[3], e);
	}
}

/* What the instruction reads. */
struct line {
	char bytes[WCBAR_LINE_BYTES];
};

/* A direct store: the line leaves as one write, never split, never gathered with another. */
static void
store_movdir64b_lines(void *dst, const void *src, size_t lines)
{
	char *d = dst;
	const char *s = src;

	for (; lines > 0; lines--, d += WCBAR_LINE_BYTES, s += WCBAR_LINE_BYTES)
		__asm__ volatile("movdir64b %0, %1"
				 :
				 : "m"(*(const struct line *)s), "r"(d)
				 : "memory");
}

static void
store_drain(void)
{
	_mm_sfence();
}

static bool
has_sse2(void)
{
	return WC_CPU_SUPPORTS("sse2");
}

static bool
has_avx2(void)
{
	return WC_CPU_SUPPORTS("avx2");
}

static bool
has_avx512(void)
{
	return WC_CPU_SUPPORTS("avx512f");
}

static bool
has_movdir64b(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_MOVDIR64B) != 0;
}

#define STORE_BY(id, function)                                       \
	{                                                            \
		.name = #id, .lines = function, .drain = store_drain \
	}
#define STORE(id) STORE_BY(id, store_##id##_lines)

const struct wcbar_store wcbar_store_u64 = STORE(u64);
static const struct wcbar_store store_sse2 = STORE(sse2);
static const struct wcbar_store store_avx2 = STORE_BY(avx2, wcbar_store_avx2_lines);
static const struct wcbar_store store_avx512 = STORE_BY(avx512, wcbar_store_avx512_lines);
static const struct wcbar_store store_sse2nt = STORE(sse2nt);
static const struct wcbar_store store_avx2nt = STORE_BY(avx2nt, wcbar_store_avx2nt_lines);
static const struct wcbar_store store_avx512nt = STORE_BY(avx512nt, wcbar_store_avx512nt_lines);
static const struct wcbar_store store_movdir64b = STORE(movdir64b);

const struct wcbar_store_probe wcbar_store_probes[] = {
	{&store_movdir64b, has_movdir64b, STORE_AROUND_CACHE},
	{&store_avx512, has_avx512, STORE_PLAIN},
	{&store_avx512nt, has_avx512, STORE_AROUND_CACHE},
	{&store_avx2, has_avx2, STORE_PLAIN},
	{&store_avx2nt, has_avx2, STORE_AROUND_CACHE},
	{&store_sse2, has_sse2, STORE_PLAIN},
	{&store_sse2nt, has_sse2, STORE_AROUND_CACHE},
	{NULL, NULL, STORE_PLAIN},
};
const uint8_t wcbar_store_count = WC_DIM(wcbar_store_probes) - 1;

const bool wcbar_cpu_shares_types = true;
