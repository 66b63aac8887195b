/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Tests of flow rules: against a matcher that asks every rule in turn, and commands that are wrong.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_host.h"
#include "flow_frame.h"

#define FLOWS_MAX 4096u
#define QUEUES 4u    /* that exist */
#define NO_QUEUE 9u  /* one that does not */
#define RULES 3000u  /* of the random test */
#define FRAMES 6000u /* of the random test */

static int
setup_features(void **state, uint64_t features)
{
	struct wcnic_cmd_features p = {.features = htole64(features)};

	if (fake_setup(state) != 0 ||
	    fake_cmd(*state, WCNIC_OP_FEATURES_SET, &p, NULL, 0, NULL) != 0)
		return -1;
	return fake_port_set(*state, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_PROMISC);
}

static int
setup(void **state)
{
	return setup_features(state, WCNIC_CAP_FLOW | WCNIC_CAP_FILTER | WCNIC_CAP_RSS);
}

static int
setup_without(void **state)
{
	return setup_features(state, WCNIC_CAP_FILTER | WCNIC_CAP_RSS);
}

static int
flow_create(struct fake_host *h, const struct wcnic_flow *flow, uint32_t *result)
{
	struct wcnic_flow copy = *flow;

	return fake_cmd(h, WCNIC_OP_FLOW_CREATE, NULL, &copy, sizeof(copy), result);
}

static int
flow_destroy(struct fake_host *h, uint32_t id)
{
	struct wcnic_cmd_flow p = {.id = htole32(id)};

	return fake_cmd(h, WCNIC_OP_FLOW_DESTROY, &p, NULL, 0, NULL);
}

static int
flow_query(struct fake_host *h, uint32_t id, bool clear, struct wcnic_flow_counters *counters)
{
	struct wcnic_cmd_flow p = {.id = htole32(id), .clear = clear};
	int ret = fake_cmd(h, WCNIC_OP_FLOW_QUERY, &p, counters, sizeof(*counters), NULL);

	counters->frames = le64toh(counters->frames);
	counters->bytes = le64toh(counters->bytes);
	return ret;
}

/* A rule for every frame, to a queue. */
static struct wcnic_flow
flow_to_queue(uint32_t id, uint16_t queue)
{
	return (struct wcnic_flow){
		.id = htole32(id),
		.actions = htole32(WCNIC_FLOWA_QUEUE | WCNIC_FLOWA_COUNT),
		.n_queues = htole16(1),
		.queues = {htole16(queue)},
	};
}

/* ---- what rules should do ---------------------------------------------------------------- */

struct rule {
	bool used;
	struct wcnic_flow flow;
	uint64_t frames, bytes;
};

struct expected {
	bool dropped;
	uint16_t queue;
	uint16_t flags; /* of the completion, but HASH */
};

static bool
rule_matches(const struct rule *rule, const struct wcnic_flow_key *key)
{
	const uint8_t *have = (const void *)key, *want = (const void *)&rule->flow.key;
	const uint8_t *mask = (const void *)&rule->flow.mask;

	for (size_t i = 0; i < sizeof(*key); i++)
		if (((have[i] ^ want[i]) & mask[i]) != 0)
			return false;
	return true;
}

/* Of the rules that match and come after `last`, the one that comes first. */
static struct rule *
rule_next(struct rule *rules, const struct wcnic_flow_key *key, const struct rule *last)
{
	struct rule *best = NULL;
	uint64_t after = 0, best_order = 0;

	if (last != NULL)
		after = ((uint64_t)le32toh(last->flow.priority) << 32 | le32toh(last->flow.id)) + 1;
	for (unsigned int i = 0; i < RULES; i++) {
		const uint64_t order = (uint64_t)le32toh(rules[i].flow.priority) << 32 |
				       le32toh(rules[i].flow.id);

		if (!rules[i].used || order < after || (best != NULL && order >= best_order) ||
		    !rule_matches(&rules[i], key))
			continue;
		best = &rules[i];
		best_order = order;
	}
	return best;
}

/* Bit by bit, as its inventors have it. */
static uint32_t
toeplitz(const uint8_t *key, const uint8_t *data, unsigned int bytes)
{
	uint32_t sum = 0;

	for (unsigned int bit = 0; bit < bytes * 8; bit++) {
		if ((data[bit / 8] >> (7 - bit % 8) & 1) == 0)
			continue;
		for (unsigned int i = 0; i < 32; i++)
			sum ^= (uint32_t)(key[(bit + i) / 8] >> (7 - (bit + i) % 8) & 1)
			       << (31 - i);
	}
	return sum;
}

