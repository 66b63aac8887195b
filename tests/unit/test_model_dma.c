/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_host.h"

/*
 * Host memory whose pages lie apart from one another, or nowhere at all, as they do behind an
 * IOMMU. The card's view of each page has holes around it: a byte too far is a fault.
 */

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

static struct bench {
	struct fake_host h;
	uint8_t *view; /* of the card: each page, then a hole */
	enum page_kind pages[PAGES];
	/* messages */
	struct {
		bool asked;
		bool ready;
		uint64_t iova;
		size_t bytes;
	} lanes[2];
	struct post posts[POSTS_MAX];
	unsigned int n_posts;
	unsigned int fetches;
	unsigned int cancels;
	bool deny;
	bool stuck; /* nothing is answered */
} bench;

static bool
range_is(uint64_t iova, uint64_t bytes, enum page_kind kind, enum page_kind other)
{
	uint64_t off = iova - FAKE_IOVA;
	uint64_t page;

	if (iova < FAKE_IOVA || bytes == 0 || off >= MEM_BYTES || bytes > MEM_BYTES - off)
		return false;
	for (page = off / PAGE; page <= (off + bytes - 1) / PAGE; page++)
		if (bench.pages[page] != kind && bench.pages[page] != other)
			return false;
	return true;
}

static void *
pages_dma(void *ctx, uint64_t iova, size_t bytes, unsigned int prot)
{
	uint64_t off = iova - FAKE_IOVA;

	(void)ctx;
	if ((prot & WCNIC_DMA_WRITE) && bench.n_posts > 0)
		return NULL;
	if (!range_is(iova, bytes, PAGE_HERE, PAGE_HERE) || off % PAGE + bytes > PAGE)
		return NULL;
	return bench.view + off / PAGE * 2 * PAGE + off % PAGE;
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
	struct fake_host *h = ctx;

	assert_true(lane < 2);
	assert_true(range_is(iova, bytes, PAGE_REMOTE, PAGE_REMOTE));
	assert_true((iova - FAKE_IOVA) % PAGE + bytes <= PAGE);
	if (bench.lanes[lane].asked && bench.lanes[lane].iova == iova &&
	    bench.lanes[lane].bytes == bytes) {
		if (!bench.lanes[lane].ready)
			return -EAGAIN;
		bench.lanes[lane].asked = false;
		if (bench.deny)
			return -EFAULT;
		memcpy(data, h->mem + (iova - FAKE_IOVA), bytes);
		return 0;
	}
	bench.fetches++;
	bench.lanes[lane].asked = true;
	bench.lanes[lane].ready = false;
	bench.lanes[lane].iova = iova;
	bench.lanes[lane].bytes = bytes;
	return -EAGAIN;
}

static void
pages_cancel(void *ctx, unsigned int lane)
{
	(void)ctx;
	assert_true(lane < 2);
	bench.lanes[lane].asked = false;
	bench.cancels++;
}

static int
pages_post(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	struct post *post = &bench.posts[bench.n_posts++];

	(void)ctx;
	assert_true(bench.n_posts <= POSTS_MAX && bytes <= PAGE);
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
	return bench.n_posts == 0 && (!bench.lanes[0].asked || bench.lanes[0].ready) &&
	       (!bench.lanes[1].asked || bench.lanes[1].ready);
}

/* The host answers everything that is under way. */
static void
answer(struct fake_host *h)
{
	unsigned int i;

	if (bench.stuck)
		return;
	for (i = 0; i < bench.n_posts; i++)
		if (!bench.deny)
			memcpy(h->mem + bench.posts[i].off, bench.posts[i].data,
			       bench.posts[i].bytes);
	bench.n_posts = 0;
	bench.lanes[0].ready = true;
	bench.lanes[1].ready = true;
}

static uint64_t
now(void *ctx)
{
	return ((struct fake_host *)ctx)->now_ns;
}

static const struct wcnic_card_ops scattered_ops = {.dma = pages_dma, .now_ns = now};
static const struct wcnic_card_ops message_ops = {
	.dma = pages_dma,
	.dma_reach = pages_reach,
	.dma_fetch = pages_fetch,
	.dma_cancel = pages_cancel,
	.dma_post = pages_post,
	.dma_quiet = pages_quiet,
	.now_ns = now,
};

