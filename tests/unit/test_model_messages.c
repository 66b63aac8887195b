/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Host memory that is only to be had by asking. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pages_rig.h"

/* A descriptor that the host changes while the card works: the last state is sent. */
static void
messages__descriptor_changes_meanwhile__new_data(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_tx_cpl cpl;
	uint8_t got[256], *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	fake_frame_fill(mem, 1024, 1);
	fake_rx_post(h, &rig.rx, 4);
	fake_tx_desc(&rig.tx, fake_iova(h, mem), 100, WCNIC_TXF_SOP, 200);
	fake_tx_desc(&rig.tx, fake_iova(h, mem + 100), 100, WCNIC_TXF_EOP, 0);
	fake_tx_ring(&rig.tx);
	pages_work(1);
	wcnic_card_poll(h->card); /* the first is there, the second is asked for */
	rig.tx.ring[0].iova = htole64(fake_iova(h, mem + 512));
	pages_answer();
	for (unsigned int polls = 0; polls < 20 && !fake_tx_reap(&rig.tx, &cpl); polls++)
		pages_work(1);
	assert_int_equal(cpl.status, WCNIC_TX_FETCHED);
	assert_int_equal(fake_rx_frame(&rig.rx, got, NULL), 200);
	assert_memory_equal(got, mem + 512, 100);
	assert_memory_equal(got + 100, mem + 100, 100);
}

