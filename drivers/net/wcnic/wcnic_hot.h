/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_HOT_H
#define WCNIC_HOT_H

/* How functions of the data path are laid out in memory. */

/* Begins with a line: what stands before it does not change its speed. */
#define WCNIC_HOT __attribute__((aligned(64)))

#endif /* WCNIC_HOT_H */
