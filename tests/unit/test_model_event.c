/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of asynchronous events: order, a full ring, interrupts. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"

static bool link_up;

static void
link_read(void *ctx, struct wcdev_link *link)
{
	(void)ctx;
	link->speed_mbps = 25000;
	link->up = link_up;
}

static int
link_send(void *ctx, const struct wcdev_frame *frame)
{
	(void)ctx;
	(void)frame;
	return 0;
}

static const struct wcdev_port_ops link_ops = {
	.kind = "kind of 15 chars",
	.send = link_send,
	.link = link_read,
};

static int
setup(void **state)
{
	struct fake_host *h;

	if (fake_setup_off(state) != 0)
		return -1;
	h = *state;
	link_up = true;
	wcdev_port_set(wcnic_card_dev(h->card), &link_ops, NULL);
	fake_enable(h);
	return 0;
}

static void
link_toggle(struct fake_host *h)
{
	link_up = !link_up;
	wcnic_card_poll(h->card);
}

static void
link__changes__are_reported(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_port_info info;
	struct wcnic_event event;

	assert_false(fake_event(h, &event));
	link_toggle(h);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
	assert_int_equal(le32toh(event.arg0), 0);
	link_toggle(h);
	assert_true(fake_event(h, &event));
	assert_int_equal(le32toh(event.arg0), 1);
	assert_int_equal(le32toh(event.arg1), 25000);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	assert_int_equal(info.link_up, 1);
	assert_int_equal(le32toh(info.speed_mbps), 25000);
	assert_string_equal(info.kind, "kind of 15 char");
	wcdev_port_set(wcnic_card_dev(h->card), NULL, NULL);
	assert_true(fake_event(h, &event));
	assert_int_equal(le32toh(event.arg0), 0);
}

static void
ring__many_laps__seq_and_phase_go_on(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;

	for (uint32_t i = 0; i < 70000; i++) {
		link_toggle(h);
		assert_true(fake_event(h, &event));
		assert_int_equal(le16toh(event.seq), (uint16_t)i);
		assert_false(fake_event(h, &event));
	}
}

/* Events of which each counts: windows of no queue are taken away. */
static void
windows_revoke(struct fake_host *h, unsigned int n)
{
	struct wcnic_window_grant grant;

	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(
			fake_window(h, WCNIC_WINDOW_DOORBELL, 0, WCNIC_QUEUE_NONE, 4096, &grant),
			0);
		assert_int_equal(wcnic_card_window_revoke(h->card, le16toh(grant.id)), 0);
	}
}

static void
ring__full__lost_follows_with_the_number(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;

	windows_revoke(h, 13);
	fake_stats(h, &stats);
	assert_int_equal(stats.events_lost, 5);
	assert_true(fake_event(h, &event));
	wcnic_card_poll(h->card);
	for (unsigned int i = 1; i < 8; i++) {
		assert_true(fake_event(h, &event));
		assert_int_equal(le16toh(event.type), WCNIC_EV_WINDOW_REVOKED);
	}
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LOST);
	assert_int_equal(le32toh(event.arg0), 5);
	assert_int_equal(le16toh(event.seq), 8);
	link_toggle(h);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
	assert_false(fake_event(h, &event));
}

static void
ring__full_then_new_event__lost_comes_before_it(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;

	windows_revoke(h, 9);
	for (unsigned int i = 0; i < 8; i++)
		assert_true(fake_event(h, &event));
	link_toggle(h);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LOST);
	assert_int_equal(le32toh(event.arg0), 1);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
}

