/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* The ethdev port: every frame arrives, waits, or is discarded with a message. */

#include <errno.h>
#include <patience.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <ethdev_driver.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <port_ethdev_internal.h>

#include "port_ethdev_rig.h"

static void
send__every_size_pushed_and_fetched__arrives_unaltered(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];

	for (uint32_t bytes = 14; bytes <= MTU + WCNIC_L2_OVERHEAD; bytes += bytes < 300 ? 1 : 97) {
		fake_frame_fill(r->end.frame, bytes, bytes);
		fake_tx_push(&r->end.tx, r->end.frame, (uint16_t)bytes);
		end_go(&r->end);
		assert_int_equal(end_reap(&r->end), 1);
		assert_int_equal(rig_out_take(r, data), bytes);
		assert_memory_equal(data, r->end.frame, bytes);
	}
	assert_int_equal(fake_txq_close(&r->end.h, &r->end.tx), 0);
	assert_int_equal(fake_txq_open(&r->end.h, &r->end.tx, 0, 256, WCNIC_PLACEMENT_FETCH, 0), 0);
	for (uint32_t bytes = 14; bytes < MTU; bytes += 111) {
		fake_frame_fill(r->end.frame, bytes, bytes + 1);
		/* Two descriptors, so two fragments. */
		fake_tx_desc(&r->end.tx, fake_iova(&r->end.h, r->end.frame), 7, WCNIC_TXF_SOP,
			     (uint16_t)bytes);
		fake_tx_desc(&r->end.tx, fake_iova(&r->end.h, r->end.frame) + 7,
			     (uint16_t)(bytes - 7), WCNIC_TXF_EOP, 0);
		end_go(&r->end);
		assert_int_equal(end_reap(&r->end), 1);
		assert_int_equal(rig_out_take(r, data), bytes);
		assert_memory_equal(data, r->end.frame, bytes);
	}
}

/* The device takes some frames now and then: the card holds the rest, and loses none. */
static void
send__device_full__frames_wait_in_order(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];
	struct wcnic_stats stats;
	uint32_t sent = 0, done = 0, got = 0, number;

	for (uint32_t turn = 0; got < 20000; turn++) {
		assert_true(turn < 1000000);
		for (; sent - done < 200 && sent < 20000; sent++) {
			memcpy(r->end.frame + 20, &sent, sizeof(sent));
			fake_tx_push(&r->end.tx, r->end.frame, 60);
		}
		end_go(&r->end);
		done += end_reap(&r->end);
		for (uint32_t i = 0; turn % 5 == 0 && i < turn % 90 && rig_out_take(r, data) != 0;
		     i++) {
			memcpy(&number, data + 20, sizeof(number));
			assert_int_equal(number, got++);
		}
		/* No more than the ring and this port's burst hold was called sent. */
		assert_true(done - got <= RING_ENTRIES - 1 + PORT_ETHDEV_BURST);
	}
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.tx_frames, 20000);
	assert_int_equal(stats.tx_errors, 0);
	assert_true(stats.tx_held > 0);
}

/* Frames that wait in the port go out later, also if the card receives nothing. */
static void
send__no_rx_queue__waiting_frames_leave(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];
	unsigned int sent, got = 0;

	assert_int_equal(fake_rxq_close(&r->end.h, &r->end.rx), 0);
	for (sent = 0; sent < RING_ENTRIES + 10; sent++)
		fake_tx_push(&r->end.tx, r->end.frame, 60);
	end_go(&r->end);
	wcnic_card_poll(r->end.h.card);
	assert_int_equal(end_reap(&r->end), sent);
	while (rig_out_take(r, data) != 0)
		got++;
	assert_int_equal(got, RING_ENTRIES - 1);
	assert_true(rig_in_put(r, data, 60, 60));
	wcnic_card_poll(r->end.h.card);
	while (rig_out_take(r, data) != 0)
		got++;
	assert_int_equal(got, sent);
	/* Nobody would have taken it. */
	assert_int_equal(rte_ring_count(r->in), 1);
}

