/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Flow rules in rte_flow's words: items and actions whose structures are bytes of the input. */

#include <string.h>

#include <wcnic_flow_parse.h>
#include <wcnic_hw.h>

#include "fuzz_input.h"

#define ITEMS_MAX 8u
#define ACTIONS_MAX 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const struct {
	int type;
	size_t bytes;
} item_kinds[] = {
	{RTE_FLOW_ITEM_TYPE_ETH, sizeof(struct rte_flow_item_eth)},
	{RTE_FLOW_ITEM_TYPE_VLAN, sizeof(struct rte_flow_item_vlan)},
	{RTE_FLOW_ITEM_TYPE_IPV4, sizeof(struct rte_flow_item_ipv4)},
	{RTE_FLOW_ITEM_TYPE_IPV6, sizeof(struct rte_flow_item_ipv6)},
	{RTE_FLOW_ITEM_TYPE_TCP, sizeof(struct rte_flow_item_tcp)},
	{RTE_FLOW_ITEM_TYPE_UDP, sizeof(struct rte_flow_item_udp)},
	{RTE_FLOW_ITEM_TYPE_SCTP, sizeof(struct rte_flow_item_sctp)},
	{RTE_FLOW_ITEM_TYPE_VOID, 1},
	{RTE_FLOW_ITEM_TYPE_VXLAN, sizeof(struct rte_flow_item_vxlan)},
};

/* Of its exact size, so that a read past its end is seen. */
static void *
bytes_take(struct fuzz_input *in, size_t bytes)
{
	void *copy = malloc(bytes);

	MUST(copy != NULL);
	fuzz_take(in, copy, bytes);
	return copy;
}

static void
items_make(struct fuzz_input *in, struct rte_flow_item items[ITEMS_MAX + 1])
{
	const unsigned int n = fuzz_take8(in) % ITEMS_MAX;

	memset(items, 0, (ITEMS_MAX + 1) * sizeof(items[0]));
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t how = fuzz_take8(in);
		const unsigned int kind = (how >> 4) % (sizeof(item_kinds) / sizeof(item_kinds[0]));

		items[i].type = item_kinds[kind].type;
		if ((how & 1) != 0)
			items[i].spec = bytes_take(in, item_kinds[kind].bytes);
		if ((how & 2) != 0)
			items[i].mask = bytes_take(in, item_kinds[kind].bytes);
		if ((how & 12) == 12)
			items[i].last = bytes_take(in, item_kinds[kind].bytes);
	}
	items[n].type = RTE_FLOW_ITEM_TYPE_END;
}

/* Queues and key of an RSS action are memory of their own. */
static void *
rss_make(struct fuzz_input *in)
{
	struct rte_flow_action_rss *rss = calloc(1, sizeof(*rss));
	const uint8_t how = fuzz_take8(in);

	MUST(rss != NULL);
	rss->func = how % 5;
	rss->level = how / 64 % 3;
	rss->types = (how & 32) != 0 ? fuzz_take64(in) : 0;
	rss->queue_num = (how & 8) != 0 ? fuzz_take8(in) : 1;
	rss->key_len = (how & 16) != 0 ? 39 + fuzz_take8(in) % 3 : 0;
	if (rss->queue_num != 0)
		rss->queue = bytes_take(in, rss->queue_num * sizeof(rss->queue[0]));
	if (rss->key_len != 0)
		rss->key = bytes_take(in, rss->key_len);
	return rss;
}

static void
actions_make(struct fuzz_input *in, struct rte_flow_action actions[ACTIONS_MAX + 1])
{
	static const int types[] = {RTE_FLOW_ACTION_TYPE_VOID,    RTE_FLOW_ACTION_TYPE_PASSTHRU,
				    RTE_FLOW_ACTION_TYPE_QUEUE,   RTE_FLOW_ACTION_TYPE_RSS,
				    RTE_FLOW_ACTION_TYPE_DROP,    RTE_FLOW_ACTION_TYPE_FLAG,
				    RTE_FLOW_ACTION_TYPE_COUNT,   RTE_FLOW_ACTION_TYPE_MARK,
				    RTE_FLOW_ACTION_TYPE_PORT_ID, RTE_FLOW_ACTION_TYPE_JUMP};
	const unsigned int n = fuzz_take8(in) % ACTIONS_MAX;

	memset(actions, 0, (ACTIONS_MAX + 1) * sizeof(actions[0]));
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t how = fuzz_take8(in);

		actions[i].type = types[how / 2 % (sizeof(types) / sizeof(types[0]))];
		if ((how & 1) == 0)
			continue;
		if (actions[i].type == RTE_FLOW_ACTION_TYPE_RSS)
			actions[i].conf = rss_make(in);
		else
			actions[i].conf = bytes_take(in,
						     actions[i].type == RTE_FLOW_ACTION_TYPE_QUEUE
							     ? sizeof(struct rte_flow_action_queue)
							     : sizeof(struct rte_flow_action_mark));
	}
	actions[n].type = RTE_FLOW_ACTION_TYPE_END;
}

static void
all_free(struct rte_flow_item *items, struct rte_flow_action *actions)
{
	for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++) {
		free((void *)(uintptr_t)items->spec);
		free((void *)(uintptr_t)items->mask);
		free((void *)(uintptr_t)items->last);
	}
	for (; actions->type != RTE_FLOW_ACTION_TYPE_END; actions++) {
		const struct rte_flow_action_rss *rss = actions->conf;

		if (actions->type == RTE_FLOW_ACTION_TYPE_RSS && rss != NULL) {
			free((void *)(uintptr_t)rss->queue);
			free((void *)(uintptr_t)rss->key);
		}
		free((void *)(uintptr_t)actions->conf);
	}
}

static void
rule_check(const struct wcnic_hw *hw, const struct wcnic_flow *rule)
{
	const uint32_t fate = rule->actions & WCNIC_FLOWA_FATE;
	const uint8_t *key = (const uint8_t *)&rule->key, *mask = (const uint8_t *)&rule->mask;

	MUST((fate & (fate - 1)) == 0 && rule->n_queues <= WCNIC_FLOW_RSS_QUEUES_MAX);
	for (unsigned int i = 0; i < rule->n_queues; i++)
		MUST(rule->queues[i] < hw->n_rxq);
	for (size_t i = 0; i < sizeof(rule->key); i++)
		MUST((key[i] & ~mask[i]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct wcnic_hw hw;
	struct fuzz_input in = {.data = data, .left = bytes};
	struct rte_flow_action actions[ACTIONS_MAX + 1];
	struct rte_flow_item items[ITEMS_MAX + 1];
	const uint8_t how = fuzz_take8(&in);
	struct rte_flow_attr attr = {.ingress = 1};
	struct rte_flow_error error = {0};
	struct wcnic_flow rule;

	hw.n_rxq = 4;
	hw.id.caps = WCNIC_CAP_RSS | ((how & 1) != 0 ? 0 : WCNIC_CAP_RX_EXTRA);
	if ((how & 2) != 0)
		fuzz_take(&in, &attr, sizeof(attr));
	items_make(&in, items);
	actions_make(&in, actions);
	if (wcnic_flow_parse(&hw, &attr, items, actions, &rule, &error) == 0)
		rule_check(&hw, &rule);
	else
		MUST(error.message != NULL && error.message[0] != '\0');
	all_free(items, actions);
	return 0;
}
