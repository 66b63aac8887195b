/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

#include "wcbar_store_common.h"

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

static void
store_drain(void)
{
	__asm__ volatile("dmb oshst" ::: "memory");
}

static bool
has_simd(void)
{
	return true; /* mandatory in the ABI that DPDK and Debian use */
}

const struct wcbar_store wcbar_store_u64 = {
	.name = "u64",
	.lines = store_u64_lines,
	.drain = store_drain,
	.doorbell = store_doorbell,
};

static const struct wcbar_store store_stp = {
	.name = "stp",
	.lines = store_stp_lines,
	.drain = store_drain,
	.doorbell = store_doorbell,
};

const struct wcbar_store_probe wcbar_store_probes[] = {
	{&store_stp, has_simd},
	{NULL, NULL},
};

const bool wcbar_cpu_shares_types = false;