static uint16_t
rss_queue(const struct wcnic_flow *flow, const struct wcnic_flow_key *key)
{
	const uint32_t types = le32toh(flow->rss_types);
	const uint16_t layers = le16toh(key->layers);
	const bool v4 = (layers & WCNIC_FLOWL_IPV4) != 0, v6 = (layers & WCNIC_FLOWL_IPV6) != 0;
	const unsigned int addr_bytes = v4 ? 4 : 16;
	bool ports = false, addrs;
	uint8_t input[36];

	addrs = (v4 && (types & WCNIC_RSS_IPV4) != 0) || (v6 && (types & WCNIC_RSS_IPV6) != 0);
	if ((layers & WCNIC_FLOWL_UDP) != 0)
		ports = (types & (v4 ? WCNIC_RSS_IPV4_UDP : WCNIC_RSS_IPV6_UDP)) != 0;
	if ((layers & WCNIC_FLOWL_TCP) != 0)
		ports = (types & (v4 ? WCNIC_RSS_IPV4_TCP : WCNIC_RSS_IPV6_TCP)) != 0;
	if (!addrs && !ports)
		return le16toh(flow->queues[0]);
	memcpy(input, key->src_addr, addr_bytes);
	memcpy(input + addr_bytes, key->dst_addr, addr_bytes);
	memcpy(input + 2 * addr_bytes, key->src_port, 4);
	return le16toh(
		flow->queues[toeplitz(flow->rss_key, input, 2 * addr_bytes + (ports ? 4 : 0)) %
			     le16toh(flow->n_queues)]);
}

static struct expected
rules_apply(struct rule *rules, const struct flow_frame *frame)
{
	struct expected e = {0};
	struct rule *rule = NULL;

	while ((rule = rule_next(rules, &frame->key, rule)) != NULL) {
		const uint32_t actions = le32toh(rule->flow.actions);

		rule->frames += (actions & WCNIC_FLOWA_COUNT) != 0;
		rule->bytes += (actions & WCNIC_FLOWA_COUNT) != 0 ? frame->bytes : 0;
		e.flags |= (actions & WCNIC_FLOWA_FLAG) != 0 ? WCNIC_RXF_MATCH : 0;
		e.flags |= (actions & WCNIC_FLOWA_MARK) != 0 ? WCNIC_RXF_MATCH : 0;
		if ((actions & WCNIC_FLOWA_FATE) == 0)
			continue;
		e.dropped = (actions & WCNIC_FLOWA_DROP) != 0;
		if ((actions & WCNIC_FLOWA_QUEUE) != 0)
			e.queue = le16toh(rule->flow.queues[0]);
		if ((actions & WCNIC_FLOWA_RSS) != 0)
			e.queue = rss_queue(&rule->flow, &frame->key);
		return e;
	}
	return e;
}

/* ---- random rules ------------------------------------------------------------------------ */

/* One of the fields in the mask: all of it, or its first bits. */
static void
mask_field(uint8_t *mask, size_t off, size_t bytes, uint64_t *random)
{
	unsigned int bits = (unsigned int)bytes * 8;

	if (flow_random(random) % 2 == 0)
		bits = (unsigned int)(flow_random(random) % bits) + 1;
	for (unsigned int i = 0; i < bits; i++)
		mask[off + i / 8] |= (uint8_t)(0x80u >> i % 8);
}

static unsigned int
bits_of(const struct wcnic_flow_key *mask)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < sizeof(*mask); i++)
		bits += (unsigned int)__builtin_popcount(((const uint8_t *)mask)[i]);
	return bits;
}

