/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx by packed push, for x86-64 CPUs with AVX-512. */

#include "wcnic_tx_packed.h"

#define TARGET WC_TARGET("avx512f,tune=haswell")

WCNIC_TX_WRITER(avx512_direct, TARGET, wcnic_tx_plain_avx2, wcnic_lines_put512, false)
WCNIC_TX_WRITER(avx512_shared, TARGET, wcnic_tx_plain_avx2, wcnic_lines_put512_shared, false)
