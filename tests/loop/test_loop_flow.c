/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* rte_flow: what is accepted and does what it says, and what is refused with words that help. */

#include <errno.h>

#include <rte_flow.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "loop.h"

#define N_RXQ 4
#define NOWHERE UINT16_MAX

static const struct rte_flow_attr ingress = {.ingress = 1};
#define ETH                                    \
	{                                      \
		.type = RTE_FLOW_ITEM_TYPE_ETH \
	}
#define END                                    \
	{                                      \
		.type = RTE_FLOW_ITEM_TYPE_END \
	}
#define ACTION_END                               \
	{                                        \
		.type = RTE_FLOW_ACTION_TYPE_END \
	}

/* An IPv4 UDP frame to 10.0.0.`host`, `port`. */
static struct rte_mbuf *
udp_frame(struct loop *l, uint8_t host, uint16_t port)
{
	struct rte_mbuf *m = loop_frame(l, 1, 80, 1);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv4_hdr ip = {
		.version_ihl = 0x45,
		.total_length = RTE_BE16(66),
		.time_to_live = 64,
		.next_proto_id = 17,
		.src_addr = RTE_BE32(RTE_IPV4(10, 1, 0, 1)),
		.dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, host)),
	};
	struct rte_udp_hdr udp = {.src_port = RTE_BE16(99), .dst_port = rte_cpu_to_be_16(port)};

	data[12] = 8;
	data[13] = 0;
	memcpy(data + 14, &ip, sizeof(ip));
	memcpy(data + 34, &udp, sizeof(udp));
	return m;
}

/* Where such a frame comes: a queue, or NOWHERE. *flags: of the mbuf. */
static uint16_t
arrives(struct loop *l, uint8_t host, uint16_t port, uint64_t *flags)
{
	const uint64_t drops = loop_xstat(l, "card_flow_drops");
	const uint64_t filtered = loop_xstat(l, "card_rx_filtered");
	const uint64_t lost = loop_xstat(l, "card_rx_no_queue");
	struct rte_mbuf *m = udp_frame(l, host, port);

	loop_send(l, 0, &m, 1);
	for (;;) {
		for (uint16_t q = 0; q < l->config.n_rxq; q++) {
			if (rte_eth_rx_burst(l->port_id, q, &m, 1) == 0)
				continue;
			if (flags != NULL)
				*flags = m->ol_flags;
			rte_pktmbuf_free(m);
			return q;
		}
		if (loop_xstat(l, "card_flow_drops") != drops ||
		    loop_xstat(l, "card_rx_filtered") != filtered ||
		    loop_xstat(l, "card_rx_no_queue") != lost)
			return NOWHERE;
	}
}

/* A rule for the addresses 10.0.0.`host` / `bits`, and for a port unless it is 0. */
static struct rte_flow *
rule_make(struct loop *l, uint32_t priority, uint8_t host, unsigned int bits, uint16_t port,
	  const struct rte_flow_action *actions)
{
	const struct rte_flow_attr attr = {.ingress = 1, .priority = priority};
	struct rte_flow_item_ipv4 ip = {.hdr.dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, host))};
	struct rte_flow_item_ipv4 ip_mask = {
		.hdr.dst_addr = rte_cpu_to_be_32(UINT32_MAX << (32 - bits))};
	struct rte_flow_item_udp udp = {.hdr.dst_port = rte_cpu_to_be_16(port)};
	struct rte_flow_item_udp udp_mask = {.hdr.dst_port = port != 0 ? UINT16_MAX : 0};
	const struct rte_flow_item items[] = {
		ETH,
		{.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &ip, .mask = &ip_mask},
		{.type = RTE_FLOW_ITEM_TYPE_VOID},
		{.type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &udp, .mask = &udp_mask},
		END,
	};
	struct rte_flow_error error;
	struct rte_flow *flow;

	assert_int_equal(rte_flow_validate(l->port_id, &attr, items, actions, &error), 0);
	flow = rte_flow_create(l->port_id, &attr, items, actions, &error);
	if (flow == NULL)
		fail_msg("%s", error.message);
	return flow;
}

static struct rte_flow *
rule_to_queue(struct loop *l, uint32_t priority, uint8_t host, unsigned int bits, uint16_t port,
	      uint16_t queue)
{
	const struct rte_flow_action_queue conf = {.index = queue};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_COUNT},
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &conf},
		ACTION_END,
	};

	return rule_make(l, priority, host, bits, port, actions);
}

