/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Loopback, sink, wire and generator, and texts that are refused. */

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "port_rig.h"

/* Sends numbered frames from `a` to `b`, which has buffers only now and then. */
static void
numbers_sent(struct end *a, struct end *b)
{
	struct wcnic_stats stats;
	uint32_t sent = 0, done = 0, got = 0;

	for (uint32_t turn = 0; got < 20000; turn++) {
		uint8_t data[256];

		assert_true(turn < 1000000);
		while (sent - done < 100) {
			memcpy(a->frame + 20, &sent, sizeof(sent));
			fake_tx_push(&a->tx, a->frame, 60);
			sent++;
		}
		fake_tx_ring(&a->tx);
		if (turn % 3 == 0)
			fake_rx_post(&b->h, &b->rx,
				     turn % 50 < 128u - (uint16_t)(b->rx.tail - b->rx.head)
					     ? turn % 50
					     : 0);
		wcnic_card_poll(a->h.card);
		if (a != b)
			wcnic_card_poll(b->h.card);
		while (fake_rx_frame(&b->rx, data, NULL) != 0) {
			assert_memory_equal(data + 20, &got, sizeof(got));
			got++;
		}
		done += end_reap(a);
		/* What is completed has been handed over, and nothing else. */
		assert_int_equal(done, got);
	}
	fake_stats(&a->h, &stats);
	assert_true(stats.tx_held > 0);
	assert_int_equal(stats.tx_errors, 0);
	fake_stats(&b->h, &stats);
	assert_int_equal(stats.rx_frames, got);
	assert_int_equal(stats.rx_down, 0);
	assert_true(stats.rx_held > 0);
}

static void
loopback__flow_control_and_few_buffers__nothing_is_lost(void **state)
{
	struct end e;

	(void)state;
	end_open(&e, "loopback:flow_control=on");
	numbers_sent(&e, &e);
	end_close(&e);
}

static void
loopback__without_rx_queue__frames_fall_and_are_counted(void **state)
{
	struct wcnic_stats stats;
	struct end e;

	(void)state;
	end_open(&e, "loopback");
	assert_int_equal(fake_rxq_close(&e.h, &e.rx), 0);
	fake_tx_push(&e.tx, e.frame, 60);
	end_go(&e);
	assert_int_equal(end_reap(&e), 1);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.rx_down, 1);
	end_close(&e);
}

static void
sink__takes_everything__gives_nothing(void **state)
{
	struct wcnic_stats stats;
	struct end e;

	(void)state;
	end_open(&e, "sink");
	fake_rx_post(&e.h, &e.rx, 8);
	fake_tx_push(&e.tx, e.frame, 60);
	end_go(&e);
	assert_int_equal(end_reap(&e), 1);
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.rx_frames, 0);
	end_close(&e);
}

static bool
link_is_up(struct end *e)
{
	struct wcnic_port_info info = {0};

	assert_int_equal(fake_cmd(&e->h, WCNIC_OP_PORT_QUERY, NULL, &info, sizeof(info), NULL), 0);
	assert_string_equal(info.kind, "wire");
	return info.link_up;
}

static void
wire__flow_control__carries_both_ways_and_holds_back(void **state)
{
	struct end a, b;

	(void)state;
	end_open(&a, "wire:flow_control=on");
	end_open(&b, "wire:flow_control=on");
	assert_false(link_is_up(&a));
	assert_int_equal(wcnic_port_wire(a.port, b.port), 0);
	assert_true(link_is_up(&a));
	assert_true(link_is_up(&b));
	numbers_sent(&a, &b);
	numbers_sent(&b, &a);
	end_close(&b);
	assert_false(link_is_up(&a));
	end_close(&a);
}

/* A port that notes where the frame lies that it is offered. */
static int
look_send(void *ctx, const struct wcdev_frame *frame)
{
	struct wcdev_frag *seen = ctx;

	*seen = frame->frags[0];
	assert_int_equal(frame->n_frags, 1);
	return 0;
}

/* So a wire copies a frame once: from the sender's memory into the receiver's buffer. */
static void
send__segment_in_one_piece__port_gets_the_hosts_own_memory(void **state)
{
	static const struct wcdev_port_ops ops = {.kind = "look", .send = look_send};
	struct wcdev_frag seen = {0};
	struct fake_slot slot = {.flags = WCNIC_TXF_SOP | WCNIC_TXF_EOP};
	struct end e;

	(void)state;
	end_open(&e, "sink");
	wcdev_port_set(wcnic_card_dev(e.h.card), &ops, &seen);
	slot.frame_bytes = 1400;
	fake_slot_seg(&slot, fake_iova(&e.h, e.frame), 1400);
	fake_tx_slot(&e.tx, &slot, 0);
	end_go(&e);
	assert_ptr_equal(seen.base, e.frame);
	assert_int_equal(seen.bytes, 1400);
	assert_int_equal(fake_txq_close(&e.h, &e.tx), 0);
	assert_int_equal(fake_txq_open(&e.h, &e.tx, 0, 128, WCNIC_PLACEMENT_FETCH, 0), 0);
	fake_tx_fetch(&e.h, &e.tx, e.frame, 900);
	end_go(&e);
	assert_ptr_equal(seen.base, e.frame);
	assert_int_equal(seen.bytes, 900);
	end_close(&e);
}

