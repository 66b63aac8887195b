/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* Section 13: the commands on flow rules. */

#include <errno.h>
#include <stdlib.h>

#include "card.h"

#define LAYERS_ALL 0x00ffu

static_assert(sizeof(struct wcnic_flow_key) == sizeof(struct wcdev_flow_key),
	      "the table's keys are the interface's");

/* Refuses a field of the input of FLOW_CREATE. */
#define BAD_FLOW(call, field) card_bad_input((call), offsetof(struct wcnic_flow, field))

WC_MUST_CHECK static enum wcnic_admin_status
queues_check(struct wcnic_card *card, struct card_admin_call *call, const struct wcnic_flow *in)
{
	const uint32_t fate = le32toh(in->actions) & WCNIC_FLOWA_FATE;
	const uint16_t n = le16toh(in->n_queues);
	const uint16_t least = fate == WCNIC_FLOWA_QUEUE || fate == WCNIC_FLOWA_RSS;
	const uint16_t most = fate == WCNIC_FLOWA_RSS ? WCNIC_FLOW_RSS_QUEUES_MAX : least;

	if (n < least || n > most)
		return BAD_FLOW(call, n_queues);
	for (uint16_t i = 0; i < n; i++) {
		if (le16toh(in->queues[i]) < card->n_queues)
			continue;
		call->result = i;
		return WCNIC_ST_INVALID_QUEUE;
	}
	if (fate != WCNIC_FLOWA_RSS)
		return WCNIC_ST_OK;
	if ((le32toh(in->rss_types) & ~WCNIC_RSS_ALL) != 0)
		return BAD_FLOW(call, rss_types);
	if (!card_rss_has_function(in->rss_function))
		return BAD_FLOW(call, rss_function);
	return WCNIC_ST_OK;
}

WC_MUST_CHECK static enum wcnic_admin_status
create_check(struct wcnic_card *card, struct card_admin_call *call, const struct wcnic_flow *in)
{
	const uint32_t actions = le32toh(in->actions), fate = actions & WCNIC_FLOWA_FATE;

	if ((card->features & WCNIC_CAP_FLOW) == 0)
		return WCNIC_ST_UNSUPPORTED;
	if (le32toh(in->id) >= CARD_FLOWS_MAX)
		return BAD_FLOW(call, id);
	if (card->flow.rules[le32toh(in->id)] != NULL) {
		call->result = le32toh(in->id);
		return WCNIC_ST_BAD_STATE;
	}
	if ((actions & ~WCNIC_FLOWA_ALL) != 0 || (fate & (fate - 1)) != 0)
		return BAD_FLOW(call, actions);
	if ((le16toh(in->mask.layers) & ~LAYERS_ALL) != 0)
		return BAD_FLOW(call, mask.layers);
	return queues_check(card, call, in);
}

/* ---- hashes of rules ------------------------------------------------------------------------ */

static struct card_flow_hash *
hash_find(const struct card_flow *flow, const struct wcnic_flow *in)
{
	struct card_flow_hash *hash = flow->hashes;

	while (hash != NULL &&
	       (hash->types != le32toh(in->rss_types) || hash->function != in->rss_function ||
		memcmp(hash->key, in->rss_key, sizeof(hash->key)) != 0))
		hash = hash->next;
	return hash;
}

/* NULL: no memory, or there are too many. */
static struct card_flow_hash *
hash_get(struct card_flow *flow, const struct wcnic_flow *in)
{
	struct card_flow_hash *hash = hash_find(flow, in);

	if (hash == NULL) {
		if (flow->n_hashes == CARD_FLOW_HASHES_MAX)
			return NULL;
		hash = calloc(1, sizeof(*hash));
		if (hash == NULL)
			return NULL;
		hash->types = le32toh(in->rss_types);
		hash->function = in->rss_function;
		memcpy(hash->key, in->rss_key, sizeof(hash->key));
		card_rss_hash_set(&hash->rss, hash->types, hash->function, hash->key);
		hash->next = flow->hashes;
		flow->hashes = hash;
		flow->n_hashes++;
	}
	hash->users++;
	return hash;
}