static void
receive__every_size_whole_or_in_pieces__arrives_unaltered(void **state)
{
	struct rig *r = *state;
	static uint8_t sent[16384], data[16384];
	uint32_t piece;

	for (uint32_t bytes = 14; bytes <= MTU + WCNIC_L2_OVERHEAD; bytes += bytes < 300 ? 1 : 89) {
		piece = bytes % 3 == 0 ? 2048 : bytes / 40 + 14 - bytes % 3;
		fake_frame_fill(sent, bytes, bytes);
		fake_rx_post(&r->end.h, &r->end.rx,
			     18u - (uint16_t)(r->end.rx.tail - r->end.rx.head));
		assert_true(rig_in_put(r, sent, bytes, piece < 2048 ? piece : 2048));
		wcnic_card_poll(r->end.h.card);
		assert_int_equal(fake_rx_frame(&r->end.rx, data, NULL), bytes);
		assert_memory_equal(data, sent, bytes);
	}
}

static void
receive__card_short_of_buffers__the_rest_is_dropped_and_counted(void **state)
{
	struct rig *r = *state;
	static uint8_t frame[64], data[16384];
	struct wcnic_stats stats;
	uint32_t put = 0, got = 0, next = 0, number, unposted;

	frame[0] = 2;
	for (uint32_t turn = 0; got < 10000; turn++) {
		assert_true(turn < 1000000);
		memcpy(frame + 20, &put, sizeof(put));
		while (rig_in_put(r, frame, 60, 60)) {
			put++;
			memcpy(frame + 20, &put, sizeof(put));
		}
		unposted = 128u - (uint16_t)(r->end.rx.tail - r->end.rx.head);
		if (turn % 3 == 0)
			fake_rx_post(&r->end.h, &r->end.rx, turn % 40 < unposted ? turn % 40 : 0);
		wcnic_card_poll(r->end.h.card);
		while (fake_rx_frame(&r->end.rx, data, NULL) != 0) {
			memcpy(&number, data + 20, sizeof(number));
			assert_true(number >= next && number < put);
			next = number + 1;
			got++;
		}
	}
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.rx_frames, got);
	assert_int_equal(stats.rx_down, 0);
	assert_int_equal(stats.rx_held, 0);
	assert_true(stats.rx_missed > 0);
	assert_true(got + stats.rx_missed <= put);
	assert_true(got + stats.rx_missed + RING_ENTRIES - 1 + PORT_ETHDEV_BURST >= put);
	assert_null(wcnic_port_error(r->end.port));
}

static void
receive__in_too_many_pieces__discarded_and_said(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];

	fake_rx_post(&r->end.h, &r->end.rx, 8);
	assert_true(rig_in_put(r, data, 65, 1));
	assert_true(rig_in_put(r, data, 64, 1));
	wcnic_card_poll(r->end.h.card);
	assert_int_equal(fake_rx_frame(&r->end.rx, data, NULL), 64);
	assert_int_equal(fake_rx_frame(&r->end.rx, data, NULL), 0);
	assert_non_null(strstr(wcnic_port_error(r->end.port), "65 pieces"));
}

/* When the device has all buffers, frames wait until it gives some back. */
static void
send__device_keeps_all_buffers__frames_wait(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	static uint8_t data[16384];
	unsigned int sent = 0, done = 0, got = 0;

	(void)state;
	rig_rings(r, 16384);
	rig_open(r, "", 1500);
	for (unsigned int turn = 0; turn < 200; turn++) {
		for (; sent - done < 128; sent++)
			fake_tx_push(&r->end.tx, r->end.frame, 60);
		end_go(&r->end);
		done += end_reap(&r->end);
	}
	/* It ran dry before the ring was full. */
	assert_uint_in_range(done, 1024, 8192);
	assert_true(done < sent);
	while (rig_out_take(r, data) != 0)
		got++;
	for (unsigned int turn = 0; turn < 10; turn++)
		wcnic_card_poll(r->end.h.card);
	done += end_reap(&r->end);
	assert_int_equal(done, sent);
	while (rig_out_take(r, data) != 0)
		got++;
	assert_int_equal(got, sent);
	assert_int_equal(rig_teardown((void **)&r), 0);
}

