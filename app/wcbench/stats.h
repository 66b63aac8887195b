/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef STATS_H
#define STATS_H

/* Samples and their percentiles. */

#include <stddef.h>

struct samples {
	double *values;
	size_t n, max;
};

/* Allocates space for `max` samples. 0 or -ENOMEM; samples_fini() also after a failure. */
int samples_init(struct samples *s, size_t max);

/* Frees them. */
void samples_fini(struct samples *s);

/* Adds a sample. The caller must not add more than `max`. */
void samples_add(struct samples *s, double value);

/*
 * A percentile by nearest rank: the smallest sample that at least `percent` of all samples do not
 * exceed, so always one that was measured. 0 < percent <= 100, at least one sample. Sorts the
 * samples.
 */
double samples_percentile(struct samples *s, double percent);

#endif /* STATS_H */
