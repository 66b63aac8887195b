/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PAGES_RIG_H
#define PAGES_RIG_H

/*
 * A card whose host memory lies in pages apart from one another, or nowhere at all, as behind an
 * IOMMU. The card's view of each page has holes around it: a byte too far is a fault.
 */

#include "fake_host.h"

#define PAGE 4096u
#define PAGES 512u
#define MEM_BYTES (PAGES * PAGE)
#define POSTS_MAX 4096u
#define RING_DEPTH 512u /* descriptors: two pages */

enum page_kind {
	PAGE_HERE,
	PAGE_REMOTE, /* by message */
	PAGE_NONE,
};

struct post {
	uint64_t off;
	uint32_t bytes;
	uint8_t data[PAGE];
};

struct lane {
	bool asked;
	bool ready;
	uint64_t iova;
	size_t bytes;
};

struct pages_rig {
	struct fake_host h;
	struct fake_txq tx;
	struct fake_rxq rx;
	uint8_t *view; /* of the card: each page, then a hole */
	enum page_kind pages[PAGES];
	struct lane lanes[2]; /* reads by message */
	struct post posts[POSTS_MAX];
	unsigned int n_posts;
	unsigned int fetches;
	unsigned int cancels;
	bool deny;
	bool stuck; /* nothing is answered */
};

extern struct pages_rig rig;

extern const struct wcdev_ops pages_scattered_ops;
extern const struct wcdev_ops pages_message_ops;

/* A card with a loopback; all pages are here. */
void pages_open(const struct wcdev_ops *ops);
int pages_teardown(void **state);
void pages_set(enum page_kind even, enum page_kind odd);
void page_set(const void *at, enum page_kind kind);
/* A Tx and an Rx queue: rings of several pages, and buffers of which most lie in two. */
void pages_queues_open(void);
/* A write by message, as the card makes it. */
int pages_post(void *ctx, uint64_t iova, const void *data, size_t bytes);
/* The host answers everything that is under way. */
void pages_answer(struct fake_host *h);
/* So many polls, each with what the host answers. */
void pages_work(unsigned int polls);

/* One frame there and back, of two segments if it is long. */
void frame_round(uint8_t *mem, unsigned int bytes, unsigned int salt);
/* Frames of many sizes, from everywhere in the pages, for more than a lap of the rings. */
void frames_go_round(void);

#endif /* PAGES_RIG_H */
