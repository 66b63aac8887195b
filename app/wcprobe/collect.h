/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef COLLECT_H
#define COLLECT_H

/*
 * Writes what wcprobe reads of a machine into a tar file, so that --root can read it elsewhere. Of
 * what else stands in those files nothing is taken: of the kernel's command line only iomem=, of
 * processes only those that have a BAR mapped, and of their files only those of VFIO.
 */

#include <stddef.h>

/*
 * Collects from `root` (NULL: this machine) into `path`, which appears when all of it is written.
 * 0 and the number of files, or -errno with a sentence in `why`.
 */
int
collect_write(const char *root, const char *path, unsigned int *files, char *why, size_t why_bytes);

#endif /* COLLECT_H */
