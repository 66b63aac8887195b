/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_IDLE_H
#define WCNICD_IDLE_H

/*
 * What a thread does when it finds nothing to do: poll on, pause, or nap.
 *
 * A doorbell in memory wakes nobody. While a driver may ring one, each nap is an eighth of the time
 * for which nothing has happened, at most 2 ms, so that work is late by no more than that. Where
 * the driver wakes the card, or there is no driver, naps are 20 ms from the start: what comes then
 * comes through a socket, and ends the nap.
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
	IDLE_NO_DRIVER,    /* there is no driver: messages of sockets, which wake */
	IDLE_DRIVER_WAKES, /* messages of sockets, by which the driver also wakes the card */
	IDLE_MUST_POLL,    /* doorbells in memory, frames from the port, timers */
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
 * The next step of a thread when no frame or command has moved for idle_ns, and no message has come
 * through a socket for silent_ns. Requests delay the next nap but do not make it shorter: a driver
 * that reads a register now and then ends a nap with its next read. Any thread.
 */
struct idle_step
idle_step(enum idle_policy policy, enum idle_watch watch, uint64_t idle_ns, uint64_t silent_ns);

/* Whether the driver is asked to wake the card from this nap. Waking costs it some us, so not from
 * short ones. */
bool idle_asks_wake(struct idle_step step);

/*
 * How long a thread that does not nap leaves the sockets alone when no message has come for
 * silent_ns: a 64th of that, from 50 us to 1 ms. Any thread.
 */
uint32_t idle_serve_ns(uint64_t silent_ns);

/* Pauses the CPU for a fraction of a microsecond, for the other hardware thread of its core. */
void idle_pause(void);

#endif /* WCNICD_IDLE_H */
