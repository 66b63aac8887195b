/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The wcnic card on memory of pages. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pages_rig.h"

struct pages_rig rig;

static int
loop_send(void *ctx, const struct wcdev_frame *frame)
{
	return wcdev_receive(wcnic_card_dev(ctx), frame);
}

static const struct wcdev_port_ops loop_ops = {.kind = "loopback", .send = loop_send};

static void
answer(struct fake_host *h)
{
	(void)h;
	pages_answer();
}

void
pages_open(const struct wcdev_ops *ops)
{
	struct wcnic_card_config config = {.ops = ops, .seed = 5, .sleeps = true};
	struct fake_host *h = &rig.h;

	memset(&rig, 0, sizeof(rig));
	assert_int_equal(fake_host_init_sized(h, &config, MEM_BYTES), 0);
	fake_pages_open(&h->m);
	h->polls = 64;
	h->between = answer;
	wcdev_port_set(wcnic_card_dev(h->card), &loop_ops, h->card);
}

int
pages_teardown(void **state)
{
	(void)state;
	fake_pages_close();
	fake_host_fini(&rig.h);
	return 0;
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
		pages_answer();
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