static void
wire__not_joined__frames_wait(void **state)
{
	struct end a, b;
	uint8_t data[256];

	(void)state;
	end_open(&a, "wire");
	end_open(&b, "wire");
	fake_rx_post(&b.h, &b.rx, 8);
	fake_tx_push(&a.tx, a.frame, 60);
	end_go(&a);
	assert_int_equal(end_reap(&a), 0);
	assert_int_equal(wcnic_port_wire(a.port, b.port), 0);
	wcnic_card_poll(a.h.card);
	assert_int_equal(end_reap(&a), 1);
	assert_int_equal(fake_rx_frame(&b.rx, data, NULL), 60);
	end_close(&a);
	end_close(&b);
}

static void
wire__not_two_free_wires__is_einval(void **state)
{
	struct end a, b, c, d;

	(void)state;
	end_open(&a, "wire");
	end_open(&b, "wire");
	end_open(&c, "wire");
	end_open(&d, "sink");
	assert_int_equal(wcnic_port_wire(a.port, a.port), -EINVAL);
	assert_int_equal(wcnic_port_wire(a.port, d.port), -EINVAL);
	assert_int_equal(wcnic_port_wire(a.port, b.port), 0);
	assert_int_equal(wcnic_port_wire(a.port, c.port), -EINVAL);
	assert_int_equal(wcnic_port_wire(c.port, b.port), -EINVAL);
	end_close(&a);
	end_close(&b);
	end_close(&c);
	end_close(&d);
}

/* ---- generator --------------------------------------------------------------------------- */

static uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint64_t
be64_at(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return be64toh(value);
}

