/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Host memory whose pages lie apart, or can be reached by messages only. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_pages.h"

struct fake_pages pages;

static bool
range_is(uint64_t iova, uint64_t bytes, enum page_kind kind, enum page_kind other)
{
	uint64_t off = iova - FAKE_IOVA;

	if (iova < FAKE_IOVA || bytes == 0 || off >= MEM_BYTES || bytes > MEM_BYTES - off)
		return false;
	for (uint64_t page = off / PAGE; page <= (off + bytes - 1) / PAGE; page++)
		if (pages.kinds[page] != kind && pages.kinds[page] != other)
			return false;
	return true;
}

static void *
pages_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	uint64_t off = iova - FAKE_IOVA;

	(void)ctx;
	if ((prot & WCDEV_DMA_WRITE) != 0 && pages.n_posts > 0)
		return NULL;
	if (!range_is(iova, bytes, PAGE_HERE, PAGE_HERE) || off % PAGE + bytes > PAGE)
		return NULL;
	return pages.view + off / PAGE * 2 * pages.slot + off % pages.slot;
}

static bool
pages_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	(void)ctx;
	(void)prot;
	return range_is(iova, bytes, PAGE_HERE, PAGE_REMOTE);
}

static int
pages_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	struct fake_mem *m = ctx;

	assert_true(lane < 2);
	assert_true(range_is(iova, bytes, PAGE_REMOTE, PAGE_REMOTE));
	assert_true((iova - FAKE_IOVA) % PAGE + bytes <= PAGE);
	if (pages.lanes[lane].asked && pages.lanes[lane].iova == iova &&
	    pages.lanes[lane].bytes == bytes) {
		if (!pages.lanes[lane].ready)
			return -EAGAIN;
		pages.lanes[lane].asked = false;
		if (pages.deny)
			return -EFAULT;
		memcpy(data, m->at + (iova - FAKE_IOVA), bytes);
		return 0;
	}
	pages.fetches++;
	pages.lanes[lane].asked = true;
	pages.lanes[lane].ready = false;
	pages.lanes[lane].iova = iova;
	pages.lanes[lane].bytes = bytes;
	return -EAGAIN;
}

static void
pages_cancel(void *ctx, unsigned int lane)
{
	(void)ctx;
	assert_true(lane < 2);
	pages.lanes[lane].asked = false;
	pages.cancels++;
}

int
pages_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct post *post = &pages.posts[pages.n_posts++];

	(void)ctx;
	assert_true(pages.n_posts <= POSTS_MAX && bytes <= PAGE);
	assert_true(range_is(iova, bytes, PAGE_HERE, PAGE_REMOTE));
	post->off = iova - FAKE_IOVA;
	post->bytes = (uint32_t)bytes;
	memcpy(post->data, data, bytes);
	return 0;
}

static bool
pages_quiet(void *ctx)
{
	(void)ctx;
	return pages.n_posts == 0 && (!pages.lanes[0].asked || pages.lanes[0].ready) &&
	       (!pages.lanes[1].asked || pages.lanes[1].ready);
}

void
pages_answer(void)
{
	if (pages.stuck)
		return;
	for (unsigned int i = 0; i < pages.n_posts; i++)
		if (!pages.deny)
			memcpy(pages.m->at + pages.posts[i].off, pages.posts[i].data,
			       pages.posts[i].bytes);
	pages.n_posts = 0;
	pages.lanes[0].ready = true;
	pages.lanes[1].ready = true;
}

static uint64_t
now(void *ctx)
{
	return ((struct fake_mem *)ctx)->now_ns;
}

const struct wcdev_ops pages_scattered_ops = {.dma = pages_dma, .now_ns = now};
const struct wcdev_ops pages_message_ops = {
	.dma = pages_dma,
	.dma_reach = pages_reach,
	.dma_fetch = pages_fetch,
	.dma_cancel = pages_cancel,
	.dma_post = pages_post,
	.dma_quiet = pages_quiet,
	.now_ns = now,
};

void
fake_pages_open(struct fake_mem *m)
{
	int fd = memfd_create("pages", MFD_CLOEXEC);
	const size_t slot = (size_t)sysconf(_SC_PAGESIZE);

	memset(&pages, 0, sizeof(pages));
	pages.slot = slot;
	pages.m = m;
	assert_true(fd >= 0 && ftruncate(fd, MEM_BYTES) == 0);
	assert_int_equal(m->bytes, MEM_BYTES);
	free(m->at);
	m->at = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pages.view = mmap(NULL, 2 * slot * PAGES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(m->at != MAP_FAILED && pages.view != MAP_FAILED);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_true(mmap(pages.view + i * 2 * slot, slot, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd,
				 (off_t)(i * PAGE / slot * slot)) != MAP_FAILED);
	close(fd);
}

void
fake_pages_close(void)
{
	munmap(pages.m->at, MEM_BYTES);
	munmap(pages.view, 2 * pages.slot * PAGES);
	pages.m->at = NULL;
}

void
pages_set(enum page_kind even, enum page_kind odd)
{
	for (unsigned int i = 0; i < PAGES; i++)
		pages.kinds[i] = i % 2 == 0 ? even : odd;
}

void
page_set(const void *at, enum page_kind kind)
{
	pages.kinds[((const uint8_t *)at - pages.m->at) / PAGE] = kind;
}
