/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef REPORT_H
#define REPORT_H

/* What users and programs read. Every string of the text is also in the JSON. */

#include <stdio.h>

#include "list.h"
#include "probe.h"

struct json_object;

/* Grows when a field is added, changes its meaning or goes; doc/tools.md describes it. */
#define REPORT_SCHEMA 1

/* The report on one BAR, or the list of devices, as text. */
void text_probe(FILE *out, const struct probe *p);
void text_list(FILE *out, const struct list *list);

/*
 * The same as JSON, and what could not be done. New objects, which the caller puts; NULL without
 * memory.
 */
struct json_object *json_probe(const struct probe *p, int exit_status);
struct json_object *json_list(const struct list *list);
/* What every JSON report begins with, also a new object. */
struct json_object *report_head(int exit_status);
struct json_object *json_error(int error, const char *why, int exit_status);

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

#endif /* REPORT_H */
