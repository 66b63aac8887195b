/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef CARD_FLOW_H
#define CARD_FLOW_H

/* Section 13: flow rules. */

#include <stdbool.h>
#include <stdint.h>

#include <wcdev_flow.h>
#include <wcdev_rss.h>

#include "card_admin_call.h"
#include "card_core.h"

#define CARD_FLOWS_MAX 4096u
/* Different hashes of rules: a key makes tables of 48 KiB. */
#define CARD_FLOW_HASHES_MAX 64u

struct card_rxq;

/* What rules with the same key, types and function share. */
struct card_flow_hash {
	struct card_flow_hash *next;
	uint32_t users;
	uint32_t types;
	uint8_t function;
	uint8_t key[WCNIC_RSS_KEY_BYTES];
	struct wcdev_rss rss;
};

struct card_flow_rule {
	struct wcdev_flow_rule match; /* must be first */
	uint32_t actions;             /* WCNIC_FLOWA_* */
	uint32_t mark;
	uint64_t frames;
	uint64_t bytes;
	struct card_flow_hash *hash; /* RSS */
	uint16_t n_queues;
	uint16_t queues[]; /* RSS and QUEUE */
};

struct card_flow {
	struct wcdev_flow_table table;
	struct card_flow_hash *hashes;
	unsigned int n_hashes;
	struct card_flow_rule *rules[CARD_FLOWS_MAX]; /* by id */
};

/* What the rules say of a frame. */
struct card_flow_verdict {
	uint32_t rx_flags; /* WCNIC_RXF_MATCH, WCNIC_RXF_MARK */
	uint32_t mark;
	const struct card_flow_rule *rule; /* with the action that decides; NULL: none does */
};

/* These do the command of their name. */
enum wcnic_admin_status card_flow_create(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_flow_destroy(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_flow_query(struct wcnic_card *card, struct card_admin_call *call);
enum wcnic_admin_status card_flow_flush(struct wcnic_card *card, struct card_admin_call *call);

/* Forgets all rules. */
void card_flow_reset(struct wcnic_card *card);

/* The fields that rules compare. `head`: the first bytes of the frame; `parse` is of them. */
void card_flow_key_make(struct wcnic_flow_key *key, const uint8_t *head, uint32_t head_bytes,
			const struct wcdev_parse *parse);

/*
 * Lets the rules judge a frame. `counted`: of how many bytes it is; 0: it was judged before. The
 * others are as for card_flow_key_make(). Cost: one probe for each priority and mask up to the rule
 * that decides.
 */
struct card_flow_verdict
card_flow_judge(struct wcnic_card *card, const uint8_t *head, uint32_t head_bytes,
		const struct wcdev_parse *parse, uint32_t counted);

/* The queue that a rule with QUEUE or RSS chooses. *hashed: whether *hash is set. */
uint16_t card_flow_queue(const struct card_flow_rule *rule, const struct wcdev_parse *parse,
			 uint32_t *hash, bool *hashed);

#endif /* CARD_FLOW_H */
