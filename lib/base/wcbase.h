/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBASE_H
#define WCBASE_H

/*
 * What the compiler offers, by name: attributes, vectors, atomic accesses. Every library and
 * program of this project uses these words; the driver uses DPDK's where there are any. In DPDK's
 * own tree another file takes the place of this one (tests/upstream/base/wcbase.h), which has the
 * same words in terms of DPDK's.
 */

#include <stdint.h>

/* The caller must use the returned value: it is a verdict or an error. */
#define WC_MUST_CHECK __attribute__((warn_unused_result))

/* Argument `fmt` is a printf format, its arguments begin at `first` (0: a va_list). */
#define WC_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define WC_ALIGNED(bytes) __attribute__((aligned(bytes)))

/* How many elements an array has. */
#define WC_DIM(array) (sizeof(array) / sizeof((array)[0]))

/* A vector of so many bytes, whose elements are of the type before it. */
#define WC_VECTOR(bytes) __attribute__((vector_size(bytes)))
typedef uint64_t wc_u64x4_t WC_VECTOR(32);
/* A vector of elements of two others, by their numbers. */
#define WC_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

#define WC_ALWAYS_INLINE inline __attribute__((always_inline))
#define WC_NOINLINE __attribute__((noinline))
#define WC_NORETURN __attribute__((noreturn))

/* Compiled for a CPU that has these features; the caller has asked the CPU. */
#define WC_TARGET(features) __attribute__((target(features)))

/* May point at objects of any type. */
#define WC_MAY_ALIAS __attribute__((may_alias))

/* A function that begins with a cache line, so that code in front of it does not move its own. */
#define WC_HOT __attribute__((aligned(64)))

/* Whether this CPU has a feature, by the compiler's name of it. */
#define WC_CPU_SUPPORTS(feature) (__builtin_cpu_supports(feature) != 0)

/* Single accesses to memory that another thread or a device writes or reads. */
#define WC_LOAD_RELAXED(type, at) __atomic_load_n((const type *)(at), __ATOMIC_RELAXED)
#define WC_LOAD_ACQUIRE(type, at) __atomic_load_n((const type *)(at), __ATOMIC_ACQUIRE)
#define WC_STORE_RELEASE(type, at, value) __atomic_store_n((type *)(at), value, __ATOMIC_RELEASE)
#define WC_FENCE_RELEASE() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Objects that threads share, and accesses to them that are all in one order. */
#define WC_ATOMIC(type) type
#define WC_ATOMIC_LOAD(at) __atomic_load_n(at, __ATOMIC_SEQ_CST)
#define WC_ATOMIC_STORE(at, value) __atomic_store_n(at, value, __ATOMIC_SEQ_CST)
#define WC_ATOMIC_EXCHANGE(at, value) __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST)
/* If it is *expected, it becomes `value`, and that is true; else *expected gets what it is. */
#define WC_ATOMIC_SWAP(at, expected, value) \
	__atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Another definition, if there is one, takes its place; without any it is NULL. */
#define WC_WEAK __attribute__((weak))

/*
 * Part of a library's interface. Libraries are compiled with hidden visibility: what lacks this
 * word is not seen from outside.
 */
#define WC_PUBLIC __attribute__((visibility("default")))

#endif /* WCBASE_H */
