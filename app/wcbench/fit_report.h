/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_REPORT_H
#define FIT_REPORT_H

/* What a fit found, for people and for programs. */

#include <stdio.h>

#include <app_json.h>

#include "fit.h"

/* Tables of the parameters and of the rows. */
void fit_report_text(FILE *out, const struct fit *fit);

/* The same: a new object, which the caller puts. */
struct json_object *fit_report_json(const struct fit *fit, const char *set);

#endif /* FIT_REPORT_H */
