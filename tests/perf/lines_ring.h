/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PERF_LINES_RING_H
#define PERF_LINES_RING_H

/* Bursts of whole cache lines from one CPU to another, in each way that may be the fastest. */

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_LINES_MAX 32768u
#define LINE_WORDS 8u

struct line {
	alignas(64) uint64_t word[LINE_WORDS]; /* all are the line's number, from 1 */
};

/* How the reader learns that a burst is there. */
enum poll {
	POLL_LINE,  /* it looks at each line, and takes one after the other */
	POLL_LAST,  /* it waits for the last line of some bursts */
	POLL_COUNT, /* it waits for a count in a line of its own */
};

enum how {
	HOW_ASK_READ = 1u << 0,  /* the reader asks for all lines of a burst before it reads them */
	HOW_ASK_WRITE = 1u << 1, /* the writer asks for lines so far ahead: ASK_AHEAD */
	HOW_STREAM = 1u << 2,    /* the writer's stores go past its caches. With POLL_COUNT only */
	HOW_EVICT = 1u << 3, /* the reader throws lines out of its caches when it has read them */
	HOW_TOUCH = 1u << 4, /* one word of a line is written and read: the line moves as well */
};

#define ASK_AHEAD 32u

struct variant {
	const char *name;
	enum poll poll;
	unsigned int how;
	uint32_t ring_lines; /* a power of two; more if less does not hold what is under way */
	unsigned int gather; /* the reader waits for one of so many parts of what may be under way;
			      * 0: for a burst */
};

extern const struct variant variants[];
extern const unsigned int n_variants;

/* NULL: there is none of that name. */
const struct variant *variant_find(const char *name);

/* Whether this CPU has the instructions that it needs. */
bool variant_runs(const struct variant *variant);

struct ring {
	struct line *lines;
	alignas(64) _Atomic uint64_t tail;  /* lines written; POLL_COUNT */
	alignas(64) _Atomic uint64_t taken; /* lines read; only where nothing comes back */
};

/* One end of a ring: the writer's or the reader's. */
struct ring_end {
	struct ring *ring;
	const struct variant *variant;
	uint32_t mask;
	uint32_t gather;  /* reader: lines that it waits for */
	uint64_t at;      /* the next line, from 0 */
	uint64_t seen;    /* reader: lines before this one are there */
	uint64_t differs; /* reader: not zero: some line was not what was written */
};

/* The largest ring's memory, in large pages where there are some. NULL: there is none. */
struct line *ring_alloc(void);

/* Chooses the instructions for this CPU, once. */
void ring_init(void);

/* For bursts of so many lines, of which `under_way` are in the ring at most. */
void ring_end_init(struct ring_end *end, struct ring *ring, const struct variant *variant,
		   uint32_t lines, uint32_t under_way);

/* A burst. */
void ring_write(struct ring_end *end, unsigned int lines);

/* How many bursts of so many lines are there, up to `bursts`. */
unsigned int ring_poll(struct ring_end *end, unsigned int lines, unsigned int bursts);

/* Reads lines that ring_poll() has found. */
void ring_read(struct ring_end *end, unsigned int lines);

#endif /* PERF_LINES_RING_H */
