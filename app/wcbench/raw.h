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
#include "vulkan.h"

#define RAW_BURST_MAX 64u
#define RAW_BURSTS 7u
#define RAW_MARKS_MAX 199u /* the plugin knows 255; the rest is left to others */
#define RAW_CELLS_MAX (WCBAR_STORES_MAX * RAW_BURSTS * 2 + 4)
#define RAW_THREADS_MAX 64u
#define RAW_STREAMS_MAX 7u /* 1, 2, 4, ... 64 threads */

/* What the memory is reached through. */
enum raw_way {
	RAW_WAY_BAR = 0, /* a PCI address */
	RAW_WAY_VULKAN,
	RAW_WAY_DRM,
	RAW_WAY_MAP,
};

struct raw_options {
	struct options common;
	enum raw_way way;
	char bdf[16];
	unsigned int bar;
	uint64_t off, bytes; /* of BAR or file: what may be overwritten, whole lines */
	bool wc, uc;         /* the mappings of a BAR to measure */
	bool vulkan_wanted;  /* --vulkan was given */
	struct vulkan_options vulkan;
	const char *file; /* of DRM, or to be mapped */
	/* What the user says that a file is; UNKNOWN: nothing. */
	enum wcbar_type said;
	const char *store; /* only this one; NULL: all that are safe */
	uint64_t lines;    /* to a sample; 0: as many as take a fixed time */
	bool far_end;      /* a shader tells what it sees of the stores */
	bool mark;         /* write what is stored next into a register, for an observer */
	unsigned int mark_bar;
	uint64_t mark_off;
	const char *root; /* tests: a folder that is a machine; NULL: this one */
};

enum raw_what {
	RAW_LINES = 0,
	RAW_DOORBELL, /* 8 bytes, as a driver rings */
	RAW_STORE,    /* 8 bytes, each with a drain of its own, side by side */
	RAW_READ,     /* 8 bytes */
};

/* One way to store, measured round by round. */
struct raw_cell {
	enum raw_what what;
	const struct wcbar_store *store;
	wcbar_doorbell_fn ring;
	unsigned int burst;   /* lines; 0: what has no lines */
	bool each;            /* drained after each line or doorbell; false: after the burst */
	unsigned int repeats; /* of the burst in a sample */
	unsigned int mark;    /* what its samples are marked with; 0: nothing */
	size_t at;            /* the next line of the window to store into */
	struct samples ns;    /* per line, doorbell, store or read */
	struct halves halves; /* whether they are stable */
};

/* As many lines a second as so many threads store. */
struct raw_stream {
	unsigned int threads;
	unsigned int repeats;            /* of the burst, by each thread in a sample */
	struct samples bytes_per_second; /* of all threads together */
	struct halves halves;
};

/* What was measured with one memory type. */
struct raw_mapping {
	enum wcbar_type intended, type;
	enum wcbar_rung rung; /* WCBAR_RUNGS: not a mapping of a BAR */
	bool direct;
	int numa_node; /* of the device; -1: unknown. Threads go there first */
	int cpu;       /* that what is no stream was measured on; -1: not pinned */
	unsigned int rounds;
	void *mark;                /* the register, or NULL */
	unsigned int marks_before; /* numbers that an earlier mapping used */
	int error;                 /* then nothing was measured */
	char why[WCBAR_WHY_BYTES];
	size_t n;
	struct raw_cell cells[RAW_CELLS_MAX];
	/* Streams: the store, how many lines between drains, and the CPU of each thread. */
	const struct wcbar_store *stream_store;
	unsigned int stream_burst;
	size_t n_streams, n_cpus;
	unsigned int cpus[RAW_THREADS_MAX];
	char streams_why[WCBAR_WHY_BYTES]; /* why there are none, or none with more threads */
	struct raw_stream streams[RAW_STREAMS_MAX];
};

/*
 * Measures every way to store that is safe for `win`, in rounds that go through all of them. Stores
 * zeroes into its lines and nowhere else, and reads its first 8 bytes. With marks only what has a
 * mark. Sets win->direct. Fills out->cells even on failure; raw_mapping_fini() frees them. 0,
 * -ENOMEM, or -EINVAL with a sentence in out->why: no such store, no whole line.
 */
int raw_measure(struct wcbar_window *win, const struct raw_options *o, struct raw_mapping *out);

/* Frees the samples. */
void raw_mapping_fini(struct raw_mapping *m);

/* How many rows, streams too, have halves that do not agree. */
size_t raw_unstable(const struct raw_mapping *m);

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

/* The command wcbench raw; argv[0] is "raw". Returns the exit status. */
int raw_main(int argc, char **argv);

#endif /* RAW_H */
