/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_QUEUE_STATS_H
#define WCNIC_QUEUE_STATS_H

/* What queues count. All of it is uint64_t: wcnic_stats_add(). */

#include <stdint.h>

/* Frames, but for bytes, incomplete, dropped, bad_completions and rung_again. */
struct wcnic_txq_stats {
	uint64_t packets; /* sent, as the card reports: pushed + fetched */
	uint64_t bytes;
	uint64_t pushed;
	uint64_t fetched;
	uint64_t incomplete; /* INCOMPLETE completions */
	uint64_t dropped;    /* DROPPED completions */
	uint64_t resent;     /* written again after one of these */
	uint64_t oversize;
	uint64_t runt;
	uint64_t address;
	uint64_t bad_request; /* OFFLOAD by the card: what was asked for does not fit the frame */
	uint64_t malformed;   /* no data, too many segments, too long, or DESC by the card */
	uint64_t lost;        /* in flight when the card was lost, reset or stopped: sent or not */
	uint64_t bad_completions;
	uint64_t rung_again; /* doorbells for entries that are their own, where nothing got on */
};

struct wcnic_rxq_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t nombuf; /* entries that stayed empty because the pool had no buffer */
	uint64_t bad_completions;
	uint64_t missed;    /* dropped by the card, which had no buffers */
	uint64_t discarded; /* delivered by the card but not taken before a stop */
};

#endif /* WCNIC_QUEUE_STATS_H */
