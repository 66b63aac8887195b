/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_H
#define FIT_H

/* Fits the parameters of a link to the rows of runs. */

#include "fit_run.h"

/* Where the error after a fit is larger, the model does not explain the rows. */
#define FIT_UNEXPLAINED 1.0

enum fit_told {
	FIT_FIXED = 0, /* a fact, or a key without bounds: not looked for */
	FIT_NOT_TOLD,  /* any value within its assumed bounds does */
	FIT_AT_LEAST,  /* less would not do */
	FIT_AT_MOST,
	FIT_BETWEEN, /* far less and far more would not do */
	FIT_TOLD,    /* neither more nor less would do */
};

struct fit_key {
	enum fit_told told;
	uint64_t from, to;  /* where it was looked for */
	uint64_t low, high; /* the values that do */
	bool at_edge;       /* the value is at an end of where it was looked for */
};

struct fit {
	const struct fit_runs *runs;
	struct pcielink_config base; /* as assumed before */
	struct pcielink_config
		config; /* with the fitted values; bounds and origins are the base's */
	struct fit_key keys[PCIELINK_KEYS];
	/* Of each row: nanoseconds that the model makes, before and after. */
	double before[FIT_ROWS_MAX], after[FIT_ROWS_MAX];
	/* Root mean square of the rows' errors, each in units of half its spread. */
	double error_before, error_after;
	unsigned int evaluations; /* of the model with all rows */
};

/* "fixed", "not told", "at least", "at most", "between", "told". A constant. */
const char *fit_told_name(enum fit_told told);

/* What a row's error is measured in: half of p10 to p90, and 1 % of the median at least. */
double fit_row_unit(const struct fit_row *row);

/*
 * Fits: fit->runs, fit->base are given, all else is filled. Shows progress. The same rows and base
 * give the same result. 0, -ENOMEM, -ENOTSUP: built without a library that searches.
 */
WC_MUST_CHECK int fit_run(struct fit *fit);

#endif /* FIT_H */
