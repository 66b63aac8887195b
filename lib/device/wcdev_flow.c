/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* A table of rules by masked keys: a hash table for each priority and mask. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wcdev_flow.h"

#define BUCKETS_MIN 8u

struct wcdev_flow_group {
	struct wcdev_flow_group *next; /* of the same priority or a later one */
	uint32_t priority;
	uint32_t n_rules;
	uint32_t n_buckets; /* a power of two */
	uint32_t n_used;
	uint8_t used[WCDEV_FLOW_KEY_WORDS]; /* which words of the mask are not zero */
	struct wcdev_flow_key mask;
	struct wcdev_flow_rule **buckets;
};

static uint64_t
hash_of(const struct wcdev_flow_group *group, const struct wcdev_flow_key *key)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < group->n_used; i++) {
		const uint8_t word = group->used[i];

		hash ^= key->words[word] & group->mask.words[word];
		hash *= 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return hash;
}

static bool
key_matches(const struct wcdev_flow_group *group, const struct wcdev_flow_rule *rule,
	    const struct wcdev_flow_key *key)
{
	uint64_t differs = 0;

	for (uint32_t i = 0; i < group->n_used; i++) {
		const uint8_t word = group->used[i];

		differs |= (key->words[word] & group->mask.words[word]) ^ rule->key.words[word];
	}
	return differs == 0;
}

static struct wcdev_flow_rule **
bucket_of(const struct wcdev_flow_group *group, const struct wcdev_flow_key *key)
{
	return &group->buckets[hash_of(group, key) & (group->n_buckets - 1)];
}

static struct wcdev_flow_rule *
rule_find(const struct wcdev_flow_group *group, const struct wcdev_flow_key *key)
{
	struct wcdev_flow_rule *rule = *bucket_of(group, key);

	while (rule != NULL && !key_matches(group, rule, key))
		rule = rule->next;
	return rule;
}

/* The link to the group, or to where it belongs. */
static struct wcdev_flow_group **
group_find(struct wcdev_flow_table *table, uint32_t priority, const struct wcdev_flow_key *mask,
	   bool *found)
{
	struct wcdev_flow_group **link = &table->groups;

	*found = false;
	for (; *link != NULL && (*link)->priority <= priority; link = &(*link)->next) {
		*found = (*link)->priority == priority &&
			 memcmp(&(*link)->mask, mask, sizeof(*mask)) == 0;
		if (*found)
			break;
	}
	return link;
}

static struct wcdev_flow_group *
group_create(uint32_t priority, const struct wcdev_flow_key *mask)
{
	struct wcdev_flow_group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->buckets = calloc(BUCKETS_MIN, sizeof(group->buckets[0]));
	if (group->buckets == NULL) {
		free(group);
		return NULL;
	}
	group->n_buckets = BUCKETS_MIN;
	group->priority = priority;
	group->mask = *mask;
	for (uint8_t i = 0; i < WCDEV_FLOW_KEY_WORDS; i++)
		if (mask->words[i] != 0)
			group->used[group->n_used++] = i;
	return group;
}

/* Without memory for more buckets, their lists become longer. */
static void
group_grow(struct wcdev_flow_group *group)
{
	struct wcdev_flow_rule **old = group->buckets;
	const uint32_t n_old = group->n_buckets;
	struct wcdev_flow_rule **buckets = calloc(2 * (size_t)n_old, sizeof(buckets[0]));

	if (buckets == NULL)
		return;
	group->buckets = buckets;
	group->n_buckets = 2 * n_old;
	for (uint32_t i = 0; i < n_old; i++) {
		for (struct wcdev_flow_rule *rule = old[i], *next; rule != NULL; rule = next) {
			struct wcdev_flow_rule **bucket = bucket_of(group, &rule->key);

			next = rule->next;
			rule->next = *bucket;
			*bucket = rule;
		}
	}
	free(old);
}

int
wcdev_flow_add(struct wcdev_flow_table *table, struct wcdev_flow_rule *rule,
	       const struct wcdev_flow_key *mask)
{
	struct wcdev_flow_group **link, *group;
	struct wcdev_flow_rule **bucket;
	bool found;

	for (unsigned int i = 0; i < WCDEV_FLOW_KEY_WORDS; i++)
		rule->key.words[i] &= mask->words[i];
	link = group_find(table, rule->priority, mask, &found);
	if (found && rule_find(*link, &rule->key) != NULL)
		return -EEXIST;
	if (!found) {
		group = group_create(rule->priority, mask);
		if (group == NULL)
			return -ENOMEM;
		group->next = *link;
		*link = group;
	}
	group = *link;
	if (group->n_rules >= group->n_buckets)
		group_grow(group);
	bucket = bucket_of(group, &rule->key);
	rule->next = *bucket;
	*bucket = rule;
	rule->group = group;
	group->n_rules++;
	table->n_rules++;
	return 0;
}

void
wcdev_flow_remove(struct wcdev_flow_table *table, struct wcdev_flow_rule *rule)
{
	struct wcdev_flow_group *group = rule->group, **link = &table->groups;
	struct wcdev_flow_rule **at = bucket_of(group, &rule->key);

	while (*at != rule)
		at = &(*at)->next;
	*at = rule->next;
	table->n_rules--;
	if (--group->n_rules != 0)
		return;
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	free(group->buckets);
	free(group);
}

struct wcdev_flow_rule *
wcdev_flow_hits(const struct wcdev_flow_group **group, const struct wcdev_flow_key *key)
{
	const struct wcdev_flow_group *at = *group;
	struct wcdev_flow_rule *first = NULL;

	for (; at != NULL; at = at->next) {
		struct wcdev_flow_rule **link = &first;
		struct wcdev_flow_rule *rule;

		if (first != NULL && at->priority != first->priority)
			break;
		rule = rule_find(at, key);
		if (rule == NULL)
			continue;
		while (*link != NULL && (*link)->id < rule->id)
			link = &(*link)->hit;
		rule->hit = *link;
		*link = rule;
	}
	*group = at;
	return first;
}
