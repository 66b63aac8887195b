/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Rx of four completions at once, for x86-64 CPUs with AVX2. */

#include "wcnic_rx_quads.h"

WCNIC_RX_QUADS_VARIANT(avx2, WC_TARGET("avx2,tune=haswell"))