static void
link__flaps_while_the_ring_is_full__newest_state_follows_and_none_is_lost(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;

	for (unsigned int flaps = 9; flaps < 40; flaps++) {
		for (unsigned int i = 0; i < flaps; i++)
			link_toggle(h);
		for (unsigned int i = 0; i < 8; i++) {
			assert_true(fake_event(h, &event));
			assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
		}
		wcnic_card_poll(h->card);
		assert_true(fake_event(h, &event));
		assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
		assert_int_equal(le32toh(event.arg0), link_up);
		assert_int_equal(le32toh(event.arg1), link_up ? 25000 : 0);
		assert_false(fake_event(h, &event));
		wcnic_card_poll(h->card);
		assert_false(fake_event(h, &event));
	}
	fake_stats(h, &stats);
	assert_int_equal(stats.events_lost, 0);
}

static void
link__changes_among_lost_events__follows_them_and_is_not_counted(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;

	windows_revoke(h, 8);
	link_toggle(h);
	windows_revoke(h, 2);
	link_toggle(h);
	link_toggle(h);
	assert_true(fake_event(h, &event));
	wcnic_card_poll(h->card); /* there is room for LOST alone */
	for (unsigned int i = 1; i < 8; i++)
		assert_true(fake_event(h, &event));
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LOST);
	assert_int_equal(le32toh(event.arg0), 2);
	assert_false(fake_event(h, &event));
	wcnic_card_poll(h->card);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_LINK);
	assert_int_equal(le32toh(event.arg0), link_up);
}

static void
link__waits_for_room_and_the_card_is_reset__is_forgotten(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;

	for (unsigned int i = 0; i < 9; i++)
		link_toggle(h);
	wcnic_card_reset(h->card);
	fake_enable(h);
	wcnic_card_poll(h->card);
	assert_false(fake_event(h, &event));
}

static void
stray_lines__found_while_the_ring_is_full__are_reported_together(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_event event;
	struct wcnic_stats stats;

	windows_revoke(h, 8);
	for (unsigned int i = 0; i < 3; i++) {
		h->m.now_ns += 1000000000;
		h->aperture[h->aperture_bytes - WCNIC_LINE_BYTES * (i + 1)] = 1;
		for (unsigned int k = 0; k < h->aperture_bytes / 512 * 32; k++)
			wcnic_card_poll(h->card);
	}
	fake_stats(h, &stats);
	assert_int_equal(stats.stray_writes, 3);
	assert_int_equal(stats.events_lost, 0);
	for (unsigned int i = 0; i < 8; i++)
		assert_true(fake_event(h, &event));
	wcnic_card_poll(h->card);
	assert_true(fake_event(h, &event));
	assert_int_equal(le16toh(event.type), WCNIC_EV_STRAY_WRITE);
	assert_int_equal(le32toh(event.arg0), 3);
	assert_false(fake_event(h, &event));
}

static void
ring__head_ahead_of_tail__is_fatal(void **state)
{
	struct fake_host *h = *state;

	fake_reg32_set(h, WCNIC_REG_AEQ_HEAD, 1);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_DOORBELL);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), WCNIC_REG_AEQ_HEAD);
	assert_true(fake_reg32(h, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
}

static void
ring__unmapped_later__is_an_error_in_the_registers(void **state)
{
	struct fake_host *h = *state;

	h->m.unmap_from = 0;
	link_toggle(h);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_CAUSE), WCNIC_ERR_ADMIN_CONFIG);
	assert_int_equal(fake_reg32(h, WCNIC_REG_ERROR_INFO), WCNIC_REG_AEQ_BASE);
	assert_true(fake_reg32(h, WCNIC_REG_STATUS) & WCNIC_STATUS_ERROR);
}

static void
traffic_start(struct fake_host *h, struct fake_txq *tx, struct fake_rxq *rx)
{
	uint8_t *frame;

	fake_enable(h);
	assert_int_equal(fake_port_set(h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC), 0);
	assert_int_equal(fake_txq_open(h, tx, 0, 64, WCNIC_PLACEMENT_PUSH, 2), 0);
	assert_int_equal(fake_rxq_open(h, rx, 0, 64, 128), 0);
	fake_rx_post(h, rx, 64);
	frame = fake_alloc(h, 64, 64);
	for (unsigned int i = 0; i < 20; i++)
		fake_tx_push(tx, frame, 60);
	fake_tx_ring(tx);
}