/* A queue with much to read must leave others their turn. */
static void
messages__two_queues__take_turns(void **state)
{
	struct fake_host *h = &rig.h;
	struct fake_txq other;
	struct wcnic_tx_cpl cpl;
	unsigned int polls;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	assert_int_equal(fake_txq_open(h, &other, 1, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	fake_rx_post(h, &rig.rx, 250);
	for (unsigned int i = 0; i < 200; i++)
		fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_fetch(h, &other, mem, 64);
	fake_tx_ring(&rig.tx);
	fake_tx_ring(&other);
	for (polls = 0; polls < 100 && !fake_tx_reap(&other, &cpl); polls++)
		pages_work(1);
	assert_true(polls < 100);
}

/* Express: no record tells that a queue waits. It does not lose its turn while another works. */
static void
messages__of_a_queue_without_doorbell__are_waited_for(void **state)
{
	struct fake_host *h = &rig.h;
	struct fake_txq other;
	struct wcnic_tx_cpl cpl;
	unsigned int polls;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	fake_enable(h);
	assert_int_equal(fake_express_ask(h, WCNIC_FORMAT_SLOTS), 0);
	assert_int_equal(fake_port_set(h, 9000, WCNIC_PORTF_UP), 0);
	assert_int_equal(fake_txq_open(h, &rig.tx, 0, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	assert_int_equal(fake_txq_open(h, &other, 1, 16, WCNIC_PLACEMENT_FETCH, 0), 0);
	mem = fake_alloc(h, 2 * PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	for (polls = 0; polls < 1000 && !fake_tx_reap(&other, &cpl); polls++) {
		if (polls == 500)
			fake_tx_fetch(h, &other, mem, 64);
		fake_tx_fetch(h, &rig.tx, mem + PAGE, 64);
		pages_work(1);
		assert_true(fake_tx_reap(&rig.tx, &cpl));
	}
	assert_uint_in_range(polls, 501, 600);
}

/* A message would come too late: the card does without sleep. */
static void
messages__wake_record_remote__card_stays_awake(void **state)
{
	struct wcnic_cmd_features features = {.features = htole64(WCNIC_CAP_WAKE)};
	struct wcnic_cmd_wake_set wake = {0};
	struct fake_host *h = &rig.h;
	struct wcnic_wake_record *record;

	(void)state;
	pages_open(&pages_message_ops);
	fake_enable(h);
	record = fake_alloc(h, PAGE, PAGE);
	page_set(record, PAGE_REMOTE);
	wake.iova = htole64(fake_iova(h, record));
	assert_int_equal(fake_cmd(h, WCNIC_OP_FEATURES_SET, &features, NULL, 0, NULL), 0);
	assert_int_equal(fake_cmd(h, WCNIC_OP_WAKE_SET, &wake, NULL, 0, NULL), 0);
	assert_false(wcnic_card_sleep(h->card));
	assert_int_equal(pages.n_posts, 0);
	page_set(record, PAGE_HERE);
	assert_true(wcnic_card_sleep(h->card));
	assert_int_not_equal(record->sleep, 0);
}

static void
messages__everything_remote__frames_are_whole(void **state)
{
	(void)state;
	pages_open(&pages_message_ops);
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	pages_queues_open();
	frames_go_round();
	assert_true(pages.fetches > 1000);
}

static void
messages__every_other_page_remote__frames_are_whole(void **state)
{
	(void)state;
	pages_open(&pages_message_ops);
	pages_set(PAGE_HERE, PAGE_REMOTE);
	pages_queues_open();
	frames_go_round();
}

static void
messages__nothing_remote__none_is_sent(void **state)
{
	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	frames_go_round();
	assert_int_equal(pages.fetches, 0);
}

/* Slots lie in the aperture, their segments in host memory. */
static void
messages__segments_of_slots__frames_are_whole(void **state)
{
	struct fake_host *h = &rig.h;
	uint8_t got[16384];
	struct wcnic_tx_cpl cpl;
	unsigned int polls;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_set(PAGE_REMOTE, PAGE_HERE);
	pages_queues_open();
	fake_rx_post(h, &rig.rx, 200);
	mem = fake_alloc(h, 8 * PAGE, PAGE);
	fake_tx_switch(&rig.tx, 0, WCNIC_PLACEMENT_PUSH);
	for (unsigned int i = 0; i < 20; i++) {
		struct fake_slot head = {.flags = WCNIC_TXF_SOP, .frame_bytes = 6000};
		struct fake_slot tail = {.flags = WCNIC_TXF_EOP};
		uint8_t *frame = mem + i * 731;

		fake_frame_fill(frame, 6000, i);
		/* A frame of two slots, each of two segments. */
		fake_slot_seg(&head, fake_iova(h, frame), 10);
		fake_slot_seg(&head, fake_iova(h, frame + 10), 4990);
		fake_slot_seg(&tail, fake_iova(h, frame + 5000), 999);
		fake_slot_seg(&tail, fake_iova(h, frame + 5999), 1);
		fake_tx_slot(&rig.tx, &head, 0);
		fake_tx_slot(&rig.tx, &tail, 0);
		fake_tx_ring(&rig.tx);
		for (polls = 0; polls < 200 && !fake_tx_reap(&rig.tx, &cpl); polls++)
			pages_work(1);
		assert_true(polls < 200);
		assert_int_equal(cpl.status, WCNIC_TX_PUSHED);
		assert_int_equal(le16toh(cpl.count), 2);
		assert_int_equal(fake_rx_frame(&rig.rx, got, NULL), 6000);
		assert_memory_equal(got, frame, 6000);
	}
	assert_true(pages.fetches > 20);
}

/* Completions must not be seen before the data that they are about. */
static void
messages__data_remote_completions_here__nothing_overtakes(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_rx_cpl cpl;
	uint8_t *mem, *buf;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	fake_frame_fill(mem, 64, 9);
	page_set(rig.rx.bufs, PAGE_REMOTE);
	fake_rx_post(h, &rig.rx, 10);
	for (unsigned int i = 0; i < 10; i++)
		fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_ring(&rig.tx);
	pages.stuck = true;
	pages_work(3);
	/* One frame, its completion, and that of Tx: others wait, or they would pile up. */
	assert_int_equal(pages.n_posts, 3);
	assert_false(fake_rx_reap(&rig.rx, &cpl, &buf));
	pages.stuck = false;
	pages_work(1);
	assert_true(fake_rx_reap(&rig.rx, &cpl, &buf));
	assert_memory_equal(buf, mem, 64);
}

static void
messages__denied__named_and_survived(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_rss rss = {.types = 0};
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	h->bounce = fake_alloc(h, PAGE, PAGE);
	page_set(h->bounce, PAGE_REMOTE);
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	pages.deny = true;
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL),
			 WCNIC_ST_BAD_ADDRESS);
	fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_ring(&rig.tx);
	pages_work(5);
	assert_true(fake_tx_reap(&rig.tx, &cpl));
	assert_int_equal(cpl.status, WCNIC_TX_ERROR);
	assert_int_equal(cpl.reason, WCNIC_ERR_ADDRESS);
	pages.deny = false;
	fake_rx_post(h, &rig.rx, 4);
	frame_round(mem, 64, 4);
}

static bool posts_fail;

static int
post_fails(void *ctx, uint64_t iova, const void *data, size_t bytes)
{
	return posts_fail ? -ENOBUFS : pages_post(ctx, iova, data, bytes);
}

/* A message that cannot be sent: no completion says that a frame has come which is not there. */
static void
messages__rx_cannot_be_written__queue_stops_and_completes_nothing(void **state)
{
	struct wcdev_ops ops = pages_message_ops;
	struct fake_host *h = &rig.h;
	struct wcnic_event event;
	struct wcnic_rx_cpl cpl;
	struct wcnic_stats stats;
	uint8_t *mem, *buf;

	ops.dma_post = post_fails;
	for (unsigned int what = 0; what < 3; what++) {
		/* of one buffer, of several, and of one whose completion alone goes by message */
		const uint16_t bytes = what == 1 ? 5000 : 64;

		pages_open(&ops);
		pages_queues_open();
		mem = fake_alloc(h, 2 * PAGE, PAGE);
		fake_frame_fill(mem, bytes, 9);
		page_set(what == 2 ? (uint8_t *)rig.rx.cq : rig.rx.bufs, PAGE_REMOTE);
		fake_rx_post(h, &rig.rx, 10);
		fake_tx_fetch(h, &rig.tx, mem, bytes);
		fake_tx_ring(&rig.tx);
		posts_fail = true;
		pages_work(3);
		do {
			assert_true(fake_event_find(h, WCNIC_EV_QUEUE_ERROR, &event));
		} while ((le32toh(event.arg0) & WCNIC_EV_QUEUE_TX) != 0);
		assert_int_equal(le32toh(event.arg1), WCNIC_ERR_ADDRESS);
		assert_false(fake_rx_reap(&rig.rx, &cpl, &buf));
		fake_stats(h, &stats);
		assert_int_equal(stats.rx_frames, 0);
		assert_int_equal(stats.rx_errors, 1);
		posts_fail = false;
		/* Nothing of it is written later either. */
		pages_work(3);
		assert_false(fake_rx_reap(&rig.rx, &cpl, &buf));
		if (what != 2)
			pages_teardown(state);
	}
}

static void
messages__answer_cannot_be_written__card_says_so_in_its_registers(void **state)
{
	struct wcdev_ops ops = pages_message_ops;
	struct fake_host *h = &rig.h;

	(void)state;
	ops.dma_post = post_fails;
	pages_open(&ops);
	pages_queues_open();
	page_set(h->acq, PAGE_REMOTE);
	posts_fail = true;
	assert_int_not_equal(fake_port_set(h, 1500, 0), WCNIC_ST_OK);
	assert_true(fake_reg32(h, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), WCNIC_REG_ACQ_BASE);
	posts_fail = false;
}

/* Longer than any frame: it is refused for its length, not because a buffer is full. */
static void
messages__segments_longer_than_a_frame__are_refused(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_tx_cpl cpl;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	mem = fake_alloc(h, 32 * PAGE, PAGE);
	fake_tx_desc(&rig.tx, fake_iova(h, mem), 60000, WCNIC_TXF_SOP | WCNIC_TXF_EOP, 60000);
	fake_tx_desc(&rig.tx, fake_iova(h, mem), 60000, WCNIC_TXF_SOP | WCNIC_TXF_EOP, 100);
	fake_tx_ring(&rig.tx);
	pages_work(100);
	assert_true(fake_tx_reap(&rig.tx, &cpl));
	assert_int_equal(cpl.reason, WCNIC_ERR_OVERSIZE);
	assert_true(fake_tx_reap(&rig.tx, &cpl));
	assert_int_equal(cpl.reason, WCNIC_ERR_DESC);
}

static void
messages__reset_while_under_way__not_ready_before_the_end(void **state)
{
	struct fake_host *h = &rig.h;
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	pages_set(PAGE_REMOTE, PAGE_REMOTE);
	mem = fake_alloc(h, PAGE, PAGE);
	fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_ring(&rig.tx);
	pages.stuck = true;
	wcnic_card_poll(h->card);
	assert_true(pages.lanes[0].asked);
	assert_int_equal(pages_post(h, fake_iova(h, mem), "x", 1), 0);
	fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), 0);
	assert_int_equal(pages.cancels, 1);
	assert_false(pages.lanes[0].asked);
	pages.stuck = false;
	pages_answer();
	assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
	pages_queues_open();
	fake_rx_post(h, &rig.rx, 4);
	frame_round(mem, 64, 5);
}

/* A queue that stops in mid-frame must not keep others from their messages. */
static void
messages__owner_gives_up__others_go_on(void **state)
{
	struct fake_host *h = &rig.h;
	struct wcnic_rss rss = {.types = 0};
	uint8_t *mem;

	(void)state;
	pages_open(&pages_message_ops);
	pages_queues_open();
	mem = fake_alloc(h, PAGE, PAGE);
	page_set(mem, PAGE_REMOTE);
	h->bounce = fake_alloc(h, PAGE, PAGE);
	fake_tx_fetch(h, &rig.tx, mem, 64);
	fake_tx_ring(&rig.tx);
	pages.stuck = true;
	wcnic_card_poll(h->card);
	pages.stuck = false;
	assert_int_equal(fake_port_set(h, 1500, 0), 0);
	page_set(h->bounce, PAGE_REMOTE);
	assert_int_equal(fake_cmd(h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
}

static void
create__some_message_ops_only__is_refused(void **state)
{
	struct wcdev_ops ops = pages_message_ops;
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
#define CASE(name) cmocka_unit_test_teardown(name, pages_teardown)
		CASE(messages__descriptor_changes_meanwhile__new_data),
		CASE(messages__two_queues__take_turns),
		CASE(messages__of_a_queue_without_doorbell__are_waited_for),
		CASE(messages__wake_record_remote__card_stays_awake),
		CASE(messages__everything_remote__frames_are_whole),
		CASE(messages__every_other_page_remote__frames_are_whole),
		CASE(messages__nothing_remote__none_is_sent),
		CASE(messages__segments_of_slots__frames_are_whole),
		CASE(messages__data_remote_completions_here__nothing_overtakes),
		CASE(messages__denied__named_and_survived),
		CASE(messages__rx_cannot_be_written__queue_stops_and_completes_nothing),
		CASE(messages__answer_cannot_be_written__card_says_so_in_its_registers),
		CASE(messages__segments_longer_than_a_frame__are_refused),
		CASE(messages__reset_while_under_way__not_ready_before_the_end),
		CASE(messages__owner_gives_up__others_go_on),
		cmocka_unit_test(create__some_message_ops_only__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
