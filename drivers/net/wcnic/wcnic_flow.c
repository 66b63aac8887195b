/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * rte_flow. Rules outlive stops and resets of the card: the card keeps them while it is not reset,
 * and gets them again afterwards.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ethdev_driver.h>
#include <rte_flow_driver.h>

#include "wcnic_admin.h"
#include "wcnic_flow.h"
#include "wcnic_flow_parse.h"
#include "wcnic_hw.h"
#include "wcnic_log.h"
#include "wcnic_port_set.h"
#include "wcnic_rx_offload.h"

/* ---- ids ------------------------------------------------------------------------------------- */

/* The lowest that is free, so that rules of the same priority apply as they were made; or -1. */
static int
id_find(const struct wcnic_hw *hw)
{
	const uint32_t most = RTE_MIN(hw->id.max_flows, (uint32_t)WCNIC_FLOWS_MAX);

	for (uint32_t id = 0; id < most; id++)
		if ((hw->flows.ids[id / 64] >> id % 64 & 1) == 0)
			return (int)id;
	return -1;
}

static void
flow_insert(struct wcnic_hw *hw, struct rte_flow *flow)
{
	struct rte_flow *at;

	TAILQ_FOREACH(at, &hw->flows.list, next)
		if (at->rule.id > flow->rule.id)
			break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, flow, next);
	else
		TAILQ_INSERT_TAIL(&hw->flows.list, flow, next);
	hw->flows.ids[flow->rule.id / 64] |= UINT64_C(1) << flow->rule.id % 64;
}

static void
flow_free(struct wcnic_hw *hw, struct rte_flow *flow)
{
	TAILQ_REMOVE(&hw->flows.list, flow, next);
	hw->flows.ids[flow->rule.id / 64] &= ~(UINT64_C(1) << flow->rule.id % 64);
	free(flow);
}

/* ---- the card -------------------------------------------------------------------------------- */

int
wcnic_flow_start(struct wcnic_hw *hw)
{
	struct rte_flow *flow;
	int ret;

	if (hw->flows.reset_count == hw->reset_count)
		return 0;
	/* Some may be there, of a try before that failed half-way. */
	if (!TAILQ_EMPTY(&hw->flows.list)) {
		ret = wcadmin_flow_flush(&hw->admin.client);
		if (ret != 0)
			return ret;
	}
	TAILQ_FOREACH(flow, &hw->flows.list, next) {
		ret = wcadmin_flow_create(&hw->admin.client, &flow->rule);
		if (ret != 0) {
			WCNIC_LOG(ERR, hw, "flow rule %u cannot be given to the card again: %s",
				  flow->rule.id, strerror(-ret));
			return ret;
		}
	}
	hw->flows.reset_count = hw->reset_count;
	return 0;
}

/* Rules are asked for when the card is there, and has those that came before. */
__rte_warn_unused_result static int
card_ready(struct wcnic_hw *hw, struct rte_flow_error *error)
{
	if (wcnic_load(&hw->card) != WCNIC_CARD_PRESENT)
		return rte_flow_error_set(error, EAGAIN, RTE_FLOW_ERROR_TYPE_STATE, NULL,
					  "the card is gone: try again when it has recovered");
	if (wcnic_flow_start(hw) != 0)
		return rte_flow_error_set(error, EIO, RTE_FLOW_ERROR_TYPE_STATE, NULL,
					  "the card does not take the rules that were made before");
	return 0;
}

static int
refused_by_card(int ret, struct rte_flow_error *error)
{
	switch (ret) {
	case -EBUSY:
		return rte_flow_error_set(
			error, EEXIST, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
			"a rule with this pattern and priority exists: destroy it, "
			"or use another priority");
	case -ENOSPC:
		return rte_flow_error_set(error, ENOSPC, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
					  "the card has no space: destroy rules, or use fewer "
					  "different RSS keys and types");
	default:
		return rte_flow_error_set(error, -ret, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
					  "the card refuses the rule; the log says why");
	}
}

/* ---- operations ------------------------------------------------------------------------------ */

