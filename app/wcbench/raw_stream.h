/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef RAW_STREAM_H
#define RAW_STREAM_H

/* Threads, each pinned to a core of its own, that store lines at the same time. */

#include <stddef.h>

#include <wcbar.h>

#include "raw.h"

/* What is stored, here and by one thread. Begins a line. */
extern const uint8_t raw_zeroes[RAW_BURST_MAX * WCBAR_LINE_BYTES];

struct raw_crew;

/* What each thread of a sample does, in a part of the window that is its own. */
struct raw_stream_job {
	const struct wcbar_store *store;
	void *addr;
	size_t lines;         /* of the window */
	unsigned int burst;   /* lines between drains */
	unsigned int repeats; /* of the burst */
};

/*
 * Starts a thread on each of `n` CPUs. They sleep. 0; -errno: -EPERM and others: one could not be
 * started or pinned. raw_crew_stop() ends them; NULL does nothing. One thread calls these.
 */
WC_MUST_CHECK int raw_crew_start(const unsigned int *cpus, size_t n, struct raw_crew **crew);
void raw_crew_stop(struct raw_crew *crew);

/*
 * Lets the first `threads` of them do the job, each in lines / threads lines of the window, which
 * must be `burst` or more. Returns the nanoseconds from the first one's start to the last one's
 * end, with everything drained.
 */
double raw_crew_run(struct raw_crew *crew, unsigned int threads, const struct raw_stream_job *job);

#endif /* RAW_STREAM_H */
