/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCLAB_RECORDER_H
#define WCLAB_RECORDER_H

/*
 * What the plugin saw, kept by region of interest, and what the link model makes of it. Knows
 * nothing of QEMU. Threads: one call at a time.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <pcielink.h>
#include <tlpfeed.h>
#include <wcbase.h>

#include "stream.h"
#include "walk.h"

struct recorder;

struct recorder_config {
	const struct pcielink_config *link;
	unsigned int cpus;
	struct tlpfeed *feed;  /* gets the TLPs; NULL: none */
	FILE *trace;           /* gets a line a store, also to registers; NULL: none */
	struct stream *stream; /* gets what the link gets; NULL: none */
	bool override;         /* from store override_at on, stage 2 is override_type */
	uint64_t override_at;
	enum memtype override_type;
};

/* One store into the aperture. */
struct recorder_store {
	unsigned int cpu;
	unsigned int bytes;
	uint64_t va, pa;
	uint64_t off; /* in the aperture */
	int error;    /* 0: walk holds, else fault does */
	const struct walk *walk;
	const struct walk_fault *fault; /* valid if error is not 0 */
};

/*
 * Creates a recorder; what the configuration points to must outlive it. 0, -ENOMEM or -EINVAL: more
 * CPUs than the model has.
 */
WC_MUST_CHECK int recorder_create(const struct recorder_config *config, struct recorder **recorder);

/* NULL does nothing. */
void recorder_destroy(struct recorder *recorder);

/*
 * Counts a store into the aperture and gives it to the link. A store whose walk failed is counted
 * only: its type is not known.
 */
void recorder_store(struct recorder *recorder, const struct recorder_store *store);

/*
 * A store to a register of BAR 0, `off` bytes from its start: a line of the trace, which there must
 * be. It is not counted, and the link does not get it.
 */
void recorder_register(const struct recorder *recorder, const struct recorder_store *store);

/* Gives an order point of a CPU to the link. */
void recorder_order(struct recorder *recorder, unsigned int cpu, enum pcielink_order order);

/*
 * Begins a region; 0 ends one. A number above 255 is counted and changes nothing.
 */
void recorder_mark(struct recorder *recorder, uint64_t region);

/* Sets where the aperture is: it was found, or has moved. */
void recorder_aperture(struct recorder *recorder, uint64_t pa, uint64_t bytes);

/* How the types of stores were found. */
struct recorder_walks {
	uint64_t made, kept;
	uint64_t elsewhere; /* ended at another address than the store: there should be none */
};

/* Sets these numbers for the summary. */
void recorder_walks_set(struct recorder *recorder, const struct recorder_walks *walks);

/* Writes all so far as JSON. The file is replaced in one step. 0 or -errno. */
WC_MUST_CHECK int recorder_write(struct recorder *recorder, const char *path);

#endif /* WCLAB_RECORDER_H */
