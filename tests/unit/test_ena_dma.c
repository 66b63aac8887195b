/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ENA card where host memory is not in one piece, is reached by messages, or goes away. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ena_rig.h"
#include "fake_pages.h"

#define DEPTH 512u /* two pages of descriptors */
#define POLLS 300u

static struct fake_ena e;
static struct fake_ena_txq tx;
static struct fake_ena_rxq rx;

static void
answer(struct fake_ena *unused)
{
	(void)unused;
	pages_answer();
}

static int
loop_send(void *ctx, const struct wcdev_frame *frame)
{
	return wcdev_receive(ena_card_dev(ctx), frame);
}

static void
loop_link(void *ctx, struct wcdev_link *link)
{
	(void)ctx;
	link->waits = true;
}

static const struct wcdev_port_ops loop_ops = {
	.kind = "loopback", .send = loop_send, .link = loop_link};

static void
open_on(const struct wcdev_ops *ops)
{
	const struct ena_card_config config = {.ops = ops, .seed = 5, .llq_entries = 3};

	assert_int_equal(fake_ena_init_sized(&e, &config, MEM_BYTES), 0);
	fake_pages_open(&e.m);
	e.polls = 64;
	e.between = answer;
	wcdev_port_set(ena_card_dev(e.card), &loop_ops, e.card);
}

static int
setup_scattered(void **state)
{
	(void)state;
	open_on(&pages_scattered_ops);
	return 0;
}

static int
setup_messages(void **state)
{
	(void)state;
	open_on(&pages_message_ops);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_pages_close();
	fake_ena_fini(&e);
	return 0;
}

static void
queues_open(bool llq)
{
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_mtu_set(&e, 9000), ENA_ST_OK);
	if (llq)
		assert_int_equal(fake_ena_llq_set(&e, 128, 1), ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(&e, &tx, DEPTH, llq, FAKE_NO_VECTOR), ENA_ST_OK);
	assert_int_equal(fake_ena_rxq_open(&e, &rx, 256, 2304, FAKE_NO_VECTOR), ENA_ST_OK);
}

static void
work(unsigned int polls)
{
	for (; polls > 0; polls--) {
		ena_card_poll(e.card);
		pages_answer();
	}
}

/* One frame there and back, of two buffers if it is long. */
static void
frame_round(uint8_t *mem, uint32_t bytes, uint32_t salt)
{
	struct fake_ena_frame frame = {.req_id = (uint16_t)(salt % DEPTH)};
	uint8_t got[16384], expected[16384];
	struct ena_tx_cpl cpl;
	uint32_t pushed = 0;
	unsigned int polls;

	fake_frame_fill(mem, bytes, salt);
	fake_frame_fill(expected, bytes, salt);
	if (tx.llq) {
		pushed = bytes < 96 ? bytes : 96;
		frame.header = expected;
		frame.header_bytes = (uint8_t)pushed;
	}
	for (uint32_t at = pushed; at < bytes;) {
		const uint32_t piece = frame.n_bufs == 0 && bytes > 200 ? (bytes - pushed) / 3
									: bytes - at;

		frame.bufs[frame.n_bufs].iova = fake_ena_iova(&e, mem + at);
		frame.bufs[frame.n_bufs].bytes = (uint16_t)piece;
		frame.n_bufs++;
		at += piece;
	}
	fake_ena_tx(&tx, &frame);
	fake_ena_tx_ring(&e, &tx);
	for (polls = 0; polls < POLLS && !fake_ena_tx_reap(&tx, &cpl); polls++)
		work(1);
	if (polls == POLLS)
		fail_msg("no completion of a frame of %u bytes", bytes);
	assert_int_equal(le16toh(cpl.req_id), frame.req_id);
	assert_int_equal(fake_ena_rx_frame(&rx, got, NULL, NULL), bytes);
	assert_memory_equal(got, expected, bytes);
}