static struct rte_flow_query_count
query(struct loop *l, struct rte_flow *flow, bool reset)
{
	const struct rte_flow_action actions[] = {{.type = RTE_FLOW_ACTION_TYPE_COUNT}, ACTION_END};
	struct rte_flow_query_count count = {.reset = reset};
	struct rte_flow_error error;

	assert_int_equal(rte_flow_query(l->port_id, flow, actions, &count, &error), 0);
	assert_true(count.hits_set && count.bytes_set);
	return count;
}

static void
open_with_queues(struct loop *l, const char *devargs)
{
	loop_open(l, &(struct loop_config){.devargs = devargs, .n_rxq = N_RXQ});
}

static void
rules__prefixes_and_priorities__choose_queues(void **state)
{
	static const struct rte_flow_action drop[] = {{.type = RTE_FLOW_ACTION_TYPE_DROP},
						      ACTION_END};
	struct rte_flow_error error;
	struct rte_flow *narrow;
	struct loop l;

	open_with_queues(&l, *state);
	assert_int_equal(arrives(&l, 9, 53, NULL), 0);
	rule_to_queue(&l, 1, 8, 29, 0, 1);
	narrow = rule_to_queue(&l, 0, 9, 32, 53, 2);
	rule_make(&l, 0, 10, 32, 0, drop);
	assert_int_equal(arrives(&l, 9, 53, NULL), 2);
	assert_int_equal(arrives(&l, 9, 54, NULL), 1);
	assert_int_equal(arrives(&l, 15, 53, NULL), 1);
	assert_int_equal(arrives(&l, 16, 53, NULL), 0);
	assert_int_equal(arrives(&l, 10, 53, NULL), NOWHERE);
	assert_int_equal(query(&l, narrow, true).hits, 1);
	assert_int_equal(query(&l, narrow, false).hits, 0);
	assert_int_equal(arrives(&l, 9, 53, NULL), 2);
	assert_int_equal(query(&l, narrow, false).bytes, 80);
	assert_int_equal(rte_flow_destroy(l.port_id, narrow, &error), 0);
	assert_int_equal(arrives(&l, 9, 53, NULL), 1);
	assert_int_equal(rte_flow_flush(l.port_id, &error), 0);
	assert_int_equal(arrives(&l, 10, 53, NULL), 0);
	loop_close(&l);
}

static void
card_reset(struct wcnic_card *card, void *arg)
{
	(void)arg;
	wcnic_card_reset(card);
}

static void
rules__outlive_stops_resets_and_recoveries(void **state)
{
	struct rte_eth_dev_info info;
	struct rte_flow_error error;
	struct rte_flow *flow;
	struct loop l;

	open_with_queues(&l, *state);
	assert_int_equal(rte_eth_dev_info_get(l.port_id, &info), 0);
	assert_true((info.dev_capa & RTE_ETH_DEV_CAPA_FLOW_RULE_KEEP) != 0);
	rule_to_queue(&l, 0, 1, 32, 0, 1);
	flow = rule_to_queue(&l, 0, 2, 32, 0, 2);
	assert_int_equal(rte_eth_dev_stop(l.port_id), 0);
	rule_to_queue(&l, 0, 3, 32, 0, 3); /* without queues on the card */
	assert_int_equal(rte_flow_destroy(l.port_id, flow, &error), 0);
	assert_int_equal(rte_eth_dev_start(l.port_id), 0);
	for (unsigned int how = 0; how < 3; how++) {
		assert_int_equal(arrives(&l, 1, 5, NULL), 1);
		assert_int_equal(arrives(&l, 2, 5, NULL), 0);
		assert_int_equal(arrives(&l, 3, 5, NULL), 3);
		if (how == 0) {
			loop_card_do(&l, card_reset, NULL);
			loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
		} else if (how == 1) {
			assert_int_equal(rte_eth_dev_reset(l.port_id), 0);
			loop_configure(&l);
		}
	}
	/* A reset port has no rules on the card until it starts; the driver knows. */
	assert_int_equal(rte_eth_dev_reset(l.port_id), 0);
	flow = rule_to_queue(&l, 0, 4, 32, 0, 2);
	loop_configure(&l);
	assert_int_equal(arrives(&l, 1, 5, NULL), 1);
	assert_int_equal(arrives(&l, 4, 5, NULL), 2);
	assert_int_equal(rte_flow_flush(l.port_id, &error), 0);
	assert_int_equal(arrives(&l, 4, 5, NULL), 0);
	loop_close(&l);
}

