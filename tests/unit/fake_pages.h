/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FAKE_PAGES_H
#define FAKE_PAGES_H

/*
 * Host memory that lies in pages apart from one another, or nowhere at all, as behind an IOMMU. The
 * card's view of each page has holes around it: a byte too far is a fault. For tests with cmocka,
 * one at a time.
 */

#include "fake_mem.h"

#define PAGE 4096u
#define PAGES 512u
#define MEM_BYTES (PAGES * PAGE)
#define POSTS_MAX 4096u

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

struct fake_pages {
	struct fake_mem *m;
	/* Of the card: each page, then a hole. Where the machine's pages are larger than a guest's,
	 * what belongs to the others in one of them comes with it. */
	uint8_t *view;
	size_t slot; /* bytes of a page of this machine */
	enum page_kind kinds[PAGES];
	struct lane lanes[2]; /* reads by message */
	struct post posts[POSTS_MAX];
	unsigned int n_posts;
	unsigned int fetches;
	unsigned int cancels;
	bool deny;
	bool stuck; /* nothing is answered */
};

extern struct fake_pages pages;

extern const struct wcdev_ops pages_scattered_ops;
extern const struct wcdev_ops pages_message_ops;

/* Puts pages in the place of memory that was made with MEM_BYTES; all of them are here. */
void fake_pages_open(struct fake_mem *m);
/* Before fake_mem_fini(). */
void fake_pages_close(void);
void pages_set(enum page_kind even, enum page_kind odd);
void page_set(const void *at, enum page_kind kind);
/* A write by message, as the card makes it. */
int pages_post(void *ctx, uint64_t iova, const void *data, size_t bytes);
/* The host answers everything that is under way. */
void pages_answer(void);

#endif /* FAKE_PAGES_H */