static void
rule_random(struct rule *rule, uint32_t id, uint64_t *random)
{
	static const struct {
		size_t off, bytes;
	} fields[] = {{0, 6},  {6, 6},  {12, 2}, {14, 2}, {16, 4}, {32, 4}, {16, 16}, {32, 16},
		      {48, 2}, {50, 2}, {52, 2}, {54, 2}, {56, 2}, {58, 1}, {59, 1},  {60, 2}};
	static const uint32_t fates[] = {
		0, 0, 0, 0, 0, WCNIC_FLOWA_QUEUE, WCNIC_FLOWA_RSS, WCNIC_FLOWA_DROP};
	const unsigned int n_fields = (unsigned int)(2 + flow_random(random) % 5);
	const uint32_t fate = fates[flow_random(random) % 8];
	struct wcnic_flow *flow = &rule->flow;
	struct flow_frame like;

	memset(rule, 0, sizeof(*rule));
	flow_frame_make(&like, random);
	flow->key = like.key;
	for (unsigned int i = 0; i < n_fields; i++) {
		const unsigned int at = (unsigned int)(flow_random(random) % 16);

		mask_field((uint8_t *)&flow->mask, fields[at].off, fields[at].bytes, random);
	}
	flow->mask.layers &= htole16(0xff);
	flow->id = htole32(id);
	/* Rules for many frames come late, else the others would see none. */
	flow->priority = htole32(bits_of(&flow->mask) < 32
					 ? UINT32_MAX
					 : (uint32_t)(flow_random(random) % 2 * 0x7fffffff));
	flow->actions = htole32(fate | (flow_random(random) &
					(WCNIC_FLOWA_FLAG | WCNIC_FLOWA_MARK | WCNIC_FLOWA_COUNT)));
	flow->mark = htole32((uint32_t)flow_random(random));
	if (fate == WCNIC_FLOWA_QUEUE)
		flow->n_queues = htole16(1);
	if (fate == WCNIC_FLOWA_RSS)
		flow->n_queues = htole16((uint16_t)(1 + flow_random(random) % 7));
	for (unsigned int i = 0; i < le16toh(flow->n_queues); i++)
		flow->queues[i] = htole16((uint16_t)(flow_random(random) % QUEUES));
	flow->rss_types = htole32((uint32_t)(flow_random(random) % 4 * 0x15));
	memset(flow->rss_key, (int)(0x6d + flow_random(random) % 4), sizeof(flow->rss_key));
}

static void
rules_make(struct fake_host *h, struct rule *rules, uint32_t from, uint32_t to, uint64_t *random)
{
	for (uint32_t id = from; id < to; id++) {
		rule_random(&rules[id], id, random);
		rules[id].used = flow_create(h, &rules[id].flow, NULL) == WCNIC_ST_OK;
		if (rules[id].used)
			continue;
		/* Only because there is the same rule already. */
		for (uint32_t i = 0; !rules[id].used; i++) {
			assert_int_not_equal(i, to);
			rules[id].used = rules[i].used &&
					 rules[i].flow.priority == rules[id].flow.priority &&
					 memcmp(&rules[i].flow.mask, &rules[id].flow.mask, 64) ==
						 0 &&
					 rule_matches(&rules[i], &rules[id].flow.key);
		}
		rules[id].used = false;
	}
}

static void
frame_check(struct fake_host *h, struct fake_rxq *queues, struct rule *rules,
	    const struct flow_frame *frame)
{
	const struct expected e = rules_apply(rules, frame);
	struct wcnic_rx_cpl cpl;
	uint8_t got[2048];

	assert_int_equal(fake_receive(h, frame->data, frame->bytes, frame->bytes), 0);
	for (uint16_t q = 0; q < QUEUES; q++) {
		const uint32_t bytes = fake_rx_frame(&queues[q], got, &cpl);

		if (e.dropped || q != e.queue) {
			assert_int_equal(bytes, 0);
			continue;
		}
		assert_int_equal(bytes, frame->bytes);
		assert_memory_equal(got, frame->data, bytes);
		assert_int_equal(le16toh(cpl.flags) & WCNIC_RXF_MATCH, e.flags);
		fake_rx_post(h, &queues[q], 1);
	}
}

static void
frames_check(struct fake_host *h, struct fake_rxq *queues, struct rule *rules, uint64_t *random)
{
	struct wcnic_flow_counters counters;
	struct flow_frame frame;
	uint64_t counted = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		flow_frame_make(&frame, random);
		frame_check(h, queues, rules, &frame);
	}
	for (uint32_t id = 0; id < RULES; id++) {
		if (!rules[id].used)
			continue;
		assert_int_equal(flow_query(h, id, false, &counters), 0);
		assert_int_equal(counters.frames, rules[id].frames);
		assert_int_equal(counters.bytes, rules[id].bytes);
		counted += counters.frames;
	}
	assert_true(counted > FRAMES / 2); /* the rules are not for frames that never come */
}