static int
flow_validate(struct rte_eth_dev *dev, const struct rte_flow_attr *attr,
	      const struct rte_flow_item items[], const struct rte_flow_action actions[],
	      struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct wcnic_flow rule;
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = wcnic_flow_parse(hw, attr, items, actions, &rule, error);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

/* Gives a new rule to the card. Holds hw->lock. */
__rte_warn_unused_result static int
flow_add(struct wcnic_hw *hw, struct rte_flow *flow, struct rte_flow_error *error)
{
	int ret = card_ready(hw, error), id = id_find(hw);

	if (ret != 0)
		return ret;
	if (id < 0)
		return rte_flow_error_set(error, ENOSPC, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
					  "the card has no more rules: destroy some");
	flow->rule.id = (uint32_t)id;
	if ((flow->rule.actions & WCNIC_FLOWA_MARK) != 0) {
		ret = wcnic_rx_extra_want(hw);
		if (ret != 0)
			return refused_by_card(ret, error);
	}
	ret = wcadmin_flow_create(&hw->admin.client, &flow->rule);
	if (ret != 0)
		return refused_by_card(ret, error);
	flow_insert(hw, flow);
	return 0;
}

static struct rte_flow *
flow_create(struct rte_eth_dev *dev, const struct rte_flow_attr *attr,
	    const struct rte_flow_item items[], const struct rte_flow_action actions[],
	    struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	struct rte_flow *flow = calloc(1, sizeof(*flow));
	int ret;

	if (flow == NULL) {
		rte_flow_error_set(error, ENOMEM, RTE_FLOW_ERROR_TYPE_HANDLE, NULL,
				   "no memory for a rule");
		return NULL;
	}
	pthread_mutex_lock(&hw->lock);
	ret = wcnic_flow_parse(hw, attr, items, actions, &flow->rule, error);
	if (ret == 0)
		ret = flow_add(hw, flow, error);
	pthread_mutex_unlock(&hw->lock);
	if (ret == 0)
		return flow;
	free(flow);
	return NULL;
}

/* Whether the handle is one of ours. */
static bool
flow_known(const struct wcnic_hw *hw, const struct rte_flow *flow)
{
	const struct rte_flow *at;

	TAILQ_FOREACH(at, &hw->flows.list, next)
		if (at == flow)
			return true;
	return false;
}

__rte_warn_unused_result static int
handle_check(const struct wcnic_hw *hw, const struct rte_flow *flow, struct rte_flow_error *error)
{
	if (flow_known(hw, flow))
		return 0;
	return rte_flow_error_set(error, ENOENT, RTE_FLOW_ERROR_TYPE_HANDLE, flow,
				  "not a rule of this port");
}

/* A card that was reset has no rule to destroy; one that is gone comes back without. */
static bool
card_has_rules(const struct wcnic_hw *hw)
{
	return wcnic_load(&hw->card) == WCNIC_CARD_PRESENT &&
	       hw->flows.reset_count == hw->reset_count;
}

static int
flow_destroy(struct rte_eth_dev *dev, struct rte_flow *flow, struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = handle_check(hw, flow, error);
	if (ret != 0)
		goto out;
	if (card_has_rules(hw))
		ret = wcadmin_flow_destroy(&hw->admin.client, flow->rule.id);
	if (ret != 0)
		ret = rte_flow_error_set(error, -ret, RTE_FLOW_ERROR_TYPE_HANDLE, flow,
					 "the card does not destroy the rule; the log says why");
	else
		flow_free(hw, flow);
out:
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static int
flow_flush(struct rte_eth_dev *dev, struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	if (card_has_rules(hw))
		ret = wcadmin_flow_flush(&hw->admin.client);
	if (ret != 0)
		ret = rte_flow_error_set(error, -ret, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
					 "the card does not flush its rules; the log says why");
	else
		wcnic_flow_fini(hw);
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

__rte_warn_unused_result static int
count_query(struct wcnic_hw *hw, const struct rte_flow *flow, struct rte_flow_query_count *count,
	    struct rte_flow_error *error)
{
	struct wcnic_flow_counters counters = {0};
	int ret = card_ready(hw, error);

	if (ret != 0)
		return ret;
	ret = wcadmin_flow_query(&hw->admin.client, flow->rule.id, count->reset != 0, &counters);
	if (ret != 0)
		return rte_flow_error_set(
			error, -ret, RTE_FLOW_ERROR_TYPE_HANDLE, flow,
			"the card does not answer for the rule; the log says why");
	count->hits = counters.frames;
	count->bytes = counters.bytes;
	count->hits_set = 1;
	count->bytes_set = 1;
	return 0;
}

static int
flow_query(struct rte_eth_dev *dev, struct rte_flow *flow, const struct rte_flow_action *action,
	   void *data, struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	pthread_mutex_lock(&hw->lock);
	ret = handle_check(hw, flow, error);
	for (; ret == 0 && action->type != RTE_FLOW_ACTION_TYPE_END; action++) {
		if (action->type == RTE_FLOW_ACTION_TYPE_VOID)
			continue;
		if (action->type != RTE_FLOW_ACTION_TYPE_COUNT ||
		    (flow->rule.actions & WCNIC_FLOWA_COUNT) == 0)
			ret = rte_flow_error_set(
				error, ENOTSUP, RTE_FLOW_ERROR_TYPE_ACTION, action,
				"only count can be queried, of a rule that has it");
		else
			ret = count_query(hw, flow, data, error);
	}
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static int
flow_isolate(struct rte_eth_dev *dev, int set, struct rte_flow_error *error)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	uint16_t old;
	int ret = 0;

	pthread_mutex_lock(&hw->lock);
	old = hw->filter.flags;
	hw->filter.flags = (old & ~WCNIC_PORTF_ISOLATED) | (set != 0 ? WCNIC_PORTF_ISOLATED : 0);
	if (hw->running && wcnic_load(&hw->card) == WCNIC_CARD_PRESENT)
		ret = wcnic_port_set(hw, WCNIC_PORT_SET_FLAGS);
	if (ret != 0) {
		hw->filter.flags = old;
		ret = rte_flow_error_set(error, -ret, RTE_FLOW_ERROR_TYPE_UNSPECIFIED, NULL,
					 "the card does not change its port; the log says why");
	}
	pthread_mutex_unlock(&hw->lock);
	return ret;
}

static const struct rte_flow_ops flow_ops = {
	.validate = flow_validate,
	.create = flow_create,
	.destroy = flow_destroy,
	.flush = flow_flush,
	.query = flow_query,
	.isolate = flow_isolate,
};

int
wcnic_flow_ops_get(struct rte_eth_dev *dev, const struct rte_flow_ops **ops)
{
	if ((wcnic_hw_get(dev->data)->id.caps & WCNIC_CAP_FLOW) == 0)
		return -ENOTSUP;
	*ops = &flow_ops;
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
wcnic_flow_init(struct wcnic_hw *hw)
{
	TAILQ_INIT(&hw->flows.list);
	hw->flows.reset_count = hw->reset_count;
}

void
wcnic_flow_fini(struct wcnic_hw *hw)
{
	struct rte_flow *flow;

	while ((flow = TAILQ_FIRST(&hw->flows.list)) != NULL)
		flow_free(hw, flow);
}