static int
loop_send(void *ctx, const struct wcnic_frame *frame)
{
	return wcnic_card_receive(ctx, frame);
}

static const struct wcnic_port_ops loop_ops = {.kind = "loopback", .send = loop_send};

static void
bench_open(const struct wcnic_card_ops *ops)
{
	struct wcnic_card_config config = {.ops = ops, .seed = 5};
	int fd = memfd_create("pages", MFD_CLOEXEC);
	struct fake_host *h = &bench.h;
	unsigned int i;

	memset(&bench, 0, sizeof(bench));
	assert_true(fd >= 0 && ftruncate(fd, MEM_BYTES) == 0);
	assert_int_equal(fake_host_init_sized(h, &config, MEM_BYTES), 0);
	free(h->mem);
	h->mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bench.view = mmap(NULL, 2 * MEM_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(h->mem != MAP_FAILED && bench.view != MAP_FAILED);
	for (i = 0; i < PAGES; i++)
		assert_true(mmap(bench.view + i * 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd, (off_t)(i * PAGE)) != MAP_FAILED);
	close(fd);
	h->polls = 64;
	h->between = answer;
	wcnic_card_set_port(h->card, &loop_ops, h->card);
}

static int
teardown(void **state)
{
	struct fake_host *h = &bench.h;

	(void)state;
	munmap(h->mem, MEM_BYTES);
	munmap(bench.view, 2 * MEM_BYTES);
	h->mem = NULL;
	fake_host_fini(h);
	return 0;
}

static void
pages_set(enum page_kind even, enum page_kind odd)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		bench.pages[i] = i % 2 == 0 ? even : odd;
}

static void
page_set(const void *at, enum page_kind kind)
{
	bench.pages[((const uint8_t *)at - bench.h.mem) / PAGE] = kind;
}

static struct fake_txq tx;
static struct fake_rxq rx;

/* Rings of several pages, and buffers of which most lie in two. */
static void
queues_open(void)
{
	struct fake_host *h = &bench.h;

	fake_enable(h);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS),
			 WCNIC_STATUS_READY | WCNIC_STATUS_ENABLED);
	assert_int_equal(fake_port_set(h, 9000, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(h, &tx, 0, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 4), 0);
	assert_int_equal(fake_rxq_open(h, &rx, 0, 256, 2304), 0);
}

static void
work(unsigned int polls)
{
	for (; polls > 0; polls--) {
		wcnic_card_poll(bench.h.card);
		answer(&bench.h);
	}
}

static void
frame_fill(uint8_t *frame, unsigned int bytes, unsigned int salt)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8) + salt);
}

/* One frame there and back, of two segments if it is long. */
static void
frame_round(uint8_t *mem, unsigned int bytes, unsigned int salt)
{
	struct fake_host *h = &bench.h;
	uint8_t got[16384], expected[16384];
	unsigned int half = bytes > 100 ? bytes / 3 : 0;
	struct wcnic_tx_cpl cpl;
	unsigned int polls;

	frame_fill(mem, bytes, salt);
	frame_fill(expected, bytes, salt);
	if (half != 0) {
		fake_tx_desc(&tx, fake_iova(h, mem), (uint16_t)half, WCNIC_TXF_SOP,
			     (uint16_t)bytes);
		fake_tx_desc(&tx, fake_iova(h, mem + half), (uint16_t)(bytes - half), WCNIC_TXF_EOP,
			     0);
	} else {
		fake_tx_fetch(h, &tx, mem, (uint16_t)bytes);
	}
	fake_tx_ring(&tx);
	for (polls = 0; polls < 200 && !fake_tx_reap(&tx, &cpl); polls++)
		work(1);
	if (polls == 200)
		fail_msg("no completion of a frame of %u bytes", bytes);
	assert_int_equal(cpl.status, WCNIC_TX_FETCHED);
	assert_int_equal(fake_rx_frame(&rx, got, NULL), bytes);
	assert_memory_equal(got, expected, bytes);
}

