/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBASE_H
#define WCBASE_H

/*
 * What the files of base/ use of the compiler, in DPDK's words. The project that they come from has
 * the same names without DPDK.
 */

#include <stdint.h>

#include <rte_common.h>
#include <rte_vect.h>

#include "../wcnic_compat.h"

#define WC_MUST_CHECK __rte_warn_unused_result
#define WC_PRINTF(fmt, first) __rte_format_printf(fmt, first)
#define WC_NOINLINE __rte_noinline
#define WC_NORETURN __rte_noreturn
#define WC_DIM(array) RTE_DIM(array)

/* The build compiles each file for its kind of CPU; nothing is seen from outside the driver. */
#define WC_TARGET(features)
#define WC_PUBLIC

/* The build aligns functions. */
#define WC_HOT

typedef rte_v256u64_t wc_u64x4_t;
/* A vector of elements of two others, by their numbers. */
#define WC_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* Whether this CPU has a feature, by the compiler's name of it. */
#define WC_CPU_SUPPORTS(feature) (__builtin_cpu_supports(feature) != 0)

/* Single accesses to memory that a device writes or reads. */
#define WC_LOAD_RELAXED(type, at) \
	rte_atomic_load_explicit((const RTE_ATOMIC(type) *)(at), rte_memory_order_relaxed)
#define WC_LOAD_ACQUIRE(type, at) \
	rte_atomic_load_explicit((const RTE_ATOMIC(type) *)(at), rte_memory_order_acquire)
#define WC_STORE_RELEASE(type, at, value) \
	rte_atomic_store_explicit((RTE_ATOMIC(type) *)(at), value, rte_memory_order_release)
#define WC_FENCE_RELEASE() rte_atomic_thread_fence(rte_memory_order_release)

/* Objects that threads share, and accesses to them that are all in one order. */
#define WC_ATOMIC(type) RTE_ATOMIC(type)
#define WC_ATOMIC_LOAD(at) wcnic_load(at)
#define WC_ATOMIC_STORE(at, value) wcnic_store(at, value)
#define WC_ATOMIC_EXCHANGE(at, value) \
	rte_atomic_exchange_explicit(at, value, rte_memory_order_seq_cst)
#define WC_ATOMIC_SWAP(at, expected, value)                                                        \
	rte_atomic_compare_exchange_strong_explicit(at, expected, value, rte_memory_order_seq_cst, \
						    rte_memory_order_seq_cst)

#endif /* WCBASE_H */