static void
rules__thousands_by_chance__do_what_each_says(void **state)
{
	struct fake_host *h = *state;
	struct rule *rules = calloc(RULES, sizeof(*rules));
	struct fake_rxq queues[QUEUES];
	uint64_t random = 1;

	assert_non_null(rules);
	for (uint16_t q = 0; q < QUEUES; q++) {
		assert_int_equal(fake_rxq_open(h, &queues[q], q, 64, 2048), 0);
		fake_rx_post(h, &queues[q], 64);
	}
	rules_make(h, rules, 0, RULES, &random);
	frames_check(h, queues, rules, &random);
	for (uint32_t id = 0; id < RULES; id++) {
		if (!rules[id].used || flow_random(&random) % 3 == 0)
			continue;
		assert_int_equal(flow_destroy(h, id), 0);
		rules[id].used = false;
	}
	frames_check(h, queues, rules, &random);
	free(rules);
}

/* ---- the table --------------------------------------------------------------------------- */

static void
table__full_of_rules__refuses_one_more_and_is_flushed(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(0, 1);
	struct wcnic_identity id = {0};
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[64], got[2048];
	uint32_t result;

	assert_int_equal(fake_cmd(h, WCNIC_OP_IDENTIFY, NULL, &id, sizeof(id), NULL), 0);
	assert_int_equal(le32toh(id.max_flows), FLOWS_MAX);
	memset(flow.mask.src_mac, 0xff, 6);
	for (uint32_t i = 0; i < FLOWS_MAX; i++) {
		flow.id = htole32(i);
		flow.key.src_mac[4] = (uint8_t)(i >> 8);
		flow.key.src_mac[5] = (uint8_t)i;
		assert_int_equal(flow_create(h, &flow, NULL), 0);
	}
	flow.id = htole32(FLOWS_MAX);
	assert_int_equal(flow_create(h, &flow, &result), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(result, 64);
	flow.id = htole32(7);
	assert_int_equal(flow_create(h, &flow, &result), WCNIC_ST_BAD_STATE);
	assert_int_equal(result, 7);
	assert_int_equal(fake_rxq_open(h, &q, 1, 8, 2048), 0);
	fake_rx_post(h, &q, 8);
	fake_frame_fill(frame, sizeof(frame), 0);
	memcpy(frame + 6, (uint8_t[]){0, 0, 0, 0, 0x0f, 0xff}, 6);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 64);
	assert_int_equal(fake_cmd(h, WCNIC_OP_FLOW_FLUSH, NULL, NULL, 0, NULL), 0);
	assert_int_equal(flow_destroy(h, 7), WCNIC_ST_INVALID_FIELD);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0); /* for queue 0 */
	assert_int_equal(fake_rx_frame(&q, got, NULL), 0);
	assert_int_equal(flow_create(h, &flow, NULL), 0);
	wcnic_card_reset(h->card);
	fake_stats(h, &stats);
	assert_int_equal(stats.flow_drops, 0);
}

static void
rule__to_a_queue_that_is_gone__drops_and_counts(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(0, NO_QUEUE);
	struct wcnic_flow_counters counters;
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[64], got[2048];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(flow_create(h, &flow, NULL), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_no_queue, 1);
	assert_int_equal(flow_query(h, 0, true, &counters), 0);
	assert_int_equal(counters.frames, 1);
	assert_int_equal(counters.bytes, 64);
	assert_int_equal(flow_query(h, 0, false, &counters), 0);
	assert_int_equal(counters.frames, 0);
}

static void
isolated__only_what_rules_send_to_a_queue_is_taken(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(0, 0);
	struct wcnic_stats stats;
	struct fake_rxq q;
	uint8_t frame[64], got[2048];

	fake_frame_fill(frame, sizeof(frame), 0);
	assert_int_equal(fake_rxq_open(h, &q, 0, 8, 2048), 0);
	fake_rx_post(h, &q, 8);
	assert_int_equal(fake_port_set(h, 1500, WCNIC_PORTF_UP | WCNIC_PORTF_ISOLATED), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 0);
	memcpy(flow.key.dst_mac, frame, 6); /* not the port's: rules alone decide */
	memset(flow.mask.dst_mac, 0xff, 6);
	assert_int_equal(flow_create(h, &flow, NULL), 0);
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 64);
	frame[0] ^= 4;
	assert_int_equal(fake_receive(h, frame, 64, 64), 0);
	assert_int_equal(fake_rx_frame(&q, got, NULL), 0);
	fake_stats(h, &stats);
	assert_int_equal(stats.rx_filtered, 2);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void
