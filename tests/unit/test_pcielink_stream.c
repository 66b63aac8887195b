/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Random streams of three CPUs through random links. Whatever the parameters: bytes in are bytes
 * out, none crosses an order point of its CPU, time only goes forward, and the same stream gives
 * the same figures.
 */

#include <string.h>

#include "pcielink_rig.h"

#define CPUS 3u
#define BYTES 2048u /* small, so that stores meet */
#define STREAMS 200u
#define CALLS 600u

static uint64_t random_state;

static uint64_t
draw(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static void
draw_config(void)
{
	rig_config(&rig.config);
	rig_set(PCIELINK_GENERATION, 1 + draw(5));
	rig_set(PCIELINK_LANES, UINT64_C(1) << draw(5));
	rig_set(PCIELINK_EFFICIENCY, 700000 + draw(300001));
	rig_set(PCIELINK_HEADER_CREDITS, draw(20));
	rig_set(PCIELINK_DATA_CREDITS, draw(2) * (4 + draw(30)));
	rig_set(PCIELINK_CREDIT_RETURN_NS, draw(NS(500)));
	rig_set(PCIELINK_QUEUE_TLPS, 1 + draw(10));
	rig_set(PCIELINK_WC_BUFFERS, 1 + draw(12));
	rig_set(PCIELINK_WC_RELEASE_NS, draw(NS(80)));
	rig_set(PCIELINK_WC_SPACING_NS, draw(2) * draw(NS(20)));
	rig_set(PCIELINK_PARTIAL_MAX_BYTES, UINT64_C(1) << draw(6));
	rig_set(PCIELINK_GATHER, draw(1000001));
	rig_set(PCIELINK_NGNRE_OUTSTANDING, 1 + draw(8));
	rig_set(PCIELINK_UC_EVICTS_WC, draw(2));
}

/* What one CPU stored since its last order point, and what of it has left. */
struct epoch {
	uint8_t stored[BYTES];
	uint8_t left[BYTES];
	uint64_t bytes_in, bytes_out;
};

static struct epoch epochs[CPUS];
static uint64_t bytes_in, bytes_out;

static void
account_tlps(size_t from)
{
	for (size_t i = from; i < rig.tlps; i++) {
		const struct pcielink_tlp *tlp = &rig.tlp[i];
		struct epoch *e = &epochs[tlp->cpu];

		for (uint64_t at = tlp->addr - RIG_BASE; at < tlp->addr - RIG_BASE + tlp->bytes;
		     at++) {
			assert_true(e->stored[at]);
			e->left[at] = 1;
		}
		e->bytes_out += tlp->bytes;
		bytes_out += tlp->bytes;
	}
}

static void
call_store(unsigned int cpu)
{
	enum pcielink_type type = (enum pcielink_type)draw(PCIELINK_TYPES);
	unsigned int bytes = draw(2) != 0 ? 8 : (unsigned int)(1 + draw(64));
	uint64_t off = draw(2) != 0 ? draw(BYTES / 8 - 8) * 8 : draw(BYTES - 64);
	size_t from = rig.tlps;

	if (type != PCIELINK_WB) {
		memset(epochs[cpu].stored + off, 1, bytes);
		epochs[cpu].bytes_in += bytes;
		bytes_in += bytes;
	}
	assert_int_equal(pcielink_store(rig.link, cpu, RIG_BASE + off, bytes, type,
					draw(4) ? NOW : pcielink_now(rig.link, cpu) + draw(NS(50))),
			 0);
	account_tlps(from);
}

/* All that was stored has left, nothing else has, and a CPU that waits waited for it. */
static void
call_order(unsigned int cpu)
{
	enum pcielink_order kind = (enum pcielink_order)draw(PCIELINK_ORDERS);
	struct epoch *e = &epochs[cpu];
	size_t from = rig.tlps;
	uint64_t now;

	assert_int_equal(pcielink_order(rig.link, cpu, kind, NOW), 0);
	account_tlps(from);
	assert_memory_equal(e->stored, e->left, BYTES);
	assert_true(e->bytes_out <= e->bytes_in);
	now = pcielink_now(rig.link, cpu);
	for (size_t i = 0; i < rig.tlps; i++) {
		if (rig.tlp[i].cpu != cpu)
			continue;
		if (kind == PCIELINK_DSB || kind == PCIELINK_SFENCE)
			assert_true(rig.tlp[i].accept_ps <= now);
		if (kind == PCIELINK_LOAD)
			assert_true(rig.tlp[i].end_ps <= now);
	}
	memset(e, 0, sizeof(*e));
}

static void
assert_time_goes_forward(void)
{
	uint64_t accept_ps = 0, end_ps = 0, busy_ps = 0;

	for (size_t i = 0; i < rig.tlps; i++) {
		const struct pcielink_tlp *tlp = &rig.tlp[i];

		assert_true(tlp->accept_ps >= accept_ps);
		assert_true(tlp->start_ps >= tlp->accept_ps);
		assert_true(tlp->start_ps >= end_ps);
		assert_true(tlp->end_ps > tlp->start_ps);
		assert_int_equal(tlp->addr / 64, (tlp->addr + tlp->bytes - 1) / 64);
		accept_ps = tlp->accept_ps;
		end_ps = tlp->end_ps;
		busy_ps += tlp->end_ps - tlp->start_ps;
	}
	assert_int_equal(rig_totals().link_busy_ps, busy_ps);
	assert_int_equal(pcielink_end(rig.link), end_ps);
}

static void
run_stream(uint64_t seed, unsigned int cpus)
{
	random_state = seed;
	memset(epochs, 0, sizeof(epochs));
	bytes_in = bytes_out = 0;
	draw_config();
	rig_open(cpus, seed);
	for (unsigned int i = 0; i < CALLS; i++) {
		unsigned int cpu = (unsigned int)draw(cpus);

		if (draw(16) == 0)
			call_order(cpu);
		else
			call_store(cpu);
	}
}

static void
stream__bytes_in_are_bytes_out_and_keep_their_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= STREAMS; seed++) {
		struct pcielink_totals t;
		size_t from;

		run_stream(seed, CPUS);
		from = rig.tlps;
		pcielink_flush(rig.link);
		account_tlps(from);
		for (unsigned int cpu = 0; cpu < CPUS; cpu++)
			assert_memory_equal(epochs[cpu].stored, epochs[cpu].left, BYTES);
		t = rig_totals();
		assert_int_equal(t.payload_bytes, bytes_out);
		assert_int_equal(t.payload_bytes + t.overwritten_bytes, bytes_in);
		assert_int_equal(t.tlps, rig.tlps);
		assert_time_goes_forward();
	}
}

