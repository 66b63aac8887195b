/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* What a wire does when a receiver has no buffers: drops, pauses; link, speed, counters. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "port_rig.h"

#define PAUSE (WCNIC_PORTF_PAUSE_TX | WCNIC_PORTF_PAUSE_RX)

static struct wcnic_port_info
port_info(struct end *e)
{
	struct wcnic_port_info info = {0};

	assert_int_equal(fake_cmd(&e->h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	return info;
}

static void
wire_open(struct end *a, struct end *b, const char *spec)
{
	end_open(a, spec);
	end_open(b, spec);
	assert_int_equal(wcnic_port_wire(a->port, b->port), 0);
	wcnic_card_poll(a->h.card);
	wcnic_card_poll(b->h.card);
}

static struct wcnic_rxq_counters
queue_counters(struct end *e, uint16_t qid)
{
	struct wcnic_cmd_rxq_stats p = {.first = htole16(qid), .count = htole16(1)};
	struct wcnic_rxq_counters counters;

	assert_int_equal(
		fake_cmd(&e->h, WCNIC_OP_RXQ_STATS_QUERY, &p, &counters, sizeof(counters), NULL),
		0);
	return counters;
}

/* A UDP frame of a flow, with a number in its data. The lowest bit of the flow is that of its hash,
 * with the key of flows_spread(). */
static void
flow_frame(uint8_t *frame, uint16_t flow, uint32_t number)
{
	static const uint8_t ip[] = {0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17};

	memset(frame, 0, 60);
	frame[0] = 2;
	memcpy(frame + 12, ip, sizeof(ip));
	frame[34] = (uint8_t)(flow >> 8);
	frame[35] = (uint8_t)flow;
	frame[37] = 9;
	memcpy(frame + 42, &number, sizeof(number));
}

/* Flows that are even go to queue 0, others to `odd`. */
static void
flows_spread(struct end *e, uint16_t odd)
{
	struct wcnic_rss rss = {.types = htole32(WCNIC_RSS_IPV4_UDP)};

	rss.key[13] = 0x02; /* the only bit: it makes the hash of what begins with the port's last
			     */
	rss.reta[1] = htole16(odd);
	assert_int_equal(fake_cmd(&e->h, WCNIC_OP_RSS_SET, NULL, &rss, sizeof(rss), NULL), 0);
}

/* Sends 2000 frames of 64 flows; buffers of queue 0 are posted anew. All even ones must come. */
static void
flows_sent(struct end *a, struct end *b)
{
	uint32_t number, got = 0, done = 0;
	uint8_t data[512];

	for (uint32_t sent = 0; sent < 2000;) {
		for (unsigned int i = 0; i < 20; i++, sent++) {
			flow_frame(a->frame, (uint16_t)(sent % 64), sent);
			fake_tx_push(&a->tx, a->frame, 60);
		}
		end_go(a);
		done += end_reap(a);
		assert_int_equal(done, sent); /* the sender is never held */
		wcnic_card_poll(b->h.card);
		while (fake_rx_frame(&b->rx, data, NULL) != 0) {
			memcpy(&number, data + 42, sizeof(number));
			assert_int_equal(number, 2 * got);
			got++;
			fake_rx_post(&b->h, &b->rx, 1);
		}
	}
	assert_int_equal(got, 1000);
}

static void
wire__one_queue_of_two_not_polled__the_other_gets_all_its_frames(void **state)
{
	struct wcnic_stats stats;
	struct end a, b;
	struct fake_rxq other;

	(void)state;
	wire_open(&a, &b, "wire");
	fake_rx_post(&b.h, &b.rx, 128);
	assert_int_equal(fake_rxq_open(&b.h, &other, 1, 8, 512), 0);
	fake_rx_post(&b.h, &other, 8);
	flows_spread(&b, 1);
	flows_sent(&a, &b);
	fake_stats(&a.h, &stats);
	assert_int_equal(stats.tx_held, 0);
	fake_stats(&b.h, &stats);
	assert_int_equal(stats.rx_frames, 1008);
	assert_int_equal(stats.rx_bytes, 1008 * 60);
	assert_int_equal(stats.rx_missed, 992);
	assert_int_equal(stats.rx_held, 0);
	assert_int_equal(queue_counters(&b, 0).frames, htole64(1000));
	assert_int_equal(queue_counters(&b, 0).missed, 0);
	assert_int_equal(queue_counters(&b, 1).frames, htole64(8));
	assert_int_equal(queue_counters(&b, 1).bytes, htole64(8 * 60));
	assert_int_equal(queue_counters(&b, 1).missed, htole64(992));
	end_close(&a);
	end_close(&b);
}

static void
wire__one_queue_does_not_exist__the_other_gets_all_its_frames(void **state)
{
	struct wcnic_stats stats;
	struct end a, b;

	(void)state;
	wire_open(&a, &b, "wire");
	fake_rx_post(&b.h, &b.rx, 128);
	flows_spread(&b, 7);
	flows_sent(&a, &b);
	fake_stats(&b.h, &stats);
	assert_int_equal(stats.rx_no_queue, 1000);
	assert_int_equal(stats.rx_missed, 0);
	end_close(&a);
	end_close(&b);
}

/* Sends `n` frames to a queue with 8 buffers. Returns how many the sender got rid of. */
static unsigned int
short_of_buffers(struct end *a, struct end *b, unsigned int n)
{
	fake_rx_post(&b->h, &b->rx, 8);
	wcnic_card_poll(b->h.card);
	for (uint32_t i = 0; i < n; i++) {
		flow_frame(a->frame, 0, i);
		fake_tx_push(&a->tx, a->frame, 60);
	}
	end_go(a);
	wcnic_card_poll(a->h.card);
	return end_reap(a);
}

static void
flags_set(struct end *e, uint16_t flags)
{
	assert_int_equal(fake_port_set(&e->h, 1500, PORT_UP | flags), 0);
}

static void
flow_control__only_if_both_ends_want_it(void **state)
{
	static const struct {
		const char *spec;
		uint16_t sender, receiver;
		bool waits;
	} cases[] = {
		{"wire", 0, 0, false},
		{"wire:flow_control=on", PAUSE, PAUSE, true},
		{"wire:flow_control=on", WCNIC_PORTF_PAUSE_RX, WCNIC_PORTF_PAUSE_TX, true},
		{"wire:flow_control=on", WCNIC_PORTF_PAUSE_TX, PAUSE, false},
		{"wire:flow_control=on", PAUSE, WCNIC_PORTF_PAUSE_RX, false},
		{"wire:flow_control=on", 0, 0, false},
	};
	struct wcnic_stats stats;
	struct end a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire_open(&a, &b, cases[i].spec);
		flags_set(&a, cases[i].sender);
		flags_set(&b, cases[i].receiver);
		wcnic_card_poll(b.h.card);
		assert_int_equal(short_of_buffers(&a, &b, 20), cases[i].waits ? 8 : 20);
		fake_stats(&b.h, &stats);
		assert_int_equal(stats.rx_frames, 8);
		assert_int_equal(stats.rx_missed, cases[i].waits ? 0 : 12);
		fake_rx_post(&b.h, &b.rx, 12);
		wcnic_card_poll(a.h.card);
		fake_stats(&b.h, &stats);
		assert_int_equal(stats.rx_frames, cases[i].waits ? 20 : 8);
		end_close(&a);
		end_close(&b);
	}
}

static void
flow_control__flags_after_reset_are_what_the_wire_does(void **state)
{
	struct wcnic_port_info info;
	struct end e;

	(void)state;
	end_open(&e, "loopback:flow_control=on");
	info = port_info(&e);
	assert_int_equal(info.wire, htole16(WCNIC_WIREF_PAUSE));
	assert_int_equal(info.flags, htole16(PORT_UP | PAUSE));
	flags_set(&e, 0);
	assert_int_equal(port_info(&e).flags, htole16(PORT_UP));
	wcnic_card_reset(e.h.card);
	fake_enable(&e.h);
	assert_int_equal(port_info(&e).flags, htole16(PAUSE));
	end_close(&e);
	end_open(&e, "loopback:flow_control=off");
	assert_int_equal(port_info(&e).wire, 0);
	assert_int_equal(fake_port_set(&e.h, 1500, PORT_UP | WCNIC_PORTF_PAUSE_TX),
			 WCNIC_ST_INVALID_FIELD);
	end_close(&e);
	end_open(&e, "generator:count=1");
	assert_int_equal(port_info(&e).wire, htole16(WCNIC_WIREF_WAITS));
	end_close(&e);
}

/* Opens queue 0 anew, so that it drops. */
static void
queue_drops(struct end *e)
{
	struct wcnic_cmd_rxq_create p = {
		.depth = htole16(128),
		.vector = htole16(WCNIC_VECTOR_NONE),
		.buf_bytes = htole32(512),
		.cqe_log2 = 4,
		.flags = WCNIC_RXQF_DROP,
		.db_window = e->rx.db_grant.id,
		.ring_iova = htole64(fake_iova(&e->h, e->rx.ring)),
		.cq_iova = htole64(fake_iova(&e->h, e->rx.cq)),
	};

	assert_int_equal(fake_rxq_close(&e->h, &e->rx), 0);
	assert_int_equal(fake_cmd(&e->h, WCNIC_OP_RXQ_CREATE, &p, NULL, 0, NULL), 0);
}

static void
queue__asked_to_drop__drops_where_the_port_could_wait(void **state)
{
	struct wcnic_stats stats;
	struct end e;

	(void)state;
	end_open(&e, "loopback:flow_control=on");
	queue_drops(&e);
	assert_int_equal(short_of_buffers(&e, &e, 20), 20);
	assert_int_equal(queue_counters(&e, 0).missed, htole64(12));
	end_close(&e);
	end_open(&e, "generator:count=100");
	for (unsigned int i = 0; i < 10; i++)
		wcnic_card_poll(e.h.card);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.port_in_frames, 0);
	assert_int_equal(stats.rx_missed, 0);
	queue_drops(&e);
	for (unsigned int i = 0; i < 10; i++)
		wcnic_card_poll(e.h.card);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.port_in_done, 1);
	assert_int_equal(stats.rx_missed, 100);
	end_close(&e);
}

