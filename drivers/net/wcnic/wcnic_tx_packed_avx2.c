/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tx by packed push, for x86-64 CPUs with AVX2. */

#include "wcnic_tx_packed.h"

#define TARGET WC_TARGET("avx2,tune=haswell")

WCNIC_TX_PLAIN(wcnic_tx_plain_avx2, TARGET);
WCNIC_TX_WRITER(avx2, TARGET, wcnic_tx_plain_avx2, wcnic_lines_put, true)
WCNIC_TX_WRITER(avx2_direct, TARGET, wcnic_tx_plain_avx2, wcnic_lines_put, false)
WCNIC_TX_WRITER(avx2_shared, TARGET, wcnic_tx_plain_avx2, wcnic_lines_put_shared, false)