static void
send__longer_than_the_devices_mtu__discarded_counted_and_said(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	static uint8_t data[16384];
	struct wcnic_stats stats;
	struct wcnic_tx_cpl cpl;

	(void)state;
	rig_rings(r, RING_ENTRIES);
	rig_open(r, "", MTU); /* the card's: the device has 1500 */
	fake_tx_push(&r->end.tx, r->end.frame, 1500 + WCNIC_L2_OVERHEAD);
	fake_tx_push(&r->end.tx, r->end.frame, 1500 + WCNIC_L2_OVERHEAD + 1);
	fake_tx_push(&r->end.tx, r->end.frame, 60);
	end_go(&r->end);
	assert_int_equal(rig_out_take(r, data), 1500 + WCNIC_L2_OVERHEAD);
	assert_int_equal(rig_out_take(r, data), 60);
	assert_int_equal(rig_out_take(r, data), 0);
	while (fake_tx_reap(&r->end.tx, &cpl))
		;
	fake_stats(&r->end.h, &stats);
	assert_int_equal(stats.tx_frames, 2);
	assert_int_equal(stats.tx_errors, 1);
	assert_non_null(wcnic_port_error(r->end.port));
	assert_non_null(strstr(wcnic_port_error(r->end.port), "1523 bytes"));
	assert_non_null(strstr(wcnic_port_error(r->end.port), "mtu="));
	assert_int_equal(rig_teardown((void **)&r), 0);
}

/* Polls until the card's next link event, for as long as a test waits. */
static bool
link_event(struct rig *r, bool *up)
{
	struct wcnic_event event;

	for (unsigned int i = 0; i < PATIENCE_MS; i++) {
		wcnic_card_poll(r->end.h.card);
		if (fake_event_find(&r->end.h, WCNIC_EV_LINK, &event)) {
			*up = le32toh(event.arg0) != 0;
			return true;
		}
		usleep(1000);
	}
	return false;
}

static void
link__down_and_up__card_tells_and_frames_wait(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];
	bool up = true;

	assert_int_equal(rte_eth_dev_set_link_down(r->id), 0);
	assert_true(link_event(r, &up));
	assert_false(up);
	fake_tx_push(&r->end.tx, r->end.frame, 60);
	end_go(&r->end);
	assert_int_equal(end_reap(&r->end), 0);
	assert_int_equal(rig_out_take(r, data), 0);
	assert_int_equal(rte_eth_dev_set_link_up(r->id), 0);
	assert_true(link_event(r, &up));
	assert_true(up);
	wcnic_card_poll(r->end.h.card);
	assert_int_equal(end_reap(&r->end), 1);
	assert_int_equal(rig_out_take(r, data), 60);
	assert_null(wcnic_port_error(r->end.port));
}

static void
device__vanishes__link_goes_down_and_it_is_said(void **state)
{
	struct rig *r = *state;
	static uint8_t data[16384];
	bool up = true;

	fake_rx_post(&r->end.h, &r->end.rx, 8);
	rte_eth_dev_callback_process(&rte_eth_devices[r->id], RTE_ETH_EVENT_INTR_RMV, NULL);
	assert_true(link_event(r, &up));
	assert_false(up);
	assert_true(rig_in_put(r, data, 60, 60));
	fake_tx_push(&r->end.tx, r->end.frame, 60);
	end_go(&r->end);
	assert_int_equal(end_reap(&r->end), 0);
	/* It is not touched any more. */
	assert_int_equal(rig_out_take(r, data), 0);
	assert_int_equal(rte_ring_count(r->in), 1);
	assert_non_null(strstr(wcnic_port_error(r->end.port), "was removed"));
	assert_non_null(strstr(wcnic_port_error(r->end.port), r->device));
}

