/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef SOAK_TRAFFIC_H
#define SOAK_TRAFFIC_H

/* The thread of a client that sends up to a goal and receives, on all queues of one port. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "frame.h"
#include "ledger.h"

#define SOAK_BURST 32u

struct soak_pending {
	struct rte_mbuf *m[SOAK_BURST];
	uint16_t n;
};

struct soak_traffic {
	struct soak_ledger *ledger;
	struct rte_mempool *pool;
	uint16_t port;
	uint16_t sender; /* this client, in its frames */
	uint16_t peer;   /* whose frames may come; 0: nobody's */
	uint64_t seed;   /* of lengths */
	/* Set while the thread is paused. */
	uint16_t queues;
	uint16_t mtu;

	pthread_t thread;
	atomic_bool stop;
	atomic_bool pause, paused;
	atomic_bool deaf;                /* sends, and does not receive */
	atomic_uint_fast64_t drain, dry; /* asked for; the last round in which nothing came */
	/* of the thread */
	struct soak_pending pending[SOAK_QUEUES_MAX];
	uint8_t frame[SOAK_FRAME_MAX];
};

/* Starts the thread, paused. 0 or -errno. */
int soak_traffic_start(struct soak_traffic *t);
/* Ends the thread and frees what waits to be sent: such frames were never accepted. */
void soak_traffic_stop(struct soak_traffic *t);

/* The thread is in no burst between these two. */
void soak_traffic_pause(struct soak_traffic *t);
void soak_traffic_resume(struct soak_traffic *t);

/* Sends so many frames more on each queue. */
void soak_traffic_go(struct soak_traffic *t, uint64_t frames);
/* Waits until every Rx queue has been empty once after this call. */
void soak_traffic_drain(struct soak_traffic *t);

#endif /* SOAK_TRAFFIC_H */
