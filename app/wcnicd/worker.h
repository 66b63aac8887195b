/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_WORKER_H
#define WCNICD_WORKER_H

/*
 * A thread that polls a card, the two at the ends of a wire, or several, and serves their sockets.
 *
 * Threads: the main thread makes all calls. It sets `cards`, `n_cards` and `cpu` before
 * worker_start() and reads `records` after worker_stop() or worker_ask_stats().
 */

#include <pthread.h>
#include <stdbool.h>

#include <wcbase.h>
#include <wcdev_turns.h>

#include "served_card.h"
#include "stats.h"

#define WORKER_CARDS_MAX CARDS_MAX

struct worker {
	struct served_card *cards[WORKER_CARDS_MAX];
	unsigned int n_cards;
	int cpu;                  /* -1: any */
	struct wcdev_turns turns; /* of the cards */
	pthread_t thread;
	uint64_t worked_at_ns; /* when a frame or command moved last */
	uint64_t served_at_ns; /* when something came through a socket last */
	uint64_t serve_at_ns;  /* when sockets are due */
	int wake;              /* eventfd */
	bool stop;             /* atomic */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	unsigned int asked;   /* for stats, under lock as what follows */
	unsigned int replied; /* catches up with asked */
	struct stats_record records[WORKER_CARDS_MAX];
};

/* Installs the handler of SIGBUS, once for all workers, before the first one starts. */
void worker_init(void);

/* Starts the thread; its cards are made. Returns 0 or -errno. */
WC_MUST_CHECK int worker_start(struct worker *worker);

/* Waits until so many threads are prepared. They wait for workers_release(). */
void workers_await(unsigned int n);

/* Lets the threads that are prepared serve their cards, and later ones as well. */
void workers_release(void);

/* Asks the thread to end. */
void worker_ask_stop(struct worker *worker);

/* Waits for the end of a thread that was asked to; `records` then has the last counters. */
void worker_stop(struct worker *worker);

/* Lets the thread bring `records` up to date, and waits until it has. */
void worker_ask_stats(struct worker *worker);

#endif /* WCNICD_WORKER_H */