static void
hash_put(struct card_flow *flow, struct card_flow_hash *hash)
{
	struct card_flow_hash **link = &flow->hashes;

	if (hash == NULL || --hash->users != 0)
		return;
	while (*link != hash)
		link = &(*link)->next;
	*link = hash->next;
	flow->n_hashes--;
	free(hash);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Makes a rule that is not in the table yet. NULL: no space. */
static struct card_flow_rule *
rule_make(struct card_flow *flow, const struct wcnic_flow *in)
{
	const uint16_t n_queues = le16toh(in->n_queues);
	struct card_flow_rule *rule = calloc(1, sizeof(*rule) + n_queues * sizeof(uint16_t));

	if (rule == NULL)
		return NULL;
	memcpy(&rule->match.key, &in->key, sizeof(rule->match.key));
	rule->match.priority = le32toh(in->priority);
	rule->match.id = le32toh(in->id);
	rule->actions = le32toh(in->actions);
	rule->mark = le32toh(in->mark);
	rule->n_queues = n_queues;
	for (uint16_t i = 0; i < n_queues; i++)
		rule->queues[i] = le16toh(in->queues[i]);
	if ((rule->actions & WCNIC_FLOWA_RSS) == 0)
		return rule;
	rule->hash = hash_get(flow, in);
	if (rule->hash != NULL)
		return rule;
	free(rule);
	return NULL;
}

static void
rule_free(struct card_flow *flow, struct card_flow_rule *rule)
{
	hash_put(flow, rule->hash);
	free(rule);
}

enum wcnic_admin_status
card_flow_create(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_flow *in = call->input;
	enum wcnic_admin_status status = create_check(card, call, in);
	struct wcnic_flow_key given = in->mask;
	struct card_flow *flow = &card->flow;
	struct card_flow_rule *rule;
	struct wcdev_flow_key mask;
	int ret;

	if (status != WCNIC_ST_OK)
		return status;
	memset(given.rsvd, 0, sizeof(given.rsvd));
	memcpy(&mask, &given, sizeof(mask));
	rule = rule_make(flow, in);
	if (rule == NULL)
		return WCNIC_ST_NO_SPACE;
	ret = wcdev_flow_add(&flow->table, &rule->match, &mask);
	if (ret != 0) {
		rule_free(flow, rule);
		return ret == -EEXIST ? WCNIC_ST_BAD_STATE : WCNIC_ST_NO_SPACE;
	}
	flow->rules[rule->match.id] = rule;
	return WCNIC_ST_OK;
}

static void
rule_destroy(struct card_flow *flow, struct card_flow_rule *rule)
{
	flow->rules[rule->match.id] = NULL;
	wcdev_flow_remove(&flow->table, &rule->match);
	rule_free(flow, rule);
}

/* The rule that a command names; NULL: there is none, and *status says what is wrong. */
static struct card_flow_rule *
rule_named(struct wcnic_card *card, struct card_admin_call *call, enum wcnic_admin_status *status)
{
	const struct wcnic_cmd_flow *p = call->params;
	const uint32_t id = le32toh(p->id);

	*status = WCNIC_ST_UNSUPPORTED;
	if ((card->features & WCNIC_CAP_FLOW) == 0)
		return NULL;
	*status = CARD_BAD_FIELD(call, wcnic_cmd_flow, id);
	return id < CARD_FLOWS_MAX ? card->flow.rules[id] : NULL;
}

enum wcnic_admin_status
card_flow_destroy(struct wcnic_card *card, struct card_admin_call *call)
{
	enum wcnic_admin_status status;
	struct card_flow_rule *rule = rule_named(card, call, &status);

	if (rule == NULL)
		return status;
	rule_destroy(&card->flow, rule);
	return WCNIC_ST_OK;
}

enum wcnic_admin_status
card_flow_query(struct wcnic_card *card, struct card_admin_call *call)
{
	const struct wcnic_cmd_flow *p = call->params;
	enum wcnic_admin_status status;
	struct card_flow_rule *rule = rule_named(card, call, &status);

	if (rule == NULL)
		return status;
	call->answer.flow.frames = htole64(rule->frames);
	call->answer.flow.bytes = htole64(rule->bytes);
	if (p->clear != 0) {
		rule->frames = 0;
		rule->bytes = 0;
	}
	return WCNIC_ST_OK;
}

enum wcnic_admin_status
card_flow_flush(struct wcnic_card *card, struct card_admin_call *call)
{
	(void)call;
	if ((card->features & WCNIC_CAP_FLOW) == 0)
		return WCNIC_ST_UNSUPPORTED;
	card_flow_reset(card);
	return WCNIC_ST_OK;
}

void
card_flow_reset(struct wcnic_card *card)
{
	struct card_flow *flow = &card->flow;

	for (unsigned int i = 0; flow->table.n_rules != 0; i++)
		if (flow->rules[i] != NULL)
			rule_destroy(flow, flow->rules[i]);
}