static void
rss__among_its_queues_with_a_hash(void **state)
{
	static const uint16_t queues[] = {1, 3};
	const struct rte_flow_action_rss conf = {
		.types = RTE_ETH_RSS_NONFRAG_IPV4_UDP, .queue = queues, .queue_num = 2};
	const struct rte_flow_action actions[] = {{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &conf},
						  ACTION_END};
	unsigned int got[N_RXQ] = {0};
	uint64_t flags;
	struct loop l;

	open_with_queues(&l, *state);
	rule_make(&l, 0, 0, 24, 0, actions);
	for (uint16_t i = 0; i < 64; i++) {
		const uint16_t q = arrives(&l, 1, 1000 + i, &flags);

		assert_uint_in_range(q, 0, N_RXQ - 1);
		assert_true((flags & RTE_MBUF_F_RX_RSS_HASH) != 0);
		got[q]++;
	}
	assert_int_equal(got[0] + got[2], 0);
	assert_uint_in_range(got[1], 8, 56);
	loop_close(&l);
}

static void
isolated__rules_alone_decide(void **state)
{
	struct rte_flow_error error;
	struct loop l;

	open_with_queues(&l, *state);
	assert_int_equal(rte_flow_isolate(l.port_id, 1, &error), 0);
	assert_int_equal(arrives(&l, 1, 5, NULL), NOWHERE);
	rule_to_queue(&l, 0, 1, 32, 0, 1);
	assert_int_equal(arrives(&l, 1, 5, NULL), 1);
	assert_int_equal(arrives(&l, 2, 5, NULL), NOWHERE);
	assert_int_equal(rte_eth_promiscuous_disable(l.port_id), 0);
	assert_int_equal(arrives(&l, 1, 5, NULL), 1);
	loop_card_do(&l, card_reset, NULL);
	loop_wait_u64(&l, &loop_hw(&l)->recoveries, 1);
	assert_int_equal(arrives(&l, 2, 5, NULL), NOWHERE);
	assert_int_equal(arrives(&l, 1, 5, NULL), 1);
	assert_int_equal(rte_flow_isolate(l.port_id, 0, &error), 0);
	assert_int_equal(rte_eth_promiscuous_enable(l.port_id), 0);
	assert_int_equal(arrives(&l, 2, 5, NULL), 0);
	loop_close(&l);
}

static void
table__full__refuses_and_frees(void **state)
{
	const struct rte_flow_action drop[] = {{.type = RTE_FLOW_ACTION_TYPE_DROP}, ACTION_END};
	struct rte_flow_item_vlan vlan = {0}, mask = {.hdr.vlan_tci = RTE_BE16(0x1fff)};
	const struct rte_flow_item items[] = {
		ETH, {.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &vlan, .mask = &mask}, END};
	struct rte_flow *flows[4096];
	struct rte_flow_error error;
	struct loop l;

	open_with_queues(&l, *state);
	for (uint16_t i = 0; i < RTE_DIM(flows); i++) {
		vlan.hdr.vlan_tci = rte_cpu_to_be_16(i);
		flows[i] = rte_flow_create(l.port_id, &ingress, items, drop, &error);
		assert_non_null(flows[i]);
	}
	vlan.hdr.vlan_tci = rte_cpu_to_be_16(4096);
	assert_null(rte_flow_create(l.port_id, &ingress, items, drop, &error));
	assert_int_equal(rte_errno, ENOSPC);
	assert_int_equal(rte_flow_destroy(l.port_id, flows[7], &error), 0);
	vlan.hdr.vlan_tci = rte_cpu_to_be_16(8);
	assert_null(rte_flow_create(l.port_id, &ingress, items, drop, &error));
	assert_int_equal(rte_errno, EEXIST);
	assert_non_null(strstr(error.message, "another priority"));
	vlan.hdr.vlan_tci = rte_cpu_to_be_16(7);
	assert_non_null(rte_flow_create(l.port_id, &ingress, items, drop, &error));
	assert_int_equal(rte_flow_destroy(l.port_id, (struct rte_flow *)&l, &error), -ENOENT);
	assert_int_equal(error.type, RTE_FLOW_ERROR_TYPE_HANDLE);
	loop_log_clear();
	loop_close(&l);
}

/* ---- what is refused --------------------------------------------------------------------- */

