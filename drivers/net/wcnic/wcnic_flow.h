/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_FLOW_H
#define WCNIC_FLOW_H

/* rte_flow: rules are the card's (datasheet section 13); the driver remembers them. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <ethdev_driver.h>
#include <rte_flow_driver.h>

#include <wcnic_abi.h>

struct wcnic_hw;

/* Rules that the driver has numbers for. */
#define WCNIC_FLOWS_MAX 4096

/* One rule. The application's handle; freed when it destroys or flushes, or closes the port. */
struct rte_flow {
	TAILQ_ENTRY(rte_flow) next;
	struct wcnic_flow rule; /* host byte order */
};

struct wcnic_flows {
	TAILQ_HEAD(, rte_flow) list; /* in the order of their ids */
	uint64_t ids[WCNIC_FLOWS_MAX / 64];
	uint32_t reset_count; /* of the card, when it was given the rules */
};

/* flow_ops_get of ethdev. -ENOTSUP: the card has no rules. */
int wcnic_flow_ops_get(struct rte_eth_dev *dev, const struct rte_flow_ops **ops);

void wcnic_flow_init(struct wcnic_hw *hw);
/*
 * Gives all rules to a card that was reset since it got them. The caller holds hw->lock. 0, or the
 * command's -errno after a log that names the rule.
 */
__rte_warn_unused_result int wcnic_flow_start(struct wcnic_hw *hw);
/* Frees all rules; the card is not told. */
void wcnic_flow_fini(struct wcnic_hw *hw);

#endif /* WCNIC_FLOW_H */
