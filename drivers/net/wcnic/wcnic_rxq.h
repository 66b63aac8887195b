/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RXQ_H
#define WCNIC_RXQ_H

/* An Rx queue: what its bursts touch, line by line, and what they do not. */

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include <wcbar.h>
#include <wcnic_abi.h>

#include "wcnic_gate.h"
#include "wcnic_hot.h"
#include "wcnic_queue_stats.h"

struct wcnic_hw;

#define WCNIC_RX_REFILL 32 /* buffers that are posted at a time */

struct wcnic_rxq;

/* Which function takes frames of one buffer each: a number, as bursts of several processes call it.
 */
enum wcnic_rx_taker {
	WCNIC_RX_TAKER_SCALAR = 0,
	WCNIC_RX_TAKER_GENERIC, /* vectors that every CPU of the architecture has */
	WCNIC_RX_TAKER_AVX2,
	WCNIC_RX_TAKERS,
};

/* Takes frames of one buffer each; see wcnic_rx.h. */
typedef uint16_t (*wcnic_rx_take_t)(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n);

/*
 * An Rx queue. Buffers are numbered by free-running 16-bit sequence numbers; an array's index is
 * the number masked. Bursts own it while they are inside the gate, else whoever has closed the
 * gate.
 */
struct __rte_cache_aligned wcnic_rxq {
	/* First line: what every burst touches. */
	struct wcnic_gate gate;
	uint16_t head;   /* next completion */
	uint16_t posted; /* buffers made ready: the doorbell's tail */
	uint16_t mask;   /* depth - 1 */
	uint16_t depth;  /* entries, a power of two */
	uint32_t buf_bytes;
	uint32_t packet_type; /* the mbuf's, for ptype_seen */
	uint16_t ptype_seen;  /* the card's word for the type of the last frame */
	bool failed;          /* a completion was impossible: wait for recovery */
	struct rte_mbuf **sw; /* by entry: the posted buffer */
	struct wcnic_rx_cpl *cq;
	uint8_t taker;  /* enum wcnic_rx_taker */
	uint64_t rearm; /* see wcnic_rx_rearm() */

	/* Second line: posting buffers, and frames of several. */
	alignas(WCNIC_CACHE_LINE) uint8_t doorbell_type; /* enum wcbar_type: how it is rung */
	struct wcnic_rx_desc *ring;
	struct rte_mempool *pool;
	void *doorbell;
	uint64_t arm;           /* of each record while an interrupt is wanted: ARM; else 0 */
	struct rte_mbuf *first; /* the frame under way, or NULL */
	struct rte_mbuf *last;
	uint32_t left;        /* bytes that it still lacks */
	int16_t time_off;     /* of a frame's time in its mbuf, with time_flag */
	uint16_t missing_seq; /* entries before it have been counted in stats.nombuf */
	uint64_t time_flag;   /* of ol_flags; 0: times are not wanted */
	RTE_ATOMIC(struct wcnic_rx_extra *) extra; /* by entry; NULL: no such ring */
	struct wcnic_rxq_stats stats;

	/* What no burst touches. */
	struct wcnic_hw *hw;
	uint16_t port_id;
	uint16_t qid;
	uint64_t events_before;   /* sent by the card before the queue was created */
	bool on_card;             /* RXQ_CREATE succeeded */
	bool stopped;             /* by the application: not started with the port or a recovery */
	uint8_t arms;             /* times an interrupt was asked for */
	uint64_t missed_seen;     /* the card's counter at the last look */
	const char *take_vectors; /* which variant `taker` is, to print; the primary's */
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
	struct rte_eth_rxconf conf; /* as set up */
	const struct rte_memzone *extra_mz;
	uint64_t offloads; /* RTE_ETH_RX_OFFLOAD_*, of the port and its own */
};

static_assert(offsetof(struct wcnic_rxq, doorbell_type) == WCNIC_CACHE_LINE,
	      "a burst's state is one line");

/*
 * rte_eth_rx_burst(). One doorbell, so one TLP, when it posts buffers: 32 or more, or any when
 * nothing came. No fence but what the doorbell's memory type needs.
 */
WCNIC_HOT uint16_t wcnic_rx_burst(void *rxq, struct rte_mbuf **pkts, uint16_t n);
/* The same for a card without a thread of its own: it works when a burst polls it. */
uint16_t wcnic_rx_burst_poll(void *rxq, struct rte_mbuf **pkts, uint16_t n);

/*
 * Tells the card which buffers are posted and which completions were taken, and asks for an
 * interrupt if rxq->arm is set. From a burst. One TLP; fences as the doorbell's memory type needs.
 */
void wcnic_rx_doorbell(struct wcnic_rxq *rxq);

/* The 8 bytes of an mbuf from data_off on, as a received frame begins with them. */
uint64_t wcnic_rx_rearm(uint16_t port_id);

/*
 * Posts buffers until the ring is full or the pool is empty, and rings the doorbell. The caller has
 * closed the gate.
 */
void wcnic_rx_refill(struct wcnic_rxq *rxq);
/*
 * Frees all buffers, and counts frames among them that the card delivered as discarded. The caller
 * has closed the gate, and the card must not write to the buffers.
 */
void wcnic_rx_purge(struct wcnic_rxq *rxq);

#endif /* WCNIC_RXQ_H */
