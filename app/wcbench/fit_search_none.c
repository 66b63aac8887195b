/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* In place of fit_search.c where NLopt was missing when this was built. */

#include <errno.h>

#include "fit_search.h"

const char *
fit_search_missing(void)
{
	return "built without NLopt, which does the numerical work: install libnlopt-dev and build "
	       "again";
}

int
fit_search_run(const struct fit_search *search, double *x, double *value)
{
	(void)search;
	(void)x;
	(void)value;
	return -ENOTSUP;
}