static void
stream__totals_agree_with_the_tlps(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint64_t by_bytes[65] = {0}, by_cause[PCIELINK_CAUSES] = {0}, wire = 0;
		struct pcielink_totals t;

		run_stream(seed, CPUS);
		pcielink_flush(rig.link);
		for (size_t i = 0; i < rig.tlps; i++) {
			by_bytes[rig.tlp[i].bytes]++;
			by_cause[rig.tlp[i].cause]++;
			wire += rig.tlp[i].wire_bytes;
		}
		t = rig_totals();
		assert_memory_equal(t.tlps_by_bytes, by_bytes, sizeof(by_bytes));
		assert_memory_equal(t.tlps_by_cause, by_cause, sizeof(by_cause));
		assert_int_equal(t.wire_bytes, wire);
	}
}

static void
stream__cpu_time_is_issue_and_stalls(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct pcielink_totals t;

		random_state = seed;
		draw_config();
		rig_open(1, seed);
		for (unsigned int i = 0; i < CALLS; i++) {
			if (draw(16) == 0)
				assert_int_equal(
					pcielink_order(rig.link, 0, draw(PCIELINK_ORDERS), NOW), 0);
			else
				assert_int_equal(pcielink_store(rig.link, 0, RIG_BASE + draw(BYTES),
								1 + draw(64), draw(PCIELINK_TYPES),
								NOW),
						 0);
		}
		t = rig_totals();
		assert_int_equal(pcielink_now(rig.link, 0), t.cpu_issue_ps + t.stall_pressure_ps +
								    t.stall_device_ps +
								    t.stall_order_ps);
	}
}

static void
stream__same_again_gives_the_same_to_the_last_digit(void **state)
{
	static struct pcielink_tlp first[RIG_TLPS];
	struct pcielink_totals before, after;
	size_t tlps;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_stream(seed, CPUS);
		before = rig_totals();
		tlps = rig.tlps;
		memcpy(first, rig.tlp, tlps * sizeof(first[0]));
		run_stream(seed, CPUS);
		after = rig_totals();
		assert_int_equal(rig.tlps, tlps);
		assert_memory_equal(rig.tlp, first, tlps * sizeof(first[0]));
		assert_memory_equal(&before, &after, sizeof(before));
	}
}

static void
reset__is_as_newly_created(void **state)
{
	struct pcielink_totals before, after;

	(void)state;
	draw_config();
	rig_set(PCIELINK_GATHER, 500000);
	rig_open(CPUS, 5);
	rig_lines(RIG_BASE + 8, 100, 8, PCIELINK_NC);
	before = rig_totals();
	pcielink_reset(rig.link);
	assert_int_equal(pcielink_now(rig.link, 0), 0);
	assert_int_equal(pcielink_end(rig.link), 0);
	rig_lines(RIG_BASE + 8, 100, 8, PCIELINK_NC);
	after = rig_totals();
	assert_memory_equal(&before, &after, sizeof(before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream__bytes_in_are_bytes_out_and_keep_their_order),
		cmocka_unit_test(stream__totals_agree_with_the_tlps),
		cmocka_unit_test(stream__cpu_time_is_issue_and_stalls),
		cmocka_unit_test(stream__same_again_gives_the_same_to_the_last_digit),
		cmocka_unit_test(reset__is_as_newly_created),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
