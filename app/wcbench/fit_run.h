/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_RUN_H
#define FIT_RUN_H

/*
 * What a fit takes of runs of wcbench raw: the rows that the link model can make too, and the facts
 * of the machine. One thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pcielink.h>

#define FIT_ROWS_MAX 1024u
#define FIT_TEXT_BYTES 96u
#define FIT_WHY_BYTES 512u
/* Rows with more threads tell nothing new, and cost the model much time. */
#define FIT_THREADS_MAX 4u
#define FIT_BURST_MAX 64u

enum fit_kind {
	FIT_LINES = 0, /* `burst` lines, then a drain */
	FIT_DOORBELL,  /* 16 doorbells, drained each or after the last */
	FIT_WORD,      /* 8-byte stores, each with a drain */
	FIT_READ,      /* reads of 8 bytes */
	FIT_STREAM,    /* as FIT_LINES, by several threads at once */
	FIT_KINDS,
};

/* One figure of a run. Times are nanoseconds a line, doorbell, store or read. */
struct fit_row {
	enum fit_kind kind;
	enum pcielink_type type;
	unsigned int store_bytes; /* of each store of a line */
	unsigned int burst;       /* lines to a drain; others: 0 */
	unsigned int threads;     /* of a stream, else 1 */
	bool each;                /* doorbells: a drain after each */
	double ns;                /* median; a stream: of all its threads together */
	double half_ns;           /* half of p10 to p90 */
	char name[FIT_TEXT_BYTES];
};

/* All runs of one fit; they are of one machine and device. All texts may be "": unknown. */
struct fit_runs {
	size_t n;
	char names[FIT_TEXT_BYTES]; /* of the files, without folders */
	char basis[FIT_TEXT_BYTES]; /* "measured", ... */
	char cpu[FIT_TEXT_BYTES], device[FIT_TEXT_BYTES], commit[FIT_TEXT_BYTES], ended[16];
	bool arm;                       /* the drain is not a fence that waits */
	bool no_link;                   /* "measured" was waived: this is no link's figure */
	unsigned int generation, lanes; /* of the link; 0: unknown */
	size_t left_out;                /* rows that the model does not make */
	size_t n_rows;
	struct fit_row rows[FIT_ROWS_MAX];
};

/*
 * Adds the rows of a file to *runs, which starts as {0}. 0, or -errno with a sentence in `why`
 * (FIT_WHY_BYTES): the file cannot be read, is no run of wcbench raw, has a figure that is no time,
 * is of another machine than those before, or is not measured on a device and `allow_ram` is false.
 */
WC_MUST_CHECK int fit_runs_add(struct fit_runs *runs, const char *path, bool allow_ram, char *why);

/* Whether the rows are those that a fit needs. -ENODATA with a sentence in `why` that names them.
 */
WC_MUST_CHECK int fit_runs_check(const struct fit_runs *runs, char *why);

#endif /* FIT_RUN_H */
