/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_HOT_H
#define WCNIC_HOT_H

/* How functions and data of the data path are laid out in memory. */

#include <wcbase.h>

/*
 * A function of the data path begins with a cache line. So code in front of it, which has nothing
 * to do with it, does not change how it is fetched, and measurements of two builds compare.
 */
#define WCNIC_HOT WC_HOT

/* In place of WC_TARGET(): a function for every CPU of the architecture. */
#define WCNIC_ANY_CPU

/* By which queues are laid out. CPUs with lines of 128 bytes take two of these at once. */
#define WCNIC_CACHE_LINE 64

#endif /* WCNIC_HOT_H */
