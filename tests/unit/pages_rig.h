/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PAGES_RIG_H
#define PAGES_RIG_H

/* A wcnic card on memory of pages. */

#include "fake_host.h"
#include "fake_pages.h"

#define RING_DEPTH 512u /* descriptors: two pages */

struct pages_rig {
	struct fake_host h;
	struct fake_txq tx;
	struct fake_rxq rx;
};

extern struct pages_rig rig;

/* A card with a loopback; all pages are here. */
void pages_open(const struct wcdev_ops *ops);
int pages_teardown(void **state);
/* A Tx and an Rx queue: rings of several pages, and buffers of which most lie in two. */
void pages_queues_open(void);
/* So many polls, each with what the host answers. */
void pages_work(unsigned int polls);

/* One frame there and back, of two segments if it is long. */
void frame_round(uint8_t *mem, unsigned int bytes, unsigned int salt);
/* Frames of many sizes, from everywhere in the pages, for more than a lap of the rings. */
void frames_go_round(void);

#endif /* PAGES_RIG_H */
