/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PERF_INSTRUCTIONS_H
#define PERF_INSTRUCTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum steps_kind {
	STEPS_NOTHING = 0,
	STEPS_NEAR_RX,
	STEPS_NEAR_TX,
	STEPS_FAR_RX,
	STEPS_FAR_TX,
	STEPS_MODEL, /* a poll of the embedded card */
	STEPS_KINDS,
};

struct steps_call {
	uint32_t kind;
	uint32_t packets;
	uint64_t instructions;
	int32_t freed; /* mbufs that came back to the pool in the call; below 0: that it took */
};

/* Shared by the process that is counted and the one that counts. */
struct steps {
	atomic_bool counted; /* the call has ended */
	uint32_t kind;
	uint64_t instructions; /* of the last call */
	uint64_t calibration;  /* of no call at all */
	uint32_t n, max;
	struct steps_call calls[];
};

/* ---- steps.c: the process that counts -------------------------------------------------------- */

struct steps *steps_create(unsigned int calls);
/* The calling thread asks its parent to be counted. 0 or -errno. */
int steps_me(void);
/* Counts until the process ends. 0 if it ended well. */
int steps_follow(pid_t pid, struct steps *s);
/* -ENODATA if there is no whole cycle. */
int steps_print(FILE *out, const struct steps *s, unsigned int burst, bool verbose);

/*
 * The longest run of calls, from after one of that kind to after another, in which each kind freed
 * as many mbufs as it sent, or took as many as it received: calls [*first, *last) of `calls`. If
 * there is none, the longest in which calls of `kind` did. Of a
 * port that hands on the mbufs themselves, and never frees or takes any, as many were sent as were
 * received. False: there is none.
 */
bool steps_window(const struct steps_call *calls, unsigned int n, unsigned int kind,
		  unsigned int *first, unsigned int *last);

/* ---- held_card.c: an embedded card that works only when it is told --------------------------- */

/* From now on the card's own thread leaves it alone, and the driver's service is silent. */
void card_hold(void);
void card_release(void);
/* Whether there is one. */
bool card_embedded(void);
/*
 * wcnic_card_poll() of it, and the poll for frames alone, which is all but one of 128 of wcnicd's.
 * In the other there is what comes by turns or by the clock: its instructions differ.
 */
unsigned int card_held_poll(void);
unsigned int card_held_poll_frames(void);

#endif /* PERF_INSTRUCTIONS_H */