static void
reset__in_mid_traffic__touches_no_host_memory_after(void **state)
{
	struct fake_host *h = *state;
	uint8_t *before = malloc(FAKE_MEM_BYTES);
	struct wcnic_stats stats;
	struct fake_txq tx;
	struct fake_rxq rx;

	assert_non_null(before);
	for (uint32_t i = 0; i < 50; i++) {
		traffic_start(h, &tx, &rx);
		if (i % 2 != 0)
			wcnic_card_poll(h->card);
		memcpy(before, h->m.at, FAKE_MEM_BYTES);
		fake_reg32_set(h, WCNIC_REG_CTRL, WCNIC_CTRL_RESET);
		assert_int_equal(fake_reg32(h, WCNIC_REG_STATUS), WCNIC_STATUS_READY);
		assert_int_equal(fake_reg32(h, WCNIC_REG_RESET_COUNT), i + 1);
		link_toggle(h);
		wcnic_card_poll(h->card);
		assert_memory_equal(before, h->m.at, FAKE_MEM_BYTES);
		fake_stats(h, &stats);
		assert_int_equal(stats.tx_frames, 0);
	}
	for (uint32_t i = 0; i < FAKE_APERTURE_BYTES; i++)
		assert_int_equal(h->aperture[i], 0);
	free(before);
}

static void
reset__then_everything_anew__works(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_tx_cpl cpl;
	struct fake_txq tx;
	struct fake_rxq rx;

	traffic_start(h, &tx, &rx);
	wcnic_card_reset(h->card);
	traffic_start(h, &tx, &rx);
	wcnic_card_poll(h->card);
	assert_true(fake_tx_reap(&tx, &cpl));
	assert_int_equal(le16toh(cpl.count), 20);
}

static void
stats__query__is_what_the_library_says(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_stats direct, asked;
	struct fake_txq tx;
	struct fake_rxq rx;
	uint64_t began_ns;

	wcnic_card_reset(h->card);
	traffic_start(h, &tx, &rx);
	began_ns = h->m.now_ns;
	wcnic_card_poll(h->card);
	h->m.now_ns += 5000; /* what the batch took shows at the next look at the clock */
	wcnic_card_poll(h->card);
	h->m.now_ns += 70000; /* nothing is sent any more */
	fake_stats(h, &direct);
	assert_int_equal(fake_cmd(h, WCNIC_OP_STATS_QUERY, NULL, &asked, sizeof(asked), NULL), 0);
	assert_int_equal(le64toh(asked.tx_frames), 20);
	assert_int_equal(le64toh(asked.tx_bytes), 1200);
	assert_int_equal(le64toh(asked.tx_pushed), 20);
	assert_int_equal(le64toh(asked.first_tx_ns), began_ns);
	assert_int_equal(le64toh(asked.last_tx_ns), began_ns + 5000);
	assert_int_equal(direct.tx_frames, 20);
	assert_int_equal(direct.tx_fetched, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
		CASE(link__changes__are_reported),
		CASE(ring__many_laps__seq_and_phase_go_on),
		CASE(ring__full__lost_follows_with_the_number),
		CASE(ring__full_then_new_event__lost_comes_before_it),
		CASE(link__flaps_while_the_ring_is_full__newest_state_follows_and_none_is_lost),
		CASE(link__changes_among_lost_events__follows_them_and_is_not_counted),
		CASE(link__waits_for_room_and_the_card_is_reset__is_forgotten),
		CASE(stray_lines__found_while_the_ring_is_full__are_reported_together),
		CASE(ring__head_ahead_of_tail__is_fatal),
		CASE(ring__unmapped_later__is_an_error_in_the_registers),
		CASE(reset__in_mid_traffic__touches_no_host_memory_after),
		CASE(reset__then_everything_anew__works),
		CASE(stats__query__is_what_the_library_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
