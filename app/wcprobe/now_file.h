/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef NOW_FILE_H
#define NOW_FILE_H

/* Whether a mapped file is a certain BAR. */

#include "now.h"

/*
 * Whether the mapping `vma` is, or may be, of BAR `bar`. Fills all of `m` but the process: where in
 * the BAR it begins, how much of the BAR it covers, and how sure that is.
 */
bool now_file_is_bar(const struct now_scan *scan, const struct now_vma *vma,
		     const struct wcbar_pci_facts *facts, unsigned int bar, struct now_mapping *m);

#endif /* NOW_FILE_H */
