/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

/* How the running kernel was built, as /proc/config.gz says; lib/wcbar reads the other places. */

#include <wcbar_pci.h>

/* Reads it under `root` (NULL: this machine). Without such a file, or libarchive, all is unknown.
 */
void kernel_config_read(const char *root, struct wcbar_kernel_config *config);

#endif /* KERNEL_CONFIG_H */