static void
frames_go_round(void)
{
	static const unsigned int sizes[] = {14, 60, 64, 1514, 2304, 2305, 4096, 8193, 9022};
	struct fake_host *h = &bench.h;
	uint8_t *mem = fake_alloc(h, 64 * PAGE, PAGE);
	unsigned int i, lap, n = 0;

	for (lap = 0; lap < 60; lap++) {
		fake_rx_post(h, &rx, (uint16_t)(rx.depth - (uint16_t)(rx.tail - rx.head)));
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++, n++)
			frame_round(mem + n * 1001 % (60 * PAGE), sizes[i], n);
	}
	assert_true(tx.tail > RING_DEPTH); /* more than a lap */
}

static void
scattered__frames_rings_and_answers_across_pages__are_whole(void **state)
{
	struct wcnic_identity id;
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_ALL)};

	(void)state;
	bench_open(&scattered_ops);
	queues_open();
	/* An answer and an input that lie in two pages. */
	bench.h.bounce = (uint8_t *)fake_alloc(&bench.h, 2 * PAGE, PAGE) + PAGE - 100;
	assert_int_equal(fake_cmd(&bench.h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_string_equal(id.model, "wcnic model");
	rss.key[0] = 0x6d;
	assert_int_equal(fake_cmd(&bench.h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	frames_go_round();
}

static void
scattered__page_missing_in_a_frame__error_address_and_goes_on(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	bench_open(&scattered_ops);
	queues_open();
	mem = fake_alloc(h, 4 * PAGE, PAGE);
	page_set(mem + PAGE, PAGE_NONE);
	fake_tx_fetch(h, &tx, mem + 100, 6000);
	fake_tx_ring(&tx);
	work(2);
	assert_true(fake_tx_reap(&tx, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_ERROR);
	assert_int_equal(cpl.reason, WCNIC_ERR_ADDRESS);
	fake_rx_post(h, &rx, 64);
	frame_round(mem + 2 * PAGE + 100, 6000, 1);
}

static void
scattered__page_missing_in_a_buffer__stops_the_queue_untouched(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_event event;
	struct wcnic_stats stats;
	uint8_t *mem, *second;

	(void)state;
	bench_open(&scattered_ops);
	queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	memset(rx.bufs, 0xaa, 4 * 2304);
	second = rx.bufs + 2304;
	page_set(second + 2303, PAGE_NONE);
	assert_true((second - h->mem) / PAGE != (second + 2303 - h->mem) / PAGE);
	fake_rx_post(h, &rx, 2);
	fake_tx_fetch(h, &tx, mem, 3000);
	fake_tx_ring(&tx);
	work(2);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_errors, 1);
	assert_int_equal(rx.bufs[0], 0xaa);
}

static void
scattered__ring_page_missing__refused_at_creation_and_stops_later(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_event event;
	struct fake_txq other;
	uint8_t *mem;

	(void)state;
	bench_open(&scattered_ops);
	queues_open();
	assert_int_equal(fake_txq_close(h, &tx), 0);
	h->mem_used = (h->mem_used + PAGE - 1) & ~(size_t)(PAGE - 1);
	assert_int_equal(fake_txq_open(h, &tx, 0, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 0), 0);
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(h->mem + h->mem_used + 3 * PAGE, PAGE_NONE);
	assert_int_equal(fake_txq_open(h, &other, 1, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 0),
			 WCNIC_ST_BAD_ADDRESS);
	page_set(&tx.ring[RING_DEPTH - 1], PAGE_NONE);
	/* What the pages hold that are still there goes out. */
	while (bench.pages[((uint8_t *)&tx.ring[tx.tail] - h->mem) / PAGE] == PAGE_HERE) {
		fake_rx_post(h, &rx, 1);
		frame_round(mem, 64, tx.tail);
	}
	assert_true(tx.tail > 0);
	fake_tx_fetch(h, &tx, mem, 64);
	fake_tx_ring(&tx);
	work(3);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
	assert_int_equal(le32toh(event.arg0), WCNIC_EV_QUEUE_TX);
}

static void
messages__everything_remote__frames_are_whole(void **state)
{
	(void)state;
	bench_open(&message_ops);
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	queues_open();
	frames_go_round();
	assert_true(bench.fetches > 1000);
}

static void
messages__every_other_page_remote__frames_are_whole(void **state)
{
	(void)state;
	bench_open(&message_ops);
	pages_set(PAGE_HERE, PAGE_REMOTE);
	queues_open();
	frames_go_round();
}

static void
messages__nothing_remote__none_is_sent(void **state)
{
	(void)state;
	bench_open(&message_ops);
	queues_open();
	frames_go_round();
	assert_int_equal(bench.fetches, 0);
}

/* Slots lie in the aperture, their segments in host memory. */
static void
messages__segments_of_slots__frames_are_whole(void **state)
{
	struct fake_host *h = &bench.h;
	uint8_t got[16384];
	struct fake_slot slot = {.n_segs = 2};
	struct wcnic_tx_cpl cpl;
	unsigned int i, polls;
	uint8_t *mem;

	(void)state;
	bench_open(&message_ops);
	pages_set(PAGE_REMOTE, PAGE_HERE);
	queues_open();
	fake_rx_post(h, &rx, 200);
	mem = fake_alloc(h, 8 * PAGE, PAGE);
	fake_tx_switch(&tx, 0, WCNIC_PLACEMENT_PUSH);
	for (i = 0; i < 20; i++) {
		uint8_t *frame = mem + i * 731;

		frame_fill(frame, 6000, i);
		/* A frame of two slots, each of two segments. */
		slot.flags = WCNIC_TXF_SOP;
		slot.frame_bytes = 6000;
		slot.segs[0] = (struct wcnic_push_seg){htole64(fake_iova(h, frame)), htole32(10)};
		slot.segs[1] = (struct wcnic_push_seg){htole64(fake_iova(h, frame + 10)),
						       htole32(4990)};
		fake_tx_slot(&tx, &slot, 0);
		slot.flags = WCNIC_TXF_EOP;
		slot.frame_bytes = 0;
		slot.segs[0] = (struct wcnic_push_seg){htole64(fake_iova(h, frame + 5000)),
						       htole32(999)};
		slot.segs[1] = (struct wcnic_push_seg){htole64(fake_iova(h, frame + 5999)),
						       htole32(1)};
		fake_tx_slot(&tx, &slot, 0);
		fake_tx_ring(&tx);
		for (polls = 0; polls < 200 && !fake_tx_reap(&tx, &cpl); polls++)
			work(1);
		assert_true(polls < 200);
		assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
		assert_int_equal(le16toh(cpl.count), 2);
		assert_int_equal(fake_rx_frame(&rx, got, NULL), 6000);
		assert_memory_equal(got, frame, 6000);
	}
	assert_true(bench.fetches > 20);
}

/* Completions must not be seen before the data that they are about. */
static void
messages__data_remote_completions_here__nothing_overtakes(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_rx_cpl cpl;
	uint8_t *mem, *buf;

	(void)state;
	bench_open(&message_ops);
	queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	frame_fill(mem, 64, 9);
	page_set(rx.bufs, PAGE_REMOTE);
	fake_rx_post(h, &rx, 1);
	fake_tx_fetch(h, &tx, mem, 64);
	fake_tx_ring(&tx);
	bench.stuck = true;
	work(3);
	assert_true(bench.n_posts >= 2);
	assert_false(fake_rx_reap(&rx, &cpl, &buf));
	bench.stuck = false;
	work(1);
	assert_true(fake_rx_reap(&rx, &cpl, &buf));
	assert_memory_equal(buf, mem, 64);
}

static void
messages__denied__named_and_survived(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_rss rss = {.types = 0};
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	bench_open(&message_ops);
	queues_open();
	h->bounce = fake_alloc(h, PAGE, PAGE);
	page_set(h->bounce, PAGE_REMOTE);
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	bench.deny = true;
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL),
			 WCNIC_ST_BAD_ADDRESS);
	fake_tx_fetch(h, &tx, mem, 64);
	fake_tx_ring(&tx);
	work(5);
	assert_true(fake_tx_reap(&tx, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_ERROR);
	assert_int_equal(cpl.reason, WCNIC_ERR_ADDRESS);
	bench.deny = false;
	fake_rx_post(h, &rx, 4);
	frame_round(mem, 64, 4);
}

/* Longer than any frame: it is refused for what it is, not for want of room. */
static void
messages__segments_longer_than_a_frame__are_refused(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	bench_open(&message_ops);
	queues_open();
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	mem = fake_alloc(h, 32 * PAGE, PAGE);
	fake_tx_desc(&tx, fake_iova(h, mem), 60000, WCNIC_TXF_SOP | WCNIC_TXF_EOP, 60000);
	fake_tx_desc(&tx, fake_iova(h, mem), 60000, WCNIC_TXF_SOP | WCNIC_TXF_EOP, 100);
	fake_tx_ring(&tx);
	work(100);
	assert_true(fake_tx_reap(&tx, &cpl));
	assert_int_equal(cpl.reason, WCNIC_ERR_OVERSIZE);
	assert_true(fake_tx_reap(&tx, &cpl));
	assert_int_equal(cpl.reason, WCNIC_ERR_DESC);
}

static void
messages__reset_while_under_way__not_ready_before_the_end(void **state)
{
	struct fake_host *h = &bench.h;
	uint8_t *mem;

	(void)state;
	bench_open(&message_ops);
	queues_open();
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	mem = fake_alloc(h, PAGE, PAGE);
	fake_tx_fetch(h, &tx, mem, 64);
	fake_tx_ring(&tx);
	bench.stuck = true;
	wcnic_card_poll(h->card);
	assert_true(bench.lanes[0].asked);
	assert_int_equal(pages_post(h, fake_iova(h, mem), "x", 1), 0);
	fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), 0);
	assert_int_equal(bench.cancels, 1);
	assert_false(bench.lanes[0].asked);
	bench.stuck = false;
	answer(h);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	queues_open();
	fake_rx_post(h, &rx, 4);
	frame_round(mem, 64, 5);
}

