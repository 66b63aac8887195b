/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef RUN_H
#define RUN_H

/* What all kinds of runs have: their JSON, how a figure looks, what --store wants. */

#include <stdbool.h>

#include <app_json.h>
#include <wcbar.h>

#include "machine.h"
#include "options.h"
#include "stats.h"

/* Grows when a field changes its meaning or goes; doc/tools.md describes it. */
#define RUN_SCHEMA 1

/*
 * The beginning of every run: program, setting, commit, machine, ok. A new object. `error` is NULL,
 * or why the run is void.
 */
struct json_object *
run_head(const char *kind, const struct options *o, const struct machine *m, const char *error);

/*
 * One figure: {"basis", "unit", "n", "p50", ...}, with the percentiles of a list that 0 ends. NULL,
 * which is null, without samples. Sorts the samples.
 */
struct json_object *
run_figure(const struct machine *m, const char *unit, struct samples *s, const double *percents);

/* The same with another basis than the machine's; a sample counts `each` of the unit. */
struct json_object *run_figure_of(const char *basis, const char *unit, struct samples *s,
				  const double *percents, double each);

/* The usual list: p10, p50, p90, p99. */
extern const double run_percents[];

/*
 * Reads this machine's facts for a run. 0, or -EINVAL after app_error(): whether the CPU is
 * emulated cannot be seen and the user has not said it, or has said the opposite.
 */
int run_machine(const struct options *o, struct machine *m);

/* Whether --store NAME wants it. NULL: all but one that may fault, which the user must name. */
bool run_store_wanted(const struct wcbar_store *store, const char *name);

#endif /* RUN_H */
