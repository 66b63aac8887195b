/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PORT_ETHDEV_RIG_H
#define PORT_ETHDEV_RIG_H

/*
 * A card whose port is an ethdev of two rings: what the card sends is in one, and what the test
 * puts into the other is received.
 */

#include <stdbool.h>
#include <stdint.h>

#include "port_rig.h"

struct rte_mempool;
struct rte_ring;

#define RING_ENTRIES 64u /* one less fits */
#define MTU 9000u

struct rig {
	struct end end;
	struct rte_ring *out;
	struct rte_ring *in;
	char device[32];
	uint16_t id;
};

extern struct rte_mempool *rig_pool; /* of what the test puts in */

/* Starts EAL, and makes the kind of port known and the pool. */
int rig_group_setup(void **state);

/* A rig of RING_ENTRIES with its port. */
int rig_setup(void **state);
/* Ends it; fails unless every buffer that the test or a port made is back. */
int rig_teardown(void **state);

/* Makes the device, of rings with so many entries. */
void rig_rings(struct rig *r, unsigned int entries);
/* Makes the card and its port, with more arguments (",mtu=9000"). */
void rig_open(struct rig *r, const char *more, uint16_t mtu);
/* Ends and frees all of it. */
void rig_close(struct rig *r);

/* How many pools of mbufs there are. */
unsigned int rig_pools(void);

/* Takes a frame that the card has sent into `data`. Returns its length; 0: there is none. */
uint32_t rig_out_take(struct rig *r, uint8_t *data);
/* Puts in a frame, in segments of `piece` bytes. False: the ring is full. */
bool rig_in_put(struct rig *r, const uint8_t *data, uint32_t bytes, uint32_t piece);

#endif /* PORT_ETHDEV_RIG_H */
