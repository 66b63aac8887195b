/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Actions of rte_flow as those of the card. */

#include <errno.h>
#include <string.h>

#include <rte_flow.h>

#include "wcnic_flow_parse.h"
#include "wcnic_hw.h"
#include "wcnic_rss.h"

/* Kinds of packets that are hashed as addresses alone, by several names. */
#define RSS_IPV4_ALL (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER)
#define RSS_IPV6_ALL                                                                 \
	(RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER | \
	 RTE_ETH_RSS_IPV6_EX)

__rte_warn_unused_result static int
conf_bad(struct rte_flow_error *error, const struct rte_flow_action *action, const char *message)
{
	return rte_flow_error_set(error, EINVAL, RTE_FLOW_ERROR_TYPE_ACTION_CONF, action, message);
}

/* A port that was not configured yet may get as many queues as the card has. */
static uint16_t
queues_count(const struct wcnic_hw *hw)
{
	return hw->n_rxq != 0 ? hw->n_rxq : hw->id.max_rxq;
}

__rte_warn_unused_result static int
queue_parse(const struct wcnic_hw *hw, const struct rte_flow_action *action,
	    struct wcnic_flow *rule, struct rte_flow_error *error)
{
	const struct rte_flow_action_queue *conf = action->conf;

	if (conf == NULL || conf->index >= queues_count(hw))
		return conf_bad(error, action, "queue: index must be one of the port's Rx queues");
	rule->n_queues = 1;
	rule->queues[0] = conf->index;
	return 0;
}

__rte_warn_unused_result static int
rss_queues_parse(const struct wcnic_hw *hw, const struct rte_flow_action *action,
		 struct wcnic_flow *rule, struct rte_flow_error *error)
{
	const struct rte_flow_action_rss *conf = action->conf;

	if (conf->queue == NULL || conf->queue_num == 0 ||
	    conf->queue_num > WCNIC_FLOW_RSS_QUEUES_MAX)
		return conf_bad(error, action, "rss: queues must be 1 to 64");
	rule->n_queues = (uint16_t)conf->queue_num;
	for (uint32_t i = 0; i < conf->queue_num; i++) {
		if (conf->queue[i] >= queues_count(hw))
			return conf_bad(error, action,
					"rss: each queue must be one of the port's Rx queues");
		rule->queues[i] = conf->queue[i];
	}
	return 0;
}

__rte_warn_unused_result static int
rss_parse(const struct wcnic_hw *hw, const struct rte_flow_action *action, struct wcnic_flow *rule,
	  struct rte_flow_error *error)
{
	const struct rte_flow_action_rss *conf = action->conf;
	uint64_t types;

	if (conf == NULL)
		return conf_bad(error, action, "rss: a configuration is needed");
	if (conf->level > 1)
		return conf_bad(error, action, "rss: level must be 0 or 1, the outer headers");
	if (conf->func != RTE_ETH_HASH_FUNCTION_DEFAULT &&
	    conf->func != RTE_ETH_HASH_FUNCTION_TOEPLITZ &&
	    conf->func != RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ)
		return conf_bad(error, action,
				"rss: func must be default, toeplitz or symmetric_toeplitz");
	if (conf->key_len != 0 && (conf->key_len != WCNIC_RSS_KEY_BYTES || conf->key == NULL))
		return conf_bad(error, action, "rss: a key must have 40 bytes");
	types = conf->types != 0 ? conf->types : wcnic_rss_offloads(hw);
	if ((types & ~(wcnic_rss_offloads(hw) | RSS_IPV4_ALL | RSS_IPV6_ALL)) != 0)
		return conf_bad(error, action,
				"rss: types must be of those in flow_type_rss_offloads");
	types |= (types & RSS_IPV4_ALL) != 0 ? RTE_ETH_RSS_IPV4 : 0;
	types |= (types & RSS_IPV6_ALL) != 0 ? RTE_ETH_RSS_IPV6 : 0;
	rule->rss_types = wcnic_rss_types_to_card(types);
	rule->rss_function = conf->func == RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ
				     ? WCNIC_RSS_SYMMETRIC
				     : WCNIC_RSS_TOEPLITZ;
	memcpy(rule->rss_key, conf->key_len != 0 ? conf->key : hw->rss.key, WCNIC_RSS_KEY_BYTES);
	return rss_queues_parse(hw, action, rule, error);
}

/* What is said of a frame beside its hash needs a card that has a way for it. */
__rte_warn_unused_result static int
extra_check(const struct wcnic_hw *hw, const struct rte_flow_action *action,
	    struct rte_flow_error *error)
{
	if ((hw->id.caps & WCNIC_CAP_RX_EXTRA) != 0)
		return 0;
	return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ACTION, action,
				  "mark and flag need a card with the feature RX_EXTRA");
}

/* One action. *bit: the card's name for it; 0: it needs none. */
__rte_warn_unused_result static int
action_parse(const struct wcnic_hw *hw, const struct rte_flow_action *action,
	     struct wcnic_flow *rule, uint32_t *bit, struct rte_flow_error *error)
{
	const struct rte_flow_action_mark *mark = action->conf;

	*bit = 0;
	switch (action->type) {
	case RTE_FLOW_ACTION_TYPE_VOID:
	case RTE_FLOW_ACTION_TYPE_PASSTHRU:
		return 0;
	case RTE_FLOW_ACTION_TYPE_QUEUE:
		*bit = WCNIC_FLOWA_QUEUE;
		return queue_parse(hw, action, rule, error);
	case RTE_FLOW_ACTION_TYPE_RSS:
		*bit = WCNIC_FLOWA_RSS;
		return rss_parse(hw, action, rule, error);
	case RTE_FLOW_ACTION_TYPE_DROP:
		*bit = WCNIC_FLOWA_DROP;
		return 0;
	case RTE_FLOW_ACTION_TYPE_FLAG:
		*bit = WCNIC_FLOWA_FLAG;
		return extra_check(hw, action, error);
	case RTE_FLOW_ACTION_TYPE_COUNT:
		*bit = WCNIC_FLOWA_COUNT;
		return 0;
	case RTE_FLOW_ACTION_TYPE_MARK:
		*bit = WCNIC_FLOWA_MARK;
		if (mark == NULL)
			return conf_bad(error, action, "mark: an id is needed");
		rule->mark = mark->id;
		return extra_check(hw, action, error);
	default:
		return rte_flow_error_set(error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ACTION, action,
					  "actions are queue, rss, drop, passthru, mark, flag, "
					  "count, void");
	}
}

int
wcnic_flow_actions_parse(const struct wcnic_hw *hw, const struct rte_flow_action *actions,
			 struct wcnic_flow *rule, struct rte_flow_error *error)
{
	bool passes = false;
	uint32_t bit, fate;
	int ret;

	for (; actions->type != RTE_FLOW_ACTION_TYPE_END; actions++) {
		ret = action_parse(hw, actions, rule, &bit, error);
		if (ret != 0)
			return ret;
		passes |= actions->type == RTE_FLOW_ACTION_TYPE_PASSTHRU;
		fate = (rule->actions | bit) & WCNIC_FLOWA_FATE;
		if ((rule->actions & bit) != 0 || (fate & (fate - 1)) != 0 || (passes && fate != 0))
			return rte_flow_error_set(error, EINVAL, RTE_FLOW_ERROR_TYPE_ACTION,
						  actions,
						  "each action once, and one of queue, rss, drop, "
						  "passthru");
		rule->actions |= bit;
	}
	return 0;
}
