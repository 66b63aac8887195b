/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WORDS_H
#define WORDS_H

/* Facts in the words of the reports. Pure functions. */

#include <stddef.h>
#include <stdint.h>

#include <wcbar_pci.h>

/* What a BAR is: "64-bit, prefetchable", "I/O ports". */
void report_bar_kind(const struct wcbar_bar_facts *b, char *text, size_t bytes);
/* A number of bytes for people: "1 MiB". */
void report_size(uint64_t size, char *text, size_t bytes);
/* "yes", "no", "unknown". A static string. */
const char *report_setting(enum wcbar_setting setting);
/* Whether VFIO's no-IOMMU mode is on, and which file says so. A static string. */
const char *report_noiommu_mode(const struct wcbar_pci_facts *f);
/* The name of a PCI class: "network", "other". A static string. */
const char *report_class(uint32_t class_code);

#endif /* WORDS_H */
