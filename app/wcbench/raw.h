/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef RAW_H
#define RAW_H

/* Stores into a window, timed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <wcbar_pci.h>

#include "options.h"
#include "run.h"
#include "stats.h"

#define RAW_BURST_MAX 64u
#define RAW_BURSTS 7u
#define RAW_MARKS_MAX 199u /* the plugin knows 255; the rest is left to others */
#define RAW_CELLS_MAX (WCBAR_STORES_MAX * RAW_BURSTS * 2 + 2)

struct raw_options {
	struct options common;
	char bdf[16];
	unsigned int bar;
	uint64_t off, bytes; /* of the BAR: what may be overwritten, whole lines */
	bool wc, uc;         /* the mappings to measure */
	const char *store;   /* only this one; NULL: all that are safe */
	uint64_t lines;      /* to a sample; 0: as many as take a fixed time */
	bool mark;           /* write what is stored next into a register, for an observer */
	unsigned int mark_bar;
	uint64_t mark_off;
	const char *root; /* tests: a folder that is a machine; NULL: this one */
};

/* One way to store, measured round by round. */
struct raw_cell {
	const struct wcbar_store *store;
	wcbar_doorbell_fn ring;
	unsigned int burst;   /* lines; 0: an 8-byte doorbell, which has no lines */
	bool each;            /* drained after each line or doorbell; false: after the burst */
	unsigned int repeats; /* of the burst in a sample */
	unsigned int mark;    /* what its samples are marked with; 0: nothing */
	size_t at;            /* the next line of the window to store into */
	struct samples ns;    /* per line, or per doorbell */
};

/* What was measured with one memory type. */
struct raw_mapping {
	enum wcbar_type intended, type;
	enum wcbar_rung rung; /* WCBAR_RUNGS: not a mapping of a BAR */
	bool direct;
	unsigned int rounds;
	void *mark;                /* the register, or NULL */
	unsigned int marks_before; /* numbers that an earlier mapping used */
	int error;                 /* then nothing was measured */
	char why[WCBAR_WHY_BYTES];
	size_t n;
	struct raw_cell cells[RAW_CELLS_MAX];
};

/*
 * Measures every way to store that is safe for `win`, in rounds that go through all of them. Stores
 * zeroes into its lines and nowhere else. Sets win->direct. Fills out->cells even on failure;
 * raw_mapping_fini() frees them. 0, -ENOMEM, or -EINVAL with a sentence in out->why: no such store,
 * no whole line.
 */
int raw_measure(struct wcbar_window *win, const struct raw_options *o, struct raw_mapping *out);

/* Frees the samples. */
void raw_mapping_fini(struct raw_mapping *m);

/*
 * Opens the device, maps the range with the intended type and measures. Fills all of `out`; on
 * failure out->error and out->why.
 */
void raw_device(const struct raw_options *o, const struct wcbar_pci_facts *facts,
		enum wcbar_type intended, unsigned int marks_before, struct raw_mapping *out);

/*
 * Reads the facts of the device and checks the options against them. 0, or -errno with a sentence
 * in `why`; -EBUSY: a kernel driver has the device.
 */
int
raw_check(const struct raw_options *o, struct wcbar_pci_facts *facts, char *why, size_t why_bytes);

/* The command line of wcbench raw; argv[0] is "raw". Strings point into argv. */
WC_MUST_CHECK enum app_options_verdict
raw_options_parse(int argc, char **argv, struct raw_options *o);

/* The report on `n` mappings as JSON: a new object, which the caller puts. */
struct json_object *
raw_json(const struct raw_options *o, const struct machine *machine,
	 const struct wcbar_pci_facts *facts, struct raw_mapping *mappings, size_t n);

/* The report on one mapping as text. */
void raw_text(FILE *out, const struct machine *machine, struct raw_mapping *m);

/* The command wcbench raw; argv[0] is "raw". Returns the exit status. */
int raw_main(int argc, char **argv);

#endif /* RAW_H */
