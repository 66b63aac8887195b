/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef NOW_REPORT_H
#define NOW_REPORT_H

/* What is mapped now, as text and as JSON, and the command that tells nothing else. */

#include <stdio.h>

#include "now.h"
#include "options.h"

struct json_object;

/* The lines of a report; `label` begins each of them, its text the first one only. */
void now_text(FILE *out, const char *label, const struct wcbar_pci_facts *f, unsigned int bar,
	      const struct now *now);
/* A new object, which the caller puts. */
struct json_object *now_json(const struct now *now, unsigned int bar);

/*
 * wcprobe --now: prints it for one BAR or for all that are mapped. The exit status: 0 if what is
 * mapped is WC, 1 if not or if nobody can tell, 2 if there is no such device or BAR.
 */
int now_main(const struct options *options);

#endif /* NOW_REPORT_H */
