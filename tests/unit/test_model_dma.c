/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Host memory in pages that lie apart. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pages_rig.h"

static void
scattered__frames_rings_and_answers_across_pages__are_whole(void **state)
{
	struct wcnic_identity id;
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_ALL)};

	(void)state;
	pages_open(&pages_scattered_ops);
	pages_queues_open();
	/* An answer and an input that lie in two pages. */
	rig.h.bounce = (uint8_t *)fake_alloc(&rig.h, 2 * PAGE, PAGE) + PAGE - 100;
	assert_int_equal(fake_cmd(&rig.h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_string_equal(id.model, "wcnic model");
	rss.key[0] = 0x6d;
	assert_int_equal(fake_cmd(&rig.h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
	frames_go_round();
}

static void
scattered__page_missing_in_a_frame__error_address_and_goes_on(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_scattered_ops);
	pages_queues_open();
	mem = fake_alloc(h, 4 * PAGE, PAGE);
	page_set(mem + PAGE, PAGE_NONE);
	fake_tx_fetch(h, &rig.tx, mem + 100, 6000);
	fake_tx_ring(&rig.tx);
	pages_work(2);
	assert_true(fake_tx_reap(&rig.tx, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_ERROR);
	assert_int_equal(cpl.reason, WCNIC_ERR_ADDRESS);
	fake_rx_post(h, &rig.rx, 64);
	frame_round(mem + 2 * PAGE + 100, 6000, 1);
}

static void
scattered__page_missing_in_a_buffer__stops_the_queue_untouched(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_event event;
	struct wcnic_stats stats;
	uint8_t *mem, *second;

	(void)state;
	pages_open(&pages_scattered_ops);
	pages_queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	memset(rig.rx.bufs, 0xaa, 4 * 2304);
	second = rig.rx.bufs + 2304;
	page_set(second + 2303, PAGE_NONE);
	assert_true((second - h->m.at) / PAGE != (second + 2303 - h->m.at) / PAGE);
	fake_rx_post(h, &rig.rx, 2);
	fake_tx_fetch(h, &rig.tx, mem, 3000);
	fake_tx_ring(&rig.tx);
	pages_work(2);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_errors, 1);
	assert_int_equal(rig.rx.bufs[0], 0xaa);
}

static void
scattered__ring_page_missing__refused_at_creation_and_stops_later(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_event event;
	struct fake_txq other;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_scattered_ops);
	pages_queues_open();
	assert_int_equal(fake_txq_close(h, &rig.tx), 0);
	h->m.used = (h->m.used + PAGE - 1) & ~(size_t)(PAGE - 1);
	assert_int_equal(fake_txq_open(h, &rig.tx, 0, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 0), 0);
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(h->m.at + h->m.used + 3 * PAGE, PAGE_NONE);
	assert_int_equal(fake_txq_open(h, &other, 1, RING_DEPTH, WCNIC_PLACEMENT_FETCH, 0),
			 WCNIC_ST_BAD_ADDRESS);
	page_set(&rig.tx.ring[RING_DEPTH - 1], PAGE_NONE);
	/* What the pages hold that are still there goes out. */
	while (pages.kinds[((uint8_t *)&rig.tx.ring[rig.tx.tail] - h->m.at) / PAGE] == PAGE_HERE) {
		fake_rx_post(h, &rig.rx, 1);
		frame_round(mem, 64, rig.tx.tail);
	}
	assert_true(rig.tx.tail > 0);
	fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_ring(&rig.tx);
	pages_work(3);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
	assert_int_equal(le32toh(event.arg0), WCNIC_EV_QUEUE_TX);
}

/* What was looked up in a poll may be unmapped before the card is called again. */
static void
scattered__unmapped_between_calls__is_not_touched(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_event event;
	uint8_t *mem;
	struct wcdev_frag frag = {.bytes = 64};
	struct wcdev_frame frame = {.frags = &frag, .n_frags = 1, .bytes = 64};

	(void)state;
	pages_open(&pages_scattered_ops);
	pages_queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	frag.base = mem;
	fake_rx_post(h, &rig.rx, 64);
	frame_round(mem, 64, 1);
	page_set(rig.rx.cq, PAGE_NONE);
	rig.rx.cq[1].seq = htole16(0xbeef);
	assert_int_equal(wcdev_receive(wcnic_card_dev(h->card), &frame), 0);
	assert_int_equal(le16toh(rig.rx.cq[1].seq), 0xbeef);
	assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
	assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_teardown(name, pages_teardown)
		CASE(scattered__frames_rings_and_answers_across_pages__are_whole),
		CASE(scattered__page_missing_in_a_frame__error_address_and_goes_on),
		CASE(scattered__page_missing_in_a_buffer__stops_the_queue_untouched),
		CASE(scattered__ring_page_missing__refused_at_creation_and_stops_later),
		CASE(scattered__unmapped_between_calls__is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
