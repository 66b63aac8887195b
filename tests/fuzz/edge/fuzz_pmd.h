/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FUZZ_PMD_H
#define FUZZ_PMD_H

/*
 * Ports of the driver whose card is not there: an attach that answers registers and commands as a
 * card would, or as the input says. EAL and the ports are made once. The driver's clock is so slow
 * that every one of its times is over at the next look, and its service has no thread. One thread.
 */

#include <ethdev_driver.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <wcnic_attach.h>
#include <wcnic_event.h>
#include <wcnic_hw.h>
#include <wcnic_queue.h>
#include <wcnic_service.h>

#include "fuzz_input.h"

#define FUZZ_PORTS 2u /* the first pushes slots, the second packs */
#define FUZZ_QUEUES 2u
#define FUZZ_DEPTH 32u
#define FUZZ_BUF_BYTES 512u

struct fuzz_port {
	uint16_t id;
	struct rte_eth_dev *dev;
	struct wcnic_hw *hw;
	struct rte_mempool *rx_pool, *tx_pool;
	/* the card: */
	uint8_t *aperture;
	uint64_t caps;
	uint32_t status, resets, beats, marks;
	uint64_t window_off; /* of the next grant */
	uint16_t window_id, sq_head, cq_tail, aeq_tail;
	uint16_t tx_cq[FUZZ_QUEUES], tx_seq[FUZZ_QUEUES]; /* what it completes next */
	uint16_t rx_seq[FUZZ_QUEUES];
	/* A register that is wrong in a bit until the next reset; bit 63: it cannot be read. */
	uint32_t wrong_reg;
	uint64_t wrong_bit; /* 0: none is */
	/* Answers and registers are changed by it; NULL: all is true. */
	struct fuzz_input *lies;
};

/* The port of that number, started, with a card that tells the truth. */
struct fuzz_port *fuzz_port_get(unsigned int number);
/*
 * The card tells the truth from here on: the port has a card again, stops, and starts as if new. No
 * frame of it may be lost.
 */
void fuzz_port_settle(struct fuzz_port *p);
void fuzz_service_round(struct fuzz_port *p);
/* Puts an event into the ring, with the right phase. */
void fuzz_event_put(struct fuzz_port *p, const struct wcnic_event *event);

#endif /* FUZZ_PMD_H */