/* ---- link -------------------------------------------------------------------------------- */

static void
link_event_expect(struct end *e, bool up)
{
	struct wcnic_event event;

	wcnic_card_poll(e->h.card);
	assert_true(fake_event_find(&e->h, WCNIC_EV_LINK, &event));
	assert_int_equal(le32toh(event.arg0), up);
	assert_int_equal(port_info(e).link_up, up);
}

static void
link_down__both_ends_see_it__frames_wait(void **state)
{
	struct wcnic_stats stats;
	struct end a, b;
	uint8_t data[512];

	(void)state;
	wire_open(&a, &b, "wire");
	link_event_expect(&a, true);
	link_event_expect(&b, true);
	flags_set(&a, WCNIC_PORTF_LINK_DOWN);
	link_event_expect(&a, false);
	link_event_expect(&b, false);
	assert_int_equal(port_info(&b).speed_mbps, 0);
	assert_int_equal(port_info(&b).wire_mbps, htole32(100000));
	assert_int_equal(short_of_buffers(&a, &b, 3), 0);
	assert_int_equal(short_of_buffers(&b, &a, 2), 0);
	flags_set(&a, 0);
	link_event_expect(&a, true);
	link_event_expect(&b, true);
	wcnic_card_poll(a.h.card);
	wcnic_card_poll(b.h.card);
	assert_int_equal(end_reap(&a), 3);
	assert_int_equal(end_reap(&b), 2);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(fake_rx_frame(&b.rx, data, NULL), 60);
	fake_stats(&a.h, &stats);
	assert_int_equal(stats.rx_frames, 2);
	assert_int_equal(stats.rx_down, 0);
	end_close(&a);
	end_close(&b);
}