expect_refused(struct fake_host *h, struct wcnic_flow *flow, int status, uint32_t expected)
{
	struct wcnic_flow_counters counters;
	uint32_t result;

	assert_int_equal(flow_create(h, flow, &result), status);
	assert_int_equal(result, expected);
	assert_int_equal(flow_query(h, 1, false, &counters), WCNIC_ST_INVALID_FIELD);
	*flow = flow_to_queue(1, 0);
}

static void
create__bad_input__is_refused_by_field(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(1, 0);

	flow.actions = htole32(WCNIC_FLOWA_ALL + 1);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 8);
	flow.actions = htole32(WCNIC_FLOWA_QUEUE | WCNIC_FLOWA_DROP);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 8);
	flow.n_queues = 0;
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 144);
	flow.n_queues = htole16(2);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 144);
	flow.actions = htole32(WCNIC_FLOWA_DROP);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 144);
	flow.actions = htole32(WCNIC_FLOWA_RSS);
	flow.n_queues = htole16(WCNIC_FLOW_RSS_QUEUES_MAX + 1);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 144);
	flow.queues[0] = htole16(16);
	expect_refused(h, &flow, WCNIC_ST_INVALID_QUEUE, 0);
	flow.actions = htole32(WCNIC_FLOWA_RSS);
	flow.n_queues = htole16(3);
	flow.queues[2] = htole16(0xffff);
	expect_refused(h, &flow, WCNIC_ST_INVALID_QUEUE, 2);
	flow.actions = htole32(WCNIC_FLOWA_RSS);
	flow.rss_types = htole32(WCNIC_RSS_ALL + 1);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 148);
	flow.actions = htole32(WCNIC_FLOWA_RSS);
	flow.rss_function = 9;
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 146);
	flow.mask.layers = htole16(0x100);
	expect_refused(h, &flow, WCNIC_ST_INVALID_FIELD, 64 + 80 + 60);
	flow.mask.rsvd[1] = 0xff; /* ignored */
	assert_int_equal(flow_create(h, &flow, NULL), 0);
}

/* Keys are tables in the card: there is space for 64. */
static void
rss__more_keys_than_the_card_has__no_space(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(0, 0);

	flow.actions = htole32(WCNIC_FLOWA_RSS);
	flow.rss_types = htole32(WCNIC_RSS_IPV4);
	memset(flow.mask.src_mac, 0xff, 6);
	for (uint32_t i = 0; i < 200; i++) {
		flow.id = htole32(i);
		flow.key.src_mac[5] = (uint8_t)i;
		flow.rss_key[7] = (uint8_t)(i % 64);
		assert_int_equal(flow_create(h, &flow, NULL), 0);
	}
	flow.id = htole32(200);
	flow.key.src_mac[5] = 200;
	flow.rss_key[7] = 64;
	assert_int_equal(flow_create(h, &flow, NULL), WCNIC_ST_NO_SPACE);
	for (uint32_t i = 5; i < 200; i += 64)
		assert_int_equal(flow_destroy(h, i), 0);
	assert_int_equal(flow_create(h, &flow, NULL), 0);
}

static void
flow__not_asked_for__is_unsupported(void **state)
{
	struct fake_host *h = *state;
	struct wcnic_flow flow = flow_to_queue(0, 0);
	struct wcnic_flow_counters counters;
	struct wcnic_cmd_port_set p = {.valid = htole16(WCNIC_PORT_SET_FLAGS),
				       .flags = htole16(WCNIC_PORTF_ISOLATED)};

	assert_int_equal(flow_create(h, &flow, NULL), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(flow_query(h, 0, false, &counters), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(flow_destroy(h, 0), WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_cmd(h, WCNIC_OP_FLOW_FLUSH, NULL, NULL, 0, NULL),
			 WCNIC_ST_UNSUPPORTED);
	assert_int_equal(fake_cmd(h, WCNIC_OP_PORT_SET, &p, NULL, 0, NULL), WCNIC_ST_INVALID_FIELD);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fake_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rules__thousands_by_chance__do_what_each_says),
		TEST(table__full_of_rules__refuses_one_more_and_is_flushed),
		TEST(rule__to_a_queue_that_is_gone__drops_and_counts),
		TEST(isolated__only_what_rules_send_to_a_queue_is_taken),
		TEST(create__bad_input__is_refused_by_field),
		TEST(rss__more_keys_than_the_card_has__no_space),
		cmocka_unit_test_setup_teardown(flow__not_asked_for__is_unsupported, setup_without,
						fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
