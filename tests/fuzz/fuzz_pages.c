/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Entries that are their own doorbells, of both placements, on a host whose memory may be reached
 * by message only: pages are here, there or nowhere, as the input says, and may change.
 */

#include <errno.h>
#include <string.h>

#include "fuzz_rig.h"
#include "fuzz_state.h"

#define PAGE 4096u
#define PAGES (FUZZ_MEM_BYTES / PAGE)
#define POSTS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum page_kind {
	PAGE_HERE,
	PAGE_REMOTE,
	PAGE_NONE,
};

static struct {
	uint8_t kinds[PAGES];
	struct {
		bool asked, ready;
		uint64_t iova;
		size_t bytes;
	} lanes[2];
	struct {
		uint64_t off;
		size_t bytes;
	} posts[POSTS];
	unsigned int n_posts;
	bool denies;
} host;
static uint8_t posted[POSTS][PAGE];

static bool
range_is(uint64_t iova, uint64_t bytes, unsigned int kind, unsigned int other)
{
	uint64_t off = iova - FAKE_IOVA;

	if (bytes == 0 || off >= FUZZ_MEM_BYTES || bytes > FUZZ_MEM_BYTES - off)
		return false;
	for (uint64_t page = off / PAGE; page <= (off + bytes - 1) / PAGE; page++)
		if (host.kinds[page] != kind && host.kinds[page] != other)
			return false;
	return true;
}

static void *
host_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	const struct fake_mem *m = ctx;

	if ((prot & WCDEV_DMA_WRITE) != 0 && host.n_posts != 0)
		return NULL;
	return range_is(iova, bytes, PAGE_HERE, PAGE_HERE) ? m->at + (iova - FAKE_IOVA) : NULL;
}

static bool
host_reach(void *ctx, uint64_t iova, uint64_t bytes, unsigned int prot)
{
	(void)ctx;
	(void)prot;
	return range_is(iova, bytes, PAGE_HERE, PAGE_REMOTE);
}

static int
host_fetch(void *ctx, unsigned int lane, uint64_t iova, void *data, size_t bytes)
{
	const struct fake_mem *m = ctx;

	MUST(lane < 2 && bytes != 0 && iova % PAGE + bytes <= PAGE);
	if (host.lanes[lane].asked && host.lanes[lane].iova == iova &&
	    host.lanes[lane].bytes == bytes) {
		if (!host.lanes[lane].ready)
			return -EAGAIN;
		host.lanes[lane].asked = false;
		if (host.denies || !range_is(iova, bytes, PAGE_HERE, PAGE_REMOTE))
			return -EFAULT;
		memcpy(data, m->at + (iova - FAKE_IOVA), bytes);
		return 0;
	}
	host.lanes[lane].asked = true;
	host.lanes[lane].ready = false;
	host.lanes[lane].iova = iova;
	host.lanes[lane].bytes = bytes;
	return -EAGAIN;
}

static void
host_cancel(void *ctx, unsigned int lane)
{
	(void)ctx;
	MUST(lane < 2);
	host.lanes[lane].asked = false;
}

static int
host_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	(void)ctx;
	MUST(bytes != 0 && bytes <= PAGE);
	if (host.n_posts == POSTS)
		return -ENOBUFS;
	if (!range_is(iova, bytes, PAGE_HERE, PAGE_REMOTE))
		return -EFAULT;
	memcpy(posted[host.n_posts], data, bytes);
	host.posts[host.n_posts].off = iova - FAKE_IOVA;
	host.posts[host.n_posts].bytes = bytes;
	host.n_posts++;
	return 0;
}

static bool
host_quiet(void *ctx)
{
	(void)ctx;
	return host.n_posts == 0 && (!host.lanes[0].asked || host.lanes[0].ready) &&
	       (!host.lanes[1].asked || host.lanes[1].ready);
}

static uint64_t
host_now(void *ctx)
{
	return ((const struct fake_mem *)ctx)->now_ns;
}

static const struct wcdev_ops ops = {
	.dma = host_dma,
	.dma_reach = host_reach,
	.dma_fetch = host_fetch,
	.dma_cancel = host_cancel,
	.dma_post = host_post,
	.dma_quiet = host_quiet,
	.now_ns = host_now,
};