/* Also where the port has no far end that could see it: nothing goes in or out. */
static void
link_down__generator_waits__frame_from_elsewhere_is_counted(void **state)
{
	static const uint8_t frame[60];
	struct wcnic_stats stats;
	struct end e;

	(void)state;
	end_open(&e, "generator:count=5");
	fake_rx_post(&e.h, &e.rx, 16);
	flags_set(&e, WCNIC_PORTF_LINK_DOWN);
	fake_tx_push(&e.tx, e.frame, 60);
	end_go(&e);
	assert_int_equal(end_reap(&e), 0);
	assert_int_equal(fake_receive(&e.h, frame, 60, 60), -ENETDOWN);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.port_in_frames, 0);
	assert_int_equal(stats.rx_down, 1);
	flags_set(&e, 0);
	wcnic_card_poll(e.h.card);
	assert_int_equal(end_reap(&e), 1);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.rx_frames, 5);
	end_close(&e);
}

static void
speed__of_each_kind__is_what_the_text_says(void **state)
{
	static const char *const specs[] = {
		"loopback:speed=25000", "sink:speed=25000", "generator:count=1,speed=25000",
		"pcap:out=/dev/null,speed=25000", "loopback:speed=25000,flow_control=on"};
	struct end a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		end_open(&a, specs[i]);
		assert_int_equal(port_info(&a).speed_mbps, htole32(25000));
		assert_int_equal(port_info(&a).wire_mbps, htole32(25000));
		end_close(&a);
	}
	end_open(&a, "wire:speed=10");
	assert_int_equal(port_info(&a).speed_mbps, 0);
	assert_int_equal(port_info(&a).wire_mbps, htole32(10));
	end_open(&b, "wire");
	assert_int_equal(wcnic_port_wire(a.port, b.port), -EPROTOTYPE);
	end_close(&b);
	end_open(&b, "wire:speed=10,flow_control=on");
	assert_int_equal(wcnic_port_wire(a.port, b.port), -EPROTOTYPE);
	end_close(&b);
	end_open(&b, "wire:flow_control=off,speed=10");
	assert_int_equal(wcnic_port_wire(a.port, b.port), 0);
	assert_int_equal(port_info(&b).speed_mbps, htole32(10));
	end_close(&b);
	end_close(&a);
}

