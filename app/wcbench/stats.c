/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Samples and their percentiles. */

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define HALF_MIN 5u    /* samples */
#define NO_CHANGE 0.01 /* of the median: a difference that is none */

int
samples_init(struct samples *s, size_t max)
{
	*s = (struct samples){.values = calloc(max, sizeof(*s->values)), .max = max};
	return s->values != NULL ? 0 : -ENOMEM;
}

void
samples_fini(struct samples *s)
{
	free(s->values);
	*s = (struct samples){0};
}

void
samples_add(struct samples *s, double value)
{
	assert(s->n < s->max);
	s->values[s->n++] = value;
}

static int
double_compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
samples_percentile(struct samples *s, double percent)
{
	size_t rank;

	assert(s->n > 0 && percent > 0 && percent <= 100);
	qsort(s->values, s->n, sizeof(*s->values), double_compare);
	/* 99.9 % of 1000 is 999, not the next one because of what binary fractions leave */
	rank = (size_t)ceil(percent * (double)s->n / 100.0 - 1e-9);
	return s->values[rank > 0 ? rank - 1 : 0];
}

/* The median of one half, and its spread. */
static double
half(const double *values, size_t n, double *copy, double *spread)
{
	struct samples part = {.values = copy, .n = n, .max = n};

	memcpy(copy, values, n * sizeof(*copy));
	*spread = samples_percentile(&part, 90) - samples_percentile(&part, 10);
	return samples_percentile(&part, 50);
}

struct halves
samples_halves(const struct samples *s)
{
	const size_t n = s->n / 2;
	struct halves h = {0};
	double *copy, a, b, most;

	if (n < HALF_MIN)
		return h;
	copy = calloc(n, sizeof(*copy));
	if (copy == NULL)
		return h;
	h.judged = true;
	h.first = half(s->values, n, copy, &a);
	h.second = half(s->values + s->n - n, n, copy, &b);
	free(copy);
	most = fmax(fmax(a, b), NO_CHANGE * fmax(h.first, h.second));
	h.agree = fabs(h.first - h.second) <= most;
	return h;
}
