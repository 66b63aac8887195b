/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_SIGNALS_H
#define WCNICD_SIGNALS_H

/*
 * The signals of the process. A thread of their own takes them, so that they are taken whatever the
 * main thread waits for: a plugin that loads, a worker that is stuck, a disk.
 */

#include <stdbool.h>

#include <wcbase.h>

enum signals_ask {
	SIGNALS_STATS, /* SIGUSR1 */
	SIGNALS_END,   /* SIGTERM, SIGINT, SIGHUP or SIGXCPU */
};

/*
 * Sets what signals do, and starts the thread that takes them; later threads do not get them. Once
 * the end was asked for, the process must get on: signals_progress() or its end. If it does not for
 * about a second, the thread calls `abandon` with what it said last, and ends the process with
 * `status`. Returns 0 or -errno.
 */
WC_MUST_CHECK int signals_start(void (*abandon)(const char *what, const char *who), int status);

/*
 * Starts the thread anew: it then has what the caller has given up meanwhile. No signal is lost.
 * The main thread, once. Returns 0 or -errno.
 */
WC_MUST_CHECK int signals_renew(void);

/* Waits until a signal asks for something. Only the main thread. */
enum signals_ask signals_wait(void);

/* Whether a signal has asked for the end. Any thread. */
bool signals_end_asked(void);

/*
 * Says that the main thread got on, what it waits for next, and for which card (NULL: for all).
 * Both texts must stay.
 */
void signals_progress(const char *what, const char *who);

#endif /* WCNICD_SIGNALS_H */
