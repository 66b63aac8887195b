/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Samples and their percentiles. */

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats.h"

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
