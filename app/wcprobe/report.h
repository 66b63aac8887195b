/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef REPORT_H
#define REPORT_H

/* What users and programs read. Every string of the text is also in the JSON. */

#include <stdio.h>

#include "list.h"
#include "probe.h"
#include "words.h"

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

#endif /* REPORT_H */
