/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Tx by packed push (datasheet section 6): the frames of a burst lie back to back in lines.
 * wcnic_tx_packed.h has the work; here are what any CPU can do, and the choice.
 */

#include <ethdev_driver.h>
#include <rte_cpuflags.h>
#include <rte_vect.h>

#include "wcnic_hw.h"
#include "wcnic_tx.h"
#include "wcnic_tx_packed.h"

WCNIC_TX_PLAIN(wcnic_tx_plain_generic, WCNIC_ANY_CPU);
WCNIC_TX_WRITER(generic, WCNIC_ANY_CPU, wcnic_tx_plain_generic, wcnic_lines_put, true)
WCNIC_TX_WRITER(generic_direct, WCNIC_ANY_CPU, wcnic_tx_plain_generic, wcnic_lines_put, false)

/* What the generic variant is called, and which store does the same as its stores. */
#if defined(RTE_ARCH_ARM64)
#define GENERIC "neon" /* which every such CPU has, and every compiler uses */
#define GENERIC_STORE ""
#else
#define GENERIC "scalar"
#define GENERIC_STORE "sse2"
#endif

#define NONE WCNIC_TX_WRITERS

struct variant {
	const char *name, *staged_name;
	const char *same_store; /* the store that does the same, so `direct` may replace it */
	uint16_t bits;
	enum rte_cpu_flag_t flag;
	/* enum wcnic_tx_writer; NONE: another variant's is used */
	uint8_t direct, staged;
	uint8_t shared; /* in place of `direct` in host memory */
};

/* The widest first. */
static const struct variant variants[] = {
#if defined(RTE_ARCH_X86)
	{"avx512", NULL, "avx512", RTE_VECT_SIMD_512, RTE_CPUFLAG_AVX512F,
	 WCNIC_TX_WRITER_PACKED_AVX512_DIRECT, NONE, WCNIC_TX_WRITER_PACKED_AVX512_SHARED},
	{"avx2", "avx2 staged", "avx2", RTE_VECT_SIMD_256, RTE_CPUFLAG_AVX2,
	 WCNIC_TX_WRITER_PACKED_AVX2_DIRECT, WCNIC_TX_WRITER_PACKED_AVX2,
	 WCNIC_TX_WRITER_PACKED_AVX2_SHARED},
#endif
	{GENERIC, GENERIC " staged", GENERIC_STORE, 0, 0, WCNIC_TX_WRITER_PACKED_DIRECT,
	 WCNIC_TX_WRITER_PACKED, WCNIC_TX_WRITER_PACKED_DIRECT},
};

static bool
cpu_has(const struct variant *v)
{
	return v->bits == 0 || (rte_vect_get_max_simd_bitwidth() >= v->bits &&
				rte_cpu_get_flag_enabled(v->flag) > 0);
}

/*
 * Whether lines may go straight from registers: the window's store does the same, or the window is
 * host memory, where width does not matter, and the user asked for no store by name.
 */
static bool
may_be_direct(const struct wcnic_txq *txq, const struct variant *v)
{
	const struct wcbar_store *store = wcbar_store_at(txq->store);

	if (strcmp(store->name, v->same_store) == 0)
		return true;
	return txq->ctrl.window.win.type == WCBAR_TYPE_WB && txq->hw->args.store[0] == '\0' &&
	       wcbar_store_is_plain(store);
}

bool
wcnic_tx_stores_tag_last(uint8_t writer)
{
	return writer == WCNIC_TX_WRITER_PACKED_AVX2_SHARED ||
	       writer == WCNIC_TX_WRITER_PACKED_AVX512_SHARED;
}

uint8_t
wcnic_tx_packed_select(const struct wcnic_txq *txq, const char **name)
{
	for (size_t i = 0; i < RTE_DIM(variants); i++) {
		const struct variant *v = &variants[i];
		const bool direct = may_be_direct(txq, v);
		const bool shared = txq->ctrl.window.win.type == WCBAR_TYPE_WB;

		if (!cpu_has(v) || (!direct && v->staged == NONE))
			continue;
		*name = direct ? v->name : v->staged_name;
		if (!direct)
			return v->staged;
		return shared ? v->shared : v->direct;
	}
	return WCNIC_TX_WRITER_SLOTS; /* not reached: the last variant is for any CPU and store */
}