/* A queue that stops in mid-frame must not keep others from their messages. */
static void
messages__owner_gives_up__others_go_on(void **state)
{
	struct fake_host *h = &bench.h;
	struct wcnic_rss rss = {.types = 0};
	uint8_t *mem;

	(void)state;
	bench_open(&message_ops);
	queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	h->bounce = fake_alloc(h, PAGE, PAGE);
	fake_tx_fetch(h, &tx, mem, 64);
	fake_tx_ring(&tx);
	bench.stuck = true;
	wcnic_card_poll(h->card);
	bench.stuck = false;
	assert_int_equal(fake_port_set(h, 1500, 0), 0);
	page_set(h->bounce, PAGE_REMOTE);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
}

static void
create__some_message_ops_only__is_refused(void **state)
{
	struct wcnic_card_ops ops = message_ops;
	struct wcnic_card_config config = {.ops = &ops};
	struct fake_host h;

	(void)state;
	ops.dma_quiet = NULL;
	assert_int_equal(fake_host_init(&h, &config), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_teardown(name, teardown)
		CASE(scattered__frames_rings_and_answers_across_pages__are_whole),
		CASE(scattered__page_missing_in_a_frame__error_address_and_goes_on),
		CASE(scattered__page_missing_in_a_buffer__stops_the_queue_untouched),
		CASE(scattered__ring_page_missing__refused_at_creation_and_stops_later),
		CASE(messages__everything_remote__frames_are_whole),
		CASE(messages__every_other_page_remote__frames_are_whole),
		CASE(messages__nothing_remote__none_is_sent),
		CASE(messages__segments_of_slots__frames_are_whole),
		CASE(messages__data_remote_completions_here__nothing_overtakes),
		CASE(messages__denied__named_and_survived),
		CASE(messages__segments_longer_than_a_frame__are_refused),
		CASE(messages__reset_while_under_way__not_ready_before_the_end),
		CASE(messages__owner_gives_up__others_go_on),
		cmocka_unit_test(create__some_message_ops_only__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
