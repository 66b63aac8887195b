/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_MADE_H
#define FIT_MADE_H

/* Runs of wcbench raw that the link model made, with noise: what a fit is tested with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pcielink.h>

struct fit_made {
	const struct pcielink_config *config; /* the machine */
	const char *const *primitives;        /* ends with NULL */
	const char *arch, *basis;
	const char *speed; /* of the link; NULL: the run has none */
	unsigned int width;
	unsigned int burst_most;
	unsigned int threads_most; /* of the streams; 0: there are none */
	bool uc;                   /* has an uncached mapping too */
	bool words;                /* has 8-byte stores and reads */
	double noise;              /* of each sample, relative */
	uint64_t seed;
};

/* Writes such a run to a file. */
void fit_made_write(const struct fit_made *made, const char *path);

#endif /* FIT_MADE_H */