static void
frames_go_round(void)
{
	static const uint32_t sizes[] = {14, 60, 64, 1514, 2304, 2305, 4096, 8193, 9022};
	uint8_t *mem = fake_ena_alloc(&e, 64 * PAGE, PAGE);
	unsigned int n = 0;

	for (unsigned int lap = 0; lap < 60; lap++) {
		fake_ena_rx_post(&e, &rx, (uint16_t)(rx.depth - (uint16_t)(rx.tail - rx.cq.head)));
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++, n++)
			frame_round(mem + n * 1001 % (60 * PAGE), sizes[i], n);
	}
	ENA_EXPECT_CLEAN(&e);
}

static void
scattered__rings_and_buffers_over_pages(void **state)
{
	(void)state;
	queues_open(false);
	frames_go_round();
	assert_true(tx.tail > DEPTH); /* more than a lap */
}

static void
scattered__llq__buffers_over_pages(void **state)
{
	(void)state;
	queues_open(true);
	frames_go_round();
}

/* Whichever pages are reached by message: rings, completions, buffers, answers. */
static void
messages__any_pages__all_goes_round(void **state)
{
	static const enum page_kind kinds[][2] = {
		{PAGE_HERE, PAGE_REMOTE}, {PAGE_REMOTE, PAGE_HERE}, {PAGE_REMOTE, PAGE_REMOTE}};

	for (unsigned int i = 0; i < 6; i++) {
		pages_set(kinds[i % 3][0], kinds[i % 3][1]);
		queues_open(i >= 3);
		frames_go_round();
		assert_true(pages.fetches > 100);
		teardown(state);
		setup_messages(state);
	}
}