/* Both ways refuse, with the same words. `cause`: what they must point at. */
static void
expect_refused(struct loop *l, const struct rte_flow_attr *attr, const struct rte_flow_item *items,
	       const struct rte_flow_action *actions, enum rte_flow_error_type type,
	       const void *cause, const char *words)
{
	struct rte_flow_error error;

	assert_int_not_equal(rte_flow_validate(l->port_id, attr, items, actions, &error), 0);
	memset(&error, 0, sizeof(error));
	assert_null(rte_flow_create(l->port_id, attr, items, actions, &error));
	if (error.type != type || error.cause != cause || error.message == NULL ||
	    strstr(error.message, words) == NULL)
		fail_msg("error %d (%s), wanted %d (%s)", error.type, error.message, type, words);
}

static void
attributes__not_possible__refused(void **state)
{
	static const struct {
		struct rte_flow_attr attr;
		enum rte_flow_error_type type;
		const char *words;
	} cases[] = {
		{{.ingress = 1, .group = 1}, RTE_FLOW_ERROR_TYPE_ATTR_GROUP, "group 0"},
		{{.ingress = 1, .egress = 1}, RTE_FLOW_ERROR_TYPE_ATTR_EGRESS, "ingress only"},
		{{.ingress = 1, .transfer = 1}, RTE_FLOW_ERROR_TYPE_ATTR_TRANSFER, "one port"},
		{{.priority = 1}, RTE_FLOW_ERROR_TYPE_ATTR_INGRESS, "set ingress"},
	};
	const struct rte_flow_item items[] = {ETH, END};
	const struct rte_flow_action drop[] = {{.type = RTE_FLOW_ACTION_TYPE_DROP}, ACTION_END};
	struct loop l;

	open_with_queues(&l, *state);
	for (size_t i = 0; i < RTE_DIM(cases); i++)
		expect_refused(&l, &cases[i].attr, items, drop, cases[i].type, &cases[i].attr,
			       cases[i].words);
	loop_close(&l);
}

static void
items__not_possible__refused(void **state)
{
	const struct rte_flow_item_ipv4 ip = {.hdr.dst_addr = RTE_BE32(1)},
					later = {.hdr.dst_addr = RTE_BE32(9)},
					ttl = {.hdr.time_to_live = 0xff};
	const struct rte_flow_item_tcp flags = {.hdr.tcp_flags = 0xff};
	const struct rte_flow_action drop[] = {{.type = RTE_FLOW_ACTION_TYPE_DROP}, ACTION_END};
	const struct {
		struct rte_flow_item item;
		enum rte_flow_error_type type;
		const char *words;
	} cases[] = {
		{{.type = RTE_FLOW_ITEM_TYPE_VXLAN}, RTE_FLOW_ERROR_TYPE_ITEM, "items are eth"},
		{{.type = RTE_FLOW_ITEM_TYPE_ETH}, RTE_FLOW_ERROR_TYPE_ITEM, "order of items"},
		{{.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &ip, .last = &later},
		 RTE_FLOW_ERROR_TYPE_ITEM_LAST,
		 "no ranges"},
		{{.type = RTE_FLOW_ITEM_TYPE_IPV4, .mask = &ip},
		 RTE_FLOW_ERROR_TYPE_ITEM_SPEC,
		 "needs a spec"},
		{{.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &ip, .mask = &ttl},
		 RTE_FLOW_ERROR_TYPE_ITEM_MASK,
		 "src, dst, proto and tos"},
		{{.type = RTE_FLOW_ITEM_TYPE_TCP, .spec = &flags, .mask = &flags},
		 RTE_FLOW_ERROR_TYPE_ITEM_MASK,
		 "src and dst"},
	};
	struct loop l;

	open_with_queues(&l, *state);
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct rte_flow_item items[] = {ETH, cases[i].item, END};

		expect_refused(&l, &ingress, items, drop, cases[i].type, &items[1], cases[i].words);
	}
	loop_close(&l);
}

