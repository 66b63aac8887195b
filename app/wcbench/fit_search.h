/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_SEARCH_H
#define FIT_SEARCH_H

/* The least value of a function of some numbers from 0 to 1. The function may have steps. */

#include <stddef.h>

#include <wcbase.h>

/* What is to be made small. Never negative; the same numbers give the same value. */
typedef double (*fit_search_fn)(void *ctx, const double *x, size_t n);

enum fit_search_way {
	FIT_SEARCH_EVERYWHERE = 0, /* the whole range, roughly */
	FIT_SEARCH_NEAR,           /* from x on, to the end */
};

struct fit_search {
	fit_search_fn fn;
	void *ctx;
	enum fit_search_way way;
	size_t n;
	unsigned int calls_most; /* of the function */
	double enough;           /* ends at a value that is not above this */
};

/* NULL: there is a library that searches; else a sentence which says that there is none. */
const char *fit_search_missing(void);

/*
 * Searches from x, which is replaced by the best that was found; returns its value. The same call
 * gives the same result. -ENOMEM, -ENOTSUP (no library): x and *value are as before.
 */
WC_MUST_CHECK int fit_search_run(const struct fit_search *search, double *x, double *value);

#endif /* FIT_SEARCH_H */
