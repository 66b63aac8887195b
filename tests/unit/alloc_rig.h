/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef ALLOC_RIG_H
#define ALLOC_RIG_H

/* Allocations that fail in turn, and are counted: the linker sends the libraries' calls here. */

extern int alloc_fail_in; /* this many more succeed, then one fails; -1: all succeed */
extern int alloc_live;    /* those that were not freed */

#endif /* ALLOC_RIG_H */
