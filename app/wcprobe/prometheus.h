/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PROMETHEUS_H
#define PROMETHEUS_H

/* All memory BARs as metrics, in the text format that node_exporter's textfile collector reads. */

#include <stdio.h>

#include "list.h"
#include "now_scan.h"

/* Writes the metrics. `arch` is that of the list's machine, "" if unknown. 0 or -ENOMEM. */
int
prometheus_write(FILE *out, const struct list *list, const char *arch, const struct now_scan *scan);

#endif /* PROMETHEUS_H */