static void
two_ports__each_its_device_frames_cross(void **state)
{
	struct rig *a = *state, *b = calloc(1, sizeof(*b));
	static uint8_t data[16384];
	void *mbuf = NULL;

	rig_rings(b, RING_ENTRIES);
	rig_open(b, "", 1500);
	fake_rx_post(&a->end.h, &a->end.rx, 8);
	fake_rx_post(&b->end.h, &b->end.rx, 8);
	for (unsigned int i = 0; i < 2; i++) {
		struct rig *from = i == 0 ? a : b, *to = i == 0 ? b : a;

		fake_frame_fill(from->end.frame, 100, i);
		fake_tx_push(&from->end.tx, from->end.frame, 100);
		end_go(&from->end);
		assert_int_equal(rte_ring_dequeue(from->out, &mbuf), 0);
		assert_int_equal(rte_ring_enqueue(to->in, mbuf), 0);
		wcnic_card_poll(to->end.h.card);
		assert_int_equal(fake_rx_frame(&to->end.rx, data, NULL), 100);
		assert_memory_equal(data, from->end.frame, 100);
	}
	rig_close(b);
}

/* A device that the port makes is gone with it, and can be made again. */
static void
made_device__gone_with_the_port(void **state)
{
	struct wcnic_port *port;
	struct fake_host h;
	char why[256];
	uint16_t id;

	(void)state;
	assert_int_equal(fake_host_init(&h, NULL), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(wcnic_port_create("ethdev:net_null7;size=64;copy=1",
						   wcnic_card_dev(h.card), &port, why, sizeof(why)),
				 0);
		assert_int_equal(rte_eth_dev_get_port_by_name("net_null7", &id), 0);
		wcnic_port_destroy(port);
		assert_int_not_equal(rte_eth_dev_get_port_by_name("net_null7", &id), 0);
	}
	fake_host_fini(&h);
	assert_int_equal(rig_pools(), 1);
}

static void
create__bad_text__is_refused_and_explained(void **state)
{
	struct rig *r = *state;
	char again[64], with_args[64];
	const struct bad_spec bad[] = {
		{"ethdev", "device", "net_tap0"},
		{"ethdev:", "device", "net_tap0"},
		{"ethdev:;iface=x", "device", "net_tap0"},
		{"ethdev:,mtu=1500", "device", "net_tap0"},
		{"ethdev:nosuch0", "'nosuch0'", "PCI"},
		{"ethdev:net_nosuch0", "'net_nosuch0'", "driver's name"},
		{"ethdev:0000:7f:1f.7", "0000:7f:1f.7", "--eal"},
		{"ethdev:net_null0;bogus=1", "net_null0,bogus=1", "driver's name"},
		{"ethdev:net_null0,size=64", "'size'", "takes: mtu"},
		{"ethdev:net_null0,mtu", "'mtu'", "key=value"},
		{"ethdev:net_null0,mtu=67", "mtu=67", "68 to 9216"},
		{"ethdev:net_null0,mtu=9217", "mtu=9217", "68 to 9216"},
		{"ethdev:net_null0,mtu=1500,mtu=1500", "'mtu'", "twice"},
		{again, r->device, "belongs to another"},
		{with_args, r->device, "exists already"},
	};

	snprintf(again, sizeof(again), "ethdev:%s", r->device);
	snprintf(with_args, sizeof(with_args), "ethdev:%s;a=b", r->device);
	specs_refused(bad, sizeof(bad) / sizeof(bad[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		TEST(send__every_size_pushed_and_fetched__arrives_unaltered),
		TEST(send__device_full__frames_wait_in_order),
		TEST(send__no_rx_queue__waiting_frames_leave),
		cmocka_unit_test(send__device_keeps_all_buffers__frames_wait),
		cmocka_unit_test(send__longer_than_the_devices_mtu__discarded_counted_and_said),
		TEST(receive__every_size_whole_or_in_pieces__arrives_unaltered),
		TEST(receive__in_too_many_pieces__discarded_and_said),
		TEST(receive__card_short_of_buffers__the_rest_is_dropped_and_counted),
		TEST(link__down_and_up__card_tells_and_frames_wait),
		TEST(device__vanishes__link_goes_down_and_it_is_said),
		TEST(two_ports__each_its_device_frames_cross),
		cmocka_unit_test(made_device__gone_with_the_port),
		TEST(create__bad_text__is_refused_and_explained),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, NULL);
}