static void
host_answer(struct fuzz_rig *r)
{
	for (unsigned int i = 0; i < host.n_posts; i++)
		memcpy(r->h.m.at + host.posts[i].off, posted[i], host.posts[i].bytes);
	host.n_posts = 0;
	host.lanes[0].ready = true;
	host.lanes[1].ready = true;
}

static void
desc_write(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t how = fuzz_take8(in);
	const uint16_t bytes = fuzz_take16(in) % 9000;

	fake_tx_desc(&r->tx, fuzz_rig_iova(r, (uint32_t)fuzz_take64(in)), bytes, how & 3,
		     (how & 4) != 0 ? fuzz_take16(in) : bytes);
}

static void
slot_write(struct fuzz_rig *r, struct fuzz_input *in)
{
	struct fake_slot slot = {.inline_data = r->data};
	const uint8_t how = fuzz_take8(in);
	unsigned int n_segs = (how & 4) != 0 ? 1 + fuzz_take8(in) % WCNIC_SLOT_SEGS(4) : 0;

	slot.flags = how & 3;
	slot.inline_bytes = n_segs == 0 || (how & 8) != 0 ? fuzz_take16(in) % 100 : 0;
	if (n_segs * 16 + slot.inline_bytes > WCNIC_SLOT_INLINE_BYTES(4))
		slot.inline_bytes = 0;
	fuzz_slot_segs(r, in, &slot, n_segs, how & 16);
	if (r->tx.format == WCNIC_FORMAT_PACKED)
		fake_tx_entry(&r->tx, &slot);
	else
		fake_tx_slot(&r->tx, &slot, (how & 0x60) == 0x60);
	if ((how & 0x80) != 0 && r->tx.format == WCNIC_FORMAT_PACKED)
		fake_tx_line_end(&r->tx);
}

static void
page_change(struct fuzz_input *in)
{
	const uint8_t page = fuzz_take8(in), how = fuzz_take8(in);

	if (page >= 0xf0)
		memset(host.kinds, how % 2, sizeof(host.kinds));
	else
		host.kinds[page % PAGES] = how % 3;
}

/*
 * A driver has no more entries in flight than the queue is deep. The card trusts it there: once an
 * entry too many has been written, which is its own doorbell, completions may overtake those that
 * were not read. Not before: what was written stays, whatever becomes of the tail.
 */
static void
in_flight_check(struct fuzz_rig *r)
{
	if ((int16_t)(r->tx.tail - r->next) > r->tx.depth)
		r->over = true;
}

static void
step(struct fuzz_rig *r, struct fuzz_input *in)
{
	const uint8_t what = fuzz_take8(in);

	switch (what % 11) {
	case 0:
		desc_write(r, in);
		in_flight_check(r);
		break;
	case 1:
	case 2:
		slot_write(r, in);
		in_flight_check(r);
		break;
	case 3:
		page_change(in);
		break;
	case 4:
		host_answer(r);
		host.denies = what >= 240;
		break;
	case 5:
		if (what >= 200)
			r->tx.tail = r->next;
		fake_tx_switch(&r->tx, r->tx.tail, fuzz_take8(in) & 1);
		break;
	case 6:
		r->h.m.now_ns += fuzz_take8(in) * 10000ull;
		fuzz_rig_poll(r);
		break;
	case 7:
		(void)wcnic_card_poll_frames(r->h.card);
		break;
	case 8:
		fake_rx_post(&r->h, &r->rx, 4);
		r->rx.head += 4;
		break;
	case 9:
		fake_tx_ring(&r->tx);
		fuzz_rig_poll(r);
		break;
	default:
		fuzz_rig_poll(r);
		(void)wcnic_card_waits(r->h.card);
		host_answer(r);
		break;
	}
}

static struct fuzz_rig *
rig_start(enum wcnic_push_format format)
{
	struct fuzz_rig *r = fuzz_rig_new(&ops);

	r->h.hold = 8;
	fuzz_rig_queues(r, format, true);
	fuzz_state_add(&host, sizeof(host));
	fuzz_rig_keep(r);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = {.data = data, .left = bytes};
	static struct fuzz_rig *r;

	if (r == NULL)
		r = rig_start(FUZZ_PAGES_FORMAT);
	fuzz_rig_restore(r);
	while (in.left != 0)
		step(r, &in);
	for (unsigned int i = 0; i < 4; i++) {
		host_answer(r);
		fuzz_rig_poll(r);
	}
	return 0;
}