/* The sum of a piece with its own checksum in it is all ones. */
static uint32_t
ones_sum(const uint8_t *p, uint32_t bytes, uint32_t sum)
{
	for (uint32_t i = 0; i < bytes; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void
frame_check(const uint8_t *f, uint32_t bytes)
{
	const uint8_t *ip = f + 14;
	const uint8_t *udp = ip + 20;
	uint32_t pseudo;

	assert_int_equal(be16_at(f + 12), 0x0800);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(be16_at(ip + 2), bytes - 14);
	assert_int_equal(ip[9], 17);
	assert_int_equal(ones_sum(ip, 20, 0), 0xffff);
	assert_int_equal(be16_at(udp + 4), bytes - 34);
	assert_int_not_equal(be16_at(udp + 6), 0);
	pseudo = ones_sum(ip + 12, 8, 17 + bytes - 34);
	assert_int_equal(ones_sum(udp, bytes - 34, pseudo), 0xffff);
}

struct tally {
	uint32_t frames;
	uint32_t flows[64];
	uint32_t sizes[3]; /* 64, 570, 1518 */
	uint32_t changes;  /* frames of another flow than the one before */
	uint64_t last_flow;
	uint64_t digest;
};

static void
generator_run(const char *spec, struct tally *tally)
{
	struct wcnic_stats stats;
	struct end e;
	uint8_t data[16384];
	uint32_t bytes;

	memset(tally, 0, sizeof(*tally));
	end_open(&e, spec);
	for (uint32_t turn = 0; turn < 2000; turn++) {
		fake_rx_post(&e.h, &e.rx, 128u - (uint16_t)(e.rx.tail - e.rx.head));
		wcnic_card_poll(e.h.card);
		while ((bytes = fake_rx_frame(&e.rx, data, NULL)) != 0) {
			frame_check(data, bytes);
			assert_true(be64_at(data + 42) == tally->frames);
			assert_true(be64_at(data + 50) < 64);
			tally->flows[be64_at(data + 50)]++;
			tally->changes += be64_at(data + 50) != tally->last_flow;
			tally->last_flow = be64_at(data + 50);
			tally->sizes[bytes <= 64 ? 0 : bytes == 566 ? 1 : 2]++;
			tally->digest = tally->digest * 31 + bytes * 64 + be64_at(data + 50);
			tally->frames++;
		}
	}
	fake_stats(&e.h, &stats);
	assert_int_equal(stats.port_in_frames, tally->frames);
	assert_int_equal(stats.port_in_done, 1);
	fake_tx_push(&e.tx, e.frame, 60);
	end_go(&e);
	assert_int_equal(end_reap(&e), 1);
	end_close(&e);
}

static void
generator__counted__makes_exactly_so_many_valid_frames(void **state)
{
	struct tally t;

	(void)state;
	generator_run("generator:count=5000", &t);
	assert_int_equal(t.frames, 5000);
	assert_int_equal(t.sizes[0], 5000);
	assert_int_equal(t.flows[0], 5000);
	generator_run("generator:count=300,bytes=1499", &t);
	assert_int_equal(t.frames, 300);
}

static void
generator__imix_and_flows__are_spread(void **state)
{
	struct tally t, again;

	(void)state;
	generator_run("generator:count=6000,bytes=0,flows=16,seed=3", &t);
	assert_int_equal(t.frames, 6000);
	assert_int_equal(t.sizes[0], 3500);
	assert_int_equal(t.sizes[1], 2000);
	assert_int_equal(t.sizes[2], 500);
	for (unsigned int i = 0; i < 16; i++)
		assert_uint_in_range(t.flows[i], 250, 500);
	assert_int_equal(t.flows[16], 0);
	generator_run("generator:count=6000,bytes=0,flows=16,seed=3", &again);
	assert_true(again.digest == t.digest);
	generator_run("generator:count=6000,bytes=0,flows=16,seed=4", &again);
	assert_true(again.digest != t.digest);
}

static void
generator__train__lets_frames_of_a_flow_follow_each_other(void **state)
{
	struct tally t;

	(void)state;
	generator_run("generator:count=6400,flows=64", &t);
	assert_uint_in_range(t.changes, 6000, 6400);
	generator_run("generator:count=6400,flows=64,train=32", &t);
	assert_int_equal(t.frames, 6400);
	assert_uint_in_range(t.changes, 150, 200);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(t.flows[i] % 32, 0);
}

/* ---- texts ------------------------------------------------------------------------------- */

static void
create__bad_text__is_refused_and_explained(void **state)
{
	static const struct bad_spec bad[] = {
		{"", "''", "loopback, sink, wire, pcap or generator"},
		{"loop", "'loop'", "loopback, sink, wire, pcap or generator"},
		{"Loopback", "'Loopback'", "loopback"},
		{"loopback:x=1", "'x'", "flow_control speed"},
		{"sink:x", "'x'", "key=value"},
		{"generator:size=64", "'size'", "bytes count flows train seed"},
		{"generator:byte=64", "'byte'", "bytes count flows train seed"},
		{"generator:=64", "''", "bytes count flows train seed"},
		{"generator:bytes=57", "bytes=57", "58 to 9230"},
		{"generator:bytes=9231", "bytes=9231", "9230"},
		{"generator:bytes=64k", "bytes=64k", "number"},
		{"generator:bytes=-1", "bytes=-1", "number"},
		{"generator:bytes=", "bytes=", "number"},
		{"generator:flows=0", "flows=0", "1 to 65536"},
		{"generator:train=0", "train=0", "1 to 64"},
		{"generator:train=65", "train=65", "1 to 64"},
		{"generator:train=24", "train=24", "a power of two"},
		{"generator:count=99999999999999999999", "count=", "number"},
		{"generator:seed=1,seed=2", "'seed'", "twice"},
		{"pcap", "pcap", "in=FILE"},
		{"pcap:", "pcap", "in=FILE"},
		{"pcap:in=", "pcap", "in=FILE"},
		{"pcap:in=/nonexistent/a,b.pcap", "'b.pcap'", "comma"},
		{"pcap:in=/nonexistent/a.pcap", "/nonexistent/a.pcap", "No such file"},
		{"pcap:out=/nonexistent/a.pcap", "/nonexistent/a.pcap", "No such file"},
		{"pcap:out=/dev/null,timing=slow", "timing=slow", "full or capture"},
		{"pcap:in=/dev/null", "/dev/null", "capture"},
	};

	(void)state;
	specs_refused(bad, sizeof(bad) / sizeof(bad[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback__flow_control_and_few_buffers__nothing_is_lost),
		cmocka_unit_test(loopback__without_rx_queue__frames_fall_and_are_counted),
		cmocka_unit_test(sink__takes_everything__gives_nothing),
		cmocka_unit_test(send__segment_in_one_piece__port_gets_the_hosts_own_memory),
		cmocka_unit_test(wire__flow_control__carries_both_ways_and_holds_back),
		cmocka_unit_test(wire__not_joined__frames_wait),
		cmocka_unit_test(wire__not_two_free_wires__is_einval),
		cmocka_unit_test(generator__counted__makes_exactly_so_many_valid_frames),
		cmocka_unit_test(generator__imix_and_flows__are_spread),
		cmocka_unit_test(generator__train__lets_frames_of_a_flow_follow_each_other),
		cmocka_unit_test(create__bad_text__is_refused_and_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
