/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCBASE_H
#define WCBASE_H

/*
 * Compiler attributes by name. Every library and program of this project writes attributes with
 * these macros; the driver uses DPDK's.
 */

/* The caller must use the returned value: it is a verdict or an error. */
#define WC_MUST_CHECK __attribute__((warn_unused_result))

/* Argument `fmt` is a printf format, its arguments begin at `first` (0: a va_list). */
#define WC_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define WC_ALIGNED(bytes) __attribute__((aligned(bytes)))

/* A vector of so many bytes, whose elements are of the type before it. */
#define WC_VECTOR(bytes) __attribute__((vector_size(bytes)))

#define WC_ALWAYS_INLINE inline __attribute__((always_inline))
#define WC_NOINLINE __attribute__((noinline))
#define WC_NORETURN __attribute__((noreturn))

/* Compiled for a CPU that has these features; the caller has asked the CPU. */
#define WC_TARGET(features) __attribute__((target(features)))

/* May point at objects of any type. */
#define WC_MAY_ALIAS __attribute__((may_alias))
/* Another definition, if there is one, takes its place; without any it is NULL. */
#define WC_WEAK __attribute__((weak))

/*
 * Part of a library's interface. Libraries are compiled with hidden visibility: what lacks this
 * word is not seen from outside.
 */
#define WC_PUBLIC __attribute__((visibility("default")))

#endif /* WCBASE_H */
