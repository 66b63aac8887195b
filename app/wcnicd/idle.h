/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_IDLE_H
#define WCNICD_IDLE_H

/*
 * What a thread does that finds nothing to do. A doorbell in memory wakes nobody, so while there is
 * a driver that rings nothing else, each nap is short against the time that nothing has happened:
 * what comes late comes late by an eighth of that, and never by more than 2 ms. Where all that may
 * come wakes, naps are long at once.
 */

#include <stdbool.h>
#include <stdint.h>

/* How a card waits for its driver. */
enum idle_policy {
	IDLE_ADAPTIVE, /* polls, then pauses between polls, then naps */
	IDLE_SPIN,     /* polls as long as there is a driver */
};

/* What may happen while the thread naps. */
enum idle_watch {
	IDLE_ALONE, /* there is no driver: what comes through sockets, which wake */
	IDLE_WAKES, /* the driver wakes the card when it rings, and nothing else is awaited */
	IDLE_LOOK, /* a doorbell that wakes nobody, a frame from the far side, a time that passes */
};

enum idle_action {
	IDLE_POLL,
	IDLE_PAUSE,
	IDLE_NAP,
};

struct idle_step {
	enum idle_action action;
	uint32_t nap_ns;
};

/*
 * The step when no frame or command has moved for idle_ns, and nothing has come through a socket
 * for silent_ns: a driver that looks at registers now and then is no reason for short naps, and its
 * next look wakes.
 */
struct idle_step
idle_step(enum idle_policy policy, enum idle_watch watch, uint64_t idle_ns, uint64_t silent_ns);

/* Whether a driver is told of that nap, so that it rings to wake: that costs it some us. */
bool idle_tells(struct idle_step step);

/* A fraction of a microsecond that the CPU leaves to the other thread of its core. */
void idle_pause(void);

#endif /* WCNICD_IDLE_H */
