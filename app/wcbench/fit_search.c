/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * The search by NLopt, without derivatives: the model counts buffers and picoseconds, so its error
 * has steps. Controlled random search looks everywhere, subplex goes on from one point.
 */

#include <errno.h>
#include <nlopt.h>
#include <string.h>

#include "fit_search.h"

#define N_MAX 32u
#define SEED 1u
#define STEP 0.08      /* the first of a search nearby */
#define PRECISION 1e-4 /* of the numbers */

struct run {
	const struct fit_search *search;
	double best;
	double x[N_MAX];
};

/* Keeps the best itself: a search that ends early need not be at it. */
static double
call(unsigned int n, const double *x, double *gradient, void *data)
{
	struct run *run = data;
	const double value = run->search->fn(run->search->ctx, x, n);

	(void)gradient;
	if (value < run->best) {
		run->best = value;
		memcpy(run->x, x, n * sizeof(*x));
	}
	return value;
}

const char *
fit_search_missing(void)
{
	return NULL;
}

int
fit_search_run(const struct fit_search *search, double *x, double *value)
{
	const unsigned int n = (unsigned int)search->n;
	struct run run = {.search = search};
	double from[N_MAX], last;
	nlopt_opt opt;

	if (search->n > N_MAX)
		return -ENOMEM;
	run.best = search->fn(search->ctx, x, n);
	memcpy(run.x, x, n * sizeof(*x));
	*value = run.best;
	if (n == 0 || run.best <= search->enough)
		return 0;
	opt = nlopt_create(search->way == FIT_SEARCH_EVERYWHERE ? NLOPT_GN_CRS2_LM : NLOPT_LN_SBPLX,
			   n);
	if (opt == NULL)
		return -ENOMEM;
	nlopt_srand(SEED);
	nlopt_set_min_objective(opt, call, &run);
	nlopt_set_lower_bounds1(opt, 0);
	nlopt_set_upper_bounds1(opt, 1);
	nlopt_set_maxeval(opt, (int)search->calls_most);
	nlopt_set_stopval(opt, search->enough);
	nlopt_set_xtol_abs1(opt, PRECISION);
	nlopt_set_initial_step1(opt, STEP);
	memcpy(from, x, n * sizeof(*x));
	/* Whatever ends it: the best so far is the result. */
	(void)nlopt_optimize(opt, from, &last);
	nlopt_destroy(opt);
	memcpy(x, run.x, n * sizeof(*x));
	*value = run.best;
	return 0;
}
