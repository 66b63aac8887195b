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

#include "pages_rig.h"

struct pages_rig rig;

static bool
range_is(uint64_t iova, uint64_t bytes, enum page_kind kind, enum page_kind other)
{
	uint64_t off = iova - FAKE_IOVA;

	if (iova < FAKE_IOVA || bytes == 0 || off >= MEM_BYTES || bytes > MEM_BYTES - off)
		return false;
	for (uint64_t page = off / PAGE; page <= (off + bytes - 1) / PAGE; page++)
		if (rig.pages[page] != kind && rig.pages[page] != other)
			return false;
	return true;
}

static void *
pages_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	uint64_t off = iova - FAKE_IOVA;

	(void)ctx;
	if ((prot & WCDEV_DMA_WRITE) != 0 && rig.n_posts > 0)
		return NULL;
	if (!range_is(iova, bytes, PAGE_HERE, PAGE_HERE) || off % PAGE + bytes > PAGE)
		return NULL;
	return rig.view + off / PAGE * 2 * PAGE + off % PAGE;
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
	if (rig.lanes[lane].asked && rig.lanes[lane].iova == iova &&
	    rig.lanes[lane].bytes == bytes) {
		if (!rig.lanes[lane].ready)
			return -EAGAIN;
		rig.lanes[lane].asked = false;
		if (rig.deny)
			return -EFAULT;
		memcpy(data, m->at + (iova - FAKE_IOVA), bytes);
		return 0;
	}
	rig.fetches++;
	rig.lanes[lane].asked = true;
	rig.lanes[lane].ready = false;
	rig.lanes[lane].iova = iova;
	rig.lanes[lane].bytes = bytes;
	return -EAGAIN;
}

static void
pages_cancel(void *ctx, unsigned int lane)
{
	(void)ctx;
	assert_true(lane < 2);
	rig.lanes[lane].asked = false;
	rig.cancels++;
}

int
pages_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct post *post = &rig.posts[rig.n_posts++];

	(void)ctx;
	assert_true(rig.n_posts <= POSTS_MAX && bytes <= PAGE);
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
	return rig.n_posts == 0 && (!rig.lanes[0].asked || rig.lanes[0].ready) &&
	       (!rig.lanes[1].asked || rig.lanes[1].ready);
}

void
pages_answer(struct fake_host *h)
{
	if (rig.stuck)
		return;
	for (unsigned int i = 0; i < rig.n_posts; i++)
		if (!rig.deny)
			memcpy(h->m.at + rig.posts[i].off, rig.posts[i].data, rig.posts[i].bytes);
	rig.n_posts = 0;
	rig.lanes[0].ready = true;
	rig.lanes[1].ready = true;
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

static int
loop_send(void *ctx, const struct wcdev_frame *frame)
{
	return wcdev_receive(wcnic_card_dev(ctx), frame);
}

static const struct wcdev_port_ops loop_ops = {.kind = "loopback", .send = loop_send};

void
pages_open(const struct wcdev_ops *ops)
{
	struct wcnic_card_config config = {.ops = ops, .seed = 5, .sleeps = true};
	int fd = memfd_create("pages", MFD_CLOEXEC);
	struct fake_host *h = &rig.h;

	memset(&rig, 0, sizeof(rig));
	assert_true(fd >= 0 && ftruncate(fd, MEM_BYTES) == 0);
	assert_int_equal(fake_host_init_sized(h, &config, MEM_BYTES), 0);
	free(h->m.at);
	h->m.at = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rig.view = mmap(NULL, 2 * MEM_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(h->m.at != MAP_FAILED && rig.view != MAP_FAILED);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_true(mmap(rig.view + i * 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd, (off_t)(i * PAGE)) != MAP_FAILED);
	close(fd);
	h->polls = 64;
	h->between = pages_answer;
	wcdev_port_set(wcnic_card_dev(h->card), &loop_ops, h->card);
}

int
pages_teardown(void **state)
{
	struct fake_host *h = &rig.h;

	(void)state;
	munmap(h->m.at, MEM_BYTES);
	munmap(rig.view, 2 * MEM_BYTES);
	h->m.at = NULL;
	fake_host_fini(h);
	return 0;
}

void
pages_set(enum page_kind even, enum page_kind odd)
{
	for (unsigned int i = 0; i < PAGES; i++)
		rig.pages[i] = i % 2 == 0 ? even : odd;
}

void
page_set(const void *at, enum page_kind kind)
{
	rig.pages[((const uint8_t *)at - rig.h.m.at) / PAGE] = kind;
}

void
pages_queues_open(void)
{
	struct fake_host *h = &rig.h;

	fake_enable(h);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS),
			 WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED);
	assert_int_equal(fake_port_set(h, 9000, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(h, &rig.tx, 0, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 4), 0);
	assert_int_equal(fake_rxq_open(h, &rig.rx, 0, 256, 2304), 0);
}

void
pages_work(unsigned int polls)
{
	for (; polls > 0; polls--) {
		wcnic_card_poll(rig.h.card);
		pages_answer(&rig.h);
	}
}

void
frame_round(uint8_t *mem, unsigned int bytes, unsigned int salt)
{
	struct fake_host *h = &rig.h;
	uint8_t got[16384], expected[16384];
	unsigned int half = bytes > 100 ? bytes / 3 : 0;
	struct wcnic_tx_cpl cpl;
	unsigned int polls;

	fake_frame_fill(mem, bytes, salt);
	fake_frame_fill(expected, bytes, salt);
	if (half != 0) {
		fake_tx_desc(&rig.tx, fake_iova(h, mem), (uint16_t)half, WCNIC_TXF_SOP,
			     (uint16_t)bytes);
		fake_tx_desc(&rig.tx, fake_iova(h, mem + half), (uint16_t)(bytes - half),
			     WCNIC_TXF_EOP, 0);
	} else {
		fake_tx_fetch(h, &rig.tx, mem, (uint16_t)bytes);
	}
	fake_tx_ring(&rig.tx);
	for (polls = 0; polls < 200 && !fake_tx_reap(&rig.tx, &cpl); polls++)
		pages_work(1);
	if (polls == 200)
		fail_msg("no completion of a frame of %u bytes", bytes);
	assert_int_equal(cpl.status, WCNIC_TX_FETCHED);
	assert_int_equal(fake_rx_frame(&rig.rx, got, NULL), bytes);
	assert_memory_equal(got, expected, bytes);
}

void
frames_go_round(void)
{
	static const unsigned int sizes[] = {14, 60, 64, 1514, 2304, 2305, 4096, 8193, 9022};
	struct fake_host *h = &rig.h;
	uint8_t *mem = fake_alloc(h, 64 * PAGE, PAGE);
	unsigned int n = 0;

	for (unsigned int lap = 0; lap < 60; lap++) {
		fake_rx_post(h, &rig.rx,
			     (uint16_t)(rig.rx.depth - (uint16_t)(rig.rx.tail - rig.rx.head)));
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++, n++)
			frame_round(mem + n * 1001 % (60 * PAGE), sizes[i], n);
	}
	assert_true(rig.tx.tail > RING_DEPTH); /* more than a lap */
}