/* has_vlan and has_more_vlan are not overruled by the items behind them. */
static void
tags__contradicted__refused(void **state)
{
	const struct rte_flow_item_eth eth_one = {.has_vlan = 1}, eth_none = {0};
	const struct rte_flow_item_vlan vlan_one = {.has_more_vlan = 1}, vlan_none = {0};
	const struct rte_flow_item
		untagged = {.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = &eth_none, .mask = &eth_one},
		alone = {.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &vlan_none, .mask = &vlan_one},
		not_alone = {.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &vlan_one, .mask = &vlan_one},
		vlan = {.type = RTE_FLOW_ITEM_TYPE_VLAN};
	const struct rte_flow_item no_tag[] = {untagged, vlan, END}, one_tag[] = {alone, vlan, END},
				   third[] = {vlan, not_alone, END}, two[] = {not_alone, vlan, END};
	const struct rte_flow_action drop[] = {{.type = RTE_FLOW_ACTION_TYPE_DROP}, ACTION_END};
	struct rte_flow_error error;
	struct loop l;

	open_with_queues(&l, *state);
	expect_refused(&l, &ingress, no_tag, drop, RTE_FLOW_ERROR_TYPE_ITEM, &no_tag[1],
		       "needs has_vlan");
	expect_refused(&l, &ingress, one_tag, drop, RTE_FLOW_ERROR_TYPE_ITEM, &one_tag[1],
		       "needs has_vlan or has_more_vlan");
	expect_refused(&l, &ingress, third, drop, RTE_FLOW_ERROR_TYPE_ITEM_MASK, &third[1],
		       "first of two vlan");
	assert_int_equal(rte_flow_validate(l.port_id, &ingress, two, drop, &error), 0);
	loop_close(&l);
}

static void
actions__not_possible__refused(void **state)
{
	static const uint16_t queues[] = {0, N_RXQ};
	static const uint8_t key[52];
	const struct rte_flow_action_queue beyond = {.index = N_RXQ}, first = {.index = 0};
	const struct rte_flow_action_rss
		no_queues = {.types = RTE_ETH_RSS_IPV4},
		far = {.queue = queues, .queue_num = 2},
		long_key = {.queue = queues, .queue_num = 1, .key = key, .key_len = sizeof(key)},
		xored = {.queue = queues, .queue_num = 1, .func = RTE_ETH_HASH_FUNCTION_SIMPLE_XOR},
		inner = {.queue = queues, .queue_num = 1, .level = 2},
		tunnels = {.queue = queues, .queue_num = 1, .types = RTE_ETH_RSS_VXLAN};
	const struct {
		struct rte_flow_action actions[2];
		unsigned int at;
		enum rte_flow_error_type type;
		const char *words;
	} cases[] = {
		{{{RTE_FLOW_ACTION_TYPE_JUMP, NULL}}, 0, RTE_FLOW_ERROR_TYPE_ACTION, "actions are"},
		{{{RTE_FLOW_ACTION_TYPE_QUEUE, &beyond}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "one of the port's"},
		{{{RTE_FLOW_ACTION_TYPE_QUEUE, &first}, {RTE_FLOW_ACTION_TYPE_DROP, NULL}},
		 1,
		 RTE_FLOW_ERROR_TYPE_ACTION,
		 "one of queue"},
		{{{RTE_FLOW_ACTION_TYPE_PASSTHRU, NULL}, {RTE_FLOW_ACTION_TYPE_DROP, NULL}},
		 1,
		 RTE_FLOW_ERROR_TYPE_ACTION,
		 "one of queue"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &no_queues}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "1 to 64"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &far}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "one of the port's"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &long_key}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "40 bytes"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &xored}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "toeplitz"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &inner}}, 0, RTE_FLOW_ERROR_TYPE_ACTION_CONF, "level"},
		{{{RTE_FLOW_ACTION_TYPE_RSS, &tunnels}},
		 0,
		 RTE_FLOW_ERROR_TYPE_ACTION_CONF,
		 "flow_type_rss_offloads"},
		{{{RTE_FLOW_ACTION_TYPE_MARK, NULL}}, 0, RTE_FLOW_ERROR_TYPE_ACTION_CONF, "an id"},
	};
	const struct rte_flow_item items[] = {ETH, END};
	struct loop l;

	open_with_queues(&l, *state);
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct rte_flow_action actions[] = {cases[i].actions[0], cases[i].actions[1],
							  ACTION_END};

		expect_refused(&l, &ingress, items, actions, cases[i].type, &actions[cases[i].at],
			       cases[i].words);
	}
	loop_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(rules__prefixes_and_priorities__choose_queues),
		LOOP_TEST_ARG("rules on a thread", rules__prefixes_and_priorities__choose_queues,
			      "thread=1"),
		LOOP_TEST(rules__outlive_stops_resets_and_recoveries),
		LOOP_TEST(rss__among_its_queues_with_a_hash),
		LOOP_TEST(isolated__rules_alone_decide),
		LOOP_TEST(table__full__refuses_and_frees),
		LOOP_TEST(attributes__not_possible__refused),
		LOOP_TEST(items__not_possible__refused),
		LOOP_TEST(tags__contradicted__refused),
		LOOP_TEST(actions__not_possible__refused),
	};

	return cmocka_run_group_tests(tests, loop_group_setup, loop_group_teardown);
}
