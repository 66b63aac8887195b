/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Stores of lines for arm64. */

#include <sys/auxv.h>

#include "wcbar_store_common.h"

/* Newer than the headers that this is built with. */
#define AUX_HWCAP3 29u
#define AUX_HWCAP3_LS64 (1ul << 3)

/* Two pairs of 128-bit registers: Normal-NC gathers them better than eight single stores. */
static void
store_stp_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		__asm__ volatile("ldp q0, q1, [%1]\n\t"
				 "ldp q2, q3, [%1, #32]\n\t"
				 "stp q0, q1, [%0]\n\t"
				 "stp q2, q3, [%0, #32]"
				 :
				 : "r"((char *)dst + i * WCBAR_LINE_BYTES),
				   "r"((const char *)src + i * WCBAR_LINE_BYTES)
				 : "v0", "v1", "v2", "v3", "memory");
	}
}

/* One instruction for the line; some CPUs gather its four parts, some even keep them together. */
static void
store_st1x4_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		__asm__ volatile("ld1 {v0.2d, v1.2d, v2.2d, v3.2d}, [%1]\n\t"
				 "st1 {v0.2d, v1.2d, v2.2d, v3.2d}, [%0]"
				 :
				 : "r"((char *)dst + i * WCBAR_LINE_BYTES),
				   "r"((const char *)src + i * WCBAR_LINE_BYTES)
				 : "v0", "v1", "v2", "v3", "memory");
	}
}

/* Pairs of general registers, for CPUs whose vector stores leave in smaller parts. */
static void
store_stpx_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		__asm__ volatile("ldp x4, x5, [%1]\n\t"
				 "ldp x6, x7, [%1, #16]\n\t"
				 "ldp x8, x9, [%1, #32]\n\t"
				 "ldp x10, x11, [%1, #48]\n\t"
				 "stp x4, x5, [%0]\n\t"
				 "stp x6, x7, [%0, #16]\n\t"
				 "stp x8, x9, [%0, #32]\n\t"
				 "stp x10, x11, [%0, #48]"
				 :
				 : "r"((char *)dst + i * WCBAR_LINE_BYTES),
				   "r"((const char *)src + i * WCBAR_LINE_BYTES)
				 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "memory");
	}
}

/*
 * ST64B x4, [x2]: the line leaves as one write, guaranteed. By its number, because assemblers
 * before armv8.7 do not know it. Faults in cacheable memory and if the device's side refuses it.
 */
static void
store_st64b_lines(void *dst, const void *src, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		register char *to __asm__("x2") = (char *)dst + i * WCBAR_LINE_BYTES;

		__asm__ volatile("ldp x4, x5, [%1]\n\t"
				 "ldp x6, x7, [%1, #16]\n\t"
				 "ldp x8, x9, [%1, #32]\n\t"
				 "ldp x10, x11, [%1, #48]\n\t"
				 ".inst 0xf83f9044"
				 :
				 : "r"(to), "r"((const char *)src + i * WCBAR_LINE_BYTES)
				 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "memory");
	}
}

/* DGH (a hint, nothing on older CPUs) ends the gathering, the barrier orders what follows. */
static void
store_drain(void)
{
	__asm__ volatile("hint #6\n\tdmb oshst" ::: "memory");
}

static bool
has_simd(void)
{
	return true; /* mandatory in the ABI that DPDK and Debian use */
}

static bool
has_ls64(void)
{
	return (getauxval(AUX_HWCAP3) & AUX_HWCAP3_LS64) != 0;
}

#define STORE(id)                                                              \
	{                                                                      \
		.name = #id, .lines = store_##id##_lines, .drain = store_drain \
	}

const struct wcbar_store wcbar_store_u64 = STORE(u64);
static const struct wcbar_store store_stp = STORE(stp);
static const struct wcbar_store store_st1x4 = STORE(st1x4);
static const struct wcbar_store store_stpx = STORE(stpx);
static const struct wcbar_store store_st64b = STORE(st64b);

const struct wcbar_store_probe wcbar_store_probes[] = {
	{&store_stp, has_simd, STORE_PLAIN},
	{&store_st1x4, has_simd, STORE_PLAIN},
	{&store_stpx, has_simd, STORE_PLAIN},
	{&store_st64b, has_ls64, STORE_DEVICE_ONLY},
	{NULL, NULL, STORE_PLAIN},
};
const uint8_t wcbar_store_count = WC_DIM(wcbar_store_probes) - 1;

const bool wcbar_cpu_shares_types; /* no */
