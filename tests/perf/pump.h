/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PERF_PUMP_H
#define PERF_PUMP_H

/* Frames through one ethdev port, whatever its driver: the same loops for all of them. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#define PUMP_QUEUES_MAX 64u
#define PUMP_BURST_MAX 64u
#define PUMP_UNDER_WAY 512u /* frames of a loop */
#define PUMP_IMIX 0u        /* as a size: 64, 570 and 1518 bytes as 7:4:1 */
#define PUMP_FCS_BYTES 4u
#define PUMP_TRIPS_MAX (1u << 20)

struct pump_counts {
	uint64_t sent, received;
	uint64_t calls; /* of rte_eth_rx_burst() and rte_eth_tx_burst() */
	uint64_t empty; /* of these, moved nothing */
};

/* What waits to be sent on a queue. */
struct pump_pending {
	struct rte_mbuf *m[PUMP_BURST_MAX];
	uint16_t at, n;
};

struct pump {
	uint16_t port;
	uint16_t queues; /* that are set up */
	uint16_t spread; /* received frames go to so many of them */
	struct rte_mempool *pool;
	uint32_t lost_after_ms;               /* a frame that has not come back by then is lost */
	uint16_t lengths[2 * PUMP_BURST_MAX]; /* of the frames of a burst, without FCS */
	/* of the command that runs */
	uint32_t bytes;       /* with FCS, or PUMP_IMIX */
	uint16_t burst, used; /* queues that are used */
	uint32_t turn;        /* bursts made so far */
	struct pump_counts n;
	struct pump_pending pending[PUMP_QUEUES_MAX];
	uint32_t *trips; /* ns / 1, of the last ones */
	uint32_t n_trips;
	uint64_t lost;
	uint64_t stale; /* came before anything was sent */
};

enum pump_mode {
	PUMP_TX = 0,
	PUMP_RX,
	PUMP_LOOP,    /* frames come back, and are sent again */
	PUMP_LATENCY, /* one frame at a time */
	PUMP_FORWARD, /* what comes is sent back: the other end of a loop */
	PUMP_MODES,
};

/* ---- pump_run.c ---------------------------------------------------------------------------- */

/*
 * Begins a command: resets the counts and makes the frames. Then pump_run() as often as wanted,
 * then pump_end().
 */
void pump_begin(struct pump *p, enum pump_mode mode, uint32_t bytes, uint16_t burst, uint16_t used);

/* Sends and receives until the time stamp counter has this value, or standard input has data. */
void pump_run(struct pump *p, enum pump_mode mode, uint64_t until_tsc, bool until_input);

/* Receives what is still under way and frees what waits to be sent. */
void pump_end(struct pump *p, enum pump_mode mode);

/* Receives and frees until then, and lets the driver reap. Returns how many frames came. */
uint64_t pump_drain(struct pump *p, uint64_t until_tsc);

/* Writes a frame into every buffer of the pool. */
void pump_pool_fill(struct rte_mempool *pool);

#endif /* PERF_PUMP_H */