static void
messages__commands_and_events(void **state)
{
	struct ena_aenq_event event;
	struct ena_rss_key key;
	uint32_t value;
	uint8_t mine[40];

	(void)state;
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	fake_ena_enable(&e);
	for (unsigned int i = 0; i < 40; i++)
		mine[i] = (uint8_t)(i + 3);
	for (unsigned int i = 0; i < 50; i++) {
		assert_int_equal(fake_ena_rss_key(&e, mine, 0), ENA_ST_OK);
		assert_int_equal(fake_ena_get(&e, ENA_F_RSS_FUNCTION, NULL, 0, &key, sizeof(key)),
				 ENA_ST_OK);
		assert_int_equal(key.key[39], mine[0]);
	}
	assert_int_equal(fake_ena_aenq_set(&e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
	for (unsigned int i = 0; i < 40; i++) {
		ena_card_warn(e.card, (uint16_t)i);
		work(1);
		assert_true(fake_ena_event(&e, &event));
		assert_int_equal(le16toh(event.syndrome), i);
	}
	/* A register by DMA, by message. */
	fake_ena_reg_set64(&e, ENA_REG_MMIO_RESP_LO, fake_ena_iova(&e, e.readless));
	fake_ena_reg_set(&e, ENA_REG_MMIO_REG_READ, 0x00040001);
	pages_answer();
	assert_int_equal(le16toh(e.readless->req_id), 1);
	value = le32toh(e.readless->value);
	assert_int_equal(value, fake_ena_reg(&e, 4));
	ENA_EXPECT_CLEAN(&e);
}

/* Nothing is answered for a long time: the card waits and does nothing else to the memory. */
static void
messages__unanswered__wait_and_go_on(void **state)
{
	struct fake_ena_frame frame = {.req_id = 3, .n_bufs = 1};
	struct ena_tx_cpl cpl;
	uint8_t got[4096], *mem;

	(void)state;
	queues_open(false);
	mem = fake_ena_alloc(&e, PAGE, PAGE);
	fake_frame_fill(mem, 1000, 1);
	page_set(mem, PAGE_REMOTE);
	fake_ena_rx_post(&e, &rx, 4);
	frame.bufs[0].iova = fake_ena_iova(&e, mem);
	frame.bufs[0].bytes = 1000;
	pages.stuck = true;
	fake_ena_tx(&tx, &frame);
	fake_ena_tx_ring(&e, &tx);
	work(50);
	assert_false(fake_ena_tx_reap(&tx, &cpl));
	assert_int_equal(pages.fetches, 1);
	assert_false(ena_card_waits(e.card));
	pages.stuck = false;
	work(5);
	assert_true(fake_ena_tx_reap(&tx, &cpl));
	assert_int_equal(fake_ena_rx_frame(&rx, got, NULL, NULL), 1000);
	assert_memory_equal(got, mem, 1000);
	assert_true(ena_card_waits(e.card));
	ENA_EXPECT_CLEAN(&e);
}

static void
messages__denied__the_frame_is_dropped(void **state)
{
	struct fake_ena_frame frame = {.req_id = 3, .n_bufs = 1};
	struct ena_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	queues_open(false);
	mem = fake_ena_alloc(&e, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	fake_ena_rx_post(&e, &rx, 4);
	frame.bufs[0].iova = fake_ena_iova(&e, mem);
	frame.bufs[0].bytes = 1000;
	pages.deny = true;
	fake_ena_tx(&tx, &frame);
	fake_ena_tx_ring(&e, &tx);
	work(10);
	assert_true(fake_ena_tx_reap(&tx, &cpl));
	assert_int_equal(le16toh(cpl.req_id), 3);
	ENA_EXPECT(&e, tx_bad_address, 1);
	pages.deny = false;
	fake_frame_fill(mem, 1000, 1);
	fake_ena_tx(&tx, &frame);
	fake_ena_tx_ring(&e, &tx);
	work(10);
	assert_true(fake_ena_tx_reap(&tx, &cpl));
	ENA_EXPECT(&e, tx_bad_address, 1);
}

/* A reset or the end of the queue while a read is under way: it is called off. */
static void
messages__reset_under_way__called_off(void **state)
{
	struct fake_ena_frame frame = {.req_id = 3, .n_bufs = 1};
	uint8_t *mem;

	for (unsigned int how = 0; how < 3; how++) {
		queues_open(false);
		mem = fake_ena_alloc(&e, PAGE, PAGE);
		page_set(mem, PAGE_REMOTE);
		frame.bufs[0].iova = fake_ena_iova(&e, mem);
		frame.bufs[0].bytes = 1000;
		fake_ena_rx_post(&e, &rx, 4);
		pages.stuck = true;
		fake_ena_tx(&tx, &frame);
		fake_ena_tx_ring(&e, &tx);
		work(3);
		assert_true(pages.lanes[0].asked);
		if (how == 0) {
			assert_true(fake_ena_reset(&e, 0));
		} else if (how == 1) {
			ena_card_reset(e.card);
		} else {
			pages.stuck = false;
			pages.lanes[0].ready = false;
			assert_int_equal(fake_ena_txq_close(&e, &tx), ENA_ST_OK);
		}
		assert_false(pages.lanes[0].asked);
		pages.stuck = false;
		pages_answer();
		/* All works as before. */
		assert_true(fake_ena_reset(&e, 0));
		queues_open(false);
		fake_ena_rx_post(&e, &rx, 100);
		for (unsigned int i = 0; i < 10; i++)
			frame_round(e.m.at + MEM_BYTES - 20000, 500, i);
		ENA_EXPECT_CLEAN(&e);
		teardown(state);
		setup_messages(state);
	}
}

static int
post_fails(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	return pages.deny ? -EIO : pages_post(ctx, iova, data, bytes);
}

/* A message that cannot be sent at all, as to a host that has gone. */
static void
messages__writes_fail__queues_stop_and_nothing_is_answered(void **state)
{
	for (unsigned int what = 0; what < 4; what++) {
		struct fake_ena_frame frame = {.req_id = 3, .n_bufs = 1};
		struct wcdev_ops ops = pages_message_ops;
		struct ena_card_stats stats;
		uint8_t *mem;

		ops.dma_post = post_fails;
		open_on(&ops);
		queues_open(false);
		assert_int_equal(fake_ena_aenq_set(&e, 1u << ENA_AENQ_WARNING), ENA_ST_OK);
		mem = fake_ena_alloc(&e, PAGE, PAGE);
		fake_frame_fill(mem, 200, 1);
		frame.bufs[0].iova = fake_ena_iova(&e, mem);
		frame.bufs[0].bytes = 200;
		fake_ena_rx_post(&e, &rx, 8);
		work(3);
		pages.deny = true;
		if (what == 0) {
			page_set(tx.cq.ring, PAGE_REMOTE);
			fake_ena_tx(&tx, &frame);
			fake_ena_tx_ring(&e, &tx);
			work(3);
			ENA_EXPECT(&e, ring_unmapped, 1);
		} else if (what == 1) {
			page_set(rx.cq.ring, PAGE_REMOTE);
			assert_int_equal(fake_ena_receive(&e, mem, 200, 200), 0);
			ENA_EXPECT(&e, ring_unmapped, 1);
		} else if (what == 2) {
			page_set(rx.bufs, PAGE_REMOTE);
			assert_int_equal(fake_ena_receive(&e, mem, 200, 200), 0);
			ENA_EXPECT(&e, ring_unmapped, 1);
			fake_ena_stats(&e, &stats);
			assert_int_equal(stats.rx_frames, 0);
		} else {
			page_set(e.acq, PAGE_REMOTE);
			page_set(e.aenq, PAGE_REMOTE);
			assert_int_equal(fake_ena_mtu_set(&e, 1500), -1);
			ena_card_warn(e.card, 1);
			fake_ena_stats(&e, &stats);
			assert_int_equal(stats.admin_unmapped, 1);
			assert_int_equal(stats.aenq_lost, 1);
		}
		teardown(state);
	}
}

/* What a frame was read for is no reason that commands wait for the port. */
static int
held_send(void *ctx, const struct wcdev_frame *frame)
{
	unsigned int *left = ctx;

	(void)frame;
	if (*left == 0)
		return -EAGAIN;
	--*left;
	return 0;
}

static const struct wcdev_port_ops held_ops = {.kind = "held", .send = held_send};

static void
messages__the_port_holds_a_frame__commands_are_answered(void **state)
{
	struct fake_ena_frame frame = {.req_id = 3, .n_bufs = 1};
	struct ena_tx_cpl cpl;
	unsigned int left = 0;
	uint8_t *mem;

	(void)state;
	wcdev_port_set(ena_card_dev(e.card), &held_ops, &left);
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	queues_open(false);
	mem = fake_ena_alloc(&e, PAGE, PAGE);
	fake_frame_fill(mem, 1000, 1);
	frame.bufs[0].iova = fake_ena_iova(&e, mem);
	frame.bufs[0].bytes = 1000;
	fake_ena_tx(&tx, &frame);
	fake_ena_tx_ring(&e, &tx);
	work(10);
	assert_false(fake_ena_tx_reap(&tx, &cpl));
	assert_int_equal(fake_ena_mtu_set(&e, 1500), ENA_ST_OK);
	left = 1;
	work(10);
	assert_true(fake_ena_tx_reap(&tx, &cpl));
	assert_int_equal(le16toh(cpl.req_id), 3);
	ENA_EXPECT_CLEAN(&e);
}

/* What was read for a command is forgotten with the ring that it was in. */
static void
messages__rings_set_anew_under_way__the_new_command_is_read(void **state)
{
	union ena_cmd cmd = {.feature = {.common.opcode = ENA_SET_FEATURE}};
	struct ena_device_attributes out;
	struct ena_card_stats stats;
	uint64_t iova;

	(void)state;
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	fake_ena_enable(&e);
	iova = fake_ena_iova(&e, e.bounce);
	cmd.feature.common.flags = ENA_AQ_BUFFER_INDIRECT;
	cmd.feature.feature = ENA_F_RSS_INPUT;
	cmd.feature.buffer.bytes = htole32(sizeof(struct ena_rss_input));
	cmd.feature.buffer.addr.lo = htole32((uint32_t)iova);
	cmd.feature.buffer.addr.hi = htole16((uint16_t)(iova >> 32));
	fake_ena_submit(&e, &cmd);
	work(1);
	ena_card_poll(e.card); /* it is here, and its buffer has been asked for */
	assert_true(pages.lanes[0].asked && pages.lanes[0].iova == iova);
	fake_ena_enable(&e);
	assert_int_equal(fake_ena_get(&e, ENA_F_DEVICE_ATTRIBUTES, &out, sizeof(out), NULL, 0),
			 ENA_ST_OK);
	assert_int_equal(le32toh(out.max_mtu), 9216);
	fake_ena_stats(&e, &stats);
	assert_int_equal(stats.admin_commands, 1);
}

/* What a driver says of itself may have to be asked for. */
static void
messages__host_attributes__are_waited_for(void **state)
{
	struct ena_host_attributes data = {0};
	uint8_t *info;
	uint64_t iova;

	(void)state;
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	fake_ena_enable(&e);
	info = fake_ena_alloc(&e, PAGE, PAGE);
	iova = fake_ena_iova(&e, info);
	data.info.lo = htole32((uint32_t)iova);
	data.info.hi = htole16((uint16_t)(iova >> 32));
	assert_int_equal(fake_ena_set(&e, ENA_F_HOST_ATTRIBUTES, &data, sizeof(data), NULL, 0),
			 ENA_ST_OK);
	pages.deny = true;
	assert_int_equal(fake_ena_set(&e, ENA_F_HOST_ATTRIBUTES, &data, sizeof(data), NULL, 0), -1);
	pages.deny = false;
}

/* A driver may send what lies in the buffer that the frame comes back into. */
static void
loopback__buffers_overlap__the_bytes_that_were_sent(void **state)
{
	const struct ena_card_config config = {.seed = 5};
	struct fake_ena_frame frame = {.n_bufs = 1};
	uint8_t sent[1000], got[2048];
	struct fake_ena_txq q;
	struct ena_tx_cpl cpl;
	struct fake_ena h;

	(void)state;
	for (int way = -1; way <= 1; way += 2) {
		uint8_t *mem;

		assert_int_equal(fake_ena_init(&h, &config), 0);
		wcdev_port_set(ena_card_dev(h.card), &loop_ops, h.card);
		fake_ena_enable(&h);
		assert_int_equal(fake_ena_txq_open(&h, &q, 64, false, FAKE_NO_VECTOR), ENA_ST_OK);
		assert_int_equal(fake_ena_rxq_open(&h, &rx, 64, 2048, FAKE_NO_VECTOR), ENA_ST_OK);
		fake_ena_rx_post(&h, &rx, 2);
		mem = rx.bufs + way * 100;
		fake_frame_fill(sent, sizeof(sent), 3);
		memcpy(mem, sent, sizeof(sent));
		frame.bufs[0].iova = fake_ena_iova(&h, mem);
		frame.bufs[0].bytes = sizeof(sent);
		fake_ena_tx(&q, &frame);
		fake_ena_tx_ring(&h, &q);
		ena_card_poll(h.card);
		assert_true(fake_ena_tx_reap(&q, &cpl));
		assert_int_equal(fake_ena_rx_frame(&rx, got, NULL, NULL), sizeof(sent));
		assert_memory_equal(got, sent, sizeof(sent));
		ENA_EXPECT_CLEAN(&h);
		fake_ena_fini(&h);
	}
}

/* ---- a map that changes ------------------------------------------------------------------ */

/* What was found stays in use while the number is the same, and no longer. */
static void
generation__changes__what_was_found_is_looked_up_anew(void **state)
{
	const struct ena_card_config config = {.ops = &fake_mem_generation_ops, .seed = 5};
	struct fake_ena h;
	struct fake_ena_txq q;
	struct ena_tx_cpl cpl;
	struct fake_ena_frame frame = {.n_bufs = 1};
	unsigned int lookups;
	uint8_t *mem;

	(void)state;
	assert_int_equal(fake_ena_init(&h, &config), 0);
	wcdev_port_set(ena_card_dev(h.card), &loop_ops, h.card);
	fake_ena_enable(&h);
	assert_int_equal(fake_ena_txq_open(&h, &q, 64, false, FAKE_NO_VECTOR), ENA_ST_OK);
	assert_int_equal(fake_ena_rxq_open(&h, &rx, 256, 256, FAKE_NO_VECTOR), ENA_ST_OK);
	fake_ena_rx_post(&h, &rx, 256);
	mem = fake_ena_alloc(&h, 4096, 4096);
	frame.bufs[0].iova = fake_ena_iova(&h, mem);
	frame.bufs[0].bytes = 60;
	for (unsigned int i = 0; i < 40; i++) {
		lookups = h.m.lookups;
		h.m.generation += i % 10 == 5;
		fake_ena_tx(&q, &frame);
		fake_ena_tx_ring(&h, &q);
		ena_card_poll(h.card);
		assert_true(fake_ena_tx_reap(&q, &cpl));
		if (i > 0)
			assert_int_equal(h.m.lookups > lookups, i % 10 == 5);
	}
	ENA_EXPECT_CLEAN(&h);
	/* Unmapped: a new number, and no byte is read or written any more. */
	h.m.generation++;
	h.m.unmap_from = 0;
	memset(q.cq.ring, 0, 64);
	fake_ena_tx(&q, &frame);
	fake_ena_tx_ring(&h, &q);
	fake_ena_poll(&h, 3);
	ENA_EXPECT(&h, ring_unmapped, 1);
	fake_ena_fini(&h);
}

/* A wrong doorbell is told of between polls, when the ring of events may have gone. */
static void
generation__unmapped_before_a_wrong_doorbell__no_event_is_written(void **state)
{
	const struct ena_card_config config = {.ops = &fake_mem_generation_ops, .seed = 5};
	struct ena_aenq_event before[FAKE_AENQ_DEPTH];
	struct ena_card_stats stats;
	struct fake_ena_txq q;
	struct fake_ena h;

	(void)state;
	assert_int_equal(fake_ena_init(&h, &config), 0);
	fake_ena_enable(&h);
	assert_int_equal(fake_ena_aenq_set(&h, 1u << ENA_AENQ_FATAL | 1u << ENA_AENQ_LINK),
			 ENA_ST_OK);
	assert_int_equal(fake_ena_txq_open(&h, &q, 64, false, FAKE_NO_VECTOR), ENA_ST_OK);
	fake_ena_poll(&h, 2);
	fake_ena_stats(&h, &stats);
	assert_int_equal(stats.aenq_events, 1); /* the link: the ring has been found */
	memcpy(before, h.aenq, sizeof(before));
	h.m.generation++;
	h.m.unmap_from = 0;
	fake_ena_reg_set(&h, q.doorbell_off, q.depth + 1u);
	assert_memory_equal(before, h.aenq, sizeof(before));
	fake_ena_stats(&h, &stats);
	assert_int_equal(stats.tx_bad_doorbell, 1);
	assert_int_equal(stats.aenq_lost, 1);
	fake_ena_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define SCATTERED(name) cmocka_unit_test_setup_teardown(name, setup_scattered, teardown)
#define MESSAGES(name) cmocka_unit_test_setup_teardown(name, setup_messages, teardown)
		SCATTERED(scattered__rings_and_buffers_over_pages),
		SCATTERED(scattered__llq__buffers_over_pages),
		MESSAGES(messages__any_pages__all_goes_round),
		MESSAGES(messages__commands_and_events),
		MESSAGES(messages__unanswered__wait_and_go_on),
		MESSAGES(messages__denied__the_frame_is_dropped),
		MESSAGES(messages__reset_under_way__called_off),
		cmocka_unit_test(messages__writes_fail__queues_stop_and_nothing_is_answered),
		MESSAGES(messages__the_port_holds_a_frame__commands_are_answered),
		MESSAGES(messages__rings_set_anew_under_way__the_new_command_is_read),
		MESSAGES(messages__host_attributes__are_waited_for),
		cmocka_unit_test(loopback__buffers_overlap__the_bytes_that_were_sent),
		cmocka_unit_test(generation__changes__what_was_found_is_looked_up_anew),
		cmocka_unit_test(generation__unmapped_before_a_wrong_doorbell__no_event_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
