/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef STATS_H
#define STATS_H

/* Samples and their percentiles. */

#include <stdbool.h>
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

/* Whether the figures of a run stayed the same: the medians of its two halves. */
struct halves {
	bool judged; /* false: too few samples to tell */
	bool agree;  /* the medians differ by no more than the spread, p10 to p90, of a half */
	double first, second;
};

/*
 * Judges samples in the order in which they were added: before samples_percentile() of them.
 * Without memory it does not judge.
 */
struct halves samples_halves(const struct samples *s);

#endif /* STATS_H */
