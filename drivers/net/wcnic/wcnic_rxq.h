/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_RXQ_H
#define WCNIC_RXQ_H

/* An Rx queue: what bursts and the control path know of it. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include <wcbar.h>
#include <wcnic_abi.h>

#include "wcnic_gate.h"
#include "wcnic_hot.h"

struct wcnic_hw;

struct wcnic_rxq_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t nombuf;
	uint64_t bad_completions;
	uint64_t discarded; /* delivered by the card but not taken before a stop */
};

struct wcnic_rxq;
/* See wcnic_rx.h. */
typedef uint16_t (*wcnic_rx_take_t)(struct wcnic_rxq *rxq, struct rte_mbuf **pkts, uint16_t n);

struct wcnic_rxq {
	struct wcnic_gate gate;
	uint16_t head;   /* free-running: next completion */
	uint16_t posted; /* free-running: buffers made ready; the doorbell's tail */
	uint16_t mask;
	uint16_t depth;
	uint16_t port_id;
	uint16_t qid;
	bool failed;
	bool on_card; /* RXQ_CREATE succeeded */
	uint32_t buf_bytes;
	struct wcnic_rx_desc *ring;
	struct wcnic_rx_cpl *cq;
	struct rte_mbuf **sw;
	struct rte_mempool *pool;
	struct rte_mbuf *first; /* frame under way */
	struct rte_mbuf *last;
	uint32_t left;        /* bytes that it still lacks */
	uint32_t packet_type; /* of what the card calls ptype_seen */
	uint16_t ptype_seen;
	uint64_t rearm; /* see wcnic_rx_rearm */
	wcnic_rx_take_t take;
	const char *take_vectors; /* which of its variants that is */
	void *doorbell;
	wcbar_doorbell_fn doorbell_ring;
	struct wcnic_hw *hw;
	struct wcnic_rxq_stats stats;
	const struct rte_memzone *ring_mz;
	const struct rte_memzone *cq_mz;
} __rte_cache_aligned;

WCNIC_HOT uint16_t wcnic_rx_burst(void *rxq, struct rte_mbuf **pkts, uint16_t n);
uint16_t wcnic_rx_burst_poll(void *rxq, struct rte_mbuf **pkts, uint16_t n);
/* Asks for an interrupt: at once if there is a completion, else with the next one. */
void wcnic_rx_arm(struct wcnic_rxq *rxq);
/* From the next doorbell on the card is not asked any more. */
void wcnic_rx_disarm(struct wcnic_rxq *rxq);
/* The word of an mbuf from data_off on that a received frame begins with. */
uint64_t wcnic_rx_rearm(uint16_t port_id);
/* Posts buffers until the ring is full or the pool is empty, and rings the doorbell. */
void wcnic_rx_refill(struct wcnic_rxq *rxq);
void wcnic_rx_purge(struct wcnic_rxq *rxq);

#endif /* WCNIC_RXQ_H */
