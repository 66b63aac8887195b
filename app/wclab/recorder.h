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

#include "tlpfeed.h"
#include "pcielink.h"
#include "stream.h"
#include "walk.h"

struct recorder;

struct recorder_config {
	const struct pcielink_config *link;
	unsigned int cpus;
	struct tlpfeed *feed;  /* gets the TLPs; NULL: none */
	FILE *trace;           /* gets a line a store; NULL: none */
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

/* Returns 0, -ENOMEM or -EINVAL: more CPUs than the model has. */
__attribute__((warn_unused_result)) int
recorder_create(const struct recorder_config *config, struct recorder **recorder);
/* NULL does nothing. */
void recorder_destroy(struct recorder *recorder);

/* A store whose walk failed is counted, and not given to the link: its type is not known. */
void recorder_store(struct recorder *recorder, const struct recorder_store *store);
void recorder_order(struct recorder *recorder, unsigned int cpu, enum pcielink_order order);

/*
 * The region that begins now; 0 ends one. Others than 0 to 255 are counted, and change nothing.
 */
void recorder_mark(struct recorder *recorder, uint64_t region);

/* The aperture was found, or has moved. */
void recorder_aperture(struct recorder *recorder, uint64_t pa, uint64_t bytes);

/* How stores came by their types: only for the summary. */
struct recorder_walks {
	uint64_t made, kept;
	uint64_t elsewhere; /* ended at another address than the store: there should be none */
};
void recorder_walks_set(struct recorder *recorder, const struct recorder_walks *walks);

/* All so far as JSON, in one step: whoever reads the file finds it whole. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int recorder_write(struct recorder *recorder, const char *path);

#endif /* WCLAB_RECORDER_H */
