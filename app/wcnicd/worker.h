/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNICD_WORKER_H
#define WCNICD_WORKER_H

/* A thread that polls a card, or the two at the ends of a wire, and serves their sockets. */

#include <pthread.h>
#include <stdbool.h>

#include "stats.h"
#include "served_card.h"

#define WORKER_CARDS_MAX 2u

struct worker {
	struct served_card *cards[WORKER_CARDS_MAX];
	unsigned int n_cards;
	int cpu; /* -1: any */
	pthread_t thread;
	uint64_t worked_at; /* when a frame or command moved last */
	uint64_t served_at; /* when something came through a socket last */
	uint64_t serve_at;  /* when sockets are due */
	int wake;           /* eventfd */
	bool stop;          /* atomic */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	unsigned int asked;   /* for stats, under lock as what follows */
	unsigned int replied; /* catches up with asked */
	struct stats_record records[WORKER_CARDS_MAX];
};

/* The cards are set and created. Returns 0 or -errno. */
__attribute__((warn_unused_result)) int worker_start(struct worker *worker);

/* Ends the thread; records then holds the last counters. */
void worker_stop(struct worker *worker);

/* Brings records up to date. */
void worker_ask_stats(struct worker *worker);

/* Installs the handler of SIGBUS, once for all workers. */
void worker_init(void);

#endif /* WCNICD_WORKER_H */