static void
options__wrong__are_refused_and_explained(void **state)
{
	static const struct bad_spec bad[] = {
		{"loopback:flow_control=yes", "flow_control=yes", "on or off"},
		{"wire:flow_control=", "flow_control=", "on or off"},
		{"sink:flow_control=on", "'flow_control'", "it takes: speed"},
		{"wire:speed=12345", "speed=12345", "10000, 20000"},
		{"wire:speed=10G", "speed=10G", "Mbit/s"},
		{"wire:speed=0", "speed=0", "200000"},
		{"loopback:speed=4294967306", "speed=4294967306", "Mbit/s"},
		{"generator:speed=-1", "speed=-1", "Mbit/s"},
		{"wire:speed=10,speed=10", "'speed'", "twice"},
	};

	(void)state;
	specs_refused(bad, sizeof(bad) / sizeof(bad[0]));
}

/* ---- counters ---------------------------------------------------------------------------- */

static void
rxq_stats__bad_range__is_refused(void **state)
{
	struct wcnic_rxq_counters all[16];
	struct wcnic_cmd_rxq_stats p = {0};
	uint32_t result;
	struct end e;

	(void)state;
	end_open(&e, "loopback");
	assert_int_equal(fake_cmd(&e.h, WCNIC_OP_RXQ_STATS_QUERY, &p, all, sizeof(all), &result),
			 WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, offsetof(struct wcnic_admin_cmd, params) + 2);
	p.count = htole16(17);
	assert_int_equal(fake_cmd(&e.h, WCNIC_OP_RXQ_STATS_QUERY, &p, all, sizeof(all), NULL),
			 WCNIC_ST_INVALID_QUEUE);
	p.first = htole16(0xffff);
	p.count = htole16(0xffff);
	assert_int_equal(fake_cmd(&e.h, WCNIC_OP_RXQ_STATS_QUERY, &p, all, sizeof(all), NULL),
			 WCNIC_ST_INVALID_QUEUE);
	p.first = 0;
	p.count = htole16(15);
	memset(all, 0xff, sizeof(all));
	assert_int_equal(fake_cmd(&e.h, WCNIC_OP_RXQ_STATS_QUERY, &p, all, sizeof(all), NULL), 0);
	assert_int_equal(all[14].frames, 0);
	assert_int_equal(all[14].missed, 0);
	assert_int_equal(all[15].frames, UINT64_MAX);
	end_close(&e);
}

static void
rxq_stats__queue_made_anew__counts_from_0(void **state)
{
	struct end e;

	(void)state;
	end_open(&e, "loopback");
	assert_int_equal(short_of_buffers(&e, &e, 10), 10);
	assert_int_equal(queue_counters(&e, 0).missed, htole64(2));
	queue_drops(&e);
	assert_int_equal(queue_counters(&e, 0).missed, 0);
	assert_int_equal(queue_counters(&e, 0).frames, 0);
	end_close(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire__one_queue_of_two_not_polled__the_other_gets_all_its_frames),
		cmocka_unit_test(wire__one_queue_does_not_exist__the_other_gets_all_its_frames),
		cmocka_unit_test(flow_control__only_if_both_ends_want_it),
		cmocka_unit_test(flow_control__flags_after_reset_are_what_the_wire_does),
		cmocka_unit_test(queue__asked_to_drop__drops_where_the_port_could_wait),
		cmocka_unit_test(link_down__both_ends_see_it__frames_wait),
		cmocka_unit_test(link_down__generator_waits__frame_from_elsewhere_is_counted),
		cmocka_unit_test(speed__of_each_kind__is_what_the_text_says),
		cmocka_unit_test(options__wrong__are_refused_and_explained),
		cmocka_unit_test(rxq_stats__bad_range__is_refused),
		cmocka_unit_test(rxq_stats__queue_made_anew__counts_from_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
