/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAR_END_H
#define FAR_END_H

/*
 * The far end that sees: a shader looks at lines in the device's memory while the CPU stores them,
 * and tells what it saw. That is WINDOW_TEST (datasheet section 10) by a device that is no card of
 * this project. far_end_vulkan.c runs the shader, far_end.c stores and waits, far_end_judge.c tells
 * what a report means, far_end_report.c prints.
 *
 * One thread. Errors: 0 or -errno, and `why` has a sentence.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <wcbar.h>

#include "far_end_layout.h"
#include "stats.h"
#include "vulkan.h"

#define FAR_END_WHY_BYTES 512u
#define FAR_END_BASIS_BYTES 128u
#define FAR_END_SLOTS 64u
#define FAR_END_WINDOW_BYTES (FAR_END_SLOTS * FAR_END_SLOT_WORDS * 4u)
#define FAR_END_BURSTS 7u                       /* of 1, 2, 4 ... 64 lines */
#define FAR_END_WAYS_MAX (WCBAR_STORES_MAX + 1) /* and one whose lines come in pieces */
#define FAR_END_CELLS_MAX (FAR_END_WAYS_MAX * FAR_END_BURSTS)

struct far_end_options {
	unsigned int rounds;  /* 0: 63 */
	double seconds;       /* its rounds end early then; 0: 10 */
	enum wcbar_type type; /* of mappings of the device's memory; UNKNOWN: as WC */
	const char *store;    /* only this one; NULL: all that are safe */
	uint32_t looks;       /* of each dispatch; 0: as many as take a fixed time */
	double answer_s;      /* a dispatch that takes longer hangs; 0: 10, of a renderer 600 */
	/* Tests ask a renderer for what only some devices have or lack: */
	bool no_clock; /* looks are counted, though the device has a clock */
	bool wide;     /* all sizes of workgroups, though a renderer is slow with them */
};

/* ---- a burst ------------------------------------------------------------------------------- */

/* Lines, each in one of `whole` to `lost`. */
struct far_end_counts {
	uint64_t lines;
	uint64_t whole;     /* one look saw nothing of it, the next one all */
	uint64_t unclear;   /* one look saw a part, the next one all: torn, or just arriving */
	uint64_t partial;   /* two looks saw a part: it came in pieces */
	uint64_t unwatched; /* it was there when the shader began to look */
	uint64_t missed;    /* only a later dispatch saw it */
	uint64_t lost;      /* some word was never seen, by a later dispatch neither */
	uint64_t reordered; /* a part was missing when a later line was seen */
	uint64_t wrong;     /* a word was neither what was there nor what was stored */
};

/* The part of the report on a burst, copied from the memory that the device writes to. */
struct far_end_seen {
	uint32_t word[FAR_END_PART_WORDS];
};

/*
 * Adds what the report says of `lines` lines. `later` is the report of a later dispatch on a burst
 * that was not seen completely, or NULL. Whatever the report holds: it is a device's. Pure.
 */
void far_end_judge(const struct far_end_seen *seen, const struct far_end_seen *later,
		   unsigned int lines, struct far_end_counts *counts);

/*
 * Between the first line that was seen completely and the last: in looks, and in *ticks of the
 * device's clock. False: not all were seen. Pure.
 */
WC_MUST_CHECK bool far_end_spread(const struct far_end_seen *seen, unsigned int lines,
				  uint32_t *looks, uint32_t *ticks);

/* ---- the result ---------------------------------------------------------------------------- */

/* One way to store in bursts of one length. */
struct far_end_cell {
	const struct wcbar_store *store; /* NULL: 8-byte stores with a fence around each */
	unsigned int burst;
	struct far_end_counts counts;
	struct samples round_trip; /* ns, by the CPU's clock: from the first store to the answer */
	struct samples spread;     /* first line to last: ticks, or looks without a clock */
};

struct far_end {
	int error; /* then `why` says what was missing; the rest is what there was until then */
	char why[FAR_END_WHY_BYTES];
	char device[VULKAN_NAME_BYTES];
	enum vulkan_kind kind;
	char basis[FAR_END_BASIS_BYTES];     /* what figures and counts are; the caller knows */
	uint32_t window_flags, report_flags; /* of the memory types, as struct vulkan_type has it */
	bool direct;
	bool clock;         /* the device has one that shaders read */
	double ns_per_tick; /* of that clock, by the CPU's; 0: unknown */
	uint32_t looks;     /* of a dispatch, when the run ended */
	double ns_per_look; /* of a dispatch to which nothing was stored; 0: unknown */
	bool proved;        /* a torn line and an overtaken one were seen as such */
	uint64_t dispatches;
	uint64_t cut; /* bursts that a dispatch did not see to the end */
	unsigned int rounds;
	size_t n;
	struct far_end_cell cells[FAR_END_CELLS_MAX];
};

/* ---- how a shader is reached --------------------------------------------------------------- */

/* What a dispatch is to do: the shader's push constants. */
struct far_end_order {
	uint32_t seq; /* of the first burst's first line */
	uint32_t bursts, lines;
	uint32_t slot, slots;
	uint32_t looks;
};

struct far_end_io {
	void *ctx;
	/* Starts a dispatch; the one before it has ended. */
	int (*start)(void *ctx, const struct far_end_order *order, char *why, size_t why_bytes);
	/* Whether it has ended, and all that it wrote can be read: 1, 0, or -errno with `why`. */
	int (*ended)(void *ctx, char *why, size_t why_bytes);
	/* Called again and again while the host waits. */
	void (*pause)(void *ctx);
	double (*now_ns)(void *ctx);
	const volatile uint32_t *report; /* FAR_END_REPORT_WORDS words that the device writes */
	struct wcbar_window window;      /* FAR_END_WINDOW_BYTES; nobody else stores there */
	bool renderer;                   /* the shader runs on the CPU: no desktop waits for it */
	uint32_t first_seq;              /* of lines, for tests; 0: 1 */
};

/*
 * Measures through `io`, whose window is calibrated. Fills `out` but for what only Vulkan knows.
 * far_end_fini() also after a failure, which out->error and out->why tell too. -ETIMEDOUT: a
 * dispatch did not end in time, and may still run.
 */
int far_end_run(struct far_end_io *io, const struct far_end_options *o, struct far_end *out);

/* Frees the samples. */
void far_end_fini(struct far_end *f);

/* ---- what wcbench raw calls ---------------------------------------------------------------- */

/*
 * What vulkan_start() is to switch on for the far end, of what the device has; NULL: nothing.
 * Belongs to this module, until the next call.
 */
const struct vulkan_start *far_end_start(const struct vulkan *v);

/*
 * Measures with memory of its own on a device that was started with far_end_start(). Fills `out`;
 * on failure out->error and out->why. far_end_fini() also then. After a dispatch that hangs the
 * device is given up: vulkan_abandon() was called.
 */
void far_end_measure(struct vulkan *v, const struct far_end_options *o, struct far_end *out);

/*
 * Whether it saw lines in part clearly oftener if they were stored in pieces on purpose than by the
 * way to store of which it saw fewest so. If not, no count here tells whether stores combine: none
 * does, or it looks too seldom.
 */
bool far_end_sharp(const struct far_end *f);

/* The report as JSON: a new object. And as text. Both need f->basis. */
struct json_object *far_end_json(struct far_end *f);
void far_end_text(FILE *out, struct far_end *f);

#endif /* FAR_END_H */
