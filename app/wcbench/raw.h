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
#define RAW_MARKS_MAX 199u /* what the plugin tells apart, and room for others to mark */
#define RAW_CELLS_MAX (WCBAR_STORES_MAX * RAW_BURSTS * 2 + 2)

struct raw_options {
	struct options common;
	char bdf[16];
	unsigned int bar;
	uint64_t off, bytes; /* of the BAR: what may be overwritten, whole lines */
	bool wc, uc;         /* the mappings to measure */
	const char *store;   /* only this one; NULL: all that are safe */
	uint64_t lines;      /* to a sample; 0: as many as take a fixed time */
	bool mark;           /* a register that tells an observer of the bus what is stored */
	unsigned int mark_bar;
	uint64_t mark_off;
	const char *root; /* tests: a folder that is a machine; NULL: this one */
};

/* One way to store, measured round by round. */
struct raw_cell {
	const struct wcbar_store *store;
	unsigned int burst;   /* lines; 0: an 8-byte doorbell, which has no lines */
	bool each;            /* drained after each line or doorbell; false: after the burst */
	unsigned int repeats; /* of the burst in a sample */
	unsigned int mark;    /* what its samples are marked with; 0: nothing */
	size_t at;            /* the next line of the window to store into */
	struct samples ns;    /* per line, or per doorbell */
};

/* What came of one memory type. */
struct raw_mapping {
	enum wcbar_type intended, type;
	enum wcbar_rung rung; /* WCBAR_RUNGS: it is no BAR's */
	bool direct;
	unsigned int rounds;
	void *mark;                /* the register, or NULL */
	unsigned int marks_before; /* numbers that an earlier mapping took */
	int error;                 /* then nothing was measured */
	char why[WCBAR_WHY_BYTES];
	size_t n;
	struct raw_cell cells[RAW_CELLS_MAX];
};

/*
 * Measures every way to store that is safe for `win`, in rounds that go through all of them, into
 * its lines and nowhere else, zeroes only. Sets win->direct. Fills out->cells even on failure;
 * raw_mapping_fini frees them. 0, -ENOMEM, or -EINVAL with a sentence: no such store, no line.
 */
int raw_measure(struct wcbar_window *win, const struct raw_options *o, struct raw_mapping *out);
void raw_mapping_fini(struct raw_mapping *m);

/* Opens the device and measures one mapping of the range. Fills out->error and why. */
void raw_device(const struct raw_options *o, const struct wcbar_pci_facts *facts,
		enum wcbar_type intended, unsigned int marks_before, struct raw_mapping *out);

/* Facts of the device, and whether the range is in its BAR. -errno and a sentence. */
int
raw_check(const struct raw_options *o, struct wcbar_pci_facts *facts, char *why, size_t why_bytes);

enum app_options_verdict raw_options_parse(int argc, char **argv, struct raw_options *o);

/* A new object; NULL without memory. `n` mappings. */
struct json_object *
raw_json(const struct raw_options *o, const struct machine *machine,
	 const struct wcbar_pci_facts *facts, struct raw_mapping *mappings, size_t n);
void raw_text(FILE *out, const struct machine *machine, struct raw_mapping *m);

/* wcbench raw; argv[0] is "raw". */
int raw_main(int argc, char **argv);

#endif /* RAW_H */
