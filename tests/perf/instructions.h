/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PERF_INSTRUCTIONS_H
#define PERF_INSTRUCTIONS_H

/*
 * The parts of the program that counts instructions per packet: the process that counts, and a card
 * that works only when it is polled.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

/* Memory for `calls` calls, shared with a child that is forked later. NULL: there is none. */
struct steps *steps_create(unsigned int calls);

/*
 * Runs `counted` in a process of its own, whose exit status is what it returns, and counts there.
 * 0, that status, or -errno after a message.
 */
int steps_run(struct steps *s, int (*counted)(void *arg, struct steps *s), void *arg);

/* Prints the result as JSON. 0, or -ENODATA: no whole cycle was counted. */
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

/* ---- paused_card.c: an embedded card that works only when it is polled here ----------------- */

/* From now on the card's own thread does not poll it, and the driver's service does not run. */
void card_pause(void);

/* Ends the pause. */
void card_resume(void);

/* Whether there is an embedded card. */
bool card_embedded(void);

/*
 * Polls the paused card as wcnic_card_poll(), or for frames only: wcnicd polls so 127 times of 128.
 * The full poll has work that depends on turns and on the clock, so its instructions differ from
 * call to call.
 */
unsigned int card_paused_poll(void);
unsigned int card_paused_poll_frames(void);

#endif /* PERF_INSTRUCTIONS_H */
