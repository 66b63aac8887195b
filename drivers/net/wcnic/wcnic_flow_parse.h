/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_FLOW_PARSE_H
#define WCNIC_FLOW_PARSE_H

/* From rte_flow's words to a rule of the card. */

#include <rte_flow.h>

#include <wcnic_abi.h>

struct wcnic_hw;

/*
 * Fills in a rule, apart from its id, in host byte order. 0; else -errno with rte_errno and *error,
 * whose message says what would be right. Neither the card nor `hw` is changed.
 */
__rte_warn_unused_result int
wcnic_flow_parse(const struct wcnic_hw *hw, const struct rte_flow_attr *attr,
		 const struct rte_flow_item *items, const struct rte_flow_action *actions,
		 struct wcnic_flow *rule, struct rte_flow_error *error);
/* The two parts of it. */
__rte_warn_unused_result int
wcnic_flow_pattern_parse(const struct rte_flow_item *items, struct wcnic_flow *rule,
			 struct rte_flow_error *error);
__rte_warn_unused_result int
wcnic_flow_actions_parse(const struct wcnic_hw *hw, const struct rte_flow_action *actions,
			 struct wcnic_flow *rule, struct rte_flow_error *error);

#endif /* WCNIC_FLOW_PARSE_H */
